//! What `/catalog` and its neighbours answer.

use super::town;
use crate::http::{ADDRESSES, BASE, Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::rdf::format::Format;
use oslo_registry::store::Beside;
use oxrdf::{Quad, Term};
use oxrdfio::{RdfFormat, RdfParser};
use std::collections::BTreeSet;

const DCAT: &str = "http://www.w3.org/ns/dcat#";
const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

fn read(text: &str, format: RdfFormat) -> Vec<Quad> {
    RdfParser::from_format(format)
        .for_slice(text.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn objects(quads: &[Quad], predicate: &str) -> BTreeSet<String> {
    let said = quads
        .iter()
        .filter(|quad| quad.predicate.as_str() == predicate);
    said.map(|quad| match &quad.object {
        Term::NamedNode(node) => node.as_str().to_owned(),
        other => other.to_string(),
    })
    .collect()
}

#[tokio::test]
async fn every_format_says_the_same() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let mut lengths = BTreeSet::new();
    for (extension, format) in [
        ("ttl", RdfFormat::Turtle),
        ("nt", RdfFormat::NTriples),
        ("nq", RdfFormat::NQuads),
        ("trig", RdfFormat::TriG),
        ("rdf", RdfFormat::RdfXml),
        ("xml", RdfFormat::RdfXml),
    ] {
        let answer = server.get(&format!("/catalog.{extension}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{extension}");
        let known = Format::from_name(extension).expect("a format");
        let kind = answer.header("content-type");
        assert!(kind.starts_with(known.media_type()), "{kind}");
        // The page names itself by its address, which has the extension.
        let text = answer
            .text()
            .replace(&format!("/catalog.{extension}?"), "/catalog?");
        let mut lines: Vec<String> = read(&text, format).iter().map(Quad::to_string).collect();
        lines.sort_unstable();
        lengths.insert(lines);
    }
    assert_eq!(lengths.len(), 1);
    let json = server.get("/catalog.jsonld").await.json();
    assert!(json.is_array() || json.is_object());
    let page = server.get("/catalog.html").await;
    assert!(page.text().contains("Registers van Voorbeeldstad"));
    let browser = server.get_as("/catalog", "text/html").await;
    assert!(browser.header("content-type").starts_with("text/html"));
    let wrong = server.get_as("/catalog", "image/png").await;
    wrong.assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn pages_lead_to_the_last_one_and_hold_all() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let whole = read(server.get("/catalog.nt").await.text(), RdfFormat::NTriples);
    let all = objects(&whole, &format!("{DCAT}dataset"));
    assert_eq!(all.len(), server.registry.registers().len());
    assert!(objects(&whole, &format!("{HYDRA}next")).is_empty());
    let mut seen = BTreeSet::new();
    let mut next = Some("/catalog.nt?limit=5".to_owned());
    let mut pages = 0;
    while let Some(path) = next.take() {
        pages += 1;
        assert!(pages < 10, "it goes round");
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let quads = read(answer.text(), RdfFormat::NTriples);
        seen.extend(objects(&quads, &format!("{DCAT}dataset")));
        // Whatever the page refers to below the base is on the page.
        let subjects: BTreeSet<String> = quads.iter().map(|q| q.subject.to_string()).collect();
        for quad in &quads {
            if let Term::NamedNode(node) = &quad.object
                && node.as_str().starts_with(&format!("{BASE}/id/"))
            {
                assert!(subjects.contains(&node.to_string()), "{path}: {quad}");
            }
        }
        let leads = objects(&quads, &format!("{HYDRA}next"));
        assert!(leads.len() <= 1);
        next = leads
            .into_iter()
            .next()
            .map(|address| address.strip_prefix(BASE).expect("ours").to_owned());
        let has_link = answer
            .links()
            .iter()
            .any(|link| link.contains("rel=\"next\""));
        assert_eq!(has_link, next.is_some());
    }
    assert_eq!(pages, all.len().div_ceil(5));
    assert_eq!(seen, all);
    server
        .get("/catalog?page=99")
        .await
        .assert_problem(404, "not-found");
    for wrong in [
        "page=0",
        "page=x",
        "limit=0",
        "limit=101",
        "modified_since=gisteren",
        "lang=fr",
    ] {
        let answer = server.get(&format!("/catalog?{wrong}")).await;
        answer.assert_problem(400, "bad-parameter");
    }
    let earlier = server.get("/catalog?bekendOp=1").await;
    earlier.assert_problem(400, "as-of-not-here");
}

#[tokio::test]
async fn what_changed_since_is_what_changed() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let datasets = async |query: &str| {
        let answer = server.get(&format!("/catalog.nt?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        objects(
            &read(answer.text(), RdfFormat::NTriples),
            &format!("{DCAT}dataset"),
        )
    };
    let one = BTreeSet::from([format!("{BASE}/id/dataset/adressen")]);
    assert_eq!(datasets("modified_since=2020-01-01").await, one);
    assert!(
        datasets("modified_since=2999-01-01T00:00:00Z")
            .await
            .is_empty()
    );
    server.load("gemeenten", b"<http://e/a> <http://e/p> 1 .");
    assert_eq!(datasets("modified_since=2020-01-01").await.len(), 2);
    let quads = read(server.get("/catalog.nt").await.text(), RdfFormat::NTriples);
    let issued = format!("<{BASE}/id/dataset/gemeenten>");
    let issued = quads.iter().any(|quad| {
        quad.subject.to_string() == issued && quad.predicate.as_str().ends_with("/issued")
    });
    assert!(issued, "the log tells when it first came");
}

#[tokio::test]
async fn unchanged_is_not_sent_again() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let first = server.get("/catalog.ttl").await;
    let tag = first.header("etag").to_owned();
    let again = request(Method::GET, "/catalog.ttl", &[("if-none-match", &tag)], "");
    assert_eq!(server.send(again).await.status, StatusCode::NOT_MODIFIED);
    let head = server
        .send(request(Method::HEAD, "/catalog.ttl", &[], ""))
        .await;
    assert!(head.body.is_empty());
    assert_eq!(head.header("etag"), tag);
    // What the steward says changes it, at once and without a commit.
    let other = "[publisher]\nname = { nl = \"Anderstad\" }\n";
    Beside::Catalogue.write(data.path(), other).expect("writes");
    let now = server.get("/catalog.ttl").await;
    assert_ne!(now.header("etag"), tag);
    assert!(now.text().contains("Anderstad"));
}

#[tokio::test]
async fn identifiers_lead_to_documents() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let id = server.get("/id/catalogus").await;
    assert_eq!(id.status, StatusCode::SEE_OTHER);
    assert_eq!(id.header("location"), format!("{BASE}/catalog"));
    let dutch = server.get("/catalogus?page=1").await;
    assert_eq!(dutch.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(dutch.header("location"), format!("{BASE}/catalog?page=1"));
    let quads = read(server.get("/catalog.nt").await.text(), RdfFormat::NTriples);
    let subjects: BTreeSet<String> = quads
        .iter()
        .map(|quad| quad.subject.to_string().trim_matches(['<', '>']).to_owned())
        .filter(|iri| iri.starts_with(&format!("{BASE}/id/")) && !iri.contains('#'))
        .collect();
    assert!(subjects.len() > 50);
    for iri in subjects {
        let path = iri.strip_prefix(BASE).expect("ours");
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        if path == "/id/catalogus" {
            continue;
        }
        let document = answer.header("location").strip_prefix(BASE).expect("ours");
        let answer = server.get_as(document, "application/n-triples").await;
        assert_eq!(answer.status, StatusCode::OK, "{document}");
        assert!(answer.text().contains(&format!("<{iri}> ")), "{document}");
    }
    server
        .get("/id/dataset/bomen")
        .await
        .assert_problem(404, "not-found");
    server
        .get("/doc/dataset/bomen")
        .await
        .assert_problem(404, "not-found");
    // What is stored goes before.
    let own = format!("<{BASE}/id/dataset/eigen> <http://e/p> 1 .");
    server.load("eigen", own.as_bytes());
    assert_eq!(
        server.get("/doc/dataset/eigen").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn pages_for_people_speak_both_languages() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let page = server.get_as("/doc/dataset/adressen", "text/html").await;
    let text = page.text();
    assert!(text.contains("<html lang=\"nl\">") && text.contains("Licentie"));
    let (_, script) = text
        .split_once("<script type=\"application/ld+json\">")
        .expect("a script");
    let (script, _) = script.split_once("</script>").expect("it ends");
    let json: serde_json::Value = serde_json::from_str(script).expect("JSON");
    assert_eq!(json["@type"], "Dataset");
    assert_eq!(json["name"], "Adressen");
    assert!(
        json["distribution"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    );
    let english = server
        .get_as("/doc/dataset/adressen?lang=en", "text/html")
        .await;
    assert!(english.text().contains("Licence") && english.text().contains("<html lang=\"en\">"));
    let listing = server.get_as("/catalog?lang=en", "text/html").await;
    assert!(listing.text().contains("Registers of Voorbeeldstad"));
    let service = server.get_as("/doc/dataservice/sparql", "text/html").await;
    assert!(
        service.text().contains("SPARQL-bevraging"),
        "{}",
        service.text()
    );
}

#[tokio::test]
async fn health_tells_of_the_catalogue_and_stays_well() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let health = server.get("/health").await.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["catalogus"]["status"], "ok", "{health:#}");
    assert_eq!(health["catalogus"]["instellingen"], "ok");
    Beside::Catalogue
        .write(data.path(), "kleur = 1")
        .expect("writes");
    let health = server.get("/health").await.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["catalogus"]["instellingen"], "fout");
    assert_eq!(server.get("/catalog").await.status, StatusCode::OK);
    // A registry that nobody described has neutral words, and says what is missing.
    let neutral = Server::new();
    let health = neutral.get("/health").await.json();
    assert_eq!(health["catalogus"]["status"], "ok", "{health:#}");
    assert_eq!(health["catalogus"]["instellingen"], "ontbreken");
    let page = neutral.get_as("/catalog", "text/html").await;
    assert!(page.text().contains("[publisher] name"));
}

#[tokio::test]
async fn search_engines_find_items_and_data_sets() {
    let server = Server::empty().with_graph("adressen", ADDRESSES);
    let robots = server.get("/robots.txt").await;
    let line = format!("Sitemap: {BASE}/sitemap.xml");
    assert!(robots.text().lines().any(|known| known == line));
    let index = server.get("/sitemap.xml").await;
    assert!(index.header("content-type").starts_with("application/xml"));
    for part in ["catalogus.xml", "adressen-1.xml", "straatnamen-1.xml"] {
        let place = format!("<loc>{BASE}/sitemap/{part}</loc>");
        assert!(index.text().contains(&place), "{}", index.text());
    }
    assert!(!index.text().contains("gemeenten-1.xml"));
    let part = server.get("/sitemap/adressen-1.xml").await;
    for id in ["9", "10", "11"] {
        let place = format!("<loc>{BASE}/doc/adres/{id}</loc>");
        assert!(part.text().contains(&place), "{}", part.text());
    }
    let pages = server.get("/sitemap/catalogus.xml").await;
    assert!(
        pages
            .text()
            .contains(&format!("{BASE}/doc/dataset/adressen"))
    );
    for nothing in [
        "adressen-2.xml",
        "bomen-1.xml",
        "adressen",
        "adressen-x.xml",
    ] {
        let answer = server.get(&format!("/sitemap/{nothing}")).await;
        answer.assert_problem(404, "not-found");
    }
    let void = server.get("/.well-known/void?format=nt").await;
    let subset = format!("<http://rdfs.org/ns/void#subset> <{BASE}/id/dataset/adressen>");
    assert!(void.text().contains(&subset));
}

#[tokio::test]
async fn what_changes_in_the_catalogue_is_a_stream() {
    let data = tempfile::tempdir().expect("a folder");
    let server = town(data.path());
    let entry = server.get("/catalog/feed").await;
    assert_eq!(entry.header("content-type"), "application/trig");
    let activities = async |server: &Server| {
        let page = server
            .get_as("/catalog/feed/0", "application/n-quads")
            .await;
        assert_eq!(page.status, StatusCode::OK);
        let quads = read(page.text(), RdfFormat::NQuads);
        let kinds = quads.into_iter().filter(|quad| {
            quad.graph_name == oxrdf::GraphName::DefaultGraph
                && quad.object.to_string().contains("activitystreams#")
        });
        kinds
            .map(|quad| quad.object.to_string())
            .collect::<Vec<_>>()
    };
    let first = activities(&server).await;
    assert!(first.len() > 50 && first.iter().all(|kind| kind.ends_with("#Create>")));
    assert_eq!(activities(&server).await, first);
    let fewer = format!(
        "{}\n[dataset.sensoren]\npublish = false\n",
        oslo_registry::feeds::catalogue::CatalogueSettings::demo()
    );
    Beside::Catalogue
        .write(data.path(), &fewer)
        .expect("writes");
    let then = activities(&server).await;
    assert!(then.iter().any(|kind| kind.ends_with("#Delete>")));
    // It is kept: who starts the server again goes on where it was.
    drop(server);
    let again = Server::in_folder(data.path(), oslo_registry::store::OpenOptions::default());
    assert_eq!(activities(&again).await, then);
    again
        .get("/catalog/feed/99")
        .await
        .assert_problem(404, "not-found");
    again
        .get("/catalog/feed/x")
        .await
        .assert_problem(404, "not-found");
    let wrong = again.get_as("/catalog/feed", "text/turtle").await;
    wrong.assert_problem(406, "not-acceptable");
}
