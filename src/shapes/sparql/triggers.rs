//! What a change must touch for a rule or target to say something else: for each kind of triple its query reads, a way from
//! one end of it to the focus node. The ways give a superset, never less.

use super::{Rule, TargetQuery};
use crate::query::given::{GivenQuery, Reading, Walk};
use crate::shapes::path::Path;
use oxrdf::{NamedNode, Term};

pub(crate) use crate::shapes::live::Endpoint;

/// A kind of triple, and the focus nodes that a change of one may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SparqlTrigger {
    /// `None` for any predicate.
    pub(crate) predicate: Option<NamedNode>,
    /// Where the way begins.
    pub(crate) endpoint: Endpoint,
    /// The way to the focus node, before or after the change; an empty sequence when the end is the focus node.
    pub(crate) to_focus: Path,
    /// Predicates that the subject has too, before or after the change, wherever the triple counts.
    pub(crate) beside: Vec<NamedNode>,
}

/// A kind of triple whose change may touch any focus node; what is `None` may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(crate) subject: Option<Term>,
    pub(crate) predicate: Option<NamedNode>,
    pub(crate) object: Option<Term>,
}

impl Rule {
    /// All triggers of the query; `None` when a change may touch any focus node. What a rule with `ASK` asks about, the values
    /// of the shape's path, has triggers of its own.
    pub(crate) fn triggers(&self) -> Option<Vec<SparqlTrigger>> {
        if !self.given.contains(&"value") {
            return triggers(&self.query);
        }
        // From a value on, it is the path of the shape that leads back.
        let back = self
            .path
            .as_ref()
            .map(|path| Path::Inverse(Box::new((**path).clone())));
        let of_this = self.query.readings("this")?;
        let of_value = self.query.readings("value")?;
        of_this
            .into_iter()
            .zip(of_value)
            .map(|(this, value)| match this.to_given {
                Some(_) => trigger(this, None),
                None => trigger(value, back.as_ref()),
            })
            .collect()
    }

    /// The triples the query reads, for rules without triggers; `None` when that cannot be told either.
    pub(crate) fn wakes(&self) -> Option<Vec<Wake>> {
        wakes(&self.query)
    }
}

impl TargetQuery {
    /// All triggers, to nodes that the target may choose or not choose any more; `None` when that may be any node.
    pub(crate) fn triggers(&self) -> Option<Vec<SparqlTrigger>> {
        triggers(&self.query)
    }

    /// The triples the query reads, for targets without triggers; `None` when that cannot be told either.
    pub(crate) fn wakes(&self) -> Option<Vec<Wake>> {
        wakes(&self.query)
    }
}

fn triggers(query: &GivenQuery) -> Option<Vec<SparqlTrigger>> {
    let readings = query.readings("this")?;
    readings
        .into_iter()
        .map(|reading| trigger(reading, None))
        .collect()
}

fn trigger(reading: Reading, further: Option<&Path>) -> Option<SparqlTrigger> {
    let (from_subject, way) = reading.to_given?;
    let mut steps: Vec<Path> = way.iter().map(path).collect();
    steps.extend(further.cloned());
    Some(SparqlTrigger {
        predicate: reading.predicate,
        endpoint: if from_subject {
            Endpoint::Subject
        } else {
            Endpoint::Object
        },
        to_focus: sequence(steps),
        beside: reading.beside,
    })
}

fn wakes(query: &GivenQuery) -> Option<Vec<Wake>> {
    let readings = query.readings("this")?;
    let wakes = readings.into_iter().map(|reading| Wake {
        subject: reading.subject,
        predicate: reading.predicate,
        object: reading.object,
    });
    Some(wakes.collect())
}

fn sequence(mut steps: Vec<Path>) -> Path {
    if steps.len() == 1 {
        return steps.remove(0).normal();
    }
    Path::Sequence(steps).normal()
}

fn path(walk: &Walk) -> Path {
    let boxed = |walk: &Walk| Box::new(path(walk));
    match walk {
        Walk::Along(predicate) => Path::Predicate(predicate.clone()),
        Walk::Back(inner) => Path::Inverse(boxed(inner)).normal(),
        Walk::All(walks) => sequence(walks.iter().map(path).collect()),
        Walk::Either(first, second) => Path::Alternative(vec![path(first), path(second)]),
        Walk::ZeroOrMore(inner) => Path::ZeroOrMore(boxed(inner)),
        Walk::OneOrMore(inner) => Path::OneOrMore(boxed(inner)),
        Walk::ZeroOrOne(inner) => Path::ZeroOrOne(boxed(inner)),
    }
}
