//! Updates are applied whole or not at all.

use super::limits::TIMEOUT;
use super::*;

fn update(store: &Store, text: &str) -> Result<UpdateStats, QueryError> {
    update_with(store, text, &QueryOptions::default())
}

fn update_with(
    store: &Store,
    text: &str,
    options: &QueryOptions,
) -> Result<UpdateStats, QueryError> {
    let mut draft = store.begin().expect("memory stores open drafts");
    let stats = apply_update(&mut draft, text, options)?;
    draft
        .commit(crate::store::CommitMeta {
            agent: "http://example.com/agent".into(),
            activity: "http://example.com/test".into(),
            source: Vec::new(),
            message: None,
        })
        .expect("memory stores commit");
    Ok(stats)
}

#[test]
fn an_update_is_applied_whole_or_not_at_all() {
    let store = Store::in_memory();
    update(
        &store,
        "INSERT DATA { <http://example.com/a> <http://example.com/p> 1 }",
    )
    .expect("applies");
    let before = store.snapshot();
    let text = "INSERT DATA { <http://example.com/b> <http://example.com/p> 2 } ; DELETE WHERE { <http://example.com/a> ?p ?o } ; LOAD <http://example.com/file>";
    match update(&store, text) {
        Err(QueryError::Refused { operation: 3, .. }) => {}
        other => panic!("LOAD is refused: {other:?}"),
    }
    assert_eq!(store.snapshot().quad_count(), 1);
    assert_eq!(store.snapshot().seq(), before.seq());
    update(&store, "LOAD SILENT <http://example.com/file>").expect("does nothing");
    let limited = QueryOptions {
        max_rows: Some(1),
        ..QueryOptions::default()
    };
    let outcome = update_with(
        &store,
        "INSERT DATA { <http://example.com/c> <http://example.com/p> 1, 2 }",
        &limited,
    );
    assert!(matches!(outcome, Err(QueryError::RowLimit { limit: 1 })));
    assert_eq!(store.snapshot().quad_count(), 1);
}

#[test]
fn each_operation_sees_the_earlier_ones_and_prologues_may_follow() {
    let store = Store::in_memory();
    update(
        &store,
        "PREFIX : <http://example.com/> INSERT DATA { :a :n 1 } ;
         PREFIX q: <http://example.com/q#> INSERT { ?s q:next ?m } WHERE { ?s :n ?n BIND(?n + 1 AS ?m) } ;
         BASE <http://example.com/> DELETE { ?s :n ?n } INSERT { ?s <was> ?n } WHERE { ?s :n ?n } ;",
    )
    .expect("applies");
    let view = store.snapshot().view();
    let rows = answers(
        &view,
        "SELECT ?p ?o { <http://example.com/a> ?p ?o } ORDER BY ?p",
    );
    let xsd = "http://www.w3.org/2001/XMLSchema#";
    assert_eq!(
        rows,
        [
            [
                "<http://example.com/q#next>".to_owned(),
                format!("\"2\"^^<{xsd}integer>")
            ],
            [
                "<http://example.com/was>".to_owned(),
                format!("\"1\"^^<{xsd}integer>")
            ],
        ]
    );
    assert!(matches!(
        update(
            &store,
            "PREFIX : <http://example.com/> INSERT DATA { :a :b :c } ;\n INSERT DATA { nope:a :b :c }"
        ),
        Err(QueryError::Syntax {
            line: 2,
            column: 16,
            ..
        })
    ));
    // Letters of more than one byte before it move nothing.
    let wrong = update(&store, "INSERT DATA { <urn:é> <urn:b> \"€\" } ;\n DROP €");
    assert!(
        matches!(wrong, Err(QueryError::Syntax { line: 2, .. })),
        "{wrong:?}"
    );
}

#[test]
fn blank_nodes_are_new_each_time() {
    let store = Store::in_memory();
    let text = "INSERT DATA { _:x <http://example.com/p> _:x }";
    update(&store, text).expect("applies");
    update(&store, text).expect("applies");
    assert_eq!(store.snapshot().quad_count(), 2);
    update(
        &store,
        "INSERT { _:y <http://example.com/q> ?o } WHERE { ?s <http://example.com/p> ?o }",
    )
    .expect("applies");
    let rows = answers(
        &store.snapshot().view(),
        "SELECT DISTINCT ?s { ?s <http://example.com/q> ?o }",
    );
    assert_eq!(rows.len(), 2, "one node per solution");
    assert!(matches!(
        update(
            &store,
            "INSERT DATA { _:x <http://example.com/p> 1 } ; INSERT DATA { _:x <http://example.com/p> 2 }"
        ),
        Err(QueryError::Syntax { .. })
    ));
}

#[test]
fn graph_to_graph_operations_read_the_stored_default_graph() {
    let store = Store::in_memory();
    update(
        &store,
        "PREFIX : <http://example.com/> INSERT DATA { :d :p 0 GRAPH :g { :a :p 1 } }",
    )
    .expect("applies");
    update(&store, "COPY DEFAULT TO <http://example.com/h>").expect("applies");
    let size = |graph: &str| {
        answers(
            &store.snapshot().view(),
            &format!("SELECT * {{ GRAPH <http://example.com/{graph}> {{ ?s ?p ?o }} }}"),
        )
        .len()
    };
    assert_eq!((size("g"), size("h")), (1, 1));
    update(
        &store,
        "ADD <http://example.com/g> TO <http://example.com/h>",
    )
    .expect("applies");
    assert_eq!((size("g"), size("h")), (1, 2));
    update(
        &store,
        "MOVE <http://example.com/h> TO <http://example.com/g>",
    )
    .expect("applies");
    assert_eq!((size("g"), size("h")), (2, 0));
    assert!(matches!(
        update(
            &store,
            "COPY <http://example.com/nowhere> TO <http://example.com/g>"
        ),
        Err(QueryError::Refused { operation: 1, .. })
    ));
    update(
        &store,
        "COPY SILENT <http://example.com/nowhere> TO <http://example.com/g>",
    )
    .expect("does nothing");
    assert_eq!(size("g"), 2);
    assert!(update(&store, "CREATE GRAPH <http://example.com/g>").is_err());
    update(&store, "CREATE SILENT GRAPH <http://example.com/g> ; DROP GRAPH <http://example.com/none> ; CLEAR NAMED").expect("applies");
    assert_eq!(store.snapshot().quad_count(), 1);
    update(&store, "CLEAR DEFAULT").expect("applies");
    assert_eq!(store.snapshot().quad_count(), 0);
}

#[test]
fn an_update_stops_in_time() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for i in 0..2000_i64 {
        let object: Term = Literal::from(i).into();
        draft.add_quad(Quad::new(iri("s"), iri("p"), object, GraphName::DefaultGraph).as_ref());
    }
    let options = QueryOptions {
        timeout: Some(TIMEOUT),
        ..QueryOptions::default()
    };
    let start = Instant::now();
    let text =
        "INSERT { ?a ?b ?z } WHERE { ?a ?b ?x . ?c ?d ?y . ?e ?f ?z FILTER(?x + ?y + ?z < 0) }";
    let outcome = apply_update(&mut draft, text, &options);
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < 2 * TIMEOUT);
}
