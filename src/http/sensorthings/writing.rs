//! Writes: entities made, changed and removed in one commit on the one write path, observations handed to the store of values.
//! All of a request is stored or nothing: observations are judged before the commit, and acknowledged when they are durable.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::super::writes::refusal;
use super::path::{Found, One, Segment, find};
use super::refused;
use super::session::{Parts, Session, Waiting, no_series, object, reference};
use super::told::{Misfit, Told, misfits};
use super::world::World;
use crate::observations::{FeatureId, Kind as ResultKind, Observation, Row, SeriesId};
use crate::registry::sensors::{EntityId, Kind, SENSORS_GRAPH, Target, Work, series_of};
use crate::registry::{CommitError, CommitRequest, Writer};
use crate::store::{CommitMeta, Source, View};
use crate::views::sensorthings as view;
use axum::http::StatusCode;
use rustc_hash::FxHashMap;
use serde_json::{Value as Json, json};
use std::cell::Cell;

/// What is asked, with its address resolved.
pub(super) enum Operation {
    /// An entity, or an observation where there is no kind; with the end that the address names.
    Create(Option<Kind>, Option<(Kind, String)>, Json),
    /// With what is to be said from then on; all of it when the last is true.
    Change(Which, Json, bool),
    Remove(Which),
}

/// What is changed or removed.
pub(super) enum Which {
    Entity(Kind, String),
    /// With the IRI of its series.
    Observation(String, Box<Row>),
}

/// What an operation did.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: Option<Json>,
    /// What was made, for later references to it.
    pub(super) made: Option<(Kind, String)>,
}

/// Operations of one request: who is told what when one fails.
pub(super) type Failed = (usize, ApiError);

/// Resolves the address of a POST.
///
/// # Errors
/// 404 when it is no set.
pub(super) fn create_at(
    world: &World,
    path: &[Segment],
    body: Json,
) -> Result<Operation, ApiError> {
    let Some((last, before)) = path.split_last() else {
        return Err(not_a_set("/"));
    };
    if last.key.is_some() {
        return Err(not_a_set(&last.name));
    }
    if before.is_empty() {
        return match Kind::of_set(&last.name) {
            Some(kind) => Ok(Operation::Create(Some(kind), None, body)),
            None if last.name == "Observations" => Ok(Operation::Create(None, None, body)),
            None => Err(not_a_set(&last.name)),
        };
    }
    let (Found::One(One::Entity(kind, place)), false) = find(world, before)? else {
        return Err(not_a_set(&last.name));
    };
    let navigation = kind.navigation(&last.name).filter(|found| found.many);
    let navigation = navigation.ok_or_else(|| not_a_set(&last.name))?;
    let entity = world.table.at(kind, place);
    let given = entity.map(|entity| (kind, entity.iri.clone()));
    let made = match navigation.target {
        Target::Entities(kind) => Some(kind),
        Target::Observations => None,
    };
    Ok(Operation::Create(made, given, body))
}

fn not_a_set(name: &str) -> ApiError {
    refused::path(
        name,
        (
            "hier kan niets gemaakt worden; stuur naar een verzameling zoals Things",
            "nothing can be made here; send to a set such as Things",
        ),
    )
}

/// Resolves the address of a PATCH or DELETE.
///
/// # Errors
/// 404 when it is no entity.
pub(super) fn which(world: &World, path: &[Segment]) -> Result<Which, ApiError> {
    let name = path.last().map_or("/", |segment| segment.name.as_str());
    let missing = || {
        refused::path(
            name,
            (
                "alleen een object kan gewijzigd of verwijderd worden",
                "only an entity can be changed or removed",
            ),
        )
    };
    let (Found::One(one), false) = find(world, path)? else {
        return Err(missing());
    };
    let iri = |kind: Kind, place: u32| {
        let entity = world.table.at(kind, place);
        entity.map(|entity| entity.iri.clone()).ok_or_else(missing)
    };
    Ok(match one {
        One::Entity(kind, place) => Which::Entity(kind, iri(kind, place)?),
        One::Observation(place, row) => Which::Observation(iri(Kind::Datastream, place)?, row),
    })
}

/// Where the observations of an operation are found when they are stored.
enum Outcome {
    Made(Kind, String),
    Changed(Kind, String),
    Removed,
    /// The place among those that were told.
    Told(usize, StatusCode),
    /// The place among rows that are written as they are.
    Row(usize, StatusCode),
}

/// Observations on their way: those to be resolved, and rows as they are.
#[derive(Default)]
struct Way {
    waiting: Vec<Waiting>,
    rows: Vec<Observation>,
}

/// An observation that is about what the registry has already, so that no commit is needed.
///
/// # Errors
/// As `Session::observation`.
pub(super) fn plain(
    view: &View,
    base: &str,
    given: Option<&(Kind, String)>,
    body: &Json,
) -> Result<Option<Waiting>, ApiError> {
    let body = object(body, "Observation")?;
    let parts = Parts::of(body)?;
    let of = |kind: Kind, part: Option<&Json>| -> Result<Option<Option<String>>, ApiError> {
        let given = given
            .filter(|(of, _)| *of == kind)
            .map(|(_, iri)| iri.clone());
        match part {
            None => Ok(Some(given)),
            Some(value) => match reference(value) {
                None => Ok(None),
                Some(id) => existing(view, base, kind, &id).map(Some).map(Some),
            },
        }
    };
    let (Some(series), Some(feature)) = (
        of(Kind::Datastream, parts.series)?,
        of(Kind::FeatureOfInterest, parts.feature)?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Waiting {
        series: series.ok_or_else(no_series)?,
        feature,
        told: Told::read(body)?,
    }))
}

/// The IRI of what a reference names, when it is there.
pub(super) fn existing(
    view: &View,
    base: &str,
    kind: Kind,
    id: &EntityId,
) -> Result<String, ApiError> {
    let iri = id.iri(kind, base);
    let node = view.id_of_iri(&iri);
    match node.is_some_and(|node| view.star(node).next().is_some()) {
        true => Ok(iri),
        false => Err(refused::dangling(kind.name(), &id.to_string())),
    }
}

/// Observations as the store takes them. Declares series and objects that it does not know yet, and judges all of them.
///
/// # Errors
/// 422 with the first that do not fit.
pub(super) fn ready(
    state: &AppState,
    view: &View,
    waiting: Vec<Waiting>,
) -> Result<Vec<Observation>, ApiError> {
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    type Known = (SeriesId, ResultKind, Option<String>);
    let store = state.observations()?;
    let mut known: FxHashMap<String, Known> = FxHashMap::default();
    let mut features: FxHashMap<String, FeatureId> = FxHashMap::default();
    let (total, mut out) = (waiting.len(), Vec::with_capacity(waiting.len()));
    let mut wrong: Vec<Misfit> = Vec::new();
    for (place, one) in waiting.into_iter().enumerate() {
        if !known.contains_key(&one.series) {
            let said = series_of(view, &one.series);
            let said = said.ok_or_else(|| refused::dangling("Datastream", &one.series))?;
            let id = match store.find(&one.series) {
                Some(id) => id,
                None => store.declare(said)?,
            };
            let kind = store.series(id).map(|series| series.kind);
            let kind = kind.ok_or_else(|| ApiError::internal("a series without a kind"))?;
            known.insert(one.series.clone(), (id, kind, about(view, &one.series)));
        }
        let Some((id, kind, own)) = known.get(&one.series) else {
            continue;
        };
        let feature = match &one.feature {
            None => FeatureId::default(),
            Some(iri) if own.as_ref() == Some(iri) => FeatureId::default(),
            Some(iri) => match features.get(iri) {
                Some(known) => *known,
                None => {
                    let number = store.declare_feature(iri)?;
                    features.insert(iri.clone(), number);
                    number
                }
            },
        };
        match one.told.into_observation(*id, feature, *kind) {
            Ok(observation) => out.push(observation),
            Err(reason) => wrong.push((place, reason)),
        }
    }
    if !wrong.is_empty() {
        return Err(misfits(&wrong, total));
    }
    store.judge(&out)?;
    Ok(out)
}

/// What a series is about.
fn about(view: &View, series: &str) -> Option<String> {
    let node = view.id_of_iri(series)?;
    let predicate = view.id_of_iri("http://www.w3.org/ns/sosa/hasFeatureOfInterest")?;
    let object = view.objects(node, predicate).next()?;
    view.iri(object).map(|iri| iri.into_owned())
}

/// A change of an observation: the same key, what is new, and what stays.
fn corrected(
    base: &str,
    (series, row): (&str, &Row),
    body: &Json,
    kind: ResultKind,
    whole: bool,
) -> Result<Observation, ApiError> {
    let body = object(body, "Observation")?;
    let mut body = body.clone();
    body.shift_remove("@iot.id");
    let parts = Parts::of(&body)?;
    if let Some(value) = parts.series {
        let id = reference(value).ok_or_else(refused::moved)?;
        if id.iri(Kind::Datastream, base) != series {
            return Err(refused::moved());
        }
    }
    let old = &row.observation;
    let mut full = serde_json::Map::new();
    let kept = if whole {
        &view::OBSERVATION_PROPERTIES[..1]
    } else {
        &view::OBSERVATION_PROPERTIES[..]
    };
    for &name in kept {
        if let Some(value) = view::property(old, name) {
            full.insert(name.to_owned(), value);
        }
    }
    for (key, value) in &body {
        full.insert(key.clone(), value.clone());
    }
    let told = Told::read(&full)?;
    if told.time != old.time {
        return Err(refused::moved());
    }
    let observation = told.into_observation(old.series, old.feature, kind);
    observation.map_err(|reason| misfits(&[(0, reason)], 1))
}

/// Carries out operations, all of them or none. `ids` are what they call each other by: `$id` in a reference is what an earlier one
/// made.
///
/// # Errors
/// The first that cannot be carried out, with its place.
pub(super) fn perform(
    state: &AppState,
    language: &str,
    operations: Vec<Operation>,
    ids: &[String],
) -> Result<Vec<Done>, Failed> {
    let base = state.registry.base();
    let view = state.registry.snapshot().view();
    let mut light = Some((Way::default(), Vec::new()));
    for (place, operation) in operations.iter().enumerate() {
        let Some((way, outcomes)) = &mut light else {
            break;
        };
        let outcome = light_step(state, &view, operation, way);
        match outcome.map_err(|error| (place, error))? {
            Some(outcome) => outcomes.push(outcome),
            None => light = None,
        }
    }
    let (outcomes, told, rows) = match light {
        Some((way, outcomes)) => {
            let told = ready(state, &view, way.waiting).map_err(|error| (0, error))?;
            (outcomes, told, way.rows)
        }
        None => committed(state, language, operations, ids)?,
    };
    let all: Vec<Observation> = told.iter().chain(&rows).cloned().collect();
    if !all.is_empty() {
        let stored = state
            .observations()
            .and_then(|store| Ok(store.append(all)?.wait()?));
        stored.map_err(|error| (0, error))?;
    }
    let done = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Made(kind, iri) => entity_done(base, kind, iri, StatusCode::CREATED),
        Outcome::Changed(kind, iri) => entity_done(base, kind, iri, StatusCode::OK),
        Outcome::Removed => Done {
            status: StatusCode::OK,
            location: None,
            body: None,
            made: None,
        },
        Outcome::Told(place, status) => observation_done(base, told.get(place), status),
        Outcome::Row(place, status) => observation_done(base, rows.get(place), status),
    });
    Ok(done.collect())
}

fn entity_done(base: &str, kind: Kind, iri: String, status: StatusCode) -> Done {
    let id = EntityId::of(kind, base, &iri);
    let address = view::address(base, kind, &id);
    Done {
        status,
        body: Some(json!({ "@iot.id": id.json(), "@iot.selfLink": address })),
        location: (status == StatusCode::CREATED).then_some(address),
        made: Some((kind, iri)),
    }
}

pub(super) fn observation_done(
    base: &str,
    observation: Option<&Observation>,
    status: StatusCode,
) -> Done {
    let body = observation.filter(|one| one.result.is_some()).map(|one| {
        json!({
            "@iot.id": view::observation_id(one),
            "@iot.selfLink": view::observation_address(base, one),
        })
    });
    let address = observation.map(|one| view::observation_address(base, one));
    Done {
        status,
        location: address.filter(|_| status == StatusCode::CREATED),
        body,
        made: None,
    }
}

/// An operation that is about observations alone.
fn light_step(
    state: &AppState,
    view: &View,
    operation: &Operation,
    way: &mut Way,
) -> Result<Option<Outcome>, ApiError> {
    let base = state.registry.base();
    match operation {
        Operation::Create(None, given, body) => {
            let Some(waiting) = plain(view, base, given.as_ref(), body)? else {
                return Ok(None);
            };
            way.waiting.push(waiting);
            let place = way.waiting.len() - 1;
            Ok(Some(Outcome::Told(place, StatusCode::CREATED)))
        }
        Operation::Change(Which::Observation(series, row), body, whole) => {
            let store = state.observations()?;
            let kind = store.series(row.observation.series);
            let kind = kind.map_or(ResultKind::Number, |series| series.kind);
            let row = corrected(base, (series, row), body, kind, *whole)?;
            store.judge(std::slice::from_ref(&row))?;
            way.rows.push(row);
            Ok(Some(Outcome::Row(way.rows.len() - 1, StatusCode::OK)))
        }
        Operation::Remove(Which::Observation(_, row)) => {
            let mut withdrawn = row.observation.clone();
            withdrawn.result = None;
            way.rows.push(withdrawn);
            Ok(Some(Outcome::Row(way.rows.len() - 1, StatusCode::OK)))
        }
        _ => Ok(None),
    }
}

type Committed = (Vec<Outcome>, Vec<Observation>, Vec<Observation>);

/// Makes one commit of operations; what comes back is to be stored after it.
fn committed(
    state: &AppState,
    language: &str,
    operations: Vec<Operation>,
    ids: &[String],
) -> Result<Committed, Failed> {
    let registry = &state.registry;
    let graph = registry.graph_iri(SENSORS_GRAPH);
    let at = Cell::new(0_usize);
    let request = CommitRequest {
        meta: CommitMeta {
            agent: registry.agent_iri("beheerder"),
            activity: registry.activity_iri("sensoren"),
            source: vec![Source {
                iri: view::root(registry.base()),
                sha256: None,
            }],
            message: None,
        },
        mode: None,
        dry_run: false,
        writer: Writer::Anyone,
    };
    // A number whose series was declared for a change that was then given up is not given again: its kind and unit would stay.
    let is_taken = |series: &str| {
        let store = state.observations();
        store.is_ok_and(|store| store.find(series).is_some())
    };
    let outcome = registry.commit(request, |draft| {
        let words = (registry.base(), language);
        let work = Work::new(draft, graph, words, &is_taken);
        let mut session = Session::new(work, registry.base());
        let mut outcomes = Vec::with_capacity(operations.len());
        let mut rows = Way::default();
        for (place, operation) in operations.into_iter().enumerate() {
            at.set(place);
            let outcome = step(state, &mut session, &mut rows, operation)?;
            if let (Outcome::Made(_, iri), Some(id)) = (&outcome, ids.get(place)) {
                session.names.push((format!("${id}"), iri.clone()));
            }
            outcomes.push(outcome);
        }
        if let Ok(store) = state.observations() {
            for iri in std::mem::take(&mut session.series) {
                if let Some(series) = session.work.series(&iri) {
                    store.declare(series)?;
                }
            }
        }
        let view = session.work.view();
        let told = ready(state, &view, std::mem::take(&mut session.waiting))?;
        Ok((outcomes, told, rows.rows))
    });
    outcome
        .map(|outcome| outcome.value)
        .map_err(|error| match error {
            CommitError::Change(error) => error,
            CommitError::Store(error) => error.into(),
            CommitError::Reserved(reserved) => ApiError::reserved(&reserved),
            CommitError::Rejected(rejection) => refusal(&rejection, |_, _| {}),
        })
        .map_err(|error| (at.get(), error))
}

fn step(
    state: &AppState,
    session: &mut Session<'_, '_>,
    rows: &mut Way,
    operation: Operation,
) -> Result<Outcome, ApiError> {
    let gone = |kind: Kind, iri: &str| refused::no_entity(kind.set(), iri);
    match operation {
        Operation::Create(Some(kind), given, body) => {
            let given: Vec<(Kind, String)> = given.into_iter().collect();
            for (end, iri) in &given {
                if !session.work.has(*end, iri) {
                    return Err(gone(*end, iri));
                }
            }
            let iri = session.create(kind, &body, &given, 0)?;
            Ok(Outcome::Made(kind, iri))
        }
        Operation::Create(None, given, body) => {
            let (series, feature) = match given {
                Some((Kind::Datastream, iri)) => (Some(iri), None),
                Some((_, iri)) => (None, Some(iri)),
                None => (None, None),
            };
            let place = session.observation(&body, series, feature, 0)?;
            Ok(Outcome::Told(place, StatusCode::CREATED))
        }
        Operation::Change(Which::Entity(kind, iri), body, whole) => {
            if !session.work.has(kind, &iri) {
                return Err(gone(kind, &iri));
            }
            session.change(kind, &iri, &body, whole)?;
            Ok(Outcome::Changed(kind, iri))
        }
        Operation::Remove(Which::Entity(kind, iri)) => {
            if !session.work.has(kind, &iri) {
                return Err(gone(kind, &iri));
            }
            session.remove(kind, &iri)?;
            Ok(Outcome::Removed)
        }
        Operation::Change(Which::Observation(..), ..)
        | Operation::Remove(Which::Observation(..)) => {
            let view = session.work.view();
            let outcome = light_step(state, &view, &operation, rows)?;
            outcome.ok_or_else(|| ApiError::internal("an observation that takes a commit"))
        }
    }
}
