//! Trees as JSON-LD in the forms that need no context ([JSON-LD 1.1 §4](https://www.w3.org/TR/json-ld11/#forms-of-json-ld)):
//! expanded, where every key is an IRI, and flattened, where every node stands by itself. Compact documents are made in
//! `jsonld`; nothing is left out in any of them.

use super::context::Context;
use super::jsonld;
use super::resource::{Node, Property, Tree, Value};
use crate::rdf::text::{direction_name, term_text};
use crate::rdf::version::TRIPLE_TERM;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{BlankNode, Literal, NamedOrBlankNode, TermRef};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value as Json, json};

/// The expanded form: an array of one node, with the others nested in it.
pub fn expanded(tree: &Tree) -> Json {
    Json::Array(vec![Json::Object(node(&tree.root, &|blank| {
        tree.shared_blanks.contains(blank)
    }))])
}

/// The flattened form: an array of all nodes by name, with links between them.
pub fn flattened(tree: &Tree) -> Json {
    let nodes = flat_nodes(tree);
    nodes
        .iter()
        .map(|flat| Json::Object(node(flat, &|_| true)))
        .collect()
}

/// The flattened form written with a context.
pub fn flattened_compact(tree: &Tree, context: &Context, context_reference: Json) -> Json {
    let nodes = flat_nodes(tree);
    let named: FxHashSet<String> = nodes.iter().filter_map(|node| blank(&node.id)).collect();
    let graph: Vec<Json> = nodes
        .iter()
        .map(|node| Json::Object(jsonld::node(node, context, &named)))
        .collect();
    json!({ "@context": context_reference, "@graph": graph })
}

fn blank(id: &NamedOrBlankNode) -> Option<String> {
    match id {
        NamedOrBlankNode::BlankNode(blank) => Some(blank.as_str().to_owned()),
        NamedOrBlankNode::NamedNode(_) => None,
    }
}

/// Every node of a tree with statements, by itself: values are links. Blank nodes are called `b0`, `b1` … in the order in
/// which they are met, so that the same statements give the same document. Sorted by name.
pub(super) fn flat_nodes(tree: &Tree) -> Vec<Node> {
    let mut flat = Flat::default();
    flat.node(&tree.root);
    let mut nodes = flat.nodes;
    nodes.sort_by_key(|node| node.id.to_string());
    nodes
}

#[derive(Default)]
struct Flat {
    names: FxHashMap<String, BlankNode>,
    nodes: Vec<Node>,
}

impl Flat {
    fn name(&mut self, id: &NamedOrBlankNode) -> NamedOrBlankNode {
        let NamedOrBlankNode::BlankNode(blank) = id else {
            return id.clone();
        };
        let next = self.names.len();
        let name = self.names.entry(blank.as_str().to_owned());
        name.or_insert_with(|| BlankNode::new_unchecked(format!("b{next}")))
            .clone()
            .into()
    }

    fn node(&mut self, node: &Node) -> NamedOrBlankNode {
        let id = self.name(&node.id);
        let at = self.nodes.len();
        self.nodes.push(Node {
            id: id.clone(),
            properties: Vec::new(),
        });
        let mut properties = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            let values = property.values.iter().map(|value| self.value(value));
            properties.push(Property {
                predicate: property.predicate.clone(),
                values: values.collect(),
            });
        }
        self.nodes[at].properties = properties;
        id
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Node(node) => Value::Link(self.node(node)),
            Value::Link(id) => Value::Link(self.name(id)),
            Value::List(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            other => other.clone(),
        }
    }
}

/// A node object in expanded form; `is_named` says which blank nodes need their names.
pub(super) fn node(node: &Node, is_named: &dyn Fn(&str) -> bool) -> Map<String, Json> {
    let mut out = Map::new();
    match &node.id {
        NamedOrBlankNode::BlankNode(blank) if !is_named(blank.as_str()) => {}
        id => {
            out.insert("@id".into(), name(id).into());
        }
    }
    let classes: Vec<&str> = node.types().map(|class| class.as_str()).collect();
    if !classes.is_empty() {
        out.insert("@type".into(), classes.into());
    }
    for property in &node.properties {
        let predicate = property.predicate.as_str();
        let mut values = Vec::with_capacity(property.values.len());
        for value in &property.values {
            // Classes stand in `@type`; a class that is described here, or is no IRI, has no place there.
            let is_told = predicate == rdf::TYPE
                && matches!(value, Value::Link(NamedOrBlankNode::NamedNode(_)));
            if !is_told {
                values.push(expanded_value(value, is_named));
            }
        }
        if !values.is_empty() {
            out.insert(predicate.to_owned(), values.into());
        }
    }
    out
}

fn name(id: &NamedOrBlankNode) -> String {
    match id {
        NamedOrBlankNode::NamedNode(iri) => iri.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(blank) => blank.to_string(),
    }
}

fn expanded_value(value: &Value, is_named: &dyn Fn(&str) -> bool) -> Json {
    match value {
        Value::Literal(value) => literal(value),
        Value::Triple(triple) => {
            json!({ "@value": term_text(TermRef::Triple(triple)), "@type": TRIPLE_TERM })
        }
        Value::Link(id) => json!({ "@id": name(id) }),
        Value::Node(inner) => Json::Object(node(inner, is_named)),
        Value::List(items) => {
            let items = items.iter().map(|item| expanded_value(item, is_named));
            json!({ "@list": items.collect::<Vec<Json>>() })
        }
    }
}

fn literal(literal: &Literal) -> Json {
    let text = literal.value();
    match (literal.language(), literal.direction()) {
        (Some(language), Some(direction)) => json!({
            "@value": text,
            "@language": language,
            "@direction": direction_name(direction),
        }),
        (Some(language), None) => json!({ "@value": text, "@language": language }),
        (None, _) if literal.datatype().as_str() == xsd::STRING => json!({ "@value": text }),
        (None, _) => json!({ "@value": text, "@type": literal.datatype().as_str() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::resource::{EmbedRules, build_tree};
    use crate::views::test_data::view_of;
    use oxrdf::{Dataset, GraphName, Quad, dataset::CanonicalizationAlgorithm};

    const DATA: &str = r#"
        @prefix e: <http://e/> .
        e:a a e:Ding, _:klasse ; e:naam "A"@nl, "x", 5, 1.50, true ; e:deel e:b, [ e:waarde 1 ], ( 1 e:b ( ) ) ;
          e:x _:gedeeld ; e:y _:gedeeld .
        e:b a e:Ding ; e:deel e:a .
        _:gedeeld e:waarde _:gedeeld .
        _:klasse e:waarde "k" .
    "#;

    fn canonical(quads: impl IntoIterator<Item = Quad>) -> Vec<String> {
        let mut dataset: Dataset = quads.into_iter().collect();
        dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
        let mut lines: Vec<String> = dataset.iter().map(|quad| quad.to_string()).collect();
        lines.sort();
        lines
    }

    #[test]
    fn every_form_says_the_same() {
        let view = view_of(DATA);
        let subject = view.id_of_iri("http://e/a").expect("stored");
        let rules = EmbedRules::new(["http://e/deel".to_owned()]);
        let tree = build_tree(&view, subject, &rules)
            .expect("small")
            .expect("known");
        let stored = tree
            .triples()
            .into_iter()
            .map(|triple| triple.in_graph(GraphName::DefaultGraph));
        let stored = canonical(stored);
        let inline = r#"{"@context": {"Ding": "http://e/Ding", "naam": {"@id": "http://e/naam", "@container": "@set"}, "deel": {"@id": "http://e/deel", "@type": "@id"}}}"#;
        let context = Context::parse(inline).expect("a context");
        let reference: Json = serde_json::from_str(inline).expect("JSON");
        let flat = flattened(&tree);
        for form in [
            expanded(&tree),
            flat.clone(),
            flattened_compact(&tree, &context, reference["@context"].clone()),
        ] {
            let text = form.to_string();
            let read: Vec<Quad> = oxjsonld::JsonLdParser::new()
                .for_slice(text.as_bytes())
                .collect::<Result<_, _>>()
                .unwrap_or_else(|e| panic!("{e}\n{text}"));
            assert_eq!(canonical(read), stored, "{text}");
        }
        let nodes = flat.as_array().expect("nodes");
        assert_eq!(nodes.len(), 5);
        assert!(nodes.iter().all(|node| node.get("@id").is_some()));
    }
}
