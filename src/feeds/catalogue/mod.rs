//! The catalogue of the registry ([DCAT-AP 3.0.1](https://semiceu.github.io/DCAT-AP/releases/3.0.0/), DCAT-AP-VL, GeoDCAT-AP-VL,
//! HVD): made of the register declarations, what the steward says, what this server offers and when registers last changed.
//!
//! `declared` is the data that ship, `settings` the steward's words, `offer` what is offered, `dates` what the log tells,
//! `describe` makes a [`Catalogue`] of them, `statements` writes it as entities of triples, `pages` cuts it, `check` judges
//! it by our own shapes, `schema_org` tells a data set to search engines, `feed` is the stream of what changed in it, `kept` makes
//! all of it once for each state. Knows no HTTP and no files.
//!
//! Validators live with a closed world: every code needs its class and scheme, every reference the class of what it leads to.
//! What the catalogue cannot say of others' IRIs is in [`background`].

mod check;
mod dates;
mod declared;
mod describe;
mod feed;
mod kept;
mod offer;
mod pages;
mod schema_org;
mod sensors;
mod settings;
mod statements;

pub use check::{CatalogueVerdict, check};
pub use dates::{Dates, KnownDates};
pub use declared::Keywords;
pub use describe::{Catalogue, Dataset, Distribution, Ingredients, Service};
pub use feed::{Activity, ActivityKind, CatalogueFeed, FEED_PAGE};
pub use kept::{KeptCatalogue, MadeCatalogue, SettingsState, settings_of};
pub use offer::{DumpFile, Offer};
pub use pages::{CataloguePage, PAGE_DATASETS, page_of};
pub use schema_org::{dataset_json, in_script};
pub use settings::{
    CatalogueSettings, Contact, DatasetSettings, Publisher, SettingsProblem, Spatial,
};
pub use statements::{Entity, EntityKind, entities};

use oxrdf::Triple;

/// What a validator needs to know beside the catalogue: code lists, licences, and which classes are classes of others.
pub fn background() -> Vec<Triple> {
    declared::declared().background()
}

/// The name for people of a code or licence that the catalogue refers to; `None` for others' IRIs.
pub fn name_of_code(iri: &str) -> Option<crate::rdf::label::Text> {
    declared::declared().name(iri)
}
