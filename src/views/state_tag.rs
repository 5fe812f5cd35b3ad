//! A short name of what is stated about a resource: equal as long as nothing of it changes, whatever else is committed, and
//! the same for every representation. Renders nothing; `http` makes entity tags of it.

use super::resource::{EmbedRules, Node, TooLarge, Tree, Value, build_tree};
use crate::rdf::text::term_text;
use crate::store::{Id, View};
use oxrdf::{NamedOrBlankNode, TermRef};
use rustc_hash::FxHashSet;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The state of one resource: 64 bits of a digest over its statements and those nested in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateTag([u8; 8]);

impl StateTag {
    /// Of a tree with all that its resource says.
    pub fn of(tree: &Tree) -> Self {
        let mut text = Vec::with_capacity(64 * (tree.triple_count + 1));
        write_node(&tree.root, &tree.shared_blanks, &mut text);
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
    let tree = build_tree(view, subject, rules)?;
    Ok(tree.as_ref().map(StateTag::of))
}

/// Each part ends in a byte that no UTF-8 text has, so that no two trees have one text.
const END: u8 = 0xFF;

fn write_node(node: &Node, shared: &FxHashSet<String>, out: &mut Vec<u8>) {
    out.push(b'{');
    write_name(&node.id, shared, out);
    for property in &node.properties {
        out.extend_from_slice(property.predicate.as_str().as_bytes());
        out.push(END);
        for value in &property.values {
            write_value(value, shared, out);
        }
        out.push(END);
    }
    out.push(END);
}

fn write_name(id: &NamedOrBlankNode, shared: &FxHashSet<String>, out: &mut Vec<u8>) {
    match id {
        NamedOrBlankNode::NamedNode(iri) => out.extend_from_slice(iri.as_str().as_bytes()),
        // The name of a node that is met once says nothing: it comes from the file that brought it.
        NamedOrBlankNode::BlankNode(blank) if shared.contains(blank.as_str()) => {
            out.extend_from_slice(b"_:");
            out.extend_from_slice(blank.as_str().as_bytes());
        }
        NamedOrBlankNode::BlankNode(_) => out.push(b'_'),
    }
    out.push(END);
}

fn write_value(value: &Value, shared: &FxHashSet<String>, out: &mut Vec<u8>) {
    match value {
        Value::Literal(literal) => {
            out.push(b'"');
            out.extend_from_slice(literal.value().as_bytes());
            out.push(END);
            out.extend_from_slice(literal.datatype().as_str().as_bytes());
            out.push(END);
            out.extend_from_slice(literal.language().unwrap_or("").as_bytes());
            if let Some(direction) = literal.direction() {
                out.extend_from_slice(direction.to_string().as_bytes());
            }
        }
        Value::Triple(triple) => {
            out.push(b'<');
            out.extend_from_slice(term_text(TermRef::Triple(triple)).as_bytes());
        }
        Value::Link(id) => {
            out.push(b'@');
            write_name(id, shared, out);
        }
        Value::Node(node) => write_node(node, shared, out),
        Value::List(items) => {
            out.push(b'(');
            for item in items {
                write_value(item, shared, out);
            }
        }
    }
    out.push(END);
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
        assert_eq!(tag(same), first);
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
