//! The report of the registry in every form, its pages, and the list of application profiles.

use super::{BASE, SHAPE, Server, request};
use axum::http::{Method, StatusCode};
use oxrdfio::{RdfFormat, RdfParser};
use serde_json::Value as Json;
use std::collections::BTreeSet;

const DCT_IDENTIFIER: &str = "http://purl.org/dc/terms/identifier";

/// 130 addresses without a house number, one with two, and a shape that no object falls under.
fn server() -> Server {
    let mut bad = String::from("@prefix adr: <https://data.vlaanderen.be/ns/adres#> .\n");
    for n in 0..130 {
        bad.push_str(&format!("<http://e/{n}> a adr:Adres .\n"));
    }
    bad.push_str("<http://e/twee> a adr:Adres ; adr:huisnummer \"=1\" , \"2<b>\" .\n");
    let more = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<urn:vormen> a owl:Ontology ; rdfs:label \"Proefprofiel\"@nl , \"Trial profile\"@en .
<http://register.test/vormen#Niets> a sh:NodeShape ; sh:targetClass <http://e/Niets> ; sh:nodeKind sh:IRI .
<http://register.test/vormen#Kapot> a sh:NodeShape ; sh:targetClass <https://data.vlaanderen.be/ns/adres#Adres> ; sh:nodekind sh:IRI .";
    Server::new()
        .with_graph("shapes/adres", SHAPE)
        .with_graph("shapes/proef", more)
        .with_graph("slecht", &bad)
}

/// Whether the tags of a page are closed in their order, and which attributes stand without a value.
pub(crate) fn assert_well_formed(page: &str) {
    const VOID: [&str; 5] = ["meta", "link", "input", "br", "hr"];
    let mut open: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        assert!(
            !rest[..at].contains('>') || open.last().is_some_and(|tag| tag == "style"),
            "a bare > in {:?}",
            &rest[..at]
        );
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let name = tag.split_whitespace().next().expect("a name");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of {tag}");
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let mut ids = BTreeSet::new();
    for part in page.split(" id=\"").skip(1) {
        let id = part.split('"').next().unwrap_or("");
        assert!(ids.insert(id), "the id {id} twice");
    }
    for part in page.split("aria-labelledby=\"").skip(1) {
        let id = part.split('"').next().unwrap_or("");
        assert!(ids.contains(id), "nothing is called {id}");
    }
}

/// Facts of the schema of SARIF 2.1.0: required members, and the values of those that are enumerated.
pub(crate) fn assert_sarif(sarif: &Json) {
    assert_eq!(sarif["version"], "2.1.0");
    assert!(
        sarif["$schema"]
            .as_str()
            .is_some_and(|s| s.contains("sarif"))
    );
    let runs = sarif["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string());
    let rules = driver["rules"].as_array().expect("rules");
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
    }
    for invocation in run["invocations"].as_array().expect("invocations") {
        assert!(invocation["executionSuccessful"].is_boolean());
        let notices = invocation["toolExecutionNotifications"].as_array();
        for notice in notices.expect("notifications") {
            assert!(notice["message"]["text"].is_string());
            assert!(notice["descriptor"]["id"].is_string());
        }
    }
    for result in run["results"].as_array().expect("results") {
        assert!(
            result["message"]["text"]
                .as_str()
                .is_some_and(|t| !t.is_empty())
        );
        let level = result["level"].as_str().expect("a level");
        assert!(["none", "note", "warning", "error"].contains(&level));
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[rule]["id"], result["ruleId"]);
        for location in result["locations"].as_array().expect("locations") {
            let logical = location["logicalLocations"].as_array().expect("logical");
            assert!(logical[0]["fullyQualifiedName"].is_string());
            let physical = &location["physicalLocation"];
            if !physical.is_null() {
                assert!(physical["artifactLocation"]["uri"].is_string());
                let line = &physical["region"]["startLine"];
                assert!(line.is_null() || line.as_u64().is_some_and(|line| line > 0));
            }
        }
        let prints = result["partialFingerprints"]
            .as_object()
            .expect("an object");
        assert!(prints.values().all(Json::is_string));
    }
}

fn identifiers(format: RdfFormat, content: &[u8]) -> BTreeSet<String> {
    RdfParser::from_format(format)
        .for_slice(content)
        .map(|quad| quad.expect("valid RDF"))
        .filter(|quad| quad.predicate.as_str() == DCT_IDENTIFIER)
        .map(|quad| quad.object.to_string().trim_matches('"').to_owned())
        .collect()
}

#[tokio::test]
async fn every_form_holds_every_result() {
    let server = server();
    let turtle = server.get("/rapport?format=ttl").await;
    assert_eq!(turtle.status, StatusCode::OK, "{}", turtle.text());
    let expected = identifiers(RdfFormat::Turtle, &turtle.body);
    assert_eq!(expected.len(), 131);
    let json_ld = RdfFormat::JsonLd {
        profile: oxrdfio::JsonLdProfileSet::empty(),
    };
    for (name, media_type, format) in [
        ("nt", "application/n-triples", RdfFormat::NTriples),
        ("rdf", "application/rdf+xml", RdfFormat::RdfXml),
        ("jsonld", "application/ld+json", json_ld),
    ] {
        let answer = server.get(&format!("/rapport?format={name}")).await;
        assert_eq!(answer.header("content-type"), media_type);
        assert_eq!(identifiers(format, &answer.body), expected, "{name}");
        assert_eq!(answer.header("x-conforms"), "false");
        let asked = server.get_as("/rapport", media_type).await;
        assert_eq!(asked.header("content-type"), media_type);
    }
    let lines = server.get("/rapport?format=ndjson&taal=en").await;
    assert_eq!(
        lines.header("content-type"),
        "application/x-ndjson; charset=utf-8"
    );
    let objects: Vec<Json> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let ids: BTreeSet<String> = objects
        .iter()
        .map(|o| o["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(ids, expected);
    assert_eq!(objects[0]["source"], format!("{BASE}/graph/slecht"));
    let sarif = server.get("/rapport?format=sarif").await;
    assert_eq!(sarif.header("content-type"), "application/sarif+json");
    let sarif = sarif.json();
    assert_sarif(&sarif);
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(131)
    );
    let csv = server.get("/rapport?format=csv").await;
    let mut reader = csv::Reader::from_reader(&csv.body[..]);
    let titles = reader.headers().expect("titles").clone();
    assert_eq!(
        titles.iter().collect::<Vec<_>>(),
        [
            "ernst",
            "shape",
            "regel",
            "focus",
            "pad",
            "waarde",
            "boodschap_nl",
            "boodschap_en",
            "bron"
        ]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
    assert_eq!(rows.len(), 131);
    assert!(
        rows.iter()
            .all(|row| &row[8] == "http://register.test/graph/slecht")
    );
    server
        .get("/rapport?format=docx")
        .await
        .assert_problem(400, "unknown-format");
    server
        .get_as("/rapport", "image/png")
        .await
        .assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn pages_turn_and_views_change() {
    let server = server();
    let page = server.get_as("/rapport", "text/html").await;
    assert_well_formed(page.text());
    insta::assert_snapshot!("report_page", page.snapshot());
    let text = page.text();
    let key = text
        .split("/rapport?groep=")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a link to all results of a rule")
        .to_owned();
    assert!(key.starts_with("V004-"), "{key}");
    for part in ["Niet gecontroleerd", "Vormen zonder objecten", "Toon alle"] {
        assert!(text.contains(part), "{part}");
    }

    let first = server
        .get_as(&format!("/rapport?groep={key}"), "text/html")
        .await;
    assert_well_formed(first.text());
    assert!(
        first.text().contains("Bladzijde 1 van 2"),
        "{}",
        first.text()
    );
    assert!(first.text().contains("rel=\"next\""));
    let second = format!("/rapport?groep={key}&pagina=2&taal=en");
    let second = server.get_as(&second, "text/html").await;
    assert_well_formed(second.text());
    assert!(second.text().contains("Results 101–130 of 130"));
    assert!(second.text().contains("<html lang=\"en\">"));
    for missing in ["V004-00000000", &format!("{key}&pagina=3")] {
        server
            .get(&format!("/rapport?format=html&groep={missing}"))
            .await
            .assert_problem(404, "not-found");
    }
    let csv = server
        .get(&format!("/rapport?groep={key}&format=csv"))
        .await;
    assert_eq!(csv.text().lines().count(), 131);
    server
        .get(&format!("/rapport?groep={key}&format=ttl"))
        .await
        .assert_problem(400, "unknown-format");

    let objects = server
        .get_as("/rapport?weergave=objecten&taal=en", "text/html")
        .await;
    assert_well_formed(objects.text());
    insta::assert_snapshot!("report_page_objects", first_lines(objects.text()));
    assert!(objects.text().contains("Objects with findings: 131"));
    let last = "/rapport?weergave=objecten&pagina=6";
    assert!(
        server
            .get_as(last, "text/html")
            .await
            .text()
            .contains("Bladzijde 6 van 6")
    );
    for wrong in ["weergave=x", "pagina=0", "pagina=x", "taal=fr"] {
        server
            .get(&format!("/rapport?{wrong}"))
            .await
            .assert_problem(400, "bad-parameter");
    }
}

/// The head of a page and its first object, which is enough to see its shape.
fn first_lines(page: &str) -> String {
    let objects: Vec<&str> = page.split("<section>").take(2).collect();
    objects.join("<section>")
}

#[tokio::test]
async fn a_report_says_the_same_until_the_next_commit() {
    let server = server();
    for query in ["", "?format=csv", "?format=html&weergave=objecten"] {
        let path = format!("/rapport{query}");
        let before = server.get(&path).await;
        let tag = [("if-none-match", before.header("etag"))];
        let again = server.send(request(Method::GET, &path, &tag, "")).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(server.get(&path).await.body, before.body, "{path}");
    }
    let before = server.get("/rapport").await.header("etag").to_owned();
    server.load("extra", b"<http://e/a> <http://e/p> 1 .");
    assert_ne!(server.get("/rapport").await.header("etag"), before);
}

#[tokio::test]
async fn profiles_are_listed_with_their_state() {
    let server = server();
    let list = server.get_as("/shapes", "application/json").await;
    assert_eq!(list.header("x-commit"), "4");
    let list = list.json();
    let profiles = list["profielen"].as_array().expect("a list");
    let names: Vec<&str> = profiles.iter().filter_map(|p| p["naam"].as_str()).collect();
    assert_eq!(names, ["adres", "proef"]);
    assert_eq!(profiles[0]["vormen"], 2);
    assert_eq!(profiles[0]["objecten"], 134);
    assert_eq!(profiles[0]["bevindingen"]["overtredingen"], 131);
    assert_eq!(profiles[1]["titel"]["en"], "Trial profile");
    assert_eq!(profiles[1]["opmerkingen"], 1);
    insta::assert_snapshot!("shapes_json", format!("{list:#}"));
    let page = server.get_as("/shapes", "text/html").await;
    assert_well_formed(page.text());
    insta::assert_snapshot!("shapes_page", page.snapshot());

    let one = server.get_as("/shapes/proef", "application/ld+json").await;
    insta::assert_snapshot!("shapes_detail_jsonld", one.snapshot());
    assert_eq!(one.json()["lints"][0]["code"], "L005");
    let quads = RdfParser::from_format(RdfFormat::JsonLd {
        profile: oxrdfio::JsonLdProfileSet::empty(),
    })
    .for_slice(&one.body)
    .filter(Result::is_ok)
    .count();
    assert!(quads > 15, "{quads}");
    let page = server.get_as("/shapes/proef?taal=en", "text/html").await;
    assert_well_formed(page.text());
    assert!(page.text().contains("<h1>Trial profile</h1>"));
    let link = format!("/rdf-graphs?graph={BASE}/graph/shapes/proef&format=ttl");
    assert_eq!(server.get(&link).await.status, StatusCode::OK);
    server
        .get("/shapes/bestaat-niet")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn codes_are_explained_with_examples() {
    let server = Server::empty();
    for code in ["V004", "L001", "P012", "not-found"] {
        let page = server.get_as(&format!("/fouten/{code}"), "text/html").await;
        assert_eq!(page.status, StatusCode::OK, "{code}");
        assert_well_formed(page.text());
    }
    let page = server.get_as("/fouten", "text/html").await;
    assert_well_formed(page.text());
    for code in ["V001", "L042", "P042", "unknown-profile"] {
        assert!(page.text().contains(code), "{code}");
    }
    let json = server
        .get_as("/fouten/v004", "application/json")
        .await
        .json();
    assert_eq!(json["codes"][0]["code"], "V004");
    assert!(json["codes"][0]["voorbeeld"]["fout"].is_string());
    insta::assert_snapshot!(
        "code_page",
        server.get_as("/fouten/V004", "text/html").await.snapshot()
    );
}

#[tokio::test]
async fn a_file_is_checked_against_one_profile() {
    let server = server();
    let bad = "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> .";
    let headers = [("content-type", "text/turtle"), ("accept", "text/turtle")];
    let send = |path: &'static str| server.send(request(Method::POST, path, &headers, bad));
    assert_eq!(
        send("/validate?profiel=adres").await.header("x-conforms"),
        "false"
    );
    // The rule of house numbers is not in this profile; one of its own is not checked.
    assert_eq!(
        send("/validate?profiel=proef").await.header("x-conforms"),
        "undetermined"
    );
    assert_eq!(
        send("/validate?profiel=adresregister")
            .await
            .header("x-conforms"),
        "false"
    );
    let lines = send("/validate?format=sarif&naam=map/a.ttl").await.json();
    let place = &lines["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "map/a.ttl");
    assert_eq!(place["region"]["startLine"], 1);
    let problem = send("/validate?profiel=x").await;
    let problem = problem.assert_problem(400, "unknown-profile");
    assert_eq!(problem["profielen"][1], "proef");
    let form = server.get_as("/validate?profiel=proef", "text/html").await;
    assert_well_formed(form.text());
    assert!(
        form.text()
            .contains("action=\"/validate?profiel=proef&amp;detail=true\"")
    );
    server
        .get("/validate?profiel=x")
        .await
        .assert_problem(400, "unknown-profile");
}
