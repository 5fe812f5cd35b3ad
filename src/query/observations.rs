//! The observations of sensors as a named graph that queries may ask: which graph it is, which statements it has and as
//! what terms. The graph is not stored: `algebra_in::observed` finds its patterns in a query, `exec::observe` answers them
//! from columns.
//!
//! Of an observation that holds there is said, besides its class: the collection it is a member of, when the phenomenon was
//! (`sosa:phenomenonTime`, an `xsd:dateTime` in UTC; of an interval its begin, and `prov:endedAtTime` its end), when the
//! result was there, and the result. Sensor, property and feature of interest are those that the registry states of the
//! collection, a feature of interest of the observation's own goes before.

use crate::observations::{Kind, Observation, ObservationStore, SeriesId, Value};
use crate::query::error::QueryError;
use crate::rdf::vocab::{prov, rdf, sosa};
use crate::store::Id;
use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, Term};
use std::fmt;
use std::sync::Arc;

/// Between the IRI of a series and the number of an observation of it.
const MEMBER: &str = "/observatie/";

/// The named graph under which queries ask for observations, and where these are.
#[derive(Clone)]
pub struct ObservationGraph {
    name: NamedNode,
    store: Arc<ObservationStore>,
}

impl fmt::Debug for ObservationGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObservationGraph({})", self.name)
    }
}

impl ObservationGraph {
    /// The observations of a store under a name.
    ///
    /// # Errors
    /// When the name is no IRI.
    pub fn new(name: &str, store: Arc<ObservationStore>) -> Result<Self, oxrdf::IriParseError> {
        let name = NamedNode::new(name)?;
        Ok(Self { name, store })
    }

    /// The graph's name in a registry of a base IRI.
    pub fn name_in(base: &str) -> String {
        format!("{base}/graph/observaties")
    }

    /// The graph's name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether any observation may be about a feature of its own.
    pub(super) fn has_features(&self) -> bool {
        self.store.has_features()
    }

    /// What a query that begins now sees of it.
    pub(super) fn now(&self) -> Told {
        Told {
            store: Arc::clone(&self.store),
            known_at: self.store.last_seq(),
        }
    }
}

/// Observations as they are known at one moment.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) store: Arc<ObservationStore>,
    /// The newest that counts.
    pub(super) known_at: u64,
}

/// What is said of an observation by its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// `rdf:type`
    Class,
    /// `sosa:phenomenonTime`
    Time,
    /// `prov:endedAtTime`
    End,
    /// `sosa:resultTime`
    ResultTime,
    /// `sosa:hasSimpleResult`
    Result,
    /// `sosa:hasFeatureOfInterest`, where it is one of its own.
    OwnFeature,
    /// True where it is about the feature of its series: no property of the graph.
    SeriesFeature,
}

/// Names of the two that stand for one property.
pub(super) const OWN_FEATURE: &str = "urn:x-oslo:query:own-feature";
pub(super) const SERIES_FEATURE: &str = "urn:x-oslo:query:series-feature";

impl Property {
    /// The property of a predicate.
    pub(super) fn of(predicate: &str) -> Option<Self> {
        Some(match predicate {
            rdf::TYPE => Self::Class,
            sosa::PHENOMENON_TIME => Self::Time,
            prov::ENDED_AT_TIME => Self::End,
            sosa::RESULT_TIME => Self::ResultTime,
            sosa::HAS_SIMPLE_RESULT => Self::Result,
            OWN_FEATURE => Self::OwnFeature,
            SERIES_FEATURE => Self::SeriesFeature,
            _ => return None,
        })
    }

    /// Its predicate.
    pub(super) fn predicate(self) -> &'static str {
        match self {
            Self::Class => rdf::TYPE,
            Self::Time => sosa::PHENOMENON_TIME,
            Self::End => prov::ENDED_AT_TIME,
            Self::ResultTime => sosa::RESULT_TIME,
            Self::Result => sosa::HAS_SIMPLE_RESULT,
            Self::OwnFeature | Self::SeriesFeature => sosa::HAS_FEATURE_OF_INTEREST,
        }
    }
}

/// All predicates of the graph.
pub(super) const PREDICATES: [&str; 10] = [
    rdf::TYPE,
    sosa::HAS_MEMBER,
    sosa::IS_MEMBER_OF,
    sosa::PHENOMENON_TIME,
    prov::ENDED_AT_TIME,
    sosa::RESULT_TIME,
    sosa::HAS_SIMPLE_RESULT,
    sosa::MADE_BY_SENSOR,
    sosa::OBSERVED_PROPERTY,
    sosa::HAS_FEATURE_OF_INTEREST,
];

/// The IRI of an observation: its series and its number.
pub(super) fn member_iri(series: &str, seq: u64) -> NamedNode {
    NamedNode::new_unchecked(format!("{series}{MEMBER}{seq}"))
}

/// The IRI of a series and the number of an observation of it, out of its IRI.
pub(super) fn member_of(iri: &str) -> Option<(&str, u64)> {
    let (series, digits) = iri.rsplit_once(MEMBER)?;
    let seq: u64 = digits.parse().ok()?;
    (seq.to_string() == digits).then_some((series, seq))
}

/// A moment as an `xsd:dateTime` in UTC.
pub(super) fn moment(time: i64) -> Option<Term> {
    let time = jiff::Timestamp::from_microsecond(time).ok()?;
    Some(Literal::new_typed_literal(time.to_string(), xsd::DATE_TIME).into())
}

/// The id that a moment has by itself.
pub(super) fn moment_id(time: i64) -> Option<Id> {
    if time % 1_000_000 != 0 {
        return None;
    }
    Id::of_utc(time / 1_000_000)
}

/// When the result of an observation was there.
pub(super) fn result_time(observation: &Observation) -> i64 {
    let told = observation.result_time.or(observation.end);
    told.unwrap_or(observation.time)
}

/// A result as a literal.
pub(super) fn result(value: &Value, kind: Kind) -> Term {
    let literal = match value {
        // Whole numbers are within 2^53.
        Value::Number(number) if kind == Kind::Integer => Literal::from(*number as i64),
        Value::Number(number) => Literal::from(*number),
        Value::Boolean(value) => Literal::from(*value),
        Value::Text(text) => Literal::from(&**text),
    };
    literal.into()
}

/// How much there is, roughly.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToldFigures {
    pub(super) rows: f64,
    pub(super) series: f64,
}

impl Told {
    /// How much there is.
    pub(super) fn figures(&self) -> ToldFigures {
        ToldFigures {
            rows: self.known_at as f64,
            series: self.store.series_count().max(1) as f64,
        }
    }

    /// A series by its IRI.
    pub(super) fn series(&self, iri: &str) -> Option<SeriesId> {
        self.store.find(iri)
    }
}

impl From<crate::observations::ObservationError> for QueryError {
    fn from(error: crate::observations::ObservationError) -> Self {
        Self::ObservationsUnreadable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iris_of_observations_lead_back_to_series_and_number() {
        let iri = member_iri("http://example.com/a/observatie/3", 17);
        assert_eq!(
            member_of(iri.as_str()),
            Some(("http://example.com/a/observatie/3", 17))
        );
        for other in [
            "urn:a",
            "urn:a/observatie/",
            "urn:a/observatie/017",
            "urn:a/observatie/+1",
        ] {
            assert_eq!(member_of(other), None, "{other}");
        }
    }

    #[test]
    fn moments_have_the_id_of_their_text() {
        let view = crate::store::Store::in_memory().snapshot().view();
        for time in [0, 1_772_366_400_000_000, -5_364_662_400_000_000, 1_000_000] {
            let term = moment(time).expect("a moment");
            assert_eq!(view.id_of(term.as_ref()), moment_id(time), "{term}");
        }
        assert_eq!(moment_id(1), None);
        let term = moment(1_772_366_400_500_000).expect("a moment");
        assert_eq!(
            term.to_string(),
            "\"2026-03-01T12:00:00.5Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime>"
        );
    }
}
