//! From the ordered algebra to a plan of the executor: slots for variables, ids for terms, one step for each operator.
//! What the executor does not have makes the whole query the other evaluator's. Orders nothing and reads no quad.
//!
//! The ordered algebra says `Lateral` where a right side may be looked up for each solution of the left, and puts a wall (a slice
//! that cuts nothing) around what is to be read on its own. Both are taken at their word.

mod expressions;
mod joins;
mod modifiers;
mod notes;
mod observe;
mod paths;
mod weights;

use super::ordering::is_wall;
use crate::query::dataset::QueryDataset;
use crate::query::exec::plan::{JoinKind, Node, Pattern, Place, Program, Takes, TemplateTerm};
use crate::store::{Graphs, View};
use joins::{is_plain, join};
pub(in crate::query) use notes::PlanNotes;
use oxiri::Iri;
use oxrdf::{NamedNode, Term, Variable};
use oxsdatatypes::DateTime;
use rustc_hash::FxHashMap;
use spareval::QueryEvaluator;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};
use std::rc::Rc;

/// Slots a plan may have: they are told apart by the bits of one number.
const MAX_SLOTS: usize = 128;

/// Lowers a pattern, with the template of a `CONSTRUCT`; `None` when the executor cannot run it. Takes notes for whoever
/// explains the plan.
pub(super) fn lower(
    pattern: &GraphPattern,
    template: &[TriplePattern],
    base: Option<&Iri<String>>,
    dataset: &QueryDataset,
    notes: Option<&mut PlanNotes>,
) -> Option<Program> {
    let mut lowering = Lowering {
        dataset,
        base,
        evaluator: None,
        now: None,
        slots: 0,
        names: FxHashMap::default(),
        most: None,
        correlated: false,
        notes,
    };
    let part = lowering.pattern(pattern, Part::unit(), &Graph::Default)?;
    let columns = columns(pattern);
    let slots = columns
        .iter()
        .map(|column| lowering.names.get(column).copied())
        .collect();
    let template = template
        .iter()
        .map(|triple| lowering.template(triple))
        .collect::<Option<_>>()?;
    Some(Program {
        plan: part.node,
        width: lowering.slots,
        columns,
        slots,
        template,
        meter: None,
    })
}

/// The columns of a `SELECT`.
pub(super) fn columns(pattern: &GraphPattern) -> Vec<Variable> {
    match pattern {
        GraphPattern::Project { variables, .. } => variables.clone(),
        GraphPattern::Slice { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner } => columns(inner),
        _ => Vec::new(),
    }
}

/// Slots as bits.
type Slots = u128;

fn list(slots: Slots) -> Vec<usize> {
    (0..MAX_SLOTS)
        .filter(|slot| slots >> slot & 1 == 1)
        .collect()
}

/// A plan so far.
#[derive(Clone)]
struct Part {
    node: Rc<Node>,
    /// Slots that have a value in every solution.
    certain: Slots,
    /// Slots that may have one.
    possible: Slots,
}

impl Part {
    fn unit() -> Self {
        Self {
            node: Rc::new(Node::Unit),
            certain: 0,
            possible: 0,
        }
    }

    /// The solutions of a part as a right side sees them.
    fn as_input(&self) -> Self {
        Self {
            node: Rc::new(Node::Input),
            ..*self
        }
    }

    fn is_unit(&self) -> bool {
        matches!(*self.node, Node::Unit)
    }
}

/// The graph that patterns are matched in.
#[derive(Clone)]
enum Graph {
    Default,
    One(NamedNode),
    Each(usize),
}

struct Lowering<'a> {
    dataset: &'a QueryDataset,
    /// What `IRI` resolves against.
    base: Option<&'a Iri<String>>,
    /// The other evaluator, when a function of its is called.
    evaluator: Option<Rc<QueryEvaluator>>,
    /// The moment of the query, once asked for.
    now: Option<DateTime>,
    slots: usize,
    names: FxHashMap<Variable, usize>,
    /// How many sorted solutions will be read, when a slice says so.
    most: Option<usize>,
    /// Inside what depends on solutions from outside: there a sub-query is no join.
    correlated: bool,
    notes: Option<&'a mut PlanNotes>,
}

impl Lowering<'_> {
    fn new_slot(&mut self) -> Option<usize> {
        let slot = self.slots;
        self.slots += 1;
        (slot < MAX_SLOTS).then_some(slot)
    }

    fn slot(&mut self, variable: &Variable) -> Option<usize> {
        if let Some(slot) = self.names.get(variable) {
            return Some(*slot);
        }
        let slot = self.new_slot_of(variable)?;
        self.names.insert(variable.clone(), slot);
        Some(slot)
    }

    fn new_slot_of(&mut self, variable: &Variable) -> Option<usize> {
        let slot = self.new_slot()?;
        if let Some(notes) = &mut self.notes {
            notes.name(slot, variable);
        }
        Some(slot)
    }

    fn id(&self, term: impl Into<Term>) -> u64 {
        self.dataset.id(term.into()).raw()
    }

    fn pattern(&mut self, pattern: &GraphPattern, input: Part, graph: &Graph) -> Option<Part> {
        let part = self.part(pattern, input, graph)?;
        if let Some(notes) = &mut self.notes {
            notes.meet(pattern, &part.node);
        }
        Some(part)
    }

    fn part(&mut self, pattern: &GraphPattern, input: Part, graph: &Graph) -> Option<Part> {
        let keeps_bound = matches!(
            pattern,
            GraphPattern::OrderBy { .. }
                | GraphPattern::Project { .. }
                | GraphPattern::Reduced { .. }
        );
        if !keeps_bound {
            self.most = None;
        }
        match pattern {
            GraphPattern::Bgp { patterns } => {
                if patterns.is_empty() && !matches!(graph, Graph::Default) {
                    return None;
                }
                patterns
                    .iter()
                    .try_fold(input, |part, triple| self.triple(triple, part, graph))
            }
            GraphPattern::Join { left, right } => self.join_of(left, right, input, graph),
            GraphPattern::Lateral { left, right } => {
                let left = self.pattern(left, input, graph)?;
                self.lateral(right, left, graph)
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                let left = self.pattern(left, input, graph)?;
                match is_wall(right) {
                    Some(right) => {
                        let right = self.apart(right, graph)?;
                        let condition = match expression {
                            Some(expression) => Some(self.expression(expression)?),
                            None => None,
                        };
                        Some(join(&left, &right, JoinKind::Outer, condition))
                    }
                    None if is_plain(right) => {
                        self.optional(left, right, expression.as_ref(), graph)
                    }
                    None => None,
                }
            }
            GraphPattern::Filter { expr, inner } => {
                let part = self.pattern(inner, input, graph)?;
                self.filter(expr, part, graph)
            }
            GraphPattern::Union { left, right } => {
                let mut branches = Vec::new();
                flatten(left, &mut branches);
                flatten(right, &mut branches);
                let parts = branches
                    .into_iter()
                    .map(|branch| self.pattern(branch, input.as_input(), graph))
                    .collect::<Option<Vec<_>>>()?;
                Some(Part {
                    certain: parts
                        .iter()
                        .fold(Slots::MAX, |all, part| all & part.certain),
                    possible: parts.iter().fold(0, |all, part| all | part.possible),
                    node: Rc::new(Node::Union {
                        input: input.node,
                        branches: parts.into_iter().map(|part| part.node).collect(),
                    }),
                })
            }
            GraphPattern::Graph { name, inner } => {
                if matches!(&**inner, GraphPattern::Bgp { patterns } if patterns.is_empty()) {
                    return self.graphs(name, input);
                }
                let graph = match name {
                    NamedNodePattern::NamedNode(node) => Graph::One(node.clone()),
                    NamedNodePattern::Variable(variable) => Graph::Each(self.slot(variable)?),
                };
                self.pattern(inner, input, &graph)
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                let part = self.pattern(inner, input, graph)?;
                let slot = self.slot(variable)?;
                let own = 1 << slot;
                if part.possible & own != 0 {
                    return None;
                }
                let expression = self.expression(expression)?;
                let is_certain = expression.is_certain(|slot| part.certain >> slot & 1 == 1);
                Some(Part {
                    certain: part.certain | if is_certain { own } else { 0 },
                    possible: part.possible | own,
                    node: Rc::new(Node::Extend {
                        input: part.node,
                        slot,
                        expression,
                    }),
                })
            }
            GraphPattern::Minus { left, right } => {
                let left = self.pattern(left, input, graph)?;
                let right = self.apart(right, graph)?;
                if left.possible & right.possible == 0 {
                    return Some(left);
                }
                Some(join(&left, &right, JoinKind::Minus, None))
            }
            GraphPattern::Values {
                variables,
                bindings,
            } => self.table(variables, bindings, input),
            GraphPattern::Slice {
                start: 0,
                length: Some(usize::MAX),
                inner,
            } => self.pattern(inner, input, graph),
            GraphPattern::Reduced { inner } => self.pattern(inner, input, graph),
            GraphPattern::Path {
                subject,
                path,
                object,
            } => self.path(subject, path, object, input, graph),
            GraphPattern::OrderBy { .. }
            | GraphPattern::Project { .. }
            | GraphPattern::Distinct { .. }
            | GraphPattern::Slice { .. }
            | GraphPattern::Group { .. } => {
                if let GraphPattern::Distinct { inner } = pattern
                    && let Some((subject, path, object)) = paths::with_zero(inner)
                {
                    return self.path(subject, &path, object, input, graph);
                }
                if input.is_unit() {
                    return self.whole(pattern, graph);
                }
                if self.correlated {
                    return None;
                }
                let part = self.whole(pattern, graph)?;
                Some(join(&input, &part, JoinKind::BuildRight, None))
            }
            GraphPattern::Service { name, inner, .. } => self.observe(name, inner, input),
        }
    }

    /// The graphs themselves: `GRAPH ?g {}`.
    fn graphs(&mut self, name: &NamedNodePattern, input: Part) -> Option<Part> {
        let NamedNodePattern::Variable(variable) = name else {
            return None;
        };
        let slot = self.slot(variable)?;
        let graphs = self.dataset.graphs();
        let values: Vec<u64> = graphs.iter().map(|graph| graph.raw()).collect();
        let table = Part {
            certain: 1 << slot,
            possible: 1 << slot,
            node: Rc::new(Node::Table {
                slots: vec![slot],
                rows: values.len(),
                values,
            }),
        };
        Some(if input.is_unit() {
            table
        } else {
            join(&input, &table, JoinKind::BuildRight, None)
        })
    }

    /// What is read on its own, from nothing.
    fn apart(&mut self, pattern: &GraphPattern, graph: &Graph) -> Option<Part> {
        let outside = std::mem::replace(&mut self.correlated, false);
        let part = self.pattern(pattern, Part::unit(), graph);
        self.correlated = outside;
        part
    }

    fn triple(&mut self, triple: &TriplePattern, input: Part, graph: &Graph) -> Option<Part> {
        let subject = self.place(&triple.subject)?;
        let predicate = match &triple.predicate {
            NamedNodePattern::NamedNode(node) => Place::Is(self.id(node.clone())),
            NamedNodePattern::Variable(variable) => Place::Slot(self.slot(variable)?),
        };
        let object = self.place(&triple.object)?;
        let places = [subject, predicate, object];
        let mut binds = places.iter().fold(0, |all, place| match place {
            Place::Slot(slot) => all | 1 << slot,
            Place::Is(_) => all,
        });
        let (view, graph) = self.view(graph);
        if let Some(slot) = graph {
            binds |= 1 << slot;
        }
        Some(Part {
            certain: input.certain | binds,
            possible: input.possible | binds,
            node: Rc::new(Node::Match {
                input: input.node,
                pattern: Pattern {
                    places,
                    graph,
                    view,
                },
                takes: Takes::Each,
            }),
        })
    }

    fn place(&mut self, term: &TermPattern) -> Option<Place> {
        Some(match term {
            TermPattern::NamedNode(node) => Place::Is(self.id(node.clone())),
            TermPattern::Literal(literal) => Place::Is(self.id(literal.clone())),
            TermPattern::Variable(variable) => Place::Slot(self.slot(variable)?),
            // One that binds variables is left to the evaluator.
            TermPattern::Triple(_) => Place::Is(self.id(Term::try_from(term.clone()).ok()?)),
            TermPattern::BlankNode(_) => return None,
        })
    }

    fn template(&mut self, triple: &TriplePattern) -> Option<[TemplateTerm; 3]> {
        let predicate = match &triple.predicate {
            NamedNodePattern::NamedNode(node) => TemplateTerm::Is(node.clone().into()),
            NamedNodePattern::Variable(variable) => TemplateTerm::Slot(self.slot(variable)?),
        };
        Some([
            self.template_term(&triple.subject)?,
            predicate,
            self.template_term(&triple.object)?,
        ])
    }

    fn template_term(&mut self, term: &TermPattern) -> Option<TemplateTerm> {
        Some(match term {
            TermPattern::NamedNode(node) => TemplateTerm::Is(node.clone().into()),
            TermPattern::Literal(literal) => TemplateTerm::Is(literal.clone().into()),
            TermPattern::BlankNode(node) => TemplateTerm::Blank(node.as_str().to_owned()),
            TermPattern::Variable(variable) => TemplateTerm::Slot(self.slot(variable)?),
            TermPattern::Triple(_) => return None,
        })
    }

    fn view(&self, graph: &Graph) -> (View, Option<usize>) {
        let sources = self.dataset.sources();
        match graph {
            Graph::Default => (sources.default.clone(), None),
            Graph::Each(slot) => (sources.named.clone(), Some(*slot)),
            Graph::One(node) => {
                if let Some(extra) = self.dataset.extra_graph(node) {
                    return (extra.clone(), None);
                }
                let named = sources.named;
                let graph = named
                    .id_of(node.into())
                    .filter(|graph| named.graphs().holds(*graph));
                (named.with_graphs(Graphs::set(graph)), None)
            }
        }
    }

    fn filter(&mut self, condition: &Expression, part: Part, graph: &Graph) -> Option<Part> {
        match condition {
            Expression::And(a, b) => {
                let part = self.filter(a, part, graph)?;
                self.filter(b, part, graph)
            }
            Expression::Exists(pattern) => self.exists(pattern, part, false, graph),
            Expression::Not(inner) if matches!(&**inner, Expression::Exists(_)) => {
                let Expression::Exists(pattern) = &**inner else {
                    return None;
                };
                self.exists(pattern, part, true, graph)
            }
            _ => Some(Part {
                node: Rc::new(Node::Filter {
                    condition: self.expression(condition)?,
                    input: part.node,
                }),
                ..part
            }),
        }
    }

    fn exists(
        &mut self,
        pattern: &GraphPattern,
        part: Part,
        negated: bool,
        graph: &Graph,
    ) -> Option<Part> {
        let outside = std::mem::replace(&mut self.correlated, true);
        let right = self.pattern(pattern, part.as_input(), graph);
        self.correlated = outside;
        let mut right = right?.node;
        if let Some(Node::Match { takes, .. }) = Rc::get_mut(&mut right) {
            *takes = Takes::First;
        }
        Some(Part {
            node: Rc::new(Node::Exists {
                input: part.node,
                right,
                tag: self.new_slot()?,
                negated,
            }),
            ..part
        })
    }

    fn table(
        &mut self,
        variables: &[Variable],
        bindings: &[Vec<Option<GroundTerm>>],
        input: Part,
    ) -> Option<Part> {
        if variables.is_empty() && bindings.len() == 1 {
            return Some(input);
        }
        let slots = variables
            .iter()
            .map(|variable| self.slot(variable))
            .collect::<Option<Vec<_>>>()?;
        let mut values = Vec::with_capacity(slots.len() * bindings.len());
        let (mut certain, mut possible) = (Slots::MAX, 0);
        for row in bindings {
            for (slot, value) in slots.iter().zip(row) {
                match value {
                    Some(term) => {
                        possible |= 1 << slot;
                        values.push(self.id(ground(term)));
                    }
                    None => {
                        certain &= !(1 << slot);
                        values.push(0);
                    }
                }
            }
        }
        let all = slots.iter().fold(0, |all, slot| all | 1 << slot);
        let table = Part {
            certain: certain & all & possible,
            possible,
            node: Rc::new(Node::Table {
                slots,
                values,
                rows: bindings.len(),
            }),
        };
        if input.is_unit() {
            return Some(table);
        }
        Some(join(&input, &table, JoinKind::BuildRight, None))
    }
}

fn ground(term: &GroundTerm) -> Term {
    term.clone().into()
}

fn flatten<'a>(pattern: &'a GraphPattern, branches: &mut Vec<&'a GraphPattern>) {
    match pattern {
        GraphPattern::Union { left, right } => {
            flatten(left, branches);
            flatten(right, branches);
        }
        _ => branches.push(pattern),
    }
}
