//! How large stars of observations are: by how many observations and series there are, and what is named of them. Exact counts
//! would take reading. Chooses nothing.

use super::Planner;
use super::size::Outline;
use crate::query::algebra_in::observed::{observation_of, star_of};
use crate::query::plan::VarSet;
use crate::rdf::vocab::sosa;
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern};

/// Microseconds to start reading a series.
pub(super) const OBSERVED_US: f64 = 200.0;
/// Microseconds to take one observation from columns and make terms of it.
const ROW_US: f64 = 0.5;
/// The part of all observations in a time that is bounded.
const TIME_SHARE: f64 = 0.1;
/// The part of all observations with one result.
const RESULT_SHARE: f64 = 0.05;

/// A star as an operand.
pub(super) struct StarFigures {
    pub(super) outline: Outline,
    /// Different values of its variables.
    pub(super) distinct: Vec<(u8, f64)>,
    /// The variables of series and observation; none where one of them is named.
    pub(super) keys: VarSet,
}

impl Planner<'_> {
    /// The figures of a star; `None` for any other pattern.
    pub(super) fn star(&self, pattern: &GraphPattern) -> Option<StarFigures> {
        let (name, triples) = star_of(pattern)?;
        let told = self.sources.told?;
        let mut rows = told.rows;
        let (mut keys, mut distinct) = (VarSet::default(), Vec::new());
        let (mut is_one, mut is_series) = (false, false);
        for triple in triples {
            let (observation, series) = observation_of(triple);
            match self.names.term(observation) {
                Some(number) => keys.insert(number),
                None => is_one = true,
            }
            match series.map(|series| self.names.term(series)) {
                Some(Some(number)) => {
                    keys.insert(number);
                    distinct.push((number, told.series));
                }
                Some(None) => is_series = true,
                None => {}
            }
            let is_result = matches!(&triple.predicate, NamedNodePattern::NamedNode(node)
                if node.as_str() == sosa::HAS_SIMPLE_RESULT);
            if is_result && !matches!(triple.object, TermPattern::Variable(_)) {
                rows *= RESULT_SHARE;
            }
        }
        if is_series {
            rows /= told.series;
        }
        let bounds = [name.times.start != i64::MIN, name.times.end != i64::MAX];
        if bounds.contains(&true) {
            rows *= TIME_SHARE;
        }
        if is_one {
            rows = 1.0;
        }
        let rows = rows.max(1.0);
        for (_, values) in &mut distinct {
            *values = values.min(rows);
        }
        distinct.dedup_by_key(|(number, _)| *number);
        if is_one || is_series {
            keys = VarSet::default();
        }
        Some(StarFigures {
            outline: Outline {
                rows,
                start_us: 0.0,
                run_us: OBSERVED_US + rows * ROW_US,
                patterns: 1.0,
            },
            distinct,
            keys,
        })
    }
}
