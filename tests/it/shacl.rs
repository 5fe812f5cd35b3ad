//! SHACL: the W3C suite graded by isomorphism of report graphs, oracles on random graphs, lints and renderings.

mod affected;
mod cases;
mod details;
mod examples;
mod figures;
mod fixtures;
mod hostile;
mod lints;
pub(crate) mod live;
mod live12;
mod oracle;
mod oracle12;
mod renderings;
mod rules;
mod shacl12;

use crate::suite::{Miss, SuiteResult};
use oslo_registry::shapes::{
    Report, Shapes, ShapesOptions, Validation, ValidationOptions, read_shapes, read_shapes_with,
    validate,
};
use oslo_registry::store::{Graphs, Store, View};
use oxrdf::graph::CanonicalizationAlgorithm;
use oxrdf::{
    Graph, GraphName, NamedNode, NamedNodeRef, NamedOrBlankNode, NamedOrBlankNodeRef, Quad, Term,
    TermRef, Triple,
};
use oxttl::TurtleParser;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SH: &str = "http://www.w3.org/ns/shacl#";
const SHT: &str = "http://www.w3.org/ns/shacl-test#";
const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const BASE: &str = "https://w3c.example/shacl/";

/// Triples of a Turtle text.
pub(crate) fn parse_turtle(text: &str, base: &str) -> Vec<Triple> {
    let parser = TurtleParser::new()
        .with_base_iri(base)
        .expect("a valid base IRI");
    parser
        .for_slice(text)
        .map(|triple| triple.expect("valid Turtle"))
        .collect()
}

/// A store with a data graph and a shapes graph, and the views of both.
pub(crate) fn load(data: &[Triple], shapes: &[Triple]) -> (View, View) {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let mut view_of = |name: &str, triples: &[Triple]| {
        let graph = NamedNode::new_unchecked(name);
        for t in triples {
            let quad = Quad::new(
                t.subject.clone(),
                t.predicate.clone(),
                t.object.clone(),
                graph.clone(),
            );
            draft.add_quad(quad.as_ref());
        }
        draft.intern_graph(GraphName::from(graph).as_ref())
    };
    let (data, shapes) = (view_of("urn:x:data", data), view_of("urn:x:shapes", shapes));
    let all = draft.snapshot().view();
    (
        all.with_graphs(Graphs::One(data)),
        all.with_graphs(Graphs::One(shapes)),
    )
}

/// Validates Turtle against Turtle, data and context being the same graph.
pub(crate) fn validate_turtle(data: &str, shapes: &str) -> (Shapes, Report) {
    validate_turtle_with(data, shapes, ShapesOptions::default())
}

/// The same, with shapes read in a way of choice.
pub(crate) fn validate_turtle_with(
    data: &str,
    shapes: &str,
    options: ShapesOptions,
) -> (Shapes, Report) {
    let (data, shapes) = load(&parse_turtle(data, BASE), &parse_turtle(shapes, BASE));
    let shapes = read_shapes_with(&shapes, options);
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    (shapes, report)
}

/// Folder of the W3C suites, when it is there.
fn suite_folder() -> Option<PathBuf> {
    let root = std::env::var_os("OSLO_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/conformance"),
        PathBuf::from,
    );
    let folder = root.join("shacl/tests");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "the SHACL suite is missing in {}",
        folder.display()
    );
    eprintln!("SKIPPED: the SHACL suite is not in {}", folder.display());
    None
}

struct TestFile {
    folder: PathBuf,
}

impl TestFile {
    fn triples(&self, iri: &str) -> Vec<Triple> {
        let relative = iri.strip_prefix(BASE).expect("IRIs below the base");
        let text = std::fs::read_to_string(self.folder.join(relative))
            .expect("the file of a manifest exists");
        parse_turtle(&text, iri)
    }

    fn graph(&self, iri: &str) -> Graph {
        self.triples(iri)
            .iter()
            .map(|t| t.as_ref().to_owned())
            .collect()
    }
}

fn object<'a>(
    graph: &'a Graph,
    subject: NamedOrBlankNodeRef<'_>,
    predicate: &str,
) -> Option<TermRef<'a>> {
    graph.object_for_subject_predicate(subject, NamedNodeRef::new_unchecked(predicate))
}

fn subject_of(term: TermRef<'_>) -> NamedOrBlankNode {
    match term {
        TermRef::NamedNode(node) => node.into_owned().into(),
        TermRef::BlankNode(node) => node.into_owned().into(),
        other => panic!("{other} is no subject"),
    }
}

fn list(graph: &Graph, head: TermRef<'_>) -> Vec<Term> {
    let mut members = Vec::new();
    let mut node = subject_of(head);
    while node.to_string() != format!("<{RDF}nil>") {
        members.push(
            object(graph, node.as_ref(), &format!("{RDF}first"))
                .expect("a list member")
                .into_owned(),
        );
        node =
            subject_of(object(graph, node.as_ref(), &format!("{RDF}rest")).expect("a list tail"));
    }
    members
}

/// A path as text, whatever its blank nodes are called.
fn path_text(graph: &Graph, node: TermRef<'_>) -> String {
    if let TermRef::NamedNode(iri) = node {
        return iri.to_string();
    }
    let subject = subject_of(node);
    if object(graph, subject.as_ref(), &format!("{RDF}first")).is_some() {
        let members: Vec<String> = list(graph, node)
            .iter()
            .map(|m| path_text(graph, m.as_ref()))
            .collect();
        return format!("({})", members.join(" "));
    }
    let parts: Vec<String> = graph
        .triples_for_subject(subject.as_ref())
        .map(|t| format!("{} {}", t.predicate, path_text(graph, t.object)))
        .collect();
    format!("[{}]", parts.join(";"))
}

/// One line per result, blank nodes unnamed, and whether the report conforms.
fn results(graph: &Graph, report: NamedOrBlankNodeRef<'_>) -> (bool, Vec<String>) {
    let sh = |local: &str| format!("{SH}{local}");
    let conforms =
        object(graph, report, &sh("conforms")).is_some_and(|c| c.to_string().contains("true"));
    let mut lines = Vec::new();
    for result in
        graph.objects_for_subject_predicate(report, NamedNodeRef::new_unchecked(&sh("result")))
    {
        let result = subject_of(result);
        let get = |local: &str| object(graph, result.as_ref(), &sh(local));
        let plain = |term: Option<TermRef<'_>>| match term {
            Some(TermRef::BlankNode(_)) => "_".to_owned(),
            Some(term) => term.to_string(),
            None => "-".to_owned(),
        };
        lines.push(format!(
            "focus {} path {} value {} component {} severity {} shape {}",
            plain(get("focusNode")),
            get("resultPath").map_or_else(|| "-".to_owned(), |path| path_text(graph, path)),
            plain(get("value")),
            plain(get("sourceConstraintComponent")),
            plain(get("resultSeverity")),
            plain(get("sourceShape")),
        ));
    }
    lines.sort_unstable();
    (conforms, lines)
}

/// What the suite compares of a report, with blank nodes in canonical names: conformance, and each result with its path.
/// Messages count where every result of the expected report has one; nodes of data and shapes are only themselves.
fn comparable(graph: &Graph, report: NamedOrBlankNodeRef<'_>, with_messages: bool) -> Graph {
    let sh = |local: &str| NamedNode::new_unchecked(format!("{SH}{local}"));
    let root: NamedOrBlankNode = NamedNode::new_unchecked("urn:x:report").into();
    let mut out = Graph::new();
    let conforms = object(graph, report, sh("conforms").as_str());
    if let Some(conforms) = conforms {
        out.insert(&Triple::new(
            root.clone(),
            sh("conforms"),
            conforms.into_owned(),
        ));
    }
    let compared = [
        "focusNode",
        "resultPath",
        "value",
        "sourceShape",
        "sourceConstraint",
        "sourceConstraintComponent",
        "resultSeverity",
        "resultMessage",
    ];
    for result in graph.objects_for_subject_predicate(report, &sh("result")) {
        out.insert(&Triple::new(
            root.clone(),
            sh("result"),
            result.into_owned(),
        ));
        let result = subject_of(result);
        for triple in graph.triples_for_subject(&result) {
            let local = triple.predicate.as_str().strip_prefix(SH);
            let is_type = triple.predicate.as_str() == format!("{RDF}type");
            let is_compared = local.is_some_and(|local| {
                compared.contains(&local) && (with_messages || local != "resultMessage")
            });
            if is_compared || is_type {
                out.insert(triple);
            }
            if local == Some("resultPath") {
                copy_structure(graph, triple.object, &mut out);
            }
        }
    }
    out.canonicalize(CanonicalizationAlgorithm::Unstable);
    out
}

/// Copies what a blank node of a path leads to.
fn copy_structure(graph: &Graph, node: TermRef<'_>, out: &mut Graph) {
    let TermRef::BlankNode(node) = node else {
        return;
    };
    for triple in graph.triples_for_subject(node) {
        if out.insert(triple) {
            copy_structure(graph, triple.object, out);
        }
    }
}

/// Whether every result of a report has a message.
fn tells_messages(graph: &Graph, report: NamedOrBlankNodeRef<'_>) -> bool {
    let result = format!("{SH}result");
    let mut results =
        graph.objects_for_subject_predicate(report, NamedNodeRef::new_unchecked(&result));
    results.all(|result| {
        object(
            graph,
            subject_of(result).as_ref(),
            &format!("{SH}resultMessage"),
        )
        .is_some()
    })
}

fn messages(graph: &Graph) -> Vec<String> {
    let predicate = format!("{SH}resultMessage");
    let mut all: Vec<String> = graph
        .triples_for_predicate(NamedNodeRef::new_unchecked(&predicate))
        .map(|t| t.object.to_string())
        .collect();
    all.sort_unstable();
    all
}

/// Runs one test entry.
fn run_entry(
    files: &TestFile,
    manifest: &Graph,
    entry: NamedOrBlankNodeRef<'_>,
) -> Result<(), String> {
    let get =
        |node: NamedOrBlankNodeRef<'_>, iri: String| object(manifest, node, &iri).map(subject_of);
    let action = get(entry, format!("{MF}action")).ok_or("no action")?;
    let expected_node = get(entry, format!("{MF}result")).ok_or("no result")?;
    let is_failure = expected_node.to_string() == format!("<{SHT}Failure>");
    let iri_of = |local: &str| match get(action.as_ref(), format!("{SHT}{local}")) {
        Some(NamedOrBlankNode::NamedNode(node)) => Ok(node.into_string()),
        _ => Err(format!("no {local}")),
    };
    let (data_iri, shapes_iri) = (iri_of("dataGraph")?, iri_of("shapesGraph")?);
    let data = files.triples(&data_iri);
    let shapes = if shapes_iri == data_iri {
        data.clone()
    } else {
        files.triples(&shapes_iri)
    };
    let (data, shapes) = load(&data, &shapes);
    let shapes = read_shapes(&shapes);
    // All tests run as a strict processor would: it validates with no shapes graph that it cannot fully check.
    match (shapes.failure(), is_failure) {
        (Some(_), true) => return Ok(()),
        (None, true) => return Err("a failure was expected".to_owned()),
        (Some(finding), false) => return Err(format!("refused: {finding:?}")),
        (None, false) => {}
    }
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    let actual: Graph = report
        .to_triples()
        .iter()
        .map(|t| t.as_ref().to_owned())
        .collect();
    let node = actual
        .subject_for_predicate_object(
            NamedNodeRef::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
            NamedNodeRef::new_unchecked("http://www.w3.org/ns/shacl#ValidationReport"),
        )
        .ok_or("no report")?;
    let (expected, found) = (
        results(manifest, expected_node.as_ref()),
        results(&actual, node),
    );
    if expected != found {
        return Err(format!(
            "expected {expected:#?}, found {found:#?}, lints {:?}",
            shapes.findings()
        ));
    }
    let with_messages = tells_messages(manifest, expected_node.as_ref());
    let (expected_graph, graph) = (
        comparable(manifest, expected_node.as_ref(), with_messages),
        comparable(&actual, node, with_messages),
    );
    if expected_graph != graph {
        return Err(format!(
            "the report graphs differ: expected\n{expected_graph}found\n{graph}"
        ));
    }
    let wanted = messages(manifest);
    if let Some(missing) = wanted
        .iter()
        .find(|message| !messages(&actual).contains(message))
    {
        return Err(format!("the message {missing} is missing"));
    }
    // What the report says as triples it also says in Turtle and JSON-LD.
    let mut turtle = Vec::new();
    report
        .render_turtle(&mut turtle)
        .map_err(|error| error.to_string())?;
    let turtle = String::from_utf8(turtle).map_err(|error| error.to_string())?;
    let written: Graph = parse_turtle(&turtle, BASE).into_iter().collect();
    let report_node = written
        .subject_for_predicate_object(
            NamedNodeRef::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
            NamedNodeRef::new_unchecked("http://www.w3.org/ns/shacl#ValidationReport"),
        )
        .ok_or("no report in Turtle")?;
    if results(&written, report_node) != found
        || comparable(&written, report_node, with_messages) != graph
    {
        return Err(format!("the Turtle report differs: {turtle}"));
    }
    renderings::check_jsonld(&report, &found)
}

fn run_manifest(
    files: &TestFile,
    iri: &str,
    seen: &mut BTreeSet<String>,
    result: &mut SuiteResult,
) {
    let manifest = files.graph(iri);
    let include = format!("{MF}include");
    let mut included: Vec<String> = manifest
        .triples_for_predicate(NamedNodeRef::new_unchecked(&include))
        .filter_map(|t| match t.object {
            TermRef::NamedNode(node) => Some(node.as_str().to_owned()),
            _ => None,
        })
        .collect();
    included.sort_unstable();
    for next in included {
        run_manifest(files, &next, seen, result);
    }
    seen.insert(iri.to_owned());
    let entries = object(
        &manifest,
        NamedNodeRef::new_unchecked(iri).into(),
        &format!("{MF}entries"),
    );
    for entry in entries.map_or_else(Vec::new, |head| list(&manifest, head)) {
        let entry = subject_of(entry.as_ref());
        result.total += 1;
        match run_entry(files, &manifest, entry.as_ref()) {
            Ok(()) => result.passed += 1,
            Err(reason) => result.misses.push(Miss {
                test: entry.to_string(),
                reason,
            }),
        }
    }
}

/// Files below a folder of the suite that no manifest names.
fn unlisted(folder: &Path, iri: &str, seen: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of a suite can be listed") {
        let path = entry.expect("an entry of a folder").path();
        let name = path
            .file_name()
            .expect("entries have names")
            .to_string_lossy();
        if path.is_dir() {
            found.extend(unlisted(&path, &format!("{iri}{name}/"), seen));
        } else if name.ends_with(".ttl") && !seen.contains(&format!("{iri}{name}")) {
            found.push(format!("{iri}{name}"));
        }
    }
    found.sort_unstable();
    found
}

/// Runs the W3C tests of one part of SHACL, those included that its manifests forget; no tests when the suite is not there.
fn run_suite(name: &str, part: &str) -> SuiteResult {
    let mut result = SuiteResult::new(name);
    if let Some(folder) = suite_folder() {
        let mut seen = BTreeSet::new();
        let files = TestFile { folder };
        run_manifest(
            &files,
            &format!("{BASE}{part}/manifest.ttl"),
            &mut seen,
            &mut result,
        );
        let iri = format!("{BASE}{part}/");
        for file in unlisted(&files.folder.join(part), &iri, &seen) {
            let graph = files.graph(&file);
            if graph
                .iter()
                .any(|t| t.predicate.as_str() == format!("{MF}entries"))
            {
                run_manifest(&files, &file, &mut seen, &mut result);
            }
        }
    }
    result
}

/// The W3C tests of SHACL Core and of SHACL-SPARQL.
pub(crate) fn run_suites() -> [SuiteResult; 2] {
    [
        run_suite("SHACL Core", "core"),
        run_suite("SHACL-SPARQL", "sparql"),
    ]
}

#[test]
fn w3c_suites() {
    for (result, expected) in run_suites().iter().zip([98, 23]) {
        for miss in &result.misses {
            eprintln!("{}: {}", miss.test, miss.reason);
        }
        eprintln!("{}: {}/{}", result.name, result.passed, result.total);
        assert!(
            result.misses.is_empty(),
            "{} of {} tests fail",
            result.misses.len(),
            result.total
        );
        if suite_folder().is_some() {
            assert_eq!(
                result.total, expected,
                "all tests of {} are found",
                result.name
            );
        }
    }
}
