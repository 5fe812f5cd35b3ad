//! The graph of observations in SPARQL: answers from columns are those that an independent store gives on the same observations
//! written as statements.

mod answers;
mod served;

use crate::differential::{Dice, Rows, their_store, theirs};
use oslo_registry::observations::{
    DAY, FeatureId, HOUR, Kind, Observation, ObservationOptions, ObservationStore, Series,
    SeriesId, Value,
};
use oslo_registry::query::{
    Answer, DefaultGraph, ExplainMode, ObservationGraph, QueryError, QueryOptions, evaluate,
    explain, parse_query,
};
use oslo_registry::store::{CommitMeta, Store};
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const GRAPH: &str = "http://example.com/graph/observaties";
const SOSA: &str = "http://www.w3.org/ns/sosa/";
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000_000;
const PREFIXES: &str = "PREFIX : <http://example.com/> PREFIX sosa: <http://www.w3.org/ns/sosa/> \
    PREFIX prov: <http://www.w3.org/ns/prov#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> ";

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.com/{name}"))
}

fn sosa(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{SOSA}{name}"))
}

/// The same observations twice: in columns beside a registry, and as statements elsewhere.
struct Twice {
    _dir: tempfile::TempDir,
    columns: Arc<ObservationStore>,
    store: Store,
    statements: oxigraph::store::Store,
}

/// Sensors, their series and the places they stand at.
fn described() -> Vec<Quad> {
    let mut quads = Vec::new();
    let mut add = |s: NamedNode, p: NamedNode, o: Term| {
        quads.push(Quad::new(s, p, o, GraphName::DefaultGraph));
    };
    for n in 0..5 {
        let series = iri(&format!("reeks/{n}"));
        add(
            series.clone(),
            rdf::TYPE.into_owned(),
            sosa("ObservationCollection").into(),
        );
        add(
            series.clone(),
            sosa("madeBySensor"),
            iri(&format!("sensor/{}", n % 3)).into(),
        );
        add(
            series.clone(),
            sosa("observedProperty"),
            iri(["no2", "temp"][n % 2]).into(),
        );
        if n != 3 {
            add(
                series,
                sosa("hasFeatureOfInterest"),
                iri(&format!("plein/{}", n % 2)).into(),
            );
        }
    }
    for n in 0..3 {
        let sensor = iri(&format!("sensor/{n}"));
        add(
            sensor.clone(),
            iri("address"),
            iri(&format!("adres/{}", n % 2)).into(),
        );
        add(
            sensor,
            iri("name"),
            Literal::from(format!("sensor {n}")).into(),
        );
    }
    add(
        iri("adres/0"),
        iri("street"),
        Literal::from("Kerkstraat").into(),
    );
    add(
        iri("adres/1"),
        iri("street"),
        Literal::from("Dorpsstraat").into(),
    );
    quads
}

const KINDS: [Kind; 5] = [
    Kind::Number,
    Kind::Integer,
    Kind::Number,
    Kind::Boolean,
    Kind::Text,
];

fn random_value(dice: &mut Dice, kind: Kind) -> Value {
    match kind {
        // Halves: their sums are exact in any order.
        Kind::Number => Value::Number(dice.roll(40) as f64 / 2.0),
        Kind::Integer => Value::Number(dice.roll(20) as f64),
        Kind::Boolean => Value::Boolean(dice.chance(50)),
        Kind::Text => Value::Text(["open", "dicht"][dice.roll(2)].into()),
    }
}

fn moment(time: i64) -> Term {
    let text = jiff::Timestamp::from_microsecond(time)
        .expect("a moment")
        .to_string();
    Literal::new_typed_literal(text, xsd::DATE_TIME).into()
}

fn told(value: &Value, kind: Kind) -> Literal {
    match value {
        Value::Number(number) if kind == Kind::Integer => Literal::from(*number as i64),
        Value::Number(number) => Literal::from(*number),
        Value::Boolean(value) => Literal::from(*value),
        Value::Text(text) => Literal::from(&**text),
    }
}

impl Twice {
    /// Some days of random observations: corrected, withdrawn and repeated ones among them, some sealed, some in memory.
    fn random(dice: &mut Dice, batches: usize) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let options = ObservationOptions {
            seal_rows: 60,
            files_of_day: 3,
            ..ObservationOptions::default()
        };
        let columns = ObservationStore::open(dir.path(), options).expect("opens");
        let series: Vec<Series> = (0..5)
            .map(|n| Series {
                iri: format!("http://example.com/reeks/{n}"),
                kind: KINDS[n],
                unit: None,
            })
            .collect();
        let ids = columns.declare_all(series).expect("declares");
        let own = match dice.chance(50) {
            true => Some(
                columns
                    .declare_feature("http://example.com/plein/1")
                    .expect("declares"),
            ),
            false => None,
        };
        type Key = (SeriesId, i64, FeatureId);
        let mut holds: BTreeMap<Key, (u64, Observation)> = BTreeMap::new();
        for _ in 0..batches {
            let batch: Vec<Observation> = (0..1 + dice.roll(30))
                .map(|_| {
                    let n = dice.roll(5);
                    let mut time =
                        START + dice.roll(4) as i64 * DAY + dice.roll(30) as i64 * HOUR / 4;
                    if dice.chance(10) {
                        time += 250_000;
                    }
                    let mut one = Observation::new(ids[n], time, random_value(dice, KINDS[n]));
                    if dice.chance(20) {
                        one.end = Some(time + HOUR);
                    }
                    if dice.chance(20) {
                        one.result_time = Some(time + 2 * HOUR);
                    }
                    if dice.chance(10) {
                        one.result = None;
                    }
                    if let Some(own) = own
                        && dice.chance(20)
                    {
                        one.feature = own;
                    }
                    one
                })
                .collect();
            let receipt = columns
                .append(batch.clone())
                .expect("fits")
                .wait()
                .expect("stored");
            for (seq, one) in (receipt.first..).zip(batch) {
                let key = (one.series, one.time, one.feature);
                let repeats = holds.get(&key).is_some_and(|(_, before)| {
                    before.result == one.result
                        && before.end == one.end
                        && before.quality == one.quality
                });
                if !repeats {
                    holds.insert(key, (seq, one));
                }
            }
            if dice.chance(20) {
                columns.seal().expect("seals");
            }
        }
        let described = described();
        let mut quads = described.clone();
        for (seq, one) in holds.values() {
            quads.extend(statements(*seq, one, &described));
        }
        let store = Store::in_memory();
        let mut draft = store.begin().expect("memory stores open drafts");
        for quad in &described {
            draft.add_quad(quad.as_ref());
        }
        draft
            .commit(CommitMeta {
                agent: "http://example.com/agent".into(),
                activity: "http://example.com/test".into(),
                source: Vec::new(),
                message: None,
            })
            .expect("memory stores commit");
        Self {
            _dir: dir,
            columns: Arc::new(columns),
            store,
            statements: their_store(&quads),
        }
    }

    fn options(&self) -> QueryOptions {
        let graph = ObservationGraph::new(GRAPH, Arc::clone(&self.columns)).expect("an IRI");
        QueryOptions {
            default_graph: DefaultGraph::Stored,
            timeout: Some(Duration::from_secs(60)),
            observations: Some(graph),
            ..QueryOptions::default()
        }
    }

    fn ask(&self, text: &str) -> Result<Rows, QueryError> {
        let options = self.options();
        let query = parse_query(&format!("{PREFIXES}{text}"), &options)?;
        let view = self.store.snapshot().view();
        Ok(match evaluate(&view, &query, &options)? {
            Answer::Boolean(value) => vec![value.to_string()],
            Answer::Graph(triples) => triples
                .map(|triple| Ok(triple?.to_string()))
                .collect::<Result<_, QueryError>>()?,
            Answer::Solutions { variables, rows } => rows
                .map(|row| {
                    let row = row?;
                    let cells = variables.iter().zip(&row);
                    let mut cells: Vec<String> = cells
                        .filter_map(|(name, term)| {
                            Some(format!("{}={}", name.as_str(), term.as_ref()?))
                        })
                        .collect();
                    cells.sort();
                    Ok(cells.join(" "))
                })
                .collect::<Result<_, QueryError>>()?,
        })
    }

    /// Whether a step of a query is answered from kept figures.
    fn is_counted(&self, text: &str) -> bool {
        let options = self.options();
        let query = parse_query(&format!("{PREFIXES}{text}"), &options).expect("is SPARQL");
        let view = self.store.snapshot().view();
        let told = explain(&view, &query, &options, ExplainMode::Run).expect("is explained");
        let steps = told.steps.iter();
        steps
            .filter_map(|step| step.figures)
            .any(|figures| figures.is_counted)
    }

    /// Asks both; the answers as multisets must be the same.
    fn compare(&self, text: &str) -> usize {
        let mut ours = self
            .ask(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        ours.sort();
        let theirs = theirs(&self.statements, &format!("{PREFIXES}{text}"));
        assert_eq!(ours, theirs, "{text}");
        ours.len()
    }
}

/// An observation as statements.
fn statements(seq: u64, one: &Observation, described: &[Quad]) -> Vec<Quad> {
    let Some(result) = &one.result else {
        return Vec::new();
    };
    let n = one.series.0 as usize;
    let series = iri(&format!("reeks/{n}"));
    let subject = NamedNode::new_unchecked(format!("{}/observatie/{seq}", series.as_str()));
    let mut quads = Vec::new();
    let mut add = |s: &NamedNode, p: NamedNode, o: Term| {
        quads.push(Quad::new(s.clone(), p, o, NamedNode::new_unchecked(GRAPH)));
    };
    add(&series, sosa("hasMember"), subject.clone().into());
    add(&subject, sosa("isMemberOf"), series.clone().into());
    add(&subject, rdf::TYPE.into_owned(), sosa("Observation").into());
    add(&subject, sosa("phenomenonTime"), moment(one.time));
    if let Some(end) = one.end {
        add(
            &subject,
            NamedNode::new_unchecked("http://www.w3.org/ns/prov#endedAtTime"),
            moment(end),
        );
    }
    add(
        &subject,
        sosa("resultTime"),
        moment(one.result_time.or(one.end).unwrap_or(one.time)),
    );
    add(
        &subject,
        sosa("hasSimpleResult"),
        told(result, KINDS[n]).into(),
    );
    let of_series = described
        .iter()
        .filter(|quad| quad.subject == series.clone().into());
    for quad in of_series {
        let is = |name: &str| quad.predicate == sosa(name);
        if is("madeBySensor")
            || is("observedProperty")
            || is("hasFeatureOfInterest") && one.feature.0 == 0
        {
            add(&subject, quad.predicate.clone(), quad.object.clone());
        }
    }
    if one.feature.0 != 0 {
        add(
            &subject,
            sosa("hasFeatureOfInterest"),
            iri("plein/1").into(),
        );
    }
    quads
}
