//! Why a node does not conform to the shapes that a result names: `sh:detail`, only when asked.

use super::oracle::{graph, pool, shapes_turtle};
use super::{load, parse_turtle, validate_turtle, validate_turtle_with};
use oslo_registry::rdf::label::Language;
use oslo_registry::shapes::{
    Component, Report, ReportFormat, ResultRow, ShapesOptions, Validation, ValidationOptions,
    read_shapes, validate,
};
use oxrdfio::{JsonLdProfileSet, RdfFormat, RdfParser};
use proptest::prelude::*;

const PREFIXES: &str =
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n";

/// Components of details by level, `(` and `)` around those of a result.
fn outline(rows: &[ResultRow]) -> String {
    let parts: Vec<String> = rows
        .iter()
        .map(|row| match row.detail.as_slice() {
            [] => row.component.name().to_owned(),
            inner => format!("{} ({})", row.component.name(), outline(inner)),
        })
        .collect();
    parts.join(", ")
}

fn detailed(data: &str, shapes: &str, options: ShapesOptions) -> Report {
    let text = |text: &str| format!("{PREFIXES}{text}");
    let (_, report) = validate_turtle_with(&text(data), &text(shapes), options);
    assert!(report.results().iter().all(|row| row.detail.is_empty()));
    report.with_details(ReportFormat::Turtle, None)
}

fn outlined(data: &str, shapes: &str) -> String {
    outline(detailed(data, shapes, ShapesOptions::default()).results())
}

#[test]
fn each_constraint_that_names_shapes_has_reasons() {
    let data = "ex:a ex:p ex:b , ex:c . ex:c ex:p ex:a .";
    let target = "ex:S sh:targetNode ex:a ; ";
    let minimal = "[ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]";
    for (constraint, expected) in [
        (format!("sh:node {minimal}"), "Node (MinCount)"),
        (
            format!("sh:or ( {minimal} [ sh:class ex:C ] )"),
            "Or (MinCount, Class)",
        ),
        (
            format!("sh:and ( {minimal} [ sh:nodeKind sh:IRI ] )"),
            "And (MinCount)",
        ),
        (
            format!("sh:xone ( {minimal} [ sh:class ex:C ] )"),
            "Xone (MinCount, Class)",
        ),
        // More than one conforms, which is no result of any of them.
        (
            "sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:nodeKind sh:IRI ] [ sh:class ex:C ] )"
                .to_owned(),
            "Xone",
        ),
        ("sh:not [ sh:nodeKind sh:IRI ]".to_owned(), "Not"),
        (
            format!(
                "sh:property [ sh:path ex:p ; sh:qualifiedValueShape {minimal} ; sh:qualifiedMinCount 1 ]"
            ),
            "QualifiedMinCount (MinCount, MinCount)",
        ),
        (
            "sh:property [ sh:path ex:p ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMaxCount 1 ]"
                .to_owned(),
            "QualifiedMaxCount",
        ),
        (
            format!("sh:property [ sh:path ex:p ; sh:node {minimal} ]"),
            "Node (MinCount), Node (MinCount)",
        ),
        // Property shapes below the shape tell their own results.
        (
            "sh:node [ sh:property [ sh:path ex:p ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ] ]"
                .to_owned(),
            "Node (MinCount)",
        ),
        (
            format!("sh:node [ sh:node [ sh:node [ sh:node {minimal} ] ] ]"),
            "Node (Node (Node (Node)))",
        ),
    ] {
        let shapes = format!("{target}{constraint} .");
        assert_eq!(outlined(data, &shapes), expected, "{shapes}");
    }
}

#[test]
fn constraints_of_12_have_reasons_too() {
    let options = ShapesOptions {
        shacl12: true,
        ..ShapesOptions::default()
    };
    let data = "ex:a ex:p ex:b ~ ex:r ; ex:list ( ex:b 1 ) .";
    for (constraint, expected) in [
        (
            "sh:path ex:p ; sh:someValue [ sh:class ex:C ]",
            "SomeValue (Class)",
        ),
        (
            "sh:path ex:list ; sh:memberShape [ sh:nodeKind sh:IRI ]",
            "MemberShape (NodeKind)",
        ),
        (
            "sh:path ex:p ; sh:reifierShape [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
            "ReifierShape (MinCount)",
        ),
        // A warning does not deny conformance when told so, and is no reason.
        (
            "sh:path ex:p ; sh:node [ sh:class ex:C ; sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:severity sh:Debug ] ]",
            "Node (Class)",
        ),
    ] {
        let shapes = format!("ex:S sh:targetNode ex:a ; sh:property [ {constraint} ] .");
        let report = detailed(data, &shapes, options);
        assert_eq!(outline(report.results()), expected, "{shapes}");
    }
}

#[test]
fn details_are_bounded() {
    let many: Vec<String> = (0..40).map(|n| format!("ex:v{n}")).collect();
    let data = format!("ex:a ex:p {} .", many.join(" , "));
    let shapes = "ex:S sh:targetNode ex:a ; sh:node [ sh:property [ sh:path ex:p ; sh:class ex:C ] ] ;
        sh:or ( [ sh:property [ sh:path ex:p ; sh:class ex:C ] ] [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ) .";
    let report = detailed(&data, shapes, ShapesOptions::default());
    let found: Vec<(Component, usize)> = report
        .results()
        .iter()
        .map(|row| (row.component, row.detail.len()))
        .collect();
    // Every alternative has its say.
    assert_eq!(found, [(Component::Or, 6), (Component::Node, 10)]);
    let alternatives = outline(&report.results()[..1]);
    assert!(alternatives.contains("MinCount"), "{alternatives}");
    // A circle of shapes goes no deeper than any other.
    let data = "ex:a ex:p ex:a ; ex:bad 1 .";
    let shapes = "ex:S sh:targetNode ex:a ; sh:node ex:T . ex:T sh:property [ sh:path ex:p ; sh:node ex:T ] ;
        sh:property [ sh:path ex:bad ; sh:maxCount 0 ] .";
    assert_eq!(
        outlined(data, shapes),
        "Node (MaxCount, Node (MaxCount, Node (MaxCount, Node)))"
    );
    // Only so many results of a rule have any, fewer in a text.
    let many: Vec<String> = (0..200).map(|n| format!("ex:v{n}")).collect();
    let shapes = format!(
        "ex:S sh:targetNode {} ; sh:node [ sh:class ex:C ] .",
        many.join(" , ")
    );
    let with = |format| {
        let text = format!("{PREFIXES}{shapes}");
        let (_, report) = validate_turtle("", &text);
        let report = report.with_details(format, None);
        let rows = report.results().iter();
        rows.filter(|row| !row.detail.is_empty()).count()
    };
    assert_eq!(
        (with(ReportFormat::Turtle), with(ReportFormat::Text)),
        (100, 3)
    );
}

fn rendered(render: impl Fn(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    render(&mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_form_shows_them() {
    let shapes = "ex:S sh:targetNode ex:a ; sh:property [ sh:path ex:p ;
        sh:or ( [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] [ sh:node [ sh:class ex:C ] ] ) ] .";
    let report = detailed("ex:a ex:p ex:b .", shapes, ShapesOptions::default());
    insta::assert_snapshot!(rendered(|out| report.render_text(out, Language::En)), @r###"
    violation[V021]: <http://example.org/S> › <http://example.org/p> (Or, 1 times)
      focus node: <http://example.org/a>, <http://example.org/p>
        The value for "<http://example.org/p>" must conform to at least one of these: <http://example.org/q>; Node; found: <http://example.org/b>.
        hint: Correct <http://example.org/b> until one of them holds.
        - because: At least 1 value(s) expected for "<http://example.org/q>"; found: 0. (V004, <http://example.org/q>)
        - because: The value for the node itself does not conform to sh:class <http://example.org/C>; found: <http://example.org/b>. (V023)
          - because: A <http://example.org/C> is expected for the node itself; found: <http://example.org/b>. That value is described nowhere in the data at hand. (V001)

    Does not conform (violations: 1, warnings: 0, infos: 0).
    "###);
    let read = |format: RdfFormat, text: &str| -> oxrdf::Graph {
        let mut graph: oxrdf::Graph = RdfParser::from_format(format)
            .for_slice(text)
            .map(|quad| oxrdf::Triple::from(quad.expect("valid RDF")))
            .collect();
        graph.canonicalize(oxrdf::graph::CanonicalizationAlgorithm::Unstable);
        graph
    };
    let turtle = rendered(|out| report.render_turtle(out));
    assert_eq!(turtle.matches("sh:detail [").count(), 3, "{turtle}");
    assert_eq!(turtle.matches("dct:identifier").count(), 1, "{turtle}");
    let turtle = read(RdfFormat::Turtle, &turtle);
    let ntriples = rendered(|out| report.render_ntriples(out));
    assert_eq!(read(RdfFormat::NTriples, &ntriples), turtle);
    let rdfxml = rendered(|out| report.render_rdfxml(out));
    assert_eq!(read(RdfFormat::RdfXml, &rdfxml), turtle);
    let json_ld = RdfFormat::JsonLd {
        profile: JsonLdProfileSet::empty(),
    };
    let json = rendered(|out| report.render_jsonld(out));
    assert_eq!(read(json_ld, &json), turtle);
    let line = rendered(|out| report.render_ndjson(out, Language::En));
    let line: serde_json::Value = serde_json::from_str(&line).expect("one object");
    assert_eq!(line["detail"][0]["component"], "MinCount");
    assert_eq!(line["detail"][1]["detail"][0]["component"], "Class");
}

/// Results that name shapes which the value must conform to, or one of which.
fn must_have_reasons(row: &ResultRow) -> bool {
    matches!(
        row.component,
        Component::Node | Component::And | Component::Or
    )
}

fn check_reasons(report: &Report, rows: &[ResultRow], level: usize) -> Result<(), TestCaseError> {
    for row in rows {
        prop_assert!(row.detail.len() <= 10);
        if must_have_reasons(row) && level < 3 {
            prop_assert!(
                !row.detail.is_empty(),
                "no reason for {} of {}",
                row.component.name(),
                report.term(row.focus)
            );
        }
        if level == 3 {
            prop_assert!(row.detail.is_empty());
        }
        check_reasons(report, &row.detail, level + 1)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_does_not_conform_has_a_reason_and_nothing_else_changes(
        graph in graph(),
        pool in prop_oneof![pool(0..1), pool(1..5)],
    ) {
        let turtle = shapes_turtle(&pool);
        let (data, shapes) = load(&graph, &parse_turtle(&turtle, "http://example.org/"));
        let report = validate(&read_shapes(&shapes), &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        });
        let with = report.with_details(ReportFormat::Turtle, None);
        check_reasons(&with, with.results(), 0)?;
        let mut bare = with.results().to_vec();
        bare.iter_mut().for_each(|row| row.detail.clear());
        prop_assert_eq!(bare, report.results().to_vec());
    }
}
