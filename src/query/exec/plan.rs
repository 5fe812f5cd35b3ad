//! The executor's own plan: what is done with solutions, step by step, by slots and ids. Made by the lowering of the
//! algebra, opened as operators. Names no algebra of a parser and holds no data of the store but ids.

use super::expression::Expression;
use super::measure::Meter;
use crate::query::observations::Property;
use crate::store::View;
use oxrdf::{Term, Variable};
use std::ops::Range;
use std::rc::Rc;

/// A query as the executor runs it.
pub(in crate::query) struct Program {
    /// The plan.
    pub(in crate::query) plan: Rc<Node>,
    /// Slots of its solutions.
    pub(in crate::query) width: usize,
    /// The columns of a `SELECT`.
    pub(in crate::query) columns: Vec<Variable>,
    /// The slot of each column; none for what nothing binds.
    pub(in crate::query) slots: Vec<Option<usize>>,
    /// The template of a `CONSTRUCT`: subject, predicate, object.
    pub(in crate::query) template: Vec<[TemplateTerm; 3]>,
    /// Counts what the steps do, when somebody asks.
    pub(in crate::query) meter: Option<Rc<Meter>>,
}

/// A position of a template.
pub(in crate::query) enum TemplateTerm {
    /// A term.
    Is(Term),
    /// What a slot holds.
    Slot(usize),
    /// A blank node of each solution's own.
    Blank(String),
}

/// A step and the steps before it.
pub(in crate::query) enum Node {
    /// One solution that binds nothing.
    Unit,
    /// The solutions handed in from outside, in the plan of a right side.
    Input,
    /// Solutions written in the query: each a value per slot, 0 where there is none.
    Table {
        /// Their slots.
        slots: Vec<usize>,
        /// Their values, solution after solution.
        values: Vec<u64>,
        /// How many there are.
        rows: usize,
    },
    /// For each solution, the triples that match a pattern.
    Match {
        /// Before.
        input: Rc<Node>,
        /// The pattern.
        pattern: Pattern,
        /// What is wanted of them.
        takes: Takes,
    },
    /// For each solution, the observations that it may go with.
    Observe {
        /// Before.
        input: Rc<Node>,
        /// What is asked of them.
        star: Star,
    },
    /// For each solution, the ends of a path of any length, each pair of ends once.
    Reach {
        /// Before.
        input: Rc<Node>,
        /// Subject and object.
        ends: [Place; 2],
        /// The path from the subject to the object, and the way back.
        routes: [Rc<Route>; 2],
        /// The graphs.
        view: View,
    },
    /// The solutions for which a condition holds.
    Filter {
        /// Before.
        input: Rc<Node>,
        /// The condition.
        condition: Expression,
    },
    /// Each solution with a value more; without it where the expression fails.
    Extend {
        /// Before.
        input: Rc<Node>,
        /// Where the value goes.
        slot: usize,
        /// What gives it.
        expression: Expression,
    },
    /// The solutions of several plans, each of which starts from the same solutions.
    Union {
        /// Before.
        input: Rc<Node>,
        /// The plans, from [`Node::Input`].
        branches: Vec<Rc<Node>>,
    },
    /// What a right side adds to each solution, or the solution as it is where that is nothing.
    Optional {
        /// Before.
        input: Rc<Node>,
        /// The right side, from [`Node::Input`].
        right: Rc<Node>,
        /// A slot for the number of the solution.
        tag: usize,
    },
    /// The solutions for which a right side has a solution, or has none.
    Exists {
        /// Before.
        input: Rc<Node>,
        /// The right side, from [`Node::Input`].
        right: Rc<Node>,
        /// A slot for the number of the solution.
        tag: usize,
        /// Whether it shall have none.
        negated: bool,
    },
    /// Solutions of two plans that agree.
    Join {
        /// The plan that is read first, into a table when the join says so.
        left: Rc<Node>,
        /// The other, which starts from nothing.
        right: Rc<Node>,
        /// Slots that have a value in every solution of both sides; the two agree when these do, and
        on: Vec<usize>,
        /// these, where both have a value.
        maybe: Vec<usize>,
        /// Slots that the right side may bind.
        brings: Vec<usize>,
        /// What becomes of them.
        kind: JoinKind,
        /// What else must hold for two solutions of an outer join to agree.
        condition: Option<Expression>,
    },
    /// One solution for each group.
    Group {
        /// Before.
        input: Rc<Node>,
        /// Slots whose values make a group.
        keys: Vec<usize>,
        /// What is computed for each group, and the slot it goes to.
        aggregates: Vec<(usize, Aggregate)>,
        /// The slot that says for how many solutions each one stands, when matches were only counted.
        weight: Option<usize>,
    },
    /// Each solution once, as far as these slots go.
    Distinct {
        /// Before.
        input: Rc<Node>,
        /// The slots that count.
        slots: Vec<usize>,
    },
    /// The solutions in order.
    Sort {
        /// Before.
        input: Rc<Node>,
        /// By what, most important first; `true` for the greatest first.
        keys: Vec<(Expression, bool)>,
        /// How many will be read, if not all.
        most: Option<usize>,
    },
    /// A part of the solutions.
    Slice {
        /// Before.
        input: Rc<Node>,
        /// Solutions left out at the start.
        start: usize,
        /// Solutions taken then, if not all.
        length: Option<usize>,
    },
}

/// What a join does with solutions that agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum JoinKind {
    /// Merges them; the left side becomes the table.
    BuildLeft,
    /// Merges them; the right side becomes the table.
    BuildRight,
    /// Merges them, and keeps the left solutions that agree with none.
    Outer,
    /// Keeps the left solutions that agree with none.
    Minus,
}

/// What is wanted of the matches of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Takes {
    /// A solution for each.
    Each,
    /// One is enough.
    First,
    /// How many there are: the solution goes on once, and the number in this slot (1 while it is 0) is multiplied.
    Number(usize),
}

/// A position of a triple pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Place {
    /// A term.
    Is(u64),
    /// What a slot holds, or what is to be put there.
    Slot(usize),
}

/// What is asked of one observation.
#[derive(Clone, Debug)]
pub(in crate::query) struct Star {
    /// The observation itself, where that matters.
    pub(in crate::query) observation: Option<Place>,
    /// Its series, in each place the same.
    pub(in crate::query) series: Vec<Place>,
    /// What is said of it.
    pub(in crate::query) asks: Vec<(Property, Place)>,
    /// Moments that can matter, microseconds since 1970-01-01T00:00:00Z; the end is not in it.
    pub(in crate::query) times: Range<i64>,
    /// Newest first, of one series.
    pub(in crate::query) descending: bool,
}

impl Star {
    /// All places.
    pub(in crate::query) fn places(&self) -> impl Iterator<Item = &Place> {
        let asked = self.asks.iter().map(|(_, place)| place);
        self.observation.iter().chain(&self.series).chain(asked)
    }
}

/// A property path from one of its ends (SPARQL 1.1 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) enum Route {
    /// `p` or `^p`
    Link {
        /// Its id.
        predicate: u64,
        /// Whether it is followed from object to subject.
        backward: bool,
    },
    /// `!(p|q)`, or from object to subject.
    Other {
        /// Predicates left out.
        except: Vec<u64>,
        /// Whether it is followed from object to subject.
        backward: bool,
    },
    /// `a/b`
    Sequence(Box<Self>, Box<Self>),
    /// `a|b`
    Alternative(Box<Self>, Box<Self>),
    /// `a?`
    ZeroOrOne(Box<Self>),
    /// `a+` and `a*`
    Repeated {
        /// What is repeated.
        inner: Box<Self>,
        /// Whether no time is enough.
        from_zero: bool,
    },
}

impl Route {
    /// Whether it leads from a node to that node without a link.
    pub(in crate::query) fn may_be_empty(&self) -> bool {
        match self {
            Self::Link { .. } | Self::Other { .. } => false,
            Self::Sequence(a, b) => a.may_be_empty() && b.may_be_empty(),
            Self::Alternative(a, b) => a.may_be_empty() || b.may_be_empty(),
            Self::ZeroOrOne(_) => true,
            Self::Repeated { inner, from_zero } => *from_zero || inner.may_be_empty(),
        }
    }

    /// The way back.
    pub(in crate::query) fn reversed(&self) -> Self {
        let back = |inner: &Self| Box::new(inner.reversed());
        match self {
            Self::Link {
                predicate,
                backward,
            } => Self::Link {
                predicate: *predicate,
                backward: !backward,
            },
            Self::Other { except, backward } => Self::Other {
                except: except.clone(),
                backward: !backward,
            },
            Self::Sequence(a, b) => Self::Sequence(back(b), back(a)),
            Self::Alternative(a, b) => Self::Alternative(back(a), back(b)),
            Self::ZeroOrOne(inner) => Self::ZeroOrOne(back(inner)),
            Self::Repeated { inner, from_zero } => Self::Repeated {
                inner: back(inner),
                from_zero: *from_zero,
            },
        }
    }
}

/// A triple pattern and the graphs it is matched in.
#[derive(Clone)]
pub(in crate::query) struct Pattern {
    /// Subject, predicate, object.
    pub(in crate::query) places: [Place; 3],
    /// A slot for the name of the graph, when each graph is matched apart.
    pub(in crate::query) graph: Option<usize>,
    /// The graphs.
    pub(in crate::query) view: View,
}

/// What is computed for a group.
pub(in crate::query) enum Aggregate {
    /// Number of solutions.
    CountRows,
    /// Number of different solutions, as far as these slots go.
    CountDistinctRows(Vec<usize>),
    /// Of the values of an expression, those that fail left out.
    Of {
        /// Which.
        function: AggregateFunction,
        /// The expression.
        expression: Expression,
        /// Whether each value counts once.
        distinct: bool,
    },
}

/// The set functions of SPARQL 1.1 (§18.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) enum AggregateFunction {
    /// Number of values.
    Count,
    /// Their sum; fails when one is no number.
    Sum,
    /// Their mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// Any of them.
    Sample,
    /// Their texts, with this between them.
    Concat(String),
}
