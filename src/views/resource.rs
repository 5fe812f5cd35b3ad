//! The tree of one resource: its own statements, blank nodes and declared parts nested, everything else a link.
//! Knows no syntax; `jsonld`, `rdf_document` and `html` write trees.

use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Path segment of IRIs that stand for blank nodes ([RDF 1.1 §3.5](https://www.w3.org/TR/rdf11-concepts/#section-skolemization)).
const GENID: &str = "/.well-known/genid/";
/// Blank nodes nest at most this deep; deeper data is no document.
const MAX_BLANK_DEPTH: usize = 32;

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
}

impl EmbedRules {
    /// Nests the objects of these predicates, six levels deep, up to 20,000 statements.
    pub fn new(predicates: impl IntoIterator<Item = String>) -> Self {
        Self {
            predicates: predicates.into_iter().collect(),
            max_depth: 6,
            max_triples: 20_000,
            only: None,
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
    let mut builder = Builder {
        view,
        embed: rules
            .predicates
            .iter()
            .filter_map(|iri| view.id_of_iri(iri))
            .collect(),
        shown_ids: rules
            .only
            .iter()
            .flatten()
            .map(String::as_str)
            .chain([rdf::TYPE])
            .filter_map(|iri| view.id_of_iri(iri))
            .collect(),
        first: view.id_of_iri(rdf::FIRST),
        rest: view.id_of_iri(rdf::REST),
        nil: view.id_of_iri(rdf::NIL),
        rules,
        expanded: FxHashSet::default(),
        shared: FxHashSet::default(),
        triple_count: 0,
    };
    if view.star(subject).next().is_none() || !(subject.is_iri() || subject.is_blank()) {
        return Ok(None);
    }
    let root = builder.node(subject, 0, 0)?;
    Ok(Some(Tree {
        root,
        shared_blanks: builder.shared,
        triple_count: builder.triple_count,
    }))
}

struct Builder<'a> {
    view: &'a View,
    embed: FxHashSet<Id>,
    /// Predicates of the root that are shown, when not all are.
    shown_ids: FxHashSet<Id>,
    first: Option<Id>,
    rest: Option<Id>,
    nil: Option<Id>,
    rules: &'a EmbedRules,
    expanded: FxHashSet<Id>,
    shared: FxHashSet<String>,
    triple_count: usize,
}

impl Builder<'_> {
    fn count(&mut self) -> Result<(), TooLarge> {
        self.triple_count += 1;
        if self.triple_count > self.rules.max_triples {
            return Err(TooLarge {
                limit: self.rules.max_triples,
            });
        }
        Ok(())
    }

    fn node(&mut self, id: Id, depth: usize, blank_depth: usize) -> Result<Node, TooLarge> {
        self.expanded.insert(id);
        if blank_depth > MAX_BLANK_DEPTH {
            return Err(TooLarge {
                limit: MAX_BLANK_DEPTH,
            });
        }
        let mut by_predicate: BTreeMap<String, (Id, Vec<(String, Id)>)> = BTreeMap::new();
        let mut last: Option<(Id, String)> = None;
        let is_root = self.expanded.len() == 1;
        let shown = self.rules.only.as_ref().filter(|_| is_root);
        for (p, o) in self.view.star(id) {
            if shown.is_some() && !self.shown_ids.contains(&p) {
                continue;
            }
            self.count()?;
            if last.as_ref().is_none_or(|(known, _)| *known != p) {
                let iri = self.view.iri(p).expect("predicates are IRIs").into_owned();
                last = Some((p, iri));
            }
            let (_, iri) = last.as_ref().expect("set just before");
            let text = self.view.text(o).into_owned();
            match by_predicate.get_mut(iri) {
                Some((_, values)) => values.push((text, o)),
                None => {
                    by_predicate.insert(iri.clone(), (p, vec![(text, o)]));
                }
            }
        }
        let mut properties = Vec::with_capacity(by_predicate.len());
        for (iri, (p, mut objects)) in by_predicate {
            objects.sort_unstable();
            let mut values = Vec::with_capacity(objects.len());
            for (_, o) in objects {
                values.push(self.value(p, o, depth, blank_depth)?);
            }
            properties.push(Property {
                predicate: NamedNode::new_unchecked(iri),
                values,
            });
        }
        if let Some(shown) = shown {
            // Classes are not in the list: they come first.
            properties.sort_by_key(|p| shown.iter().position(|iri| *iri == p.predicate.as_str()));
        }
        Ok(Node {
            id: self.name(id),
            properties,
        })
    }

    fn name(&self, id: Id) -> NamedOrBlankNode {
        NamedOrBlankNode::try_from(self.view.term(id)).expect("the id is of an IRI or blank node")
    }

    fn value(&mut self, p: Id, o: Id, depth: usize, blank_depth: usize) -> Result<Value, TooLarge> {
        match self.view.term(o) {
            Term::Literal(literal) => return Ok(Value::Literal(literal)),
            Term::Triple(triple) => return Ok(Value::Triple(triple)),
            Term::NamedNode(_) | Term::BlankNode(_) => {}
        }
        if let Some(items) = self.list(o) {
            let mut values = Vec::with_capacity(items.len());
            for (cell, item) in items {
                self.expanded.insert(cell);
                self.count()?;
                self.count()?;
                values.push(self.value(p, item, depth, blank_depth + 1)?);
            }
            return Ok(Value::List(values));
        }
        let blank = o.is_blank();
        if self.expanded.contains(&o) {
            let name = self.name(o);
            if let NamedOrBlankNode::BlankNode(node) = &name {
                self.shared.insert(node.as_str().to_owned());
            }
            return Ok(Value::Link(name));
        }
        let nests = blank
            || (depth < self.rules.max_depth
                && (self.embed.contains(&p)
                    || self.view.iri(o).is_some_and(|iri| iri.contains(GENID))));
        if !nests || self.view.star(o).next().is_none() {
            return Ok(Value::Link(self.name(o)));
        }
        let next = depth + usize::from(!blank);
        Ok(Value::Node(Box::new(self.node(
            o,
            next,
            blank_depth + usize::from(blank),
        )?)))
    }

    /// Cells and items of a collection whose cells are blank, hold nothing else and are used once.
    fn list(&self, head: Id) -> Option<Vec<(Id, Id)>> {
        let (first, rest, nil) = (self.first?, self.rest?, self.nil?);
        let mut items = Vec::new();
        let mut seen = FxHashSet::default();
        let mut cell = head;
        while cell != nil {
            if !cell.is_blank()
                || self.expanded.contains(&cell)
                || !seen.insert(cell)
                || self.view.star_reversed(cell).take(2).count() != 1
                || items.len() > self.rules.max_triples
            {
                return None;
            }
            let mut item = None;
            let mut next = None;
            for (p, o) in self.view.star(cell) {
                let slot = if p == first {
                    &mut item
                } else if p == rest {
                    &mut next
                } else {
                    return None;
                };
                if slot.replace(o).is_some() {
                    return None;
                }
            }
            items.push((cell, item?));
            cell = next?;
        }
        (!items.is_empty()).then_some(items)
    }
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
