//! The shipped shapes on the shipped data: the town has no violations, and each invalid twin has exactly the results its report
//! names. Results of SPARQL constraints are left out on both sides: they are listed as not checked.

use super::{SH, parse_turtle, results};
use oslo_registry::shapes::{Shapes, Validation, ValidationOptions, read_shapes, validate};
use oslo_registry::store::{Draft, Graphs, Id, Store};
use oxrdf::{Graph, GraphName, NamedNode, NamedNodeRef, Quad};
use std::path::{Path, PathBuf};

const BASE: &str = "http://127.0.0.1:7400/graph/";

pub(super) fn turtle_files(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the project") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "ttl") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut found,
    );
    found.sort_unstable();
    found
}

/// Adds a file as a graph of its own and returns the graph.
fn add(draft: &mut Draft<'_>, path: &Path, name: &str) -> Id {
    let text = std::fs::read_to_string(path).expect("a file of the project");
    let graph = NamedNode::new_unchecked(format!("{BASE}{name}"));
    for t in parse_turtle(&text, graph.as_str()) {
        draft.add_quad(Quad::new(t.subject, t.predicate, t.object, graph.clone()).as_ref());
    }
    draft.intern_graph(GraphName::from(graph).as_ref())
}

pub(super) fn load_town(draft: &mut Draft<'_>) -> (Shapes, Vec<Id>) {
    let stem = |path: &Path| {
        path.file_stem()
            .expect("a file name")
            .to_string_lossy()
            .into_owned()
    };
    let mut shapes = Vec::new();
    let mut data = Vec::new();
    for path in turtle_files("vocab") {
        add(draft, &path, &format!("vocab/{}", stem(&path)));
    }
    for path in turtle_files("shapes") {
        shapes.push(add(draft, &path, &format!("shapes/{}", stem(&path))));
    }
    for path in turtle_files("fixtures") {
        if !path.components().any(|part| part.as_os_str() == "invalid") {
            data.push(add(draft, &path, &stem(&path)));
        }
    }
    let view = draft.snapshot().view();
    (read_shapes(&view.with_graphs(Graphs::set(shapes))), data)
}

fn validation(draft: &mut Draft<'_>, focus: impl IntoIterator<Item = Id>) -> Validation {
    let context = draft.snapshot().view();
    Validation {
        data: context.with_graphs(Graphs::set(focus)),
        context,
        options: ValidationOptions::default(),
    }
}

fn report_lines(graph: &Graph) -> Vec<String> {
    let kind = format!("{SH}ValidationReport");
    let node = graph
        .subject_for_predicate_object(oxrdf::vocab::rdf::TYPE, NamedNodeRef::new_unchecked(&kind))
        .expect("one report");
    let mut lines = results(graph, node).1;
    lines.retain(|line| !line.contains("SPARQL"));
    lines
}

#[test]
fn the_town_has_no_violations() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let (shapes, data) = load_town(&mut draft);
    let odd: Vec<_> = shapes
        .findings()
        .iter()
        .filter(|lint| lint.code != "L011" && lint.code != "L027")
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    let report = validate(&shapes, &validation(&mut draft, data));
    let mut text = Vec::new();
    report
        .render_text(&mut text, oslo_registry::rdf::label::Language::En)
        .expect("memory");
    // Warnings and infos are there on purpose: the town shows the quality rules at work.
    assert_eq!(
        report.counts().violation,
        0,
        "{}",
        String::from_utf8_lossy(&text)
    );
}

#[test]
fn invalid_twins_have_the_results_their_reports_name() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let (shapes, _) = load_town(&mut draft);
    let mut wrong = Vec::new();
    for path in turtle_files("fixtures/invalid") {
        let name = path
            .file_name()
            .expect("a file name")
            .to_string_lossy()
            .into_owned();
        let Some(stem) = name
            .strip_suffix(".ttl")
            .filter(|stem| !stem.ends_with(".report"))
        else {
            continue;
        };
        let graph = add(&mut draft, &path, &format!("invalid/{stem}"));
        let report = validate(&shapes, &validation(&mut draft, [graph]));
        let found: Graph = report.to_triples().into_iter().collect();
        let expected = std::fs::read_to_string(path.with_extension("report.ttl"))
            .expect("the report beside the data");
        let expected: Graph = parse_turtle(&expected, BASE).into_iter().collect();
        let (expected, found) = (report_lines(&expected), report_lines(&found));
        if expected != found {
            let missing: Vec<_> = expected
                .iter()
                .filter(|line| !found.contains(line))
                .collect();
            let surplus: Vec<_> = found
                .iter()
                .filter(|line| !expected.contains(line))
                .collect();
            wrong.push(format!(
                "{stem}: missing {missing:#?}, surplus {surplus:#?}"
            ));
        }
        // The graph leaves again, so that the twins do not meet.
        for quad in draft.snapshot().view().quads(None, None, None, Some(graph)) {
            draft.remove(quad);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
