//! Documents of every shipped example read back as exactly the stored statements, and pages cover whole registers.

use super::http::{BASE, Server};
use oslo_registry::ingest::ContextStore;
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::Match;
use oslo_registry::registry::assets::demo_files;
use oslo_registry::store::View;
use oslo_registry::views::{Context, EmbedRules, Names, Rules, Tree, compact, jsonld};
use oxrdf::{Dataset, GraphName, Quad, dataset::CanonicalizationAlgorithm};
use serde_json::Value as Json;
use std::sync::Arc;

fn canonical(quads: impl IntoIterator<Item = Quad>) -> Vec<String> {
    let mut dataset: Dataset = quads.into_iter().collect();
    dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
    let mut lines: Vec<String> = dataset.iter().map(|quad| quad.to_string()).collect();
    lines.sort();
    lines
}

pub(crate) fn demo() -> Server {
    let server = Server::empty();
    for asset in demo_files() {
        let extension = asset
            .path
            .rsplit('.')
            .next()
            .expect("assets have extensions");
        let format = Format::from_extension(extension).expect("assets are RDF");
        server.load_as(asset.graph, asset.bytes, format);
    }
    server
}

#[test]
fn json_ld_of_every_register_reads_back_as_stored() {
    let server = demo();
    let view: View = server.registry.snapshot().view();
    let rdf_type = view
        .id_of_iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
        .expect("used");
    let mut checked = 0;
    for register in server.registry.registers() {
        let file = format!("{}.jsonld", register.context);
        let (_, bytes) = ContextStore::shipped_files()
            .into_iter()
            .find(|(name, _)| *name == file)
            .unwrap_or_else(|| panic!("{file}"));
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let context = Context::parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let inline: Json = serde_json::from_str(text).expect("JSON");
        let Some(class) = view.id_of_iri(&register.class) else {
            continue;
        };
        let rules = EmbedRules::new(register.embed.clone());
        let context = Arc::new(context);
        let names = Names::new(Arc::clone(&context));
        let resolved = Rules::of(&view, &rules);
        for subject in view.subjects(rdf_type, class) {
            let outline = resolved
                .outline(&view, &names, subject)
                .expect("small")
                .expect("described");
            let tree = Tree::of(&view, &outline);
            let document = compact::document(&view, &names, &outline, "urn:context");
            let document = String::from_utf8(document).expect("UTF-8");
            // Two writers, one text.
            let other = jsonld::document(&tree, &context, "urn:context".into());
            assert_eq!(document, format!("{other:#}\n"), "{}", register.name);
            let mut document: Json = serde_json::from_str(&document).expect("JSON");
            document["@context"] = inline["@context"].clone();
            let document = document.to_string();
            let read: Vec<Quad> = oxjsonld::JsonLdParser::new()
                .for_slice(document.as_bytes())
                .collect::<Result<_, _>>()
                .unwrap_or_else(|error| panic!("{}: {error}\n{document}", register.name));
            let stored = tree
                .triples()
                .into_iter()
                .map(|t| t.in_graph(GraphName::DefaultGraph));
            assert_eq!(
                canonical(read),
                canonical(stored),
                "{}\n{document}",
                register.name
            );
            checked += 1;
        }
    }
    assert!(checked > 1_000, "only {checked} items were checked");
}

#[tokio::test]
async fn example_queries_find_something() {
    let server = demo();
    let form = server.get_as("/sparql", "text/html").await;
    let links: Vec<String> = form
        .text()
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.starts_with("/sparql?query="))
        .map(str::to_owned)
        .collect();
    assert_eq!(links.len(), 4);
    for link in links {
        let answer = server.get_as(&link, "text/csv").await;
        assert!(
            answer.text().lines().count() > 1,
            "{link}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn pages_cover_every_register() {
    let server = demo();
    for register in server.registry.registers() {
        let mut path = format!("/api/{}?limit=500", register.name);
        let (mut seen, mut total) = (0, 0);
        loop {
            let page = server.get(&path).await.json();
            seen += page["data"].as_array().expect("items").len() as u64;
            total = page["totaal"].as_u64().unwrap_or(total);
            match page["volgende"].as_str() {
                Some(next) => path = next.strip_prefix(BASE).expect("ours").to_owned(),
                None => break,
            }
        }
        assert_eq!(seen, total, "{}", register.name);
        // A filter of every kind answers, with a value that occurs nowhere too.
        let nowhere = |matching: Match| match matching {
            Match::Iri => "http://example.org/bestaat-niet",
            _ => "bestaat-niet",
        };
        for filter in &register.filters {
            if !matches!(
                filter.matching,
                Match::Id | Match::Literal | Match::Label | Match::Iri
            ) {
                continue;
            }
            let page = server
                .get(&format!(
                    "/api/{}?{}={}",
                    register.name,
                    filter.name,
                    nowhere(filter.matching)
                ))
                .await;
            assert_eq!(
                page.json()["totaal"],
                0,
                "{} {}",
                register.name,
                filter.name
            );
        }
    }
}

#[tokio::test]
async fn collections_read_back_with_the_contexts_served() {
    let server = demo();
    for register in server.registry.registers() {
        let mut contexts = std::collections::BTreeMap::new();
        for file in [
            format!("{}.jsonld", register.context),
            "collectie.jsonld".to_owned(),
        ] {
            let answer = server.get(&format!("/contexts/{file}")).await;
            contexts.insert(format!("{BASE}/contexts/{file}"), answer.body.to_vec());
        }
        let path = format!("/api/{}?limit=20", register.name);
        let json = server.get(&path).await;
        let read: Vec<Quad> = oxjsonld::JsonLdParser::new()
            .for_slice(&json.body)
            .with_load_document_callback(move |iri, _| {
                Ok(oxjsonld::JsonLdRemoteDocument {
                    document: contexts.get(iri).ok_or("another context")?.clone(),
                    document_url: iri.to_owned(),
                })
            })
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", register.name, json.text()));
        let envelope = format!("<{BASE}{path}>");
        let own = |quad: &Quad| {
            quad.subject.to_string() == envelope
                || quad.predicate.as_str() == "http://xmlns.com/foaf/0.1/page"
        };
        assert!(read.iter().any(own), "{}", register.name);
        let items: Vec<Quad> = read.into_iter().filter(|quad| !own(quad)).collect();
        let plain = server.get(&format!("{path}&format=nt")).await;
        let stored: Vec<Quad> = oxttl::NTriplesParser::new()
            .for_slice(&plain.body)
            .map(|triple| triple.expect("N-Triples").in_graph(GraphName::DefaultGraph))
            .collect();
        assert_eq!(canonical(items), canonical(stored), "{}", register.name);
    }
}
