//! Inputs no loader should trip over: empty, binary, endless, packed to explode, circular, cut off.
//! Each is refused with its code and leaves nothing behind, or is taken with a warning.

use oslo_registry::ingest::{
    ContextStore, Diagnostic, Input, Limits, LoadPlan, ParseOptions, ParseStats, Severity,
    load_files, parse_into,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::store::Store;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn parse_with(
    input: &Input,
    adjust: impl FnOnce(&mut ParseOptions<'_>),
    contexts: &ContextStore,
) -> Result<(ParseStats, u64), Diagnostic> {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a new store takes a writer");
    let mut options = ParseOptions::new(contexts);
    adjust(&mut options);
    let stats = parse_into(&mut draft, input, options)?;
    let quads = draft.snapshot().quad_count();
    Ok((stats, quads))
}

fn parse(name: &str, bytes: impl Into<Vec<u8>>) -> Result<(ParseStats, u64), Diagnostic> {
    parse_with(
        &Input::bytes(name, bytes.into()),
        |_| {},
        &ContextStore::empty(),
    )
}

fn code(name: &str, bytes: impl Into<Vec<u8>>) -> &'static str {
    match parse(name, bytes) {
        Ok((stats, _)) => stats.warnings.first().map_or("loaded", |w| w.code),
        Err(diagnostic) => diagnostic.code,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

#[test]
fn empty_inputs_are_taken_with_a_warning() {
    for name in ["a.ttl", "a.trig", "a.nt", "a.nq", "a.rdf", "a.jsonld"] {
        assert_eq!(code(name, ""), "P005", "{name}");
        assert_eq!(code(name, " \n\t\r\n"), "P005", "{name}");
        assert_eq!(code(name, gzip(b"")), "P005", "{name} packed");
    }
    assert_eq!(code("a.ttl", "# nothing but words\n"), "P006");
    assert_eq!(code("a.json", r#"{"naam": "Gent"}"#), "P006");
    assert_eq!(code("a.jsonld", r#"{"@context": {"x": "urn:x"}}"#), "P006");
}

#[test]
fn names_and_contents_that_are_no_rdf() {
    assert_eq!(code("a.path", "<urn:a> <urn:b> <urn:c> ."), "P001");
    assert_eq!(code("README", ""), "P001");
    assert_eq!(code("a.csv", "a;b\n"), "P002");
    assert_eq!(code("a.xml", "<?xml version='1.0'?><a/>"), "P002");
    assert_eq!(code("a.ttl", "<!DOCTYPE html><html/>"), "P002");
    assert_eq!(code("a.ttl", [0x00, 0x01, 0x02, 0xFF, 0xFE]), "P003");
    assert_eq!(code("a.ttl", b"PK\x03\x04 a workbook"), "P003");
    assert_eq!(code("a.ttl", "\u{FEFF}<urn:a> <urn:b> <urn:c> ."), "loaded");
    let missing = Input::file("/nowhere/at/all.ttl");
    let refused = parse_with(&missing, |_| {}, &ContextStore::empty());
    assert_eq!(refused.expect_err("is not there").code, "P004");
}

#[test]
fn every_mistake_has_its_place() {
    for (name, text, expected, line, column) in [
        (
            "a.ttl",
            "<urn:a> <urn:b> <urn:c> .\n\nex:a a ex:B .\n",
            "P012",
            3,
            1,
        ),
        (
            "a.ttl",
            "<urn:a> <urn:b>\n  <http://example.org/a b> .",
            "P013",
            2,
            24,
        ),
        ("a.nt", "<urn:a> <urn:b> <c> .", "P025", 1, 17),
        ("a.ttl", "<urn:a> <urn:b> \"één\ntwee\" .", "P014", 1, 21),
        (
            "a.nq",
            "<urn:a> <urn:b> \"x\"@verytoolongtag .",
            "P016",
            1,
            21,
        ),
        ("a.nt", "<urn:a> <urn:b> \"x", "P015", 1, 17),
        (
            "a.ttl",
            "<urn:a> <urn:b> <urn:c>\n<urn:d> <urn:e> <urn:f> .",
            "P019",
            2,
            1,
        ),
        ("a.json", "{\"@context\": {},\n \"a\": 1,\n}", "P030", 3, 1),
        ("a.json", "{\"@context\": {},\n \"@id\": 5}", "P034", 2, 2),
        (
            "a.rdf",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n <rdf:Description></rdf:RDF>",
            "P040",
            2,
            28,
        ),
        (
            "a.rdf",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n <rdf:li/>\n</rdf:RDF>",
            "P041",
            2,
            10,
        ),
    ] {
        let diagnostic = parse(name, text).expect_err(text);
        let found = (
            diagnostic.code,
            diagnostic.location.line,
            diagnostic.location.column,
        );
        assert_eq!(
            found,
            (expected, Some(line), Some(column)),
            "{text}\n{diagnostic:?}"
        );
        assert!(diagnostic.hint.is_some(), "{text}");
    }
    let latin = parse(
        "a.ttl",
        b"<urn:a> <urn:b> \"ge\xEBerd\" .\nex:broken".to_vec(),
    );
    let latin = latin.expect_err("is not UTF-8");
    assert_eq!(
        (latin.code, latin.location.line, latin.location.column),
        ("P010", Some(1), Some(20))
    );
    // The earlier mistake is the one that is told.
    let both = parse("a.ttl", b"ex:broken .\n\"\xEB\"".to_vec()).expect_err("is broken twice");
    assert_eq!(both.code, "P012");
}

/// Gives a line that never ends and counts what is taken of it.
struct Endless {
    start: &'static [u8],
    taken: Arc<AtomicU64>,
    total: u64,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let done = self.taken.load(Ordering::Relaxed);
        if done >= self.total {
            return Ok(0);
        }
        for (at, byte) in out.iter_mut().enumerate() {
            let offset = done as usize + at;
            *byte = self.start.get(offset).copied().unwrap_or(b'a');
        }
        self.taken.fetch_add(out.len() as u64, Ordering::Relaxed);
        Ok(out.len())
    }
}

#[test]
fn endless_lines_are_left_after_a_bounded_read() {
    const GIGABYTE: u64 = 1 << 30;
    for (format, start) in [
        (Format::NTriples, &b"<urn:a> <urn:b> \""[..]),
        (Format::NQuads, b"# "),
        (Format::Turtle, b"<urn:a> <urn:b> \"\"\""),
        (Format::TriG, b"<urn:"),
        (
            Format::RdfXml,
            b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
        ),
        (Format::RdfXml, b"<!--"),
        (Format::JsonLd, b"{\"@context\": {}, \"a\": \""),
    ] {
        let taken = Arc::new(AtomicU64::new(0));
        let most = Arc::new(AtomicU64::new(0));
        let (counter, highest) = (Arc::clone(&taken), Arc::clone(&most));
        let input = Input::opener("endless", move || {
            highest.fetch_max(counter.swap(0, Ordering::Relaxed), Ordering::Relaxed);
            Ok(Box::new(Endless {
                start,
                taken: Arc::clone(&counter),
                total: GIGABYTE,
            }))
        });
        let refused = parse_with(&input, |o| o.format = Some(format), &ContextStore::empty())
            .expect_err("is too long");
        assert_eq!(refused.code, "P020", "{format:?}");
        let read = most
            .load(Ordering::Relaxed)
            .max(taken.load(Ordering::Relaxed));
        assert!(read <= 48 << 20, "{format:?}: {read} bytes were read");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = 200_000;
    assert_eq!(code("a.json", "[".repeat(deep)), "P020");
    let contexts = "{\"@context\":{\"a\":{\"@id\":\"urn:a\",\"@context\":".repeat(100);
    assert_eq!(code("a.json", contexts), "P020");
    let inner = "{\"@context\":{\"a\":{\"@id\":\"urn:a\",\"@context\":".repeat(40);
    assert_ne!(code("a.json", inner), "loaded");
    assert_eq!(
        code("a.ttl", format!("<urn:a> <urn:b> {}", "(".repeat(deep))),
        "P015"
    );
    assert_eq!(
        code(
            "a.ttl",
            format!("<urn:a> <urn:b> {}", "[ <urn:b> ".repeat(deep))
        ),
        "P015"
    );
    let nested = "<rdf:Description><a:b>".repeat(2000);
    let xml = format!(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:a='urn:a'>{nested}"
    );
    assert_eq!(code("a.rdf", xml), "P015");
}

#[test]
fn packed_inputs() {
    let text = b"<urn:a> <urn:b> <urn:c> .\n".repeat(1000);
    let packed = gzip(&text);
    assert_eq!(parse("a.nt.gz", packed.clone()).expect("is sound").1, 1);
    let cut = parse("a.nt.gz", &packed[..packed.len() / 2]).expect_err("is cut off");
    assert_eq!(cut.code, "P022");
    let mut damaged = packed.clone();
    let middle = damaged.len() - 6;
    damaged[middle] ^= 0xFF;
    assert_eq!(code("a.nt.gz", damaged), "P022");
    let bomb = gzip(&vec![b'\n'; 24 << 20]);
    assert!(bomb.len() < 50_000);
    assert_eq!(code("a.nt.gz", bomb.clone()), "P020");
    let patient = parse_with(
        &Input::bytes("a.nt.gz", bomb),
        |o| o.limits.max_inflation = 2000,
        &ContextStore::empty(),
    );
    assert_eq!(patient.expect("the bound is the caller's").1, 0);
    let small = Limits {
        max_file_bytes: 1000,
        max_lines_bytes: 1000,
        ..Limits::default()
    };
    let large = parse_with(
        &Input::bytes("a.nt", text),
        |o| o.limits = small,
        &ContextStore::empty(),
    );
    assert_eq!(large.expect_err("is too large").code, "P020");
}

#[test]
fn contexts_come_from_here_or_not_at_all() {
    let document = |context: &str| {
        format!("{{\n \"@context\": \"{context}\",\n \"@id\": \"urn:a\", \"naam\": \"x\"\n}}")
    };
    let unknown =
        parse("a.jsonld", document("https://example.org/other.jsonld")).expect_err("is not here");
    assert_eq!((unknown.code, unknown.location.line), ("P031", Some(2)));
    assert!(
        unknown
            .message
            .nl
            .contains("https://example.org/other.jsonld")
    );
    let contexts = ContextStore::empty()
        .with_document(
            "https://example.org/good",
            r#"{"@context":{"naam":"urn:naam"}}"#,
        )
        .with_document(
            "https://example.org/loop",
            r#"{"@context":["https://example.org/back"]}"#,
        )
        .with_document(
            "https://example.org/back",
            r#"{"@context":["https://example.org/loop"]}"#,
        )
        .with_document(
            "https://example.org/half",
            r#"{"@context":["https://example.org/good","https://example.org/gone"]}"#,
        )
        .with_document("https://example.org/broken", "{");
    let with = |context: &str| {
        parse_with(
            &Input::bytes("a.jsonld", document(context)),
            |_| {},
            &contexts,
        )
        .map(|(_, quads)| quads)
        .map_err(|d| d.code)
    };
    assert_eq!(with("https://example.org/good"), Ok(1));
    assert_eq!(with("https://example.org/loop"), Err("P032"));
    assert_eq!(with("https://example.org/half"), Err("P031"));
    assert_eq!(with("https://example.org/broken"), Err("P033"));
    assert_eq!(with("relative"), Err("P034"));
}

#[test]
fn a_dump_with_store_labels_loads_into_the_same_statements() {
    let contexts = ContextStore::empty();
    let text = "_:b0123456789abcdef0123x12 <urn:p> _:other .\n_:other <urn:p> \"x\" .\n";
    let dump = |text: &str| {
        let store = Store::in_memory();
        let mut draft = store.begin().expect("a new store takes a writer");
        parse_into(
            &mut draft,
            &Input::bytes("a.nt", text.to_owned()),
            ParseOptions::new(&contexts),
        )
        .expect("is sound");
        let view = draft.snapshot().view();
        let mut lines: Vec<String> = view
            .quads(None, None, None, None)
            .map(|q| {
                format!(
                    "{} {} {} .\n",
                    view.text(q.s),
                    view.text(q.p),
                    view.text(q.o)
                )
            })
            .collect();
        lines.sort();
        lines.concat()
    };
    let first = dump(text);
    assert!(first.contains("_:b0123456789abcdef0123x12 <urn:p> _:b"));
    assert_eq!(dump(&first), first);
    assert_eq!(dump(text), first);
}

#[test]
fn folders_are_walked_in_order_and_other_files_passed_over() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("has a folder")).expect("can be made");
        std::fs::write(path, text).expect("can be written");
    };
    write("vocab/adres.ttl", "<urn:a> <urn:p> 1 .");
    write("vocab/codelijst/status.ttl", "<urn:a> <urn:p> 2 .");
    write("b.nt", "<urn:a> <urn:p> <rel> .");
    write("c.csv", "a,b");
    write("d.xml", "<a/>");
    write(".hidden.ttl", "oops");
    let registry = oslo_registry::registry::Registry::in_memory(Default::default());
    let mut plan = LoadPlan::from_paths(
        &registry,
        &[folder.path().to_path_buf()],
        &oslo_registry::ingest::load::TargetGraph::ByPath,
        None,
        None,
    )
    .expect("the folder can be read");
    plan.keep_going = true;
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    let names: Vec<_> = summary
        .files
        .iter()
        .map(|f| {
            (
                f.graph
                    .as_ref()
                    .map(|g| g.as_str().rsplit_once("/graph/").map_or("", |g| g.1)),
                f.outcome.is_good(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            (Some("b"), false),
            (Some("vocab/adres"), true),
            (Some("codelijst/status"), true)
        ]
    );
    assert_eq!(summary.skipped.len(), 2);
    assert_eq!(registry.snapshot().quad_count(), 2);
}

#[test]
fn a_context_alone_is_no_data_and_its_flaws_are_warnings() {
    let read = |json: &str| {
        let store = Store::in_memory();
        let contexts = ContextStore::empty();
        let mut draft = store.scratch();
        let input = Input::bytes("context.jsonld", json.as_bytes().to_vec());
        let options = ParseOptions {
            pass_over_contexts: true,
            ..ParseOptions::new(&contexts)
        };
        parse_into(&mut draft, &input, options)
    };
    let flawed = r#"{"@context": {"a": {"@id": "http://e/a", "@type": ""}}}"#;
    let stats = read(flawed).expect("a context holds no statements to lose");
    assert_eq!(stats.quads, 0);
    let codes: Vec<&str> = stats.warnings.iter().map(|w| w.code).collect();
    assert!(codes.contains(&"P034"), "{codes:?}");
    assert!(
        stats
            .warnings
            .iter()
            .all(|w| w.severity == Severity::Warning)
    );
    // With anything beside it the same flaw refuses the document.
    let used =
        r#"{"@context": {"a": {"@id": "http://e/a", "@type": ""}}, "@id": "http://e/1", "a": "x"}"#;
    assert_eq!(read(used).err().map(|d| d.code), Some("P034"));
}

#[test]
fn a_tagged_string_without_a_tag_becomes_a_plain_one() {
    let store = Store::in_memory();
    let contexts = ContextStore::empty();
    let mut draft = store.scratch();
    let json = r#"{"@id": "http://e/1", "http://e/p": {"@value": "x", "@type": "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"}}"#;
    let input = Input::bytes("a.jsonld", json.as_bytes().to_vec());
    parse_into(&mut draft, &input, ParseOptions::new(&contexts)).expect("the reader takes it");
    let view = draft.snapshot().view();
    let [_, _, o] = view
        .triples(None, None, None)
        .next()
        .expect("one statement");
    assert_eq!(view.text(o), "\"x\"");
}
