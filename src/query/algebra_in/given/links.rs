//! Which triples a query reads, and how each hangs together with a given variable: along the other patterns that hold
//! whenever it counts. What a change of such a triple may touch is then found by walking back. Evaluates nothing.
//!
//! Only patterns that every solution at that place satisfies are walked: those of the same group and of the groups around
//! it, not those of another branch of `UNION` or inside another `OPTIONAL` or `EXISTS`.

use crate::query::algebra_in::rewrite::any_operand;
use oxrdf::{NamedNode, Term, Variable};
use rustc_hash::FxHashMap;
use spargebra::algebra::{
    AggregateExpression, Expression, GraphPattern, OrderExpression, PropertyPathExpression,
};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};
use std::collections::VecDeque;

/// A way through a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Along a predicate.
    Along(NamedNode),
    /// The way back.
    Back(Box<Walk>),
    /// One after the other.
    All(Vec<Walk>),
    /// One or the other.
    Either(Box<Walk>, Box<Walk>),
    /// Any number of times.
    ZeroOrMore(Box<Walk>),
    /// Once or more.
    OneOrMore(Box<Walk>),
    /// Once or not at all.
    ZeroOrOne(Box<Walk>),
}

/// A kind of triple that a query reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Its predicate, when the query names one.
    pub(crate) predicate: Option<NamedNode>,
    /// Its subject, when the query names it.
    pub(crate) subject: Option<Term>,
    /// Its object, when the query names it.
    pub(crate) object: Option<Term>,
    /// From which end, the subject if `true`, and how to come to the given variable; `None` when no way leads there.
    pub(crate) to_given: Option<(bool, Vec<Walk>)>,
    /// Predicates of other statements that its subject has wherever the triple counts, sorted.
    pub(crate) beside: Vec<NamedNode>,
}

/// A variable where it means something: the sub-query that keeps it to itself, and its name.
type Name = (usize, Variable);

/// Two ends that a pattern links; a constant or a way that cannot be walked is `None`.
#[derive(Clone)]
struct Edge {
    from: Option<Name>,
    to: Option<Name>,
    walk: Option<Walk>,
}

/// The variables that a sub-query shows to what is around it.
struct Scope<'a> {
    id: usize,
    shown: &'a [Variable],
    around: Option<&'a Scope<'a>>,
}

impl Scope<'_> {
    fn name(&self, variable: &Variable) -> Name {
        match self.around {
            Some(around) if self.shown.contains(variable) => around.name(variable),
            _ => (self.id, variable.clone()),
        }
    }
}

/// A pattern that this module cannot read.
struct Unreadable;

struct Reader {
    given: Name,
    found: Vec<Reading>,
}

/// All kinds of triples a query reads, in the order of its patterns; `None` for what reads more than can be told (`GRAPH ?g`, `SERVICE`, patterns of triples).
pub(super) fn readings(pattern: &GraphPattern, given: &Variable) -> Option<Vec<Reading>> {
    let mut reader = Reader {
        given: (0, given.clone()),
        found: Vec::new(),
    };
    let mut outermost = pattern;
    while let GraphPattern::Slice { inner, .. }
    | GraphPattern::Distinct { inner }
    | GraphPattern::Reduced { inner }
    | GraphPattern::Project { inner, .. } = outermost
    {
        let is_end = matches!(outermost, GraphPattern::Project { .. });
        outermost = inner;
        if is_end {
            break;
        }
    }
    let scope = Scope {
        id: 0,
        shown: &[],
        around: None,
    };
    reader.group(outermost, &[], &scope).ok()?;
    Some(reader.found)
}

impl Reader {
    /// Reads a group: what holds around it holds in it.
    fn group(
        &mut self,
        pattern: &GraphPattern,
        around: &[Edge],
        scope: &Scope<'_>,
    ) -> Result<(), Unreadable> {
        let mut edges = around.to_vec();
        collect(pattern, scope, &mut edges);
        self.read(pattern, &edges, scope)
    }

    fn read(
        &mut self,
        pattern: &GraphPattern,
        edges: &[Edge],
        scope: &Scope<'_>,
    ) -> Result<(), Unreadable> {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                for triple in patterns {
                    self.triple(triple, edges, scope)?;
                }
            }
            GraphPattern::Path {
                subject,
                path,
                object,
            } => {
                let ends = [end(subject, scope)?, end(object, scope)?];
                self.path(path, &ends, &mut Vec::new(), &[], edges);
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                self.read(left, edges, scope)?;
                self.read(right, edges, scope)?;
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                self.read(left, edges, scope)?;
                self.group(right, edges, scope)?;
                if let Some(expression) = expression {
                    let mut inside = edges.to_vec();
                    collect(right, scope, &mut inside);
                    self.expression(expression, &inside, scope)?;
                }
            }
            GraphPattern::Union { left, right } | GraphPattern::Minus { left, right } => {
                if matches!(pattern, GraphPattern::Minus { .. }) {
                    self.read(left, edges, scope)?;
                } else {
                    self.group(left, edges, scope)?;
                }
                self.group(right, edges, scope)?;
            }
            GraphPattern::Filter { expr, inner } => {
                self.read(inner, edges, scope)?;
                self.expression(expr, edges, scope)?;
            }
            GraphPattern::Extend {
                inner, expression, ..
            } => {
                self.read(inner, edges, scope)?;
                self.expression(expression, edges, scope)?;
            }
            GraphPattern::Graph { name, inner } => {
                if matches!(name, NamedNodePattern::Variable(_)) {
                    return Err(Unreadable);
                }
                self.read(inner, edges, scope)?;
            }
            GraphPattern::Values { .. } => {}
            GraphPattern::OrderBy { inner, expression } => {
                self.read(inner, edges, scope)?;
                for order in expression {
                    let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
                    self.expression(e, edges, scope)?;
                }
            }
            GraphPattern::Project { inner, variables } => {
                let inside = Scope {
                    id: std::ptr::from_ref(pattern) as usize,
                    shown: variables,
                    around: Some(scope),
                };
                self.read(inner, edges, &inside)?;
            }
            GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.read(inner, edges, scope)?,
            GraphPattern::Group {
                inner, aggregates, ..
            } => {
                self.read(inner, edges, scope)?;
                for (_, aggregate) in aggregates {
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr, edges, scope)?;
                    }
                }
            }
            GraphPattern::Service { .. } => return Err(Unreadable),
        }
        Ok(())
    }

    fn expression(
        &mut self,
        expression: &Expression,
        edges: &[Edge],
        scope: &Scope<'_>,
    ) -> Result<(), Unreadable> {
        if let Expression::Exists(pattern) = expression {
            return self.group(pattern, edges, scope);
        }
        let mut done = Ok(());
        any_operand(expression, &mut |operand| {
            if done.is_ok() {
                done = self.expression(operand, edges, scope);
            }
            done.is_err()
        });
        done
    }

    fn triple(
        &mut self,
        triple: &TriplePattern,
        edges: &[Edge],
        scope: &Scope<'_>,
    ) -> Result<(), Unreadable> {
        let (subject, object) = (end(&triple.subject, scope)?, end(&triple.object, scope)?);
        let predicate = match &triple.predicate {
            NamedNodePattern::NamedNode(node) => Some(node.clone()),
            NamedNodePattern::Variable(_) => None,
        };
        let ways = [&subject, &object].map(|end| self.way(end, edges));
        let mut beside = predicates_of(&subject, edges);
        beside.retain(|other| Some(other) != predicate.as_ref());
        self.found.push(Reading {
            beside,
            predicate,
            subject: subject.constant(),
            object: object.constant(),
            to_given: shorter(ways),
        });
        Ok(())
    }

    /// Reads the steps of a path between two ends, `before` and `after` which there is more of it.
    fn path(
        &mut self,
        path: &PropertyPathExpression,
        ends: &[End; 2],
        before: &mut Vec<Walk>,
        after: &[Walk],
        edges: &[Edge],
    ) {
        match path {
            PropertyPathExpression::NamedNode(node) => {
                self.step(Some(node.clone()), false, ends, before, after, edges);
            }
            PropertyPathExpression::Reverse(inner) => match &**inner {
                PropertyPathExpression::NamedNode(node) => {
                    self.step(Some(node.clone()), true, ends, before, after, edges);
                }
                PropertyPathExpression::NegatedPropertySet(_) => {
                    self.step(None, true, ends, before, after, edges);
                }
                other => self.path(&turned(other), ends, before, after, edges),
            },
            PropertyPathExpression::NegatedPropertySet(_) => {
                self.step(None, false, ends, before, after, edges);
            }
            PropertyPathExpression::Sequence(first, second) => {
                let rest = with_first(walk(second), after);
                match rest {
                    Some(rest) => self.path(first, ends, before, &rest, edges),
                    // Beyond what cannot be walked there is no way back but the one before.
                    None => self.path(first, &[ends[0].clone(), End::Unknown], before, &[], edges),
                }
                match walk(first) {
                    Some(first) => {
                        before.push(first);
                        self.path(second, ends, before, after, edges);
                        before.pop();
                    }
                    None => {
                        let ends = [End::Unknown, ends[1].clone()];
                        self.path(second, &ends, &mut Vec::new(), after, edges);
                    }
                }
            }
            PropertyPathExpression::Alternative(first, second) => {
                self.path(first, ends, before, after, edges);
                self.path(second, ends, before, after, edges);
            }
            PropertyPathExpression::ZeroOrMore(inner)
            | PropertyPathExpression::OneOrMore(inner) => match walk(inner) {
                Some(once) => {
                    let any = Walk::ZeroOrMore(Box::new(once));
                    before.push(any.clone());
                    let rest = with_first(Some(any), after).unwrap_or_default();
                    self.path(inner, ends, before, &rest, edges);
                    before.pop();
                }
                None => {
                    let ends = [End::Unknown, End::Unknown];
                    self.path(inner, &ends, &mut Vec::new(), &[], edges);
                }
            },
            PropertyPathExpression::ZeroOrOne(inner) => {
                self.path(inner, ends, before, after, edges);
            }
        }
    }

    fn step(
        &mut self,
        predicate: Option<NamedNode>,
        is_back: bool,
        ends: &[End; 2],
        before: &[Walk],
        after: &[Walk],
        edges: &[Edge],
    ) {
        // All steps of a path lead to the same end of it, so that the nearest of several changed steps has its way whole.
        let (of_start, of_end) = (self.way(&ends[0], edges), self.way(&ends[1], edges));
        let to_given = match (of_start, of_end) {
            (Some(start), end) if end.as_ref().is_none_or(|end| start.len() <= end.len()) => {
                let back = before.iter().rev();
                let mut all: Vec<Walk> = back.map(|w| Walk::Back(Box::new(w.clone()))).collect();
                all.extend(start);
                Some((!is_back, all))
            }
            (_, Some(end)) => {
                let mut all = after.to_vec();
                all.extend(end);
                Some((is_back, all))
            }
            (_, None) => None,
        };
        let (mut subject, mut object) = (None, None);
        if before.is_empty() && after.is_empty() {
            subject = ends[usize::from(is_back)].constant();
            object = ends[usize::from(!is_back)].constant();
        }
        self.found.push(Reading {
            predicate,
            subject,
            object,
            to_given,
            beside: Vec::new(),
        });
    }

    /// The shortest way from an end to the given variable.
    fn way(&self, end: &End, edges: &[Edge]) -> Option<Vec<Walk>> {
        let End::Name(start) = end else {
            return None;
        };
        let mut came: FxHashMap<&Name, Option<(&Name, Walk)>> = FxHashMap::default();
        let mut queue = VecDeque::from([start]);
        came.insert(start, None);
        while let Some(at) = queue.pop_front() {
            if *at == self.given {
                let mut way = Vec::new();
                let mut at = at;
                while let Some(Some((from, walk))) = came.get(at) {
                    way.push(walk.clone());
                    at = from;
                }
                way.reverse();
                return Some(way);
            }
            for edge in edges {
                let (Some(from), Some(to), Some(walk)) = (&edge.from, &edge.to, &edge.walk) else {
                    continue;
                };
                let next = if from == at {
                    (to, walk.clone())
                } else if to == at {
                    (from, Walk::Back(Box::new(walk.clone())))
                } else {
                    continue;
                };
                if !came.contains_key(next.0) {
                    came.insert(next.0, Some((at, next.1)));
                    queue.push_back(next.0);
                }
            }
        }
        None
    }
}

/// The shorter of the ways from the subject and from the object.
fn shorter([subject, object]: [Option<Vec<Walk>>; 2]) -> Option<(bool, Vec<Walk>)> {
    match (subject, object) {
        (Some(s), Some(o)) if o.len() < s.len() => Some((false, o)),
        (Some(s), _) => Some((true, s)),
        (None, o) => o.map(|o| (false, o)),
    }
}

/// The predicates that every solution has of what stands at an end.
fn predicates_of(end: &End, edges: &[Edge]) -> Vec<NamedNode> {
    let End::Name(name) = end else {
        return Vec::new();
    };
    let mut found: Vec<NamedNode> = edges
        .iter()
        .filter(|edge| edge.from.as_ref() == Some(name))
        .filter_map(|edge| match &edge.walk {
            Some(Walk::Along(predicate)) => Some(predicate.clone()),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// One end of a pattern.
#[derive(Clone)]
enum End {
    Name(Name),
    Constant(Term),
    /// A node inside a path that nothing is known of.
    Unknown,
}

impl End {
    fn constant(&self) -> Option<Term> {
        match self {
            Self::Constant(term) => Some(term.clone()),
            Self::Name(_) | Self::Unknown => None,
        }
    }

    fn name(&self) -> Option<Name> {
        match self {
            Self::Name(name) => Some(name.clone()),
            Self::Constant(_) | Self::Unknown => None,
        }
    }
}

fn end(term: &TermPattern, scope: &Scope<'_>) -> Result<End, Unreadable> {
    Ok(match term {
        TermPattern::Variable(variable) => End::Name(scope.name(variable)),
        TermPattern::BlankNode(node) => {
            let name = Variable::new_unchecked(format!("_:{}", node.as_str()));
            End::Name((scope.id, name))
        }
        TermPattern::NamedNode(node) => End::Constant(node.clone().into()),
        TermPattern::Literal(literal) => End::Constant(literal.clone().into()),
        TermPattern::Triple(_) => return Err(Unreadable),
    })
}

/// The links that hold in every solution of a pattern.
fn collect(pattern: &GraphPattern, scope: &Scope<'_>, edges: &mut Vec<Edge>) {
    let mut add = |subject: &TermPattern, object: &TermPattern, walk: Option<Walk>| {
        let name = |term: &TermPattern| end(term, scope).ok().and_then(|end| end.name());
        edges.push(Edge {
            from: name(subject),
            to: name(object),
            walk,
        });
    };
    match pattern {
        GraphPattern::Bgp { patterns } => {
            for triple in patterns {
                let walk = match &triple.predicate {
                    NamedNodePattern::NamedNode(node) => Some(Walk::Along(node.clone())),
                    NamedNodePattern::Variable(_) => None,
                };
                add(&triple.subject, &triple.object, walk);
            }
        }
        GraphPattern::Path {
            subject,
            path,
            object,
        } => add(subject, object, walk(path)),
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            collect(left, scope, edges);
            collect(right, scope, edges);
        }
        GraphPattern::LeftJoin { left, .. } | GraphPattern::Minus { left, .. } => {
            collect(left, scope, edges);
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => collect(inner, scope, edges),
        // A group of nothing is a solution too, of which nothing holds.
        GraphPattern::Group { inner, .. } => collect(inner, scope, edges),
        GraphPattern::Project { inner, variables } => {
            let inside = Scope {
                id: std::ptr::from_ref(pattern) as usize,
                shown: variables,
                around: Some(scope),
            };
            collect(inner, &inside, edges);
        }
        GraphPattern::Union { .. } | GraphPattern::Values { .. } | GraphPattern::Service { .. } => {
        }
    }
}

/// A property path as a way; `None` when it is defined by what it does not walk along.
fn walk(path: &PropertyPathExpression) -> Option<Walk> {
    Some(match path {
        PropertyPathExpression::NamedNode(node) => Walk::Along(node.clone()),
        PropertyPathExpression::Reverse(inner) => Walk::Back(Box::new(walk(inner)?)),
        PropertyPathExpression::Sequence(first, second) => {
            Walk::All(vec![walk(first)?, walk(second)?])
        }
        PropertyPathExpression::Alternative(first, second) => {
            Walk::Either(Box::new(walk(first)?), Box::new(walk(second)?))
        }
        PropertyPathExpression::ZeroOrMore(inner) => Walk::ZeroOrMore(Box::new(walk(inner)?)),
        PropertyPathExpression::OneOrMore(inner) => Walk::OneOrMore(Box::new(walk(inner)?)),
        PropertyPathExpression::ZeroOrOne(inner) => Walk::ZeroOrOne(Box::new(walk(inner)?)),
        PropertyPathExpression::NegatedPropertySet(_) => return None,
    })
}

fn with_first(first: Option<Walk>, after: &[Walk]) -> Option<Vec<Walk>> {
    let mut all = vec![first?];
    all.extend_from_slice(after);
    Some(all)
}

/// The way back, with inversion one level further down.
fn turned(path: &PropertyPathExpression) -> PropertyPathExpression {
    let back = |inner: &PropertyPathExpression| {
        Box::new(PropertyPathExpression::Reverse(Box::new(inner.clone())))
    };
    match path {
        PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => {
            PropertyPathExpression::Reverse(Box::new(path.clone()))
        }
        PropertyPathExpression::Reverse(inner) => (**inner).clone(),
        PropertyPathExpression::Sequence(first, second) => {
            PropertyPathExpression::Sequence(back(second), back(first))
        }
        PropertyPathExpression::Alternative(first, second) => {
            PropertyPathExpression::Alternative(back(first), back(second))
        }
        PropertyPathExpression::ZeroOrMore(inner) => {
            PropertyPathExpression::ZeroOrMore(back(inner))
        }
        PropertyPathExpression::OneOrMore(inner) => PropertyPathExpression::OneOrMore(back(inner)),
        PropertyPathExpression::ZeroOrOne(inner) => PropertyPathExpression::ZeroOrOne(back(inner)),
    }
}
