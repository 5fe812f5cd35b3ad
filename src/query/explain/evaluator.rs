//! The plan of the evaluator, as it tells it, in the words of [`Step`]. Reads what it writes as JSON, without recursion: a
//! plan may be as deep as a query is long.

use super::naming::{Naming, one_line};
use super::step::{Step, StepFigures, StepKind, StepRole};
use crate::query::algebra_in::table_number;
use crate::query::service::Session;
use spareval::QueryExplanation;
use std::sync::Arc;
use std::time::Duration;

/// A node as the evaluator tells of it.
#[derive(Debug, Default, PartialEq)]
struct Told {
    parent: Option<usize>,
    label: String,
    rows: u64,
    seconds: f64,
}

/// The steps of a plan, first the one that all others lead to; with figures when it was run with statistics.
pub(super) fn steps(
    explanation: &QueryExplanation,
    is_measured: bool,
    naming: &Naming,
    session: Option<&Arc<Session>>,
) -> Vec<Step> {
    let mut json = Vec::new();
    if explanation.write_in_json(&mut json).is_err() {
        return Vec::new();
    }
    let told = read(&json);
    let mut below = vec![Vec::new(); told.len()];
    for (number, node) in told.iter().enumerate() {
        if let Some(parent) = node.parent {
            below[parent].push(number);
        }
    }
    let mut steps: Vec<Step> = Vec::with_capacity(told.len());
    let mut open: Vec<(usize, Option<usize>, StepRole)> = Vec::new();
    if !told.is_empty() {
        open.push((0, None, StepRole::Input));
    }
    while let Some((number, parent, role)) = open.pop() {
        let number = shown(number, &told, &below);
        let node = &told[number];
        let is_inner = role == StepRole::Each || parent.is_some_and(|p| is_each(&steps, p));
        let (kind, detail) = in_words(&node.label, is_inner, naming);
        let mut step = Step::new(kind, detail);
        step.parent = parent;
        step.depth = parent.map_or(0, |parent| steps[parent].depth + 1);
        step.role = role;
        step.figures = is_measured.then(|| StepFigures {
            rows: node.rows,
            time: Duration::try_from_secs_f64(node.seconds).unwrap_or_default(),
            ..StepFigures::default()
        });
        if kind == StepKind::SERVICE {
            let number = table_number(&node.label);
            let table = number.and_then(|number| session?.get(number));
            if let Some(table) = table {
                let figures = table.figures();
                step.detail = one_line(&figures.endpoints.join(" "));
                step.service = Some(figures);
            }
        }
        steps.push(step);
        let this = steps.len() - 1;
        for (place, child) in below[number].iter().enumerate().rev() {
            open.push((*child, Some(this), role_of(kind, place)));
        }
    }
    steps
}

/// Whether a step, or one above it, is run for the solutions of another.
fn is_each(steps: &[Step], mut at: usize) -> bool {
    loop {
        match (steps[at].role, steps[at].parent) {
            (StepRole::Each, _) => return true,
            (StepRole::Table, _) | (StepRole::Input, None) => return false,
            (StepRole::Input, Some(parent)) => at = parent,
        }
    }
}

/// What the part at a place is to a step.
fn role_of(kind: StepKind, place: usize) -> StepRole {
    match (kind, place) {
        (StepKind::HASH_JOIN, 0) => StepRole::Table,
        (StepKind::HASH_JOIN, _) | (StepKind::UNION, _) | (_, 0) => StepRole::Input,
        (StepKind::HASH_OPTIONAL | StepKind::HASH_MINUS, 1) => StepRole::Table,
        _ => StepRole::Each,
    }
}

/// The node to show for a node: what only tells the evaluator in which order to join is passed over.
fn shown(mut number: usize, told: &[Told], below: &[Vec<usize>]) -> usize {
    loop {
        let label = told[number].label.as_str();
        number = match below[number].as_slice() {
            [only] if is_wall(label) => *only,
            [weight, right] if label == "Lateral" && told[*weight].label == "Project()" => *right,
            _ => return number,
        };
    }
}

fn is_wall(label: &str) -> bool {
    label
        .strip_prefix("Slice(start = 0, length = ")
        .and_then(|rest| rest.strip_suffix(')'))
        .is_some_and(|length| length.parse() == Ok(usize::MAX))
}

/// A label as a kind of step and the words that go with it.
fn in_words(label: &str, is_inner: bool, naming: &Naming) -> (StepKind, String) {
    let (name, rest) = label.split_once('(').unwrap_or((label, ""));
    let rest = rest.strip_suffix(')').unwrap_or(rest);
    let after = |mark: &str| rest.split_once(mark).map_or("", |(_, after)| after);
    let (kind, detail) = match name {
        "Distinct" => (StepKind::DISTINCT, String::new()),
        "Reduced" => (StepKind::REDUCED, String::new()),
        "Union" => (StepKind::UNION, String::new()),
        "Lateral" => (StepKind::LOOP_JOIN, String::new()),
        "Extend" => (StepKind::BIND, rest.replace(" -> ", " AS ")),
        "Aggregate" => (StepKind::GROUP, rest.replace(" -> ", " AS ")),
        "Filter" => (StepKind::FILTER, rest.to_owned()),
        "Graph" => (StepKind::GRAPHS, rest.to_owned()),
        "Sort" => (StepKind::SORT, rest.to_owned()),
        "Project" => (StepKind::PROJECT, rest.replace(", ", " ")),
        "Path" => (StepKind::PATH, rest.to_owned()),
        "Service" => (StepKind::SERVICE, rest.to_owned()),
        "Join" => (StepKind::HASH_JOIN, after("keys = ").to_owned()),
        "AntiJoin" => (StepKind::HASH_MINUS, after("keys = ").to_owned()),
        "LeftJoin" => (StepKind::HASH_OPTIONAL, condition(after("keys = "))),
        "ForLoopLeftJoin" => (StepKind::OPTIONAL, condition(&format!(", {rest}"))),
        "QuadPattern" if is_inner => (StepKind::LOOK_UP, quad(rest)),
        "QuadPattern" => (StepKind::SCAN, quad(rest)),
        "StaticBindings" => (StepKind::VALUES, table(rest)),
        "Slice" => (StepKind::SLICE, slice(rest)),
        _ => (StepKind::OTHER, label.to_owned()),
    };
    (kind, naming.text(&detail))
}

/// Keys and a condition; one that is always true is none.
fn condition(text: &str) -> String {
    match text.split_once(", expression = ") {
        Some((keys, "true" | "\"true\"^^<http://www.w3.org/2001/XMLSchema#boolean>")) => {
            keys.to_owned()
        }
        Some((keys, condition)) => format!("{keys} FILTER {condition}").trim_start().to_owned(),
        None => text.to_owned(),
    }
}

/// Subject, predicate, object, and the graph if there is one.
fn quad(text: &str) -> String {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut ends = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b' ' if !is_quoted => ends.push(at),
            _ => {}
        }
    }
    match ends.as_slice() {
        [_, _, end] => in_graph(&text[end + 1..], &text[..*end]),
        _ => text.to_owned(),
    }
}

/// A pattern in a graph.
pub(in crate::query) fn in_graph(graph: &str, pattern: &str) -> String {
    format!("GRAPH {graph} {{ {pattern} }}")
}

fn table(text: &str) -> String {
    let (names, rows) = text.split_once("), (").unwrap_or((text, ""));
    let names = names.trim_start_matches('(').replace(", ", " ");
    format!(
        "VALUES ({names}) {{ {} }}",
        rows.strip_suffix(')').unwrap_or(rows)
    )
}

fn slice(text: &str) -> String {
    let value = |name: &str| {
        let mut parts = text.split(", ");
        parts.find_map(|part| part.strip_prefix(name))
    };
    let length = value("length = ").map(|length| format!("LIMIT {length}"));
    let start = value("start = ").filter(|start| *start != "0");
    let start = start.map(|start| format!("OFFSET {start}"));
    let both: Vec<String> = length.into_iter().chain(start).collect();
    both.join(" ")
}

/// Reads the tree of nodes, each with its name, its figures if any and the nodes below it.
fn read(json: &[u8]) -> Vec<Told> {
    let Ok(json) = std::str::from_utf8(json) else {
        return Vec::new();
    };
    let mut told: Vec<Told> = Vec::new();
    // Objects that are open: those of nodes by number, the outermost as none.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut key = String::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        match first {
            '{' => {
                if open.is_empty() {
                    open.push(None);
                } else {
                    told.push(Told {
                        parent: open.last().copied().flatten(),
                        ..Told::default()
                    });
                    open.push(Some(told.len() - 1));
                }
                rest = &rest[1..];
            }
            '}' => {
                open.pop();
                rest = &rest[1..];
            }
            '"' => {
                let (text, after) = string(rest);
                rest = after.trim_start();
                if let Some(value) = rest.strip_prefix(':') {
                    (key, rest) = (text, value);
                } else if key == "name"
                    && let Some(node) = open.last().copied().flatten()
                {
                    told[node].label = text;
                }
            }
            '0'..='9' | '-' => {
                let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
                if let Some(node) = open.last().copied().flatten() {
                    let number = rest[..end].trim();
                    match key.as_str() {
                        "number of results" => told[node].rows = number.parse().unwrap_or(0),
                        "duration in seconds" => told[node].seconds = number.parse().unwrap_or(0.0),
                        _ => {}
                    }
                }
                rest = &rest[end..];
            }
            other => rest = &rest[other.len_utf8()..],
        }
    }
    told
}

/// The string at the start of a text, and what follows it.
fn string(text: &str) -> (String, &str) {
    let mut is_escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    let end = end.map_or(text.len(), |(at, _)| at + 1);
    let (quoted, rest) = text.split_at(end);
    (serde_json::from_str(quoted).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_evaluator_writes() {
        let json = r#"{"planning duration in seconds":0.001,"plan":{"name":"Filter(?a = \"}{\\\"\")","number of results":2,
            "duration in seconds":0.25,"children":[{"name":"A","number of results":3,"duration in seconds":0,"children":[]},
            {"name":"B","children":[{"name":"C","children":[]}]}]}}"#;
        let told = read(json.as_bytes());
        let shape: Vec<(&str, Option<usize>, u64, f64)> = told
            .iter()
            .map(|node| (node.label.as_str(), node.parent, node.rows, node.seconds))
            .collect();
        assert_eq!(
            shape,
            [
                (r#"Filter(?a = "}{\"")"#, None, 2, 0.25),
                ("A", Some(0), 3, 0.0),
                ("B", Some(0), 0, 0.0),
                ("C", Some(2), 0, 0.0),
            ]
        );
        // As deep as it goes.
        let deep = format!(
            "{{\"plan\":{}1",
            r#"{"name":"x","children":["#.repeat(50_000)
        );
        assert_eq!(read(deep.as_bytes()).len(), 50_000);
        assert_eq!(read(b"{\"plan\":\"\\"), []);
    }

    #[test]
    fn labels_become_words() {
        let naming = Naming::new(&[("e".into(), "http://e/".into())]);
        let words = |label: &str| {
            let (kind, detail) = in_words(label, false, &naming);
            format!("{} {detail}", kind.code)
        };
        let told = [
            "QuadPattern(?s <http://e/p> \"a b\")",
            "QuadPattern(?s <http://e/p> \"a b\" <http://e/g>)",
            "Slice(start = 5, length = 10)",
            "Slice(start = 5)",
            "StaticBindings((?a, ?b), ((<http://e/x>, UNDEF)))",
            "LeftJoin(HashBuildRightProbeLeft, keys = ?a, expression = true)",
            "ForLoopLeftJoin(expression = (?a > ?b))",
            "Join(HashBuildLeftProbeRight, keys = ?a, ?b)",
            "Extend((?a + 1) -> ?b)",
            "Whatever(1)",
        ];
        let words: Vec<String> = told.iter().map(|label| words(label)).collect();
        assert_eq!(
            words,
            [
                "scan ?s e:p \"a b\"",
                "scan GRAPH e:g { ?s e:p \"a b\" }",
                "slice LIMIT 10 OFFSET 5",
                "slice OFFSET 5",
                "values VALUES (?a ?b) { (e:x, UNDEF) }",
                "hash-optional ?a",
                "optional FILTER (?a > ?b)",
                "hash-join ?a, ?b",
                "bind (?a + 1) AS ?b",
                "step Whatever(1)",
            ]
        );
        assert!(is_wall(&format!(
            "Slice(start = 0, length = {})",
            usize::MAX
        )));
        assert!(!is_wall("Slice(start = 0, length = 10)"));
    }
}
