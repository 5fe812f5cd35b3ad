//! `oslo load`: files and folders into the registry, one commit per file unless asked otherwise.
//! When piped, one line per file as soon as its commit is durable: outcome, commit, added, removed, name.

use super::Exit;
use super::arguments::{parse_iri, parse_keep, parse_memory};
use super::console::{Console, Progress, group_digits, write_tabbed};
use super::normalise::ReportForm;
use super::problem::{self, Problem};
use super::quarantine::print_aside;
use super::session::Session;
use crate::ingest::load::{
    CommitUnit, Introduced, LoadMode, LoadOutcome, LoadProgress, LoadedFile, TargetGraph,
};
use crate::ingest::normalise::RepairReport;
use crate::ingest::{Diagnostic, LoadPlan, LoadSummary, Mending, detect_format, load_files};
use crate::rdf::format::Format;
use crate::rdf::label::Language;
use crate::registry::{Mode, Registry, Rejection, Writer};
use crate::shapes::{Severity, SeverityCounts};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Args)]
pub(crate) struct LoadArgs {
    /// Files and folders; folders are read with everything below them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Graph for statements that name none; "by-path" names it after each file's place [default: the default graph]
    #[arg(long, value_name = "IRI")]
    graph: Option<String>,
    /// Syntax, when the file name does not tell: turtle, trig, ntriples, nquads, rdfxml, jsonld
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    format: Option<Format>,
    /// How strictly a file is judged [default: as the gate's rule for its graph says, else reject]
    #[arg(long, value_enum, value_name = "HOW")]
    on_violation: Option<Strictness>,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with the next file after one that was refused
    #[arg(long)]
    keep_going: bool,
    /// Make one commit of all files, or none at all
    #[arg(long, conflicts_with = "keep_going")]
    together: bool,
    /// Remove from the target graph what the file no longer says
    #[arg(long)]
    replace: bool,
    /// Mend RDF too: names of namespaces, terms, identifiers and systems of coordinates, bytes that are not UTF-8
    #[arg(long)]
    repair: bool,
    /// Repairs that are not made, by code with commas between them
    #[arg(long, value_name = "CODES", requires = "repair", value_parser = parse_keep)]
    keep: Option<String>,
    /// Refuse what would have to be repaired
    #[arg(long)]
    strict: bool,
    /// Write to graphs of declared sources too
    #[arg(long)]
    force: bool,
    /// Form of what is told of repairs, on standard error
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    report: ReportForm,
    /// Local copies of JSON-LD contexts: a table of context IRI and path
    #[arg(long, value_name = "TSV")]
    context_map: Option<PathBuf>,
    /// Memory that one change may take before it goes to disk, such as 512MiB or 2GiB [default: 2GiB]
    #[arg(long, env = "OSLO_MEMORY", value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
}

/// How strictly a change is judged, whatever the rules of its graphs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strictness {
    /// Refuse it
    Reject,
    /// Take what conforms and let the other members wait
    Quarantine,
    /// Take it and say so
    Warn,
    /// Take it and count what is wrong
    Report,
    /// Do not check it
    Off,
}

impl From<Strictness> for Mode {
    fn from(strictness: Strictness) -> Self {
        match strictness {
            Strictness::Reject => Self::Reject,
            Strictness::Quarantine => Self::Quarantine,
            Strictness::Warn => Self::Warn,
            Strictness::Report => Self::Report,
            Strictness::Off => Self::Off,
        }
    }
}

pub(crate) fn parse_format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        "one of turtle, trig, ntriples, nquads, rdfxml, jsonld is expected".to_owned()
    })
}

pub(crate) fn run(session: &Session, args: &LoadArgs) -> anyhow::Result<Exit> {
    let registry = session.open_to_write(args.memory)?;
    let plan = plan(session, &registry, args)?;
    let console = session.console;
    let mut meter = Meter::new(console, &plan);
    let mut tally = Tally {
        exit: Exit::Done,
        report: args.report,
        added: 0,
        loaded: 0,
        not_tried: 0,
    };
    if args.together {
        let summary = load_files(&registry, &plan, &mut |at| meter.note(at.index, &at));
        tally.take(console, &meter.bar, &summary.map_err(problem::of_store)?)?;
    } else {
        for (index, item) in plan.items.iter().enumerate() {
            let one = LoadPlan {
                items: vec![item.clone()],
                ..plan.clone()
            };
            let summary = load_files(&registry, &one, &mut |at| meter.note(index, &at));
            tally.take(console, &meter.bar, &summary.map_err(problem::of_store)?)?;
            if tally.exit != Exit::Done && !args.keep_going {
                tally.not_tried += plan.items.len() - index - 1;
                break;
            }
        }
    }
    meter.bar.done();
    tally.say(console, plan.skipped.len());
    Ok(tally.exit)
}

/// Whose graphs a command may touch.
pub(crate) fn writer(force: bool) -> Writer {
    if force {
        Writer::Operator
    } else {
        Writer::Anyone
    }
}

fn plan(session: &Session, registry: &Registry, args: &LoadArgs) -> anyhow::Result<LoadPlan> {
    let language = session.console.language;
    let target = match args.graph.as_deref() {
        None | Some("default" | "standaard") => TargetGraph::Default,
        // Not the default: files in a folder named shapes would become rules in force.
        Some("by-path" | "volgens-pad") => TargetGraph::ByPath,
        Some(iri) => TargetGraph::Named(parse_iri(iri)?),
    };
    let mut plan = LoadPlan::from_paths(registry, &args.paths, &target, args.format, None)
        .map_err(|finding| of_diagnostic(&finding))?;
    if args.graph.is_none() {
        // Statements of a dump that stand outside its graphs belong to the default graph, where they came from.
        for item in &mut plan.items {
            let quads = |format| matches!(format, Format::NQuads | Format::TriG);
            if detect_format(item.input.name(), item.format).is_ok_and(|(format, _)| quads(format))
            {
                item.graph = None;
            }
        }
    }
    if let Some(map) = &args.context_map {
        plan.contexts = plan
            .contexts
            .with_map(map)
            .map_err(|finding| of_diagnostic(&finding))?;
    }
    plan.gate = args.on_violation.map(Into::into);
    plan.dry_run = args.dry_run;
    plan.strict = args.strict;
    plan.writer = writer(args.force);
    plan.mending = args.repair.then(|| Mending {
        keep: Mending::keeping(args.keep.as_deref().unwrap_or("")).unwrap_or_default(),
        strict: args.strict,
    });
    plan.evidence = Some(session.data().to_owned());
    plan.keep_going = args.keep_going;
    plan.mode = if args.replace {
        LoadMode::Replace
    } else {
        LoadMode::Add
    };
    plan.unit = if args.together {
        CommitUnit::Together
    } else {
        CommitUnit::PerFile
    };
    if plan.items.is_empty() {
        return Err(Problem::new("er is niets om te laden", "there is nothing to load")
            .hint(
                "geef bestanden met RDF (ttl, trig, nt, nq, rdf, jsonld, elk ook als .gz) of mappen ermee",
                "name files with RDF (ttl, trig, nt, nq, rdf, jsonld, each also as .gz) or folders of them",
            )
            .into());
    }
    tracing::debug!(
        files = plan.items.len(),
        ?language,
        "Loading {} files",
        plan.items.len()
    );
    Ok(plan)
}

/// A finding of ingest as the reason why a command could not run.
pub(crate) fn of_diagnostic(finding: &Diagnostic) -> anyhow::Error {
    let at = &finding.location;
    let mut problem = Problem::new(
        format!("{} ({}): {}", at, finding.code, finding.message.nl),
        format!("{} ({}): {}", at, finding.code, finding.message.en),
    );
    if let Some(hint) = &finding.hint {
        problem = problem.hint(hint.nl.as_str(), hint.en.as_str());
    }
    problem.into()
}

/// How far a load is: bytes of all files, statements of all files, and how many a second in the file at hand.
struct Meter {
    console: Console,
    bar: Progress,
    /// Bytes of the files before each file, and of all.
    before: Vec<u64>,
    total: u64,
    index: usize,
    since: Instant,
    /// Statements of the files before the one at hand, and of that one.
    statements: (u64, u64),
}

impl Meter {
    fn new(console: Console, plan: &LoadPlan) -> Self {
        let mut total = 0;
        let before = plan.items.iter().map(|item| {
            let start = total;
            total += item.input.size_bytes().unwrap_or(0);
            start
        });
        Self {
            console,
            bar: console.progress("").of_bytes(),
            before: before.collect(),
            total,
            index: 0,
            since: Instant::now(),
            statements: (0, 0),
        }
    }

    fn note(&mut self, index: usize, at: &LoadProgress<'_>) {
        if index != self.index {
            (self.index, self.since) = (index, Instant::now());
            self.statements = (self.statements.0 + self.statements.1, 0);
        }
        self.statements.1 = at.bytes.statements;
        let (before, now) = self.statements;
        let mut label = match self.before.len() {
            0 | 1 => at.name.to_owned(),
            files => format!("{}/{files} {}", index + 1, at.name),
        };
        if at.bytes.bytes_total == Some(at.bytes.bytes_read) {
            label.push_str(self.console.say(": bewaren", ": storing"));
        }
        let rate = now as f64 / self.since.elapsed().as_secs_f64().max(0.001);
        let show = |number| group_digits(number, self.console.language);
        self.bar.label(&label);
        self.bar.remark(&format!(
            "{} quads, {}/s",
            show(before + now),
            show(rate as u64)
        ));
        let before = self.before.get(index).copied().unwrap_or(0);
        self.bar.at(before + at.bytes.bytes_read, self.total);
    }
}

/// What became of the files so far.
struct Tally {
    exit: Exit,
    report: ReportForm,
    added: u64,
    loaded: usize,
    not_tried: usize,
}

impl Tally {
    fn take(&mut self, console: Console, bar: &Progress, summary: &LoadSummary) -> io::Result<()> {
        for file in &summary.files {
            bar.line_above(|| write_line(console, self.report, file))?;
            if file.outcome.is_good() {
                self.loaded += 1;
            } else {
                self.exit = Exit::Refused;
            }
        }
        self.added += summary.quads_added();
        self.not_tried += summary.not_tried;
        Ok(())
    }

    fn say(&self, console: Console, skipped: usize) {
        let show = |number| group_digits(number, console.language);
        let mut line = format!(
            "{}: {}; {}: {}",
            console.say("geladen bestanden", "files loaded"),
            show(self.loaded as u64),
            console.say("nieuwe quads", "new quads"),
            show(self.added),
        );
        if self.not_tried > 0 {
            let text = console.say(
                "niet geprobeerd (--keep-going gaat door na een fout)",
                "not tried (--keep-going goes on after a failure)",
            );
            line.push_str(&format!("; {} {text}", show(self.not_tried as u64)));
        }
        if skipped > 0 {
            let text = console.say(
                "bestanden zonder RDF overgeslagen",
                "files without RDF passed over",
            );
            line.push_str(&format!("; {} {text}", show(skipped as u64)));
        }
        console.note(&line);
    }
}

/// One line per file, written through at once: whoever reads it may rely on the commit.
fn write_line(console: Console, report: ReportForm, file: &LoadedFile) -> io::Result<()> {
    let (word, seq, added, removed) = match &file.outcome {
        LoadOutcome::Loaded {
            seq,
            quads_added,
            quads_removed,
            ..
        } => (
            console.say("geladen", "loaded"),
            Some(*seq),
            *quads_added,
            *quads_removed,
        ),
        LoadOutcome::WouldLoad {
            quads_added,
            quads_removed,
            ..
        } => (
            console.say("proef", "dry run"),
            None,
            *quads_added,
            *quads_removed,
        ),
        LoadOutcome::Unchanged => (console.say("ongewijzigd", "unchanged"), None, 0, 0),
        LoadOutcome::Refused(_) => (console.say("onleesbaar", "unreadable"), None, 0, 0),
        LoadOutcome::Rejected { .. } => (console.say("geweigerd", "rejected"), None, 0, 0),
        LoadOutcome::NotCommitted => (console.say("niet bewaard", "not committed"), None, 0, 0),
    };
    let seq = seq.map_or(String::new(), |seq| seq.to_string());
    let mut out = io::stdout().lock();
    if console.out_is_terminal {
        let mark = if file.outcome.is_good() { '✓' } else { '✗' };
        let added = console.number(added);
        writeln!(out, "{mark} {word:<13} {added:>12} quads  {}", file.name)?;
    } else {
        // The words of a line for programs do not change with the language.
        let word = match &file.outcome {
            LoadOutcome::Loaded { .. } => "loaded",
            LoadOutcome::WouldLoad { .. } => "dry-run",
            LoadOutcome::Unchanged => "unchanged",
            LoadOutcome::Refused(_) => "unreadable",
            LoadOutcome::Rejected { .. } => "rejected",
            LoadOutcome::NotCommitted => "not-committed",
        };
        let row = [
            word.to_owned(),
            seq,
            added.to_string(),
            removed.to_string(),
            file.name.clone(),
        ];
        write_tabbed(&mut out, &row)?;
    }
    out.flush()?;
    drop(out);
    for warning in file.stats.iter().flat_map(|stats| &stats.warnings) {
        eprint!("{}", warning.render(console.language));
    }
    if let Some(repairs) = file.repairs.as_ref().filter(|repairs| !repairs.is_empty()) {
        tell_repairs(console, report, &file.name, repairs);
    }
    match &file.outcome {
        LoadOutcome::Refused(finding) => eprint!("{}", finding.render(console.language)),
        LoadOutcome::Rejected { rejection, .. } => print_rejection(console, rejection)?,
        LoadOutcome::Loaded { introduced, .. } | LoadOutcome::WouldLoad { introduced, .. } => {
            if let Some(line) = findings_line(console, introduced) {
                eprintln!("{line}");
            }
        }
        _ => {}
    }
    print_aside(console, &file.aside)?;
    Ok(())
}

/// What was repaired, on standard error: for people, or an object a line.
fn tell_repairs(console: Console, form: ReportForm, name: &str, repairs: &RepairReport) {
    let language = console.language;
    if form == ReportForm::Json {
        let mut row = repairs.json(language);
        if let Some(members) = row.as_object_mut() {
            members.insert("file".to_owned(), name.into());
        }
        eprintln!("{row}");
        return;
    }
    eprintln!("{}", repairs.line(language));
    for (place, why) in &repairs.refused {
        eprintln!("  {place}: {}", why.get(language));
    }
    if repairs.records == 0 {
        for (code, (_, examples)) in &repairs.codes {
            for (place, repair) in examples.iter().take(1) {
                eprintln!("  {code} {}", repair.message().get(language));
                eprintln!("    {}", format!("{place} {}", repair.path).trim_end());
            }
        }
    }
}

/// What a change did to the results, in a line; `None` when it brought and solved none.
pub(crate) fn findings_line(console: Console, found: &Introduced) -> Option<String> {
    if found.new.total() + found.solved.total() == 0 {
        return None;
    }
    let counts = |counts: &SeverityCounts| {
        let parts = [
            (Severity::Violation, counts.errors()),
            (Severity::Warning, counts.warning),
            (Severity::Info, counts.informative()),
        ];
        let told: Vec<String> = parts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| {
                let count = group_digits(*count, console.language);
                format!("{count} × {}", severity.label(console.language))
            })
            .collect();
        if told.is_empty() {
            "0".to_owned()
        } else {
            told.join(", ")
        }
    };
    Some(format!(
        "{}: {} {}; {} {}; {} {} ({})",
        console.say("bevindingen", "results"),
        console.say("nieuw", "new"),
        counts(&found.new),
        console.say("opgelost", "solved"),
        counts(&found.solved),
        console.say("resterend", "remaining"),
        counts(&found.remaining),
        console.say("`oslo validate` toont ze", "`oslo validate` shows them"),
    ))
}

/// Why the shapes refuse a change, on standard error: the first results in full, the rest as a number.
pub(crate) fn print_rejection(console: Console, rejection: &Rejection) -> io::Result<()> {
    let (report, language) = (&rejection.report, console.language);
    let mut err = io::stderr().lock();
    for row in rejection.findings.rows.iter().take(SHOWN_RESULTS) {
        let severity = row.severity.label(language);
        writeln!(
            err,
            "{severity}[{}]: {}",
            row.component.code(),
            report.message(row, language)
        )?;
        let focus = console.say("object", "focus node");
        let path = report
            .path_text(row)
            .map_or(String::new(), |path| format!(", {path}"));
        writeln!(err, "  {focus}: {}{path}", report.term_text(row.focus))?;
        writeln!(
            err,
            "  {}: {}",
            console.say("hulp", "hint"),
            report.hint(row, language)
        )?;
    }
    let total = rejection.findings.new.total();
    if let Some(more) = total.checked_sub(SHOWN_RESULTS as u64 + 1) {
        writeln!(
            err,
            "… {} {}",
            console.say("en nog", "and"),
            format_more(console, more + 1)
        )?;
    }
    writeln!(
        err,
        "{}",
        console.say(
            "Er is niets gewijzigd. Verbeter de gegevens, neem op wat voldoet met --on-violation quarantine, of alles met --on-violation warn.",
            "Nothing was changed. Mend the data, take in what conforms with --on-violation quarantine, or everything with --on-violation warn.",
        )
    )
}

fn format_more(console: Console, more: u64) -> String {
    let more = group_digits(more, console.language);
    match console.language {
        Language::Nl => more,
        Language::En => format!("{more} more"),
    }
}

/// Results of a rejection that are shown in full.
const SHOWN_RESULTS: usize = 10;
