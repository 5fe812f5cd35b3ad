//! `oslo query` and `oslo update`: SPARQL over the registry.

use super::Exit;
use super::arguments::{ServiceArgs, parse_as_of, parse_seconds};
use super::console::group_digits;
use super::load::{Strictness, print_rejection};
use super::problem::{self, Problem};
use super::session::Session;
use crate::query::{
    OutputFormat, ParsedQuery, PlanMethod, QueryError, QueryOptions, apply_update, explain,
    is_run_by_executor, parse_query, parse_query_with, run_query,
};
use crate::registry::stored::{self, Catalogue, StoredQueries};
use crate::registry::{CommitError, CommitRequest};
use crate::store::{AsOf, CommitMeta, Settings};
use anyhow::Context;
use clap::Args;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
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
    /// Show in which order patterns are joined, with the rows expected, instead of an answer
    #[arg(long)]
    explain: bool,
    /// Ask the state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of)]
    as_of: Option<AsOf>,
    #[command(flatten)]
    services: ServiceArgs,
}

#[derive(Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    source: Source,
    /// What happens to an update that breaks the shapes
    #[arg(long, value_enum, default_value_t = Strictness::Reject, value_name = "HOW")]
    on_violation: Strictness,
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
    if args.explain {
        return explain_plan(session, args.as_of, &query, &options);
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
    let (_registry, state) = session.open_state(args.as_of)?;
    let mut out = session.console.out();
    run_query(&state.view(), &query, &options, format, &mut out).map_err(of_query)?;
    out.flush()?;
    Ok(Exit::Done)
}

/// One line per step: what is done, with which pattern, and how many rows are expected.
fn explain_plan(
    session: &Session,
    as_of: Option<AsOf>,
    query: &ParsedQuery,
    options: &QueryOptions,
) -> anyhow::Result<Exit> {
    let (_registry, state) = session.open_state(as_of)?;
    let steps = explain(&state.view(), query, options).map_err(of_query)?;
    let console = session.console;
    let mut out = console.out();
    let engine = match is_run_by_executor(&state.view(), query, options).map_err(of_query)? {
        true => console.say("snelle uitvoerder", "executor"),
        false => console.say("algemene uitvoerder", "general evaluator"),
    };
    writeln!(out, "{}: {engine}", console.say("motor", "engine"))?;
    for step in &steps {
        let method = match step.method {
            PlanMethod::Join => console.say("verbind", "join"),
            PlanMethod::Read => console.say("lees", "read"),
            PlanMethod::LookUp => console.say("zoek op", "look up"),
            PlanMethod::Hash => console.say("hashtabel", "hash table"),
            PlanMethod::OptionalLookUp => console.say("optioneel, zoek op", "optional, look up"),
            PlanMethod::OptionalHash => console.say("optioneel, hashtabel", "optional, hash table"),
            PlanMethod::MinusLookUp => console.say("zonder, zoek op", "without, look up"),
            PlanMethod::MinusHash => console.say("zonder, hashtabel", "without, hash table"),
        };
        write!(out, "{:1$}{method}", "", 2 * step.depth)?;
        if !step.pattern.is_empty() {
            write!(out, "  {}", step.pattern)?;
        }
        if let Some(rows) = step.rows {
            write!(
                out,
                "  ~{}",
                group_digits(rows.round() as u64, console.language)
            )?;
        }
        writeln!(out)?;
    }
    if steps.is_empty() {
        writeln!(
            out,
            "{}",
            console.say("niets te ordenen", "nothing to order")
        )?;
    }
    out.flush()?;
    Ok(Exit::Done)
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
        on_violation: args.on_violation.into(),
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
                if done.changed {
                    console.say("gewijzigd", "changed")
                } else {
                    console.say("ongewijzigd", "unchanged")
                },
                done.commit.seq,
            )?;
            out.flush()?;
            if !done.changed {
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
