//! `oslo lint`: what is wrong or odd about shapes themselves, before any data are checked against them.

use super::Exit;
use super::load::of_diagnostic;
use super::session::Session;
use crate::ingest::load::TargetGraph;
use crate::ingest::{LoadPlan, ParseOptions, parse_into};
use crate::rdf::shacl::ShaclVersion;
use crate::registry::{Registry, assets};
use crate::shapes::{
    Effect, Lint, Shapes, ShapesOptions, finding_json, read_shapes_with, render_findings,
};
use crate::store::{Graphs, Id, Store, StoreError, View};
use clap::{Args, ValueEnum};
use oxrdf::NamedNode;
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct LintArgs {
    /// Files and folders with shapes [default: the shapes of the stored registry]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Form of the findings
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    format: LintFormat,
    /// Version of SHACL to read the shapes by: 1.0 or 1.2 [default: as the registry was set to]
    #[arg(long, value_name = "VERSION", value_parser = super::settings::parse_shacl)]
    shacl: Option<ShaclVersion>,
    /// Show only what is not checked, without the notes
    #[arg(long)]
    no_notes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LintFormat {
    /// For people
    Text,
    /// An array with an object for each finding
    Json,
}

/// Shapes with the findings about them, each with the file it was found in.
struct Linted {
    shapes: Shapes,
    findings: Vec<(Lint, Option<String>)>,
}

pub(crate) fn run(session: &Session, args: &LintArgs) -> anyhow::Result<Exit> {
    let registry = open(session, args)?;
    let mut options = registry.shapes_options();
    if let Some(version) = args.shacl {
        options.shacl12 = version.is_12();
    }
    let mut linted = if args.paths.is_empty() {
        stored(&registry, options)
    } else {
        of_files(&registry, args, options)?
    };
    if args.no_notes {
        linted
            .findings
            .retain(|(lint, _)| lint.effect != Effect::Note);
    }
    let mut out = session.console.out();
    match args.format {
        LintFormat::Text => {
            let language = session.console.language;
            let findings: Vec<Lint> = linted
                .findings
                .iter()
                .map(|(lint, file)| match file {
                    Some(file) if !lint.shape_label.is_empty() => {
                        let shape_label = format!("{} ({file})", lint.shape_label);
                        Lint {
                            shape_label,
                            ..lint.clone()
                        }
                    }
                    _ => lint.clone(),
                })
                .collect();
            render_findings(&findings, linted.shapes.shape_count(), &mut out, language)?;
        }
        LintFormat::Json => {
            let all: Vec<Value> = linted
                .findings
                .iter()
                .map(|(lint, file)| {
                    let mut finding = finding_json(lint);
                    finding["file"] = file.clone().into();
                    finding
                })
                .collect();
            serde_json::to_writer_pretty(&mut out, &all)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    let all_checked = linted
        .findings
        .iter()
        .all(|(lint, _)| lint.effect == Effect::Note);
    Ok(if all_checked {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// The stored registry; files can also be looked at where there is none, beside the vocabularies that ship.
fn open(session: &Session, args: &LintArgs) -> anyhow::Result<Registry> {
    let missing = |error: &anyhow::Error| {
        error
            .chain()
            .any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Missing { .. })))
    };
    match session.open_to_read() {
        Err(error) if !args.paths.is_empty() && missing(&error) => {}
        opened => return opened,
    }
    let registry = Registry::in_memory(session.config());
    super::demo::load_assets(&registry, &assets::background_files(), &mut |_| {})?;
    Ok(registry)
}

fn stored(registry: &Registry, options: ShapesOptions) -> Linted {
    let view = registry.snapshot().view();
    let graphs = registry.shapes_graphs(&view);
    let shapes = read_shapes_with(&view.with_graphs(Graphs::set(graphs.clone())), options);
    let file_of = |graph: Id| view.iri(graph).map(|iri| iri.into_owned());
    let findings = all_findings(&shapes, &view, std::slice::from_ref(&view), &file_of);
    Linted { shapes, findings }
}

fn of_files(
    registry: &Registry,
    args: &LintArgs,
    options: ShapesOptions,
) -> anyhow::Result<Linted> {
    let plan = LoadPlan::from_paths(registry, &args.paths, &TargetGraph::Default, None, None)
        .map_err(|f| of_diagnostic(&f))?;
    let files = Store::in_memory_with(registry.store().settings());
    let mut draft = files.scratch();
    let mut names: Vec<(Id, String)> = Vec::new();
    for (at, item) in plan.items.iter().enumerate() {
        let graph = NamedNode::new_unchecked(format!("urn:oslo-registry:lint:{at}"));
        let name = item.input.name().to_owned();
        names.push((draft.intern_graph(graph.as_ref().into()), name));
        let mut parsing = ParseOptions::new(&plan.contexts);
        parsing.graph = Some(graph);
        parse_into(&mut draft, &item.input, parsing).map_err(|f| of_diagnostic(&f))?;
    }
    let view = draft.snapshot().view();
    let shapes = read_shapes_with(&view, options);
    let file_of = |graph: Id| {
        let named = names.iter().find(|(of, _)| *of == graph);
        named.map(|(_, name)| name.clone())
    };
    let vocabularies = [registry.snapshot().view(), view.clone()];
    let findings = all_findings(&shapes, &view, &vocabularies, &file_of);
    Ok(Linted { shapes, findings })
}

/// What the shapes show by themselves and beside the vocabularies, each with the name of the graph its shape is in.
fn all_findings(
    shapes: &Shapes,
    view: &View,
    vocabularies: &[View],
    file_of: &dyn Fn(Id) -> Option<String>,
) -> Vec<(Lint, Option<String>)> {
    let odd = shapes.vocabulary_findings(vocabularies);
    shapes
        .findings()
        .iter()
        .cloned()
        .chain(odd)
        .map(|lint| {
            let shape = lint
                .shape
                .as_ref()
                .and_then(|term| view.id_of(term.as_ref()));
            let quad = shape.and_then(|id| view.quads(Some(id), None, None, None).next());
            let file = quad.and_then(|quad| file_of(quad.g));
            (lint, file)
        })
        .collect()
}
