//! Shapes that are ill-formed, endless, enormous or made to break a validator: each is read and run within a time limit, nothing
//! panics, and what is not checked is named with the shape at fault.

use super::{BASE, load, parse_turtle};
use oslo_registry::rdf::label::Language;
use oslo_registry::shapes::{
    Report, Shapes, ShapesOptions, Validation, ValidationOptions, Verdict, read_shapes_with,
    validate,
};
use oslo_registry::store::{Graphs, QuadIds, Store, View};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n";

/// Time for one case, in a build without optimisation beside other tests: hundreds of times what it should take.
const LIMIT: Duration = Duration::from_secs(120);
/// Pairs that a path may make in these tests.
const PATH_PAIRS: u64 = 1 << 20;

/// Runs a case in a thread of its own with the stack that threads get here, and fails when it does not end.
fn within<T: Send + 'static>(case: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = channel();
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || send.send(case()))
        .expect("a thread");
    match receive.recv_timeout(LIMIT) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("it does not end in {LIMIT:?}"),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().expect_err("it ended without a value");
            std::panic::resume_unwind(panic)
        }
    }
}

fn check(data: &View, shapes: &View, shacl12: bool) -> (Shapes, Report) {
    let options = ShapesOptions {
        shacl12,
        ..ShapesOptions::default()
    };
    let shapes = read_shapes_with(shapes, options);
    let validation = Validation {
        data: data.clone(),
        context: data.clone(),
        options: ValidationOptions {
            path_pairs: PATH_PAIRS,
            ..ValidationOptions::default()
        },
    };
    let report = validate(&shapes, &validation);
    // Whatever it says, it can be written.
    let mut out = Vec::new();
    for language in [Language::Nl, Language::En] {
        report.render_text(&mut out, language).expect("memory");
    }
    report.render_turtle(&mut out).expect("memory");
    report.render_csv(&mut out).expect("memory");
    for lint in shapes.findings().iter().chain(report.not_checked()) {
        // What is not here is said of the graph.
        assert!(
            lint.shape.is_some() || lint.code == "L069",
            "no shape is named: {lint:?}"
        );
        assert!(lint.message.en.len() < 4000, "{}", lint.message.en);
    }
    (shapes, report)
}

fn run(data: String, shapes: String) -> (Shapes, Report) {
    within(move || {
        let parse = |text: &str| parse_turtle(&format!("{PREFIXES}{text}"), BASE);
        let (data, shapes) = load(&parse(&data), &parse(&shapes));
        check(&data, &shapes, false)
    })
}

fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<&str> = report.not_checked().iter().map(|lint| lint.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// One text for each number, one after the other.
fn each(count: usize, mut line: impl FnMut(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        writeln!(text, "{}", line(n)).expect("memory");
        text
    })
}

#[test]
fn ten_thousand_shapes_with_targets_of_their_own() {
    let shapes = each(10_000, |n| {
        format!(
            "ex:s{n} a sh:NodeShape ; sh:targetClass ex:C{n} ; sh:property [ sh:path ex:p{n} ; sh:minCount 1 ] ."
        )
    });
    let data = each(3000, |n| {
        format!("ex:x{n} a ex:C{n} , <https://example.org/c{}> .", n + 5000)
    });
    let (shapes, report) = run(data, shapes);
    assert_eq!((shapes.shape_count(), report.total()), (20_000, 3000));
    // Near misses are found for those whose class is only alike.
    let near = report
        .zero_focus()
        .iter()
        .filter(|zero| !zero.near.is_empty());
    assert_eq!((report.zero_focus().len(), near.count()), (7000, 3000));
}

#[test]
fn a_hundred_thousand_property_shapes_on_one_shape() {
    let shapes = each(100_000, |n| {
        format!("ex:s sh:property [ sh:path ex:p{n} ; sh:maxCount 1 ] .")
    });
    let data = "ex:x a ex:C ; ex:p7 1 , 2 .".to_owned();
    let (_, report) = run(
        data.clone(),
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C .\n{shapes}"),
    );
    assert_eq!((report.total(), report.verdict()), (1, Verdict::Violations));
    // The same path every time.
    let shapes = each(100_000, |n| {
        format!("ex:s sh:property [ sh:path ex:p7 ; sh:maxCount {n} ] .")
    });
    let (_, report) = run(
        data,
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C .\n{shapes}"),
    );
    assert_eq!(report.total(), 2);
}

#[test]
fn ten_thousand_levels_of_nesting() {
    let inner = "ex:s10000 sh:nodeKind sh:Literal ; sh:odd 1 .";
    for link in [
        "sh:node ex:s@",
        "sh:property [ sh:path ex:p ; sh:node ex:s@ ]",
        "sh:and ( ex:s@ )",
        "sh:not ex:s@",
        "sh:xone ( ex:s@ [ sh:class ex:D ] )",
    ] {
        let chain = each(10_000, |n| {
            format!("ex:s{n} {} .", link.replace('@', &(n + 1).to_string()))
        });
        let (shapes, report) = run(
            "ex:x a ex:C .".to_owned(),
            format!("ex:s0 sh:targetClass ex:C .\n{chain}{inner}"),
        );
        assert_eq!(report.verdict(), Verdict::Undetermined, "{link}");
        let too_deep = shapes.findings().iter().filter(|lint| lint.code == "L030");
        assert!(too_deep.count() > 10, "{link}");
        // What is too deep is named, or what negates something that is.
        let told = codes(&report);
        assert!(
            told.contains(&"L030") || told.contains(&"L018"),
            "{link}: {told:?}"
        );
    }
    // Written without names, as deep as the parser goes.
    let deep = format!(
        "ex:s sh:targetClass ex:C ; {}sh:nodeKind sh:IRI{} .",
        "sh:node [ ".repeat(90),
        " ]".repeat(90)
    );
    let (_, report) = run("ex:x a ex:C .".to_owned(), deep);
    assert_eq!(report.verdict(), Verdict::Conforms);
}

#[test]
fn circles_of_ten_thousand_shapes() {
    let circle = |link: &str| {
        each(10_000, |n| {
            let next = (n + 1) % 10_000;
            format!("ex:s{n} {} .", link.replace('@', &next.to_string()))
        })
    };
    let target = "ex:s0 sh:targetClass ex:C .\n";
    for (link, code) in [
        ("sh:node ex:s@", "L030"),
        ("sh:property [ sh:path ex:to ; sh:node ex:s@ ]", "L030"),
        ("sh:not ex:s@", "L016"),
        ("sh:xone ( ex:s@ ex:s@ )", "L016"),
    ] {
        let (_, report) = run(
            "ex:x a ex:C ; ex:to ex:x .".to_owned(),
            format!("{target}{}", circle(link)),
        );
        assert!(
            codes(&report).contains(&code),
            "{link}: {:?}",
            codes(&report)
        );
        assert_eq!(report.verdict(), Verdict::Undetermined);
    }
    // All shapes with all others: every pair is a circle.
    let all = (0..60)
        .map(|n| format!("ex:s{n}"))
        .collect::<Vec<_>>()
        .join(" , ");
    let dense = each(60, |n| {
        format!("ex:s{n} sh:node {all} ; sh:nodeKind sh:IRI .")
    });
    let (shapes, report) = run(
        "ex:x a ex:C .".to_owned(),
        format!("ex:s0 sh:targetClass ex:C .\n{dense}"),
    );
    assert_eq!(report.verdict(), Verdict::Conforms);
    assert!(shapes.findings().iter().any(|lint| lint.code == "L017"));
}

#[test]
fn paths_without_end_are_named() {
    let bad = [
        // In a circle, straight and through a list.
        "ex:s sh:path _:p . _:p sh:inversePath _:p .",
        "ex:s sh:path _:p . _:p sh:inversePath _:q . _:q sh:zeroOrMorePath _:p .",
        "ex:s sh:path _:p . _:p rdf:first ex:a ; rdf:rest _:q . _:q rdf:first ex:b ; rdf:rest _:p .",
        "ex:s sh:path _:p . _:p rdf:first _:p ; rdf:rest ( ex:a ) .",
        "ex:s sh:path [ sh:alternativePath _:p ] . _:p rdf:first ex:a ; rdf:rest _:p .",
        // Two heads, two tails, no end.
        "ex:s sh:path _:p . _:p rdf:first ex:a , ex:b ; rdf:rest ( ex:c ) .",
        "ex:s sh:path _:p . _:p rdf:first ex:a ; rdf:rest ( ex:b ) , ( ex:c ) .",
        "ex:s sh:path _:p . _:p rdf:first ex:a ; rdf:rest ex:nowhere .",
        "ex:s sh:path [ sh:inversePath ex:a ; sh:zeroOrMorePath ex:b ] .",
        "ex:s sh:path () .",
        "ex:s sh:path [] .",
        "ex:s sh:path rdf:nil , 1 .",
    ];
    for path in bad {
        let (shapes, report) = run(
            "ex:x a ex:C .".to_owned(),
            format!(
                "ex:s sh:targetClass ex:C ; sh:minCount 1 . ex:t sh:targetClass ex:C ; sh:nodeKind sh:Literal . {path}"
            ),
        );
        assert!(!shapes.findings().is_empty(), "{path}");
        let named = format!("{:?}", report.not_checked());
        assert!(
            named.contains("http://example.org/s") || report.total() == 2,
            "{path}: {named}"
        );
        assert!(report.total() >= 1, "the other shape is checked: {path}");
    }
    let long = format!("ex:s sh:path ( {} ) .", "ex:a ".repeat(200_000));
    let ways = format!(
        "ex:s sh:path [ sh:alternativePath ( {} ) ] .",
        "ex:a ".repeat(200_000)
    );
    // Each level uses the next one twice: 2^60 ways when written out.
    let shared = |property: &str| {
        let levels = each(60, |n| {
            let next = format!("_:p{}", n + 1);
            match property {
                "" => format!(
                    "_:p{n} rdf:first {next} ; rdf:rest _:r{n} . _:r{n} rdf:first {next} ; rdf:rest () ."
                ),
                _ => format!("_:p{n} {property} ( {next} {next} ) ."),
            }
        });
        format!("ex:s sh:path _:p0 .\n{levels}_:p60 sh:inversePath ex:a .")
    };
    for path in [long, ways, shared("sh:alternativePath"), shared("")] {
        let (_, report) = run(
            "ex:x a ex:C .".to_owned(),
            format!(
                "ex:s sh:targetClass ex:C ; sh:minCount 1 . ex:t sh:targetClass ex:C ; sh:nodeKind sh:Literal .\n{path}"
            ),
        );
        assert_eq!((codes(&report), report.total()), (vec!["L096"], 1));
    }
    // As many repetitions as there may be are one.
    let stars = format!(
        "ex:s sh:targetClass ex:C ; sh:minCount 4 ; sh:path {}ex:to{} .",
        "[ sh:zeroOrMorePath [ sh:oneOrMorePath ".repeat(30),
        " ] ]".repeat(30)
    );
    let ring = each(3, |n| {
        format!("ex:x{n} a ex:C ; ex:to ex:x{} .", (n + 1) % 3)
    });
    let (_, report) = run(ring, stars);
    assert_eq!(report.total(), 3);
}

#[test]
fn closures_over_circles_are_given_up_and_named() {
    let ring = each(2000, |n| {
        format!(
            "ex:x{n} a ex:C ; ex:to ex:x{} , ex:x{} .",
            (n + 1) % 2000,
            (n * 7) % 2000
        )
    });
    let other = "ex:other a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:Literal .";
    for path in [
        // 2000 nodes with 2000 values each are more than these tests allow.
        "[ sh:zeroOrMorePath ex:to ]",
        "[ sh:oneOrMorePath [ sh:alternativePath ( ex:to [ sh:inversePath ex:to ] ) ] ]",
        "( rdf:type [ sh:inversePath rdf:type ] )",
        "( rdf:type [ sh:inversePath rdf:type ] rdf:type [ sh:inversePath rdf:type ] ex:to )",
        "[ sh:zeroOrMorePath ( [ sh:zeroOrMorePath ex:to ] [ sh:zeroOrMorePath rdf:type ] ) ]",
        "[ sh:alternativePath ( [ sh:oneOrMorePath ex:to ] [ sh:oneOrMorePath [ sh:inversePath ex:to ] ] ) ]",
    ] {
        let alone = format!("ex:s sh:targetClass ex:C ; sh:path {path} ; sh:maxCount 5000 .");
        let inside = format!(
            "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:not [ sh:path {path} ; sh:minCount 1 ] ."
        );
        let nested = format!(
            "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:to ;
            sh:property [ sh:path {path} ; sh:maxCount 5000 ] ] ."
        );
        for shapes in [alone, inside, nested] {
            let (_, report) = run(ring.clone(), format!("{shapes} {other}"));
            assert_eq!(codes(&report), ["L098"], "{shapes}");
            let lint = &report.not_checked()[0];
            assert!(lint.shape_label.contains("example.org/s"), "{lint:?}");
            // What was not decided shows nothing, and the other shape is checked in full.
            assert_eq!(report.total(), 2000, "{shapes}");
            assert!(
                report
                    .groups()
                    .iter()
                    .all(|group| { report.shape_label(group.shape).contains("other") })
            );
        }
    }
    // Within bounds the same path gives its results.
    let small = each(200, |n| {
        format!("ex:x{n} a ex:C ; ex:to ex:x{} .", (n + 1) % 200)
    });
    let (_, report) = run(
        small,
        "ex:s sh:targetClass ex:C ; sh:path [ sh:zeroOrMorePath ex:to ] ; sh:maxCount 100 ."
            .to_owned(),
    );
    assert_eq!((codes(&report), report.total()), (vec![], 200));
}

#[test]
fn recursion_over_long_chains_and_dense_data() {
    let shapes =
        "ex:s a sh:NodeShape ; sh:targetNode ex:x0 ; sh:property [ sh:path ex:to ; sh:node ex:s ] ;
        sh:property [ sh:path ex:bad ; sh:maxCount 0 ] .";
    let chain = each(20_000, |n| format!("ex:x{n} ex:to ex:x{} .", n + 1));
    let (_, report) = run(chain.clone(), shapes.to_owned());
    assert_eq!(report.verdict(), Verdict::Conforms);
    // Only the very last one fails, and with it all the others.
    let (_, report) = run(format!("{chain}ex:x20000 ex:bad 1 ."), shapes.to_owned());
    assert_eq!((report.verdict(), report.total()), (Verdict::Violations, 1));
    // Every node knows every other.
    let dense = each(150, |n| {
        let all: Vec<String> = (0..150).map(|to| format!("ex:x{to}")).collect();
        format!("ex:x{n} ex:to {} .", all.join(" , "))
    });
    let (_, report) = run(format!("{dense}ex:x149 ex:bad 1 ."), shapes.to_owned());
    assert_eq!(report.verdict(), Verdict::Violations);
}

#[test]
fn results_that_countless_ways_lead_to_are_counted_within_bounds() {
    // Two nodes on each of 60 levels, each knowing both of the next: 2^59 ways to the last.
    let data = each(60, |n| {
        let next = format!("ex:a{} , ex:b{}", n + 1, n + 1);
        format!("ex:a{n} ex:to {next} . ex:b{n} ex:to {next} .")
    });
    let shapes = each(60, |n| {
        format!("ex:p{n} sh:path ex:to ; sh:property ex:p{} .", n + 1)
    });
    let (_, report) = run(
        data,
        format!("ex:p0 sh:targetNode ex:a0 .\n{shapes}ex:p60 sh:path ex:to ; sh:minCount 1 ."),
    );
    assert_eq!(report.verdict(), Verdict::Violations);
    assert!(report.total() <= 10_000, "{}", report.total());
}

#[test]
fn patterns_that_break_other_engines() {
    let bombs = [
        "(a+)+$",
        "(a|a)*$",
        "(a|aa)+$",
        "(.*a){25}$",
        "((a{0,50}){0,50}){0,50}",
        "((((a{100}){100}){100}){100}){100}",
        "(?:(?:(?:a?){100}){100}){100}b",
        "[a-z]{1,9999}x",
        "\\\\p{L}{5000}",
        "(\\\\w{1,500}){1,500}",
    ];
    let text = "a".repeat(50_000);
    let data = format!("ex:x a ex:C ; ex:p \"{text}!\" .");
    for bomb in bombs {
        let (shapes, report) = run(
            data.clone(),
            format!("ex:s sh:targetClass ex:C ; sh:path ex:p ; sh:pattern \"{bomb}\" ."),
        );
        let refused = codes(&report) == ["L012"] && shapes.findings().len() == 1;
        assert!(refused || report.not_checked().is_empty(), "{bomb}");
    }
    let nested = format!("{}a{}", "(".repeat(20_000), ")".repeat(20_000));
    let long = "a|".repeat(100_000);
    for pattern in [nested, long] {
        let (_, report) = run(
            data.clone(),
            format!("ex:s sh:targetClass ex:C ; sh:path ex:p ; sh:pattern \"{pattern}\" ."),
        );
        assert_eq!(codes(&report), ["L012"]);
        let lint = &report.not_checked()[0];
        assert!(lint.message.en.len() < 1000, "{}", lint.message.en.len());
    }
    // Many large ones: each is fine, all together are not.
    let many = each(2000, |n| {
        format!(
            "ex:s{n} sh:targetClass ex:C ; sh:path ex:p ; sh:pattern \"(x{n}|[a-z]){{1,400}}\" ."
        )
    });
    let (_, report) = run(data, many);
    let refused = report
        .not_checked()
        .iter()
        .filter(|lint| lint.code == "L012");
    assert!(refused.count() < 2000);
}

#[test]
fn lists_that_are_none_are_named() {
    for list in [
        "_:l . _:l rdf:first 1 ; rdf:rest _:l .",
        "_:l . _:l rdf:first 1 , 2 ; rdf:rest () .",
        "_:l . _:l rdf:first 1 ; rdf:rest () , ( 2 ) .",
        "_:l . _:l rdf:first 1 .",
        "_:l . _:l rdf:rest () .",
        "_:l . _:l rdf:first 1 ; rdf:rest 2 .",
        "\"( 1 2 )\" .",
        "[] .",
        "ex:nowhere .",
    ] {
        for term in ["sh:in", "sh:or", "sh:and", "sh:xone", "sh:languageIn"] {
            let (_, report) = run(
                "ex:x a ex:C ; ex:p 3 .".to_owned(),
                format!("ex:s sh:targetClass ex:C ; sh:path ex:p ; sh:maxCount 0 ; {term} {list}"),
            );
            assert_eq!(
                (codes(&report), report.total()),
                (vec!["L013"], 1),
                "{term} {list}"
            );
        }
        let (_, report) = run(
            "ex:x a ex:C ; ex:p 3 .".to_owned(),
            format!("ex:s sh:targetClass ex:C ; sh:closed true ; sh:ignoredProperties {list}"),
        );
        assert_eq!(codes(&report), ["L013"], "{list}");
    }
}

#[test]
fn a_million_allowed_values() {
    // The whole million where the build is optimised.
    const MEMBERS: u64 = if cfg!(debug_assertions) {
        250_000
    } else {
        1_000_000
    };
    let (data, shapes) = within(|| {
        let store = Store::in_memory();
        let mut draft = store.begin().expect("the only writer");
        let mut graph = |name: &str| {
            let name = NamedNode::new_unchecked(name);
            draft.intern_graph(GraphName::from(name).as_ref())
        };
        let (data, shapes) = (graph("urn:x:data"), graph("urn:x:shapes"));
        let text = format!(
            "{PREFIXES}ex:s sh:targetClass ex:C ; sh:path ex:p ; sh:in _:l . ex:t sh:targetClass ex:C ; sh:path ex:p ; sh:in _:l .
             ex:x a ex:C ; ex:p 5000 , -1 ."
        );
        let mut head = None;
        for t in parse_turtle(&text, BASE) {
            let s = draft.intern(Term::from(t.subject).as_ref());
            let p = draft.intern(t.predicate.as_ref().into());
            let o = draft.intern(t.object.as_ref());
            if t.predicate.as_str().ends_with("#in") {
                head = Some(o);
            }
            let g = if t
                .predicate
                .as_str()
                .starts_with("http://www.w3.org/ns/shacl#")
            {
                shapes
            } else {
                data
            };
            draft.add(QuadIds { s, p, o, g });
        }
        let mut rdf = |local: &str| {
            let name = format!("http://www.w3.org/1999/02/22-rdf-syntax-ns#{local}");
            draft.intern(NamedNode::new_unchecked(name).as_ref().into())
        };
        let (first, rest, nil) = (rdf("first"), rdf("rest"), rdf("nil"));
        let mut cell = head.expect("a list");
        for n in 0..MEMBERS {
            let member = draft.intern(Literal::from(n).as_ref().into());
            let next = if n + 1 == MEMBERS {
                nil
            } else {
                draft.intern(BlankNode::new_unchecked(format!("c{n}")).as_ref().into())
            };
            let quad = |p, o| QuadIds {
                s: cell,
                p,
                o,
                g: shapes,
            };
            draft.add(quad(first, member));
            draft.add(quad(rest, next));
            cell = next;
        }
        let all = draft.snapshot().view();
        (
            all.with_graphs(Graphs::One(data)),
            all.with_graphs(Graphs::One(shapes)),
        )
    });
    let (shapes, report) = within(move || check(&data, &shapes, false));
    assert_eq!((shapes.findings().len(), report.total()), (0, 2));
}

#[test]
fn long_lists_that_many_share_are_bounded() {
    // Twelve thousand triples that say millions of references.
    let alternatives = each(2000, |n| format!("ex:a{n} sh:class ex:D{n} ."));
    let list: Vec<String> = (0..2000).map(|n| format!("ex:a{n}")).collect();
    let users = each(2000, |n| format!("ex:s{n} sh:or _:l ."));
    let shapes = format!(
        "ex:s0 sh:targetClass ex:C . ex:s1999 sh:targetClass ex:C . _:l rdf:first ex:a0 ; rdf:rest ( {} ) .\n{users}{alternatives}",
        list.join(" ")
    );
    let (shapes, report) = run("ex:x a ex:C .".to_owned(), shapes);
    let unread = shapes.findings().iter().filter(|lint| lint.code == "L097");
    assert!(unread.count() > 500);
    // The shapes that were read are checked; the others are named.
    assert!(report.total() >= 1 || codes(&report) == ["L097"]);
    // Property shapes that exclude each other: each names all the others.
    let siblings = each(2000, |n| {
        format!(
            "ex:s sh:property [ sh:path ex:p{n} ; sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ;
             sh:qualifiedValueShape [ sh:class ex:D{n} ] ] ."
        )
    });
    let (_, report) = run(
        "ex:x a ex:C .".to_owned(),
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C .\n{siblings}"),
    );
    assert_eq!(codes(&report), ["L097"]);
    // Lists of values are read once, however many shapes share them.
    let values = "1 ".repeat(2000);
    let users = each(2000, |n| {
        format!("ex:s{n} sh:targetClass ex:C ; sh:path ex:p ; sh:in _:l .")
    });
    let (_, report) = run(
        "ex:x a ex:C ; ex:p 1 .".to_owned(),
        format!("_:l rdf:first 1 ; rdf:rest ( {values} ) .\n{users}"),
    );
    assert_eq!(report.verdict(), Verdict::Conforms);
}

#[test]
fn everything_a_hundred_thousand_times() {
    let messages = each(100_000, |n| {
        format!("ex:s sh:message \"Fout {n}.\"@nl ; sh:name \"s{n}\"@nl .")
    });
    let (shapes, report) = run(
        "ex:x a ex:C .".to_owned(),
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:Literal .\n{messages}"),
    );
    assert_eq!(report.total(), 1);
    assert!(shapes.findings().iter().any(|lint| lint.code == "L031"));
    let unknown = each(5000, |n| {
        format!("ex:s{n} a sh:NodeShape ; sh:targetClass ex:C ; sh:odd{n} {n} .")
    });
    let (_, report) = run("ex:x a ex:C .".to_owned(), unknown);
    assert_eq!(report.not_checked().len(), 5000);
    let values = each(500, |n| {
        format!("ex:s sh:class ex:C{n} ; sh:hasValue {n} ; sh:targetNode ex:x{n} .")
    });
    let (_, report) = run(
        "ex:x0 a ex:C0 .".to_owned(),
        format!("{values}ex:s a sh:NodeShape ; sh:severity sh:Info ."),
    );
    assert!(report.total() > 100_000);
}

/// Triples of the shapes that ship.
fn shipped() -> &'static [Vec<Triple>] {
    static SHIPPED: OnceLock<Vec<Vec<Triple>>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shapes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder of the project")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort_unstable();
        files
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).expect("a file of the project");
                parse_turtle(&text, BASE)
            })
            .collect()
    })
}

/// Data that the shapes that ship have something to say about.
fn town() -> &'static [Triple] {
    static TOWN: OnceLock<Vec<Triple>> = OnceLock::new();
    TOWN.get_or_init(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut all = Vec::new();
        for name in [
            "straatnamen.ttl",
            "mandaten.ttl",
            "dossiers.ttl",
            "organisaties.ttl",
        ] {
            let text = std::fs::read_to_string(fixtures.join(name)).expect("a fixture");
            all.extend(parse_turtle(&text, BASE));
        }
        all
    })
}

/// One change to a shapes graph: what is done, and to which triples.
#[derive(Clone, Copy, Debug)]
struct Mutation {
    kind: u8,
    at: usize,
    with: usize,
}

fn mutate(triples: &mut Vec<Triple>, mutation: Mutation) {
    if triples.is_empty() {
        return;
    }
    let (at, with) = (mutation.at % triples.len(), mutation.with % triples.len());
    let other = triples[with].clone();
    let named = |iri: &str| NamedNode::new_unchecked(iri);
    let sh = |local: &str| named(&format!("http://www.w3.org/ns/shacl#{local}"));
    let node = |subject: &NamedOrBlankNode| Term::from(subject.clone());
    match mutation.kind {
        0 => {
            triples.swap_remove(at);
        }
        1 => triples[at].object = other.object,
        2 => triples[at].subject = other.subject,
        3 => triples[at].predicate = other.predicate,
        4 => triples[at].object = node(&other.subject),
        5 => triples[at].object = Literal::new_simple_literal("?").into(),
        6 => triples[at].object = node(&triples[at].subject.clone()),
        7 => {
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, other.predicate, other.object));
        }
        8 => {
            // A list that does not end, or has two ends.
            let rest = named("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest");
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, rest, node(&other.subject)));
        }
        9 => {
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, sh("not"), node(&other.subject)));
        }
        10 => {
            let links = [
                "node",
                "property",
                "targetWhere",
                "someValue",
                "qualifiedValueShape",
            ];
            let subject = triples[at].subject.clone();
            let link = sh(links[mutation.with % links.len()]);
            triples.push(Triple::new(subject, link, node(&other.subject)));
        }
        11 => {
            let paths = ["inversePath", "zeroOrMorePath", "alternativePath", "path"];
            let subject = triples[at].subject.clone();
            let path = sh(paths[mutation.with % paths.len()]);
            triples.push(Triple::new(subject, path, other.object));
        }
        _ => triples[at].object = BlankNode::new_unchecked(format!("m{with}")).into(),
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (0..13_u8, any::<usize>(), any::<usize>()).prop_map(|(kind, at, with)| Mutation {
        kind,
        at,
        with,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn mutated_shapes_are_read_and_run(
        file in 0..shipped().len(),
        mutations in prop::collection::vec(mutation(), 1..40),
        shacl12 in any::<bool>(),
    ) {
        let mut triples = shipped()[file].clone();
        for mutation in mutations {
            mutate(&mut triples, mutation);
        }
        within(move || {
            let (data, shapes) = load(town(), &triples);
            let (shapes, _) = check(&data, &shapes, shacl12);
            shapes.vocabulary_findings(&[data]);
        });
    }
}
