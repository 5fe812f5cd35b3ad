//! What SHACL 1.2 adds, switched on: each constraint, target and severity on nodes that conform and nodes that do not.

use super::{BASE, load, parse_turtle};
use oslo_registry::rdf::label::Language;
use oslo_registry::rdf::shacl::Threshold;
use oslo_registry::shapes::{
    Report, ShapesOptions, Validation, ValidationOptions, Verdict, read_shapes_with, validate,
};

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n";

const ON: ShapesOptions = ShapesOptions {
    shacl12: true,
    threshold: Threshold::Info,
};

fn report(data: &str, shapes: &str, options: ShapesOptions) -> Report {
    let parse = |text: &str| parse_turtle(&format!("{PREFIXES}{text}"), BASE);
    let (data, shapes) = load(&parse(data), &parse(shapes));
    let validation = Validation {
        data: data.clone(),
        context: data,
        options: ValidationOptions::default(),
    };
    validate(&read_shapes_with(&shapes, options), &validation)
}

/// `component focus value` of each result, IRIs by their local names.
fn results(data: &str, shapes: &str) -> Vec<String> {
    let report = report(data, shapes, ON);
    assert!(
        report.not_checked().is_empty(),
        "{:?}",
        report.not_checked()
    );
    let mut rows: Vec<String> = report
        .results()
        .iter()
        .map(|row| {
            let local = |text: String| text.replace("<http://example.org/", "").replace('>', "");
            let value = row.value.map_or_else(String::new, |value| {
                format!(" {}", local(report.term_text(value)))
            });
            let component = row.component.iri();
            assert!(component.starts_with("http://www.w3.org/ns/shacl#"));
            for language in [Language::Nl, Language::En] {
                let text = report.message(row, language) + &report.hint(row, language);
                assert!(!text.contains(['{', '}']), "{text}");
            }
            format!(
                "{} {}{value}",
                row.component.name(),
                local(report.term_text(row.focus))
            )
        })
        .collect();
    rows.sort_unstable();
    rows
}

#[test]
fn any_of_a_list_of_classes_datatypes_or_kinds_will_do() {
    assert_eq!(
        results(
            "ex:a a ex:C . ex:b a ex:Sub . ex:c a ex:E . ex:Sub rdfs:subClassOf ex:D .",
            "ex:s sh:targetNode ex:a , ex:b , ex:c ; sh:class ( ex:C ex:D ) .",
        ),
        ["Class c c"]
    );
    assert_eq!(
        results(
            "ex:x ex:p 1 , \"een\" , \"een\"@nl , \"x\"^^xsd:integer , ex:y .",
            "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:datatype ( xsd:integer rdf:langString ) .",
        ),
        [
            "Datatype x \"een\"",
            "Datatype x \"x\"^^xsd:integer",
            "Datatype x y"
        ]
    );
    assert_eq!(
        results(
            "ex:x ex:p 1 , ex:y , [] .",
            "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:nodeKind ( sh:IRI sh:BlankNode ) .",
        ),
        ["NodeKind x \"1\"^^xsd:integer"]
    );
}

#[test]
fn classes_below_a_root_and_values_on_one_line() {
    assert_eq!(
        results(
            "ex:zoo ex:holds ex:Animal , ex:Dog , ex:Plant , \"Dog\" .
             ex:Dog rdfs:subClassOf ex:Mammal . ex:Mammal rdfs:subClassOf ex:Animal .",
            "ex:s sh:targetNode ex:zoo ; sh:path ex:holds ; sh:rootClass ex:Animal .",
        ),
        ["RootClass zoo \"Dog\"", "RootClass zoo Plant"]
    );
    assert_eq!(
        results(
            "ex:zoo ex:holds ex:Animal , ex:Plant , ex:Car .",
            "ex:s sh:targetNode ex:zoo ; sh:path ex:holds ; sh:rootClass ( ex:Animal ex:Plant ) .",
        ),
        ["RootClass zoo Car"]
    );
    assert_eq!(
        results(
            "ex:x ex:p \"een regel\" , \"twee\\nregels\" , \"met\\rterug\" , \"blad\\u000c\" , ex:y .",
            "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:singleLine true .
             ex:t sh:targetNode ex:x ; sh:path ex:p ; sh:singleLine false .",
        )
        .len(),
        3
    );
}

#[test]
fn some_value_conforms_and_values_are_among_others() {
    assert_eq!(
        results(
            "ex:a ex:keeps ex:cow . ex:b ex:keeps ex:cow , ex:duck . ex:c a ex:Farm . ex:duck a ex:Duck .",
            "ex:s sh:targetNode ex:a , ex:b , ex:c ; sh:path ex:keeps ; sh:someValue [ sh:class ex:Duck ] .",
        ),
        ["SomeValue a", "SomeValue c"]
    );
    assert_eq!(
        results(
            "ex:a ex:p 1 ; ex:q 1 , 2 . ex:b ex:p 1 , 2 ; ex:q 2 . ex:c ex:p 3 . ex:d ex:q 4 .",
            "ex:s sh:targetNode ex:a , ex:b , ex:c , ex:d ; sh:path ex:p ; sh:subsetOf ex:q .",
        ),
        [
            "SubsetOf b \"1\"^^xsd:integer",
            "SubsetOf c \"3\"^^xsd:integer"
        ]
    );
    assert_eq!(
        results(
            "ex:a ex:p 1 ; ex:q [ ex:r 1 ] . ex:b ex:p 1 ; ex:q [ ex:r 2 ] .",
            "ex:s sh:targetNode ex:a , ex:b ; sh:path ex:p ; sh:subsetOf ( ex:q ex:r ) .",
        ),
        ["SubsetOf b \"1\"^^xsd:integer"]
    );
}

#[test]
fn lists_have_a_length_and_members_that_conform_and_differ() {
    let data = "ex:two rdf:first ex:a ; rdf:rest ( ex:b ) . ex:three rdf:first ex:a ; rdf:rest ( 2 ex:a ) .
        ex:open rdf:first ex:a . ex:forked rdf:first ex:a , ex:b ; rdf:rest () .
        ex:round rdf:first ex:a ; rdf:rest ex:round . ex:x ex:p () .";
    let on = |constraint: &str| {
        let targets = "ex:two , ex:three , ex:open , ex:forked , ex:round , ()";
        results(
            data,
            &format!("ex:s sh:targetNode {targets} ; {constraint} ."),
        )
    };
    let no_lists = |name: &str, more: &[&str]| {
        let mut expected: Vec<String> = ["forked", "open", "round"]
            .iter()
            .chain(more)
            .map(|node| format!("{name} {node} {node}"))
            .collect();
        expected.sort_unstable();
        expected
    };
    assert_eq!(
        on("sh:maxListLength 2"),
        no_lists("MaxListLength", &["three"])
    );
    assert_eq!(
        on("sh:uniqueMembers true"),
        no_lists("UniqueMembers", &["three"])
    );
    assert_eq!(
        on("sh:memberShape [ sh:nodeKind sh:IRI ]"),
        no_lists("MemberShape", &["three"])
    );
    let short = on("sh:minListLength 3");
    assert_eq!(short.len(), 5, "{short:?}");
    assert!(
        short
            .iter()
            .any(|row| row.starts_with("MinListLength rdf:nil")),
        "{short:?}"
    );
}

#[test]
fn no_two_targets_have_the_same_values_of_a_key() {
    let shape = "ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:uniqueValuesFor";
    assert_eq!(
        results(
            "ex:a a ex:C ; ex:id 1 . ex:b a ex:C ; ex:id 1 . ex:c a ex:C ; ex:id 2 . ex:other ex:id 2 .
             ex:none1 a ex:C . ex:none2 a ex:C . ex:d a ex:C ; ex:id 1 , 3 .",
            &format!("{shape} ex:id ."),
        ),
        ["UniqueValuesFor a", "UniqueValuesFor b"]
    );
    assert_eq!(
        results(
            "ex:a a ex:C ; ex:code 1 ; ex:in ex:x . ex:b a ex:C ; ex:code 1 ; ex:in ex:y .
             ex:c a ex:C ; ex:code 1 ; ex:in ex:y . ex:d a ex:C ; ex:code 1 . ex:e a ex:C ; ex:code 1 .",
            &format!("{shape} ( ex:code ex:in ) ."),
        ),
        [
            "UniqueValuesFor b",
            "UniqueValuesFor c",
            "UniqueValuesFor d",
            "UniqueValuesFor e"
        ]
    );
}

#[test]
fn targets_are_those_that_conform_to_a_shape() {
    let data = "ex:a a ex:P ; ex:age 18 . ex:b a ex:P ; ex:age 17 . ex:c a ex:P . ex:d ex:age 40 .
        ex:e ex:voted ex:a .";
    let vote = "sh:property [ sh:path ex:voted ; sh:minCount 1 ]";
    assert_eq!(
        results(
            data,
            &format!(
                "ex:s a sh:NodeShape ; {vote} ; sh:targetWhere [ sh:class ex:P ;
                 sh:property [ sh:path ex:age ; sh:minCount 1 ; sh:minInclusive 18 ] ] ."
            ),
        ),
        ["MinCount a"]
    );
    // A shape that nothing narrows down looks at every node of the data.
    assert_eq!(
        results(
            data,
            "ex:s a sh:NodeShape ; sh:targetWhere [ sh:nodeKind sh:Literal ] ; sh:maxInclusive 20 .",
        ),
        ["MaxInclusive \"40\"^^xsd:integer \"40\"^^xsd:integer"]
    );
    // Whoever conforms to what is not fully checked is not known.
    let report = report(
        data,
        &format!("ex:s a sh:NodeShape ; {vote} ; sh:targetWhere [ sh:class ex:P ; sh:odd 1 ] ."),
        ON,
    );
    let codes: Vec<&str> = report.not_checked().iter().map(|lint| lint.code).collect();
    assert!(codes.contains(&"L099"), "{codes:?}");
    assert_eq!(report.verdict(), Verdict::Undetermined);
}

#[test]
fn mild_results_do_not_deny_conformance() {
    let shapes =
        "ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:nodeKind sh:Literal ; sh:severity sh:Debug .
        ex:t a sh:NodeShape ; sh:targetNode ex:x ; sh:node ex:s .";
    let with = |options: ShapesOptions| {
        let report = report("ex:x ex:p 1 .", shapes, options);
        let mut turtle = Vec::new();
        report.render_turtle(&mut turtle).expect("memory");
        let turtle = String::from_utf8(turtle).expect("UTF-8");
        (report.verdict(), report.total(), turtle)
    };
    let (verdict, total, turtle) = with(ShapesOptions::default());
    assert_eq!((verdict, total), (Verdict::Violations, 2));
    assert!(!turtle.contains("conformanceDisallows"), "{turtle}");
    // The result is told and denies nothing, so that sh:node has nothing to say.
    let (verdict, total, turtle) = with(ON);
    assert_eq!((verdict, total), (Verdict::Conforms, 1));
    assert!(turtle.contains("sh:conforms true"), "{turtle}");
    assert!(
        turtle.contains("sh:conformanceDisallows sh:Info"),
        "{turtle}"
    );
    assert!(
        !turtle.contains("sh:conformanceDisallows sh:Debug"),
        "{turtle}"
    );
    assert!(turtle.contains("sh:resultSeverity sh:Debug"), "{turtle}");
    let (verdict, total, _) = with(ShapesOptions {
        threshold: Threshold::Debug,
        ..ON
    });
    assert_eq!((verdict, total), (Verdict::Violations, 2));
    let warning = "ex:s a sh:NodeShape ; sh:targetNode ex:x ; sh:nodeKind sh:Literal ; sh:severity sh:Warning .";
    let violations_only = ShapesOptions {
        threshold: Threshold::Violation,
        ..ON
    };
    assert_eq!(
        report("ex:x ex:p 1 .", warning, violations_only).verdict(),
        Verdict::Conforms
    );
}

#[test]
fn reifiers_say_what_is_asked_of_them() {
    let sourced = "ex:s sh:targetNode ex:x ; sh:property [ sh:path ex:p ;
        sh:reifierShape [ sh:property [ sh:path ex:source ; sh:minCount 1 ] ] ] .";
    let required = sourced.replace(
        "sh:path ex:p ;",
        "sh:path ex:p ; sh:reificationRequired true ;",
    );
    for (data, optional, needed) in [
        // No reifier, one that conforms, one that does not, and one of each.
        ("ex:x ex:p 1 .", 0, 1),
        ("ex:x ex:p 1 {| ex:source ex:a |} .", 0, 0),
        ("ex:x ex:p 1 ~ ex:r .", 1, 1),
        ("ex:x ex:p 1 {| ex:source ex:a |} ~ ex:r .", 1, 1),
        // Of another value, of another node, and of a triple that is not there.
        ("ex:x ex:p 1 , 2 ~ ex:r .", 1, 2),
        ("ex:y ex:p 1 ~ ex:r .", 0, 0),
        ("<< ex:x ex:p 3 ~ ex:r >> ex:seen true .", 0, 0),
        ("ex:x ex:q 1 ~ ex:r .", 0, 0),
    ] {
        assert_eq!(results(data, sourced).len(), optional, "{data}");
        assert_eq!(results(data, &required).len(), needed, "{data}");
    }
    assert_eq!(
        results("ex:x ex:p ex:y ~ ex:r .", sourced),
        ["ReifierShape x y"]
    );
    // Only triples have reifiers.
    let sequence = sourced.replace("sh:path ex:p ;", "sh:path ( ex:p ex:p ) ;");
    let report = report("ex:x ex:p 1 .", &sequence, ON);
    assert_eq!(report.not_checked()[0].code, "L080");
}

#[test]
fn the_switch_decides_what_is_read() {
    for shapes in [
        "ex:s sh:targetNode ex:x ; sh:singleLine true .",
        "ex:s sh:targetNode ex:x ; sh:class ( ex:C ex:D ) .",
        "ex:s sh:targetNode ex:x ; sh:uniqueValuesFor ex:id .",
        "ex:s a sh:NodeShape ; sh:nodeKind sh:IRI ; sh:targetWhere [ sh:class ex:C ] .",
        "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:someValue [ sh:class ex:C ] .",
        "ex:s sh:targetNode ex:x ; sh:memberShape [ sh:nodeKind sh:IRI ] .",
        "ex:s sh:targetNode ex:x ; sh:closed sh:ByTypes .",
        "ex:s sh:targetNode ex:x ; sh:path ex:p ; sh:reifierShape [ sh:nodeKind sh:IRI ] .",
    ] {
        let off = report("ex:x a ex:E .", shapes, ShapesOptions::default());
        let lint = off
            .not_checked()
            .iter()
            .find(|lint| lint.code == "L026")
            .unwrap_or_else(|| panic!("{shapes}: {:?}", off.not_checked()));
        assert!(lint.hint.en.contains("oslo settings --shacl 1.2"));
        assert_eq!(off.verdict(), Verdict::Undetermined, "{shapes}");
        let on = report("ex:x a ex:E .", shapes, ON);
        assert!(
            on.not_checked().iter().all(|lint| lint.code != "L026"),
            "{shapes}"
        );
    }
    // A class that is a shape.
    assert_eq!(
        results(
            "ex:x a ex:C .",
            "ex:C a sh:ShapeClass ; sh:nodeKind sh:Literal ."
        ),
        ["NodeKind x x"]
    );
}
