//! What sensors are: platforms, places, series, sensors, observed properties and objects of interest, in the words of OGC
//! SensorThings 1.1 and as statements of SOSA. Reads them off a view into a table and makes the statements that a change adds
//! and takes away; commits nothing, renders nothing, and keeps no values: those are in columns (`crate::observations`).
//!
//! | SensorThings | here |
//! |---|---|
//! | Thing | `sosa:Platform` |
//! | Location | a place (`…#Locatie`) with `locn:geometry`, to which the platform's `locn:location` leads |
//! | Datastream | `sosa:ObservationCollection` |
//! | Sensor | `sosa:Sensor`, from when it observes something |
//! | ObservedProperty | `sosa:ObservableProperty` |
//! | FeatureOfInterest | `sosa:FeatureOfInterest` |

mod fields;
mod kind;
mod statements;
mod table;
mod work;

pub use fields::BadField;
pub use kind::{Kind, Navigation, Target};
pub use statements::{is_iri, json_of, series_of};
pub use table::{Entity, EntityId, KeptSensors, SensorTable};
pub use work::Work;

/// Name of the graph with sensors and all that belongs to them.
pub const SENSORS_GRAPH: &str = "sensoren";

/// IRIs that sensors are written with.
pub(crate) mod names {
    /// Our own classes and properties.
    pub(crate) const OWN: &str = "urn:oslo-registry:shapes:sensoren#";
    /// `sosa:`.
    pub(crate) const SOSA: &str = "http://www.w3.org/ns/sosa/";
    /// `dct:`.
    pub(crate) const DCT: &str = "http://purl.org/dc/terms/";
    /// `locn:`.
    pub(crate) const LOCN: &str = "http://www.w3.org/ns/locn#";
    /// `geo:`, GeoSPARQL.
    pub(crate) const GEO: &str = "http://www.opengis.net/ont/geosparql#";
    /// `rdfs:label`.
    pub(crate) const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";
    /// `rdfs:isDefinedBy`.
    pub(crate) const DEFINED_BY: &str = "http://www.w3.org/2000/01/rdf-schema#isDefinedBy";
    /// `qudt:hasUnit`.
    pub(crate) const HAS_UNIT: &str = "http://qudt.org/schema/qudt/hasUnit";
    /// `qudt:unit`, where the unit has a symbol and no IRI.
    pub(crate) const UNIT: &str = "http://qudt.org/schema/qudt/unit";
    /// `adms:`.
    pub(crate) const ADMS: &str = "http://www.w3.org/ns/adms#";
    /// `gen:`, OSLO Generiek.
    pub(crate) const GEN: &str = "https://data.vlaanderen.be/ns/generiek#";
    /// `rdf:JSON`.
    pub(crate) const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
    /// Types of observations of SensorThings.
    pub(crate) const TYPES: &str = "http://www.opengis.net/def/observationType/OGC-OM/2.0/";
}
