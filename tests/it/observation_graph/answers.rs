//! Queries, written ones and random ones, against the same observations as statements.

use super::{GRAPH, Twice};
use crate::differential::Dice;

fn world(seed: u64) -> Twice {
    Twice::random(
        &mut Dice(0x9E37_79B9_7F4A_7C15 ^ seed.wrapping_mul(0x2545_F491_4F6C_DD1D)),
        14,
    )
}

fn observed(inside: &str) -> String {
    format!("GRAPH <{GRAPH}> {{ {inside} }}")
}

const TIMES: [&str; 3] = [
    "2026-03-01T12:00:00Z",
    "2026-03-02T03:00:00+01:00",
    "2026-03-03T00:00:00",
];

#[test]
fn written_queries_have_the_same_answers_elsewhere() {
    for seed in 1..4 {
        let both = world(seed);
        let whole = "?c sosa:hasMember ?o . ?o sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?v .";
        let whole = observed(whole);
        let range = "FILTER(?t >= \"2026-03-01T06:00:00Z\"^^xsd:dateTime && ?t < \"2026-03-02T06:00:00Z\"^^xsd:dateTime)";
        let one = observed(
            ":reeks\\/0 sosa:hasMember ?o . ?o sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?v .",
        );
        let queries = [
            format!("SELECT * {{ {whole} }}"),
            format!("SELECT ?t ?v {{ {whole} {range} }}"),
            format!("SELECT ?t ?v {{ {one} {range} }}"),
            format!("SELECT (AVG(?v) AS ?a) (COUNT(*) AS ?n) {{ {one} {range} }}"),
            format!(
                "SELECT ?c (SUM(?v) AS ?a) (MIN(?t) AS ?b) (MAX(?t) AS ?e) {{ {whole} VALUES ?c {{ :reeks\\/0 :reeks\\/1 :reeks\\/9 }} }} GROUP BY ?c"
            ),
            format!(
                "SELECT ?street (AVG(?v) AS ?a) {{ ?c sosa:madeBySensor ?s ; sosa:observedProperty :no2 . ?s :address/:street ?street . {whole} }} GROUP BY ?street"
            ),
            format!(
                "SELECT ?s ?f ?p (COUNT(*) AS ?n) {{ {} }} GROUP BY ?s ?f ?p",
                observed(
                    "?o a sosa:Observation ; sosa:madeBySensor ?s ; sosa:hasFeatureOfInterest ?f ; sosa:observedProperty ?p ."
                )
            ),
            format!(
                "SELECT ?o ?street {{ {} ?s :address/:street ?street FILTER(STRSTARTS(?street, \"K\")) }}",
                observed("?o sosa:madeBySensor ?s ; sosa:hasFeatureOfInterest :plein\\/1")
            ),
            format!(
                "SELECT ?h (AVG(?v) AS ?a) {{ {one} BIND(SUBSTR(STR(?t), 1, 13) AS ?h) }} GROUP BY ?h"
            ),
            format!(
                "SELECT ?o ?e {{ {} }}",
                observed("?o a ?k OPTIONAL { ?o prov:endedAtTime ?e }")
            ),
            format!(
                "SELECT ?o {{ {} }}",
                observed("?o a sosa:Observation MINUS { ?o prov:endedAtTime ?e }")
            ),
            format!(
                "SELECT ?c {{ ?c a sosa:ObservationCollection FILTER NOT EXISTS {{ {} }} }}",
                observed("?c sosa:hasMember ?o . ?o sosa:hasSimpleResult \"3.5\"^^xsd:double")
            ),
            format!(
                "SELECT ?c ?v {{ ?c a sosa:ObservationCollection OPTIONAL {{ {} {range} }} }}",
                observed(
                    "?c sosa:hasMember ?o . ?o sosa:hasSimpleResult ?v ; sosa:phenomenonTime ?t"
                )
            ),
            format!(
                "SELECT ?t ?a ?b {{ {} }}",
                observed(
                    ":reeks\\/0 sosa:hasMember ?x . :reeks\\/1 sosa:hasMember ?y . ?x sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?a . ?y sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?b"
                )
            ),
            format!(
                "SELECT ?p ?v {{ {} }}",
                observed(":reeks\\/1 sosa:hasMember ?o . ?o ?p ?v")
            ),
            format!(
                "SELECT (COUNT(DISTINCT *) AS ?n) {{ {} }}",
                observed("?o sosa:hasSimpleResult ?v")
            ),
            format!(
                "SELECT DISTINCT ?v {{ {} }}",
                observed("?o sosa:hasSimpleResult ?v FILTER(?v > 3)")
            ),
            format!(
                "SELECT ?v {{ {} }}",
                observed(":reeks\\/2/sosa:hasMember/sosa:hasSimpleResult ?v")
                    .replace("reeks\\/2/", "reeks\\/2 ")
            ),
            format!(
                "SELECT ?v ?k {{ {} }}",
                observed("?o sosa:hasSimpleResult|sosa:resultTime ?v ; sosa:isMemberOf ?k")
            ),
            format!(
                "SELECT ?o {{ {} }}",
                observed("?o sosa:phenomenonTime \"2026-03-01T01:00:00Z\"^^xsd:dateTime")
            ),
            format!(
                "SELECT ?o {{ {} }}",
                observed("?o sosa:hasSimpleResult ?v ; :unknown ?x")
            ),
            format!(
                "ASK {{ {} }}",
                observed(":reeks\\/4 sosa:hasMember ?o . ?o sosa:hasSimpleResult \"open\"")
            ),
            format!("CONSTRUCT {{ ?c :last ?t }} {{ {whole} }}"),
            format!(
                "SELECT ?c ?v {{ {{ SELECT ?c (MAX(?t) AS ?m) {{ {whole} }} GROUP BY ?c }} {} }}",
                observed(
                    "?c sosa:hasMember ?o . ?o sosa:phenomenonTime ?m ; sosa:hasSimpleResult ?v"
                )
            ),
            format!(
                "SELECT ?o FROM NAMED :other {{ {} }}",
                observed("?o a sosa:Observation")
            ),
            "SELECT ?g ?s { GRAPH ?g { ?s a sosa:ObservationCollection } }".to_owned(),
        ];
        let found: usize = queries.iter().map(|query| both.compare(query)).sum();
        assert!(found > 500, "{found} rows say little");
    }
}

/// A random pattern over the graph.
fn random_pattern(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..1 + dice.roll(4) {
        let observation = dice.pick(&["?o", "?o", "?o", "?q"]);
        let series = dice.pick(&["?c", "?c", "?c", ":reeks\\/0", ":reeks\\/3"]);
        let value = dice.pick(&[
            "?v",
            "?v",
            "?w",
            "4",
            "\"4\"^^xsd:double",
            "true",
            "\"open\"",
        ]);
        let time = dice.pick(&["?t", "?t", "?r", "\"2026-03-01T01:00:00Z\"^^xsd:dateTime"]);
        out += &match dice.roll(9) {
            0 | 1 => format!("{series} sosa:hasMember {observation} . "),
            2 => format!("{observation} sosa:isMemberOf {series} . "),
            3 => format!("{observation} sosa:hasSimpleResult {value} . "),
            4 | 5 => format!("{observation} sosa:phenomenonTime {time} . "),
            6 => format!("{observation} sosa:resultTime {time} . "),
            7 => format!("{observation} sosa:madeBySensor ?s . "),
            _ => format!(
                "{observation} sosa:hasFeatureOfInterest {} . ",
                dice.pick(&["?f", ":plein\\/1"])
            ),
        };
    }
    if dice.chance(20) {
        out += "OPTIONAL { ?o prov:endedAtTime ?e } ";
    }
    if dice.chance(40) {
        let sign = dice.pick(&["<", ">=", ">", "<=", "="]);
        let time = dice.pick(&TIMES);
        out += &format!("FILTER(?t {sign} \"{time}\"^^xsd:dateTime) ");
    }
    out
}

fn random_query(dice: &mut Dice) -> String {
    let mut group = format!("{} ", observed(&random_pattern(dice)));
    if dice.chance(40) {
        group += "?c sosa:madeBySensor ?s . ";
    }
    if dice.chance(25) {
        group += "?s :address ?a . ?a :street ?x . ";
    }
    if dice.chance(15) {
        group += "VALUES ?c { :reeks\\/1 :reeks\\/2 } ";
    }
    if dice.chance(15) {
        group += &format!(
            "FILTER({} {{ {} }}) ",
            dice.pick(&["EXISTS", "NOT EXISTS"]),
            observed("?o prov:endedAtTime ?e")
        );
    }
    if dice.chance(15) {
        group = format!(
            "{{ {group} }} UNION {{ {} }}",
            observed("?c sosa:hasMember ?o . ?o sosa:hasSimpleResult ?v")
        );
    }
    if dice.chance(15) {
        group = format!(
            "{group} MINUS {{ {} }}",
            observed("?o sosa:hasSimpleResult 4")
        );
    }
    match dice.roll(5) {
        0 => format!("SELECT ?c (COUNT(*) AS ?n) (MIN(?t) AS ?m) {{ {group} }} GROUP BY ?c"),
        1 => format!("SELECT DISTINCT ?v {{ {group} }}"),
        2 => format!("SELECT (COUNT(?v) AS ?n) (COUNT(DISTINCT ?o) AS ?m) {{ {group} }}"),
        _ => format!("SELECT * {{ {group} }}"),
    }
}

#[test]
fn random_queries_have_the_same_answers_elsewhere() {
    let rounds: u64 = std::env::var("OSLO_DIFFERENTIAL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(6);
    let (mut compared, mut rows) = (0, 0);
    for round in 0..rounds {
        let both = Twice::random(&mut Dice(77 + round * 1_000_003), 4);
        let mut dice = Dice(0x1234_5678_9ABC ^ (round + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
        for _ in 0..25 {
            let query = random_query(&mut dice);
            // Two observations that share nothing are as many rows as their product.
            if query.contains("?q") && !query.contains("?o") {
                continue;
            }
            rows += both.compare(&query);
            compared += 1;
        }
    }
    assert!(
        compared > 20 * rounds as usize && rows > 1_000,
        "{compared} queries, {rows} rows"
    );
}

#[test]
fn the_newest_come_first_without_sorting() {
    let both = world(5);
    let one = observed(
        ":reeks\\/0 sosa:hasMember ?o . ?o sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?v",
    );
    let all = both
        .ask(&format!("SELECT ?t {{ {one} }} ORDER BY DESC(?t)"))
        .expect("runs");
    let mut sorted = all.clone();
    sorted.sort();
    sorted.reverse();
    assert!(all.len() > 10);
    assert_eq!(all, sorted);
    let first = both
        .ask(&format!("SELECT ?t {{ {one} }} ORDER BY DESC(?t) LIMIT 3"))
        .expect("runs");
    assert_eq!(first, all[..3]);
    let last = both
        .ask(&format!(
            "SELECT ?t {{ {one} }} ORDER BY ?t OFFSET 1 LIMIT 2"
        ))
        .expect("runs");
    let mut ascending = all.clone();
    ascending.reverse();
    assert_eq!(last, ascending[1..3]);
}

#[test]
fn what_cannot_be_answered_is_told() {
    let both = world(6);
    let refused = [
        format!("DESCRIBE ?o {{ {} }}", observed("?o a sosa:Observation")),
        format!("SELECT * FROM <{GRAPH}> {{ ?o a sosa:Observation }}"),
        format!("SELECT * {{ {} }}", observed("?o sosa:isMemberOf+ ?c")),
        format!(
            "SELECT * {{ {} }}",
            observed("?c sosa:hasMember ?o ; sosa:madeBySensor ?s")
        ),
        format!(
            "SELECT * {{ {} SERVICE <http://example.com/sparql> {{ ?s ?p ?o }} }}",
            observed("?o a sosa:Observation")
        ),
        format!(
            "SELECT * {{ GRAPH ?g {{ {} }} }}",
            observed("?o sosa:madeBySensor ?s")
        ),
    ];
    for query in refused {
        let error = both.ask(&query).expect_err(&query);
        assert_eq!(error.code(), "query-observations", "{query}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_query_sees_the_moment_it_began() {
    use super::{Answer, DAY, Observation, START, Value, evaluate, parse_query};
    use oslo_registry::observations::SeriesId;
    let both = world(7);
    let options = both.options();
    let text = format!(
        "SELECT * {{ {} }}",
        observed("?o <http://www.w3.org/ns/sosa/hasSimpleResult> ?v")
    );
    let query = parse_query(&text, &options).expect("is SPARQL");
    let before = both.ask(&text).expect("runs").len();
    let Answer::Solutions { rows, .. } =
        evaluate(&both.store.snapshot().view(), &query, &options).expect("runs")
    else {
        panic!("no table");
    };
    // On a day of its own, so that nothing is corrected.
    let day = START + 9 * DAY;
    let more = (0..50).map(|n| Observation::new(SeriesId(0), day + n * 777, Value::Number(1.0)));
    both.columns
        .append(more.collect())
        .expect("fits")
        .wait()
        .expect("stored");
    both.columns.seal().expect("seals");
    assert_eq!(rows.count(), before);
    assert_eq!(both.ask(&text).expect("runs").len(), before + 50);
}

#[test]
fn whole_hours_are_answered_from_kept_sums() {
    let both = world(8);
    let hours = "FILTER(?t >= \"2026-03-01T03:00:00+01:00\"^^xsd:dateTime && \"2026-03-03T00:00:00Z\"^^xsd:dateTime > ?t)";
    let minutes = "FILTER(?t >= \"2026-03-01T03:30:00Z\"^^xsd:dateTime)";
    let some = "(COUNT(*) AS ?n) (AVG(?v) AS ?a) (SUM(?v) AS ?s) (MIN(?v) AS ?l) (MAX(?v) AS ?g)";
    let of = |series: &str| {
        observed(&format!(
            "{series} sosa:hasMember ?o . ?o sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?v"
        ))
    };
    let (zero, texts, each) = (of(":reeks\\/0"), of(":reeks\\/4"), of("?c"));
    let asked = [
        (true, format!("SELECT {some} {{ {zero} {hours} }}")),
        (true, format!("SELECT {some} {{ {zero} }}")),
        (
            true,
            format!("SELECT (COUNT(?v) AS ?n) {{ {texts} {hours} }}"),
        ),
        (
            true,
            format!("SELECT ?c (COUNT(*) AS ?n) {{ {each} {hours} }} GROUP BY ?c"),
        ),
        (false, format!("SELECT {some} {{ {zero} {minutes} }}")),
        (false, format!("SELECT {some} {{ {zero} FILTER(?v > 1) }}")),
        (
            false,
            format!("SELECT (SUM(?v) AS ?s) {{ {} }}", of(":reeks\\/1")),
        ),
        (
            false,
            format!("SELECT (AVG(?v) AS ?s) {{ {} }}", of(":reeks\\/9")),
        ),
        (
            false,
            format!("SELECT (COUNT(DISTINCT ?v) AS ?s) {{ {zero} }}"),
        ),
    ];
    for (is_kept, text) in asked {
        both.compare(&text);
        assert_eq!(both.is_counted(&text), is_kept, "{text}");
    }
}
