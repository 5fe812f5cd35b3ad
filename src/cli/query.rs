//! `oslo query` and `oslo update`: SPARQL over the registry.

use super::Exit;
use super::arguments::{ServiceArgs, parse_as_of, parse_seconds, parse_valid_on};
use super::load::{Strictness, findings_line, print_rejection, writer};
use super::problem::{self, Problem};
use super::quarantine::print_aside;
use super::session::Session;
use crate::ingest::load::Introduced;
use crate::observations::{OBSERVATIONS_DIR, ObservationOptions, ObservationStore};
use crate::query::{
    ExplainMode, ObservationGraph, OutputFormat, ParsedQuery, QueryError, QueryOptions,
    apply_update, explain, parse_query, parse_query_with, run_query,
};
use crate::registry::stored::{self, Catalogue, StoredQueries};
use crate::registry::{CommitError, CommitRequest, Moment, Registry};
use crate::store::{AsOf, CommitMeta, Settings, Snapshot};
use crate::views::explain::{render_explanation_json, render_explanation_text};
use anyhow::Context;
use clap::Args;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
#[group(id = "source", required = true, multiple = false)]
struct Source {
    /// SPARQL text
    #[arg(value_name = "SPARQL", group = "source")]
    text: Option<String>,
    /// File with the SPARQL text ("-" is standard input)
    #[arg(long, short, value_name = "FILE", group = "source")]
    file: Option<PathBuf>,
}

impl Source {
    fn read(&self) -> anyhow::Result<String> {
        read_text(self.text.as_deref(), self.file.as_deref())
    }
}

fn read_text(text: Option<&str>, file: Option<&Path>) -> anyhow::Result<String> {
    if let Some(text) = text {
        return Ok(text.to_owned());
    }
    let path = file.context("a SPARQL text or a file is expected")?;
    if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin()
            .lock()
            .read_to_string(&mut text)
            .context("read standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(|error| {
        Problem::new(
            format!("{} kan niet gelezen worden: {error}", path.display()),
            format!("{} cannot be read: {error}", path.display()),
        )
        .into()
    })
}

#[derive(Args)]
#[group(id = "question", required = true, multiple = false)]
struct Question {
    /// SPARQL text
    #[arg(value_name = "SPARQL", group = "question")]
    text: Option<String>,
    /// File with the SPARQL text ("-" is standard input)
    #[arg(long, short, value_name = "FILE", group = "question")]
    file: Option<PathBuf>,
    /// Name of a stored query: a file queries/NAME.rq of the data folder
    #[arg(long, value_name = "NAME", group = "question")]
    stored: Option<String>,
}

#[derive(Args)]
pub(crate) struct QueryArgs {
    #[command(flatten)]
    question: Question,
    /// Value of a parameter of the stored query; may be repeated
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["text", "file"], value_parser = parse_setting)]
    set: Vec<(String, String)>,
    /// Answer as table, json, xml, csv or tsv; for graphs as turtle, ntriples, trig, nquads, rdfxml or jsonld
    /// [default: table on a terminal, else tsv; turtle for graphs]
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Stop after this many seconds
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    timeout: Option<Duration>,
    /// Fail when the answer has more rows than this
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,
    /// Show how the query is answered instead of the answer: run it and count what each step does, or with "plan" do not run
    /// it; as text, or as json with --format
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "run", value_parser = parse_explain_mode)]
    explain: Option<ExplainMode>,
    /// Ask the state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of)]
    as_of: Option<AsOf>,
    /// Ask what held in the world at the end of this day (Belgian time) or at this moment, as far as versions are kept
    #[arg(long, value_name = "WHEN", value_parser = parse_valid_on)]
    valid_on: Option<Moment>,
    #[command(flatten)]
    services: ServiceArgs,
}

#[derive(Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    source: Source,
    /// How strictly the update is judged [default: as the gate's rules of its graphs say, else reject]
    #[arg(long, value_enum, value_name = "HOW")]
    on_violation: Option<Strictness>,
    /// Write to graphs of declared sources too
    #[arg(long)]
    force: bool,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("a parameter and its value are expected, such as day=2026-03-01")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A query read: from the command line or a file, or one of the stored ones with its values and limits.
fn read_question(
    session: &Session,
    args: &QueryArgs,
    options: &mut QueryOptions,
) -> anyhow::Result<ParsedQuery> {
    let question = &args.question;
    let Some(name) = &question.stored else {
        let text = read_text(question.text.as_deref(), question.file.as_deref())?;
        return parse_query(&text, options).map_err(of_query);
    };
    let stored = StoredQueries::of(Some(session.data()), &session.base);
    let catalogue = stored.catalogue();
    let Some(query) = catalogue.query(name) else {
        return Err(no_stored_query(session, &catalogue, name));
    };
    let terms = query
        .terms(&args.set)
        .map_err(|error| Problem::new(error.reason.nl, error.reason.en))?;
    options.timeout = options.timeout.or(query.timeout);
    options.max_rows = options.max_rows.or(query.max_rows);
    parse_query_with(&query.text, options, &terms).map_err(of_query)
}

fn no_stored_query(session: &Session, catalogue: &Catalogue, name: &str) -> anyhow::Error {
    let folder = session.data().join(stored::FOLDER);
    let folder = folder.display();
    if let Some(error) = catalogue.broken(name) {
        let (line, reason) = (error.line, &error.reason);
        return Problem::new(
            format!("{folder}/{name}.rq is stuk, regel {line}: {}", reason.nl),
            format!("{folder}/{name}.rq is broken, line {line}: {}", reason.en),
        )
        .into();
    }
    let names: Vec<&str> = catalogue.queries.iter().map(|q| q.name.as_str()).collect();
    let problem = Problem::new(
        format!("er is geen bevraging {name} in {folder}"),
        format!("there is no query {name} in {folder}"),
    );
    match names.join(", ") {
        none if none.is_empty() => problem.into(),
        names => problem
            .hint(
                format!("deze zijn er: {names}"),
                format!("there are: {names}"),
            )
            .into(),
    }
}

pub(crate) fn run(session: &Session, args: &QueryArgs) -> anyhow::Result<Exit> {
    let mut options = QueryOptions {
        base_iri: Some(format!("{}/", session.base)),
        timeout: args.timeout,
        max_rows: args.max_rows,
        services: args.services.services()?,
        rdf: Settings::of(session.data()).map_err(problem::of_store)?.rdf,
        ..QueryOptions::default()
    };
    // The text is read first: a mistake in it is told at once, however large the registry is.
    let query = read_question(session, args, &mut options)?;
    options.observations = observations_of(session, &query)?;
    if let Some(mode) = args.explain {
        return explain_query(session, args, mode, &query, &options);
    }
    let name = args.format.as_deref().unwrap_or(
        if session.console.out_is_terminal || query.kind().is_graph() {
            "table"
        } else {
            "tsv"
        },
    );
    let format = OutputFormat::from_name_for(name, query.kind()).ok_or_else(|| {
        let (of, names) = if query.kind().is_graph() {
            (
                [
                    "een graaf (CONSTRUCT, DESCRIBE)",
                    "a graph (CONSTRUCT, DESCRIBE)",
                ],
                "turtle, ntriples, trig, nquads, rdfxml, jsonld",
            )
        } else {
            (
                ["een tabel (SELECT, ASK)", "a table (SELECT, ASK)"],
                "table, json, xml, csv, tsv",
            )
        };
        Problem::new(
            format!("{} kan niet als {name} geschreven worden", of[0]),
            format!("{} cannot be written as {name}", of[1]),
        )
        .hint(
            format!("kies uit: {names}"),
            format!("choose from: {names}"),
        )
    })?;
    let (registry, state) = open_state(session, args)?;
    let state =
        registry.with_report_graphs(&state, registry.report_graphs_of(None, &query, &options));
    let mut out = session.console.out();
    run_query(&state.view(), &query, &options, format, &mut out).map_err(of_query)?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The observations beside the registry, when the query asks for them and there are any.
fn observations_of(
    session: &Session,
    query: &ParsedQuery,
) -> anyhow::Result<Option<ObservationGraph>> {
    let name = ObservationGraph::name_in(&session.base);
    let dir = session.data().join(OBSERVATIONS_DIR);
    if !query.names(&name) || !dir.is_dir() {
        return Ok(None);
    }
    let store = ObservationStore::open(&dir, ObservationOptions::default()).map_err(|error| {
        Problem::new(
            format!("de observaties kunnen niet gelezen worden: {error}"),
            format!("the observations cannot be read: {error}"),
        )
        .hint(
            "vraag het aan de server als die loopt: /sparql",
            "ask the server if it runs: /sparql",
        )
    })?;
    Ok(ObservationGraph::new(&name, Arc::new(store)).ok())
}

/// The state that is asked: known at one moment, valid at another.
fn open_state(session: &Session, args: &QueryArgs) -> anyhow::Result<(Registry, Snapshot)> {
    let (registry, state) = session.open_state(args.as_of)?;
    let Some(moment) = &args.valid_on else {
        return Ok((registry, state));
    };
    let valid = registry.valid_at(&state, moment).map_err(|error| {
        Problem::new(
            format!("te veel verschilt tussen {} en nu: {error}", moment.text()),
            format!(
                "too much differs between {} and now: {error}",
                moment.text()
            ),
        )
        .hint(
            "kies een moment dichter bij nu, of bevraag de grafen versies/… zelf",
            "choose a moment closer to now, or query the graphs versies/… themselves",
        )
    })?;
    Ok((registry, valid))
}

/// How the query is answered, as text or as JSON; with a query that was stopped the figures up to there.
fn explain_query(
    session: &Session,
    args: &QueryArgs,
    mode: ExplainMode,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> anyhow::Result<Exit> {
    let is_json = match args.format.as_deref() {
        None | Some("text") => false,
        Some("json") => true,
        Some(name) => {
            return Err(Problem::new(
                format!("een uitleg kan niet als {name} geschreven worden"),
                format!("an explanation cannot be written as {name}"),
            )
            .hint("kies uit: text, json", "choose from: text, json")
            .into());
        }
    };
    let (_registry, state) = open_state(session, args)?;
    let mut explained = explain(&state.view(), query, options, mode).map_err(of_query)?;
    let language = session.console.language;
    let mut out = session.console.out();
    if is_json {
        writeln!(out, "{:#}", render_explanation_json(&explained, language))?;
    } else {
        write!(out, "{}", render_explanation_text(&explained, language))?;
    }
    out.flush()?;
    match explained.run.as_mut().and_then(|run| run.failure.take()) {
        Some(failure) => Err(of_query(failure)),
        None => Ok(Exit::Done),
    }
}

fn parse_explain_mode(name: &str) -> Result<ExplainMode, String> {
    ExplainMode::from_name(name).ok_or_else(|| "run or plan is expected".to_owned())
}

pub(crate) fn run_update(session: &Session, args: &UpdateArgs) -> anyhow::Result<Exit> {
    let text = args.source.read()?;
    let options = QueryOptions {
        base_iri: Some(format!("{}/", session.base)),
        ..QueryOptions::default()
    };
    let registry = session.open_existing(None)?;
    let request = CommitRequest {
        meta: CommitMeta {
            agent: registry.agent_iri("oslo"),
            activity: registry.activity_iri("update"),
            source: Vec::new(),
            message: Some("SPARQL Update".to_owned()),
        },
        mode: args.on_violation.map(Into::into),
        dry_run: args.dry_run,
        writer: writer(args.force),
    };
    let console = session.console;
    match registry.commit(request, |draft| apply_update(draft, &text, &options)) {
        Ok(done) => {
            let mut out = console.out();
            let (added, removed) = if done.changed {
                (done.commit.added, done.commit.removed)
            } else {
                (0, 0)
            };
            writeln!(
                out,
                "{}\t{}\t+{added}\t-{removed}",
                if done.changed && args.dry_run {
                    console.say("proef", "dry-run")
                } else if done.changed {
                    console.say("gewijzigd", "changed")
                } else {
                    console.say("ongewijzigd", "unchanged")
                },
                done.commit.seq,
            )?;
            out.flush()?;
            if let Some(line) = findings_line(console, &Introduced::of(&done.findings)) {
                console.note(&line);
            }
            print_aside(console, &done.aside)?;
            if !done.changed && done.aside.is_empty() {
                console.note(console.say(
                    "tip: zonder GRAPH of WITH raakt een wijziging alleen de standaardgraaf; registers staan in grafen met een naam",
                    "hint: without GRAPH or WITH an update touches the default graph only; registers are in named graphs",
                ));
            }
            Ok(Exit::Done)
        }
        Err(CommitError::Rejected(rejection)) => {
            print_rejection(console, &rejection)?;
            Ok(Exit::Refused)
        }
        Err(CommitError::Change(error)) => Err(of_query(error)),
        Err(CommitError::Reserved(reserved)) => Err(problem::of_reserved(&reserved)),
        Err(CommitError::Store(error)) => Err(problem::of_store(error)),
    }
}

/// A failure of SPARQL with its place and what to do.
fn of_query(error: QueryError) -> anyhow::Error {
    let text = error.text();
    let mut problem = match &error {
        QueryError::Syntax { line, column, .. } if *line > 0 => Problem::new(
            format!("SPARQL, regel {line}, kolom {column}: {}", text.nl),
            format!("SPARQL, line {line}, column {column}: {}", text.en),
        ),
        _ => Problem::new(text.nl, text.en),
    };
    if let Some(hint) = error.hint() {
        problem = problem.hint(hint.nl.as_str(), hint.en.as_str());
    } else if error.is_limit() {
        problem = problem.hint(
            "maak de vraag kleiner, of verruim --timeout of --max-rows",
            "ask for less, or widen --timeout or --max-rows",
        );
    }
    anyhow::Error::new(error).context(problem)
}
