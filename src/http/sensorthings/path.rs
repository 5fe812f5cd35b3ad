//! Addresses of SensorThings: `Things(1)/Datastreams(2)/Observations`, down to a property, `$value` and `$ref`. Finds what they
//! mean in a state; reads no options.

use super::super::error::ApiError;
use super::refused;
use super::world::{Item, Start, World, is_many, target};
use crate::observations::{FeatureId, Row, Scan, SeriesId};
use crate::registry::sensors::{EntityId, Kind, Target};
use crate::views::sensorthings::{OBSERVATION_PROPERTIES, read_observation_id};

/// Most segments of an address.
const MAX_SEGMENTS: usize = 12;
/// Longest address, in bytes.
const MAX_BYTES: usize = 8_000;

/// A segment: a name, and what stands in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) name: String,
    pub(super) key: Option<String>,
}

/// An entity, or an observation with its row.
#[derive(Clone, Debug)]
pub(super) enum One {
    Entity(Kind, u32),
    Observation(u32, Box<Row>),
}

impl One {
    pub(super) fn item(&self) -> Item<'_> {
        match self {
            Self::Entity(kind, place) => Item::Entity(*kind, *place),
            Self::Observation(place, row) => Item::Observation(*place, row),
        }
    }

    pub(super) fn start(&self) -> Start {
        match self {
            Self::Entity(kind, _) => Start::Entity(*kind),
            Self::Observation(..) => Start::Observation,
        }
    }
}

/// Which observations: of some series, and of one object where that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) series: Vec<u32>,
    pub(super) feature: Option<u32>,
}

/// What an address means.
#[derive(Clone, Debug)]
pub(super) enum Found {
    Root,
    /// Entities of a kind.
    Set(Kind, Vec<u32>),
    Observations(Scope),
    One(One),
    /// A navigation property that leads nowhere.
    Nothing,
    /// A property: its name, the path below it, and whether the bare value is asked.
    Property(One, Vec<String>, bool),
}

/// Cuts an address into segments.
///
/// # Errors
/// 404 for what is none.
pub(super) fn segments(path: &str) -> Result<Vec<Segment>, ApiError> {
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let bad = |part: &str| {
        let shown: String = part.chars().take(100).collect();
        Err(refused::path(
            &shown,
            (
                "dit is geen deel van een adres",
                "this is no part of an address",
            ),
        ))
    };
    if path.len() > MAX_BYTES {
        return bad(path);
    }
    let parts = super::options::split(path, '/');
    if parts.len() > MAX_SEGMENTS {
        return bad(path);
    }
    let mut out = Vec::new();
    for part in parts {
        let (name, key) = match part.split_once('(') {
            None => (part, None),
            Some((name, key)) => match key.strip_suffix(')') {
                Some(key) if !key.is_empty() => (name, Some(key.to_owned())),
                _ => return bad(part),
            },
        };
        let is_name = |c: char| c.is_alphanumeric() || "$@._-".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return bad(part);
        }
        out.push(Segment {
            name: name.to_owned(),
            key,
        });
    }
    Ok(out)
}

/// The text between quotes, doubled inside; what is not quoted as it is.
fn unquoted(key: &str) -> String {
    let inner = key
        .strip_prefix('\'')
        .and_then(|key| key.strip_suffix('\''));
    match inner {
        Some(inner) => inner.replace("''", "'"),
        None => key.to_owned(),
    }
}

/// The id in brackets.
pub(super) fn entity_id(key: &str) -> EntityId {
    let text = unquoted(key);
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => EntityId::Number(number),
        _ => EntityId::Iri(text),
    }
}

/// The place of an entity of an id.
pub(super) fn entity(world: &World, kind: Kind, id: &EntityId) -> Result<u32, ApiError> {
    let iri = id.iri(kind, &world.base);
    let found = world.table.find(kind, &iri);
    found.ok_or_else(|| refused::no_entity(kind.set(), &id.to_string()))
}

/// The observation of an id, as it holds.
pub(super) fn observation(world: &World, key: &str) -> Result<(u32, Row), ApiError> {
    let id = unquoted(key);
    let missing = || refused::no_entity("Observations", &format!("'{id}'"));
    let (series, at, feature) = read_observation_id(&id).ok_or_else(missing)?;
    let store = world.store.as_ref().ok_or_else(missing)?;
    let series = SeriesId(series);
    let iri = store.series(series).ok_or_else(missing)?;
    let place = world.table.find(Kind::Datastream, &iri.iri);
    let place = place.ok_or_else(missing)?;
    let mut found = None;
    store.scan(&Scan::new(series, at..at.saturating_add(1)), |row| {
        if row.observation.feature == FeatureId(feature) {
            found = Some(row);
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok((place, found.ok_or_else(missing)?))
}

/// All series of a state.
fn all_series(world: &World) -> Vec<u32> {
    let count = world.table.all(Kind::Datastream).len();
    (0..u32::try_from(count).unwrap_or(u32::MAX)).collect()
}

fn all(world: &World, kind: Kind) -> Vec<u32> {
    let count = world.table.all(kind).len();
    (0..u32::try_from(count).unwrap_or(u32::MAX)).collect()
}

/// The observations that an entity leads to.
pub(super) fn scope(world: &World, kind: Kind, place: u32) -> Scope {
    match kind {
        Kind::FeatureOfInterest => Scope {
            series: all_series(world),
            feature: Some(place),
        },
        _ => Scope {
            series: vec![place],
            feature: None,
        },
    }
}

/// Finds what an address means. Where `$ref` ends it, the second is true.
///
/// # Errors
/// 404 with the segment that leads nowhere.
pub(super) fn find(world: &World, segments: &[Segment]) -> Result<(Found, bool), ApiError> {
    let mut found = Found::Root;
    let mut rest = segments.iter();
    while let Some(segment) = rest.next() {
        let name = segment.name.as_str();
        let lost = || refused::path(name, ("dit leidt nergens heen", "this leads nowhere"));
        if name == "$ref" && segment.key.is_none() {
            let is_last = rest.len() == 0;
            return match &found {
                Found::Set(..) | Found::Observations(..) | Found::One(_) if is_last => {
                    Ok((found, true))
                }
                _ => Err(lost()),
            };
        }
        found = match found {
            Found::Root => match Kind::of_set(name) {
                Some(kind) => Found::Set(kind, all(world, kind)),
                None if name == "Observations" => {
                    let series = all_series(world);
                    Found::Observations(Scope {
                        series,
                        feature: None,
                    })
                }
                None => return Err(lost()),
            },
            Found::One(one) => match target(one.start(), name) {
                Some(Target::Entities(kind)) => {
                    let ends = world.ends(one.item(), kind);
                    match (is_many(one.start(), name), ends.first()) {
                        (true, _) => Found::Set(kind, ends),
                        (false, Some(end)) => Found::One(One::Entity(kind, *end)),
                        (false, None) => Found::Nothing,
                    }
                }
                Some(Target::Observations) => match one {
                    One::Entity(kind, place) => Found::Observations(scope(world, kind, place)),
                    One::Observation(..) => return Err(lost()),
                },
                None => {
                    let own: &[&str] = match one.start() {
                        Start::Entity(kind) => kind.properties(),
                        Start::Observation => &OBSERVATION_PROPERTIES,
                    };
                    if segment.key.is_some() || !own.contains(&name) {
                        return Err(lost());
                    }
                    Found::Property(one, vec![name.to_owned()], false)
                }
            },
            Found::Property(one, path, false) if name == "$value" => {
                Found::Property(one, path, true)
            }
            Found::Property(one, mut path, false) if segment.key.is_none() => {
                path.push(name.to_owned());
                Found::Property(one, path, false)
            }
            _ => return Err(lost()),
        };
        if let Some(key) = &segment.key {
            found = match found {
                Found::Set(kind, members) => {
                    let place = entity(world, kind, &entity_id(key))?;
                    if !members.contains(&place) {
                        return Err(refused::no_entity(kind.set(), key));
                    }
                    Found::One(One::Entity(kind, place))
                }
                Found::Observations(scope) => {
                    let (place, row) = observation(world, key)?;
                    if !scope.series.contains(&place) {
                        return Err(refused::no_entity("Observations", key));
                    }
                    Found::One(One::Observation(place, Box::new(row)))
                }
                _ => return Err(lost()),
            };
        }
    }
    Ok((found, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_outside_of_quotes_and_brackets() {
        let found =
            segments("Things('https://a.be/b')/Datastreams(2)/name/$value").expect("segments");
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["Things", "Datastreams", "name", "$value"]);
        assert_eq!(found[0].key.as_deref(), Some("'https://a.be/b'"));
        assert_eq!(
            entity_id("'https://a.be/b'"),
            EntityId::Iri("https://a.be/b".to_owned())
        );
        assert_eq!(entity_id("07"), EntityId::Iri("07".to_owned()));
        assert_eq!(entity_id("7"), EntityId::Number(7));
        for wrong in ["Things()", "Things(1", "a b", "(1)", "a//b"] {
            assert!(segments(wrong).is_err(), "{wrong}");
        }
    }
}
