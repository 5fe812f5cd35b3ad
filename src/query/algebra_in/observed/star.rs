//! The stars of a basic pattern: its triples by observation, and the name that a star carries through the ordering of joins.

use super::bounds::{ALWAYS, both, moment};
use super::{At, Walked, Work, is_iri, is_literal, join, nothing, unanswerable};
use crate::query::observations::{OWN_FEATURE, Property, SERIES_FEATURE};
use crate::rdf::vocab::{rdf, sosa};
use oxrdf::{Literal, NamedNode};
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};
use std::ops::Range;

/// Begins the name of a star.
const STAR: &str = "urn:x-oslo:query:observations:";

/// What the name of a star says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query::algebra_in) struct StarName {
    /// Moments that can matter, microseconds since 1970-01-01T00:00:00Z; the end is not in it.
    pub(in crate::query::algebra_in) times: Range<i64>,
    /// Whether the observation's own IRI matters.
    pub(in crate::query::algebra_in) is_shown: bool,
}

impl StarName {
    fn node(&self) -> NamedNode {
        let Range { start, end } = self.times;
        NamedNode::new_unchecked(format!("{STAR}{start}:{end}:{}", self.is_shown))
    }

    fn read(name: &str) -> Option<Self> {
        let mut parts = name.strip_prefix(STAR)?.split(':');
        let name = Self {
            times: parts.next()?.parse().ok()?..parts.next()?.parse().ok()?,
            is_shown: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(name)
    }
}

/// What a star is: what its name says, and its triples.
pub(in crate::query::algebra_in) fn star_of(
    pattern: &GraphPattern,
) -> Option<(StarName, &[TriplePattern])> {
    let GraphPattern::Service {
        name: NamedNodePattern::NamedNode(name),
        inner,
        ..
    } = pattern
    else {
        return None;
    };
    match &**inner {
        GraphPattern::Bgp { patterns } => Some((StarName::read(name.as_str())?, patterns)),
        _ => None,
    }
}

/// What the name of a star says; `None` for another name.
pub(in crate::query::algebra_in) fn star_name(name: &NamedNodePattern) -> Option<StarName> {
    match name {
        NamedNodePattern::NamedNode(name) => StarName::read(name.as_str()),
        NamedNodePattern::Variable(_) => None,
    }
}

/// Whether a pattern is a star.
pub(in crate::query::algebra_in) fn is_star(pattern: &GraphPattern) -> bool {
    star_of(pattern).is_some()
}

/// A star for people.
pub(in crate::query::algebra_in) fn star_text(pattern: &GraphPattern) -> String {
    let of = star_of(pattern).and_then(|(_, triples)| Some(observation_of(triples.first()?).0));
    of.map_or_else(
        || "observations".to_owned(),
        |observation| format!("observations {observation}"),
    )
}

/// The observation that a triple is about, and its series where the triple names that.
pub(in crate::query::algebra_in) fn observation_of(
    triple: &TriplePattern,
) -> (&TermPattern, Option<&TermPattern>) {
    let is = |iri: &str| matches!(&triple.predicate, NamedNodePattern::NamedNode(node) if node.as_str() == iri);
    if is(sosa::HAS_MEMBER) {
        (&triple.object, Some(&triple.subject))
    } else if is(sosa::IS_MEMBER_OF) {
        (&triple.subject, Some(&triple.object))
    } else {
        (&triple.subject, None)
    }
}

/// What the registry says of a series and not the columns.
fn is_of_series(predicate: &str) -> bool {
    [sosa::MADE_BY_SENSOR, sosa::OBSERVED_PROPERTY].contains(&predicate)
}

fn triple(
    subject: impl Into<TermPattern>,
    predicate: &str,
    object: impl Into<TermPattern>,
) -> TriplePattern {
    TriplePattern {
        subject: subject.into(),
        predicate: NamedNode::new_unchecked(predicate).into(),
        object: object.into(),
    }
}

fn basic(patterns: Vec<TriplePattern>) -> GraphPattern {
    GraphPattern::Bgp { patterns }
}

/// The triples about one observation.
struct Star {
    observation: TermPattern,
    triples: Vec<TriplePattern>,
}

impl Work<'_> {
    /// A basic pattern whose predicates are named.
    pub(super) fn stars(&mut self, patterns: &[TriplePattern], at: &At) -> Walked {
        let mut stars: Vec<Star> = Vec::new();
        for pattern in patterns {
            let NamedNodePattern::NamedNode(predicate) = &pattern.predicate else {
                return Ok(nothing(patterns));
            };
            let predicate = predicate.as_str();
            let (observation, series) = observation_of(pattern);
            let is_known = Property::of(predicate).is_some()
                || is_of_series(predicate)
                || series.is_some()
                || predicate == sosa::HAS_FEATURE_OF_INTEREST;
            let is_other_class = predicate == rdf::TYPE
                && !matches!(pattern.object, TermPattern::Variable(_))
                && !is_iri(&pattern.object, sosa::OBSERVATION);
            // No triple of the graph is like this.
            if !is_known
                || is_literal(observation)
                || series.is_some_and(is_literal)
                || is_other_class
            {
                self.check_series(pattern, patterns)?;
                return Ok(nothing(patterns));
            }
            match stars
                .iter_mut()
                .find(|star| star.observation == *observation)
            {
                Some(star) => star.triples.push(pattern.clone()),
                None => stars.push(Star {
                    observation: observation.clone(),
                    triples: vec![pattern.clone()],
                }),
            }
        }
        for pattern in patterns {
            self.check_series(pattern, patterns)?;
        }
        let mut whole: Option<GraphPattern> = None;
        for star in stars {
            let one = self.star(star, at)?;
            whole = Some(match whole {
                None => one,
                Some(before) => join(before, one),
            });
        }
        Ok(whole.unwrap_or_default())
    }

    /// Says where to ask when something is asked of a series as if it were an observation.
    fn check_series(
        &self,
        asked: &TriplePattern,
        patterns: &[TriplePattern],
    ) -> Result<(), crate::query::QueryError> {
        let (_, is_series_itself) = observation_of(asked);
        let is_series = |other: &TriplePattern| {
            observation_of(other)
                .1
                .is_some_and(|series| *series == asked.subject)
        };
        if is_series_itself.is_none() && patterns.iter().any(is_series) {
            return Err(unanswerable(
                "wat over een reeks gezegd wordt",
                "what is said of a series",
                "zet die patronen buiten GRAPH: wat een reeks is, staat in het register",
                "put those patterns outside of GRAPH: what a series is stands in the registry",
            ));
        }
        Ok(())
    }

    fn star(&mut self, star: Star, at: &At) -> Walked {
        let Star {
            observation,
            mut triples,
        } = star;
        let mentions = triples
            .iter()
            .filter(|t| t.subject == observation || t.object == observation);
        let mentions = mentions.count();
        let is_shown = match &observation {
            TermPattern::Variable(variable) => {
                self.mentions.all_matter || self.mentions.of.get(variable) != Some(&mentions)
            }
            _ => true,
        };
        let times = self.times(&triples, at);
        let features = take(&mut triples, |t| has(t, sosa::HAS_FEATURE_OF_INTEREST));
        if features.len() > 2 {
            return Err(unanswerable(
                "meer dan twee objecten (sosa:hasFeatureOfInterest) van één observatie",
                "more than two features of interest of one observation",
                "vraag er één",
                "ask for one",
            ));
        }
        let of_series = take(&mut triples, |t| is_of_series(name(t)));
        let needs_series = !of_series.is_empty() || !features.is_empty();
        if needs_series && at.elsewhere {
            return Err(unanswerable(
                "sensor, eigenschap of object van een observatie binnen een andere GRAPH",
                "sensor, property or feature of an observation inside another GRAPH",
                "zet GRAPH van de observaties buiten de andere",
                "put GRAPH of the observations outside of the other",
            ));
        }
        let series = triples.iter().find_map(|t| observation_of(t).1.cloned());
        let series = match series {
            Some(series) => series,
            None if needs_series => {
                let variable: TermPattern = self.variable().into();
                triples.push(triple(
                    variable.clone(),
                    sosa::HAS_MEMBER,
                    observation.clone(),
                ));
                variable
            }
            None => observation.clone(),
        };
        let stated: Vec<TriplePattern> = of_series
            .into_iter()
            .map(|t| TriplePattern {
                subject: series.clone(),
                ..t
            })
            .collect();
        let node = StarName { times, is_shown }.node();
        let with = |own: Vec<TriplePattern>, mut of_series: Vec<TriplePattern>| {
            let mut triples = triples.clone();
            triples.extend(own);
            of_series.extend(stated.iter().cloned());
            let star = GraphPattern::Service {
                name: node.clone().into(),
                inner: Box::new(basic(triples)),
                silent: false,
            };
            if of_series.is_empty() {
                star
            } else {
                join(basic(of_series), star)
            }
        };
        if features.is_empty() {
            return Ok(with(Vec::new(), Vec::new()));
        }
        // Each observation has either a feature of its own or that of its series.
        let about: Vec<TriplePattern> = features
            .iter()
            .map(|t| TriplePattern {
                subject: series.clone(),
                ..t.clone()
            })
            .collect();
        if !self.has_features {
            return Ok(with(Vec::new(), about));
        }
        let of = |t: &TriplePattern| triple(observation.clone(), OWN_FEATURE, t.object.clone());
        let own = with(features.iter().map(of).collect(), Vec::new());
        let flag = triple(observation.clone(), SERIES_FEATURE, Literal::from(true));
        Ok(GraphPattern::Union {
            left: Box::new(own),
            right: Box::new(with(vec![flag], about)),
        })
    }

    /// The moments that can matter.
    fn times(&self, triples: &[TriplePattern], at: &At) -> Range<i64> {
        let asked = triples.iter().filter(|t| has(t, sosa::PHENOMENON_TIME));
        let times = asked.map(|t| match &t.object {
            TermPattern::Variable(variable) => at.bounds.get(variable),
            TermPattern::Literal(literal) => moment(literal).unwrap_or(ALWAYS),
            _ => ALWAYS,
        });
        times.fold(ALWAYS, |all, one| both(&all, &one))
    }
}

fn name(triple: &TriplePattern) -> &str {
    match &triple.predicate {
        NamedNodePattern::NamedNode(node) => node.as_str(),
        NamedNodePattern::Variable(_) => "",
    }
}

fn has(triple: &TriplePattern, predicate: &str) -> bool {
    name(triple) == predicate
}

/// Takes out the triples of a kind.
fn take(triples: &mut Vec<TriplePattern>, is_of: fn(&TriplePattern) -> bool) -> Vec<TriplePattern> {
    let (of, others) = std::mem::take(triples).into_iter().partition(is_of);
    *triples = others;
    of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_were_told() {
        let name = StarName {
            times: -5..i64::MAX,
            is_shown: true,
        };
        assert_eq!(StarName::read(name.node().as_str()), Some(name));
        assert_eq!(StarName::read("urn:x-oslo:query:observations:1:2"), None);
    }
}
