//! Patterns over the graph of observations: what stands inside `GRAPH <…/observaties>` becomes **stars**, all that is asked of one
//! observation, and ordinary patterns over what the registry says of its series. Answers nothing itself.
//!
//! A star is a `SERVICE` with a name of ours around the triples of one observation, an operand like any other for whoever orders
//! joins. Its name says which moments can matter, by the filters around it (the filters stay), and whether the observation's
//! own IRI is of use to anybody. Statements about sensor, property and feature of interest of an observation become the same of
//! its series, outside of the graph.

mod bounds;
mod star;

pub(super) use star::{is_star, observation_of, star_name, star_of, star_text};

use super::QueryAlgebra;
use super::ordering::mentioned;
use super::rewrite::change_exists;
use crate::query::error::QueryError;
use crate::query::observations::{ObservationGraph, PREDICATES};
use crate::rdf::label::Text;
use bounds::{Bounds, bounds_in};
use oxrdf::{NamedNode, Variable};
use rustc_hash::FxHashMap;
use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

/// Variables in the place of predicates of one basic pattern: each is every predicate of the graph in turn.
const MAX_OPEN: usize = 2;

impl QueryAlgebra {
    /// Whether the query names a graph as a pattern, in its dataset or as a term.
    pub(in crate::query) fn asks(&self, graph: &ObservationGraph) -> bool {
        let is_it = |node: &NamedNode| node.as_str() == graph.name();
        let in_dataset = self.dataset.as_ref().is_some_and(|dataset| {
            let named = dataset.named.iter().flatten();
            dataset.default.iter().chain(named).any(is_it)
        });
        in_dataset || self.query.to_string().contains(graph.name())
    }

    /// The same query with stars and ordinary patterns in place of what it asks of the graph.
    ///
    /// # Errors
    /// [`QueryError::Observations`] for what cannot be asked of it.
    pub(in crate::query) fn observed(
        &self,
        graph: &ObservationGraph,
        is_named: bool,
    ) -> Result<Self, QueryError> {
        let mut query = self.clone();
        let mut mentions = Mentions::default();
        mentions.count(self);
        let pattern = query.pattern_mut();
        let written = std::mem::take(pattern);
        let mut work = Work {
            graph: graph.name(),
            has_features: graph.has_features(),
            is_named,
            mentions,
            made: 0,
            found: false,
        };
        *pattern = work.walk(written, &At::default())?;
        if work.found {
            if query.has_service {
                return Err(unanswerable(
                    "observaties samen met SERVICE",
                    "observations together with SERVICE",
                    "vraag ze in twee bevragingen",
                    "ask them in two queries",
                ));
            }
            query.needs_order = !query.keeps_order;
            query.asks_observations = true;
        }
        Ok(query)
    }
}

/// What cannot be asked, and what can.
pub(in crate::query) fn unanswerable(nl: &str, en: &str, tip: &str, hint: &str) -> QueryError {
    QueryError::Observations {
        message: Text::new(
            format!("De graaf van de observaties beantwoordt dit niet: {nl}."),
            format!("the graph of observations does not answer this: {en}"),
        ),
        hint: Text::new(tip, hint),
    }
}

/// How often each variable is mentioned in the whole query.
#[derive(Default)]
struct Mentions {
    of: FxHashMap<Variable, usize>,
    /// Something depends on variables that it does not name.
    all_matter: bool,
}

impl Mentions {
    fn count(&mut self, query: &QueryAlgebra) {
        let mut add = |variable: &Variable| *self.of.entry(variable.clone()).or_default() += 1;
        mentioned(query.pattern(), &mut add);
        if let Query::Construct { template, .. } = &query.query {
            let patterns = template.clone();
            mentioned(&GraphPattern::Bgp { patterns }, &mut add);
        }
        self.all_matter = counts_distinct_rows(query.pattern());
    }
}

/// Whether something counts different solutions whole.
fn counts_distinct_rows(pattern: &GraphPattern) -> bool {
    let mut found = matches!(pattern, GraphPattern::Group { aggregates, .. }
    if aggregates.iter().any(|(_, aggregate)| {
        matches!(aggregate, AggregateExpression::CountSolutions { distinct: true })
    }));
    let mut pattern = pattern.clone();
    super::search::each_child(&mut pattern, &mut |inner| {
        found |= counts_distinct_rows(inner)
    });
    found
}

/// Where a pattern stands.
#[derive(Clone, Default)]
struct At {
    /// In the graph of observations.
    observed: bool,
    /// In another graph, around that.
    elsewhere: bool,
    /// Moments that can matter, by variable.
    bounds: Bounds,
}

struct Work<'a> {
    graph: &'a str,
    /// Whether any observation has a feature of interest of its own.
    has_features: bool,
    /// Whether the dataset of the query has the graph among the named ones.
    is_named: bool,
    mentions: Mentions,
    /// Variables made so far.
    made: usize,
    found: bool,
}

type Walked = Result<GraphPattern, QueryError>;

impl Work<'_> {
    fn boxed(
        &mut self,
        mut pattern: Box<GraphPattern>,
        at: &At,
    ) -> Result<Box<GraphPattern>, QueryError> {
        *pattern = self.walk(std::mem::take(&mut *pattern), at)?;
        Ok(pattern)
    }

    fn exists(&mut self, expression: &mut Expression, at: &At) -> Result<(), QueryError> {
        let inside = At {
            bounds: Bounds::default(),
            ..at.clone()
        };
        let mut outcome = Ok(());
        change_exists(expression, &mut |pattern| {
            if outcome.is_ok() {
                match self.walk(std::mem::take(pattern), &inside) {
                    Ok(walked) => *pattern = walked,
                    Err(error) => outcome = Err(error),
                }
            }
        });
        outcome
    }

    fn walk(&mut self, pattern: GraphPattern, at: &At) -> Walked {
        Ok(match pattern {
            GraphPattern::Graph { name, inner } => return self.graph(name, inner, at),
            GraphPattern::Bgp { patterns } if at.observed => return self.basic(patterns, at),
            GraphPattern::Path { .. } if at.observed => {
                return Err(unanswerable(
                    "een pad van willekeurige lengte",
                    "a path of any length",
                    "schrijf de stappen uit, of zet het pad buiten GRAPH",
                    "write the steps out, or put the path outside of GRAPH",
                ));
            }
            GraphPattern::Bgp { .. }
            | GraphPattern::Path { .. }
            | GraphPattern::Values { .. }
            | GraphPattern::Service { .. } => pattern,
            GraphPattern::Join { left, right } => GraphPattern::Join {
                left: self.boxed(left, at)?,
                right: self.boxed(right, at)?,
            },
            GraphPattern::Lateral { left, right } => GraphPattern::Lateral {
                left: self.boxed(left, at)?,
                right: self.boxed(right, at)?,
            },
            GraphPattern::Union { left, right } => GraphPattern::Union {
                left: self.boxed(left, at)?,
                right: self.boxed(right, at)?,
            },
            GraphPattern::Minus { left, right } => {
                let left = self.boxed(left, at)?;
                // What is taken away is not what the filters around let pass.
                let inside = at.without_bounds();
                GraphPattern::Minus {
                    left,
                    right: self.boxed(right, &inside)?,
                }
            }
            GraphPattern::LeftJoin {
                left,
                right,
                mut expression,
            } => {
                let left = self.boxed(left, at)?;
                let mut inside = at.without_bounds();
                if let Some(expression) = &mut expression {
                    bounds_in(expression, &mut inside.bounds);
                    self.exists(expression, at)?;
                }
                GraphPattern::LeftJoin {
                    left,
                    right: self.boxed(right, &inside)?,
                    expression,
                }
            }
            GraphPattern::Filter { mut expr, inner } => {
                let mut inside = at.clone();
                bounds_in(&expr, &mut inside.bounds);
                self.exists(&mut expr, at)?;
                GraphPattern::Filter {
                    inner: self.boxed(inner, &inside)?,
                    expr,
                }
            }
            GraphPattern::Extend {
                inner,
                variable,
                mut expression,
            } => {
                self.exists(&mut expression, at)?;
                GraphPattern::Extend {
                    inner: self.boxed(inner, at)?,
                    variable,
                    expression,
                }
            }
            GraphPattern::Project { inner, variables } => {
                let inside = At {
                    bounds: at.bounds.of(&variables),
                    ..at.clone()
                };
                GraphPattern::Project {
                    inner: self.boxed(inner, &inside)?,
                    variables,
                }
            }
            GraphPattern::OrderBy {
                inner,
                mut expression,
            } => {
                for key in &mut expression {
                    use spargebra::algebra::OrderExpression as Key;
                    let (Key::Asc(key) | Key::Desc(key)) = key;
                    self.exists(key, at)?;
                }
                GraphPattern::OrderBy {
                    inner: self.boxed(inner, at)?,
                    expression,
                }
            }
            GraphPattern::Distinct { inner } => GraphPattern::Distinct {
                inner: self.boxed(inner, at)?,
            },
            GraphPattern::Reduced { inner } => GraphPattern::Reduced {
                inner: self.boxed(inner, at)?,
            },
            // What is cut off or counted depends on all rows.
            GraphPattern::Slice {
                inner,
                start,
                length,
            } => GraphPattern::Slice {
                inner: self.boxed(inner, &at.without_bounds())?,
                start,
                length,
            },
            GraphPattern::Group {
                inner,
                variables,
                mut aggregates,
            } => {
                for (_, aggregate) in &mut aggregates {
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.exists(expr, at)?;
                    }
                }
                GraphPattern::Group {
                    inner: self.boxed(inner, &at.without_bounds())?,
                    variables,
                    aggregates,
                }
            }
        })
    }

    fn graph(&mut self, name: NamedNodePattern, inner: Box<GraphPattern>, at: &At) -> Walked {
        match &name {
            NamedNodePattern::NamedNode(node) if node.as_str() == self.graph && self.is_named => {
                self.found = true;
                let inside = At {
                    observed: true,
                    ..at.clone()
                };
                self.walk(*inner, &inside)
            }
            _ => {
                let inside = At {
                    observed: false,
                    elsewhere: true,
                    ..at.clone()
                };
                Ok(GraphPattern::Graph {
                    inner: self.boxed(inner, &inside)?,
                    name,
                })
            }
        }
    }

    /// A basic pattern of the graph.
    fn basic(&mut self, mut patterns: Vec<TriplePattern>, at: &At) -> Walked {
        // The same once more asks nothing more.
        for place in (1..patterns.len()).rev() {
            if patterns[..place].contains(&patterns[place]) {
                patterns.remove(place);
            }
        }
        let is_open =
            |triple: &TriplePattern| matches!(triple.predicate, NamedNodePattern::Variable(_));
        let open = patterns.iter().filter(|triple| is_open(triple)).count();
        if open > MAX_OPEN {
            return Err(unanswerable(
                "meer dan twee onbekende predicaten tegelijk",
                "more than two unknown predicates at once",
                "noem de predicaten",
                "name the predicates",
            ));
        }
        let Some(place) = patterns.iter().position(is_open) else {
            return self.stars(&patterns, at);
        };
        let NamedNodePattern::Variable(variable) = patterns[place].predicate.clone() else {
            return self.stars(&patterns, at);
        };
        // Each predicate in turn, and the variable with it.
        let mut all: Option<GraphPattern> = None;
        for predicate in PREDICATES {
            let node = NamedNode::new_unchecked(predicate);
            let mut patterns = patterns.clone();
            patterns[place].predicate = node.clone().into();
            let one = join(
                GraphPattern::Values {
                    variables: vec![variable.clone()],
                    bindings: vec![vec![Some(node.into())]],
                },
                self.basic(patterns, at)?,
            );
            all = Some(match all {
                None => one,
                Some(before) => GraphPattern::Union {
                    left: Box::new(before),
                    right: Box::new(one),
                },
            });
        }
        Ok(all.unwrap_or_default())
    }

    /// A variable of our own.
    fn variable(&mut self) -> Variable {
        self.made += 1;
        // No variable of a query has a dash in its name.
        Variable::new_unchecked(format!("series-{}", self.made))
    }
}

impl At {
    fn without_bounds(&self) -> Self {
        Self {
            bounds: Bounds::default(),
            ..self.clone()
        }
    }
}

fn join(left: GraphPattern, right: GraphPattern) -> GraphPattern {
    GraphPattern::Join {
        left: Box::new(left),
        right: Box::new(right),
    }
}

/// No solutions.
fn nothing(patterns: &[TriplePattern]) -> GraphPattern {
    let mut variables: Vec<Variable> = Vec::new();
    let pattern = GraphPattern::Bgp {
        patterns: patterns.to_vec(),
    };
    mentioned(&pattern, &mut |variable| {
        if !variables.contains(variable) {
            variables.push(variable.clone());
        }
    });
    GraphPattern::Values {
        variables,
        bindings: Vec::new(),
    }
}

fn is_literal(term: &TermPattern) -> bool {
    matches!(term, TermPattern::Literal(_) | TermPattern::Triple(_))
}

fn is_iri(term: &TermPattern, iri: &str) -> bool {
    matches!(term, TermPattern::NamedNode(node) if node.as_str() == iri)
}
