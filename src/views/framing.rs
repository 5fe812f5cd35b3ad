//! Documents in the shape that a frame asks for ([JSON-LD 1.1 Framing](https://www.w3.org/TR/json-ld11-framing/)). A frame is
//! laid on one resource; what it nests by name is looked up in the view, beyond the document of the resource. Frames are
//! bounded in depth and size, and so is what comes out.

mod apply;
mod compact;
mod context;
mod frame;

pub use context::Loader;
pub use frame::Frame;

use super::json_ld_forms::{flat_nodes, node};
use super::resource::{EmbedRules, TooLarge, build_tree};
use crate::store::{Id, View};
use apply::{Nodes, apply, prune_names};
use compact::compact;
use frame::{Pattern, What};
use oxrdf::NamedOrBlankNode;
use serde_json::{Map, Value as Json};

/// Resources that a frame may have looked up.
const MAX_LOOKED_UP: usize = 2_000;

/// Why a frame cannot be laid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Something in it is no part of a frame.
    #[error("{0} is not what a frame may have there")]
    NotAFrame(String),
    /// A context, or something in one, is not known here.
    #[error("the context uses {0}, which is not known here")]
    Context(String),
    /// A keyword of JSON-LD that frames are not read with here.
    #[error("{0} in a frame is not known here")]
    Unsupported(String),
    /// It has more levels than it may have.
    #[error("more than {0} levels")]
    TooDeep(usize),
    /// It, or what it asks for, is larger than it may be.
    #[error("the {0} is too large")]
    TooLarge(&'static str),
}

impl From<TooLarge> for FrameError {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge("document")
    }
}

impl Frame {
    /// The document of a resource in the shape of the frame.
    ///
    /// # Errors
    /// When it would be larger than a document may be.
    pub fn lay_on(&self, view: &View, subject: Id, rules: &EmbedRules) -> Result<Json, FrameError> {
        let mut gathered = Gathered {
            view,
            rules,
            nodes: Nodes::new(),
            looked_up: 0,
        };
        let Some(root) = gathered.add(subject)? else {
            return Ok(self.document(Vec::new()));
        };
        gathered.follow(&root, subject, &self.pattern, 0)?;
        let mut framed = apply(&gathered.nodes, &[root], &self.pattern)?;
        prune_names(&mut framed);
        Ok(self.document(framed))
    }

    /// Framed nodes with the context in front.
    fn document(&self, framed: Vec<Json>) -> Json {
        let mut out = Map::new();
        out.insert("@context".into(), self.reference.clone());
        let mut nodes: Vec<Json> = framed
            .iter()
            .map(|node| compact(node, &self.context))
            .collect();
        match nodes.as_mut_slice() {
            [Json::Object(only)] if self.omit_graph => out.append(only),
            [] if self.omit_graph => {}
            _ => {
                out.insert("@graph".into(), nodes.into());
            }
        }
        Json::Object(out)
    }
}

/// The nodes that a frame may come to.
struct Gathered<'a> {
    view: &'a View,
    rules: &'a EmbedRules,
    nodes: Nodes,
    looked_up: usize,
}

impl Gathered<'_> {
    /// Adds what is said of a resource; its name, when anything is.
    fn add(&mut self, subject: Id) -> Result<Option<String>, FrameError> {
        self.looked_up += 1;
        if self.looked_up > MAX_LOOKED_UP {
            return Err(FrameError::TooLarge("document"));
        }
        let Some(tree) = build_tree(self.view, subject, self.rules)? else {
            return Ok(None);
        };
        let number = self.looked_up;
        for mut flat in flat_nodes(&tree) {
            // Names of blank nodes are those of their own document.
            rename(&mut flat, number);
            let expanded = node(&flat, &|_| true);
            if let Some(Json::String(id)) = expanded.get("@id") {
                self.nodes.entry(id.clone()).or_insert(expanded);
            }
        }
        Ok(self.view.iri(subject).map(|iri| iri.into_owned()))
    }

    /// Looks up what a pattern nests by name and nobody added yet.
    fn follow(
        &mut self,
        id: &str,
        subject: Id,
        pattern: &Pattern,
        depth: usize,
    ) -> Result<(), FrameError> {
        if depth > 32 {
            return Ok(());
        }
        for (property, inner) in &pattern.reverse {
            let Some(p) = self.view.id_of_iri(property) else {
                continue;
            };
            let pointing: Vec<Id> = self
                .view
                .subjects(p, subject)
                .filter(|id| id.is_iri())
                .take(MAX_LOOKED_UP + 1)
                .collect();
            for other in pointing {
                if let Some(name) = self.add(other)? {
                    self.follow(&name, other, inner, depth + 1)?;
                }
            }
        }
        for (property, wanted) in &pattern.properties {
            let mut what = &wanted.what;
            while let What::List(items) = what {
                what = &items.what;
            }
            let What::Nodes(inner) = what else { continue };
            let targets: Vec<String> = self
                .nodes
                .get(id)
                .and_then(|node| node.get(property)?.as_array())
                .into_iter()
                .flatten()
                .flat_map(|value| match value.get("@list") {
                    Some(Json::Array(items)) => items.clone(),
                    _ => vec![value.clone()],
                })
                .filter_map(|value| Some(value.get("@id")?.as_str()?.to_owned()))
                .collect();
            for target in targets {
                let Some(known) = self.view.id_of_iri(&target) else {
                    // A blank node came with the document that names it.
                    if target.starts_with("_:") {
                        self.follow(&target, subject, inner, depth + 1)?;
                    }
                    continue;
                };
                if !self.nodes.contains_key(&target) && self.add(known)?.is_none() {
                    continue;
                }
                self.follow(&target, known, inner, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Gives the blank nodes of a document names that no other document has.
fn rename(node: &mut super::Node, number: usize) {
    use super::resource::Value;
    fn other(id: &mut NamedOrBlankNode, number: usize) {
        if let NamedOrBlankNode::BlankNode(blank) = id {
            let name = format!("d{number}{}", blank.as_str());
            *id = oxrdf::BlankNode::new_unchecked(name).into();
        }
    }
    fn value(of: &mut Value, number: usize) {
        match of {
            Value::Link(id) => other(id, number),
            Value::List(items) => items.iter_mut().for_each(|item| value(item, number)),
            _ => {}
        }
    }
    other(&mut node.id, number);
    for property in &mut node.properties {
        property.values.iter_mut().for_each(|of| value(of, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of;
    use serde_json::json;

    const DATA: &str = r#"
        @prefix e: <http://e/> .
        e:adres a e:Adres ; e:nummer "9" ; e:straat e:straat ; e:buur e:buur ; e:punt [ a e:Punt ; e:x 1 ] ; e:lijst ( 1 e:buur ) .
        e:straat a e:Straat ; e:naam "Dorpstraat"@nl, "Rue du Village"@fr ; e:gemeente e:gemeente .
        e:gemeente a e:Gemeente ; e:naam "Testdorp"@nl .
        e:buur a e:Adres ; e:nummer "10" ; e:straat e:straat .
    "#;

    fn lay(frame: Json) -> Result<Json, FrameError> {
        let view = view_of(DATA);
        let subject = view.id_of_iri("http://e/adres").expect("stored");
        let none = |_: &str| None;
        Frame::parse(&frame, &none)?.lay_on(&view, subject, &EmbedRules::default())
    }

    #[test]
    fn nests_what_the_frame_names() {
        let context = json!({ "@vocab": "http://e/", "naam": {"@id": "http://e/naam", "@language": "nl"}, "lijst": {"@container": "@list", "@type": "@id"} });
        let framed = lay(json!({
            "@context": context,
            "@type": "Adres",
            "@explicit": true,
            "nummer": {},
            "busnummer": {},
            "huisnaam": { "@default": "geen" },
            "straat": { "naam": { "@value": {}, "@language": "nl" }, "gemeente": { "@explicit": false } },
            "punt": { "@explicit": false },
        }));
        let framed = framed.expect("a frame");
        assert_eq!(
            framed,
            json!({
                "@context": context,
                "@id": "http://e/adres",
                "@type": "Adres",
                "nummer": "9",
                "busnummer": null,
                "huisnaam": "geen",
                "punt": { "@type": "Punt", "x": 1 },
                "straat": {
                    "@id": "http://e/straat",
                    "@type": "Straat",
                    "naam": "Dorpstraat",
                    "gemeente": { "@id": "http://e/gemeente", "@type": "Gemeente", "naam": "Testdorp" },
                },
            })
        );
        // Whoever points here, and a pattern that does not fit.
        let street = lay(
            json!({ "@context": { "@vocab": "http://e/" }, "straat": { "@explicit": true, "@reverse": { "straat": { "@explicit": true, "nummer": {} } } }, "@explicit": true }),
        );
        let street = street.expect("a frame");
        let pointing = street["straat"]["@reverse"]["straat"]
            .as_array()
            .map_or(1, Vec::len);
        assert_eq!(pointing, 2, "{street:#}");
        let other = lay(json!({ "@context": { "@vocab": "http://e/" }, "@type": "Straat" }));
        assert_eq!(other, Ok(json!({ "@context": { "@vocab": "http://e/" } })));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let mut deep = json!({});
        for _ in 0..40 {
            deep = json!({ "http://e/p": deep });
        }
        assert_eq!(lay(deep), Err(FrameError::TooDeep(32)));
        for (frame, error) in [
            (json!([]), FrameError::NotAFrame("$".to_owned())),
            (
                json!({ "@embed": "@nooit" }),
                FrameError::NotAFrame("@embed".to_owned()),
            ),
            (
                json!({ "@context": "http://elders/c" }),
                FrameError::Context("http://elders/c".to_owned()),
            ),
            (
                json!({ "@context": { "@base": "http://e/" } }),
                FrameError::Context("@base".to_owned()),
            ),
            (
                json!({ "@graph": [] }),
                FrameError::Unsupported("@graph".to_owned()),
            ),
        ] {
            assert_eq!(lay(frame), Err(error));
        }
    }
}
