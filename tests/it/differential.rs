//! Random data and queries: our answers must be those of an independent store, as multisets.
//! Data holds canonical literals only, since the other store rewrites the rest; `query::tests` checks those.

use oslo_registry::query::{Answer, DefaultGraph, QueryOptions, evaluate, parse_query};
use oslo_registry::store::{Store, View};
use oxigraph::sparql::{QueryResults, SparqlEvaluator};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};
use std::fmt::Write as _;
use std::time::Duration;

/// A small generator of numbers; the same seed gives the same test for ever.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    pub(crate) fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.roll(list.len())]
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

const PREDICATES: [&str; 3] = ["p", "q", "r"];
const GRAPHS: [&str; 3] = ["g1", "g2", "g3"];
const VARIABLES: [&str; 5] = ["?a", "?b", "?c", "?d", "?e"];

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.com/{name}"))
}

fn random_quads(dice: &mut Dice) -> Vec<Quad> {
    let mut quads = Vec::new();
    for _ in 0..8 + dice.roll(30) {
        let subject: NamedOrBlankNode = match dice.roll(8) {
            7 => BlankNode::new_unchecked(format!("b{}", dice.roll(2))).into(),
            n => iri(&format!("n{}", n % 5)).into(),
        };
        let object: Term = match dice.roll(10) {
            0..=4 => iri(&format!("n{}", dice.roll(5))).into(),
            5 => BlankNode::new_unchecked(format!("b{}", dice.roll(2))).into(),
            6 | 7 => Literal::from(dice.roll(4) as i64).into(),
            8 => Literal::from(dice.pick(&["x", "y"])).into(),
            _ => {
                Literal::new_language_tagged_literal_unchecked("x", dice.pick(&["nl", "en"])).into()
            }
        };
        let predicate = iri(dice.pick(&PREDICATES));
        // A triple may stand in several graphs.
        for _ in 0..1 + usize::from(dice.chance(30)) {
            let graph: GraphName = match dice.roll(4) {
                0 => GraphName::DefaultGraph,
                n => iri(GRAPHS[n - 1]).into(),
            };
            quads.push(Quad::new(
                subject.clone(),
                predicate.clone(),
                object.clone(),
                graph,
            ));
        }
    }
    quads
}

fn random_term(dice: &mut Dice) -> String {
    match dice.roll(10) {
        0 => format!(":n{}", dice.roll(6)),
        1 => dice.roll(4).to_string(),
        _ => dice.pick(&VARIABLES).to_owned(),
    }
}

fn random_subject(dice: &mut Dice) -> String {
    match dice.roll(6) {
        0 => format!(":n{}", dice.roll(6)),
        _ => dice.pick(&VARIABLES).to_owned(),
    }
}

fn random_triples(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..1 + dice.roll(3) {
        let subject = random_subject(dice);
        let object = random_term(dice);
        let predicate = if dice.chance(15) {
            dice.pick(&VARIABLES).to_owned()
        } else {
            format!(":{}", dice.pick(&PREDICATES))
        };
        write!(out, "{subject} {predicate} {object} . ").expect("a string grows");
    }
    out
}

fn random_path(dice: &mut Dice) -> String {
    let (p, q) = (dice.pick(&PREDICATES), dice.pick(&PREDICATES));
    let path = match dice.roll(9) {
        0 => format!(":{p}+"),
        1 => format!(":{p}*"),
        2 => format!(":{p}?"),
        3 => format!(":{p}/:{q}"),
        4 => format!(":{p}|:{q}"),
        5 => format!("^:{p}/:{q}"),
        6 => format!("(:{p}|^:{q})+"),
        7 => format!("!:{p}"),
        _ => format!("!(:{p}|:{q})"),
    };
    // Constants at the end of paths of length zero are where we follow the standard and others do not.
    let (from, to) = (dice.pick(&VARIABLES), dice.pick(&VARIABLES));
    // The other store counts solutions of these once or more, as its join order happens to be: it gets what they stand for.
    let spelled = match path.as_str() {
        alternative if alternative.contains('|') && alternative.starts_with(':') => {
            let (one, other) = alternative.split_once('|').expect("two of them");
            format!("{{ {{ {from} {one} {to} }} UNION {{ {from} {other} {to} }} }} ")
        }
        negated if negated.starts_with('!') => {
            let listed = negated.trim_matches(['!', '(', ')']).replace('|', ", ");
            let columns = if from == to {
                from.to_owned()
            } else {
                format!("{from} {to}")
            };
            format!(
                "{{ SELECT {columns} {{ {from} ?between {to} FILTER(?between NOT IN ({listed})) }} }} "
            )
        }
        _ => return format!("{from} {path} {to} . "),
    };
    format!("«{from} {path} {to} . ¦{spelled}»")
}

/// One of the two ways in which parts of a query are written.
fn written(text: &str, spelled: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, part)) = rest.split_once('«') {
        let (part, after) = part.split_once('»').expect("a closed part");
        let (short, long) = part.split_once('¦').expect("two ways");
        out.push_str(before);
        out.push_str(if spelled { long } else { short });
        rest = after;
    }
    out + rest
}

fn random_filter(dice: &mut Dice, depth: usize) -> String {
    let (a, b) = (dice.pick(&VARIABLES), dice.pick(&VARIABLES));
    match dice.roll(20) {
        9 => format!("FILTER(CONTAINS(STR({a}), \"n\") && !REGEX(STR({b}), \"N[12]$\", \"i\")) "),
        10 => format!("FILTER({a} + 1 < {b} * 2) "),
        11 => format!("FILTER(LANG({a}) = \"nl\" || LANGMATCHES(LANG({b}), \"*\")) "),
        12 => format!("FILTER(IF(ISLITERAL({a}), {a} = 1, ISBLANK({b}))) "),
        13 => format!("FILTER(COALESCE({a}, {b}, 1) != 1) "),
        14 => format!("FILTER(!({a} < {b})) "),
        15 => format!("FILTER(SAMETERM({a}, {b}) || STRLEN(STR({a})) > 3) "),
        16 => format!("FILTER(ISNUMERIC({a}) && {a} / 2 >= 0.5) "),
        17 => format!("FILTER(STRSTARTS(LCASE(STR({a})), \"http\") = ISIRI({b})) "),
        18 => format!("FILTER({a} NOT IN (1, {b}, \"x\"@nl)) "),
        19 => format!("FILTER({a} || BOUND({b})) "),
        0 => format!("FILTER({a} = {b}) "),
        1 => format!("FILTER({a} != {b}) "),
        2 => format!("FILTER({a} < 2) "),
        3 => format!("FILTER(!BOUND({a})) "),
        4 => format!("FILTER(ISIRI({a}) || {b} = 1) "),
        5 => format!(
            "FILTER(STR({a}) = \"x\" || DATATYPE({b}) = <http://www.w3.org/2001/XMLSchema#integer>) "
        ),
        6 => format!("FILTER({a} IN (:n1, :n2, 1, \"x\")) "),
        7 => format!("FILTER EXISTS {{ {} }} ", random_group(dice, depth + 2)),
        _ => format!("FILTER NOT EXISTS {{ {} }} ", random_group(dice, depth + 2)),
    }
}

fn random_group(dice: &mut Dice, depth: usize) -> String {
    let mut out = random_triples(dice);
    if depth > 2 {
        return out;
    }
    for _ in 0..dice.roll(3) {
        let inner = |dice: &mut Dice| random_group(dice, depth + 1);
        let part = match dice.roll(16) {
            0 | 1 => format!("OPTIONAL {{ {} }} ", inner(dice)),
            2 => format!("MINUS {{ {} }} ", inner(dice)),
            3 => format!("{{ {} }} UNION {{ {} }} ", inner(dice), inner(dice)),
            4 => format!(
                "GRAPH :{} {{ {} }} ",
                dice.pick(&GRAPHS),
                random_triples(dice)
            ),
            5 => format!("GRAPH ?g {{ {} }} ", random_triples(dice)),
            6 => random_path(dice),
            7 => format!("VALUES {} {{ :n1 :n2 2 }} ", dice.pick(&VARIABLES)),
            8 => format!("{{ SELECT DISTINCT ?a ?b {{ {} }} }} ", inner(dice)),
            9 => format!(
                "{{ SELECT ?a (COUNT(*) AS ?k{depth}) (SUM(?b) AS ?s{depth}) {{ {} }} GROUP BY ?a }} ",
                inner(dice)
            ),
            10 => {
                let (a, b) = (dice.pick(&VARIABLES), dice.pick(&VARIABLES));
                let value = match dice.roll(6) {
                    0 => format!("{a} + {b}"),
                    1 => format!("CONCAT(STR({a}), UCASE(\"é\"), LANG({b}))"),
                    2 => format!("IF(BOUND({a}), {b}, 3)"),
                    3 => format!("-{a} - 1.5"),
                    4 => format!("COALESCE({a} / 0, {b})"),
                    _ => format!("STR({a})"),
                };
                format!("BIND({value} AS ?z{}) ", dice.roll(1_000_000))
            }
            11 => format!(
                "VALUES ({} ?d) {{ (:n1 UNDEF) (UNDEF 2) (:n2 :n3) }} ",
                dice.pick(&["?a", "?b", "?c"])
            ),
            12 => format!("GRAPH :{} {{ {} }} ", dice.pick(&GRAPHS), inner(dice)),
            13 if dice.chance(30) => "GRAPH ?g {} ".to_owned(),
            14 => format!("{{ {} }} ", inner(dice)),
            _ => random_filter(dice, depth),
        };
        out += &part;
    }
    out
}

fn random_query(dice: &mut Dice, from: &str) -> String {
    let group = random_group(dice, 0);
    let prefix = "PREFIX : <http://example.com/> ";
    match dice.roll(13) {
        5 => format!(
            "{prefix}SELECT ?a (AVG(?b) AS ?n) (MAX(?c) AS ?m) (SUM(DISTINCT ?b) AS ?s) {from} {{ {group} }} GROUP BY ?a"
        ),
        6 => format!(
            "{prefix}SELECT (COUNT(?b) AS ?n) ?p {from} {{ ?a ?p ?b }} GROUP BY ?p HAVING(COUNT(*) > 1)"
        ),
        7 => format!("{prefix}SELECT ?a ?b {from} {{ {group} }} ORDER BY ?b DESC(?a)"),
        0 => format!("{prefix}ASK {from} {{ {group} }}"),
        1 => format!("{prefix}SELECT (COUNT(*) AS ?n) (MIN(?a) AS ?m) {from} {{ {group} }}"),
        2 => format!("{prefix}SELECT DISTINCT ?a ?c {from} {{ {group} }}"),
        3 => format!("{prefix}CONSTRUCT {{ ?a :made ?b . ?b :made ?c }} {from} {{ {group} }}"),
        4 => {
            format!("{prefix}SELECT ?a (COUNT(DISTINCT ?b) AS ?n) {from} {{ {group} }} GROUP BY ?a")
        }
        _ => format!("{prefix}SELECT * {from} {{ {group} }}"),
    }
}

/// Rows as text, columns by name, sorted.
pub(crate) type Rows = Vec<String>;

pub(crate) fn ours(view: &View, text: &str, default_graph: DefaultGraph) -> Rows {
    let options = QueryOptions {
        default_graph,
        timeout: Some(Duration::from_secs(60)),
        ..QueryOptions::default()
    };
    let query = parse_query(text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut out: Rows =
        match evaluate(view, &query, &options).unwrap_or_else(|error| panic!("{text}: {error}")) {
            Answer::Boolean(value) => vec![value.to_string()],
            Answer::Graph(triples) => triples
                .map(|triple| triple.expect("within the limits").to_string())
                .collect(),
            Answer::Solutions { variables, rows } => rows
                .map(|row| {
                    let row = row.expect("within the limits");
                    line(variables.iter().map(|v| v.as_str()).zip(&row))
                })
                .collect(),
        };
    out.sort();
    out
}

pub(crate) fn theirs(store: &oxigraph::store::Store, text: &str) -> Rows {
    let results = SparqlEvaluator::new()
        .parse_query(text)
        .expect("the query is valid")
        .on_store(store)
        .execute()
        .expect("the query runs");
    let mut out: Rows = match results {
        QueryResults::Boolean(value) => vec![value.to_string()],
        QueryResults::Graph(triples) => triples
            .map(|triple| triple.expect("memory does not fail").to_string())
            .collect(),
        QueryResults::Solutions(solutions) => {
            let names: Vec<String> = solutions
                .variables()
                .iter()
                .map(|v| v.as_str().to_owned())
                .collect();
            solutions
                .map(|row| {
                    let row = row.expect("memory does not fail");
                    line(names.iter().map(String::as_str).zip(row.values()))
                })
                .collect()
        }
    };
    out.sort();
    if text.contains("CONSTRUCT") {
        out.dedup(); // a graph holds a triple once
    }
    out
}

fn line<'a>(cells: impl Iterator<Item = (&'a str, &'a Option<Term>)>) -> String {
    let mut cells: Vec<String> = cells
        .filter_map(|(name, term)| Some(format!("{name}={}", term.as_ref()?)))
        .collect();
    cells.sort();
    cells.join(" ")
}

pub(crate) fn their_store<'a>(quads: impl IntoIterator<Item = &'a Quad>) -> oxigraph::store::Store {
    let store = oxigraph::store::Store::new().expect("memory stores open");
    for quad in quads {
        store.insert(quad).expect("memory does not fail");
    }
    store
}

/// The same quads, with the merge of some graphs as default graph.
fn merged(quads: &[Quad], graphs: &[GraphName]) -> Vec<Quad> {
    let named = quads
        .iter()
        .filter(|q| q.graph_name != GraphName::DefaultGraph);
    let default = quads.iter().filter(|q| graphs.contains(&q.graph_name));
    named
        .cloned()
        .chain(default.map(|q| Quad {
            graph_name: GraphName::DefaultGraph,
            ..q.clone()
        }))
        .collect()
}

#[test]
fn random_queries_have_the_same_answers_elsewhere() {
    let rounds: u64 = std::env::var("OSLO_DIFFERENTIAL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(150);
    let mut compared = 0;
    for round in 0..rounds {
        let mut dice =
            Dice(0x9E37_79B9_7F4A_7C15 ^ (round + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
        let quads = random_quads(&mut dice);
        let store = Store::in_memory();
        let mut draft = store.begin().expect("memory stores open drafts");
        // Half of the data is committed first, so that readers meet both the index and the changes on top.
        for (n, quad) in quads.iter().enumerate() {
            draft.add_quad(quad.as_ref());
            if n == quads.len() / 2 {
                draft.snapshot();
            }
        }
        let view = draft.snapshot().view();
        let all: Vec<GraphName> = std::iter::once(GraphName::DefaultGraph)
            .chain(GRAPHS.map(|g| iri(g).into()))
            .collect();
        let two: Vec<GraphName> = vec![iri("g1").into(), iri("g2").into()];
        let stored_twin = their_store(&quads);
        let union_twin = their_store(&merged(&quads, &all));
        let from_twin = their_store(
            merged(&quads, &two)
                .iter()
                // FROM without FROM NAMED leaves no named graphs.
                .filter(|q| q.graph_name == GraphName::DefaultGraph),
        );
        for _ in 0..8 {
            let seed = dice.0;
            let both = random_query(&mut dice, "");
            let (text, spelled) = (written(&both, false), written(&both, true));
            let from = random_query(&mut Dice(seed), "FROM :g1 FROM :g2 ");
            let from = written(&from, false);
            for (ours, theirs, what) in [
                (
                    ours(&view, &text, DefaultGraph::Stored),
                    theirs(&stored_twin, &spelled),
                    "stored",
                ),
                (
                    ours(&view, &text, DefaultGraph::Union),
                    theirs(&union_twin, &spelled),
                    "union",
                ),
                (
                    ours(&view, &from, DefaultGraph::Union),
                    theirs(&from_twin, &spelled),
                    "FROM",
                ),
            ] {
                assert_eq!(ours, theirs, "round {round}, {what}: {text}");
                compared += usize::from(!ours.is_empty());
            }
        }
    }
    assert!(
        compared as u64 > rounds * 4,
        "only {compared} answers held anything"
    );
}
