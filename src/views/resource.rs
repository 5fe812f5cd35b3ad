//! The tree of one resource: the terms of its outline, for those who write terms. Knows no syntax; `rdf_document` and `html`
//! write trees. What is in a tree is decided by `outline`.

use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use crate::views::names::Names;
use crate::views::outline::{Outline, OutlineNode, OutlineProperty, OutlineValue, Rules};
use crate::views::selection::Selection;
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A resource and everything said with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The resource.
    pub root: Node,
    /// Blank nodes that are mentioned more than once, so their name matters.
    pub shared_blanks: FxHashSet<String>,
    /// Number of statements in the tree.
    pub triple_count: usize,
}

/// A resource with its statements.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub id: NamedOrBlankNode,
    /// Its statements by predicate, sorted by predicate IRI.
    pub properties: Vec<Property>,
}

/// A predicate with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// The predicate.
    pub predicate: NamedNode,
    /// The values, sorted by their canonical text; at least one.
    pub values: Vec<Value>,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A literal.
    Literal(Literal),
    /// A triple term of RDF 1.2.
    Triple(Box<Triple>),
    /// A resource that is only named here.
    Link(NamedOrBlankNode),
    /// A resource with its statements.
    Node(Box<Node>),
    /// A well-formed RDF collection.
    List(Vec<Value>),
}

/// What is nested and how much.
#[derive(Clone, Debug)]
pub struct EmbedRules {
    /// Predicates whose objects are nested, besides blank nodes, which always are.
    pub predicates: Vec<String>,
    /// Levels of nested named resources.
    pub max_depth: usize,
    /// Most statements of a tree.
    pub max_triples: usize,
    /// Predicates of the root that are shown, besides its classes, in this order; `None` shows all.
    pub only: Option<Vec<String>>,
    /// What the request selects: its fields replace `only`.
    pub selection: Selection,
}

impl EmbedRules {
    /// Nests the objects of these predicates, six levels deep, up to 20,000 statements.
    pub fn new(predicates: impl IntoIterator<Item = String>) -> Self {
        Self {
            predicates: predicates.into_iter().collect(),
            max_depth: 6,
            max_triples: 20_000,
            only: None,
            selection: Selection::default(),
        }
    }
}

impl Default for EmbedRules {
    fn default() -> Self {
        Self::new([])
    }
}

/// The resource has more statements than a document may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the resource has more than {limit} statements")]
pub struct TooLarge {
    /// The limit.
    pub limit: usize,
}

impl Node {
    /// The values of a predicate.
    pub fn values(&self, predicate: &str) -> &[Value] {
        self.properties
            .iter()
            .find(|property| property.predicate.as_str() == predicate)
            .map_or(&[], |property| property.values.as_slice())
    }

    /// The classes that are IRIs.
    pub fn types(&self) -> impl Iterator<Item = &NamedNode> {
        self.values(rdf::TYPE)
            .iter()
            .filter_map(|value| match value {
                Value::Link(NamedOrBlankNode::NamedNode(class)) => Some(class),
                Value::Node(node) => match &node.id {
                    NamedOrBlankNode::NamedNode(class) => Some(class),
                    NamedOrBlankNode::BlankNode(_) => None,
                },
                _ => None,
            })
    }
}

impl Tree {
    /// Every statement of the tree; RDF collections are written out with fresh blank nodes.
    pub fn triples(&self) -> Vec<Triple> {
        let mut out = Vec::with_capacity(self.triple_count);
        node_triples(&self.root, &mut out);
        out
    }
}

fn node_triples(node: &Node, out: &mut Vec<Triple>) {
    for property in &node.properties {
        for value in &property.values {
            let at = out.len();
            let object = value_term(value, out);
            let triple = Triple::new(node.id.clone(), property.predicate.clone(), object);
            // A statement stands before those about its object.
            out.insert(at, triple);
        }
    }
}

fn value_term(value: &Value, out: &mut Vec<Triple>) -> Term {
    match value {
        Value::Literal(literal) => literal.clone().into(),
        Value::Triple(triple) => triple.clone().into(),
        Value::Link(id) => id.clone().into(),
        Value::Node(node) => {
            node_triples(node, out);
            node.id.clone().into()
        }
        Value::List(items) => {
            let mut rest: Term = NamedNode::new_unchecked(rdf::NIL).into();
            for item in items.iter().rev() {
                let cell = oxrdf::BlankNode::default();
                let first = value_term(item, out);
                let predicate = |iri: &str| NamedNode::new_unchecked(iri);
                out.push(Triple::new(cell.clone(), predicate(rdf::FIRST), first));
                out.push(Triple::new(cell.clone(), predicate(rdf::REST), rest));
                rest = cell.into();
            }
            rest
        }
    }
}

/// The tree of a resource; `None` when nothing is said about it.
///
/// # Errors
/// [`TooLarge`] when the tree would have more statements than the rules allow: a short answer would mislead.
pub fn build_tree(view: &View, subject: Id, rules: &EmbedRules) -> Result<Option<Tree>, TooLarge> {
    let names = Names::new(Arc::default());
    let outline = Rules::of(view, rules).outline(view, &names, subject)?;
    Ok(outline.map(|outline| Tree::of(view, &outline)))
}

impl Tree {
    /// The terms of an outline.
    pub fn of(view: &View, outline: &Outline) -> Self {
        let label = |id: &Id| match view.term(*id) {
            Term::BlankNode(node) => Some(node.into_string()),
            _ => None,
        };
        Self {
            root: node_of(view, outline, outline.root()),
            shared_blanks: outline.shared.iter().filter_map(label).collect(),
            triple_count: outline.triple_count,
        }
    }
}

fn name_of(view: &View, id: Id) -> NamedOrBlankNode {
    NamedOrBlankNode::try_from(view.term(id)).expect("the id is of an IRI or blank node")
}

fn node_of(view: &View, outline: &Outline, node: &OutlineNode) -> Node {
    let property = |property: &OutlineProperty| Property {
        predicate: NamedNode::new_unchecked(property.predicate.iri.as_str()),
        values: values_of(view, outline, outline.values(property)),
    };
    Node {
        id: name_of(view, node.id),
        properties: outline.properties(node).iter().map(property).collect(),
    }
}

fn values_of(view: &View, outline: &Outline, values: &[OutlineValue]) -> Vec<Value> {
    let value = |value: &OutlineValue| match value {
        OutlineValue::Term(id) => match view.term(*id) {
            Term::Literal(literal) => Value::Literal(literal),
            Term::Triple(triple) => Value::Triple(triple),
            Term::NamedNode(node) => Value::Link(node.into()),
            Term::BlankNode(node) => Value::Link(node.into()),
        },
        OutlineValue::Node(at) => Value::Node(Box::new(node_of(view, outline, outline.node(*at)))),
        OutlineValue::List(items) => Value::List(values_of(view, outline, outline.items(items))),
    };
    values.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of;

    const DATA: &str = r#"
        @prefix e: <http://e/> .
        e:a e:name "A"@nl, "A" ; e:part e:b ; e:knows e:c ; e:list (1 e:x [ e:v 2 ]) ; e:blank _:n .
        _:n e:v 1 ; e:again _:n ; e:up e:a .
        e:b e:part e:a ; e:v 3 .
        e:c e:v 4 .
    "#;

    #[test]
    fn nests_blank_nodes_and_declared_parts_only() {
        let view = view_of(DATA);
        let subject = view.id_of_iri("http://e/a").expect("stored");
        let rules = EmbedRules::new(["http://e/part".to_owned()]);
        let tree = build_tree(&view, subject, &rules)
            .expect("small")
            .expect("known");
        assert!(matches!(
            tree.root.values("http://e/knows")[0],
            Value::Link(_)
        ));
        let Value::Node(part) = &tree.root.values("http://e/part")[0] else {
            panic!("declared parts are nested")
        };
        // The way back to the root is a link: no cycle.
        assert!(matches!(part.values("http://e/part")[0], Value::Link(_)));
        let Value::List(items) = &tree.root.values("http://e/list")[0] else {
            panic!("collections are lists")
        };
        assert_eq!(items.len(), 3);
        assert_eq!(tree.shared_blanks.len(), 1);
        assert_eq!(tree.triple_count, tree.triples().len());
    }

    #[test]
    fn refuses_rather_than_cuts() {
        let view = view_of(DATA);
        let subject = view.id_of_iri("http://e/a").expect("stored");
        let rules = EmbedRules {
            max_triples: 3,
            ..EmbedRules::default()
        };
        assert_eq!(
            build_tree(&view, subject, &rules),
            Err(TooLarge { limit: 3 })
        );
        let unknown = view.id_of_iri("http://e/x").expect("an object");
        assert_eq!(build_tree(&view, unknown, &rules), Ok(None));
    }
}
