//! What subscribers are told: CloudEvents and deltas.

use super::{Bench, Receiver, number, subscription};
use oslo_registry::feeds::push::{Form, Pattern, PatternTerm, Start};
use serde_json::{Value as Json, json};

/// Without moments, which differ each time.
fn timeless(mut event: Json) -> Json {
    assert!(
        event["time"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    assert_eq!(event["time"], event["data"]["versieId"]);
    event["time"] = "…".into();
    event["data"]["versieId"] = "…".into();
    event
}

#[test]
fn objects_are_told_of_with_old_and_new_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let bench = Bench::at(folder.path(), &[receiver.host()]);
    bench.subscribe(subscription("een", &receiver, Form::CloudEvents));
    bench.update(
        "INSERT DATA { GRAPH g:adressen {
            adres:1 a adr:Adres ; adr:huisnummer \"1\" ; adr:officieelToegekend true ;
              adr:positie <http://register.test/.well-known/genid/adres/1/positie> .
            <http://register.test/.well-known/genid/adres/1/positie> locn:geometry [ geo:asWKT \"POINT(1 2)\" ] } }",
    );
    // Only a part of it, which the commit does not link.
    bench.update(
        "DELETE { GRAPH ?g { ?s geo:asWKT ?o } } INSERT { GRAPH ?g { ?s geo:asWKT \"POINT(3 4)\" } }
         WHERE { GRAPH ?g { ?s geo:asWKT ?o } }",
    );
    bench.update(&number(1, 2));
    // Nothing of a register.
    bench.update("INSERT DATA { <http://e/a> <http://e/p> 1 }");
    // What waits is not there.
    bench.update("INSERT DATA { GRAPH <http://register.test/graph/quarantaine/adressen> { adres:7 a adr:Adres } }");
    bench.update(
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?g = g:adressen) }",
    );
    let taken = receiver.wait_for(4);
    let events: Vec<Json> = taken.iter().map(|one| timeless(one.json())).collect();
    insta::assert_snapshot!("cloudevents", format!("{:#}", Json::from(events)));
    for one in &taken {
        assert_eq!(
            one.header("content-type"),
            Some("application/cloudevents+json; charset=utf-8")
        );
        assert_eq!(one.header("x-event-id"), one.json()["id"].as_str());
        assert!(one.header("x-signature-256").is_none());
    }
    let commits: Vec<&str> = taken
        .iter()
        .filter_map(|one| one.header("x-commit"))
        .collect();
    assert_eq!(commits, ["1", "2", "3", "6"]);
}

#[test]
fn batches_hold_what_came_together_and_only_chosen_registers() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let bench = Bench::at(folder.path(), &[receiver.host()]);
    for n in 1..=5 {
        bench.update(&format!(
            "INSERT DATA {{ GRAPH g:adressen {{ adres:{n} a adr:Adres }}
             GRAPH g:straatnamen {{ <https://data.vlaanderen.be/id/straatnaam/{n}> a adr:Straatnaam }} }}"
        ));
    }
    let mut wanted = subscription("lijst", &receiver, Form::CloudEventsBatch);
    wanted.registers = vec!["straatnamen".to_owned()];
    wanted.per_body = 3;
    bench.subscribe_from(wanted, Start::After(1));
    let taken = receiver.wait_for(2);
    let ids = |body: &Json| -> Vec<String> {
        let events = body.as_array().expect("a list").iter();
        events
            .map(|event| format!("{} {}", event["id"], event["subject"]))
            .collect()
    };
    // The second event of each commit: addresses come first, and numbers are the same for everybody.
    let event = |n: u64| format!("\"{n}-1\" \"https://data.vlaanderen.be/id/straatnaam/{n}\"");
    assert_eq!(ids(&taken[0].json()), [event(2), event(3), event(4)]);
    assert_eq!(ids(&taken[1].json()), [event(5)]);
}

#[test]
fn deltas_are_those_of_the_delta_notifier() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, chosen, folded) = (Receiver::new(), Receiver::new(), Receiver::new());
    let hosts = [&plain, &chosen, &folded].map(Receiver::host);
    let bench = Bench::at(folder.path(), &hosts);
    bench.subscribe(subscription("alles", &plain, Form::Delta));
    let mut wanted = subscription("keuze", &chosen, Form::Delta);
    wanted.patterns = vec![Pattern {
        predicate: Some(PatternTerm {
            kind: "uri".into(),
            value: "https://data.vlaanderen.be/ns/adres#huisnummer".into(),
        }),
        ..Pattern::default()
    }];
    wanted.matches_only = true;
    bench.subscribe(wanted);
    let mut wanted = subscription("samen", &folded, Form::Delta);
    wanted.fold = true;
    wanted.grace_ms = 1_500;
    bench.subscribe(wanted);
    bench.update("INSERT DATA { GRAPH g:adressen { adres:1 a adr:Adres ; adr:huisnummer \"1\"@nl ; adr:officieelToegekend true } }");
    bench.update(&number(1, 2));
    bench.update("INSERT DATA { <http://e/a> <http://e/p> <http://e/b> }");
    let taken: Vec<Json> = plain.wait_for(3).iter().map(|one| one.json()).collect();
    insta::assert_snapshot!("deltas", format!("{:#}", Json::from(taken)));
    let taken: Vec<Json> = chosen.wait_for(2).iter().map(|one| one.json()).collect();
    let count = |set: &Json, side: &str| set[0][side].as_array().map_or(0, Vec::len);
    assert_eq!(
        (count(&taken[0], "inserts"), count(&taken[0], "deletes")),
        (1, 0)
    );
    assert_eq!(
        (count(&taken[1], "inserts"), count(&taken[1], "deletes")),
        (1, 1)
    );
    bench.wait_until("keuze", |status| status.behind == 0);
    assert_eq!(chosen.taken().len(), 2);
    // What came and went meanwhile is not told: the house number is the second one from the beginning.
    let taken = folded.wait_for(1);
    let body = taken[0].json();
    assert_eq!(body.as_array().map(Vec::len), Some(1));
    assert_eq!(body[0]["deletes"], json!([]));
    let inserts = body[0]["inserts"].to_string();
    assert!(
        inserts.contains("\"2\"") && !inserts.contains("\"1\""),
        "{inserts}"
    );
    assert_eq!(taken[0].header("x-commit"), Some("3"));
}

#[test]
fn a_large_commit_comes_in_parts_with_ids_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let (events, rows) = (Receiver::new(), Receiver::new());
    let bench = Bench::at(folder.path(), &[events.host(), rows.host()]);
    let mut wanted = subscription("objecten", &events, Form::CloudEventsBatch);
    wanted.per_body = 1_000;
    bench.subscribe(wanted);
    let mut wanted = subscription("rijen", &rows, Form::Delta);
    wanted.per_body = 1_000;
    bench.subscribe(wanted);
    let mut text = String::from("INSERT DATA { GRAPH g:adressen {");
    for n in 0..15_000 {
        text +=
            &format!("adres:{n} a adr:Adres ; adr:huisnummer \"{n}\" ; adr:busnummer \"b\" .\n");
    }
    bench.update(&(text + "} }"));
    bench.wait_until("objecten", |status| status.behind == 0);
    bench.wait_until("rijen", |status| status.behind == 0);
    let mut seen = std::collections::BTreeSet::new();
    let mut told = 0;
    for body in events.taken() {
        let body = body.json();
        let body = body.as_array().expect("a list");
        assert!(body.len() <= 1_000);
        for event in body {
            assert!(seen.insert(event["id"].as_str().expect("an id").to_owned()));
            assert_eq!(event["type"], "basisregisters.address.create.v1");
            told += 1;
        }
    }
    assert_eq!(told, 15_000);
    let mut inserts = 0;
    let mut ids = std::collections::BTreeSet::new();
    for body in rows.taken() {
        assert!(ids.insert(body.header("x-event-id").expect("an id").to_owned()));
        inserts += body.json()[0]["inserts"].as_array().map_or(0, Vec::len);
    }
    assert_eq!(inserts, 45_000);
    assert!(ids.len() >= 45);
}
