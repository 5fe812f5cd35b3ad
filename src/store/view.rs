//! The read gate: a snapshot or draft state and the graphs a reader sees. Every reader of the crate goes through it.
//! Delivers triples and quads as ids, in sorted order, duplicates removed; knows no query language.

use crate::rdf::text;
use crate::store::block::Row;
use crate::store::cursor::Cursor;
use crate::store::dictionary::TermMeta;
use crate::store::id::Id;
use crate::store::index::{Order, QuadIds};
use crate::store::snapshot::Snapshot;
use oxrdf::{GraphNameRef, NamedNodeRef, Term, TermRef};
use std::borrow::Cow;
use std::sync::Arc;

/// Which graphs a reader sees. A triple in several of them is delivered once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Graphs {
    /// The default graph and every named graph, merged, whatever is set apart.
    All,
    /// The default graph and every named graph, merged, but for the listed ones, which are reached by naming them; sorted.
    /// What [`Snapshot::view`] shows when something is set apart.
    Union(Arc<[Id]>),
    /// Every graph but the listed ones, which naming them does not reach either; sorted.
    Without(Arc<[Id]>),
    /// The default graph only.
    Default,
    /// One graph, possibly the default graph.
    One(Id),
    /// Every named graph, merged; not the default graph.
    AnyNamed,
    /// The listed graphs, merged; sorted, each once.
    Set(Arc<[Id]>),
}

impl Graphs {
    /// The listed graphs, in any order.
    pub fn set(graphs: impl IntoIterator<Item = Id>) -> Self {
        let mut list: Vec<Id> = graphs.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        Self::Set(list.into())
    }

    /// All but the listed graphs, in any order.
    pub fn without(graphs: impl IntoIterator<Item = Id>) -> Self {
        match Self::set(graphs) {
            Self::Set(list) => Self::Without(list),
            other => other,
        }
    }

    /// Whether quads of a graph are seen.
    pub fn holds(&self, graph: Id) -> bool {
        match self {
            Self::All => true,
            Self::Union(apart) | Self::Without(apart) => apart.binary_search(&graph).is_err(),
            Self::Default => graph == Id::DEFAULT_GRAPH,
            Self::One(one) => graph == *one,
            Self::AnyNamed => graph != Id::DEFAULT_GRAPH,
            Self::Set(set) => set.binary_search(&graph).is_ok(),
        }
    }

    /// Whether quads of a graph are seen by whoever names it.
    pub fn reaches(&self, graph: Id) -> bool {
        matches!(self, Self::Union(_)) || self.holds(graph)
    }

    /// The one graph this comes down to, if it does.
    fn single(&self) -> Option<Id> {
        match self {
            Self::Default => Some(Id::DEFAULT_GRAPH),
            Self::One(one) => Some(*one),
            Self::Set(set) if set.len() == 1 => Some(set[0]),
            _ => None,
        }
    }
}

/// A state of the store as one reader sees it. Cheap to clone; owns what it needs.
#[derive(Clone)]
pub struct View {
    snapshot: Snapshot,
    graphs: Graphs,
}

impl View {
    pub(crate) fn new(snapshot: Snapshot, graphs: Graphs) -> Self {
        Self { snapshot, graphs }
    }

    /// The same state seen through other graphs.
    pub fn with_graphs(&self, graphs: Graphs) -> Self {
        Self {
            snapshot: self.snapshot.clone(),
            graphs,
        }
    }

    /// The same, but that graphs that are reached by their names only are not reached at all.
    pub fn without_apart(&self) -> Self {
        match &self.graphs {
            Graphs::Union(apart) => self.with_graphs(Graphs::Without(Arc::clone(apart))),
            _ => self.clone(),
        }
    }

    /// The graphs seen.
    pub fn graphs(&self) -> &Graphs {
        &self.graphs
    }

    /// The state beneath.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Triples matching a pattern, each once. They come sorted in the order of the permutation that serves the pattern:
    /// unbound subject, predicate, object in the order S P O, except that a bound predicate alone gives S O,
    /// a bound object alone gives S P and predicate with object gives S.
    pub fn triples(&self, s: Option<Id>, p: Option<Id>, o: Option<Id>) -> TripleScan {
        let (order, low, high, exact) = self.range(s, p, o, self.graphs.single());
        TripleScan {
            cursor: self.snapshot.version().index.cursor(order, &low, &high),
            order,
            graphs: self.graphs.clone(),
            exact,
            want: [s, p, o],
            last: None,
        }
    }

    /// Whether a triple is in one of the graphs seen.
    pub fn contains(&self, s: Id, p: Id, o: Id) -> bool {
        if let Some(g) = self.graphs.single() {
            return self
                .snapshot
                .version()
                .index
                .contains(&QuadIds { s, p, o, g }.to_row());
        }
        self.triples(Some(s), Some(p), Some(o)).next().is_some()
    }

    /// (subject, object) of a predicate, sorted.
    pub fn pairs(&self, p: Id) -> Pairs {
        self.pairs_in(Order::Psog, p)
    }

    /// (object, subject) of a predicate, sorted.
    pub fn pairs_reversed(&self, p: Id) -> Pairs {
        self.pairs_in(Order::Posg, p)
    }

    /// Whether a state this old can hold a term: not one that came into the store after it.
    pub(crate) fn may_hold(&self, id: Id) -> bool {
        !id.is_indexed() || id.value() < self.snapshot.version().dictionary.text_count()
    }

    /// (predicate, object) of a subject, sorted.
    pub fn star(&self, s: Id) -> Pairs {
        self.pairs_in(Order::Spog, s)
    }

    /// (subject, predicate) in which a term is the object, sorted.
    pub fn star_reversed(&self, o: Id) -> Pairs {
        self.pairs_in(Order::Ospg, o)
    }

    fn pairs_in(&self, order: Order, first: Id) -> Pairs {
        let low = [first.raw(), 0, 0, 0];
        let high = [first.raw(), u64::MAX, u64::MAX, u64::MAX];
        Pairs {
            cursor: self.snapshot.version().index.cursor(order, &low, &high),
            graphs: self.graphs.clone(),
            first: first.raw(),
            last: None,
            ready: None,
        }
    }

    /// Objects of a subject and predicate, sorted.
    pub fn objects(&self, s: Id, p: Id) -> Ids {
        self.ids_in(Order::Spog, s, p)
    }

    /// Subjects of a predicate and object, sorted.
    pub fn subjects(&self, p: Id, o: Id) -> Ids {
        self.ids_in(Order::Posg, p, o)
    }

    fn ids_in(&self, order: Order, first: Id, second: Id) -> Ids {
        let low = [first.raw(), second.raw(), 0, 0];
        let high = [first.raw(), second.raw(), u64::MAX, u64::MAX];
        Ids {
            cursor: self.snapshot.version().index.cursor(order, &low, &high),
            graphs: self.graphs.clone(),
            last: None,
        }
    }

    /// Number of quads matching a pattern, by searches alone. Exact for [`Graphs::All`] counted as quads and for one graph
    /// with nothing or all of S and P bound; an upper bound of the triples otherwise.
    pub fn count(&self, s: Option<Id>, p: Option<Id>, o: Option<Id>) -> u64 {
        let (order, low, high, _) = self.range(s, p, o, self.graphs.single());
        self.snapshot.version().index.count(order, &low, &high)
    }

    /// Quads matching a pattern in the graphs seen, or in the graph that is named.
    pub fn quads(&self, s: Option<Id>, p: Option<Id>, o: Option<Id>, g: Option<Id>) -> QuadScan {
        let (order, low, high, _) = self.range(s, p, o, g.or_else(|| self.graphs.single()));
        QuadScan {
            cursor: self.snapshot.version().index.cursor(order, &low, &high),
            order,
            graphs: self.graphs.clone(),
            want: [s, p, o, g],
        }
    }

    /// Named graphs seen that hold a quad, sorted.
    pub fn graph_names(&self) -> Vec<Id> {
        let index = &self.snapshot.version().index;
        let mut cursor = index.cursor(Order::Gspo, &[0; 4], &[u64::MAX; 4]);
        let mut names = Vec::new();
        while let Some(row) = cursor.peek() {
            let graph = Id::from_raw(row[0]).expect("rows hold ids, never 0");
            if graph != Id::DEFAULT_GRAPH && self.graphs.holds(graph) {
                names.push(graph);
            }
            let Some(next) = row[0].checked_add(1) else {
                break;
            };
            cursor.seek(&[next, 0, 0, 0]);
        }
        names
    }

    /// Number of quads in one graph.
    pub fn graph_size(&self, graph: Id) -> u64 {
        let (low, high) = (
            [graph.raw(), 0, 0, 0],
            [graph.raw(), u64::MAX, u64::MAX, u64::MAX],
        );
        self.snapshot
            .version()
            .index
            .count(Order::Gspo, &low, &high)
    }

    /// Order, range and whether the range holds exactly the matches in one graph without duplicates.
    fn range(
        &self,
        s: Option<Id>,
        p: Option<Id>,
        o: Option<Id>,
        g: Option<Id>,
    ) -> (Order, Row, Row, bool) {
        let raw = |id: Option<Id>| id.map(Id::raw);
        let (s, p, o, g) = (raw(s), raw(p), raw(o), raw(g));
        let (order, bound): (Order, [Option<u64>; 4]) = match (s, p, o, g) {
            (None, None, None, None) => (Order::Spog, [None; 4]),
            (None, None, None, Some(_)) => (Order::Gspo, [g, None, None, None]),
            (Some(_), None, Some(_), _) => (Order::Ospg, [o, s, None, None]),
            (Some(_), _, _, _) => {
                let graph = if p.is_some() && o.is_some() { g } else { None };
                (Order::Spog, [s, p, o, graph])
            }
            (None, Some(_), Some(_), _) => (Order::Posg, [p, o, None, None]),
            (None, Some(_), None, _) => (Order::Psog, [p, None, None, None]),
            (None, None, Some(_), _) => (Order::Ospg, [o, None, None, None]),
        };
        let exact =
            g.is_some() && bound.contains(&g) && (order == Order::Gspo || bound[3].is_some());
        (
            order,
            bound.map(|v| v.unwrap_or(0)),
            bound.map(|v| v.unwrap_or(u64::MAX)),
            exact,
        )
    }

    /// Whether something is stored that only RDF 1.2 has: a triple term, or a literal with a base direction. Reads all
    /// statements where a literal ever had a direction, else next to none.
    pub(crate) fn holds_rdf12(&self) -> bool {
        let [least, greatest] = Id::TRIPLES.map(Id::raw);
        let low = [least, 0, 0, 0];
        let high = [greatest, u64::MAX, u64::MAX, u64::MAX];
        let mut triples = self
            .snapshot
            .version()
            .index
            .cursor(Order::Ospg, &low, &high);
        if triples.next().is_some() {
            return true;
        }
        let Some(directed) = self.datatype_index(crate::rdf::vocab::rdf::DIR_LANG_STRING) else {
            return false;
        };
        let all = self.with_graphs(Graphs::All);
        all.triples(None, None, None).any(|[_, _, object]| {
            object.is_literal() && {
                let meta = self.meta(object);
                meta.datatype == directed && meta.language != 0
            }
        })
    }

    /// Id of a term, when this state knows it.
    pub fn id_of(&self, term: TermRef<'_>) -> Option<Id> {
        let mut key = Vec::with_capacity(64);
        text::write_term(&mut key, term);
        self.id_of_text(std::str::from_utf8(&key).expect("canonical text is UTF-8"))
    }

    /// Id of an IRI, when this state knows it.
    pub fn id_of_iri(&self, iri: &str) -> Option<Id> {
        self.id_of(NamedNodeRef::new_unchecked(iri).into())
    }

    /// Id of a graph name, when this state knows it.
    pub fn id_of_graph(&self, graph: GraphNameRef<'_>) -> Option<Id> {
        match graph {
            GraphNameRef::NamedNode(node) => self.id_of(node.into()),
            GraphNameRef::BlankNode(node) => self.id_of(node.into()),
            GraphNameRef::DefaultGraph => Some(Id::DEFAULT_GRAPH),
        }
    }

    /// Id of a canonical N-Triples text, when this state knows it.
    pub fn id_of_text(&self, key: &str) -> Option<Id> {
        self.snapshot.version().dictionary.find(key)
    }

    /// The term of an id of this state.
    pub fn term(&self, id: Id) -> Term {
        text::parse_term(&self.text(id)).expect("the dictionary holds canonical texts")
    }

    /// Canonical N-Triples text of an id of this state; empty for the default graph.
    pub fn text(&self, id: Id) -> Cow<'_, str> {
        self.snapshot.version().dictionary.text(id)
    }

    /// Appends the canonical N-Triples text of an id of this state.
    pub fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        self.snapshot.version().dictionary.write_text(id, out);
    }

    /// The IRI of an id; `None` for other terms.
    pub fn iri(&self, id: Id) -> Option<Cow<'_, str>> {
        if !id.is_iri() {
            return None;
        }
        Some(match self.text(id) {
            Cow::Borrowed(text) => Cow::Borrowed(&text[1..text.len() - 1]),
            Cow::Owned(text) => Cow::Owned(text[1..text.len() - 1].to_owned()),
        })
    }

    /// Facts about a term of this state.
    pub fn meta(&self, id: Id) -> TermMeta {
        self.snapshot.version().dictionary.meta(id)
    }

    /// What is remembered of the ids of this store, in the place of a type; shared by all its states. Only what never changes
    /// may be remembered, and nothing of the ids of a draft.
    pub(crate) fn attached<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.snapshot.version().dictionary.attached.get()
    }

    /// Index of a datatype in [`TermMeta::datatype`]; `None` when no literal has it.
    pub fn datatype_index(&self, iri: &str) -> Option<u16> {
        self.snapshot.version().dictionary.datatype_index(iri)
    }

    /// Datatype IRI of an index in [`TermMeta::datatype`].
    pub fn datatype_iri(&self, index: u16) -> &str {
        self.snapshot.version().dictionary.datatype_iri(index)
    }

    /// Language tag, in lower case, of an index in [`TermMeta::language`].
    pub fn language_tag(&self, index: u16) -> &str {
        self.snapshot.version().dictionary.language_tag(index)
    }
}

fn id(raw: u64) -> Id {
    Id::from_raw(raw).expect("rows hold ids, never 0")
}

/// Rows of one order under a prefix, in the graphs seen, with skipping. What the executor of queries reads by.
pub(crate) struct SortedRows {
    cursor: Cursor,
    graphs: Graphs,
    /// Whether a triple in several graphs comes once.
    merged: bool,
    last: Option<[u64; 3]>,
}

impl SortedRows {
    /// Skips to the first row at or after a key of the order; never goes back.
    pub(crate) fn seek(&mut self, key: [u64; 3]) {
        let [a, b, c] = key;
        self.cursor.seek(&[a, b, c, 0]);
    }

    /// The next row: three columns in the order's own sequence, and the graph.
    pub(crate) fn next_row(&mut self) -> Option<Row> {
        loop {
            let row = self.cursor.next()?;
            if !matches!(self.graphs, Graphs::All) && !self.graphs.holds(id(row[3])) {
                continue;
            }
            if self.merged {
                let triple = [row[0], row[1], row[2]];
                // The graph is the last column, so equal triples stand side by side.
                if self.last == Some(triple) {
                    continue;
                }
                self.last = Some(triple);
            }
            return Some(row);
        }
    }
}

/// What a view holds, counted without reading.
pub(crate) struct ExactCounts(View);

impl ExactCounts {
    /// Number of triples whose columns in an order begin with `prefix`.
    pub(crate) fn count(&self, order: Order, prefix: &[u64]) -> u64 {
        let (mut low, mut high) = ([0; 4], [u64::MAX; 4]);
        low[..prefix.len()].copy_from_slice(prefix);
        high[..prefix.len()].copy_from_slice(prefix);
        self.0.snapshot.version().index.count(order, &low, &high)
    }
}

impl View {
    /// Rows of one of the orders that end in the graph, whose first columns are `prefix`. With `by_graph` a triple comes once
    /// for each of its graphs, else once.
    pub(crate) fn sorted(&self, order: Order, prefix: &[u64], by_graph: bool) -> SortedRows {
        debug_assert!(order != Order::Gspo && prefix.len() <= 3);
        let (mut low, mut high) = ([0; 4], [u64::MAX; 4]);
        low[..prefix.len()].copy_from_slice(prefix);
        high[..prefix.len()].copy_from_slice(prefix);
        SortedRows {
            cursor: self.snapshot.version().index.cursor(order, &low, &high),
            graphs: self.graphs.clone(),
            merged: !by_graph && self.graphs.single().is_none(),
            last: None,
        }
    }

    /// Counts of triples by searches alone; `None` where counting takes reading, because some quads of the state are not seen
    /// or the same triple may be in several graphs.
    pub(crate) fn exact_counts(&self) -> Option<ExactCounts> {
        self.has_one_graph().then(|| ExactCounts(self.clone()))
    }

    /// Whether all quads of the state are in one graph, and that graph is seen.
    fn has_one_graph(&self) -> bool {
        let index = &self.snapshot.version().index;
        let first = index
            .cursor(Order::Gspo, &[0; 4], &[u64::MAX; 4])
            .next()
            .map(|row| id(row[0]));
        first.is_none_or(|graph| {
            self.graphs.holds(graph) && self.graph_size(graph) == self.snapshot.quad_count()
        })
    }
}

/// Triples of a pattern, sorted, each once.
pub struct TripleScan {
    cursor: Cursor,
    order: Order,
    graphs: Graphs,
    exact: bool,
    want: [Option<Id>; 3],
    last: Option<[u64; 3]>,
}

impl Iterator for TripleScan {
    type Item = [Id; 3];

    fn next(&mut self) -> Option<[Id; 3]> {
        loop {
            let row = self.cursor.next()?;
            let [s, p, o, g] = self.order.spog(&row);
            if self.exact {
                return Some([id(s), id(p), id(o)]);
            }
            let matches = |want: Option<Id>, value: u64| want.is_none_or(|w| w.raw() == value);
            if !self.graphs.holds(id(g))
                || !matches(self.want[0], s)
                || !matches(self.want[1], p)
                || !matches(self.want[2], o)
                // The graph is the last column, so equal triples stand side by side.
                || self.last == Some([s, p, o])
            {
                continue;
            }
            self.last = Some([s, p, o]);
            return Some([id(s), id(p), id(o)]);
        }
    }
}

/// Quads of a pattern, sorted by the permutation that serves it.
pub struct QuadScan {
    cursor: Cursor,
    order: Order,
    graphs: Graphs,
    want: [Option<Id>; 4],
}

impl Iterator for QuadScan {
    type Item = QuadIds;

    fn next(&mut self) -> Option<QuadIds> {
        loop {
            let quad = QuadIds::from_row(self.order.spog(&self.cursor.next()?));
            let [s, p, o, g] = self.want;
            let is_seen = match g {
                Some(g) => g == quad.g && self.graphs.reaches(g),
                None => self.graphs.holds(quad.g),
            };
            if is_seen
                && s.is_none_or(|s| s == quad.s)
                && p.is_none_or(|p| p == quad.p)
                && o.is_none_or(|o| o == quad.o)
            {
                return Some(quad);
            }
        }
    }
}

/// Sorted pairs, each once, with skipping.
pub struct Pairs {
    cursor: Cursor,
    graphs: Graphs,
    first: u64,
    last: Option<[u64; 2]>,
    ready: Option<(Id, Id)>,
}

/// What [`Pairs::join`] did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct JoinWork {
    /// Rows it went over.
    pub(crate) rows: u64,
    /// Skips in the index.
    pub(crate) seeks: u64,
}

/// Rows that are cheaper to go over than to leap.
const NEAR: usize = 16;

impl Pairs {
    /// The next pair without taking it.
    pub fn peek(&mut self) -> Option<(Id, Id)> {
        if self.ready.is_none() {
            self.ready = self.advance();
        }
        self.ready
    }

    /// Skips forward to the first pair whose first member is `first` or greater; never goes back.
    pub fn seek(&mut self, first: Id) {
        if self.ready.is_some_and(|(at, _)| at >= first) {
            return;
        }
        self.ready = None;
        self.cursor.seek(&[self.first, first.raw(), 0, 0]);
    }

    /// Calls `each` with every pair whose first member is one of `wanted` (sorted, each once): its place there, and the second
    /// member. Reads on through what lies between, and skips where none is wanted for long.
    pub(crate) fn join(mut self, wanted: &[Id], mut each: impl FnMut(usize, Id)) -> JoinWork {
        let mut work = JoinWork::default();
        let mut at = 0;
        let Some(first) = wanted.first() else {
            return work;
        };
        self.seek(*first);
        work.seeks += 1;
        while at < wanted.len() {
            let rows = self.cursor.at_hand();
            if rows.is_empty() {
                // Of several places, or nothing.
                let Some((first, second)) = self.next() else {
                    break;
                };
                work.rows += 1;
                while at < wanted.len() && wanted[at] < first {
                    at += 1;
                }
                if wanted.get(at) == Some(&first) {
                    each(at, second);
                } else if let Some(next) = wanted.get(at)
                    && self.peek().is_some_and(|(ahead, _)| ahead < *next)
                {
                    self.seek(*next);
                    work.seeks += 1;
                }
                continue;
            }
            let (mut used, mut met) = (0, false);
            while let (Some(row), Some(next)) = (rows.get(used), wanted.get(at)) {
                let (first, next) = (row[1], next.raw());
                if first < next {
                    used += 1;
                    // Long gaps within the rows at hand are leapt over.
                    if rows.get(used + NEAR).is_some_and(|row| row[1] < next) {
                        used += rows[used..].partition_point(|row| row[1] < next);
                    }
                } else if first > next {
                    at += 1;
                } else {
                    met = true;
                    used += 1;
                    let pair = [first, row[2]];
                    if self.last != Some(pair) && self.graphs.holds(id(row[3])) {
                        self.last = Some(pair);
                        each(at, id(row[2]));
                    }
                }
            }
            let is_all = used == rows.len();
            self.cursor.pass(used);
            work.rows += used as u64;
            if is_all && !met && at < wanted.len() {
                self.cursor.seek(&[self.first, wanted[at].raw(), 0, 0]);
                work.seeks += 1;
            }
        }
        work
    }

    fn advance(&mut self) -> Option<(Id, Id)> {
        loop {
            let [_, a, b, g] = self.cursor.next()?;
            if self.last == Some([a, b]) || !self.graphs.holds(id(g)) {
                continue;
            }
            self.last = Some([a, b]);
            return Some((id(a), id(b)));
        }
    }
}

impl Iterator for Pairs {
    type Item = (Id, Id);

    fn next(&mut self) -> Option<(Id, Id)> {
        self.ready.take().or_else(|| self.advance())
    }
}

/// Sorted ids, each once.
pub struct Ids {
    cursor: Cursor,
    graphs: Graphs,
    last: Option<u64>,
}

impl Iterator for Ids {
    type Item = Id;

    fn next(&mut self) -> Option<Id> {
        loop {
            let [_, _, value, g] = self.cursor.next()?;
            if self.last == Some(value) || !self.graphs.holds(id(g)) {
                continue;
            }
            self.last = Some(value);
            return Some(id(value));
        }
    }

    fn fold<B, F: FnMut(B, Id) -> B>(mut self, init: B, mut each: F) -> B {
        let mut folded = init;
        loop {
            let rows = self.cursor.at_hand();
            if rows.is_empty() {
                match self.next() {
                    Some(value) => folded = each(folded, value),
                    None => return folded,
                }
                continue;
            }
            for row in rows {
                if self.last != Some(row[2]) && self.graphs.holds(id(row[3])) {
                    self.last = Some(row[2]);
                    folded = each(folded, id(row[2]));
                }
            }
            let used = rows.len();
            self.cursor.pass(used);
        }
    }
}
