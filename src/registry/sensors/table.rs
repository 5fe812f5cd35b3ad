//! All sensors of a state in one table, linked both ways: what requests navigate, filter and count in. Made once for a state
//! and kept until the state changes. Filters nothing itself.

use super::Kind;
use super::names::{LOCN, OWN, SOSA};
use super::statements::{classes, iris, json_of};
use crate::rdf::vocab::rdf;
use crate::store::{Id, Snapshot, View};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};
use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What an entity is called in addresses: its number when this registry gave it one, else its IRI.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityId {
    /// A number.
    Number(u64),
    /// An IRI, quoted in addresses.
    Iri(String),
}

impl EntityId {
    /// Of an IRI.
    pub fn of(kind: Kind, base: &str, iri: &str) -> Self {
        match kind.number(base, iri) {
            Some(number) => Self::Number(number),
            None => Self::Iri(iri.to_owned()),
        }
    }

    /// The IRI.
    pub fn iri(&self, kind: Kind, base: &str) -> String {
        match self {
            Self::Number(number) => kind.iri(base, *number),
            Self::Iri(iri) => iri.clone(),
        }
    }

    /// As `@iot.id`.
    pub fn json(&self) -> Json {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Iri(iri) => iri.as_str().into(),
        }
    }
}

/// As it stands between brackets in an address.
impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Iri(iri) => write!(f, "'{}'", iri.replace('\'', "''")),
        }
    }
}

/// An entity with what it leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its IRI.
    pub iri: String,
    /// What addresses call it.
    pub id: EntityId,
    /// Its properties.
    pub fields: Map<String, Json>,
    /// Places of the entities it leads to, by kind.
    links: [Vec<u32>; 6],
}

impl Entity {
    /// Places of the entities of a kind that it leads to, in their order.
    pub fn links(&self, kind: Kind) -> &[u32] {
        &self.links[kind.place()]
    }
}

/// The table of a state. Entities are in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct SensorTable {
    entities: [Vec<Entity>; 6],
    places: [FxHashMap<String, u32>; 6],
}

impl SensorTable {
    /// Reads a view.
    pub fn read(view: &View, base: &str) -> Self {
        let mut table = Self::default();
        for kind in Kind::ALL {
            let mut found: Vec<Entity> = subjects(view, kind)
                .into_iter()
                .filter_map(|iri| {
                    Some(Entity {
                        id: EntityId::of(kind, base, &iri),
                        fields: json_of(view, kind, &iri)?,
                        iri,
                        links: Default::default(),
                    })
                })
                .collect();
            found.sort_by(|a, b| a.id.cmp(&b.id));
            for (place, entity) in found.iter().enumerate() {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                table.places[kind.place()].insert(entity.iri.clone(), place);
            }
            table.entities[kind.place()] = found;
        }
        table.connect(view);
        table
    }

    fn connect(&mut self, view: &View) {
        let mut links: Vec<(Kind, u32, Kind, u32)> = Vec::new();
        let to = |kind: Kind, iris: Vec<String>| -> Vec<u32> {
            let places = &self.places[kind.place()];
            let found = iris.iter().filter_map(|iri| places.get(iri).copied());
            found.collect()
        };
        let of = |iri: &str, predicate: &str| match view.id_of_iri(iri) {
            Some(node) => iris(view, node, predicate),
            None => Vec::new(),
        };
        for (place, thing) in (0..).zip(self.all(Kind::Thing)) {
            let locations = to(Kind::Location, of(&thing.iri, &format!("{LOCN}location")));
            let locations = locations.into_iter();
            links.extend(locations.map(|to| (Kind::Thing, place, Kind::Location, to)));
        }
        for (place, series) in (0..).zip(self.all(Kind::Datastream)) {
            let sensors = of(&series.iri, &format!("{SOSA}madeBySensor"));
            let mut things = of(&series.iri, &format!("{OWN}platform"));
            if things.is_empty() {
                // Of series that others describe the platform of the sensor is the only one that is told.
                let hosts = sensors
                    .iter()
                    .flat_map(|sensor| of(sensor, &format!("{SOSA}isHostedBy")));
                things = hosts.collect();
            }
            let ends = [
                (Kind::Thing, things),
                (Kind::Sensor, sensors),
                (
                    Kind::ObservedProperty,
                    of(&series.iri, &format!("{SOSA}observedProperty")),
                ),
                (
                    Kind::FeatureOfInterest,
                    of(&series.iri, &format!("{SOSA}hasFeatureOfInterest")),
                ),
            ];
            for (kind, iris) in ends {
                if let Some(end) = to(kind, iris).first() {
                    links.push((Kind::Datastream, place, kind, *end));
                }
            }
        }
        for (from, at, to, end) in links {
            self.entities[from.place()][at as usize].links[to.place()].push(end);
            self.entities[to.place()][end as usize].links[from.place()].push(at);
        }
        for entities in &mut self.entities {
            for entity in entities {
                for places in &mut entity.links {
                    places.sort_unstable();
                    places.dedup();
                }
            }
        }
    }

    /// All entities of a kind.
    pub fn all(&self, kind: Kind) -> &[Entity] {
        &self.entities[kind.place()]
    }

    /// An entity by its place.
    pub fn at(&self, kind: Kind, place: u32) -> Option<&Entity> {
        self.entities[kind.place()].get(place as usize)
    }

    /// The place of an entity.
    pub fn find(&self, kind: Kind, iri: &str) -> Option<u32> {
        self.places[kind.place()].get(iri).copied()
    }
}

/// IRIs of the entities of a kind that a view holds.
fn subjects(view: &View, kind: Kind) -> Vec<String> {
    let mut classes = classes(kind);
    if kind == Kind::Sensor {
        classes.push(format!("{SOSA}Sensor"));
    }
    let Some(a) = view.id_of_iri(rdf::TYPE) else {
        return Vec::new();
    };
    let mut nodes: Vec<Id> = classes
        .iter()
        .filter_map(|class| view.id_of_iri(class))
        .flat_map(|class| view.subjects(a, class))
        .collect();
    nodes.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    nodes.dedup();
    let iris = nodes.into_iter();
    iris.filter_map(|id| view.iri(id).map(|iri| iri.into_owned()))
        .collect()
}

/// The table of the state asked last.
#[derive(Default)]
pub struct KeptSensors(Mutex<Option<(u64, Arc<SensorTable>)>>);

impl KeptSensors {
    /// The table of a state.
    pub fn of(&self, state: &Snapshot, base: &str) -> Arc<SensorTable> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = state.identity();
        if let Some((of, table)) = &*known()
            && *of == identity
        {
            return Arc::clone(table);
        }
        let table = Arc::new(SensorTable::read(&state.view(), base));
        *known() = Some((identity, Arc::clone(&table)));
        table
    }
}
