//! Syntax errors say where and what to do.

use super::*;

fn syntax(text: &str) -> (usize, usize, String, String, String) {
    match parse_query(text, &QueryOptions::default()) {
        Err(QueryError::Syntax {
            line,
            column,
            message,
            hint,
        }) => {
            let hint = hint.unwrap_or_default();
            assert!(!message.nl.is_empty() && !message.en.is_empty());
            (line, column, message.nl, hint.nl, hint.en)
        }
        other => panic!("{text} is not valid SPARQL: {other:?}"),
    }
}

#[test]
fn syntax_errors_say_where_and_what_to_do() {
    let (line, column, message, nl, en) = syntax("SELECT *\nWHERE {\n  ?a a adres:Adres\n}");
    assert_eq!((line, column), (3, 8));
    assert_eq!(message, "prefix adres: is niet gedeclareerd");
    assert_eq!(
        nl,
        "bedoelde u PREFIX adres: <https://data.vlaanderen.be/ns/adres#>?"
    );
    assert_eq!(
        en,
        "did you mean PREFIX adres: <https://data.vlaanderen.be/ns/adres#>?"
    );

    let (line, column, message, nl, _) = syntax("SELECT ?a, ?b { ?a ?p ?b }");
    assert_eq!((line, column), (1, 10), "{message} {nl}");
    assert!(message.starts_with("onverwacht: ,"), "{message}");
    assert!(nl.contains("geen komma"), "{nl}");

    let (_, _, message, nl, _) = syntax("SELECT * {\n ?a ?p ?b");
    assert!(message.starts_with("onverwacht einde"), "{message}");
    assert_eq!(nl, "{ op regel 1, kolom 10 wordt niet gesloten");

    let (_, _, _, nl, _) = syntax("SELECT * { ?a ?p \"open }\n");
    assert!(nl.contains("niet afgesloten"), "{nl}");

    let (_, _, message, _, _) = syntax("SELECT ?a (COUNT(*) AS ?n) { ?a ?p ?b }");
    assert_eq!(
        message,
        "SELECT noemt een variabele die niet in GROUP BY staat"
    );

    let (line, column, _, _, _) = syntax("SELECT * { ?a ?p ?b .\n FILTER(?a >) }");
    assert_eq!((line, column), (2, 13));
    let (_, column, message, _, _) = syntax("SELECT * { ?a <http://x y> ?b }");
    assert_eq!((column, &*message), (15, "ongeldige IRI"));
    for (text, nl) in [
        ("SELCT * { ?a ?p ?b }", "bedoelde u SELECT?"),
        ("SELECT * { ?a ?p ?b } ORDER ?b", "hier hoort BY"),
        ("SELECT * { ?a ?p ?b OPTIONAL ?a ?q ?c }", "hier hoort {"),
        ("SELECT * { ?a ?p ?b }}", "deze } hoort bij geen {"),
        ("SELECT * { ?a ?p }", "wat voor deze } staat, is niet af"),
        (
            "SELECT * { ?a ?p ?b ?c ?d ?e }",
            "ontbreekt er een punt of puntkomma tussen twee drietallen?",
        ),
    ] {
        assert_eq!(syntax(text).3, nl, "{text}");
    }
}
