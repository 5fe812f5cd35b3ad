//! The catalogue: what is served, by whose shapes it conforms, and what those who harvest it read.

mod cli;
mod harvested;
mod official;
mod served;

use crate::http::{ADDRESSES, BASE, Server};
use oslo_registry::feeds::catalogue::{
    Catalogue, CatalogueSettings, Dates, DumpFile, Ingredients, Offer, entities,
};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::{Beside, OpenOptions};
use oxrdf::Triple;

/// A server over a registry in a folder, with the test addresses and the words of the example town.
fn town(data: &std::path::Path) -> Server {
    let server = Server::in_folder(data, OpenOptions::default()).with_graph("adressen", ADDRESSES);
    Beside::Catalogue
        .write(data, CatalogueSettings::demo())
        .expect("there is a registry");
    server
}

/// The catalogue of the example town with all that may be offered, dumps that were made among it.
fn whole() -> Catalogue {
    let registry = Registry::in_memory(RegistryConfig {
        base: BASE.to_owned(),
    });
    let registers = registry.registers();
    let settings = CatalogueSettings::parse(CatalogueSettings::demo(), BASE, registers);
    let made = "2026-11-01T08:00:00Z".parse().expect("a moment");
    let file = |extension: &str| DumpFile {
        register: "adressen".to_owned(),
        extension: extension.to_owned(),
        bytes: 1234,
        sha256: "a".repeat(64),
        made,
    };
    Catalogue::describe(&Ingredients {
        base: BASE,
        registers,
        settings: &settings.expect("right"),
        offer: &Offer {
            files: vec![file("nq.gz"), file("geojson.gz")],
            ..Offer::everything(registers)
        },
        dates: &Dates::default(),
    })
}

fn triples_of(catalogue: &Catalogue) -> Vec<Triple> {
    let entities = entities(catalogue).into_iter();
    entities.flat_map(|entity| entity.triples).collect()
}
