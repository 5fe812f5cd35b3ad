//! The gate: how strictly the results of a commit are judged, per graph. The rules are statements of the registry itself,
//! in `{base}/graph/beheer/poort`, so that changing them is a commit like any other. Knows no shapes, only severities.
//!
//! ```turtle
//! <http://127.0.0.1:7400/graph/adressen> <urn:oslo-registry:gate:mode> "reject" ;
//!     <urn:oslo-registry:gate:from> sh:Warning .
//! ```

use super::Registry;
use crate::shapes::Severity;
use crate::store::{Id, View};
use oxrdf::Term;
use rustc_hash::FxHashMap;

/// Namespace of the gate's own terms.
pub const GATE_NS: &str = "urn:oslo-registry:gate:";

/// Name of the graph that holds the rules, below `{base}/graph/`.
pub const GATE_GRAPH: &str = "beheer/poort";

/// What the gate does with the results a commit introduces in a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Nothing: the results are in the live report only, and the answer does not count them.
    Off,
    /// The commit is made; the answer counts them.
    Report,
    /// The commit is made; the answer lists them.
    Warn,
    /// The commit is made without the members that bring a result from the threshold on; these wait, see
    /// [`QUARANTINE`](super::QUARANTINE).
    Quarantine,
    /// A commit that introduces a result from the threshold on is refused.
    #[default]
    Reject,
}

impl Mode {
    /// All modes, from lenient to strict.
    pub const ALL: [Self; 5] = [
        Self::Off,
        Self::Report,
        Self::Warn,
        Self::Quarantine,
        Self::Reject,
    ];

    /// The word for it, in statements and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Report => "report",
            Self::Warn => "warn",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// The mode a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }
}

/// Mode and threshold of a graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GateRule {
    /// What is done with results.
    pub mode: Mode,
    /// The least severity that is refused or waits: `sh:Violation` unless it says otherwise.
    pub from: Level,
}

/// How bad a result is, in order. Severities of one's own count as violations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `sh:Info` and milder.
    Info,
    /// `sh:Warning`.
    Warning,
    /// `sh:Violation`.
    #[default]
    Violation,
}

impl Level {
    /// The level of a severity.
    pub fn of(severity: &Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Other(_) if severity.is_mild() => Self::Info,
            Severity::Violation | Severity::Other(_) => Self::Violation,
        }
    }

    /// The severity it stands for.
    pub fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Violation => Severity::Violation,
        }
    }
}

/// The rules of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    default: GateRule,
    graphs: FxHashMap<Id, GateRule>,
}

impl Gate {
    /// The rules that a state has. What cannot be read counts as the default, the strictest.
    pub(super) fn read(registry: &Registry, view: &View) -> Self {
        let mut gate = Self::default();
        let iri = registry.graph_iri(GATE_GRAPH);
        let Some(graph) = view.id_of_iri(iri.as_str()) else {
            return gate;
        };
        let own = |name: &str| view.id_of_iri(&format!("{GATE_NS}{name}"));
        let (mode, from) = (own("mode"), own("from"));
        for quad in view.quads(None, None, None, Some(graph)) {
            let rule = if quad.s == graph {
                &mut gate.default
            } else {
                gate.graphs.entry(quad.s).or_default()
            };
            match view.term(quad.o) {
                Term::Literal(word) if Some(quad.p) == mode => {
                    rule.mode = Mode::of_word(word.value()).unwrap_or_default();
                }
                Term::NamedNode(severity) if Some(quad.p) == from => {
                    rule.from = Level::of(&Severity::from_iri(severity.as_str()));
                }
                _ => {}
            }
        }
        gate
    }

    /// The rule of a graph.
    pub fn rule(&self, graph: Id) -> GateRule {
        self.graphs.get(&graph).copied().unwrap_or(self.default)
    }

    /// The rule of graphs without one of their own.
    pub fn default_rule(&self) -> GateRule {
        self.default
    }

    /// Graphs with a rule of their own, in no order.
    pub fn rules(&self) -> impl Iterator<Item = (Id, GateRule)> {
        self.graphs.iter().map(|(graph, rule)| (*graph, *rule))
    }

    /// Whether all graphs have the same rule.
    pub fn is_uniform(&self) -> bool {
        self.graphs.is_empty()
    }

    /// The strictest rule of some graphs.
    pub fn strictest(&self, graphs: impl IntoIterator<Item = Id>) -> Option<GateRule> {
        let rules = graphs.into_iter().map(|graph| self.rule(graph));
        rules.max_by_key(|rule| (rule.mode, std::cmp::Reverse(rule.from)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_of_ones_own_are_grave_and_debugging_is_not() {
        let level = |iri: &str| Level::of(&Severity::from_iri(iri));
        assert_eq!(
            level("http://www.w3.org/ns/shacl#Violation"),
            Level::Violation
        );
        assert_eq!(level("http://example.org/Own"), Level::Violation);
        assert_eq!(level("http://www.w3.org/ns/shacl#Info"), Level::Info);
        assert_eq!(level("http://www.w3.org/ns/shacl#Debug"), Level::Info);
        assert_eq!(level("http://www.w3.org/ns/shacl#Trace"), Level::Info);
    }
}
