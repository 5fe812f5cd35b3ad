//! What expressions are asked of: the table of sensors of one state and the values of the store, with a budget for what one
//! request may read and write. Reads paths and evaluates expressions; lists nothing.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::filter::Expr;
use super::refused;
use super::value::{Val, call, compare, reckon};
use crate::observations::{ObservationStore, Row, Scan, SeriesId};
use crate::registry::sensors::{Kind, SensorTable, Target};
use crate::views::sensorthings::{OBSERVATION_PROPERTIES, observation_id};
use serde_json::Value as Json;
use std::cell::Cell;
use std::sync::Arc;

/// Most entities of one answer, expanded ones included.
const MAX_SHOWN: usize = 50_000;
/// Most rows that one request reads.
const MAX_ROWS: usize = 3_000_000;

/// What a path begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Entity(Kind),
    Observation,
}

/// An entity, or an observation of the series at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Entity(Kind, u32),
    Observation(u32, &'a Row),
}

/// The state that a request is answered from.
pub(super) struct World {
    pub(super) base: String,
    pub(super) table: Arc<SensorTable>,
    /// Where values are, when this server keeps any.
    pub(super) store: Option<Arc<ObservationStore>>,
    shown: Cell<usize>,
    rows: Cell<usize>,
}

impl World {
    pub(super) fn new(
        base: String,
        table: Arc<SensorTable>,
        store: Option<Arc<ObservationStore>>,
    ) -> Self {
        Self {
            base,
            table,
            store,
            shown: Cell::new(MAX_SHOWN),
            rows: Cell::new(MAX_ROWS),
        }
    }

    /// The newest state, and the values when this server keeps any.
    pub(super) fn of(state: &AppState) -> Self {
        let snapshot = state.registry.snapshot();
        let base = state.registry.base();
        let table = state.sensors.of(&snapshot, base);
        Self::new(base.to_owned(), table, state.observations().ok().cloned())
    }

    /// Counts one entity of the answer.
    pub(super) fn show(&self) -> Result<(), ApiError> {
        match self.shown.get().checked_sub(1) {
            Some(left) => self.shown.set(left),
            None => return Err(refused::too_much(MAX_SHOWN, "objecten", "entities")),
        }
        Ok(())
    }

    /// Counts one row that was read; `false` when no more may be.
    pub(super) fn read_row(&self) -> bool {
        match self.rows.get().checked_sub(1) {
            Some(left) => self.rows.set(left),
            None => return false,
        }
        true
    }

    /// That no more rows may be read.
    pub(super) fn too_many_rows() -> ApiError {
        refused::too_much(MAX_ROWS, "te lezen observaties", "observations to be read")
    }

    /// The number of a series in the store; `None` before its first observation.
    pub(super) fn series(&self, place: u32) -> Option<SeriesId> {
        let entity = self.table.at(Kind::Datastream, place)?;
        self.store.as_ref()?.find(&entity.iri)
    }

    /// The time of the first and of the last observation of a series.
    pub(super) fn extent(&self, place: u32) -> Result<Option<(i64, i64)>, ApiError> {
        let (Some(store), Some(series)) = (&self.store, self.series(place)) else {
            return Ok(None);
        };
        let last = store.latest(&[series])?.pop().flatten();
        let Some(last) = last else { return Ok(None) };
        let first = store.rows(&Scan::new(series, i64::MIN..i64::MAX), 1)?;
        let end = |row: &Row| row.observation.end.unwrap_or(row.observation.time);
        let first = first
            .first()
            .map_or(last.observation.time, |row| row.observation.time);
        Ok(Some((first, end(&last))))
    }

    /// The object of interest of an observation.
    pub(super) fn feature(&self, place: u32, row: &Row) -> Option<u32> {
        let own = match row.observation.feature.0 {
            0 => None,
            _ => Some(self.store.as_ref()?.feature(row.observation.feature)?),
        };
        crate::views::sensorthings::feature_of(&self.table, place, own.as_deref())
    }

    /// Where a navigation property of an item leads, in the table.
    pub(super) fn ends(&self, item: Item<'_>, kind: Kind) -> Vec<u32> {
        match item {
            Item::Entity(of, place) => {
                let entity = self.table.at(of, place);
                entity
                    .map(|entity| entity.links(kind).to_vec())
                    .unwrap_or_default()
            }
            Item::Observation(place, _) if kind == Kind::Datastream => vec![place],
            Item::Observation(place, row) if kind == Kind::FeatureOfInterest => {
                self.feature(place, row).into_iter().collect()
            }
            Item::Observation(..) => Vec::new(),
        }
    }

    /// The values at the end of a path: several where it leads through many.
    fn values(&self, item: Item<'_>, path: &[String], out: &mut Vec<Val>) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        if let Some(Target::Entities(kind)) = target(start_of(item), first) {
            for end in self.ends(item, kind) {
                self.values(Item::Entity(kind, end), rest, out);
            }
            return;
        }
        match item {
            Item::Observation(_, row) => out.push(of_row(row, first)),
            Item::Entity(kind, place) => {
                let Some(entity) = self.table.at(kind, place) else {
                    return;
                };
                if first == "id" || first == "@iot.id" {
                    out.push(Val::of_json(&entity.id.json()));
                } else if kind == Kind::Datastream && first == "phenomenonTime" {
                    if let Ok(Some((start, end))) = self.extent(place) {
                        out.push(Val::Time(start, Some(end)));
                    }
                } else if let Some(value) = entity.fields.get(first) {
                    let inner = rest.iter().try_fold(value, |value, key| match value {
                        Json::Object(members) => members.get(key),
                        Json::Array(values) => values.get(key.parse::<usize>().ok()?),
                        _ => None,
                    });
                    out.extend(inner.map(Val::of_json));
                }
            }
        }
    }

    /// What an expression comes to: several values where a path leads through many.
    fn evaluate(&self, expr: &Expr, item: Item<'_>) -> Vec<Val> {
        match expr {
            Expr::Literal(value) => vec![value.clone()],
            Expr::Path(path) => {
                let mut out = Vec::new();
                self.values(item, path, &mut out);
                if out.is_empty() {
                    out.push(Val::Null);
                }
                out
            }
            Expr::Or(a, b) => vec![Val::Bool(self.holds(a, item) || self.holds(b, item))],
            Expr::And(a, b) => vec![Val::Bool(self.holds(a, item) && self.holds(b, item))],
            Expr::Not(a) => vec![Val::Bool(!self.holds(a, item))],
            Expr::Compare(how, a, b) => {
                let (a, b) = (self.evaluate(a, item), self.evaluate(b, item));
                let any = a.iter().any(|a| b.iter().any(|b| compare(*how, a, b)));
                vec![Val::Bool(any)]
            }
            Expr::Arithmetic(how, a, b) => {
                let (a, b) = (self.one(a, item), self.one(b, item));
                vec![reckon(*how, &a, &b)]
            }
            Expr::Negative(a) => vec![match self.one(a, item) {
                Val::Number(number) => Val::Number(-number),
                Val::Duration(span) => span.checked_neg().map_or(Val::Null, Val::Duration),
                _ => Val::Null,
            }],
            Expr::Call(name, arguments) => {
                // Of a path through many each may make the condition hold.
                if let [Expr::Path(_), ..] | [_, Expr::Path(_)] = arguments.as_slice() {
                    let values: Vec<Vec<Val>> = arguments
                        .iter()
                        .map(|one| self.evaluate(one, item))
                        .collect();
                    if let [a, b] = values.as_slice() {
                        return a
                            .iter()
                            .flat_map(|a| b.iter().map(|b| call(name, &[a.clone(), b.clone()])))
                            .collect();
                    }
                }
                let values: Vec<Val> = arguments.iter().map(|one| self.one(one, item)).collect();
                vec![call(name, &values)]
            }
        }
    }

    /// The first value of an expression.
    pub(super) fn one(&self, expr: &Expr, item: Item<'_>) -> Val {
        let values = self.evaluate(expr, item).into_iter();
        values.into_iter().next().unwrap_or(Val::Null)
    }

    /// Whether a condition holds.
    pub(super) fn holds(&self, expr: &Expr, item: Item<'_>) -> bool {
        self.evaluate(expr, item).iter().any(Val::holds)
    }
}

fn start_of(item: Item<'_>) -> Start {
    match item {
        Item::Entity(kind, _) => Start::Entity(kind),
        Item::Observation(..) => Start::Observation,
    }
}

/// Where a navigation property leads.
pub(super) fn target(from: Start, name: &str) -> Option<Target> {
    match (from, name) {
        (Start::Entity(kind), name) => kind.navigation(name).map(|found| found.target),
        (Start::Observation, "Datastream") => Some(Target::Entities(Kind::Datastream)),
        (Start::Observation, "FeatureOfInterest") => {
            Some(Target::Entities(Kind::FeatureOfInterest))
        }
        (Start::Observation, _) => None,
    }
}

/// Whether a navigation property leads to many.
pub(super) fn is_many(from: Start, name: &str) -> bool {
    match from {
        Start::Entity(kind) => kind.navigation(name).is_some_and(|found| found.many),
        Start::Observation => false,
    }
}

fn of_row(row: &Row, name: &str) -> Val {
    use crate::observations::Value;
    let observation = &row.observation;
    match name {
        "phenomenonTime" => Val::Time(observation.time, observation.end),
        "resultTime" => Val::Time(observation.result_time.unwrap_or(observation.time), None),
        "result" => match &observation.result {
            None => Val::Null,
            Some(Value::Number(number)) => Val::Number(*number),
            Some(Value::Boolean(value)) => Val::Bool(*value),
            Some(Value::Text(text)) => Val::Text(text.to_string()),
        },
        "resultQuality" if observation.quality != 0 => Val::Number(f64::from(observation.quality)),
        "id" | "@iot.id" => Val::Text(observation_id(observation)),
        _ => Val::Null,
    }
}

/// Refuses paths that lead nowhere, and those through observations, which would read all of them.
pub(super) fn check(name: &str, expr: &Expr, from: Start) -> Result<(), ApiError> {
    let mut paths = Vec::new();
    expr.paths(&mut paths);
    for path in paths {
        let mut at = from;
        let mut rest = path.iter();
        while let Some(segment) = rest.next() {
            if matches!(at, Start::Entity(_)) && target(at, segment) == Some(Target::Observations) {
                return Err(refused::option(
                    name,
                    &path.join("/"),
                    "zonder pad door Observations: filter de Observations zelf, met Datastream/…",
                    "without a path through Observations: filter the Observations themselves, with Datastream/…",
                ));
            }
            if let Some(Target::Entities(kind)) = target(at, segment) {
                at = Start::Entity(kind);
                if rest.len() == 0 {
                    return Err(unknown(name, at, path));
                }
                continue;
            }
            let own: &[&str] = match at {
                Start::Entity(kind) => kind.properties(),
                Start::Observation => &OBSERVATION_PROPERTIES,
            };
            let is_id = segment == "id" || segment == "@iot.id";
            let is_deep = matches!(
                segment.as_str(),
                "properties" | "unitOfMeasurement" | "location" | "feature" | "metadata"
            );
            if !(is_id || own.contains(&segment.as_str())) || rest.len() > 0 && !is_deep {
                return Err(unknown(name, at, path));
            }
            break;
        }
    }
    Ok(())
}

fn unknown(name: &str, at: Start, path: &[String]) -> ApiError {
    let (of, own): (&str, &[&str]) = match at {
        Start::Entity(kind) => (kind.name(), kind.properties()),
        Start::Observation => ("Observation", &OBSERVATION_PROPERTIES),
    };
    let mut known: Vec<&str> = vec!["id"];
    known.extend(own);
    match at {
        Start::Entity(kind) => known.extend(kind.navigations().iter().map(|one| one.name)),
        Start::Observation => known.extend(["Datastream", "FeatureOfInterest"]),
    }
    refused::unknown_property(name, of, &path.join("/"), &known.join(", "))
}
