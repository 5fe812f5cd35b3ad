//! Changes of one request, or of an atomic group of them, gathered in one draft: entities made with all that comes in them,
//! changed and removed; and the observations to be stored once the draft is committed. Nothing here is stored by itself.

use super::super::error::ApiError;
use super::path::entity_id;
use super::refused;
use super::told::Told;
use crate::registry::sensors::{BadField, EntityId, Kind, Navigation, Target, Work};
use serde_json::{Map, Value as Json};

/// Deepest nesting of entities in one body.
const MAX_DEPTH: usize = 6;
/// Most entities made at once.
const MAX_MADE: usize = 5_000;

/// An observation to be stored: its series, its own object of interest, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) series: String,
    pub(super) feature: Option<String>,
    pub(super) told: Told,
}

/// A body in its parts: own properties, and where it leads.
type Body<'j> = (Map<String, Json>, Vec<(Navigation, &'j Json)>);

/// Changes under way.
pub(super) struct Session<'d, 's> {
    pub(super) work: Work<'d, 's>,
    base: String,
    /// Observations to be stored.
    pub(super) waiting: Vec<Waiting>,
    /// Series that are new or changed.
    pub(super) series: Vec<String>,
    /// What `$id` stands for in references of an atomic group.
    pub(super) names: Vec<(String, String)>,
    made: usize,
}

fn bad_field(bad: BadField) -> ApiError {
    refused::field(&bad)
}

/// A body that has to be an object.
pub(super) fn object<'j>(json: &'j Json, what: &str) -> Result<&'j Map<String, Json>, ApiError> {
    json.as_object()
        .ok_or_else(|| refused::wrong("", what, "een JSON-object", "a JSON object"))
}

/// The id of a reference `{"@iot.id": …}`; `None` when it is a whole entity.
pub(super) fn reference(json: &Json) -> Option<EntityId> {
    match json.get("@iot.id")? {
        Json::Number(number) => number.as_u64().map(EntityId::Number),
        Json::String(text) => Some(entity_id(text)),
        _ => None,
    }
}

/// Annotations that come back from clients with what they read before.
fn is_annotation(key: &str) -> bool {
    const ENDS: [&str; 5] = [
        "@iot.navigationLink",
        "@iot.selfLink",
        "@iot.count",
        "@iot.nextLink",
        "@odata.type",
    ];
    ENDS.iter().any(|end| key.ends_with(end))
}

impl<'d, 's> Session<'d, 's> {
    pub(super) fn new(work: Work<'d, 's>, base: &str) -> Self {
        Self {
            work,
            base: base.to_owned(),
            waiting: Vec::new(),
            series: Vec::new(),
            names: Vec::new(),
            made: 0,
        }
    }

    /// Makes an entity with all that comes in it. `given` are the ends that the address names.
    ///
    /// # Errors
    /// 400 for what does not fit, 422 for references to nothing.
    pub(super) fn create(
        &mut self,
        kind: Kind,
        body: &Json,
        given: &[(Kind, String)],
        depth: usize,
    ) -> Result<String, ApiError> {
        self.made += 1;
        if depth > MAX_DEPTH || self.made > MAX_MADE {
            return Err(refused::wrong(
                "",
                kind.name(),
                "hoogstens 5.000 objecten, 6 diep",
                "at most 5,000 entities, 6 deep",
            ));
        }
        let body = object(body, kind.name())?;
        let (fields, navigations) = self.parts(kind, body, false)?;
        let iri = self.work.create(kind, &fields).map_err(bad_field)?;
        if kind == Kind::Datastream {
            return self.finish_series(iri, &navigations, given, depth);
        }
        for (end, of) in given {
            self.connect(kind, &iri, *end, of);
        }
        for (navigation, value) in navigations {
            let Target::Entities(end) = navigation.target else {
                // Of an object of interest.
                for one in list(navigation.name, value)? {
                    self.observation(one, None, Some(iri.clone()), depth + 1)?;
                }
                continue;
            };
            for one in list(navigation.name, value)? {
                match (end, reference(one)) {
                    (Kind::Datastream, None) => {
                        self.create(end, one, &[(kind, iri.clone())], depth + 1)?;
                    }
                    (_, None) => {
                        let made = self.create(end, one, &[], depth + 1)?;
                        self.connect(kind, &iri, end, &made);
                    }
                    (_, Some(id)) => {
                        let there = self.existing(end, &id)?;
                        self.connect(kind, &iri, end, &there);
                    }
                }
            }
        }
        Ok(iri)
    }

    /// Links a new series to its ends and takes its observations in.
    fn finish_series(
        &mut self,
        iri: String,
        navigations: &[(Navigation, &Json)],
        given: &[(Kind, String)],
        depth: usize,
    ) -> Result<String, ApiError> {
        for end in [Kind::Thing, Kind::Sensor, Kind::ObservedProperty] {
            let given = given.iter().find(|(kind, _)| *kind == end);
            let told = navigations
                .iter()
                .find(|(navigation, _)| navigation.name == end.name());
            let found = match (told, given) {
                (Some((_, value)), _) => self.end(end, value, depth)?,
                (None, Some((_, iri))) => iri.clone(),
                (None, None) => {
                    return Err(refused::wrong(
                        &format!("/{end}"),
                        &format!("Datastream.{end}"),
                        "een verwijzing {\"@iot.id\": …} of een heel object",
                        "a reference {\"@iot.id\": …} or a whole entity",
                    ));
                }
            };
            self.work.link_series(&iri, end, &found);
        }
        self.work.derive_series(&iri);
        self.series.push(iri.clone());
        for (navigation, value) in navigations {
            if navigation.target == Target::Observations {
                for one in list(navigation.name, value)? {
                    self.observation(one, Some(iri.clone()), None, depth + 1)?;
                }
            }
        }
        Ok(iri)
    }

    /// What a single navigation property holds: a reference or a whole entity.
    fn end(&mut self, kind: Kind, value: &Json, depth: usize) -> Result<String, ApiError> {
        match reference(value) {
            Some(id) => self.existing(kind, &id),
            None => self.create(kind, value, &[], depth + 1),
        }
    }

    fn existing(&mut self, kind: Kind, id: &EntityId) -> Result<String, ApiError> {
        let iri = id.iri(kind, &self.base);
        let made = self.names.iter().find(|(name, _)| *name == iri);
        let iri = made.map_or(iri, |(_, made)| made.clone());
        if self.work.has(kind, &iri) {
            Ok(iri)
        } else {
            Err(refused::dangling(kind.name(), &id.to_string()))
        }
    }

    /// Links two entities that are no series.
    fn connect(&mut self, kind: Kind, iri: &str, end: Kind, to: &str) {
        match (kind, end) {
            (Kind::Thing, Kind::Location) => self.work.put_at(iri, to),
            (Kind::Location, Kind::Thing) => self.work.put_at(to, iri),
            (_, Kind::Datastream) => {
                self.work.link_series(to, kind, iri);
                self.work.derive_series(to);
                self.series.push(to.to_owned());
            }
            _ => {}
        }
    }

    /// Cuts a body into properties and navigation properties.
    fn parts<'j>(
        &self,
        kind: Kind,
        body: &'j Map<String, Json>,
        is_change: bool,
    ) -> Result<Body<'j>, ApiError> {
        let mut fields = Map::new();
        let mut navigations = Vec::new();
        for (key, value) in body {
            if kind.properties().contains(&key.as_str()) {
                fields.insert(key.clone(), value.clone());
            } else if let Some(navigation) = kind.navigation(key) {
                if !value.is_null() {
                    navigations.push((navigation, value));
                }
            } else if key == "@iot.id" && !value.is_null() && !is_change {
                return Err(refused::wrong(
                    "/@iot.id",
                    &format!("{kind}.@iot.id"),
                    "niets: het register geeft het nummer",
                    "nothing: the registry gives the number",
                ));
            } else if key == "@iot.id" || is_annotation(key) || value.is_null() {
                // Comes back with what was read before.
            } else {
                let known = kind.properties().join(", ");
                return Err(refused::wrong(
                    &format!("/{key}"),
                    &format!("{kind}.{key}"),
                    &format!("een bekende eigenschap ({known})"),
                    &format!("a known property ({known})"),
                ));
            }
        }
        Ok((fields, navigations))
    }

    /// Takes an observation in. `series` and `feature` are what it is part of.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub(super) fn observation(
        &mut self,
        body: &Json,
        series: Option<String>,
        feature: Option<String>,
        depth: usize,
    ) -> Result<usize, ApiError> {
        let body = object(body, "Observation")?;
        let parts = Parts::of(body)?;
        let series = match (series, parts.series) {
            (_, Some(value)) => match reference(value) {
                Some(id) => self.existing(Kind::Datastream, &id)?,
                None => self.create(Kind::Datastream, value, &[], depth + 1)?,
            },
            (Some(series), None) => series,
            (None, None) => return Err(no_series()),
        };
        let feature = match (feature, parts.feature) {
            (_, Some(value)) => Some(self.end(Kind::FeatureOfInterest, value, depth)?),
            (feature, None) => feature,
        };
        let told = Told::read(body)?;
        self.waiting.push(Waiting {
            series,
            feature,
            told,
        });
        Ok(self.waiting.len() - 1)
    }

    /// Changes an entity: its properties, and where it leads. What is not said goes when `whole`.
    ///
    /// # Errors
    /// As [`Self::create`]; 409 for what others wrote.
    pub(super) fn change(
        &mut self,
        kind: Kind,
        iri: &str,
        body: &Json,
        whole: bool,
    ) -> Result<(), ApiError> {
        if !self.work.is_ours(kind, iri) {
            return Err(refused::elsewhere(iri));
        }
        let body = object(body, kind.name())?;
        let (mut fields, navigations) = self.parts(kind, body, true)?;
        if whole {
            for &name in kind.properties() {
                fields.entry(name).or_insert(Json::Null);
            }
        }
        if !fields.is_empty() {
            self.work.change(kind, iri, &fields).map_err(bad_field)?;
        }
        for (navigation, value) in navigations {
            let bad = || {
                refused::wrong(
                    &format!("/{}", navigation.name),
                    &format!("{kind}.{}", navigation.name),
                    "een verwijzing {\"@iot.id\": …}; hele objecten worden apart gemaakt",
                    "a reference {\"@iot.id\": …}; whole entities are made by themselves",
                )
            };
            let Target::Entities(end) = navigation.target else {
                return Err(bad());
            };
            if kind == Kind::Thing && end == Kind::Location {
                self.work.leave(iri);
            }
            for one in list(navigation.name, value)? {
                let there = self.existing(end, &reference(one).ok_or_else(bad)?)?;
                if kind == Kind::Datastream {
                    self.work.link_series(iri, end, &there);
                } else {
                    self.connect(kind, iri, end, &there);
                }
            }
        }
        if kind == Kind::Datastream {
            self.work.derive_series(iri);
            self.series.push(iri.to_owned());
        }
        Ok(())
    }

    /// Removes an entity and what cannot be without it.
    ///
    /// # Errors
    /// 409 for what others wrote, or what series are about.
    pub(super) fn remove(&mut self, kind: Kind, iri: &str) -> Result<(), ApiError> {
        if !self.work.is_ours(kind, iri) {
            return Err(refused::elsewhere(iri));
        }
        if kind == Kind::FeatureOfInterest && !self.work.series_about(iri).is_empty() {
            return Err(refused::in_use(iri));
        }
        let gone = self.work.remove(kind, iri);
        self.series.retain(|series| !gone.contains(series));
        Ok(())
    }
}

/// A body with an observation, in its parts.
pub(super) struct Parts<'j> {
    pub(super) series: Option<&'j Json>,
    pub(super) feature: Option<&'j Json>,
}

impl<'j> Parts<'j> {
    /// Refuses what no observation has.
    pub(super) fn of(body: &'j Map<String, Json>) -> Result<Self, ApiError> {
        const KNOWN: [&str; 6] = [
            "phenomenonTime",
            "resultTime",
            "result",
            "resultQuality",
            "validTime",
            "parameters",
        ];
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        for (key, value) in body {
            let is_known = KNOWN.contains(&key.as_str())
                || matches!(key.as_str(), "Datastream" | "FeatureOfInterest")
                || is_annotation(key)
                || value.is_null();
            if !is_known {
                return Err(refused::wrong(
                    &format!("/{key}"),
                    &format!("Observation.{key}"),
                    "een bekende eigenschap (phenomenonTime, resultTime, result, resultQuality)",
                    "a known property (phenomenonTime, resultTime, result, resultQuality)",
                ));
            }
        }
        Ok(Self {
            series: given("Datastream"),
            feature: given("FeatureOfInterest"),
        })
    }
}

/// An observation of no series.
pub(super) fn no_series() -> ApiError {
    refused::wrong(
        "/Datastream",
        "Observation.Datastream",
        "een verwijzing {\"@iot.id\": …}",
        "a reference {\"@iot.id\": …}",
    )
}

/// The values of a navigation property: one or a list.
fn list<'j>(name: &str, value: &'j Json) -> Result<Vec<&'j Json>, ApiError> {
    match value {
        Json::Array(values) => Ok(values.iter().collect()),
        Json::Object(_) => Ok(vec![value]),
        _ => Err(refused::wrong(
            &format!("/{name}"),
            name,
            "een object of een lijst van objecten",
            "an object or a list of objects",
        )),
    }
}
