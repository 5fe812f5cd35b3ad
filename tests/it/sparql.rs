//! The SPARQL suites of the W3C: query and update evaluation, syntax, result formats; versions 1.2, 1.1 and 1.0. Those of 1.2
//! run with the setting for it, all others without.
//! Federation, entailment, protocol and service description are other suites.

use crate::solutions::{
    compare, compare_graphs, difference, parse_graph, read_csv, read_result_graph, read_results,
};
use crate::suite::{Corpus, Entry, SuiteResult};
use oslo_registry::query::{
    DefaultGraph, OutputFormat, QueryError, QueryKind, QueryOptions, ResultFormat, apply_update,
    parse_query, run_query,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::rdf::version::RdfVersion;
use oslo_registry::store::{Draft, Settings, Store};
use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::{Dataset, GraphName, NamedNode, Quad, Term};
use oxrdfio::{RdfFormat, RdfParser};
use std::time::Duration;

const QT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#";
const UT: &str = "http://www.w3.org/2009/sparql/tests/test-update#";

/// Runs every SPARQL suite; empty when the suites are not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(corpus) = Corpus::rdf_tests() else {
        return Vec::new();
    };
    let mut suites = vec![
        SuiteResult::new("SPARQL 1.1 query evaluation"),
        SuiteResult::new("SPARQL 1.1 query syntax"),
        SuiteResult::new("SPARQL 1.1 update evaluation"),
        SuiteResult::new("SPARQL 1.1 update syntax"),
        SuiteResult::new("SPARQL 1.1 result formats"),
        SuiteResult::new("SPARQL 1.0 query evaluation"),
        SuiteResult::new("SPARQL 1.0 query syntax"),
        SuiteResult::new("SPARQL 1.2 query evaluation"),
        SuiteResult::new("SPARQL 1.2 query syntax"),
        SuiteResult::new("SPARQL 1.2 update evaluation"),
        SuiteResult::new("SPARQL 1.2 update syntax"),
    ];
    for entry in corpus.entries("sparql/sparql12/manifest.ttl") {
        let kinds = entry.kinds();
        let is = |part: &str| kinds.iter().any(|kind| kind.contains(part));
        let suite = 7 + 2 * usize::from(is("Update")) + usize::from(is("Syntax"));
        let outcome = run_with(&corpus, &entry, RdfVersion::Rdf12);
        suites[suite].record(&entry.short_name(), outcome);
    }
    for (manifest, evaluation, syntax) in [
        ("sparql/sparql11/manifest-sparql11-query.ttl", 0, 1),
        ("sparql/sparql11/manifest-sparql11-update.ttl", 2, 3),
        ("sparql/sparql11/manifest-sparql11-results.ttl", 4, 4),
        ("sparql/sparql10/manifest-evaluation.ttl", 5, 6),
        ("sparql/sparql10/manifest-syntax.ttl", 5, 6),
    ] {
        for entry in corpus.entries(manifest) {
            let suite = if entry.kinds().iter().any(|kind| kind.contains("Syntax")) {
                syntax
            } else {
                evaluation
            };
            suites[suite].record(&entry.short_name(), run(&corpus, &entry));
        }
    }
    suites
}

/// Runs a test of SPARQL 1.1 or 1.0.
pub(crate) fn run(corpus: &Corpus, entry: &Entry) -> Result<(), String> {
    run_with(corpus, entry, RdfVersion::Rdf11)
}

fn run_with(corpus: &Corpus, entry: &Entry, version: RdfVersion) -> Result<(), String> {
    let kinds = entry.kinds();
    let kind = kinds.first().ok_or("no type")?;
    match kind.as_str() {
        "QueryEvaluationTest" | "CSVResultFormatTest" => query_evaluation(corpus, entry, version),
        "UpdateEvaluationTest" => update_evaluation(corpus, entry, version),
        "PositiveSyntaxTest" | "PositiveSyntaxTest11" => match parse(corpus, entry, version)? {
            Ok(()) => Ok(()),
            Err(error) => Err(error.to_string()),
        },
        "NegativeSyntaxTest" | "NegativeSyntaxTest11" => match parse(corpus, entry, version)? {
            Ok(()) => Err("accepted".to_owned()),
            Err(_) => Ok(()),
        },
        "PositiveUpdateSyntaxTest11" | "PositiveUpdateSyntaxTest" => {
            match parse_update(corpus, entry, version)? {
                Ok(()) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        }
        "NegativeUpdateSyntaxTest11" | "NegativeUpdateSyntaxTest" => {
            match parse_update(corpus, entry, version)? {
                Ok(()) => Err("accepted".to_owned()),
                Err(_) => Ok(()),
            }
        }
        other => Err(format!("unknown test type {other}")),
    }
}

fn options(base: &str, rdf: RdfVersion) -> QueryOptions {
    QueryOptions {
        rdf,
        base_iri: Some(base.to_owned()),
        default_graph: DefaultGraph::Stored,
        timeout: Some(Duration::from_secs(20)),
        ..QueryOptions::default()
    }
}

fn action_iri(entry: &Entry) -> Result<String, String> {
    match entry.action() {
        Some(Term::NamedNode(node)) => Ok(node.into_string()),
        _ => Err("no action".to_owned()),
    }
}

fn parse(
    corpus: &Corpus,
    entry: &Entry,
    version: RdfVersion,
) -> Result<Result<(), QueryError>, String> {
    let iri = action_iri(entry)?;
    let text = corpus.read(&iri)?;
    Ok(parse_query(&text, &options(&iri, version)).map(drop))
}

/// Runs the update on an empty store: only a syntax error, or a refusal after a complete parse, comes back.
fn parse_update(
    corpus: &Corpus,
    entry: &Entry,
    version: RdfVersion,
) -> Result<Result<(), QueryError>, String> {
    let iri = action_iri(entry)?;
    let text = corpus.read(&iri)?;
    let store = Store::in_memory_with(Settings {
        rdf: version,
        ..Settings::default()
    });
    let mut draft = store.begin().map_err(|error| error.to_string())?;
    Ok(
        match apply_update(&mut draft, &text, &options(&iri, version)) {
            Ok(_) | Err(QueryError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        },
    )
}

fn iris(entry: &Entry, subject: &Term, predicate: &str) -> Vec<String> {
    entry
        .objects_of(subject, predicate)
        .into_iter()
        .filter_map(|term| match term {
            Term::NamedNode(node) => Some(node.into_string()),
            Term::BlankNode(_) | Term::Literal(_) | Term::Triple(_) => None,
        })
        .collect()
}

fn load(corpus: &Corpus, draft: &mut Draft<'_>, iri: &str, graph: GraphName) -> Result<(), String> {
    for quad in read_quads(corpus, iri, graph)? {
        draft.add_quad(quad.as_ref());
    }
    Ok(())
}

fn read_quads(corpus: &Corpus, iri: &str, graph: GraphName) -> Result<Vec<Quad>, String> {
    let text = corpus.read(iri)?;
    let format = RdfFormat::from_extension(iri.rsplit('.').next().unwrap_or(""))
        .ok_or_else(|| format!("{iri}: unknown extension"))?;
    RdfParser::from_format(format)
        .with_base_iri(iri)
        .map_err(|error| error.to_string())?
        .with_default_graph(graph)
        .rename_blank_nodes()
        .for_slice(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{iri}: {error}"))
}

fn query_evaluation(corpus: &Corpus, entry: &Entry, version: RdfVersion) -> Result<(), String> {
    let action = entry.action().ok_or("no action")?;
    let query_iri = iris(entry, &action, &format!("{QT}query"))
        .pop()
        .ok_or("no query")?;
    let text = corpus.read(&query_iri)?;
    let store = Store::in_memory_with(Settings {
        rdf: version,
        ..Settings::default()
    });
    let mut draft = store.begin().map_err(|error| error.to_string())?;
    for iri in iris(entry, &action, &format!("{QT}data")) {
        load(corpus, &mut draft, &iri, GraphName::DefaultGraph)?;
    }
    let mut named = iris(entry, &action, &format!("{QT}graphData"));
    named.extend(graphs_in_from(&text, &query_iri));
    named.sort();
    named.dedup();
    for iri in named {
        let graph = NamedNode::new_unchecked(&iri);
        load(corpus, &mut draft, &iri, graph.into())?;
    }
    let view = draft.snapshot().view();
    let options = options(&query_iri, version);
    let query = parse_query(&text, &options).map_err(|error| error.to_string())?;
    let result_iri = match entry.result() {
        Some(Term::NamedNode(node)) => node.into_string(),
        _ => return Err("no result".to_owned()),
    };
    let extension = result_iri.rsplit('.').next().unwrap_or("").to_owned();
    let format = if query.kind().is_graph() {
        OutputFormat::Graph(Format::NTriples)
    } else {
        // The format of the expected result, so that our writers are tested as well.
        OutputFormat::Solutions(match extension.as_str() {
            "srx" => ResultFormat::Xml,
            "tsv" => ResultFormat::Tsv,
            "csv" => ResultFormat::Csv,
            _ => ResultFormat::Json,
        })
    };
    let mut out = Vec::new();
    run_query(&view, &query, &options, format, &mut out).map_err(|error| error.to_string())?;
    if query.kind().is_graph() {
        let actual = parse_graph(&out)?;
        let expected = corpus.read_graph(&result_iri)?;
        return compare_graphs(&expected, &actual);
    }
    let expected = match extension.as_str() {
        "csv" => read_csv(corpus.read(&result_iri)?.as_bytes())?,
        "srx" | "srj" | "tsv" => read_results(corpus.read(&result_iri)?.as_bytes(), &extension)?,
        _ => read_result_graph(&corpus.read_graph(&result_iri)?)?,
    };
    let actual = match format {
        OutputFormat::Solutions(ResultFormat::Csv) => read_csv(&out)?,
        OutputFormat::Solutions(ResultFormat::Xml) => read_results(&out, "srx")?,
        OutputFormat::Solutions(ResultFormat::Tsv) => read_results(&out, "tsv")?,
        _ => read_results(&out, "srj")?,
    };
    let lax = entry
        .objects(
            &entry.id.clone().into(),
            "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#resultCardinality",
        )
        .iter()
        .any(|term| term.to_string().contains("LaxCardinality"));
    let ordered = query.kind() == QueryKind::Select && orders_at_top(&text);
    compare(&expected, &actual, ordered, lax)
}

/// IRIs behind `FROM` and `FROM NAMED`, resolved against the query's own IRI.
fn graphs_in_from(text: &str, base: &str) -> Vec<String> {
    let pattern = regex::Regex::new(r"(?i)\bFROM\s+(?:NAMED\s+)?<([^>]*)>").expect("valid regex");
    let folder = &base[..=base.rfind('/').unwrap_or(0)];
    pattern
        .captures_iter(text)
        .map(|found| {
            let iri = &found[1];
            if iri.contains("://") {
                iri.to_owned()
            } else {
                format!("{folder}{iri}")
            }
        })
        .collect()
}

/// Whether `ORDER BY` stands outside all braces.
fn orders_at_top(text: &str) -> bool {
    let mut depth = 0_i32;
    let upper = text.to_ascii_uppercase();
    upper.char_indices().any(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && upper[at..].starts_with("ORDER BY")
    })
}

fn update_evaluation(corpus: &Corpus, entry: &Entry, version: RdfVersion) -> Result<(), String> {
    let action = entry.action().ok_or("no action")?;
    let result = entry.result().ok_or("no result")?;
    let request = iris(entry, &action, &format!("{UT}request"))
        .pop()
        .ok_or("no request")?;
    let store = Store::in_memory_with(Settings {
        rdf: version,
        ..Settings::default()
    });
    let mut draft = store.begin().map_err(|error| error.to_string())?;
    for quad in described(corpus, entry, &action)? {
        draft.add_quad(quad.as_ref());
    }
    let text = corpus.read(&request)?;
    apply_update(&mut draft, &text, &options(&request, version))
        .map_err(|error| error.to_string())?;
    let view = draft.snapshot().view();
    let mut actual = Dataset::new();
    for quad in view.quads(None, None, None, None) {
        let line = [quad.s, quad.p, quad.o, quad.g].map(|id| view.text(id).into_owned());
        let line = format!("{} {} {} {} .", line[0], line[1], line[2], line[3]);
        for quad in RdfParser::from_format(RdfFormat::NQuads).for_slice(line.as_bytes()) {
            actual.insert(&quad.map_err(|error| error.to_string())?);
        }
    }
    let expected: Dataset = described(corpus, entry, &result)?.into_iter().collect();
    let canonical = |dataset: &Dataset| {
        let mut dataset = dataset.clone();
        dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
        let mut lines: Vec<String> = dataset.iter().map(|q| q.to_string()).collect();
        lines.sort();
        lines
    };
    let (expected, actual) = (canonical(&expected), canonical(&actual));
    if expected == actual {
        Ok(())
    } else {
        Err(difference(&expected, &actual))
    }
}

/// The dataset that an update test describes with `ut:data` and `ut:graphData`.
fn described(corpus: &Corpus, entry: &Entry, node: &Term) -> Result<Vec<Quad>, String> {
    let mut quads = Vec::new();
    for iri in iris(entry, node, &format!("{UT}data")) {
        quads.extend(read_quads(corpus, &iri, GraphName::DefaultGraph)?);
    }
    for part in entry.objects_of(node, &format!("{UT}graphData")) {
        let file = iris(entry, &part, &format!("{UT}graph"));
        let label = entry
            .objects_of(&part, "http://www.w3.org/2000/01/rdf-schema#label")
            .pop();
        match (file.first(), label, &part) {
            (Some(file), Some(Term::Literal(name)), _) => {
                let name = NamedNode::new(name.value()).map_err(|error| error.to_string())?;
                quads.extend(read_quads(corpus, file, name.into())?);
            }
            (None, _, Term::NamedNode(file)) => {
                quads.extend(read_quads(corpus, file.as_str(), file.clone().into())?);
            }
            _ => return Err("graph data without file or name".to_owned()),
        }
    }
    Ok(quads)
}

#[test]
fn select_star_keeps_the_order_of_the_text() {
    let store = Store::in_memory();
    let view = store.snapshot().view();
    let options = QueryOptions::default();
    let query = parse_query("SELECT * { ?z ?a ?m OPTIONAL { ?z ?b ?c } }", &options)
        .expect("the query is valid");
    let mut out = Vec::new();
    run_query(
        &view,
        &query,
        &options,
        OutputFormat::Solutions(ResultFormat::Csv),
        &mut out,
    )
    .expect("an empty store answers");
    assert_eq!(out, b"z,a,m,b,c\r\n");
}
