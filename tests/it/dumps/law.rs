//! The law of dumps: N-Quads and TriG hold exactly the statements of the documents of all items, whatever these are.

use super::{Folder, Options, content, quads};
use crate::http::Server;
use oslo_registry::feeds::dumps::{self, Format, Packing};
use oslo_registry::store::OpenOptions;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One statement: subject, predicate, object and graph by number.
type Drawn = (usize, usize, usize, usize);

const SUBJECTS: [&str; 7] = [
    "<https://data.vlaanderen.be/id/adres/1>",
    "<https://data.vlaanderen.be/id/adres/2>",
    "<https://data.vlaanderen.be/id/adres/12>",
    "<http://elders.example/adres>",
    "<https://data.vlaanderen.be/.well-known/genid/adres/1/id>",
    "_:a",
    "_:b",
];
const PREDICATES: [&str; 5] = [
    "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>",
    "<http://www.w3.org/ns/adms#identifier>",
    "<https://data.vlaanderen.be/ns/adres#heeftGemeentenaam>",
    "<https://data.vlaanderen.be/ns/adres#huisnummer>",
    "<http://e/p>",
];
const OBJECTS: [&str; 6] = [
    "<https://data.vlaanderen.be/ns/adres#Adres>",
    "\"x|\\\\\"@nl",
    "\"5\"^^<http://www.w3.org/2001/XMLSchema#integer>",
    "\"\\u0001\\n\"",
    "<http://e/o>",
    "\"\"",
];

fn text(drawn: &[Drawn]) -> [String; 3] {
    let mut graphs = [String::new(), String::new(), String::new()];
    for (subject, predicate, object, graph) in drawn {
        let object = match object.checked_sub(OBJECTS.len()) {
            None => OBJECTS[*object],
            Some(at) => SUBJECTS[at],
        };
        let (subject, predicate) = (SUBJECTS[*subject], PREDICATES[*predicate]);
        writeln!(graphs[*graph], "{subject} {predicate} {object} .").expect("a String");
    }
    graphs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_dump_is_the_union_of_the_documents(drawn in proptest::collection::vec(
        (0..SUBJECTS.len(), 0..PREDICATES.len(), 0..OBJECTS.len() + SUBJECTS.len(), 0..3_usize), 1..40)) {
        let dir = tempfile::tempdir().expect("a folder");
        let server = Server::in_folder(dir.path(), OpenOptions::default());
        for (at, graph) in text(&drawn).iter().enumerate() {
            server.load(&format!("g{at}"), graph.as_bytes());
        }
        let folder = Folder::of_data(dir.path());
        let slot = folder.claim().expect("a free folder");
        let options = Options {
            formats: vec![Format::NQuads, Format::TriG],
            packings: vec![Packing::Zstd],
            ..Options::default()
        };
        let registry = &server.registry;
        let register = registry.register("adressen").expect("declared");
        let made = dumps::make(registry, &registry.snapshot(), (&folder, &slot), register, &options, &mut |_, _| {})
            .expect("made");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let mut expected = BTreeSet::new();
        let page = runtime.block_on(server.get("/api/adressen?limit=500")).json();
        for item in page["data"].as_array().expect("items") {
            let iri = item["@id"].as_str().expect("an IRI");
            let known = ["1", "2", "12"].iter().find(|id| iri == format!("https://data.vlaanderen.be/id/adres/{id}"));
            let path = match known {
                Some(id) => format!("/doc/adres/{id}"),
                // Written in its register's way: what is nested is declared there.
                None => continue,
            };
            let document = runtime.block_on(server.get_as(&path, "application/n-quads"));
            expected.extend(quads(document.text(), oxigraph::io::RdfFormat::NQuads));
        }
        let nquads = quads(&content(&folder, made.manifest(), "nq.zst"), oxigraph::io::RdfFormat::NQuads);
        let trig = quads(&content(&folder, made.manifest(), "trig.zst"), oxigraph::io::RdfFormat::TriG);
        prop_assert_eq!(&nquads, &trig);
        prop_assert_eq!(made.manifest().statements, Some(nquads.len() as u64));
        prop_assert!(expected.is_subset(&nquads), "lacking: {:?}", expected.difference(&nquads).collect::<Vec<_>>());
        // What else there is, is of items of another pattern, whose documents nest by no register, and of what they nest.
        let elsewhere = page["data"].as_array().expect("items").iter()
            .any(|item| !item["@id"].as_str().expect("an IRI").starts_with("https://data.vlaanderen.be/id/adres/"));
        if !elsewhere {
            prop_assert_eq!(nquads, expected);
        }
    }
}
