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
    with_files(&["nq.gz", "geojson.gz"])
}

/// The same, where dumps of addresses of these kinds were made.
fn with_files(extensions: &[&str]) -> Catalogue {
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
            files: extensions.iter().map(|extension| file(extension)).collect(),
            ..Offer::everything(registers)
        },
        dates: &Dates::default(),
    })
}

/// The catalogue to judge by a shapes file. The one with the controlled vocabularies wants algorithms of checksums to begin with
/// `https://spdx.org/`, which none of SPDX does: it gets a catalogue without checksums.
fn to_judge(shapes: &std::path::Path) -> Catalogue {
    let name = shapes.file_name().and_then(|name| name.to_str());
    match name {
        Some("mdr-vocabularies.shape.ttl") => with_files(&[]),
        _ => whole(),
    }
}

fn triples_of(catalogue: &Catalogue) -> Vec<Triple> {
    let entities = entities(catalogue).into_iter();
    entities.flat_map(|entity| entity.triples).collect()
}
