//! The order in which a query is written changes nothing: its answers are those of an independent store in every order.
//! Data with statistics, so that stars, chains and hash joins are planned; `differential` does the same on small data.

use crate::differential::{Dice, ours, their_store, theirs};
use oslo_registry::query::DefaultGraph;
use oslo_registry::store::Store;
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.com/{name}"))
}

/// Streets in towns, houses in streets, notes on some houses; skewed, with parts missing and parts in another graph.
fn town(dice: &mut Dice) -> Vec<Quad> {
    let mut quads = Vec::new();
    let mut add = |s: &str, p: &str, o: Term, named: bool| {
        let graph = if named {
            iri("g").into()
        } else {
            GraphName::DefaultGraph
        };
        quads.push(Quad::new(iri(s), iri(p), o, graph));
    };
    let kind = |name: &str| Term::from(iri(name));
    for town in 0..8 {
        let name = format!("town{town}");
        add(&name, "kind", kind("Town"), false);
        add(
            &name,
            "label",
            Literal::from(format!("town {town}")).into(),
            false,
        );
    }
    for street in 0..60 {
        let name = format!("street{street}");
        add(&name, "kind", kind("Street"), false);
        add(
            &name,
            "in",
            iri(&format!("town{}", dice.roll(8) * dice.roll(8) / 7)).into(),
            false,
        );
        if dice.chance(90) {
            add(
                &name,
                "label",
                Literal::from(format!("street {}", street % 20)).into(),
                false,
            );
        }
    }
    for house in 0..900 {
        let name = format!("house{house}");
        add(&name, "kind", kind("House"), dice.chance(2));
        add(
            &name,
            "in",
            iri(&format!("street{}", dice.roll(60))).into(),
            false,
        );
        add(
            &name,
            "number",
            Literal::from(dice.roll(90) as i64).into(),
            false,
        );
        if dice.chance(30) {
            add(
                &name,
                "box",
                Literal::from(format!("b{}", dice.roll(4))).into(),
                false,
            );
        }
        if dice.chance(20) {
            add(
                &name,
                "next",
                iri(&format!("house{}", dice.roll(900))).into(),
                dice.chance(30),
            );
        }
        let status = if dice.chance(3) { "rare" } else { "common" };
        add(&name, "status", kind(status), false);
        if dice.chance(40) {
            add(
                &name,
                "note",
                Literal::from(dice.roll(6) as i64).into(),
                true,
            );
        }
    }
    quads
}

/// Parts of a group that may stand in any order.
fn parts(dice: &mut Dice) -> Vec<String> {
    const TRIPLES: [&str; 21] = [
        "?h :kind :House",
        "?h :in ?s",
        "?s :in ?t",
        "?s :kind :Street",
        "?t :label ?tl",
        "?s :label ?sl",
        "?h :number ?n",
        "?h :status :rare",
        "?h :status ?st",
        "?h :box ?b",
        "?h :next ?h2",
        "?h2 :in ?s2",
        "?h2 :number ?n2",
        "?h2 :in ?s",
        "?h ?p :rare",
        "?t :label \"town 3\"",
        "?s :in :town2",
        "?h :number 17",
        "?h2 :number ?n",
        "?h :in/:in ?t",
        "?h2 :next+ ?h",
    ];
    // Every part hangs together with the few solutions of the first: products of thousands would only take time.
    let mut parts = vec![
        dice.pick(&[
            "?s :in :town7 . ",
            "?h :status :rare . ",
            "VALUES ?h { :house1 :house2 :house3 } ",
        ])
        .to_owned(),
    ];
    while parts.len() < 3 || dice.chance(55) {
        let triple = dice.pick(&TRIPLES);
        let mut words = triple.split(' ').filter(|word| word.starts_with('?'));
        if words.any(|word| parts.iter().any(|part| part.split(' ').any(|w| w == word))) {
            parts.push(format!("{triple} . "));
        }
    }
    for _ in 0..dice.roll(3) {
        let part = match dice.roll(12) {
            0 => "FILTER(?n > 40) ",
            1 => "FILTER(?s = :street7 || ?n < 30) ",
            2 => "FILTER(?st IN (:rare, :other)) ",
            3 => "FILTER NOT EXISTS { ?h :box ?any . ?h :in ?s } ",
            4 => "FILTER EXISTS { ?h :next ?z . ?z :number ?zn FILTER(?zn > 20) } ",
            5 => "{ SELECT ?s (COUNT(*) AS ?c) { ?x :in ?s } GROUP BY ?s } ",
            6 => "{ ?h :note ?x } UNION { ?h :box ?x } ",
            7 => "GRAPH ?g { ?h :note ?gn } ",
            8 => "GRAPH :g { ?h :next ?h2 } ",
            9 => "VALUES (?h ?n) { (:house1 UNDEF) (UNDEF 5) (:house2 6) } ",
            10 => "{ SELECT DISTINCT ?h ?s { ?h :in ?s ; :status ?q } } ",
            _ => "FILTER(?t = :town1) ",
        };
        parts.push(part.to_owned());
    }
    parts
}

/// Parts whose place in the text has a meaning; they come last.
fn tail(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..dice.roll(3) {
        let part = match dice.roll(8) {
            0 => "OPTIONAL { ?h :box ?ob } ",
            1 => "OPTIONAL { ?h :next ?on . ?on :number ?onn FILTER(?onn > 30) } ",
            2 => "OPTIONAL { ?s :label ?ol OPTIONAL { ?s :in ?ot . ?ot :label ?otl } } ",
            3 => "MINUS { ?h :box ?mb } ",
            4 => "MINUS { ?h :status :rare ; :number ?mn FILTER(?mn > 50) } ",
            5 => "BIND(STR(?s) AS ?bs) ",
            6 => "OPTIONAL { ?on :number ?n . ?on :status :rare } ",
            _ => "FILTER(!BOUND(?b) || ?n < 80) ",
        };
        if !out.contains(part) {
            out += part;
        }
    }
    out
}

fn shuffle(dice: &mut Dice, parts: &mut [String]) {
    for i in (1..parts.len()).rev() {
        parts.swap(i, dice.roll(i + 1));
    }
}

#[test]
fn every_written_order_has_the_answers_of_another_store() {
    let rounds: u64 = std::env::var("OSLO_DIFFERENTIAL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(60);
    let mut dice = Dice(0x51_7CC1_B727_220A);
    let quads = town(&mut dice);
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in &quads {
        draft.add_quad(quad.as_ref());
    }
    let view = draft.snapshot().view();
    assert!(
        view.snapshot().statistics().is_some(),
        "large enough to have statistics"
    );
    let twin = their_store(&quads);
    let mut answered = 0;
    for round in 0..rounds {
        let mut dice =
            Dice(0x9E37_79B9_7F4A_7C15 ^ (round + 7).wrapping_mul(0x2545_F491_4F6C_DD1D));
        let mut parts = parts(&mut dice);
        let tail = tail(&mut dice);
        let mut expected = None;
        for _ in 0..4 {
            shuffle(&mut dice, &mut parts);
            let text = format!(
                "PREFIX : <http://example.com/> SELECT * {{ {}{tail}}}",
                parts.concat()
            );
            let found = ours(&view, &text, DefaultGraph::Stored);
            let expected = expected.get_or_insert_with(|| theirs(&twin, &text));
            assert!(
                found == *expected,
                "round {round}: {} rows, {} elsewhere: {text}",
                found.len(),
                expected.len()
            );
        }
        answered += u64::from(expected.is_some_and(|rows| !rows.is_empty()));
    }
    assert!(
        answered > rounds / 8,
        "only {answered} queries had an answer"
    );
}
