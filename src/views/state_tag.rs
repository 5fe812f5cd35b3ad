//! A short name of what is stated about a resource: equal as long as nothing of it changes, whatever else is committed, and
//! the same for every representation. Renders nothing; `http` makes entity tags of it.

use super::names::Names;
use super::outline::{Outline, OutlineNode, OutlineValue, Rules};
use super::resource::{EmbedRules, TooLarge};
use crate::store::{Id, View};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// The state of one resource: 64 bits of a digest over its statements and those nested in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateTag([u8; 8]);

impl StateTag {
    /// Of a document with all that its resource says.
    pub fn of(view: &View, outline: &Outline) -> Self {
        let mut text = Vec::with_capacity(64 * (outline.triple_count + 1));
        let mut writer = Writer {
            view,
            outline,
            out: &mut text,
        };
        writer.node(outline.root());
        let digest = Sha256::digest(&text);
        let mut tag = [0; 8];
        tag.copy_from_slice(&digest[..8]);
        Self(tag)
    }
}

impl fmt::Display for StateTag {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// The state of a resource as its documents show it, `rules` being those of its register without a choice of predicates;
/// `None` when nothing is said about it.
///
/// # Errors
/// [`TooLarge`] when there is no document of it either.
pub fn state_tag(
    view: &View,
    subject: Id,
    rules: &EmbedRules,
) -> Result<Option<StateTag>, TooLarge> {
    let names = Names::new(Arc::default());
    let outline = Rules::of(view, rules).outline(view, &names, subject)?;
    Ok(outline.map(|outline| StateTag::of(view, &outline)))
}

/// Each part ends in a byte that no UTF-8 text has, so that no two documents have one text.
const END: u8 = 0xFF;

struct Writer<'a> {
    view: &'a View,
    outline: &'a Outline,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn node(&mut self, node: &OutlineNode) {
        let outline = self.outline;
        self.out.push(b'{');
        self.name(node.id);
        for property in outline.properties(node) {
            self.out
                .extend_from_slice(property.predicate.iri.as_bytes());
            self.out.push(END);
            self.values(outline.values(property));
            self.out.push(END);
        }
        self.out.push(END);
    }

    /// Values in an order of their own texts: what has no name of its own stands in an outline in the order of names that
    /// came with a file, and these differ from one file to the next.
    fn values(&mut self, values: &[OutlineValue]) {
        let start = self.out.len();
        let mut ends = Vec::with_capacity(values.len());
        let mut nameless = false;
        for value in values {
            self.value(value);
            ends.push(self.out.len());
            nameless |= match value {
                OutlineValue::Term(id) => id.is_blank(),
                OutlineValue::Node(at) => self.outline.node(*at).id.is_blank(),
                OutlineValue::List(_) => true,
            };
        }
        if values.len() < 2 || !nameless {
            return;
        }
        let written = self.out.split_off(start);
        let mut from = 0;
        let mut texts: Vec<&[u8]> = ends
            .into_iter()
            .map(|end| {
                let end = end - start;
                let text = &written[from..end];
                from = end;
                text
            })
            .collect();
        texts.sort_unstable();
        self.out.extend(texts.into_iter().flatten());
    }

    /// A term by its canonical text.
    fn name(&mut self, id: Id) {
        // The name of a node that is met once says nothing: it comes from the file that brought it.
        if id.is_blank() && !self.outline.shared.contains(&id) {
            self.out.push(b'_');
        } else {
            self.view.write_text(id, self.out);
        }
        self.out.push(END);
    }

    fn value(&mut self, value: &OutlineValue) {
        let outline = self.outline;
        match value {
            OutlineValue::Term(id) => self.name(*id),
            OutlineValue::Node(at) => self.node(outline.node(*at)),
            OutlineValue::List(items) => {
                self.out.push(b'(');
                for item in outline.items(items) {
                    self.value(item);
                }
            }
        }
        self.out.push(END);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of;

    fn tag(turtle: &str) -> StateTag {
        let view = view_of(&format!("@prefix e: <http://e/> . {turtle}"));
        let subject = view.id_of_iri("http://e/a").expect("stored");
        state_tag(&view, subject, &EmbedRules::default())
            .expect("small")
            .expect("described")
    }

    #[test]
    fn follows_what_is_said_of_the_resource_alone() {
        let first = tag("e:a e:p 1, \"x\" ; e:q [ e:r 2 ], ( 1 2 ) .");
        assert_eq!(first.to_string().len(), 16);
        let same = "e:a e:q ( 1 2 ), [ e:r 2 ] ; e:p \"x\", 1 . e:b e:p 1 . e:c e:q e:a .";
        // Nodes without a name get another one each time: in every order of theirs the state is the same.
        for _ in 0..32 {
            assert_eq!(tag(same), first);
        }
        for other in [
            "e:a e:p 1, \"x\" ; e:q [ e:r 3 ], ( 1 2 ) .",
            "e:a e:p 1, \"x\" ; e:q [ e:r 2 ], ( 2 1 ) .",
            "e:a e:p 1, \"x\"@nl ; e:q [ e:r 2 ], ( 1 2 ) .",
            "e:a e:p \"x\" ; e:q [ e:r 2 ], ( 1 2 ) .",
            "e:a e:p 1, \"x\" ; e:q [ e:r 2 ], [ e:s 2 ], ( 1 2 ) .",
        ] {
            assert_ne!(tag(other), first, "{other}");
        }
    }
}
