//! `oslo validate`: the stored registry, or files that are not to be stored, against stored, shipped or given shapes.

use super::Exit;
use super::load::of_diagnostic;
use super::session::Session;
use crate::ingest::load::TargetGraph;
use crate::ingest::{LoadPlan, ParseOptions, parse_into};
use crate::registry::{Registry, StoredReport, assets};
use crate::shapes::{Report, Validation, ValidationOptions, Verdict, read_shapes, validate};
use crate::store::{Draft, Graphs, Id, StoreError};
use clap::{Args, ValueEnum};
use oxrdf::NamedNode;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct ValidateArgs {
    /// Files and folders to check without storing them [default: the stored registry]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Shapes to check against [default: those in the registry, else those shipped with oslo]
    #[arg(long, value_name = "PATH", num_args = 1..)]
    shapes: Vec<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    format: ReportFormat,
    /// Local copies of JSON-LD contexts: a table of context IRI and path
    #[arg(long, value_name = "TSV")]
    context_map: Option<PathBuf>,
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
    let registry = open(session, args)?;
    let report = if args.paths.is_empty() && args.shapes.is_empty() {
        registry.report()
    } else {
        check_files(&registry, args)?
    };
    write(session, &report.report, args.format)?;
    Ok(exit_of(&report.report))
}

/// The exit code of a report: undetermined only when nothing was found and something was not checked.
pub(crate) fn exit_of(report: &Report) -> Exit {
    match report.verdict() {
        Verdict::Conforms => Exit::Done,
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
    let mut bar = session.console.progress(session.console.say("Vormen lezen", "Reading the shapes"));
    let files = assets::background_files();
    super::demo::load_assets(&registry, &files, &mut |index| bar.at(index as u64, files.len() as u64))?;
    bar.done();
    Ok(registry)
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Missing { .. })))
}

fn check_files(registry: &Registry, args: &ValidateArgs) -> anyhow::Result<StoredReport> {
    let mut draft = registry.store().scratch();
    let shapes_graph = NamedNode::new_unchecked("urn:oslo-registry:validate:shapes");
    let data_graph = NamedNode::new_unchecked("urn:oslo-registry:validate:data");
    parse(registry, &mut draft, &args.shapes, &shapes_graph, args)?;
    let shapes_graphs = graphs_added(&mut draft, &[]);
    parse(registry, &mut draft, &args.paths, &data_graph, args)?;
    let view = draft.snapshot().view();
    let data_graphs = if args.paths.is_empty() {
        let mut graphs = registry.data_graphs(&view);
        graphs.retain(|graph| !shapes_graphs.contains(graph));
        graphs
    } else {
        graphs_added(&mut draft, &shapes_graphs)
    };
    let shapes = if args.shapes.is_empty() {
        registry.shapes()
    } else {
        Arc::new(read_shapes(&view.with_graphs(Graphs::set(shapes_graphs))))
    };
    let validation = Validation {
        data: view.with_graphs(Graphs::set(data_graphs)),
        context: view.clone(),
        options: ValidationOptions::default(),
    };
    Ok(StoredReport { report: Arc::new(validate(&shapes, &validation)), view })
}

fn parse(
    registry: &Registry,
    draft: &mut Draft<'_>,
    paths: &[PathBuf],
    graph: &NamedNode,
    args: &ValidateArgs,
) -> anyhow::Result<()> {
    let target = TargetGraph::Named(graph.clone());
    let mut plan = LoadPlan::from_paths(registry, paths, &target, None, None).map_err(|f| of_diagnostic(&f))?;
    if let Some(map) = &args.context_map {
        plan.contexts = plan.contexts.with_map(map).map_err(|f| of_diagnostic(&f))?;
    }
    for item in &plan.items {
        let options = ParseOptions { graph: item.graph.clone(), ..ParseOptions::new(&plan.contexts) };
        parse_into(draft, &item.input, options).map_err(|f| of_diagnostic(&f))?;
    }
    Ok(())
}

fn graphs_added(draft: &mut Draft<'_>, but: &[Id]) -> Vec<Id> {
    let mut graphs: Vec<Id> = draft.net().added.iter().map(|quad| quad.g).collect();
    graphs.sort_unstable();
    graphs.dedup();
    graphs.retain(|graph| !but.contains(graph));
    graphs
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
