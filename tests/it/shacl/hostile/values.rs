//! Patterns and lists: those that break other engines, those that are none, and those that are enormous.

use super::super::{BASE, parse_turtle};
use super::{PREFIXES, check, codes, each, run, within};
use oslo_registry::shapes::Verdict;
use oslo_registry::store::{Graphs, QuadIds, Store};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, Term};

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
