//! Searches in queries: what they bind, where they may stand, which graphs they see, and how mistakes are told.

use super::*;
use crate::query::join_order;

fn small() -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    let trig = r#"PREFIX : <http://example.com/>
        :a :label "Kerk van Gent"@nl ; :note "oude kerk" ; :n 12 .
        :b :label "Kerken in Brugge"@nl-BE .
        :c :label "Church of Ghent"@en ; :label "Gent" .
        :g1 { :d :label "Gent in g1" . :e :label "kerk in g1"@nl }
        :g2 { :d :label "Gent in g2" . :a :label "Kerk van Gent"@nl }"#;
    for quad in oxttl::TriGParser::new().for_slice(trig.as_bytes()) {
        draft.add_quad(quad.expect("the test data is valid").as_ref());
    }
    draft.snapshot().view()
}

#[test]
fn both_forms_bind_what_their_arguments_ask_for() {
    let view = small();
    let gent = ["Gent", "Gent in g1", "Gent in g2", "Kerk van Gent"];
    assert_eq!(found(&view, "SELECT ?l { ?l text:search 'gent' }"), gent);
    assert_eq!(found(&view, "SELECT ?l { ?l text:zoek 'gent' }"), gent);
    assert_eq!(
        found(&view, "SELECT ?l { (?l) text:search ('gent') }"),
        gent
    );
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search ('kerk' 'nl-BE') }"),
        ["Kerken in Brugge"]
    );
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search 'kerk'@nl }").len(),
        3
    );
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search ('kerk' '') }"),
        ["oude kerk"]
    );
    assert_eq!(
        found(&view, "SELECT * { (?l ?s) text:search ('kerk' 'nl' 1) }").len(),
        1
    );
    // The shortest holds the word most densely; scores fall.
    let scored = rows(
        &view,
        "SELECT ?l ?s { (?l ?s) text:search 'gent' } ORDER BY DESC(?s)",
    )
    .expect("runs");
    assert_eq!(scored[0][0], "Gent");
    let scores: Vec<f64> = scored
        .iter()
        .map(|row| row[1].parse().expect("a number"))
        .collect();
    assert!(
        scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores[3] > 0.0,
        "{scores:?}"
    );
    assert_eq!(
        found(&view, "SELECT ?x { ?x :label/text:search 'brugge' }"),
        ["<http://example.com/b>"]
    );
    assert_eq!(found(&view, "ASK { [] text:search 'brugge' }"), ["true"]);
    assert_eq!(
        found(&view, "ASK { ?x text:search '12' }"),
        ["false"],
        "numbers are no texts"
    );
    assert_eq!(
        found(
            &view,
            "SELECT ?l { ?l text:search 'gent' . ?l text:search 'kerk'@nl }"
        ),
        ["Kerk van Gent"]
    );
}

#[test]
fn graphs_and_rights_decide_what_is_found() {
    let view = small();
    assert_eq!(
        found(&view, "SELECT ?l FROM :g1 { ?l text:search 'gent' }"),
        ["Gent in g1"]
    );
    assert_eq!(
        found(&view, "SELECT ?l { GRAPH :g2 { ?l text:search 'gent' } }"),
        ["Gent in g2", "Kerk van Gent"]
    );
    assert_eq!(
        found(&view, "SELECT ?l { GRAPH :g9 { ?l text:search 'gent' } }"),
        Vec::<String>::new()
    );
    let pairs = |text: &str| {
        let mut pairs = rows(&view, text).expect("runs");
        pairs.sort();
        pairs
            .into_iter()
            .map(|row| row.join(" "))
            .collect::<Vec<_>>()
    };
    let expected = [
        "<http://example.com/g1> Gent in g1",
        "<http://example.com/g2> Gent in g2",
        "<http://example.com/g2> Kerk van Gent",
    ];
    assert_eq!(
        pairs("SELECT ?g ?l { GRAPH ?g { ?l text:search 'gent' } }"),
        expected
    );
    assert_eq!(
        pairs("SELECT ?g ?l { GRAPH ?g { ?s :label ?l . ?l text:search 'gent' } }"),
        expected
    );
    assert_eq!(
        pairs("SELECT ?g ?l { GRAPH ?g { ?s :label ?l } ?l text:search 'gent' }"),
        expected
    );
    // A limit counts in each graph; of equals, the literal stored first is the best.
    let best = "SELECT ?g ?l { GRAPH ?g { ?s :label ?l . (?l ?x) text:search ('gent' 1) } }";
    assert_eq!(pairs(best), [expected[0], expected[2]]);
    // A reader of one graph learns nothing of the others, nor does a limit count what he does not see.
    let g1 = view.id_of_iri(iri("g1").as_str()).expect("a graph");
    let narrow = view.with_graphs(Graphs::One(g1));
    assert_eq!(
        found(&narrow, "SELECT ?l { ?l text:search 'gent' }"),
        ["Gent in g1"]
    );
    assert_eq!(
        found(&narrow, "SELECT ?l { (?l ?s) text:search ('gent' 1) }"),
        ["Gent in g1"]
    );
    let options = QueryOptions {
        default_graph: DefaultGraph::Stored,
        ..QueryOptions::default()
    };
    let query = format!("ASK {{ ?l <{SEARCH}> 'g1' }}");
    let answer = evaluate(
        &view,
        &parse_query(&query, &options).expect("parses"),
        &options,
    )
    .expect("runs");
    assert!(
        matches!(answer, Answer::Boolean(false)),
        "not in the stored default graph"
    );
}

#[test]
fn searches_stand_anywhere_in_a_group() {
    let view = small();
    let label = |text: &str| found(&view, text);
    assert_eq!(label("SELECT ?s { ?s :label ?l OPTIONAL { ?s :note ?n . ?n text:search 'oude' } FILTER(BOUND(?n)) }").len(), 1);
    assert_eq!(
        label("SELECT ?l { { ?l text:search 'brugge' } UNION { ?l text:search 'church' } }").len(),
        2
    );
    assert_eq!(
        label(
            "SELECT DISTINCT ?s { ?s :label ?l FILTER EXISTS { ?s :note ?n . ?n text:search 'kerk' } }"
        ),
        ["<http://example.com/a>"]
    );
    assert_eq!(
        label(
            "SELECT DISTINCT ?s { ?s :note ?n FILTER NOT EXISTS { ?s :note ?n . ?n text:search 'oude' } }"
        ),
        Vec::<String>::new()
    );
    assert_eq!(
        label("SELECT ?s { ?s :label ?l MINUS { ?s :label ?l . ?l text:search 'g*' } }"),
        ["<http://example.com/b>"]
    );
    assert_eq!(
        label(
            "SELECT ?s { ?s :label ?l { SELECT ?l { (?l ?x) text:search 'gent' } ORDER BY DESC(?x) LIMIT 1 } }"
        ),
        ["<http://example.com/c>"]
    );
    assert_eq!(
        label("SELECT ?l { BIND('brugge' AS ?q) ?l text:search ?q }"),
        ["Kerken in Brugge"]
    );
    assert_eq!(
        label("SELECT ?l { VALUES ?q { 'brugge' 'church' 'brugge' } ?l text:search ?q }").len(),
        3
    );
    assert_eq!(
        label("SELECT ?q { VALUES ?q { 'brugge' 'niets' } OPTIONAL { ?l text:search ?q } }"),
        ["brugge", "niets"]
    );
    assert_eq!(
        label("SELECT ?s { ?s :label ?l FILTER text:matches(?l, 'kerk -brugge') }").len(),
        2
    );
    assert_eq!(
        label("SELECT ?s { ?s ?p ?l FILTER text:matches(?l, 'kerk', '') }"),
        ["<http://example.com/a>"]
    );
}

#[test]
fn what_cannot_be_understood_is_told_with_its_place() {
    let view = small();
    let error = |text: &str| match rows(&view, text) {
        Err(QueryError::Syntax {
            line,
            column,
            message,
            hint,
        }) => {
            assert!(line == 1 && column > 70, "{text}: {line}:{column}");
            assert!(message.nl != message.en, "{text}");
            (message.en, hint.map(|hint| hint.en).unwrap_or_default())
        }
        other => panic!("{text}: {other:?}"),
    };
    assert!(
        error("SELECT ?l { ?l text:search ?q }")
            .1
            .contains("VALUES ?q")
    );
    assert!(
        error("SELECT ?l { ?s :label ?q . ?l text:search ?q }")
            .1
            .contains("text:matches(?text, ?q)")
    );
    assert!(
        error("SELECT ?l { VALUES ?q { 'x' } { SELECT ?l { ?l text:search ?q } } }")
            .0
            .contains("not known")
    );
    assert!(
        error("SELECT ?l { ?l text:search '\"kerk' }")
            .0
            .contains("not closed")
    );
    assert!(
        error("SELECT ?l { ?l text:search '' }")
            .0
            .contains("no word")
    );
    assert!(
        error("SELECT ?l { ?l text:search 12 }")
            .0
            .contains("no text")
    );
    assert!(
        error("SELECT ?l { ?l text:search ('kerk' 'nl' 0) }")
            .0
            .contains("from 1 to")
    );
    assert!(
        error("SELECT ?l { ?l text:search ('kerk' 'n l') }")
            .0
            .contains("no language")
    );
    assert!(
        error("SELECT ?l { ?l text:search ('kerk' 'nl' 1 2) }")
            .0
            .contains("on the right")
    );
    assert!(
        error("SELECT ?l { :a text:search 'kerk' }")
            .0
            .contains("on the left")
    );
    assert!(
        error("SELECT ?l { (?l ?l) text:search 'kerk' }")
            .0
            .contains("on the left")
    );
    assert!(
        error("SELECT ?l { ?l text:find 'kerk' }")
            .0
            .contains("text:find")
    );
    assert!(
        error("SELECT ?l { ?s (:label|^text:search) ?l }")
            .0
            .contains("no step of a path")
    );
    assert!(
        error("SELECT ?l { ?s :label ?l FILTER(!text:matches(?l, '-kerk')) }")
            .0
            .contains("leave out")
    );
    assert!(matches!(
        rows(
            &view,
            "SELECT ?l { ?s :label ?l FILTER text:match(?l, 'x') }"
        ),
        Err(QueryError::UnknownFunction { .. })
    ));
}

#[test]
fn a_plan_counts_what_a_search_finds() {
    let view = small();
    let options = QueryOptions::default();
    let text = format!("SELECT ?s {{ ?s <http://example.com/label> ?l . ?l <{SEARCH}> 'brugge' }}");
    let query = parse_query(&text, &options).expect("parses");
    let steps = join_order(&view, &query, &options).expect("plans");
    let table = steps.iter().find(|step| step.pattern == "VALUES ?l");
    assert_eq!(table.and_then(|step| step.rows), Some(1.0), "{steps:?}");
}
