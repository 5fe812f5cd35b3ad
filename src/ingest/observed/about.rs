//! What the registry says of a series (`sosa:ObservationCollection`): whose it is, what it measures, in which unit. A series that
//! the store does not know yet is declared from these statements when somebody first tells something of it.

use crate::observations::{Kind, ObservationError, ObservationStore, Series, SeriesId};
use crate::rdf::vocab::rdf;
use crate::registry::Registry;
use crate::store::{Id, View};
use oxrdf::Term;
use std::collections::HashMap;
use std::sync::Arc;

/// `sosa:`, the vocabulary of observations ([SOSA/SSN](https://www.w3.org/TR/vocab-ssn/)).
pub(super) const SOSA: &str = "http://www.w3.org/ns/sosa/";
/// `qudt:`, units and quantities.
pub(super) const QUDT: &str = "http://qudt.org/schema/qudt/";
const DCT: &str = "http://purl.org/dc/terms/";
/// What Observations and Measurements calls kinds of results; SensorThings names them so too.
const OM_TYPES: &str = "http://www.opengis.net/def/observationType/OGC-OM/2.0/";
/// Where units are that are written short, `unit:DEG_C`.
const QUDT_UNITS: &str = "http://qudt.org/vocab/unit/";

/// A unit in full: `unit:DEG_C` is the one of QUDT.
pub(super) fn unit_in_full(unit: &str) -> String {
    match unit.strip_prefix("unit:") {
        Some(name) => format!("{QUDT_UNITS}{name}"),
        None => unit.to_owned(),
    }
}

/// What the registry says of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesAbout {
    /// Its titles: text, and language tag where there is one.
    pub titles: Vec<(String, Option<String>)>,
    /// IRI or symbol of the unit.
    pub unit: Option<String>,
    /// What its results are; numbers when nobody says.
    pub kind: Option<Kind>,
    /// IRI of the sensor.
    pub sensor: Option<String>,
    /// IRI of the property observed.
    pub property: Option<String>,
    /// IRI of the feature of interest.
    pub feature: Option<String>,
}

impl SeriesAbout {
    /// The title in a language, else in any.
    pub fn title(&self, language: &str) -> Option<&str> {
        let in_it = |(_, tag): &&(String, Option<String>)| {
            tag.as_deref().is_some_and(|tag| tag.starts_with(language))
        };
        let found = self.titles.iter().find(in_it).or(self.titles.first());
        found.map(|(text, _)| text.as_str())
    }
}

/// What a view says of a series; `None` when it says nothing that makes it one.
pub fn about(view: &View, iri: &str) -> Option<SeriesAbout> {
    let subject = view.id_of_iri(iri)?;
    let class = view.id_of_iri(&format!("{SOSA}ObservationCollection"))?;
    let kind = view.id_of_iri(rdf::TYPE)?;
    view.contains(subject, kind, class).then_some(())?;
    let values = |predicate: &str| -> Vec<Term> {
        let found = view.id_of_iri(predicate);
        found.map_or_else(Vec::new, |predicate| {
            let objects = view.objects(subject, predicate);
            objects.map(|id| view.term(id)).collect()
        })
    };
    let text = |predicate: &str| values(predicate).first().and_then(plain);
    let mut out = SeriesAbout {
        unit: text(&format!("{QUDT}hasUnit")).or_else(|| text(&format!("{QUDT}unit"))),
        sensor: text(&format!("{SOSA}madeBySensor")),
        property: text(&format!("{SOSA}observedProperty")),
        feature: text(&format!("{SOSA}hasFeatureOfInterest")),
        ..SeriesAbout::default()
    };
    for title in values(&format!("{DCT}title")) {
        if let Term::Literal(title) = title {
            let tag = title.language().map(str::to_owned);
            out.titles.push((title.value().to_owned(), tag));
        }
    }
    // Whatever the statement is called by that says it: the names of these kinds are theirs alone.
    out.kind = view
        .star(subject)
        .find_map(|(_, object): (Id, Id)| kind_of(&view.iri(object)?));
    Some(out)
}

fn kind_of(iri: &str) -> Option<Kind> {
    match iri.strip_prefix(OM_TYPES)? {
        "OM_Measurement" => Some(Kind::Number),
        "OM_CountObservation" => Some(Kind::Integer),
        "OM_TruthObservation" => Some(Kind::Boolean),
        "OM_CategoryObservation" | "OM_Observation" => Some(Kind::Text),
        _ => None,
    }
}

fn plain(term: &Term) -> Option<String> {
    match term {
        Term::NamedNode(node) => Some(node.as_str().to_owned()),
        Term::Literal(literal) => Some(literal.value().to_owned()),
        _ => None,
    }
}

/// A series as those who read a batch need it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: SeriesId,
    pub(super) series: Arc<Series>,
}

/// Series and features by IRI, while one batch is read.
pub struct Known<'a> {
    store: &'a ObservationStore,
    registry: &'a Registry,
    view: View,
    series: HashMap<String, Option<Found>>,
    /// Features of interest of series, as far as somebody asked.
    features: HashMap<SeriesId, Option<String>>,
}

impl<'a> Known<'a> {
    /// The series of a store, with what the newest state of a registry says of them.
    pub fn new(store: &'a ObservationStore, registry: &'a Registry) -> Self {
        Self {
            store,
            registry,
            view: registry.snapshot().view(),
            series: HashMap::new(),
            features: HashMap::new(),
        }
    }

    /// The full IRI of a series: a name alone is one of this registry.
    pub fn iri_of(&self, name: &str) -> String {
        series_iri(self.registry.base(), name)
    }

    /// The series of an IRI or a name; declares it in the store when the registry describes it and the store has none.
    pub(super) fn series(&mut self, name: &str) -> Result<Option<Found>, ObservationError> {
        if let Some(known) = self.series.get(name) {
            return Ok(known.clone());
        }
        let iri = self.iri_of(name);
        let id = match self.store.find(&iri) {
            Some(id) => Some(id),
            // What the registry says is asked once: kind and unit of a declared series never change.
            None => match about(&self.view, &iri) {
                Some(said) => Some(self.store.declare(Series {
                    iri,
                    kind: said.kind.unwrap_or(Kind::Number),
                    unit: said.unit,
                })?),
                None => None,
            },
        };
        let found = id.and_then(|id| {
            let series = self.store.series(id)?;
            Some(Found { id, series })
        });
        self.series.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// The number of a feature in a series: 0 when it is that of the series.
    pub(super) fn feature(
        &mut self,
        series: &Found,
        iri: &str,
    ) -> Result<crate::observations::FeatureId, ObservationError> {
        let view = &self.view;
        let own = self.features.entry(series.id).or_insert_with(|| {
            let said = about(view, &series.series.iri);
            said.and_then(|said| said.feature)
        });
        if own.as_deref() == Some(iri) {
            return Ok(crate::observations::FeatureId::default());
        }
        self.store.declare_feature(iri)
    }

    /// The one series of a sensor and a property, where there is one and no more.
    pub(super) fn by_sensor(&self, sensor: &str, property: &str) -> Option<String> {
        let view = &self.view;
        let made_by = view.id_of_iri(&format!("{SOSA}madeBySensor"))?;
        let observes = view.id_of_iri(&format!("{SOSA}observedProperty"))?;
        let sensor = view.id_of_iri(sensor)?;
        let property = view.id_of_iri(property)?;
        let class = view.id_of_iri(&format!("{SOSA}ObservationCollection"))?;
        let kind = view.id_of_iri(rdf::TYPE)?;
        let mut found = view
            .subjects(made_by, sensor)
            .filter(|id| view.contains(*id, observes, property))
            .filter(|id| view.contains(*id, kind, class));
        let one = found.next()?;
        match found.next() {
            Some(_) => None,
            None => view.iri(one).map(std::borrow::Cow::into_owned),
        }
    }
}

/// The IRI of a series of this registry by its name alone; a whole IRI stays as it is.
pub(super) fn series_iri(base: &str, name: &str) -> String {
    if name.contains(':') {
        name.to_owned()
    } else {
        format!("{base}/id/observatieverzameling/{name}")
    }
}
