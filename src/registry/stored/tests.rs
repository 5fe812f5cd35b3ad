//! What files declare, what is wrong with them, and how the folder follows the disk.

use super::*;
use crate::query::{Answer, QueryOptions, evaluate, parse_query_with};
use crate::rdf::version::RdfVersion;
use crate::registry::assets;
use crate::store::Store;
use proptest::prelude::*;

const BASE: &str = "http://register.test";

fn parse(text: &str) -> Result<StoredQuery, StoredQueryError> {
    StoredQuery::parse("proef", text, BASE, RdfVersion::Rdf11)
}

#[test]
fn a_file_declares_its_query() {
    let query = parse(
        "#+ title: Adressen\n#+ title-en: Addresses\n# an ordinary comment\n#+ parameter: wat\n#+   type: iri\n#+   label: Wat\n\
         #+   required: true\n#+ parameter: status\n#+   type: enumeration\n#+   value: open\n#+   value: dicht = <http://e/dicht>\n\
         #+   default: open\n#+ timeout: 2.5 s\n#+ max-rows: 7\n#+ max-age: 60\n#+ formats: csv, html, csv\n\n\
         SELECT * { ?wat ?status ?o }\n#+ not: read\n",
    )
    .expect("a good file");
    assert_eq!(query.title, Text::new("Adressen", "Addresses"));
    assert_eq!(query.parameters.len(), 2);
    assert!(query.parameters[0].required && !query.needs_nothing());
    assert_eq!(query.parameters[1].default.as_deref(), Some("open"));
    assert_eq!(query.timeout, Some(Duration::from_millis(2500)));
    assert_eq!(
        (query.max_rows, query.max_age),
        (Some(7), Some(Duration::from_secs(60)))
    );
    let names: Vec<_> = query.formats.iter().map(|format| format.name()).collect();
    assert_eq!(names, ["csv", "html"]);
    let bare = parse("ASK { ?s ?p ?o }").expect("no header is needed");
    assert_eq!(bare.title.nl, "proef");
    assert_eq!(bare.kind, QueryKind::Ask);
    assert!(bare.formats.contains(&StoredFormat::Page));
    assert_ne!(bare.fingerprint, query.fingerprint);
}

#[test]
fn a_wrong_file_names_its_line() {
    for (text, line) in [
        ("#+ titel: x\nASK {}", 1),
        ("# x\n#+ nonsense\nASK {}", 2),
        ("#+ parameter: s\nASK { ?s ?p ?o }", 1),
        ("#+ parameter: s\n#+ type: thing\nASK { ?s ?p ?o }", 2),
        (
            "#+ parameter: s\n#+ type: iri\n#+ value: x\nASK { ?s ?p ?o }",
            3,
        ),
        ("#+ parameter: s\n#+ type: enumeration\nASK { ?s ?p ?o }", 1),
        (
            "#+ parameter: s\n#+ type: iri\n#+ default: niets\nASK { ?s ?p ?o }",
            1,
        ),
        (
            "#+ parameter: s\n#+ type: iri\n#+ required: true\n#+ default: http://e/a\nASK { ?s ?p ?o }",
            1,
        ),
        ("#+ parameter: x\n#+ type: iri\nASK { ?s ?p ?o }", 0),
        (
            "#+ parameter: format\n#+ type: iri\nASK { ?format ?p ?o }",
            1,
        ),
        ("#+ parameter: 1a\n#+ type: iri\nASK { ?s ?p ?o }", 1),
        (
            "#+ parameter: s\n#+ type: iri\n#+ parameter: s\nASK { ?s ?p ?o }",
            3,
        ),
        ("#+ formats: turtle\nASK { ?s ?p ?o }", 1),
        ("#+ formats:\nASK { ?s ?p ?o }", 1),
        ("#+ timeout: soon\nASK { ?s ?p ?o }", 1),
        ("#+ max-rows: 0\nASK { ?s ?p ?o }", 1),
        ("#+ title: x\n\nSELECT ?s {", 3),
        (
            "#+ parameter: s\n#+ type: iri\nSELECT * { BIND(1 AS ?s) }",
            0,
        ),
        ("INSERT DATA { <http://e/a> <http://e/b> 1 }", 1),
        ("", 1),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(!error.reason.nl.is_empty() && !error.reason.en.is_empty());
    }
}

fn rows(data: &str, text: &str, values: &[(&str, &str)]) -> Vec<String> {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in oxttl::TriGParser::new().for_slice(data.as_bytes()) {
        draft.add_quad(quad.expect("the test data is valid").as_ref());
    }
    let query = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let given: Vec<(String, String)> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let terms = query.terms(&given).expect("values fit");
    let options = QueryOptions::default();
    let parsed = parse_query_with(&query.text, &options, &terms).expect("still a query");
    let shown = |term: Option<Term>| term.map_or_else(|| "-".to_owned(), |term| term.to_string());
    let answer = evaluate(&draft.snapshot().view(), &parsed, &options).expect("runs");
    let mut lines: Vec<String> = match answer {
        Answer::Solutions { rows, .. } => rows
            .map(|row| {
                row.expect("a row")
                    .into_iter()
                    .map(shown)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect(),
        Answer::Boolean(value) => vec![value.to_string()],
        Answer::Graph(triples) => triples.map(|t| t.expect("a triple").to_string()).collect(),
    };
    lines.sort();
    lines
}

const DATA: &str =
    "PREFIX : <http://e/> :a :p 1 ; :q :b . :b :p 2 . :c :p 1 . GRAPH :g { :a :in :g }";

#[test]
fn a_parameter_is_its_value_wherever_it_stands() {
    let ask = |body: &str, values: &[(&str, &str)]| {
        let header = "#+ parameter: x\n#+ type: iri\n";
        rows(DATA, &format!("{header}{body}"), values)
    };
    let a = [("x", "http://e/a")];
    assert_eq!(
        ask("SELECT ?x ?v { ?x <http://e/p> ?v }", &a),
        ["<http://e/a> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer>"]
    );
    assert_eq!(
        ask("SELECT ?x { ?x <http://e/p> ?v }", &[]).len(),
        3,
        "without a value it stays a variable"
    );
    assert_eq!(
        ask(
            "SELECT ?x (COUNT(?v) AS ?n) { ?x <http://e/p> ?v } GROUP BY ?x",
            &a
        ),
        ["<http://e/a> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer>"]
    );
    assert_eq!(
        ask("SELECT * { { SELECT ?v { ?x <http://e/p> ?v } } }", &a).len(),
        1,
        "in a sub-query too"
    );
    assert_eq!(
        ask("SELECT ?s { ?s <http://e/p> ?v FILTER EXISTS { ?s <http://e/p> ?w . ?x <http://e/p> ?w } }", &a).len(),
        2
    );
    assert_eq!(
        ask(
            "SELECT ?x ?v { ?x <http://e/p> ?v MINUS { ?x <http://e/q> ?w } }",
            &a
        )
        .len(),
        0,
        "MINUS compares it still"
    );
    assert_eq!(
        ask(
            "SELECT ?x ?v { ?x <http://e/p> ?v MINUS { ?x <http://e/q> ?w } }",
            &[("x", "http://e/b")]
        )
        .len(),
        1
    );
    assert_eq!(
        ask(
            "SELECT ?x { VALUES ?x { <http://e/a> <http://e/b> } ?x <http://e/p> ?v }",
            &a
        ),
        ["<http://e/a>"]
    );
    assert_eq!(
        ask(
            "SELECT ?s { GRAPH ?x { ?s ?p ?o } }",
            &[("x", "http://e/g")]
        ),
        ["<http://e/a>"]
    );
    assert_eq!(
        ask(
            "CONSTRUCT { ?x <http://e/r> ?v } { ?x <http://e/p> ?v }",
            &a
        )
        .len(),
        1
    );
    assert_eq!(
        ask("DESCRIBE ?x", &[("x", "http://e/b")]),
        ["<http://e/b> <http://e/p> \"2\"^^<http://www.w3.org/2001/XMLSchema#integer>"]
    );
    assert_eq!(
        ask(
            "SELECT ?x ?v { ?x <http://e/p> ?v } ORDER BY ?v LIMIT 1",
            &a
        )
        .len(),
        1
    );
    assert_eq!(ask("SELECT (STR(?x) AS ?t) { }", &a), ["\"http://e/a\""]);
    assert_eq!(
        ask("SELECT (BOUND(?x) AS ?t) { }", &a),
        ["\"true\"^^<http://www.w3.org/2001/XMLSchema#boolean>"]
    );
}

#[test]
fn a_literal_where_none_can_be_finds_nothing() {
    let header = "#+ parameter: x\n#+ type: string\n";
    for body in [
        "SELECT ?o { ?x <http://e/p> ?o }",
        "SELECT ?o { ?s ?x ?o }",
        "SELECT ?o { GRAPH ?x { ?s ?p ?o } }",
        "CONSTRUCT { ?x <http://e/p> ?o } { ?s <http://e/p> ?o }",
    ] {
        let found = rows(DATA, &format!("{header}{body}"), &[("x", "http://e/a")]);
        assert!(found.is_empty(), "{body}: {found:?}");
    }
}

proptest! {
    #[test]
    fn no_text_becomes_part_of_the_query(text in "[ -~é€\n\"'{}<>?#;]{1,40}") {
        let file = "#+ parameter: x\n#+ type: string\nSELECT ?x { }";
        let found = rows(DATA, file, &[("x", &text)]);
        let term = Term::from(oxrdf::Literal::new_simple_literal(&text));
        prop_assert_eq!(found, vec![term.to_string()]);
    }
}

#[test]
fn the_shipped_files_are_good() {
    let shipped = assets::stored_queries();
    assert!(shipped.len() >= 5);
    for (file, bytes) in shipped {
        let name = file.strip_suffix(".rq").expect("the extension");
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let query = StoredQuery::parse(name, text, BASE, RdfVersion::Rdf11)
            .unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_ne!(query.title.nl, query.title.en, "{file}: both languages");
        assert!(!query.description.nl.is_empty(), "{file}");
    }
}

#[test]
fn the_folder_is_followed() {
    let data = tempfile::tempdir().expect("temporary folder");
    let stored = StoredQueries::of(Some(data.path()), BASE);
    assert!(
        stored.catalogue().queries.is_empty(),
        "no folder, no queries"
    );
    let folder = data.path().join(FOLDER);
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("een.rq"), "ASK { ?s ?p 1 }").expect("written");
    fs::write(folder.join("Twee.rq"), "ASK { ?s ?p 2 }").expect("written");
    fs::write(folder.join("drie.rq"), "ASK {").expect("written");
    fs::write(folder.join("vier.txt"), "ASK {").expect("written");
    fs::write(folder.join("vijf.rq"), [0xff, 0xfe]).expect("written");
    fs::write(folder.join("groot.rq"), " ".repeat(300 << 10)).expect("written");
    std::thread::sleep(LOOK_AGAIN);
    let names = |catalogue: &Catalogue| {
        let good: Vec<_> = catalogue.queries.iter().map(|q| q.name.clone()).collect();
        let broken: Vec<_> = catalogue.broken.iter().map(|(n, _)| n.clone()).collect();
        (good.join(" "), broken.join(" "))
    };
    let first = stored.catalogue();
    assert_eq!(names(&first), ("een".into(), "Twee drie groot vijf".into()));
    assert!(
        Arc::ptr_eq(&first, &stored.catalogue()),
        "not looked at twice at once"
    );
    fs::write(folder.join("drie.rq"), "ASK { ?s ?p 3 }").expect("written");
    fs::remove_file(folder.join("een.rq")).expect("removed");
    std::thread::sleep(LOOK_AGAIN);
    let second = stored.catalogue();
    assert_eq!(names(&second), ("drie".into(), "Twee groot vijf".into()));
    assert!(second.query("drie").is_some() && second.broken("vijf").is_some());
}
