//! Ill-formed and odd shapes: each finding by code, and what is still checked.

use super::{load, parse_turtle, validate_turtle};
use oslo_registry::rdf::label::Language;
use oslo_registry::shapes::{
    LINT_RULES, ShapesOptions, Validation, ValidationOptions, Verdict, lint_rule, read_shapes,
    read_shapes_with, validate,
};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n";

/// Codes of all findings about shapes, those beside vocabularies included, with SHACL 1.2 on or off.
fn codes_with(shapes: &str, shacl12: bool) -> Vec<&'static str> {
    let (_, view) = load(
        &[],
        &parse_turtle(&format!("{PREFIXES}{shapes}"), super::BASE),
    );
    let options = ShapesOptions {
        shacl12,
        ..ShapesOptions::default()
    };
    let shapes = read_shapes_with(&view, options);
    let odd = shapes.vocabulary_findings(&[view]);
    let all = shapes.findings().iter().chain(&odd);
    all.map(|lint| {
        assert!(
            !lint.message.nl.contains("{") && !lint.hint.en.contains("{term}"),
            "{lint:?}"
        );
        assert!(
            lint.shape.is_some() && !lint.shape_label.is_empty(),
            "{lint:?}"
        );
        lint.code
    })
    .collect()
}

fn codes(shapes: &str) -> Vec<&'static str> {
    codes_with(shapes, false)
}

fn run(data: &str, shapes: &str) -> (Verdict, Vec<String>, Vec<&'static str>) {
    let (_, report) = validate_turtle(&format!("{PREFIXES}{data}"), &format!("{PREFIXES}{shapes}"));
    let rows = report
        .results()
        .iter()
        .map(|row| format!("{} {}", row.component.name(), report.term_text(row.focus)))
        .collect();
    (
        report.verdict(),
        rows,
        report.not_checked().iter().map(|lint| lint.code).collect(),
    )
}

/// A code, shapes that it is about, and nearly the same shapes that it is not about.
const CASES: &[(&str, &str, &str)] = &[
    (
        "L001",
        "ex:s a sh:NodeShape ; sh:property ex:p . ex:p sh:path ex:a , ex:b ; sh:minCount 1 .",
        "ex:s a sh:NodeShape ; sh:property ex:p . ex:p sh:path ex:a ; sh:minCount 1 .",
    ),
    (
        "L002",
        "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:minCount 1 .",
        "ex:s a sh:PropertyShape ; sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 .",
    ),
    (
        "L003",
        "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:minLength 1 ] .",
        "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:node [ sh:minLength 1 ] .",
    ),
    (
        "L004",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount \"1\" .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 .",
    ),
    (
        "L005",
        "ex:s sh:targetClass ex:C ; sh:nodekind sh:IRI .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI .",
    ),
    (
        "L006",
        "ex:s a sh:NodeShape ; sh:targetClass xsd:string .",
        "ex:s a sh:NodeShape ; sh:targetClass ex:string .",
    ),
    (
        "L006",
        "ex:s a sh:NodeShape ; sh:targetClass \"http://example.org/C\" .",
        "ex:s a sh:NodeShape ; sh:targetClass <http://example.org/C> .",
    ),
    (
        "L007",
        "ex:s sh:targetClass ex:C ; sh:path \"a\" ; sh:minCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 .",
    ),
    (
        "L008",
        "ex:s sh:targetClass ex:C ; sh:path [ sh:inversePath ( ex:a ) ] ; sh:minCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path [ sh:inversePath ( ex:a ex:b ) ] ; sh:minCount 1 .",
    ),
    (
        "L009",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 2 ; sh:maxCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 ; sh:maxCount 1 .",
    ),
    (
        "L009",
        "ex:s sh:targetClass ex:C ; sh:minLength 3 ; sh:maxLength 2 .",
        "ex:s sh:targetClass ex:C ; sh:minLength 2 ; sh:maxLength 2 .",
    ),
    (
        "L009",
        "ex:s sh:targetClass ex:C ; sh:minInclusive 1 ; sh:minExclusive 5 ; sh:maxInclusive 5.0 .",
        "ex:s sh:targetClass ex:C ; sh:minInclusive 5 ; sh:maxInclusive 5.0 .",
    ),
    (
        "L009",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ;
            sh:qualifiedMinCount 2 ; sh:qualifiedMaxCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ;
            sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2 .",
    ),
    (
        "L010",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:class ex:D ; sh:datatype xsd:string .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype xsd:string .",
    ),
    (
        "L012",
        "ex:s sh:targetClass ex:C ; sh:pattern \"(?=a)\" .",
        "ex:s sh:targetClass ex:C ; sh:pattern \"^a\" .",
    ),
    (
        "L013",
        "ex:s sh:targetClass ex:C ; sh:in ex:list .",
        "ex:s sh:targetClass ex:C ; sh:in ( ex:list ) .",
    ),
    (
        "L014",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:Iri .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI .",
    ),
    (
        "L014",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:languageIn ( ex:nl ) .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:languageIn ( \"nl\" ) .",
    ),
    (
        "L015",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:maxCount 1 , 2 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:maxCount 1 .",
    ),
    (
        "L016",
        "ex:s sh:targetClass ex:C ; sh:not ex:s .",
        "ex:s sh:targetClass ex:C ; sh:not ex:t . ex:t sh:class ex:D .",
    ),
    (
        "L017",
        "ex:s sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:node ex:s ] .",
        "ex:s sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:node ex:t ] . ex:t sh:class ex:D .",
    ),
    (
        "L018",
        "ex:s sh:targetClass ex:C ; sh:not ex:half . ex:half sh:class ex:D ; sh:odd 1 .",
        "ex:s sh:targetClass ex:C ; sh:node ex:half . ex:half sh:class ex:D ; sh:odd 1 .",
    ),
    (
        "L019",
        "ex:s sh:targetClass ex:C ; sh:class xsd:string .",
        "ex:s sh:targetClass ex:C ; sh:datatype xsd:string .",
    ),
    (
        "L020",
        "ex:s sh:targetClass ex:C ; sh:node ex:nowhere .",
        "ex:s sh:targetClass ex:C ; sh:node ex:here . ex:here sh:nodeKind sh:IRI .",
    ),
    (
        "L021",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:uniqueLang 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:uniqueLang true .",
    ),
    (
        "L022",
        "ex:s sh:targetClass ex:C ; sh:message 1 ; sh:nodeKind sh:IRI .",
        "ex:s sh:targetClass ex:C ; sh:message \"1\"@nl ; sh:nodeKind sh:IRI .",
    ),
    (
        "L023",
        "ex:s sh:targetClass ex:C ; sh:severity \"Warning\" ; sh:nodeKind sh:IRI .",
        "ex:s sh:targetClass ex:C ; sh:severity sh:Warning ; sh:nodeKind sh:IRI .",
    ),
    (
        "L026",
        "ex:s sh:targetClass ex:C ; sh:singleLine true .",
        "ex:s sh:targetClass ex:C ; sh:pattern \"^[^\\\\n]*$\" .",
    ),
    (
        "L027",
        "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI .",
        "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI . ex:t sh:targetClass ex:C ; sh:node ex:s .",
    ),
    (
        "L027",
        "ex:s a sh:NodeShape ; sh:node ex:t . ex:t a sh:NodeShape ; sh:node ex:s .",
        "ex:s a sh:NodeShape ; sh:node ex:t ; sh:targetClass ex:C . ex:t a sh:NodeShape ; sh:node ex:s .",
    ),
    (
        "L028",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:flags \"i\" .",
        "ex:s sh:targetClass ex:C ; sh:pattern \"a\" ; sh:flags \"i\" .",
    ),
    (
        "L029",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:comment \"Een knoop.\"@nl .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:description \"Een knoop.\"@nl .",
    ),
    (
        "L064",
        "ex:s sh:targetClass ex:C ; sh:sparql [ sh:prefixes ex:o ; sh:select \"SELECT $this { $this e:p 1 }\" ] .
            ex:o sh:declare [ sh:prefix \"e\" ] .",
        "ex:s sh:targetClass ex:C ; sh:sparql [ sh:prefixes ex:o ; sh:select \"SELECT $this { $this e:p 1 }\" ] .
            ex:o sh:declare [ sh:prefix \"e\" ; sh:namespace \"http://example.org/\"^^xsd:anyURI ] .",
    ),
    (
        "L065",
        "ex:s sh:targetClass ex:C ; ex:odd 1 . ex:k a sh:ConstraintComponent ;
            sh:parameter [ sh:path ex:odd ] , [ sh:path \"x\" ] ; sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { }\" ] .",
        "ex:s sh:targetClass ex:C ; ex:odd 1 . ex:k a sh:ConstraintComponent ;
            sh:parameter [ sh:path ex:odd ] ; sh:validator [ a sh:SPARQLAskValidator ; sh:ask \"ASK { }\" ] .",
    ),
    (
        "L080",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:shape ex:t ; sh:minCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 .",
    ),
    (
        "L081",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:datatype xsd:string .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:Literal ; sh:datatype xsd:string .",
    ),
    (
        "L081",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:Literal ; sh:class ex:D .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:class ex:D .",
    ),
    (
        "L081",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:BlankNode ; sh:pattern \"a\" .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:pattern \"a\" .",
    ),
    (
        "L081",
        "ex:s sh:targetClass ex:C ; sh:datatype xsd:string ; sh:languageIn ( \"nl\" ) .",
        "ex:s sh:targetClass ex:C ; sh:datatype rdf:langString ; sh:languageIn ( \"nl\" ) .",
    ),
    (
        "L081",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:hasValue 1 , 2 ; sh:maxCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:hasValue 1 , 2 ; sh:maxCount 2 .",
    ),
    (
        "L082",
        "ex:s sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:minCount 1 ] , [ sh:path ex:a ; sh:minCount 1 ] .",
        "ex:s sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:minCount 1 ] , [ sh:path ex:a ; sh:maxCount 1 ] .",
    ),
    (
        "L082",
        "ex:s sh:targetClass ex:C ; sh:xone ( [ sh:class ex:D ] [ sh:class ex:D ] ) .",
        "ex:s sh:targetClass ex:C ; sh:xone ( [ sh:class ex:D ] [ sh:class ex:E ] ) .",
    ),
    (
        "L082",
        "ex:s sh:targetClass ex:C ; sh:in ( 1 2 1 ) .",
        "ex:s sh:targetClass ex:C ; sh:in ( 1 2 \"1\" ) .",
    ),
    (
        "L083",
        "ex:s sh:targetClass ex:C ; sh:in () .",
        "ex:s sh:targetClass ex:C ; sh:in ( 1 ) .",
    ),
    (
        "L083",
        "ex:s sh:targetClass ex:C ; sh:or () .",
        "ex:s sh:targetClass ex:C ; sh:and () .",
    ),
    (
        "L084",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype xsd:string ; sh:in ( \"1\" 2 ) .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype xsd:string ; sh:in ( \"1\" \"2\" ) .",
    ),
    (
        "L084",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:nodeKind sh:IRI ; sh:hasValue \"http://example.org/a\" .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:nodeKind sh:IRI ; sh:hasValue ex:a .",
    ),
    (
        "L085",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:in ( 1 2 ) ; sh:hasValue 3 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:in ( 1 2 ) ; sh:hasValue 2 .",
    ),
    (
        "L086",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:nodeKind sh:IRI ; sh:qualifiedMinCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMinCount 1 .",
    ),
    (
        "L087",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ; sh:qualifiedMaxCount 1 .",
    ),
    (
        "L088",
        "<http://example.org/ns#Adres> a rdfs:Class . ex:s a sh:NodeShape ; sh:targetClass <http://example.org/ns#Adress> .",
        "<http://example.org/ns#Adres> a rdfs:Class . ex:s a sh:NodeShape ; sh:targetClass <http://example.org/ns#Adres> .",
    ),
    (
        "L088",
        "<http://example.org/ns#Adres> a rdfs:Class . ex:s sh:targetClass ex:C ; sh:class <https://example.org/ns#Adres> .",
        "<http://example.org/ns#Adres> a rdfs:Class . ex:s sh:targetClass ex:C ; sh:class <http://elders.example/ns#Adres> .",
    ),
    (
        "L089",
        "<http://example.org/ns#naam> a rdf:Property . ex:s sh:targetClass ex:C ; sh:minCount 1 ;
            sh:path ( ex:a <http://example.org/ns#Naam> ) .",
        "<http://example.org/ns#naam> a rdf:Property . ex:s sh:targetClass ex:C ; sh:minCount 1 ;
            sh:path ( ex:a <http://example.org/ns#naam> ) .",
    ),
    (
        "L090",
        "ex:s sh:targetClass ex:C ; sh:closed true .",
        "ex:s sh:targetClass ex:C ; sh:closed true ; sh:ignoredProperties ( rdf:type ) .",
    ),
    (
        "L091",
        "ex:s sh:targetClass ex:C ; sh:message \"Fout.\" ; sh:nodeKind sh:IRI .",
        "ex:s sh:targetClass ex:C ; sh:message \"Fout.\"@nl ; sh:nodeKind sh:IRI .",
    ),
    (
        "L092",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 . ex:a rdfs:label \"a\"@nl .",
    ),
    (
        "L093",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype xsd:datetime .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype xsd:dateTime .",
    ),
    (
        "L094",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:severity sh:Error .",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:severity ex:Error .",
    ),
    (
        "L095",
        "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:ignoredProperties ( rdf:type ) .",
        "ex:s sh:targetClass ex:C ; sh:closed true ; sh:ignoredProperties ( rdf:type ) .",
    ),
];

/// Codes about shapes of SHACL 1.2, read with the switch on.
const CASES_12: &[(&str, &str, &str)] = &[
    (
        "L080",
        "ex:s sh:targetClass ex:C ; sh:closed sh:ByTypes .",
        "ex:s sh:targetClass ex:C ; sh:singleLine true .",
    ),
    (
        "L009",
        "ex:s sh:targetClass ex:C ; sh:minListLength 3 ; sh:maxListLength 2 .",
        "ex:s sh:targetClass ex:C ; sh:minListLength 2 ; sh:maxListLength 2 .",
    ),
    (
        "L099",
        "ex:s sh:nodeKind sh:IRI ; sh:targetWhere [ sh:class ex:C ; sh:odd 1 ] .",
        "ex:s sh:nodeKind sh:IRI ; sh:targetWhere [ sh:class ex:C ] .",
    ),
    (
        "L084",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype ( xsd:string xsd:date ) ; sh:in ( \"1\" 2 ) .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:datatype ( xsd:string xsd:integer ) ; sh:in ( \"1\" 2 ) .",
    ),
    (
        "L101",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 1 ; sh:reificationRequired true .",
        "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:reificationRequired true ; sh:reifierShape [ sh:nodeKind sh:IRI ] .",
    ),
];

/// Codes that show only while data are checked or in shapes too large for a table, and the test that has them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("L011", "sparql_and_scripts_have_their_codes"),
    ("L024", "sparql_and_scripts_have_their_codes"),
    ("L060", "shapes::sparql::tests"),
    ("L061", "shapes::sparql::tests"),
    ("L062", "shapes::sparql::tests"),
    ("L063", "shapes::sparql::tests"),
    ("L066", "shapes::sparql::tests"),
    ("L067", "shapes::sparql::tests"),
    ("L068", "sparql_and_scripts_have_their_codes"),
    ("L069", "shapes::sparql::tests"),
    ("L070", "shapes::sparql::tests"),
    ("L071", "shapes::sparql::tests"),
    ("L072", "a_query_may_say_that_it_failed"),
    ("L030", "depth_has_a_limit_in_shapes_and_none_in_data"),
    ("L031", "hostile::everything_a_hundred_thousand_times"),
    ("L040", "nothing_to_check_is_told_with_near_misses"),
    ("L041", "nothing_to_check_is_told_with_near_misses"),
    ("L042", "no_shapes_and_a_check_that_was_stopped_are_told"),
    ("L050", "no_shapes_and_a_check_that_was_stopped_are_told"),
    ("L096", "hostile::paths_without_end_are_named"),
    ("L097", "hostile::long_lists_that_many_share_are_bounded"),
    (
        "L098",
        "hostile::closures_over_circles_are_given_up_and_named",
    ),
];

#[test]
fn each_defect_has_its_code_and_its_mended_twin_has_not() {
    for (cases, shacl12) in [(CASES, false), (CASES_12, true)] {
        for (code, bad, good) in cases {
            let found = codes_with(bad, shacl12);
            assert!(found.contains(code), "{code} is missing: {bad}\n{found:?}");
            let found = codes_with(good, shacl12);
            assert!(!found.contains(code), "{code} is wrong: {good}\n{found:?}");
        }
    }
}

#[test]
fn no_code_is_without_a_case() {
    let known: Vec<&str> = CASES
        .iter()
        .chain(CASES_12)
        .map(|(code, ..)| *code)
        .chain(ELSEWHERE.iter().map(|(code, _)| *code))
        .collect();
    for rule in LINT_RULES {
        assert!(known.contains(&rule.code), "{} has no case", rule.code);
    }
    for code in known {
        assert!(lint_rule(code).is_some(), "{code} is no code");
    }
}

#[test]
fn no_shapes_and_a_check_that_was_stopped_are_told() {
    let (_, report) = validate_turtle(&format!("{PREFIXES}ex:x a ex:C ."), "");
    assert_eq!(report.nothing_checked().map(|lint| lint.code), Some("L042"));
    let shapes =
        format!("{PREFIXES}ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:IRI .");
    let (data, shapes) = load(
        &parse_turtle(&format!("{PREFIXES}ex:x a ex:C ."), super::BASE),
        &parse_turtle(&shapes, super::BASE),
    );
    let options = ValidationOptions {
        cancel: Some(Arc::new(AtomicBool::new(true))),
        ..ValidationOptions::default()
    };
    let validation = Validation {
        data: data.clone(),
        context: data,
        options,
    };
    let report = validate(&read_shapes(&shapes), &validation);
    let codes: Vec<&str> = report.not_checked().iter().map(|lint| lint.code).collect();
    assert_eq!(
        (report.verdict(), codes),
        (Verdict::Undetermined, vec!["L050"])
    );
}

#[test]
fn a_query_may_say_that_it_failed() {
    let shapes = format!(
        "{PREFIXES}ex:s a sh:NodeShape ; sh:targetClass ex:C ;
            sh:sparql [ sh:select \"SELECT $this ?failure {{ BIND(true AS ?failure) }}\" ] ."
    );
    let (_, report) = validate_turtle(&format!("{PREFIXES}ex:x a ex:C ."), &shapes);
    let codes: Vec<&str> = report.not_checked().iter().map(|lint| lint.code).collect();
    assert_eq!(codes, ["L072"]);
}

#[test]
fn sparql_and_scripts_have_their_codes() {
    for (expected, shapes) in [
        ("L011", "ex:s sh:targetClass ex:C ; sh:js [ ] ."),
        (
            "L024",
            "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI ; sh:target [ a sh:SPARQLTarget ] .",
        ),
        (
            "L068",
            "ex:s sh:targetClass ex:C ; ex:odd 1 . ex:k a sh:ConstraintComponent ; sh:parameter [ sh:path ex:odd ] .",
        ),
    ] {
        assert!(codes(shapes).contains(&expected), "{expected}");
    }
}

#[test]
fn a_broken_shape_does_not_stop_the_others() {
    let data = "ex:x a ex:C ; ex:a 1 , 2 .";
    let shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:minCount 1 ;
        sh:property ex:broken , [ sh:path ex:a ; sh:maxCount 1 ] .
        ex:broken sh:path ex:a , ex:b ; sh:minCount 5 .";
    let (verdict, rows, not_checked) = run(data, shapes);
    assert_eq!(verdict, Verdict::Violations);
    assert_eq!(rows, ["MaxCount <http://example.org/x>"]);
    assert_eq!(not_checked, ["L002", "L001"]);
}

#[test]
fn unchecked_rules_leave_the_verdict_open() {
    let shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:js [ ] .";
    let (verdict, rows, not_checked) = run("ex:x a ex:C .", shapes);
    assert_eq!(
        (verdict, rows.len(), not_checked),
        (Verdict::Undetermined, 0, vec!["L011"])
    );
}

#[test]
fn a_shape_not_fully_checked_is_never_negated() {
    // Whether ex:x conforms to ex:half is unknown, so neither sh:not nor sh:node may claim it.
    let half = "ex:half a sh:NodeShape ; sh:js [ ] .";
    let not = format!("ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:not ex:half . {half}");
    let (verdict, rows, not_checked) = run("ex:x a ex:C .", &not);
    assert_eq!((verdict, rows.len()), (Verdict::Undetermined, 0));
    assert!(not_checked.contains(&"L018"), "{not_checked:?}");
    let node = format!(
        "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:node ex:half . {half} ex:half sh:nodeKind sh:Literal ."
    );
    assert_eq!(
        run("ex:x a ex:C .", &node).1,
        ["Node <http://example.org/x>"]
    );
}

#[test]
fn circles_conform_until_something_fails() {
    let shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:knows ; sh:node ex:s ] ;
        sh:property [ sh:path ex:name ; sh:minCount 1 ] .";
    let good = "ex:a a ex:C ; ex:knows ex:b ; ex:name 1 . ex:b ex:knows ex:a ; ex:name 1 .";
    assert_eq!(run(good, shapes).0, Verdict::Conforms);
    let bad = "ex:a a ex:C ; ex:knows ex:b ; ex:name 1 . ex:b ex:knows ex:c ; ex:name 1 . ex:c ex:knows ex:a .";
    assert_eq!(run(bad, shapes).1, ["Node <http://example.org/a>"]);
    // A property shape below itself ends as well.
    let nested = "ex:p sh:targetClass ex:C ; sh:path ex:knows ; sh:property ex:p ; sh:class ex:C .";
    let rows = run(good, nested).1;
    assert_eq!(
        rows,
        [
            "Class <http://example.org/a>",
            "Class <http://example.org/a>"
        ]
    );
}

#[test]
fn nothing_to_check_is_told_with_near_misses() {
    let (_, report) = validate_turtle(
        "@prefix w: <https://example.org/ns#> . <urn:a> a w:Adres . <urn:b> a w:Adres .",
        &format!(
            "{PREFIXES}<urn:s> a sh:NodeShape ; sh:targetClass <http://example.org/ns#adres> ; sh:nodeKind sh:IRI ."
        ),
    );
    assert_eq!(report.verdict(), Verdict::Conforms);
    assert_eq!(
        report.zero_focus()[0].near,
        [("https://example.org/ns#Adres".to_owned(), 2)]
    );
    assert_eq!(
        report.nothing_checked().expect("no focus node at all").code,
        "L040"
    );
    let mut text = Vec::new();
    report.render_text(&mut text, Language::Nl).expect("memory");
    assert!(
        String::from_utf8(text)
            .expect("UTF-8")
            .contains("<https://example.org/ns#Adres> (2)")
    );
}

#[test]
fn code_lists_and_flemish_messages_are_read() {
    let data = "ex:x a ex:C ; ex:status ex:inGebruk . ex:inGebruik skos:inScheme ex:list .";
    let shapes = "@prefix qb: <http://purl.org/linked-data/cube#> .
        ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:status ; qb:codeList ex:list ] ;
        sh:property [ sh:path ex:a ; sh:minCount 1 ; <https://data.vlaanderen.be/ns/shacl#message> \"Geef a.\"@nl ] .";
    let (_, report) = validate_turtle(&format!("{PREFIXES}{data}"), &format!("{PREFIXES}{shapes}"));
    let texts: Vec<String> = report
        .results()
        .iter()
        .map(|row| report.message(row, Language::Nl))
        .collect();
    assert_eq!(
        texts,
        [
            "Geef a.",
            "Enkel waarden uit codelijst <http://example.org/list> verwacht voor \"<http://example.org/status>\"; \
             gevonden: <http://example.org/inGebruk>."
        ]
    );
    let hint = report.hint(&report.results()[1], Language::En);
    assert!(
        hint.starts_with("Did you mean <http://example.org/inGebruik>?"),
        "{hint}"
    );
}

#[test]
fn depth_has_a_limit_in_shapes_and_none_in_data() {
    let mut shapes = "ex:s0 sh:targetClass ex:C .".to_owned();
    for n in 0..5000 {
        shapes.push_str(&format!("ex:s{n} sh:node ex:s{} .", n + 1));
    }
    shapes.push_str("ex:s5000 sh:nodeKind sh:Literal .");
    let (verdict, _, not_checked) = run("ex:x a ex:C .", &shapes);
    assert_eq!(verdict, Verdict::Undetermined);
    assert!(not_checked.contains(&"L030"), "{not_checked:?}");
    // A chain of nodes below a shape that refers to itself.
    let mut data = "ex:n0 a ex:C .".to_owned();
    for n in 0..5000 {
        data.push_str(&format!("ex:n{n} ex:to ex:n{} .", n + 1));
    }
    let (_, rows, _) = run(
        &data,
        "ex:p sh:targetClass ex:C ; sh:path ex:to ; sh:property ex:p ; sh:nodeKind sh:BlankNode .",
    );
    assert_eq!(rows.len(), 1000, "as many as are kept");
}
