//! The dataset of one query as the evaluator reads it: two views of one state and the terms only the query knows.
//! Chooses the default graph and the named graphs; merges no graphs and hides none itself, the view does.

use crate::query::DefaultGraph;
use crate::query::algebra_in::{DatasetClause, Sources};
use crate::query::budget::{self, BoundTerm, Budget, step};
use crate::query::geo;
use crate::query::observations::Told;
use crate::query::text;
use crate::store::{Graphs, Id, QuadScan, TripleScan, View};
use oxrdf::{BlankNode, Literal, NamedNode, Term, TermRef, Triple};
use oxsdatatypes::Decimal;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use spareval::{ExpressionTerm, InternalQuad, QueryEvaluator, QueryableDataset};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;

/// Function with the row value and the argument of `BNODE(…)`: one blank node per solution and argument.
pub(super) const ROW_BNODE: &str = "urn:x-oslo:query:bnode";
/// Function without arguments: the next term read by an expression comes as it is stored.
pub(super) const EXACT_MARK: &str = "urn:x-oslo:query:mark";
/// `STR` of a marked term.
pub(super) const EXACT_STR: &str = "urn:x-oslo:query:str";
/// `DATATYPE` of a marked term.
pub(super) const EXACT_DATATYPE: &str = "urn:x-oslo:query:datatype";
/// Function with a text and a separator: that text, counted as memory that the query keeps. For what the evaluator itself
/// gathers without counting it.
pub(super) const KEPT: &str = "urn:x-oslo:query:kept";

#[cfg(test)]
thread_local! {
    /// Quads fetched and look-ups started on this thread, for tests that count work.
    pub(super) static FETCHED: Cell<u64> = const { Cell::new(0) };
}

thread_local! {
    static EXACT: Cell<bool> = const { Cell::new(false) };
}

/// Takes back a mark whose term was never read, because the evaluation was stopped in between.
pub(super) fn forget_mark() {
    EXACT.set(false);
}

/// An evaluator with the functions our rewritings call. `SERVICE` reaches nothing.
pub(super) fn evaluator() -> QueryEvaluator {
    let name = NamedNode::new_unchecked;
    text::with_functions(QueryEvaluator::new())
        .with_custom_function(name(geo::CALL), geo::call)
        .with_custom_function(name(EXACT_MARK), |_| {
            EXACT.set(true);
            Some(Literal::from(true).into())
        })
        .with_custom_function(name(EXACT_STR), |arguments| match arguments.last()? {
            Term::NamedNode(node) => Some(Literal::from(node.as_str()).into()),
            Term::Literal(literal) => Some(Literal::from(literal.value()).into()),
            Term::BlankNode(_) | Term::Triple(_) => None,
        })
        .with_custom_function(name(EXACT_DATATYPE), |arguments| {
            match arguments.last()? {
                Term::Literal(literal) => Some(literal.datatype().into_owned().into()),
                Term::NamedNode(_) | Term::BlankNode(_) | Term::Triple(_) => None,
            }
        })
        .with_custom_function(name(KEPT), |arguments| {
            let [Term::Literal(text), Term::Literal(separator)] = arguments else {
                return None;
            };
            budget::add_bytes(text.value().len() + separator.value().len());
            Some(text.clone().into())
        })
        .with_custom_function(name(ROW_BNODE), |arguments| {
            let [Term::Literal(row), Term::Literal(label)] = arguments else {
                return None;
            };
            if label.datatype() != oxrdf::vocab::xsd::STRING {
                return None;
            }
            let mut hash = Sha256::new();
            hash.update(row.value());
            hash.update([0]);
            hash.update(label.value());
            let digest = hash.finalize();
            let number = u128::from_be_bytes(digest[..16].try_into().ok()?);
            Some(BlankNode::new_from_unique_id(number).into())
        })
}

/// Terms that occur in the query or are computed by it, but not in the store.
#[derive(Default)]
struct LocalTerms {
    ids: FxHashMap<Term, Id>,
    terms: Vec<Term>,
    /// Ids of decimals that were computed, by their bytes: sums and means give the same few again and again.
    decimals: FxHashMap<[u8; 16], Id>,
}

/// One query's dataset.
pub(super) struct QueryDataset {
    default: View,
    named: View,
    /// The graphs of `FROM NAMED`, which exist even when empty.
    listed: Option<Rc<[Id]>>,
    /// One more named graph, which may be several graphs merged.
    extra: Option<(Id, View)>,
    /// The observations that the query may ask for.
    told: Option<Told>,
    local: RefCell<LocalTerms>,
    budget: Rc<Budget>,
}

impl QueryDataset {
    /// `clause` is what the request or the query names; without it the default graph is `fallback`.
    /// Never shows more than the given view does.
    pub(super) fn new(
        view: &View,
        clause: Option<&DatasetClause>,
        fallback: DefaultGraph,
        budget: Rc<Budget>,
    ) -> Self {
        let mut local = LocalTerms::default();
        let (default, named, listed) = match clause {
            None => (
                match fallback {
                    DefaultGraph::Union => view.clone(),
                    DefaultGraph::Stored => within(view, [Id::DEFAULT_GRAPH]),
                },
                named_only(view),
                None,
            ),
            Some(clause) => {
                let mut ids = |graphs: &[NamedNode]| -> Vec<Id> {
                    graphs
                        .iter()
                        .map(|graph| local.id(view, graph.clone().into(), &budget))
                        .collect()
                };
                let default = within(view, ids(&clause.default));
                match &clause.named {
                    None => (default, named_only(view), None),
                    Some(names) => {
                        let names = ids(names);
                        (default, within(view, names.clone()), Some(names.into()))
                    }
                }
            }
        };
        Self {
            default,
            named,
            listed,
            extra: None,
            told: None,
            local: RefCell::new(local),
            budget,
        }
    }

    /// Adds a graph under a name; it hides a graph that has this name.
    pub(super) fn add_graph(&mut self, name: &NamedNode, graph: View) {
        let name = self.id(name.clone().into());
        self.extra = Some((name, graph));
    }

    /// Adds observations.
    pub(super) fn add_observations(&mut self, told: Told) {
        self.told = Some(told);
    }

    /// The observations.
    pub(super) fn told(&self) -> Option<&Told> {
        self.told.as_ref()
    }

    /// The graph that was added, when this is its name.
    pub(super) fn extra_graph(&self, name: &NamedNode) -> Option<&View> {
        let (id, graph) = self.extra.as_ref()?;
        (self.id(name.clone().into()) == *id).then_some(graph)
    }

    /// Lets a name stand for a node: one of the view's by its id, any other by its term.
    pub(super) fn introduce(&self, name: Term, id: Option<Id>, term: &Term) {
        let id = id.unwrap_or_else(|| self.id(term.clone()));
        self.budget
            .keep(2 * (size_of::<Term>() + text_len(name.as_ref())));
        self.local.borrow_mut().ids.insert(name, id);
    }

    /// The named graphs in sight.
    pub(super) fn graphs(&self) -> Vec<Id> {
        match &self.listed {
            Some(listed) => listed.to_vec(),
            None => self.named.graph_names(),
        }
    }

    /// Those whose names are IRIs.
    pub(super) fn graph_iris(&self) -> Vec<NamedNode> {
        self.graphs()
            .into_iter()
            .filter_map(|name| match self.term(name) {
                Term::NamedNode(node) => Some(node),
                Term::BlankNode(_) | Term::Literal(_) | Term::Triple(_) => None,
            })
            .collect()
    }

    /// What joins are ordered for.
    pub(super) fn sources(&self) -> Sources<'_> {
        Sources {
            default: &self.default,
            named: &self.named,
            max_memory: self.budget.max_memory(),
            told: self.told.as_ref().map(Told::figures),
        }
    }

    fn is_extra(&self, graph: Option<Id>) -> bool {
        matches!((&self.extra, graph), (Some((extra, _)), Some(graph)) if *extra == graph)
    }

    /// The id of a term, its own when no quad of the state has it.
    pub(super) fn id(&self, term: Term) -> Id {
        self.local
            .borrow_mut()
            .id(&self.default, term, &self.budget)
    }

    /// The id of a decimal.
    pub(super) fn id_of_decimal(&self, value: Decimal) -> Id {
        let mut local = self.local.borrow_mut();
        let key = value.to_be_bytes();
        if let Some(id) = local.decimals.get(&key) {
            return *id;
        }
        let id = local.id(&self.default, Literal::from(value).into(), &self.budget);
        self.budget.keep(2 * size_of::<([u8; 16], Id)>());
        local.decimals.insert(key, id);
        id
    }

    /// The canonical N-Triples text of an id.
    pub(super) fn text(&self, id: Id) -> Cow<'_, str> {
        match id.local_index() {
            None => self.default.text(id),
            Some(_) => {
                let mut text = Vec::new();
                crate::rdf::text::write_term(&mut text, self.term(id).as_ref());
                Cow::Owned(String::from_utf8(text).expect("canonical text is UTF-8"))
            }
        }
    }

    /// The term of an id.
    pub(super) fn term(&self, id: Id) -> Term {
        match id.local_index() {
            Some(index) => self.local.borrow().terms[index as usize].clone(),
            None => self.default.term(id),
        }
    }
}

impl LocalTerms {
    fn id(&mut self, view: &View, term: Term, budget: &Budget) -> Id {
        // First the terms met before: a lookup in the store makes a text and searches for it.
        if let Some(id) = self.ids.get(&term) {
            return *id;
        }
        if let Some(id) = view.id_of(term.as_ref()) {
            return id;
        }
        budget.keep(2 * (size_of::<Term>() + text_len(term.as_ref())));
        let id = Id::local(self.terms.len() as u64);
        self.terms.push(term.clone());
        self.ids.insert(term, id);
        id
    }
}

fn text_len(term: TermRef<'_>) -> usize {
    match term {
        TermRef::NamedNode(node) => node.as_str().len(),
        TermRef::BlankNode(node) => node.as_str().len(),
        TermRef::Literal(literal) => literal.value().len(),
        TermRef::Triple(triple) => {
            size_of::<Triple>()
                + text_len(triple.subject.as_ref().into())
                + triple.predicate.as_str().len()
                + text_len(triple.object.as_ref())
        }
    }
}

/// The listed graphs as far as the view shows them.
fn within(view: &View, graphs: impl IntoIterator<Item = Id>) -> View {
    let seen = view.graphs();
    view.with_graphs(Graphs::set(
        graphs.into_iter().filter(|graph| seen.reaches(*graph)),
    ))
}

/// The named graphs that the view shows.
fn named_only(view: &View) -> View {
    match view.graphs() {
        Graphs::All | Graphs::Union(_) | Graphs::AnyNamed => view.with_graphs(Graphs::AnyNamed),
        Graphs::Without(apart) => {
            let hidden = apart.iter().copied().chain([Id::DEFAULT_GRAPH]);
            view.with_graphs(Graphs::without(hidden))
        }
        Graphs::Default => view.with_graphs(Graphs::set([])),
        Graphs::One(Id::DEFAULT_GRAPH) => view.with_graphs(Graphs::set([])),
        Graphs::One(_) => view.clone(),
        Graphs::Set(set) => within(
            view,
            set.iter().copied().filter(|g| *g != Id::DEFAULT_GRAPH),
        ),
    }
}

/// Quads of one pattern. Owns its cursor, as the evaluator asks.
pub(super) enum Quads {
    /// Triples of the default graph.
    Default(TripleScan),
    /// Quads of named graphs.
    Named(QuadScan),
    /// A term of the pattern is in no quad.
    None,
}

impl Iterator for Quads {
    type Item = Result<InternalQuad<BoundTerm>, Infallible>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let ([s, p, o], g) = match self {
            Self::Default(scan) => (scan.next()?, None),
            Self::Named(scan) => {
                let quad = scan.next()?;
                ([quad.s, quad.p, quad.o], Some(quad.g))
            }
            Self::None => return None,
        };
        #[cfg(test)]
        FETCHED.set(FETCHED.get() + 1);
        Some(Ok(InternalQuad {
            subject: BoundTerm::new(s),
            predicate: BoundTerm::new(p),
            object: BoundTerm::new(o),
            graph_name: g.map(BoundTerm::new),
        }))
    }
}

impl<'a> QueryableDataset<'a> for QueryDataset {
    type InternalTerm = BoundTerm;
    type Error = Infallible;

    fn internal_quads_for_pattern(
        &self,
        subject: Option<&BoundTerm>,
        predicate: Option<&BoundTerm>,
        object: Option<&BoundTerm>,
        graph_name: Option<Option<&BoundTerm>>,
    ) -> impl Iterator<Item = Result<InternalQuad<BoundTerm>, Infallible>> + use<'a> {
        step();
        #[cfg(test)]
        FETCHED.set(FETCHED.get() + 1);
        let [s, p, o] = [subject, predicate, object].map(|term| term.map(BoundTerm::id));
        let graph = graph_name.flatten().map(BoundTerm::id);
        let place = graph.filter(|_| !self.is_extra(graph));
        if [s, p, o, place]
            .iter()
            .flatten()
            .any(|id| id.local_index().is_some())
        {
            return Quads::None;
        }
        match graph_name {
            Some(None) => Quads::Default(self.default.triples(s, p, o)),
            Some(Some(_)) if self.is_extra(graph) => match &self.extra {
                Some((_, view)) => Quads::Default(view.triples(s, p, o)),
                None => Quads::None,
            },
            // A named graph, or any named graph.
            Some(Some(_)) | None => Quads::Named(self.named.quads(s, p, o, graph)),
        }
    }

    fn internal_named_graphs(
        &self,
    ) -> impl Iterator<Item = Result<BoundTerm, Infallible>> + use<'a> {
        let names: Vec<Id> = match &self.listed {
            Some(listed) => listed.to_vec(),
            None => self.named.graph_names(),
        };
        names.into_iter().map(|name| Ok(BoundTerm::new(name)))
    }

    fn contains_internal_graph_name(&self, graph_name: &BoundTerm) -> Result<bool, Infallible> {
        let graph = graph_name.id();
        if self.is_extra(Some(graph)) {
            return Ok(true);
        }
        Ok(match &self.listed {
            Some(listed) => listed.contains(&graph),
            None => {
                graph.local_index().is_none()
                    && self
                        .named
                        .quads(None, None, None, Some(graph))
                        .next()
                        .is_some()
            }
        })
    }

    fn internalize_term(&self, term: Term) -> Result<BoundTerm, Infallible> {
        Ok(BoundTerm::new(self.id(term)))
    }

    fn externalize_term(&self, term: BoundTerm) -> Result<Term, Infallible> {
        step();
        Ok(self.term(term.id()))
    }

    fn externalize_expression_term(&self, term: BoundTerm) -> Result<ExpressionTerm, Infallible> {
        step();
        let exact = EXACT.take();
        let term = self.term(term.id());
        Ok(match term {
            Term::Literal(literal) if exact && literal.language().is_none() => {
                let datatype = literal.datatype().into_owned();
                let (value, ..) = literal.destruct();
                ExpressionTerm::OtherTypedLiteral { value, datatype }
            }
            term => term.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Cancel;
    use crate::store::Store;
    use oxrdf::{GraphName, Quad};

    fn iri(name: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("http://example.com/{name}"))
    }

    fn store() -> Store {
        let store = Store::in_memory();
        let mut draft = store.begin().expect("memory stores open drafts");
        for graph in [GraphName::DefaultGraph, iri("g1").into(), iri("g2").into()] {
            draft.add_quad(Quad::new(iri("s"), iri("p"), iri("o"), graph).as_ref());
        }
        draft.add_quad(Quad::new(iri("s"), iri("p"), iri("x"), iri("g2")).as_ref());
        draft
            .commit(crate::store::CommitMeta {
                agent: "http://example.com/agent".into(),
                activity: "http://example.com/test".into(),
                source: Vec::new(),
                message: None,
            })
            .expect("memory stores commit");
        store
    }

    fn count(dataset: &QueryDataset, graph: Option<Option<&BoundTerm>>) -> usize {
        dataset
            .internal_quads_for_pattern(None, None, None, graph)
            .count()
    }

    #[test]
    fn graph_argument_means_named_default_or_one() {
        let view = store().snapshot().view();
        let budget = Budget::new(None, None, Cancel::new());
        let stored = QueryDataset::new(&view, None, DefaultGraph::Stored, Rc::clone(&budget));
        let g2 = stored
            .internalize_term(iri("g2").into())
            .expect("infallible");
        assert_eq!(
            count(&stored, None),
            3,
            "any named graph, never the default one"
        );
        assert_eq!(count(&stored, Some(None)), 1);
        assert_eq!(count(&stored, Some(Some(&g2))), 2);
        assert_eq!(stored.internal_named_graphs().count(), 2);
        let union = QueryDataset::new(&view, None, DefaultGraph::Union, Rc::clone(&budget));
        assert_eq!(count(&union, Some(None)), 2, "shared triples count once");
        assert_eq!(count(&union, None), 3);
        let clause = DatasetClause {
            default: vec![iri("g1"), iri("g2")],
            named: Some(vec![iri("g1"), iri("empty")]),
        };
        let from = QueryDataset::new(&view, Some(&clause), DefaultGraph::Union, budget);
        assert_eq!(count(&from, Some(None)), 2);
        assert_eq!(count(&from, None), 1);
        assert_eq!(
            count(&from, Some(Some(&g2))),
            0,
            "g2 is not a named graph here"
        );
        assert_eq!(from.internal_named_graphs().count(), 2);
    }

    #[test]
    fn a_narrow_view_is_never_widened() {
        let view = store().snapshot().view();
        let g1 = view.id_of_iri(iri("g1").as_str()).expect("g1 is stored");
        let narrow = view.with_graphs(Graphs::One(g1));
        let budget = Budget::new(None, None, Cancel::new());
        let clause = DatasetClause {
            default: vec![iri("g2")],
            named: Some(vec![iri("g2")]),
        };
        for clause in [None, Some(&clause)] {
            for fallback in [DefaultGraph::Union, DefaultGraph::Stored] {
                let dataset = QueryDataset::new(&narrow, clause, fallback, Rc::clone(&budget));
                assert!(count(&dataset, Some(None)) <= 1);
                assert!(count(&dataset, None) <= 1);
                assert!(
                    dataset
                        .internal_quads_for_pattern(None, None, None, None)
                        .all(|q| q.is_ok_and(|q| q.graph_name.is_some_and(|g| g.id() == g1)))
                );
            }
        }
    }

    #[test]
    fn equal_terms_have_equal_ids() {
        let view = store().snapshot().view();
        let budget = Budget::new(None, None, Cancel::new());
        let dataset = QueryDataset::new(&view, None, DefaultGraph::Union, budget);
        let same = |a: Term, b: Term| {
            dataset.internalize_term(a).expect("infallible")
                == dataset.internalize_term(b).expect("infallible")
        };
        let typed = |v: &str| Term::from(Literal::new_typed_literal(v, oxrdf::vocab::xsd::INTEGER));
        assert!(same(iri("s").into(), iri("s").into()));
        assert!(same(iri("new").into(), iri("new").into()));
        assert!(same(typed("7"), typed("7")));
        assert!(!same(typed("7"), typed("07")));
        assert!(!same(typed("07"), Literal::from("07").into()));
    }
}
