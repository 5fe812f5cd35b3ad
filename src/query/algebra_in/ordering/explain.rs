//! What was chosen for a query, for people: one line per operand of a join, in the order of evaluation.
//! Chooses nothing.

use super::Planner;
use super::group::{Body, Operand};
use crate::query::algebra_in::observed::{is_star, star_text};
use crate::query::prefixes::PrefixMap;
use oxrdf::NamedNode;
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern};

/// How one part of a query is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanMethod {
    /// The operands below are joined.
    Join,
    /// Read once.
    Read,
    /// Looked up for each solution so far.
    LookUp,
    /// The first of the two parts below is put into a hash table, the second is looked up in it.
    Hash,
    /// An optional part, looked up for each solution so far.
    OptionalLookUp,
    /// An optional part, read once into a hash table.
    OptionalHash,
    /// Solutions are taken away that a look-up finds.
    MinusLookUp,
    /// Solutions are taken away that are in a hash table of the part.
    MinusHash,
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanStep {
    /// How deep it is nested; 0 is outermost.
    pub depth: usize,
    /// How it is evaluated.
    pub method: PlanMethod,
    /// The pattern, its IRIs shortened; empty for steps that stand over others.
    pub pattern: String,
    /// Solutions expected: of a join its result, of an operand what it has on its own; `None` for other steps.
    pub rows: Option<f64>,
}

/// Notes what is chosen, when somebody asks.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) steps: Vec<PlanStep>,
    prefixes: PrefixMap,
}

impl Notes {
    pub(super) fn new(prefixes: &[(String, String)]) -> Self {
        Self {
            steps: Vec::new(),
            prefixes: PrefixMap::new(prefixes),
        }
    }

    fn node(&self, node: &NamedNode) -> String {
        self.prefixes
            .shorten(node.as_str())
            .unwrap_or_else(|| node.to_string())
    }

    fn name(&self, name: &NamedNodePattern) -> String {
        match name {
            NamedNodePattern::NamedNode(node) => self.node(node),
            NamedNodePattern::Variable(variable) => variable.to_string(),
        }
    }

    fn term(&self, term: &TermPattern) -> String {
        match term {
            TermPattern::NamedNode(node) => self.node(node),
            other => other.to_string(),
        }
    }

    fn operand(&self, operand: &Operand) -> String {
        let text = match &operand.body {
            Body::Triple(triple) => format!(
                "{} {} {}",
                self.term(&triple.subject),
                self.name(&triple.predicate),
                self.term(&triple.object)
            ),
            Body::Other(GraphPattern::Path {
                subject,
                path,
                object,
            }) => format!("{} {path} {}", self.term(subject), self.term(object)),
            Body::Other(GraphPattern::Values { variables, .. }) => {
                let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
                format!("VALUES {}", names.join(" "))
            }
            Body::Other(GraphPattern::Union { .. }) => "{ … } UNION { … }".to_owned(),
            Body::Other(pattern) if is_star(pattern) => star_text(pattern),
            Body::Other(GraphPattern::Service { .. }) => "SERVICE { … }".to_owned(),
            Body::Other(GraphPattern::Project { variables, .. }) => {
                let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
                format!("{{ SELECT {} … }}", names.join(" "))
            }
            Body::Other(GraphPattern::Group { variables, .. }) => {
                let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
                format!("{{ … }} GROUP BY {}", names.join(" "))
            }
            Body::Other(_) => "{ … }".to_owned(),
        };
        match &operand.graph {
            Some(graph) => format!("GRAPH {} {{ {text} }}", self.name(graph)),
            None => text,
        }
    }
}

impl Planner<'_> {
    /// Notes a step, if notes are taken.
    pub(super) fn note(&mut self, method: PlanMethod, rows: Option<f64>) {
        let depth = self.depth;
        if let Some(notes) = &mut self.notes {
            notes.steps.push(PlanStep {
                depth,
                method,
                pattern: String::new(),
                rows,
            });
        }
    }

    /// Notes an operand, if notes are taken.
    pub(super) fn note_operand(&mut self, method: PlanMethod, operand: &Operand, rows: f64) {
        let depth = self.depth;
        if let Some(notes) = &mut self.notes {
            let pattern = notes.operand(operand);
            notes.steps.push(PlanStep {
                depth,
                method,
                pattern,
                rows: Some(rows),
            });
        }
    }
}
