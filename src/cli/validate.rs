//! `oslo validate`: the stored registry, or files that are not to be stored, against stored, shipped or given shapes.

mod baseline;
mod files;

use super::Exit;
use super::arguments::parse_as_of;
use super::problem::Problem;
use super::session::Session;
use crate::registry::{Registry, StoredReport, assets};
use crate::shapes::{
    Rendering, Report, ReportFormat, Severity, Shapes, Validation, ValidationOptions, Verdict,
    read_shapes_with, suggested_shapes, validate,
};
use crate::store::{AsOf, Draft, Graphs, Id, Snapshot, StoreError, View};
use crate::views::html::{ReportPage, ReportPart, Site, render_report_file};
use crate::views::profiles;
use anyhow::Context as _;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use files::Files;
use std::fs::File;
use std::io::{BufWriter, Write};
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
    /// Application profile to check against, such as adres; may be given more than once [default: all]
    #[arg(long, value_name = "NAME", conflicts_with = "shapes")]
    profile: Vec<String>,
    /// Form of the report [default: from the name of --output, else text]
    #[arg(long, value_parser = format_parser())]
    format: Option<ReportFormat>,
    /// File to write the report to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Earlier report (SARIF, NDJSON, Turtle, JSON-LD, N-Triples or RDF/XML): its results are left out
    #[arg(long, value_name = "REPORT")]
    baseline: Option<PathBuf>,
    /// Least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t = FailOn::Info, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Tell why nodes do not conform to the shapes that a result names, such as those of sh:node and sh:or
    #[arg(long)]
    detail: bool,
    /// Refuse shapes that are ill-formed or cannot be fully checked, instead of listing them as not checked
    #[arg(long)]
    strict: bool,
    /// Check the whole stored registry anew, rather than tell the results that are kept up to date with every commit
    #[arg(long, conflicts_with_all = ["paths", "shapes", "profile", "as_of"])]
    full: bool,
    /// Local copies of JSON-LD contexts: a table of context IRI and path
    #[arg(long, value_name = "TSV")]
    context_map: Option<PathBuf>,
    /// Check the stored state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of, conflicts_with_all = ["paths", "shapes"])]
    as_of: Option<AsOf>,
}

/// From which severity on a result counts for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum FailOn {
    /// Any result
    Info,
    /// Warnings and violations
    Warning,
    /// Violations
    Violation,
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = ReportFormat> {
    PossibleValuesParser::new(ReportFormat::ALL.map(ReportFormat::name))
        .map(|name| ReportFormat::from_name(&name).expect("only names of formats are let through"))
}

impl ValidateArgs {
    fn format(&self) -> ReportFormat {
        let by_name = || ReportFormat::from_path(self.output.as_deref()?);
        self.format.or_else(by_name).unwrap_or(ReportFormat::Text)
    }
}

pub(crate) fn run(session: &Session, args: &ValidateArgs) -> anyhow::Result<Exit> {
    let known = match &args.baseline {
        Some(path) => Some(baseline::read(path)?),
        None => None,
    };
    let (registry, state) = if args.as_of.is_some() {
        session.open_state(args.as_of)?
    } else {
        let registry = open(session, args)?;
        let state = registry.snapshot();
        (registry, state)
    };
    let from_files = !args.paths.is_empty() || !args.shapes.is_empty();
    let (mut stored, files) = if from_files {
        check_files(&registry, args)?
    } else if args.full {
        (check_anew(session, &registry, &state), Files::default())
    } else if args.profile.is_empty() && known.is_none() {
        (registry.report_of(&state), Files::default())
    } else {
        (check_state(&registry, &state, args)?, Files::default())
    };
    refuse(session, args, &stored.report)?;
    if let Some(mut known) = known {
        let mut report = Report::clone(&stored.report);
        let before = report.total();
        report.retain_results(|report, row| !known.take(&report.result_id(row)));
        let left_out = before - report.total();
        stored.report = Arc::new(report);
        let text = session.console.say(
            "resultaten die al in het vorige rapport stonden",
            "results that the earlier report has too",
        );
        session.console.note(&format!("{left_out} {text}"));
    }
    write(session, &registry, args, &stored, &files)?;
    Ok(exit_of(&stored.report, args.fail_on))
}

/// Checks everything, and says so when that is not what was known.
fn check_anew(session: &Session, registry: &Registry, state: &Snapshot) -> StoredReport {
    let (stored, is_same) = registry.check_anew(state);
    if !is_same {
        session.console.note(session.console.say(
            "de bijgehouden resultaten verschilden van deze; meld dit als fout van oslo",
            "the results that were kept differed from these; please report this as a fault of oslo",
        ));
    }
    stored
}

/// In strict mode there is no report where something was not checked
/// ([§3.4](https://www.w3.org/TR/shacl/#failures)).
fn refuse(session: &Session, args: &ValidateArgs, report: &Report) -> anyhow::Result<()> {
    let Some(lint) = report.failure().filter(|_| args.strict) else {
        return Ok(());
    };
    let say = |nl, en| session.console.say(nl, en);
    anyhow::bail!(
        "{} ({}{}): {}",
        say(
            "deze vormen kunnen niet volledig gecontroleerd worden",
            "these shapes cannot be fully checked"
        ),
        lint.code,
        match lint.shape_label.as_str() {
            "" => String::new(),
            label => format!(", {label}"),
        },
        say(&lint.message.nl, &lint.message.en)
    )
}

/// The exit code of a report: undetermined when nothing of the severity was found and something, or all, was not checked.
fn exit_of(report: &Report, level: FailOn) -> Exit {
    let rank = |severity: &Severity| match severity {
        Severity::Other(_) if severity.is_mild() => FailOn::Info,
        Severity::Violation | Severity::Other(_) => FailOn::Violation,
        Severity::Warning => FailOn::Warning,
        Severity::Info => FailOn::Info,
    };
    let groups = report.groups();
    match report.verdict() {
        Verdict::Violations if groups.iter().any(|group| rank(&group.severity) >= level) => {
            Exit::Refused
        }
        Verdict::Undetermined => Exit::Undetermined,
        Verdict::Violations if !report.not_checked().is_empty() => Exit::Undetermined,
        _ if report.has_targets() => Exit::Done,
        _ => Exit::Undetermined,
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

/// Bounds of a run: with an earlier report to compare with, no result may be left out.
fn options(args: &ValidateArgs) -> ValidationOptions {
    let default = ValidationOptions::default();
    ValidationOptions {
        sample_cap: if args.baseline.is_some() {
            usize::MAX
        } else {
            default.sample_cap
        },
        ..default
    }
}

/// Checks the stored data against the profiles named.
fn check_state(
    registry: &Registry,
    state: &Snapshot,
    args: &ValidateArgs,
) -> anyhow::Result<StoredReport> {
    let view = state.view();
    let shapes = match profile_shapes(registry, &view, &args.profile)? {
        Some(shapes) => shapes,
        None => read_shapes_with(
            &view.with_graphs(Graphs::set(registry.shapes_graphs(&view))),
            registry.shapes_options(),
        ),
    };
    let validation = Validation {
        data: view.with_graphs(Graphs::set(registry.data_graphs(&view))),
        context: view.without_apart(),
        options: options(args),
    };
    Ok(StoredReport {
        report: Arc::new(validate(&shapes, &validation)),
        view,
    })
}

/// The shapes of the profiles named, when any is.
fn profile_shapes(
    registry: &Registry,
    view: &View,
    names: &[String],
) -> anyhow::Result<Option<Shapes>> {
    if names.is_empty() || names.iter().any(|name| name == profiles::ALL) {
        return Ok(None);
    }
    let known = profiles::profiles(registry, view);
    let mut graphs = Vec::new();
    for name in names {
        let profile = profiles::find(&known, name).ok_or_else(|| {
            let list: Vec<&str> = known.iter().map(|profile| profile.name.as_str()).collect();
            let list = list.join(", ");
            Problem::new(
                format!("er is geen toepassingsprofiel \"{name}\""),
                format!("there is no application profile \"{name}\""),
            )
            .hint(
                format!("deze bestaan: {list}"),
                format!("there are: {list}"),
            )
        })?;
        graphs.extend(profiles::graphs_of(view, &known, profile));
    }
    Ok(Some(profiles::shapes_of(registry, view, graphs)))
}

/// Checks files in a draft that is never committed. Shapes and data get graphs of their own, so that focus nodes come
/// from the files alone, also when they name graphs that the registry has.
fn check_files(registry: &Registry, args: &ValidateArgs) -> anyhow::Result<(StoredReport, Files)> {
    let mut draft: Draft<'_> = registry.store().scratch();
    let context_map = args.context_map.as_deref();
    let own_shapes = files::fill(registry, &mut draft, "shapes", &args.shapes, context_map)?;
    let files = files::fill(registry, &mut draft, "data", &args.paths, context_map)?;
    let view = draft.snapshot().view();
    let named = if args.shapes.is_empty() && args.profile.is_empty() {
        suggested(&view, &files)
    } else {
        Vec::new()
    };
    let data_graphs = if args.paths.is_empty() {
        let mut graphs = registry.data_graphs(&view);
        graphs.retain(|graph| !own_shapes.has(*graph));
        graphs
    } else {
        let mut graphs = files.graphs();
        graphs.retain(|graph| !named.contains(graph));
        graphs
    };
    let shapes = if !args.shapes.is_empty() {
        Arc::new(read_shapes_with(
            &view.with_graphs(Graphs::set(own_shapes.graphs())),
            registry.shapes_options(),
        ))
    } else if !named.is_empty() {
        let named = view.with_graphs(Graphs::set(named));
        Arc::new(read_shapes_with(&named, registry.shapes_options()))
    } else {
        match profile_shapes(registry, &view, &args.profile)? {
            Some(shapes) => Arc::new(shapes),
            None => registry.shapes(),
        }
    };
    let validation = Validation {
        data: view.with_graphs(Graphs::set(data_graphs)),
        context: view.without_apart(),
        options: options(args),
    };
    let stored = StoredReport {
        report: Arc::new(validate(&shapes, &validation)),
        view,
    };
    Ok((stored, files))
}

/// The shapes graphs that the files name for themselves (`sh:shapesGraph`): graphs of the files or of the registry. One that
/// is nowhere is told, and never fetched.
fn suggested(view: &View, files: &Files) -> Vec<Id> {
    let data = view.with_graphs(Graphs::set(files.graphs()));
    let mut found = Vec::new();
    for name in suggested_shapes(&data) {
        let name = name.as_str();
        let stored = view.id_of_iri(name);
        let here = files
            .named(view, name)
            .or_else(|| stored.filter(|graph| view.graph_size(*graph) > 0));
        match here {
            Some(graph) => found.push(graph),
            None => {
                tracing::warn!("sh:shapesGraph names {name}, which is not here and is not fetched");
            }
        }
    }
    found
}

fn write(
    session: &Session,
    registry: &Registry,
    args: &ValidateArgs,
    stored: &StoredReport,
    files: &Files,
) -> anyhow::Result<()> {
    let format = args.format();
    let detailed;
    let stored = if args.detail && format != ReportFormat::Html {
        detailed = StoredReport {
            report: Arc::new(stored.report.with_details(format, None)),
            view: stored.view.clone(),
        };
        &detailed
    } else {
        stored
    };
    let Some(path) = &args.output else {
        let mut out = session.console.out();
        return render(session, registry, args, (stored, files), &mut out);
    };
    let file = File::create(path).with_context(|| path.display().to_string())?;
    let mut out = BufWriter::new(file);
    render(session, registry, args, (stored, files), &mut out)?;
    // Whoever reads the screen wants to know how it ended.
    session
        .console
        .note(&stored.report.summary(session.console.language));
    Ok(())
}

fn render(
    session: &Session,
    registry: &Registry,
    args: &ValidateArgs,
    (stored, files): (&StoredReport, &Files),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let format = args.format();
    let (report, language) = (&*stored.report, session.console.language);
    if format == ReportFormat::Html {
        let site = Site {
            view: &stored.view,
            registers: registry.registers(),
            base: registry.base(),
            language,
            earlier: None,
        };
        let source = if files.is_empty() {
            session
                .console
                .say("het register", "the registry")
                .to_owned()
        } else {
            files.names()
        };
        let page = ReportPage {
            report,
            source: &source,
            address: None,
            part: ReportPart::Rules,
            number: 1,
            has_details: args.detail,
        };
        out.write_all(render_report_file(&site, &page).as_bytes())?;
    } else {
        let has_lines = matches!(format, ReportFormat::Sarif | ReportFormat::Ndjson);
        let places = files.places(report, has_lines);
        let rendering = Rendering {
            language,
            origin_of: &|focus| {
                let place = places.get(&focus).cloned();
                place.or_else(|| report.graph_origin(focus))
            },
        };
        report.render(format, &rendering, out)?;
    }
    out.flush()?;
    Ok(())
}
