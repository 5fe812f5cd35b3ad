//! Figures to steer on, against what SPARQL says of the raw statuses: random histories, counted twice in different ways.

use super::super::http::{Server, request};
use axum::http::Method;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const PHASES: [&str; 5] = [
    "Samenstelling",
    "Behandeling",
    "Beslissing",
    "Uitvoering",
    "Afgerond",
];

/// A history: days after the one before, the place of the phase, and days until the target, if any.
type History = Vec<(u8, usize, Option<u8>)>;

fn histories() -> impl Strategy<Value = Vec<(u8, u8, History)>> {
    let step = (0_u8..40, 0_usize..5, proptest::option::of(0_u8..60));
    let history = proptest::collection::vec(step, 1..7);
    proptest::collection::vec((0_u8..3, 0_u8..2, history), 0..14)
}

fn turtle(cases: &[(u8, u8, History)]) -> String {
    let mut out = String::from(
        "@prefix tra: <https://data.vlaanderen.be/ns/transactie#> . @prefix dos: <https://data.vlaanderen.be/ns/dossier#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix m8g: <http://data.europa.eu/m8g/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@base <https://data.vlaanderen.be/id/> .\n",
    );
    for (n, (kind, authority, history)) in cases.iter().enumerate() {
        let n = n + 1;
        let _ = writeln!(out, "<dossier/2026-{n}> a dos:Dossier ; dos:Dossier.isNeerslagVan <zaak/2026-{n}> .
<zaak/2026-{n}> dct:conformsTo <urn:x:type:{kind}> ; m8g:hasCompetentAuthority <urn:x:bestuur:{authority}> .");
        let mut day = date(2026, 1, 1);
        for (at, (later, phase, due)) in history.iter().enumerate() {
            day = day.checked_add(i64::from(*later).days()).expect("a day");
            let at = at + 1;
            let _ = writeln!(out, "<zaak/2026-{n}> tra:heeftStatus <status/2026-{n}-{at}> .
<status/2026-{n}-{at}> tra:statusVlaamsFase <concept/StatusVlaamseFase/{}> ; tra:statusWijzigingsdatum \"{day}\"^^xsd:date .", PHASES[*phase]);
            if let Some(due) = due {
                let due = day.checked_add(i64::from(*due).days()).expect("a day");
                let _ = writeln!(
                    out,
                    "<status/2026-{n}-{at}> tra:streefdatum \"{due}\"^^xsd:date ."
                );
            }
        }
    }
    out
}

const RAW: &str = "PREFIX tra: <https://data.vlaanderen.be/ns/transactie#> PREFIX dct: <http://purl.org/dc/terms/> PREFIX m8g: <http://data.europa.eu/m8g/>
SELECT ?zaak ?type ?bestuur ?n ?fase ?dag ?streef {
  ?zaak tra:heeftStatus ?s ; dct:conformsTo ?type ; m8g:hasCompetentAuthority ?bestuur .
  ?s tra:statusVlaamsFase ?f ; tra:statusWijzigingsdatum ?dag . OPTIONAL { ?s tra:streefdatum ?streef }
  BIND (xsd:integer(REPLACE(STR(?s), '^.*-', '')) AS ?n) BIND (REPLACE(STR(?f), '^.*/', '') AS ?fase)
} ORDER BY ?zaak ?n";

struct Raw {
    phase: String,
    day: Date,
    due: Option<Date>,
}

type Key = (Option<String>, Option<String>, Option<String>);
type Row = (u64, u64, usize, Option<i64>, Option<i64>);

/// What the figures are by definition, one case at a time, of the rows that SPARQL gives.
fn brute_force(rows: &Json, by: &[&str], from: Option<Date>, until: Date) -> BTreeMap<Key, Row> {
    let mut cases: BTreeMap<String, (String, String, Vec<Raw>)> = BTreeMap::new();
    for row in rows["results"]["bindings"].as_array().expect("rows") {
        let value = |name: &str| row[name]["value"].as_str().map(str::to_owned);
        let day = |name: &str| value(name).map(|text| text.parse::<Date>().expect("a day"));
        let case = cases
            .entry(value("zaak").expect("a case"))
            .or_insert_with(|| {
                (
                    value("type").expect("a type"),
                    value("bestuur").expect("an authority"),
                    Vec::new(),
                )
            });
        case.2.push(Raw {
            phase: value("fase").expect("a phase"),
            day: day("dag").expect("a day"),
            due: day("streef"),
        });
    }
    let mut counts: BTreeMap<Key, (u64, u64)> = BTreeMap::new();
    let mut times: BTreeMap<Key, Vec<i64>> = BTreeMap::new();
    for (kind, authority, statuses) in cases.values() {
        let key = |phase: &str| -> Key {
            let wants = |word: &str| by.contains(&word);
            (
                wants("fase").then(|| phase.to_owned()),
                wants("processtype").then(|| kind.clone()),
                wants("bestuur").then(|| authority.clone()),
            )
        };
        let Some(last) = statuses.iter().rfind(|one| one.day <= until) else {
            continue;
        };
        let count = counts.entry(key(&last.phase)).or_default();
        count.0 += 1;
        count.1 += u64::from(last.phase != "Afgerond" && last.due.is_some_and(|due| due < until));
        for (n, status) in statuses.iter().enumerate().skip(1) {
            let before = &statuses[n - 1];
            let is_in = status.day <= until && from.is_none_or(|from| status.day >= from);
            if before.phase == status.phase || !is_in {
                continue;
            }
            // The first status of the run of this phase that ends here.
            let mut start = n - 1;
            while start > 0 && statuses[start - 1].phase == before.phase {
                start -= 1;
            }
            let taken = |from: &Raw| i64::from((status.day - from.day).get_days());
            if by.contains(&"fase") {
                times
                    .entry(key(&before.phase))
                    .or_default()
                    .push(taken(&statuses[start]));
            } else if status.phase == "Afgerond" {
                times.entry(key("")).or_default().push(taken(&statuses[0]));
            }
        }
    }
    let keys: Vec<Key> = counts.keys().chain(times.keys()).cloned().collect();
    let least = |values: &[i64], percent: f64| {
        let mut candidates: Vec<i64> = values.to_vec();
        candidates.sort_unstable();
        candidates.into_iter().find(|one| {
            let below = values.iter().filter(|other| *other <= one).count() as f64;
            below * 100.0 >= percent * values.len() as f64
        })
    };
    keys.into_iter()
        .map(|key| {
            let (cases, late) = counts.get(&key).copied().unwrap_or_default();
            let times = times.get(&key).cloned().unwrap_or_default();
            let row = (
                cases,
                late,
                times.len(),
                least(&times, 50.0),
                least(&times, 90.0),
            );
            (key, row)
        })
        .collect()
}

fn told(json: &Json) -> BTreeMap<Key, Row> {
    let rows = json["cijfers"].as_array().expect("figures").iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let lead = &row["doorlooptijd"];
        (
            (text("fase"), text("processtype"), text("bestuur")),
            (
                row["aantal"].as_u64().expect("a number"),
                row["teLaat"].as_u64().expect("a number"),
                lead["aantal"].as_u64().expect("a number") as usize,
                lead["p50"].as_i64(),
                lead["p90"].as_i64(),
            ),
        )
    })
    .collect()
}

async fn holds(cases: &[(u8, u8, History)]) {
    let server = Server::empty().with_graph("dossiers", &turtle(cases));
    let headers = [
        ("content-type", "application/sparql-query"),
        ("accept", "application/sparql-results+json"),
    ];
    let raw = format!("PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> {RAW}");
    let raw = server
        .send(request(Method::POST, "/sparql", &headers, &raw))
        .await;
    assert_eq!(raw.status, 200, "{}", raw.text());
    let raw = raw.json();
    for by in [
        "fase",
        "processtype",
        "bestuur",
        "fase,processtype,bestuur",
        "processtype,bestuur",
    ] {
        for (from, until) in [
            (None, date(2026, 12, 31)),
            (Some(date(2026, 2, 1)), date(2026, 3, 31)),
            (None, date(2026, 1, 10)),
        ] {
            let period = format!(
                "{}/{until}",
                from.map_or("..".to_owned(), |day| day.to_string())
            );
            let answer = server
                .get(&format!("/proces/v1/sturing?groep={by}&periode={period}"))
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let words: Vec<&str> = by.split(',').collect();
            assert_eq!(
                told(&answer.json()),
                brute_force(&raw, &words, from, until),
                "{by} {period}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn figures_are_those_of_the_raw_statuses(cases in histories()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(holds(&cases));
    }
}

#[tokio::test]
async fn figures_are_shown_as_a_page_and_refuse_what_they_do_not_know() {
    let case = |phase| (0, 0, vec![(1, 0, Some(3)), (10, phase, None)]);
    let server = Server::empty().with_graph("dossiers", &turtle(&[case(1), case(4)]));
    let page = server
        .get_as(
            "/proces/v1/sturing?groep=fase,bestuur&periode=2026-01",
            "text/html",
        )
        .await;
    assert!(
        page.text().contains("Behandeling") && page.text().contains("p90"),
        "{}",
        page.text()
    );
    let english = server
        .get_as("/proces/v1/sturing?lang=en", "text/html")
        .await;
    assert!(
        english.text().contains("Steering on statuses"),
        "{}",
        english.text()
    );
    for bad in [
        "groep=kleur",
        "periode=ooit",
        "periode=2026-02-30",
        "periode=2026-03-01/2026-02-01",
    ] {
        server
            .get(&format!("/proces/v1/sturing?{bad}"))
            .await
            .assert_problem(400, "bad-parameter");
    }
}
