//! Stored queries over HTTP and on the command line: lists, forms, values, formats, caching, files that change or break.

use super::http::{Answer, BASE, Server, request};
use super::oslo::{oslo, output, run, stderr, stdout};
use axum::http::{Method, StatusCode};
use oslo_registry::rdf::version::RdfVersion;
use oslo_registry::registry::assets;
use oslo_registry::registry::stored::{ParameterKind, StoredFormat, StoredQuery};
use oslo_registry::store::OpenOptions;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than the server takes the folder to be as it was.
const LOOK_AGAIN: Duration = Duration::from_millis(600);

const BY_STREET: &str = r#"#+ title: Adressen van een straat
#+ parameter: straat
#+   type: iri
#+   required: true
#+ parameter: nummer
#+   type: string
PREFIX adr: <https://data.vlaanderen.be/ns/adres#>
SELECT ?adres ?nummer { ?adres adr:heeftStraatnaam ?straat ; adr:huisnummer ?nummer } ORDER BY ?nummer
"#;

const STREET: &str = "https://data.vlaanderen.be/id/straatnaam/1";

fn encoded(text: &str) -> String {
    oslo_registry::views::html::percent_encode(text)
}

/// A server over a data folder with the test addresses and some files.
fn server(files: &[(&str, &str)]) -> (TempDir, Server) {
    let data = tempfile::tempdir().expect("temporary folder");
    let server = Server::in_folder(data.path(), OpenOptions::default())
        .with_graph("adressen", super::http::ADDRESSES);
    for (name, text) in files {
        put(data.path(), name, text);
    }
    (data, server)
}

fn put(data: &Path, name: &str, text: &str) {
    let folder = data.join("queries");
    fs::create_dir_all(&folder).expect("made");
    fs::write(folder.join(format!("{name}.rq")), text).expect("written");
}

fn rows(answer: &Answer) -> usize {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()["results"]["bindings"]
        .as_array()
        .expect("rows")
        .len()
}

#[tokio::test]
async fn values_come_in_as_terms() {
    let (_data, server) = server(&[("straat", BY_STREET)]);
    let street = encoded(STREET);
    let all = server
        .get(&format!("/queries/straat?straat={street}"))
        .await;
    assert_eq!(rows(&all), 2);
    assert_eq!(
        all.header("content-type"),
        "application/sparql-results+json"
    );
    assert_eq!(all.header("x-commit"), "1");
    let one = server
        .get(&format!("/queries/straat?straat={street}&nummer=9"))
        .await;
    assert_eq!(rows(&one), 1);
    assert_eq!(one.json()["results"]["bindings"][0]["nummer"]["value"], "9");
    let blank = server
        .get(&format!("/queries/straat?straat={street}&nummer="))
        .await;
    assert_eq!(rows(&blank), 2, "an empty field is no value");
    let authorization = format!("Bearer {}", super::http::TOKEN);
    let account = request(
        Method::GET,
        "/bevragingen",
        &[("authorization", &authorization)],
        "",
    );
    let account = server.send(account).await.json();
    let told: Vec<&str> = account["afgelopen"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|query| query["tekst"].as_str())
        .collect();
    assert!(
        told.iter()
            .any(|text| text.starts_with(&format!("# /queries/straat?straat=<{STREET}>"))),
        "the administrator sees them run: {told:?}"
    );
    // What would be SPARQL in a text is one string here.
    let nasty = encoded("9\" . ?x ?y ?z . FILTER(?x != \"");
    let none = server
        .get(&format!("/queries/straat?straat={street}&nummer={nasty}"))
        .await;
    assert_eq!(rows(&none), 0);
}

#[tokio::test]
async fn what_does_not_fit_is_told_by_name() {
    let (_data, server) = server(&[("straat", BY_STREET)]);
    let street = encoded(STREET);
    for (path, code, parameter) in [
        ("/queries/straat".to_owned(), "missing-parameter", "straat"),
        (
            "/queries/straat?straat=x".to_owned(),
            "bad-parameter",
            "straat",
        ),
        (
            format!("/queries/straat?straat={street}&s=1"),
            "bad-parameter",
            "s",
        ),
        (
            format!("/queries/straat?straat={street}&nummer=1&nummer=2"),
            "bad-parameter",
            "nummer",
        ),
    ] {
        let problem = server.get(&path).await.assert_problem(400, code);
        assert_eq!(problem["parameter"], parameter, "{path}");
        let english = server
            .send(request(
                Method::GET,
                &path,
                &[("accept-language", "en")],
                "",
            ))
            .await;
        let english = english.assert_problem(400, code);
        assert_ne!(english["detail"], problem["detail"], "two languages");
    }
    server
        .get(&format!("/queries/straat?straat={street}&format=turtle"))
        .await
        .assert_problem(400, "unknown-format");
    server
        .get_as(&format!("/queries/straat?straat={street}"), "image/png")
        .await
        .assert_problem(406, "not-acceptable");
    server
        .get("/queries/nergens")
        .await
        .assert_problem(404, "not-found");
    let posted = server
        .send(request(Method::POST, "/queries/straat", &[], ""))
        .await;
    posted.assert_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn answers_are_kept_by_commit() {
    let (_data, server) = server(&[
        ("straat", BY_STREET),
        ("kort", "#+ max-age: 60\nSELECT ?s { ?s a ?c }"),
        ("toeval", "SELECT (RAND() AS ?r) { }"),
    ]);
    let path = format!("/queries/straat?straat={}", encoded(STREET));
    let first = server.get(&path).await;
    let etag = first.header("etag").to_owned();
    assert!(!etag.is_empty());
    assert_eq!(first.header("cache-control"), "public, no-cache");
    let again = server.get(&path).await;
    assert_eq!(
        (&again.body, again.header("etag")),
        (&first.body, etag.as_str())
    );
    let fresh = server
        .send(request(Method::GET, &path, &[("if-none-match", &etag)], ""))
        .await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
    let other = server.get(&format!("{path}&nummer=9")).await;
    assert_ne!(other.header("etag"), etag, "other values, other tag");
    let csv = server.get(&format!("{path}&format=csv")).await;
    assert_ne!(csv.header("etag"), etag, "another format, another tag");
    server.load(
        "meer",
        format!("<http://e/new> <https://data.vlaanderen.be/ns/adres#heeftStraatnaam> <{STREET}> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"77\" .").as_bytes(),
    );
    let after = server.get(&path).await;
    assert_ne!(after.header("etag"), etag);
    assert_eq!(rows(&after), rows(&first) + 1, "a commit is seen at once");
    let earlier = server.get(&format!("{path}&asOf=1")).await;
    assert_eq!(rows(&earlier), rows(&first));
    let kept = server.get("/queries/kort").await;
    assert_eq!(kept.header("cache-control"), "public, max-age=60");
    let random = server.get("/queries/toeval").await;
    assert_eq!(random.header("cache-control"), "no-store");
    assert_eq!(random.header("etag"), "");
    assert_ne!(random.body, server.get("/queries/toeval").await.body);
}

#[tokio::test]
async fn limits_of_the_file_hold() {
    let (_data, server) = server(&[
        ("veel", "#+ max-rows: 3\nSELECT * { ?s ?p ?o }"),
        (
            "traag",
            "#+ timeout: 0.05\nSELECT (COUNT(*) AS ?all) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r }",
        ),
    ]);
    server
        .get("/queries/veel")
        .await
        .assert_problem(400, "query-row-limit");
    server
        .get("/queries/traag")
        .await
        .assert_problem(503, "query-timeout");
}

#[tokio::test]
async fn files_are_followed_and_broken_ones_stop_nothing() {
    let (data, server) = server(&[
        ("goed", "ASK { ?s ?p ?o }"),
        ("stuk", "#+ nonsense: x\nASK {"),
    ]);
    let list = server.get("/queries").await.json();
    assert_eq!(list["bevragingen"][0]["naam"], "goed");
    assert_eq!(
        list["bevragingen"][0]["adres"],
        format!("{BASE}/queries/goed")
    );
    assert_eq!(list["stuk"][0]["naam"], "stuk");
    assert_eq!(list["stuk"][0]["regel"], 1);
    let health = server.get("/health").await.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["kapotteBevragingen"][0], "stuk");
    let page = server.get_as("/queries", "text/html").await;
    assert!(
        page.text()
            .contains("<strong>stuk</strong>: regel 1, onbekende sleutel"),
        "{}",
        page.text()
    );
    let problem = server.get("/queries/stuk").await;
    let problem = problem.assert_problem(500, "stored-query-broken");
    assert_eq!(problem["regel"], 1);
    assert_eq!(server.get("/queries/goed").await.json()["boolean"], true);
    put(data.path(), "stuk", "ASK { ?s ?p 'nothing has this' }");
    fs::remove_file(data.path().join("queries/goed.rq")).expect("removed");
    tokio::time::sleep(LOOK_AGAIN).await;
    assert_eq!(server.get("/queries/stuk").await.json()["boolean"], false);
    server
        .get("/queries/goed")
        .await
        .assert_problem(404, "not-found");
    assert!(
        server
            .get("/health")
            .await
            .json()
            .get("kapotteBevragingen")
            .is_none()
    );
}

#[tokio::test]
async fn pages_have_a_form_and_work_without_scripts() {
    let (_data, server) = server(&[
        ("straat", BY_STREET),
        ("graaf", "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c }"),
        (
            "soorten",
            "#+ parameter: a\n#+ type: integer\n#+ default: 3\n#+ parameter: b\n#+ type: enumeration\n#+ value: x\n#+ value: y\n\
             #+ parameter: c\n#+ type: boolean\n#+ parameter: d\n#+ type: date\n#+ parameter: e\n#+ type: decimal\nSELECT * { ?a ?b ?c . ?d ?e ?f }",
        ),
    ]);
    let list = server.get_as("/queries", "text/html").await;
    assert_eq!(list.text().matches("<form method=\"get\"").count(), 3);
    assert!(!list.text().contains("<script"));
    insta::assert_snapshot!("stored_queries_page", list.snapshot());
    let form = server.get_as("/queries/straat", "text/html").await;
    assert_eq!(
        form.status,
        StatusCode::OK,
        "a form before there are values"
    );
    assert!(form.text().contains("name=\"straat\"") && !form.text().contains("Antwoord"));
    let filled = server
        .get_as(
            &format!("/queries/straat?straat={}&nummer=", encoded(STREET)),
            "text/html",
        )
        .await;
    assert!(filled.text().contains("2 rijen"), "{}", filled.text());
    assert!(
        filled.text().contains(&format!("value=\"{STREET}\"")),
        "filled in"
    );
    assert!(
        filled.text().contains("?format=csv&amp;straat="),
        "ways to fetch it"
    );
    insta::assert_snapshot!("stored_query_page", filled.snapshot());
    let graph = server.get_as("/queries/graaf", "text/html").await;
    assert!(graph.text().contains("onderwerp") && graph.text().contains("JSON-LD"));
    let nasty = server
        .get_as(
            &format!(
                "/queries/straat?straat={}&nummer={}",
                encoded(STREET),
                encoded("\"><script>")
            ),
            "text/html",
        )
        .await;
    assert!(!nasty.text().contains("<script>"));
}

/// A value that the type takes.
fn example(kind: &ParameterKind) -> String {
    match kind {
        ParameterKind::Iri => "https://data.vlaanderen.be/id/gemeente/41027".to_owned(),
        ParameterKind::String => "Markt".to_owned(),
        ParameterKind::Integer | ParameterKind::Decimal => "2".to_owned(),
        ParameterKind::Date => "2026-02-01".to_owned(),
        ParameterKind::Boolean => "true".to_owned(),
        ParameterKind::Enumeration(choices) => choices[0].name.clone(),
    }
}

#[tokio::test]
async fn the_examples_of_the_demo_answer() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("demo");
    output(&data, ["--base", BASE, "demo", "--no-serve"]);
    let server = Server::in_folder(&data, OpenOptions::default());
    let mut found = Vec::new();
    for (file, bytes) in assets::stored_queries() {
        let name = file.strip_suffix(".rq").expect("the extension");
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let query = StoredQuery::parse(name, text, BASE, RdfVersion::Rdf11).expect("a good file");
        let values = |only_required: bool| -> String {
            let wanted = query
                .parameters
                .iter()
                .filter(|p| p.required || !only_required);
            wanted
                .map(|p| format!("&{}={}", p.name, encoded(&example(&p.kind))))
                .collect()
        };
        for format in &query.formats {
            let path = format!("/queries/{name}?format={}", format.name());
            let few = server.get(&format!("{path}{}", values(true))).await;
            assert_eq!(few.status, StatusCode::OK, "{path}: {}", few.text());
            let many = server.get(&format!("{path}{}", values(false))).await;
            assert_eq!(many.status, StatusCode::OK, "{path}: {}", many.text());
            if *format != StoredFormat::Page && matches!(format.name(), "csv" | "turtle") {
                let lines = few.text().lines().count();
                assert!(lines > 1, "{name} finds something: {}", few.text());
                found.push(format!("{name} {lines}"));
            }
        }
    }
    assert_eq!(found.len(), assets::stored_queries().len(), "{found:?}");
    // A second start leaves the steward's files alone.
    fs::remove_file(data.join("queries/gemeente.rq")).expect("removed");
    drop(server);
    output(&data, ["--base", BASE, "demo", "--no-serve"]);
    assert!(!data.join("queries/gemeente.rq").exists());
}

#[test]
fn the_command_line_asks_them_too() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("demo");
    output(&data, ["demo", "--no-serve"]);
    let csv = output(
        &data,
        [
            "query",
            "--stored",
            "adressen-van-straat",
            "--set",
            "straat=Markt",
            "--format",
            "csv",
        ],
    );
    assert!(csv.lines().count() > 1, "{csv}");
    let fewer = output(
        &data,
        [
            "query",
            "--stored",
            "adressen-van-straat",
            "--set",
            "straat=Markt",
            "--set",
            "status=gehistoreerd",
            "--format",
            "csv",
        ],
    );
    assert!(fewer.lines().count() < csv.lines().count(), "{fewer}");
    let fails = |arguments: &[&str], text: &str| {
        let done = oslo(&data)
            .arg("query")
            .args(arguments)
            .output()
            .expect("the binary runs");
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&done).contains(text), "{}", stderr(&done));
    };
    fails(
        &["--stored", "adressen-van-straat"],
        "\"straat\" is missing",
    );
    fails(
        &["--stored", "dossiers", "--set", "vanaf=gisteren"],
        "\"vanaf\" is a date",
    );
    fails(&["--stored", "nergens"], "there are: adressen-van-straat");
    fails(&["--stored", "dossiers", "ASK {}"], "cannot be used");
    fails(&["--set", "a=1", "ASK {}"], "--set");
    let graph = run(
        &data,
        ["query", "--stored", "gemeente", "--format", "jsonld"],
    );
    assert!(stdout(&graph).contains("41027"), "{}", stdout(&graph));
}
