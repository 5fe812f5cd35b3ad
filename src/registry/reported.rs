//! The live report as graphs that SPARQL can ask: a query that names one of them sees it, every other query does not.
//! The statements are made for the query, from the results of the very state it runs on; they are in no commit.

use super::Registry;
use crate::query::{ParsedQuery, QueryOptions};
use crate::rdf::vocab::xsd;
use crate::shapes::REPORT_NS;
use crate::store::{Draft, Snapshot};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};

/// Name of the graph of present results, below `{base}/graph/`: a `sh:ValidationReport`, each result with
/// `urn:oslo-registry:shacl:since`, the number of the commit at which it appeared.
pub const REPORT_GRAPH: &str = "rapport/bevindingen";

/// Name of the graph of results that are gone, each with `since` and `until`.
pub const REPORT_HISTORY_GRAPH: &str = "rapport/geschiedenis";

/// Results that a graph shows of each constraint; how many there are is always said.
const SHOWN: usize = 100_000;

/// Report graphs that a query names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportGraphs {
    now: bool,
    past: bool,
}

impl ReportGraphs {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self.now || self.past
    }
}

impl Registry {
    /// Which of the report graphs a query names, in its text or for its dataset. The text saves a closer look.
    pub fn report_graphs_of(
        &self,
        text: Option<&str>,
        query: &ParsedQuery,
        options: &QueryOptions,
    ) -> ReportGraphs {
        let named = |name: &str| {
            // The end of the name is in the text, however it is written; few texts need a closer look.
            let end = name.rsplit('/').next().unwrap_or(name);
            let in_text = text.is_none_or(|text| text.contains(end));
            let iri = self.graph_iri(name);
            let mut dataset = options.default_graph_uris.iter();
            dataset.any(|graph| graph == iri.as_str())
                || options
                    .named_graph_uris
                    .iter()
                    .any(|graph| graph == iri.as_str())
                || (in_text && query.names(iri.as_str()))
        };
        ReportGraphs {
            now: named(REPORT_GRAPH),
            past: named(REPORT_HISTORY_GRAPH),
        }
    }

    /// A state with report graphs; the state itself when none is asked for.
    pub fn with_report_graphs(&self, state: &Snapshot, graphs: ReportGraphs) -> Snapshot {
        let ReportGraphs { now, past } = graphs;
        if !graphs.any() {
            return state.clone();
        }
        let mut draft = self.store().scratch_over(state.clone());
        if now {
            self.add_report(&mut draft, state);
        }
        if past {
            self.add_history(&mut draft, state);
        }
        draft.snapshot()
    }

    fn add_report(&self, draft: &mut Draft<'_>, state: &Snapshot) {
        let judged = self.judged(state);
        let live = self.live_of(&judged, state);
        let report = live.report(&judged.scope(&state.view()), SHOWN);
        let graph = GraphName::from(self.graph_iri(REPORT_GRAPH));
        for triple in report.to_triples() {
            draft.add_quad(triple.in_graph(graph.clone()).as_ref());
        }
    }

    fn add_history(&self, draft: &mut Draft<'_>, state: &Snapshot) {
        let graph = GraphName::from(self.graph_iri(REPORT_HISTORY_GRAPH));
        for gone in self.solved_results(state.seq()) {
            let node = NamedOrBlankNode::from(BlankNode::default());
            let mut add = |predicate: String, object: Term| {
                let predicate = NamedNode::new_unchecked(predicate);
                draft.add_quad(Quad::new(node.clone(), predicate, object, graph.clone()).as_ref());
            };
            let number = |seq: u64| {
                let datatype = NamedNode::new_unchecked(xsd::INTEGER);
                Term::from(Literal::new_typed_literal(seq.to_string(), datatype))
            };
            let text = |text: &str| Term::from(Literal::new_simple_literal(text));
            let key = &gone.result;
            add(
                crate::rdf::vocab::rdf::TYPE.to_owned(),
                NamedNode::new_unchecked(format!("{REPORT_NS}SolvedResult")).into(),
            );
            add(format!("{REPORT_NS}since"), number(gone.since));
            add(format!("{REPORT_NS}until"), number(gone.until));
            add(format!("{REPORT_NS}shape"), text(&key.shape));
            add(format!("{REPORT_NS}component"), text(&key.component));
            if let Ok(focus) = crate::rdf::text::parse_term(&key.focus) {
                add(format!("{}focusNode", crate::rdf::vocab::sh::NS), focus);
            }
            let value = key.value.as_deref().map(crate::rdf::text::parse_term);
            if let Some(Ok(value)) = value {
                add(format!("{}value", crate::rdf::vocab::sh::NS), value);
            }
        }
    }

    /// Results that came and went again up to a commit, in the order in which they went.
    pub fn solved_results(&self, seq: u64) -> Vec<SolvedResult> {
        let events = self.history.events().unwrap_or_else(|error| {
            tracing::warn!(%error, "The history of results could not be read");
            Vec::new()
        });
        let mut open: rustc_hash::FxHashMap<crate::shapes::ResultKey, Vec<u64>> =
            rustc_hash::FxHashMap::default();
        let mut solved = Vec::new();
        for event in events.into_iter().filter(|event| event.seq <= seq) {
            if !event.gone {
                open.entry(event.result).or_default().push(event.seq);
            } else if let Some(since) = open.get_mut(&event.result).and_then(Vec::pop) {
                solved.push(SolvedResult {
                    since,
                    until: event.seq,
                    result: event.result,
                });
            }
        }
        solved
    }
}

/// A result that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolvedResult {
    /// The commit at which it came.
    pub since: u64,
    /// The commit at which it went.
    pub until: u64,
    /// What it was about.
    pub result: crate::shapes::ResultKey,
}
