//! RDF 1.2 and SPARQL 1.2 behind their setting: refused with the way to switch them on, kept byte for byte when they are on,
//! the same from both engines, in every format, over HTTP and on the command line.

use crate::http::{BASE, Server, request};
use crate::oslo::{output, run, stderr, stdout};
use axum::http::{Method, StatusCode};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::query::{
    DefaultGraph, Engine, OutputFormat, QueryOptions, ResultFormat, apply_update, parse_query,
    run_query,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::rdf::shacl::{ShaclVersion, Threshold};
use oslo_registry::rdf::version::{MAX_TRIPLE_DEPTH, RdfVersion};
use oslo_registry::store::{CommitMeta, OpenOptions, Settings, Store, StoreError, View};
use oslo_registry::views::rdf_document::write_view;
use oxrdf::{
    BaseDirection, BlankNode, Dataset, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term,
    Triple,
};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

const RDF12: Settings = Settings {
    rdf: RdfVersion::Rdf12,
    shacl: ShaclVersion::Shacl10,
    disallow: Threshold::Info,
};
const SWITCH: &str = "oslo settings --rdf 1.2";

/// Triple terms in each other, with blank nodes, and literals that differ in their direction only.
const DATA: &str = r#"VERSION "1.2"
PREFIX : <http://e/>
:a :p :b ~ :r {| :since "2024-01-01" ; :by _:x |} .
<< :a :q "x"@ar--rtl ~ _:y >> :certainty 0.5 .
:a :label "x"@ar--rtl , "x"@ar--ltr , "x"@ar , "x" .
_:x :says <<( _:x :p <<( :a :n 1 )>> )>> , <<( :a :n 01 )>> , <<( :a :n 1 )>> .
"#;

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "http://e/agent".into(),
        activity: "http://e/test".into(),
        source: Vec::new(),
        message: None,
    }
}

fn load(store: &Store, text: &[u8], format: Format) -> Result<(), String> {
    let contexts = ContextStore::empty();
    let mut draft = store.begin().map_err(|error| error.to_string())?;
    let options = ParseOptions {
        format: Some(format),
        base_iri: Some("http://e/".into()),
        ..ParseOptions::new(&contexts)
    };
    parse_into(&mut draft, &Input::bytes("test", text.to_vec()), options)
        .map_err(|found| format!("{}: {found:?}", found.code))?;
    draft.commit(meta()).map_err(|error| error.to_string())?;
    Ok(())
}

fn dump(view: &View, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    write_view(view, format, &mut out).expect("memory takes writes");
    out
}

fn sorted_lines(view: &View) -> Vec<String> {
    let text = String::from_utf8(dump(view, Format::NQuads)).expect("UTF-8");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn export(data: &Path, format: &str) -> String {
    output(data, ["export", "--format", format])
}

#[test]
fn the_command_line_refuses_takes_keeps_and_goes_back() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let file = folder.path().join("a.ttl");
    fs::write(&file, DATA).expect("write");
    let file = file.display().to_string();
    let ask = "ASK { << ?s ?p ?o >> ?a ?b }";

    let refused = run(&data, ["load", &file]);
    let said = stdout(&refused) + &stderr(&refused);
    assert!(!refused.status.success());
    assert!(said.contains("P042") && said.contains(SWITCH), "{said}");
    assert!(said.contains(":1:9"), "{said}");
    let refused = run(&data, ["query", ask]);
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains(SWITCH), "{}", stderr(&refused));

    assert_eq!(output(&data, ["settings"]), "rdf\t1.1\nshacl\t1.0\n");
    assert_eq!(
        output(&data, ["settings", "--rdf", "1.2"]),
        "rdf\t1.2\nshacl\t1.0\n"
    );
    assert_eq!(output(&data, ["settings"]), "rdf\t1.2\nshacl\t1.0\n");
    output(&data, ["load", "--graph", "http://e/g", &file]);
    assert!(output(&data, ["query", ask]).contains("true"));
    output(&data, ["check", "--deep"]);

    // A dump comes back byte for byte, into a registry that was set alike.
    for (format, extension) in [("nquads", "nq"), ("trig", "trig")] {
        let text = export(&data, format);
        assert!(
            text.contains("<<( ") && text.contains("\"x\"@ar--rtl"),
            "{text}"
        );
        let dumped = folder.path().join(format!("dump.{extension}"));
        fs::write(&dumped, &text).expect("write the dump");
        let dumped = dumped.display().to_string();
        let second = folder.path().join(extension);
        assert!(!run(&second, ["load", &dumped]).status.success());
        output(&second, ["settings", "--rdf", "1.2"]);
        output(&second, ["load", &dumped]);
        assert_eq!(export(&second, format), text);
        assert_eq!(export(&second, "nquads"), export(&data, "nquads"));
    }

    // Backup, restore and rebuild keep setting and statements.
    let copy = folder.path().join("copy").display().to_string();
    output(&data, ["backup", &copy]);
    assert_eq!(
        output(Path::new(&copy), ["settings"]),
        "rdf\t1.2\nshacl\t1.0\n"
    );
    let third = folder.path().join("third");
    output(&third, ["restore", &copy]);
    assert_eq!(output(&third, ["settings"]), "rdf\t1.2\nshacl\t1.0\n");
    output(&third, ["rebuild"]);
    assert_eq!(export(&third, "nquads"), export(&data, "nquads"));
    let earlier = folder.path().join("earlier");
    output(&earlier, ["restore", &copy, "--as-of", "1"]);
    assert_eq!(output(&earlier, ["settings"]), "rdf\t1.2\nshacl\t1.0\n");

    // There is no way back while something of RDF 1.2 is stored.
    let refused = run(&data, ["settings", "--rdf", "1.1"]);
    assert!(!refused.status.success());
    assert!(stderr(&refused).contains("1.2"), "{}", stderr(&refused));
    output(&data, ["update", "DROP ALL"]);
    assert_eq!(
        output(&data, ["settings", "--rdf", "1.1"]),
        "rdf\t1.1\nshacl\t1.0\n"
    );
    assert!(!run(&data, ["load", &file]).status.success());
}

#[test]
fn every_syntax_of_rdf_1_2_is_refused_by_a_registry_of_1_1() {
    for (format, text) in [
        (Format::NTriples, "<s:s> <p:p> <<( <s:s> <p:p> <o:o> )>> ."),
        (Format::NTriples, "<s:s> <p:p> \"x\"@ar--rtl ."),
        (Format::NQuads, "<s:s> <p:p> \"x\"@ar--rtl <g:g> ."),
        (Format::NTriples, "VERSION \"1.2\"\n<s:s> <p:p> <o:o> ."),
        (Format::Turtle, "<s> <p> <o> {| <q> 1 |} ."),
        (Format::Turtle, "<s> <p> <o> ~ ."),
        (Format::Turtle, "<< <s> <p> <o> >> <q> 1 ."),
        (Format::Turtle, "@version \"1.2\" . <s> <p> <o> ."),
        (Format::TriG, "<g> { <s> <p> <<( <s> <p> <o> )>> }"),
        (
            Format::RdfXml,
            r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/" rdf:version="1.2"/>"#,
        ),
    ] {
        let store = Store::in_memory();
        let refused = load(&store, text.as_bytes(), format).expect_err(text);
        assert!(
            refused.starts_with("P042") && refused.contains(SWITCH),
            "{text}: {refused}"
        );
        assert_eq!(store.snapshot().quad_count(), 0);
        let newer = Store::in_memory_with(RDF12);
        load(&newer, text.as_bytes(), format).expect(text);
    }
    // JSON-LD 1.1 has directions, and drops them on the way to RDF 1.1.
    let text = br#"{"@id": "http://e/s", "http://e/p": {"@value": "x", "@language": "ar", "@direction": "rtl"}}"#;
    for (settings, object) in [(Settings::default(), "\"x\"@ar"), (RDF12, "\"x\"@ar--rtl")] {
        let store = Store::in_memory_with(settings);
        load(&store, text, Format::JsonLd).expect("JSON-LD");
        let lines = dump(&store.snapshot().view(), Format::NTriples);
        let lines = String::from_utf8(lines).expect("UTF-8");
        assert_eq!(lines, format!("<http://e/s> <http://e/p> {object} .\n"));
    }
}

#[test]
fn nesting_is_bounded_wherever_it_comes_from() {
    let nested = |depth: usize| {
        format!(
            "<s:s> <p:p> {}<o:o>{} .\n",
            "<<( <s:s> <p:p> ".repeat(depth),
            " )>>".repeat(depth)
        )
    };
    for format in [
        Format::NTriples,
        Format::NQuads,
        Format::Turtle,
        Format::TriG,
    ] {
        let store = Store::in_memory_with(RDF12);
        load(&store, nested(MAX_TRIPLE_DEPTH).as_bytes(), format).expect("is allowed");
        for depth in [MAX_TRIPLE_DEPTH + 1, 200_000] {
            for store in [Store::in_memory_with(RDF12), Store::in_memory()] {
                let refused = load(&store, nested(depth).as_bytes(), format).expect_err("too deep");
                assert!(refused.starts_with("P0"), "{refused}");
            }
        }
        // A mistake far behind much that is right is found at its line.
        let mut long = "<s:s> <p:p> <<( <s:s> <p:p> _:b )>> .\n".repeat(40_000);
        long += &nested(MAX_TRIPLE_DEPTH + 1);
        let refused = load(&store, long.as_bytes(), format).expect_err("too deep");
        assert!(
            refused.contains("line: Some(40001)"),
            "{format:?}: {refused}"
        );
    }
    let deep = |depth: usize| {
        let xml: String = (0..depth)
            .map(|_| "<rdf:Description rdf:about='http://e/s'><e:p rdf:parseType='Triple'>")
            .collect();
        format!(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:e='http://e/' rdf:version='1.2'>{xml}<rdf:Description rdf:about='http://e/s' e:p='x'/>{}</rdf:RDF>",
            "</e:p></rdf:Description>".repeat(depth)
        )
    };
    for depth in [MAX_TRIPLE_DEPTH + 1, 1_000, 100_000] {
        let store = Store::in_memory_with(RDF12);
        let refused = load(&store, deep(depth).as_bytes(), Format::RdfXml).expect_err("too deep");
        assert!(refused.starts_with("P020"), "{refused}");
    }
    // One level per update, until there is one too many.
    let store = Store::in_memory_with(RDF12);
    let mut draft = store.begin().expect("begins");
    let options = QueryOptions {
        default_graph: DefaultGraph::Stored,
        ..QueryOptions::default()
    };
    let wrap = "PREFIX : <http://e/> DELETE { :a :p ?o } INSERT { :a :p ?t } WHERE { :a :p ?o BIND(TRIPLE(:s, :p, ?o) AS ?t) }";
    apply_update(
        &mut draft,
        "INSERT DATA { <http://e/a> <http://e/p> 1 }",
        &options,
    )
    .expect("a start");
    for _ in 0..MAX_TRIPLE_DEPTH {
        apply_update(&mut draft, wrap, &options).expect("is allowed");
    }
    let refused = apply_update(&mut draft, wrap, &options).expect_err("too deep");
    assert_eq!(refused.code(), "update-refused");
    // Texts that nest too deep are stopped before they are parsed.
    for open in ["<< ", "<<( :s :p "] {
        let text = format!("PREFIX : <http://e/> ASK {{ {} }}", open.repeat(50_000));
        let options = QueryOptions {
            rdf: RdfVersion::Rdf12,
            ..QueryOptions::default()
        };
        assert!(parse_query(&text, &options).is_err());
    }
}

fn node() -> impl Strategy<Value = NamedOrBlankNode> {
    prop_oneof![
        (0..6_u8).prop_map(|n| NamedNode::new_unchecked(format!("http://e/id/{n}")).into()),
        "[a-d]".prop_map(|label| BlankNode::new_unchecked(label).into()),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    let literal = ("[a-c\"\\\\\n<>() é]{0,6}", 0..5_u8).prop_map(|(value, kind)| {
        Term::from(match kind {
            0 => Literal::new_simple_literal(value),
            1 => Literal::new_language_tagged_literal_unchecked(value, "nl"),
            2 => Literal::new_directional_language_tagged_literal_unchecked(
                value,
                "nl",
                BaseDirection::Ltr,
            ),
            3 => Literal::new_directional_language_tagged_literal_unchecked(
                value,
                "nl",
                BaseDirection::Rtl,
            ),
            _ => Literal::from(7),
        })
    });
    prop_oneof![literal, node().prop_map(Term::from)].prop_recursive(4, 8, 1, |object| {
        (node(), 0..3_u8, object).prop_map(|(subject, predicate, object)| {
            let predicate = NamedNode::new_unchecked(format!("http://e/p{predicate}"));
            Triple::new(subject, predicate, object).into()
        })
    })
}

fn quads() -> impl Strategy<Value = Vec<Quad>> {
    let graph = prop_oneof![
        Just(GraphName::DefaultGraph),
        Just(GraphName::from(NamedNode::new_unchecked("http://e/g")))
    ];
    let quad = (node(), 0..3_u8, term(), graph).prop_map(|(subject, predicate, object, graph)| {
        let predicate = NamedNode::new_unchecked(format!("http://e/p{predicate}"));
        Quad::new(subject, predicate, object, graph)
    });
    prop::collection::vec(quad, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is stored is what was given; each syntax reads back to the same; N-Quads to the same bytes.
    #[test]
    fn statements_survive_every_syntax(quads in quads()) {
        let store = Store::in_memory_with(RDF12);
        let mut draft = store.begin().expect("begins");
        quads.iter().for_each(|quad| draft.add_quad(quad.as_ref()));
        draft.commit(meta()).expect("commits");
        let view = store.snapshot().view();
        let given: Dataset = quads.iter().map(Quad::as_ref).collect();
        prop_assert_eq!(view.quads(None, None, None, None).count(), given.len());
        for quad in &given {
            prop_assert!(view.id_of(quad.object).is_some());
        }
        let lines = dump(&view, Format::NQuads);
        for format in [Format::NQuads, Format::TriG] {
            let second = Store::in_memory_with(RDF12);
            load(&second, &dump(&view, format), format).map_err(TestCaseError::fail)?;
            let first_again = Store::in_memory_with(RDF12);
            load(&first_again, &lines, Format::NQuads).map_err(TestCaseError::fail)?;
            let (a, b) = (first_again.snapshot().view(), second.snapshot().view());
            let parse = |view: &View| -> Dataset {
                oxrdfio::RdfParser::from_format(oxrdfio::RdfFormat::NQuads)
                    .for_slice(&dump(view, Format::NQuads))
                    .collect::<Result<_, _>>()
                    .expect("our own dump")
            };
            crate::rdf_suites::isomorphic(parse(&a), parse(&b)).map_err(TestCaseError::fail)?;
            // Labels of the store are kept: the dump of what was loaded loads into the very same statements.
            let third = Store::in_memory_with(RDF12);
            load(&third, &dump(&b, format), format).map_err(TestCaseError::fail)?;
            prop_assert_eq!(sorted_lines(&third.snapshot().view()), sorted_lines(&b));
        }
    }
}

fn rows(view: &View, text: &str, engine: Engine) -> Result<String, String> {
    let options = QueryOptions {
        rdf: RdfVersion::Rdf12,
        engine,
        ..QueryOptions::default()
    };
    let text = format!(
        "PREFIX : <http://e/> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> {text}"
    );
    let query = parse_query(&text, &options).map_err(|error| error.to_string())?;
    let format = if query.kind().is_graph() {
        OutputFormat::Graph(Format::NTriples)
    } else {
        OutputFormat::Solutions(ResultFormat::Tsv)
    };
    let mut out = Vec::new();
    run_query(view, &query, &options, format, &mut out).map_err(|error| error.to_string())?;
    let out = String::from_utf8(out).expect("UTF-8");
    let mut lines: Vec<&str> = out.lines().collect();
    if !text.contains("ORDER BY") {
        lines.sort_unstable();
    }
    Ok(lines.join("\n"))
}

#[test]
fn both_engines_answer_alike() {
    let store = Store::in_memory_with(RDF12);
    load(&store, DATA.as_bytes(), Format::Turtle).expect("loads");
    let view = store.snapshot().view();
    for text in [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?o { ?s ?p ?o } ORDER BY ?o",
        "SELECT ?o { ?s ?p ?o } ORDER BY DESC(?o)",
        "SELECT * { ?s ?p ?o FILTER(isLITERAL(?o)) }",
        "SELECT * { ?s ?p ?o FILTER(!isIRI(?o) && !isBLANK(?o) && !isLITERAL(?o)) }",
        "SELECT * { ?s ?p ?o FILTER(isTRIPLE(?o)) }",
        "SELECT (STR(?o) AS ?t) (LANG(?o) AS ?l) (DATATYPE(?o) AS ?d) { ?s ?p ?o }",
        "SELECT (LANGDIR(?o) AS ?d) (hasLANG(?o) AS ?h) (hasLANGDIR(?o) AS ?g) { ?s :label ?o }",
        "SELECT * { ?s :label ?o FILTER(CONTAINS(?o, \"x\")) }",
        "SELECT * { ?s :label ?o FILTER(CONTAINS(?o, \"x\"@ar--rtl)) }",
        "SELECT * { ?s :label ?o FILTER(STRSTARTS(?o, \"x\"@ar)) }",
        "SELECT (UCASE(?o) AS ?u) (CONCAT(?o, ?o) AS ?c) (STRLEN(?o) AS ?n) { ?s :label ?o }",
        "SELECT * { ?s :label ?o . ?s :label ?q FILTER(?o = ?q) }",
        "SELECT * { ?s :label ?o . ?s :label ?q FILTER(?o < ?q) }",
        "SELECT * { ?s :says ?o . ?s :says ?q FILTER(?o = ?q) }",
        "SELECT * { ?s :says ?o . ?s :says ?q FILTER(?o <= ?q) }",
        "SELECT * { ?s :says ?o . ?s :says ?q FILTER(sameTerm(?o, ?q)) }",
        "SELECT ?o (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?o",
        "SELECT (MIN(?o) AS ?a) (MAX(?o) AS ?b) (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
        "SELECT DISTINCT ?o { ?s ?p ?o }",
        "SELECT * { ?r rdf:reifies <<( :a :p :b )>> }",
        "SELECT * { ?r rdf:reifies <<( ?s ?p ?o )>> . ?r ?q ?v }",
        "SELECT * { ?s :n ?x . ?r :says <<( ?s ?p ?o )>> }",
        "SELECT * { ?r :says <<( ?b ?p <<( ?s ?q ?o )>> )>> FILTER(?b = ?r) }",
        "SELECT * { VALUES ?t { <<( :a :n 1 )>> <<( :a :n 2 )>> } ?s :says ?t }",
        "SELECT * { ?s :says ?t FILTER(?t IN (<<( :a :n 1 )>>)) }",
        "SELECT * { ?s ?p ?o OPTIONAL { ?r rdf:reifies <<( ?s ?p ?o )>> } FILTER(?p = :p) }",
        "SELECT * { ?s ?p ?o FILTER EXISTS { ?r rdf:reifies <<( ?s ?p ?o )>> } }",
        "SELECT * { ?s ?p ?o MINUS { ?r rdf:reifies <<( ?s ?p ?o )>> } }",
        "SELECT * { _:r rdf:reifies <<( ?s ?p _:o )>> . _:r ?q _:o }",
        "CONSTRUCT { ?s :seen ?o } { ?s ?p ?o FILTER(!isBLANK(?o)) }",
        "CONSTRUCT { ?s :seen <<( ?s ?p ?o )>> } { ?s ?p ?o FILTER(isIRI(?s)) FILTER(!isBLANK(?o)) }",
    ] {
        let ours = rows(&view, text, Engine::Automatic).unwrap_or_else(|e| panic!("{text}: {e}"));
        let theirs = rows(&view, text, Engine::Evaluator).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(ours, theirs, "{text}");
    }
    let found = rows(
        &view,
        "SELECT ?o ?v { ?r rdf:reifies <<( :a :p ?o )>> ; :since ?v }",
        Engine::Automatic,
    );
    assert_eq!(found.as_deref(), Ok("<http://e/b>\t\"2024-01-01\"\n?o\t?v"));
}

#[test]
fn each_result_format_tells_triple_terms_and_directions() {
    let store = Store::in_memory_with(RDF12);
    let text = ":a :p <<( :a :n \"x\"@ar--rtl )>> .";
    let text = format!("PREFIX : <http://e/>\n{text}");
    load(&store, text.as_bytes(), Format::Turtle).expect("loads");
    let view = store.snapshot().view();
    let options = QueryOptions {
        rdf: RdfVersion::Rdf12,
        ..QueryOptions::default()
    };
    let write = |text: &str, format| {
        let query = parse_query(text, &options).expect("a query");
        let mut out = Vec::new();
        run_query(&view, &query, &options, format, &mut out).expect("an answer");
        String::from_utf8(out).expect("UTF-8")
    };
    for (format, parts) in [
        (
            ResultFormat::Json,
            &[
                "\"type\":\"triple\"",
                "\"its:dir\":\"rtl\"",
                "\"xml:lang\":\"ar\"",
            ][..],
        ),
        (ResultFormat::Xml, &["<triple>", "its:dir=\"rtl\""]),
        (
            ResultFormat::Tsv,
            &["<<( <http://e/a> <http://e/n> \"x\"@ar--rtl )>>"],
        ),
        (ResultFormat::Csv, &["http://e/a http://e/n x"]),
        (ResultFormat::Table, &["<<( ", "x @ar--rtl"]),
    ] {
        let out = write("SELECT ?o { ?s ?p ?o }", OutputFormat::Solutions(format));
        for part in parts {
            assert!(out.contains(part), "{format:?}: {out}");
        }
    }
    for format in Format::ALL {
        let query = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }";
        let out = write(query, OutputFormat::Graph(format));
        if format == Format::JsonLd {
            assert!(out.contains("urn:x-oslo:triple-term"), "{out}");
            continue;
        }
        let second = Store::in_memory_with(RDF12);
        load(&second, out.as_bytes(), format).unwrap_or_else(|e| panic!("{format:?}: {e}\n{out}"));
        assert_eq!(
            dump(&second.snapshot().view(), Format::NQuads),
            dump(&view, Format::NQuads),
            "{format:?}"
        );
    }
}

#[test]
fn a_store_says_what_it_was_set_to() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let open = |read_only| {
        let options = OpenOptions {
            read_only,
            ..OpenOptions::default()
        };
        Store::open(folder.path(), options).expect("opens")
    };
    let store = open(false);
    assert_eq!(store.settings(), Settings::default());
    store.set(RDF12).expect("is set");
    load(&store, DATA.as_bytes(), Format::Turtle).expect("loads");
    assert!(matches!(
        store.set(Settings::default()),
        Err(StoreError::HoldsRdf12)
    ));
    assert_eq!(open(true).settings(), RDF12);
    assert!(matches!(open(true).set(RDF12), Err(StoreError::ReadOnly)));
    assert_eq!(Settings::of(folder.path()).expect("reads"), RDF12);
    drop(store);
    assert_eq!(open(false).settings(), RDF12);
    // Only literals with a direction, no triple term.
    let other = Store::in_memory_with(RDF12);
    load(&other, b"<s> <p> \"x\"@ar--rtl .", Format::Turtle).expect("loads");
    assert!(other.set(Settings::default()).is_err());
    let mut draft = other.begin().expect("begins");
    apply_update(&mut draft, "DROP ALL", &QueryOptions::default()).expect("drops");
    draft.commit(meta()).expect("commits");
    other.set(Settings::default()).expect("nothing is left");
}

#[tokio::test]
async fn http_refuses_or_takes_as_the_registry_is_set() {
    let server = Server::empty();
    let path = format!("/rdf-graphs?graph={BASE}/graph/proef");
    let turtle = "<http://e/a> <http://e/p> <<( <http://e/a> <http://e/p> 1 )>> .";
    for (media_type, body) in [
        ("text/turtle", turtle),
        ("text/turtle; version=1.2", "<http://e/a> <http://e/p> 1 ."),
    ] {
        let refused = server.write(Method::PUT, &path, media_type, body).await;
        assert!(refused.status.is_client_error(), "{media_type}");
        assert!(refused.text().contains(SWITCH), "{}", refused.text());
    }
    let ask =
        "/sparql?query=SELECT%20*%20%7B%20%3C%3C%20%3Fs%20%3Fp%20%3Fo%20%3E%3E%20%3Fa%20%3Fb%20%7D";
    let refused = server.get(ask).await;
    let problem = refused.assert_problem(400, "query-syntax");
    assert!(problem.to_string().contains(SWITCH), "{problem}");
    let update = format!("INSERT DATA {{ {turtle} }}");
    let refused = server
        .write(
            Method::POST,
            "/sparql",
            "application/sparql-update",
            &update,
        )
        .await;
    assert!(refused.text().contains(SWITCH), "{}", refused.text());

    server.registry.store().set(RDF12).expect("is set");
    let put = server
        .write(Method::PUT, &path, "text/turtle; version=1.2", turtle)
        .await;
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.text());
    assert_eq!(server.get(ask).await.status, StatusCode::OK);
    let done = server
        .write(
            Method::POST,
            "/sparql",
            "application/sparql-update",
            &update,
        )
        .await;
    assert!(done.status.is_success(), "{}", done.text());
    for (accept, content_type) in [
        ("text/turtle", "text/turtle; charset=utf-8"),
        (
            "text/turtle;version=1.2",
            "text/turtle; charset=utf-8; version=1.2",
        ),
        ("text/turtle;version=1.1", "text/turtle; charset=utf-8"),
        (
            "application/n-triples; version=1.2",
            "application/n-triples; version=1.2",
        ),
    ] {
        let answer = server.get_as(&path, accept).await;
        assert_eq!(answer.header("content-type"), content_type);
        assert!(answer.text().contains("<<("), "{}", answer.text());
    }
    let construct = "/sparql?query=CONSTRUCT%20WHERE%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D";
    let answer = server
        .get_as(construct, "application/trig;version=1.2")
        .await;
    assert_eq!(
        answer.header("content-type"),
        "application/trig; version=1.2"
    );
    // Pages and compact JSON-LD show triple terms as well as they can.
    let page = server.get_as(ask, "text/html").await;
    assert_eq!(page.status, StatusCode::OK);
    let head = server.send(request(Method::HEAD, &path, &[], "")).await;
    assert_eq!(head.status, StatusCode::OK);
}
