//! Ill-formed and odd shapes: each finding by code, and what is still checked.

use super::{parse_turtle, validate_turtle};
use oslo_registry::rdf::label::Language;
use oslo_registry::shapes::{
    Report, Validation, ValidationOptions, Verdict, read_shapes, validate,
};
use oslo_registry::store::{Store, View};
use oxrdf::{GraphName, Quad};
use std::sync::Arc;

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n";

fn codes(shapes: &str) -> Vec<&'static str> {
    let (shapes, _) = validate_turtle("", &format!("{PREFIXES}{shapes}"));
    shapes.findings().iter().map(|lint| lint.code).collect()
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

#[test]
fn each_defect_has_its_code() {
    for (expected, shapes) in [
        (
            "L001",
            "ex:s a sh:NodeShape ; sh:property ex:p . ex:p sh:path ex:a , ex:b ; sh:minCount 1 .",
        ),
        (
            "L002",
            "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:minCount 1 .",
        ),
        (
            "L003",
            "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:minLength 1 ] .",
        ),
        (
            "L004",
            "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount \"1\" .",
        ),
        ("L005", "ex:s sh:targetClass ex:C ; sh:nodekind sh:IRI ."),
        ("L006", "ex:s a sh:NodeShape ; sh:targetClass xsd:string ."),
        (
            "L007",
            "ex:s sh:targetClass ex:C ; sh:path \"a\" ; sh:minCount 1 .",
        ),
        (
            "L008",
            "ex:s sh:targetClass ex:C ; sh:path [ sh:inversePath ( ex:a ) ] ; sh:minCount 1 .",
        ),
        (
            "L009",
            "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:minCount 2 ; sh:maxCount 1 .",
        ),
        (
            "L010",
            "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:class ex:D ; sh:datatype xsd:string .",
        ),
        ("L011", "ex:s sh:targetClass ex:C ; sh:js [ ] ."),
        ("L012", "ex:s sh:targetClass ex:C ; sh:pattern \"(?=a)\" ."),
        ("L013", "ex:s sh:targetClass ex:C ; sh:in ex:list ."),
        ("L014", "ex:s sh:targetClass ex:C ; sh:nodeKind sh:Iri ."),
        (
            "L015",
            "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:maxCount 1 , 2 .",
        ),
        ("L016", "ex:s sh:targetClass ex:C ; sh:not ex:s ."),
        (
            "L017",
            "ex:s sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:node ex:s ] .",
        ),
        ("L019", "ex:s sh:targetClass ex:C ; sh:class xsd:string ."),
        ("L020", "ex:s sh:targetClass ex:C ; sh:node ex:nowhere ."),
        (
            "L021",
            "ex:s sh:targetClass ex:C ; sh:path ex:a ; sh:uniqueLang 1 .",
        ),
        (
            "L022",
            "ex:s sh:targetClass ex:C ; sh:message 1 ; sh:nodeKind sh:IRI .",
        ),
        (
            "L023",
            "ex:s sh:targetClass ex:C ; sh:severity \"Warning\" ; sh:nodeKind sh:IRI .",
        ),
        (
            "L024",
            "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI ; sh:target [ a sh:SPARQLTarget ] .",
        ),
        (
            "L068",
            "ex:s sh:targetClass ex:C ; ex:odd 1 . ex:k a sh:ConstraintComponent ; sh:parameter [ sh:path ex:odd ] .",
        ),
        ("L026", "ex:s sh:targetClass ex:C ; sh:singleLine true ."),
        ("L027", "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI ."),
        (
            "L028",
            "ex:s sh:targetClass ex:C ; sh:nodeKind sh:IRI ; sh:flags \"i\" .",
        ),
    ] {
        assert!(
            codes(shapes).contains(&expected),
            "{expected}: {:?}",
            codes(shapes)
        );
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
fn new_results_are_those_the_earlier_report_lacks() {
    let shapes = "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:a ; sh:minCount 1 ] .";
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let mut add = |turtle: &str| {
        for t in parse_turtle(&format!("{PREFIXES}{turtle}"), "http://example.org/") {
            draft.add_quad(
                Quad::new(t.subject, t.predicate, t.object, GraphName::DefaultGraph).as_ref(),
            );
        }
        draft.snapshot().view()
    };
    let run = |view: &View, before: Option<Arc<Report>>| {
        let options = ValidationOptions {
            sample_cap: 2,
            before,
            ..ValidationOptions::default()
        };
        // The shapes are compiled anew each time, with other blank nodes for all they know.
        validate(
            &read_shapes(view),
            &Validation {
                data: view.clone(),
                context: view.clone(),
                options,
            },
        )
    };
    let first = add(&format!(
        "{shapes} ex:w a ex:C . ex:x a ex:C . ex:y a ex:C ."
    ));
    let before = Arc::new(run(&first, None));
    assert_eq!((before.total(), before.results().len()), (3, 2));
    let second = add("ex:z a ex:C . ex:y ex:a 1 .");
    let after = run(&second, Some(Arc::clone(&before)));
    // Three again: y is solved, z is new and kept although the cap was reached.
    assert_eq!(
        (
            after.total(),
            after.new_count_since(&before),
            before.new_count_since(&after)
        ),
        (3, 1, 1)
    );
    let new: Vec<String> = after
        .new_since(&before)
        .iter()
        .map(|row| after.term_text(row.focus))
        .collect();
    assert_eq!(new, ["<http://example.org/z>"]);
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
