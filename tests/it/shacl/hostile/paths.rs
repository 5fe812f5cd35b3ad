//! Paths without end, over circles and along countless ways.

use super::{codes, each, run};
use oslo_registry::shapes::Verdict;

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
