//! `oslo validate`: the stored registry, or files that are not to be stored, against stored, shipped or given shapes.

use super::Exit;
use super::arguments::parse_as_of;
use super::load::of_diagnostic;
use super::session::Session;
use crate::ingest::load::TargetGraph;
use crate::ingest::{LoadPlan, ParseOptions, parse_into};
use crate::registry::{Registry, StoredReport, assets};
use crate::shapes::{Report, Validation, ValidationOptions, Verdict, read_shapes_with, validate};
use crate::store::{AsOf, Draft, Graphs, Id, QuadIds, Store, StoreError};
use clap::{Args, ValueEnum};
use oxrdf::NamedNode;
use rustc_hash::FxHashMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct ValidateArgs {
    /// Files and folders to check without storing them [default: the stored registry]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Shapes to check against; may be given more than once [default: those in the registry, else those shipped with oslo]
    #[arg(long, value_name = "PATH")]
    shapes: Vec<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// Local copies of JSON-LD contexts: a table of context IRI and path
    #[arg(long, value_name = "TSV")]
    context_map: Option<PathBuf>,
    /// Check the stored state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of, conflicts_with_all = ["paths", "shapes"])]
    as_of: Option<AsOf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    /// For people
    Text,
    /// SHACL validation report in Turtle
    Turtle,
    /// SHACL validation report in JSON-LD
    Jsonld,
    /// One result a line
    Csv,
}

pub(crate) fn run(session: &Session, args: &ValidateArgs) -> anyhow::Result<Exit> {
    if args.as_of.is_some() {
        let (registry, state) = session.open_state(args.as_of)?;
        let report = registry.report_of(&state);
        write(session, &report.report, args.format)?;
        return Ok(exit_of(&report.report));
    }
    let registry = open(session, args)?;
    let report = if args.paths.is_empty() && args.shapes.is_empty() {
        registry.report()
    } else {
        check_files(&registry, args)?
    };
    write(session, &report.report, args.format)?;
    Ok(exit_of(&report.report))
}

/// The exit code of a report: undetermined when nothing was found and something, or all, was not checked.
pub(crate) fn exit_of(report: &Report) -> Exit {
    match report.verdict() {
        Verdict::Conforms if report.has_targets() => Exit::Done,
        Verdict::Conforms => Exit::Undetermined,
        Verdict::Violations => Exit::Refused,
        Verdict::Undetermined => Exit::Undetermined,
    }
}

/// The stored registry; files can also be checked where there is none, against what ships with the program.
fn open(session: &Session, args: &ValidateArgs) -> anyhow::Result<Registry> {
    match session.open_to_read() {
        Err(error) if !args.paths.is_empty() && is_missing(&error) => {}
        opened => return opened,
    }
    let registry = Registry::in_memory(session.config());
    let mut bar = session
        .console
        .progress(session.console.say("Vormen lezen", "Reading the shapes"));
    let files = assets::background_files();
    super::demo::load_assets(&registry, &files, &mut |index| {
        bar.at(index as u64, files.len() as u64)
    })?;
    bar.done();
    Ok(registry)
}

fn is_missing(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Missing { .. })))
}

/// Checks files in a draft that is never committed. Shapes and data get graphs of their own, so that focus nodes come
/// from the files alone, also when they name graphs that the registry has.
fn check_files(registry: &Registry, args: &ValidateArgs) -> anyhow::Result<StoredReport> {
    let mut draft = registry.store().scratch();
    let shapes_graphs = fill(registry, &mut draft, "shapes", &args.shapes, args)?;
    let file_graphs = fill(registry, &mut draft, "data", &args.paths, args)?;
    let view = draft.snapshot().view();
    let data_graphs = if args.paths.is_empty() {
        let mut graphs = registry.data_graphs(&view);
        graphs.retain(|graph| !shapes_graphs.contains(graph));
        graphs
    } else {
        file_graphs
    };
    let shapes = if args.shapes.is_empty() {
        registry.shapes()
    } else {
        let view = view.with_graphs(Graphs::set(shapes_graphs));
        Arc::new(read_shapes_with(&view, registry.shapes_options()))
    };
    let validation = Validation {
        data: view.with_graphs(Graphs::set(data_graphs)),
        context: view.clone(),
        options: ValidationOptions::default(),
    };
    Ok(StoredReport {
        report: Arc::new(validate(&shapes, &validation)),
        view,
    })
}

/// Reads files into graphs `urn:oslo-registry:validate:{role}:{graph of the file}` and returns those graphs.
fn fill(
    registry: &Registry,
    draft: &mut Draft<'_>,
    role: &str,
    paths: &[PathBuf],
    args: &ValidateArgs,
) -> anyhow::Result<Vec<Id>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut plan = LoadPlan::from_paths(registry, paths, &TargetGraph::Default, None, None)
        .map_err(|f| of_diagnostic(&f))?;
    if let Some(map) = &args.context_map {
        plan.contexts = plan.contexts.with_map(map).map_err(|f| of_diagnostic(&f))?;
    }
    let files = Store::in_memory_with(registry.store().settings());
    let mut read = files.scratch();
    for item in &plan.items {
        parse_into(&mut read, &item.input, ParseOptions::new(&plan.contexts))
            .map_err(|f| of_diagnostic(&f))?;
    }
    let view = read.snapshot().view();
    let mut terms: FxHashMap<Id, Id> = FxHashMap::default();
    let mut graphs: FxHashMap<Id, Id> = FxHashMap::default();
    for quad in view.quads(None, None, None, None) {
        let g = *graphs.entry(quad.g).or_insert_with(|| {
            let name = if quad.g == Id::DEFAULT_GRAPH {
                "default".into()
            } else {
                view.text(quad.g)
            };
            let name = name.trim_matches(['<', '>']);
            let graph =
                NamedNode::new_unchecked(format!("urn:oslo-registry:validate:{role}:{name}"));
            draft.intern_graph(graph.as_ref().into())
        });
        let mut term = |id| {
            *terms
                .entry(id)
                .or_insert_with(|| draft.intern(view.term(id).as_ref()))
        };
        let [s, p, o] = [term(quad.s), term(quad.p), term(quad.o)];
        draft.add(QuadIds { s, p, o, g });
    }
    Ok(graphs.into_values().collect())
}

fn write(session: &Session, report: &Report, format: ReportFormat) -> anyhow::Result<()> {
    let mut out = session.console.out();
    match format {
        ReportFormat::Text => report.render_text(&mut out, session.console.language)?,
        ReportFormat::Turtle => report.render_turtle(&mut out)?,
        ReportFormat::Jsonld => report.render_jsonld(&mut out)?,
        ReportFormat::Csv => report.render_csv(&mut out)?,
    }
    out.flush()?;
    Ok(())
}
