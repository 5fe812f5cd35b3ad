//! Reading in bulk beside the strict reader: the same statements, ids, figures and complaints, whatever the lines.

use super::Setup;
use crate::ingest::parse::{ParseOptions, ParseStats, parse_with};
use crate::ingest::{ContextStore, Diagnostic, Input, Limits};
use crate::rdf::format::Format;
use crate::store::{QuadIds, Store};
use oxrdf::NamedNode;
use proptest::prelude::*;
use std::io::Write as _;

type Outcome = Result<(ParseStats, Vec<(QuadIds, String)>), Diagnostic>;

fn read(input: &Input, format: Format, limits: &Limits, setup: Option<Setup>) -> Outcome {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a new store takes a writer");
    let contexts = ContextStore::empty();
    let options = ParseOptions {
        format: Some(format),
        graph: Some(NamedNode::new_unchecked("urn:graph")),
        limits: limits.clone(),
        ..ParseOptions::new(&contexts)
    };
    let stats = parse_with(&mut draft, input, options, |_, _, _| setup)?;
    let snapshot = draft.snapshot();
    let quads = snapshot
        .view()
        .quads(None, None, None, None)
        .map(|quad| {
            let mut text = Vec::new();
            for id in [quad.s, quad.p, quad.o, quad.g] {
                draft.write_text(id, &mut text);
                text.push(b' ');
            }
            (quad, String::from_utf8(text).expect("texts are UTF-8"))
        })
        .collect();
    Ok((stats, quads))
}

/// Everything at once on the calling thread.
const WHOLE: Setup = Setup {
    block_bytes: 1 << 12,
    scanners: 0,
};

fn setups() -> impl Iterator<Item = Setup> {
    let sizes = [3, 60, 1 << 12];
    let of = |block_bytes| {
        [0, 2].map(|scanners| Setup {
            block_bytes,
            scanners,
        })
    };
    sizes.into_iter().flat_map(of)
}

/// Reads in every way.
fn agree(input: &Input, limits: &Limits) -> Result<(), TestCaseError> {
    for format in [Format::NTriples, Format::NQuads] {
        let strict = read(input, format, limits, None);
        for setup in setups() {
            let bulk = read(input, format, limits, Some(setup));
            if !are_two_of_one_place(&bulk, &strict) {
                prop_assert_eq!(&bulk, &strict, "{:?}", setup);
            }
        }
    }
    Ok(())
}

/// Whether a statement lacks its dot and what stands behind it cannot be read either. Both are so: whoever reads line by
/// line names the first, whoever reads ahead to the next token the second.
fn are_two_of_one_place(bulk: &Outcome, strict: &Outcome) -> bool {
    let (Err(bulk), Err(strict)) = (bulk, strict) else {
        return false;
    };
    let line = |finding: &Diagnostic| finding.location.line;
    (bulk.code, strict.code) == ("P019", "P010")
        && line(strict)
            .zip(line(bulk))
            .is_some_and(|(strict, bulk)| strict.abs_diff(bulk) <= 1)
}

#[test]
fn a_missing_dot_before_broken_bytes_is_named_by_both_as_a_mistake() {
    let mut bytes = b"<urn:a> <urn:a> <urn:a>\r<urn:a> <urn:a> <urn:a> .".to_vec();
    bytes[25] = 128;
    let (input, limits) = (Input::bytes("a", bytes), Limits::default());
    let outcomes = [Some(WHOLE), None].map(|setup| read(&input, Format::NTriples, &limits, setup));
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
    assert!(
        outcomes[0] == outcomes[1] || are_two_of_one_place(&outcomes[0], &outcomes[1]),
        "{outcomes:?}"
    );
}

fn piece(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(choices).prop_map(ToOwned::to_owned)
}

const IRIS: &[&str] = &[
    "<http://e.org/a>",
    "<http://e.org/b#c>",
    "<https://e.org:8080/x/12?y=(1)&z='*,;!$+@:/?#~_.->",
    "<urn:p>",
    "<urn:>",
    "<http://e.org>",
    "<http:/x>",
    "<http://e.org?q>",
    "<http://e.org#f>",
    "<mailto:a@b.be>",
    "<a+b-c.d:e>",
    "<http://e.org//>",
    "<file:///tmp/x>",
    "<FILE:x>",
    "<urn:%20>",
    "<urn:%2>",
    "<http://u@e.org/>",
    "<http://u:p@e.org/>",
    "<http://e.org:8a/>",
    "<http://e.org:/>",
    "<http://[::1]:1/>",
    "<http://[x]/>",
    "<http://e.org/[>",
    "<urn:a#b#c>",
    "<urn:é>",
    "<http://é.be/>",
    "<urn:\\u00e9>",
    "<urn:\\u0020>",
    "<urn:a b>",
    "<urn:a\"b>",
    "<urn:a|b^{}`>",
    "<relative>",
    "<1a:b>",
    "<:a>",
    "<>",
    "<//e.org/x>",
    "<<urn:a>",
];

const BLANKS: &[&str] = &[
    "_:a",
    "_:b1",
    "_:b0123456789abcdef0123x7",
    "_:A-_9",
    "_:0",
    "_:a.b",
    "_:a.",
    "_:-a",
    "_:_",
    "_:é",
    "_:",
    "_:a:b",
    "_x",
];

const LITERALS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"a b é 😀 \u{80}\"",
    "\"\\\"\\\\\\n\\r\\t\\b\\f\"",
    "\"\\'\"",
    "\"\\u0041\\U0001F600\"",
    "\"\\u0001\\u007F\"",
    "\"\\uD800\"",
    "\"\\q\"",
    "\"a\tb\"",
    "\"a\u{7f}\u{1}b\"",
    "\"a\"@nl",
    "\"a\"@nl-be",
    "\"a\"@nl-BE",
    "\"a\"@gsw",
    "\"a\"@n",
    "\"a\"@nl-bel",
    "\"a\"@en-gb-oed",
    "\"a\"@i-klingon",
    "\"a\"@zz-zz",
    "\"a\"@nl--ltr",
    "\"a\"@",
    "\"a\"@-",
    "\"a\"@nl1",
    "\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>",
    "\"01\"^^<http://www.w3.org/2001/XMLSchema#integer>",
    "\"x\"^^<http://www.w3.org/2001/XMLSchema#integer>",
    "\"a\"^^<http://www.w3.org/2001/XMLSchema#string>",
    "\"a\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
    "\"a\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString>",
    "\"a\"^^<file:///t>",
    "\"a\"^^<t>",
    "\"a\"^^_:t",
    "\"a\"^<urn:t>",
    "\"a\" ^^<urn:t>",
    "\"a\" @nl",
    "\"a",
    "a\"",
    "'a'",
    "\"\"\"a\"\"\"",
];

/// A term that both readers take, mostly.
fn term(odd: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        40 => piece(&IRIS[..6]),
        20 => piece(&BLANKS[..4]),
        odd => piece(IRIS),
        odd => piece(BLANKS),
        odd => piece(LITERALS),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let gap = || prop_oneof![30 => Just(" "), 3 => Just("\t  "), 1 => Just("")];
    let object = prop_oneof![2 => term(1), 1 => piece(&LITERALS[..4]), 1 => piece(LITERALS)];
    let graph = prop_oneof![6 => Just(String::new()), 4 => term(1)];
    let tail = prop_oneof![
        40 => Just(" ."), 10 => Just("."), 4 => Just(" . # words"), 1 => Just(""), 1 => Just(" . ."),
        1 => Just(".5"), 1 => Just(" . <urn:x>"),
    ];
    let statement = (
        term(1),
        gap(),
        prop_oneof![20 => piece(&IRIS[..6]), 1 => term(1)],
        gap(),
        object,
        gap(),
        graph,
        tail,
    )
        .prop_map(|(s, a, p, b, o, c, g, tail)| format!("{s}{a}{p}{b}{o}{c}{g}{tail}"))
        .boxed();
    let other =
        prop::sample::select(&["", " ", "\t", "# words", " # a\tb", "oops", "#", "@prefix"][..])
            .prop_map(ToOwned::to_owned);
    let mutated = (
        statement.clone(),
        any::<prop::sample::Index>(),
        any::<char>(),
        0..3,
    )
        .prop_map(|(text, at, new, how)| {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at.index(chars.len());
            match how {
                0 => chars[at] = new,
                1 => chars.insert(at, new),
                _ => {
                    chars.remove(at);
                }
            }
            chars.into_iter().collect()
        });
    prop_oneof![20 => statement, 2 => other, 1 => mutated]
}

fn lines() -> impl Strategy<Value = String> {
    let end = prop_oneof![20 => Just("\n"), 3 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\n\n")];
    let rows = prop::collection::vec((line(), end), 0..8);
    (rows, any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(rows, ended, mark)| {
        let mut out = String::from(if mark { "\u{feff}" } else { "" });
        for (line, end) in rows {
            out.push_str(&line);
            out.push_str(end);
        }
        if !ended {
            out.pop();
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn bulk_and_strict_readers_agree(text in lines()) {
        agree(&Input::bytes("a", text), &Limits::default())?;
    }

    #[test]
    fn they_agree_about_broken_bytes_and_limits(
        text in lines(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        max_line_bytes in 20_u64..200,
        max_file_bytes in 50_u64..800,
        packed in any::<bool>(),
    ) {
        let mut bytes = text.into_bytes();
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if packed {
            bytes = gzip(&bytes);
            bytes.truncate(bytes.len() - usize::from(byte & 1));
        }
        let limits = Limits { max_line_bytes, max_file_bytes, max_lines_bytes: max_file_bytes, ..Limits::default() };
        agree(&Input::bytes("a", bytes), &limits)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_read_alike(line in line()) {
        let (input, limits) = (Input::bytes("a", line), Limits::default());
        for format in [Format::NTriples, Format::NQuads] {
            let bulk = read(&input, format, &limits, Some(WHOLE));
            prop_assert_eq!(bulk, read(&input, format, &limits, None));
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

/// Some MiB of ordinary lines.
fn many_lines() -> String {
    let mut text = String::new();
    for n in 0..20_000 {
        let blank = n % 1000;
        text.push_str(&format!(
            "<http://e.org/id/{n}> <http://e.org/naam> \"Straat {n}\"@nl .\n\
             <http://e.org/id/{n}> <http://e.org/nr> \"{blank}\"^^<http://www.w3.org/2001/XMLSchema#integer> <urn:g> .\n\
             # {n}\r\n_:x{blank} <http://e.org/van> <http://e.org/%20/{n}> .\n"
        ));
    }
    text
}

#[test]
fn large_inputs_take_the_threads_and_agree() {
    let (text, limits) = (many_lines(), Limits::default());
    let plain = Input::bytes("a.nq", text.clone());
    let setup = Setup::of(&plain, Format::NQuads, &limits).expect("read in bulk");
    assert!(setup.scanners > 0);
    let strict = read(&plain, Format::NQuads, &limits, None);
    assert!(strict.is_ok());
    assert!(read(&plain, Format::NQuads, &limits, Some(setup)) == strict);
    let mut packed = read(
        &Input::bytes("a.nq", gzip(text.as_bytes())),
        Format::NQuads,
        &limits,
        Some(setup),
    );
    if let Ok((stats, _)) = &mut packed {
        stats.compression = crate::ingest::Compression::None;
    }
    assert!(packed == strict);
}

#[test]
fn late_mistakes_are_named_where_they_are() {
    let limits = Limits::default();
    let text = many_lines();
    for (mistake, line) in [
        ("<urn:s> <urn:p> <urn:é x> .\n", 80_002),
        ("  <urn:s> <urn:p> \"never closed .\n", 80_002),
        // What is missing is missed where the line has ended.
        ("<urn:s> <urn:p>\n", 80_003),
    ] {
        let text = format!("{text}<urn:%20> <urn:p> <urn:o> .\n{mistake}{text}");
        let input = Input::bytes("a.nq", text);
        let setup = Setup::of(&input, Format::NQuads, &limits).expect("read in bulk");
        let bulk = read(&input, Format::NQuads, &limits, Some(setup)).expect_err("a mistake");
        let strict = read(&input, Format::NQuads, &limits, None).expect_err("a mistake");
        assert_eq!(bulk, strict);
        assert_eq!(bulk.location.line, Some(line), "{mistake}");
    }
    let mut bytes = text.clone().into_bytes();
    bytes.extend_from_slice(b"<urn:s> <urn:p> \"caf\xE9\" .\n");
    bytes.extend_from_slice(text.as_bytes());
    let input = Input::bytes("a.nq", bytes);
    let setup = Setup::of(&input, Format::NQuads, &limits);
    let bulk = read(&input, Format::NQuads, &limits, setup).expect_err("a mistake");
    assert_eq!((bulk.code, bulk.location.line), ("P010", Some(80_001)));
    assert_eq!(
        bulk,
        read(&input, Format::NQuads, &limits, None).expect_err("a mistake")
    );
}

#[test]
fn iris_of_this_computer_are_counted_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.nt");
    let line = "<file:///a> <urn:p> <file:/b> .\n<FILE:x> <urn:file:y> \"a\"^^<file:t> .\n";
    std::fs::write(&path, line.repeat(2)).expect("the folder takes a file");
    let (input, limits) = (Input::file(path), Limits::default());
    let strict = read(&input, Format::NTriples, &limits, None).expect("it is read");
    assert!(strict.0.warnings[0].message.en.starts_with("4 IRIs"));
    for setup in setups() {
        let bulk = read(&input, Format::NTriples, &limits, Some(setup));
        assert!(bulk.is_ok_and(|bulk| bulk == strict), "{setup:?}");
    }
}

#[test]
fn progress_tells_bytes_and_statements() {
    let input = Input::bytes("a.nq", many_lines());
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a new store takes a writer");
    let contexts = ContextStore::empty();
    let mut seen = Vec::new();
    let mut note = |progress| seen.push(progress);
    let options = ParseOptions {
        progress: Some(&mut note),
        ..ParseOptions::new(&contexts)
    };
    let stats = crate::ingest::parse_into(&mut draft, &input, options).expect("it is read");
    assert!(seen.len() > 2);
    assert!(seen.is_sorted_by_key(|at| (at.bytes_read, at.statements)));
    let last = seen.last().expect("several");
    assert_eq!(Some(last.bytes_read), last.bytes_total);
    assert_eq!(last.statements, stats.quads);
}
