//! `oslo harvest`: takes in a source and follows it. When piped, one line per run as soon as it ends: outcome, members, added,
//! removed, commits, pages read, pages unchanged, failures.

use super::Exit;
use super::arguments::{parse_iri, parse_memory};
use super::console::{Console, group_digits, write_tabbed};
use super::load::Strictness;
use super::problem::{self, Problem};
use super::session::Session;
use crate::ingest::ldes::{Form, Harvest, HarvestError, HarvestOptions, Summary};
use crate::registry::Registry;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Args)]
pub(crate) struct HarvestArgs {
    /// Kind of source
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    /// Where the source begins: an ldes:EventStream, or a view of one
    #[arg(value_name = "URL")]
    url: String,
    /// Graph of the source: an IRI, or its name below BASE/graph/
    #[arg(long, value_name = "GRAPH")]
    graph: String,
    /// What is kept: the state of each object, or all its versions
    #[arg(long = "as", value_enum, value_name = "FORM", default_value = "state")]
    form: Kept,
    /// One run, instead of following the source
    #[arg(long)]
    once: bool,
    /// Seconds between two runs [default: as the source asks, else 60]
    #[arg(long, value_name = "SECONDS", conflicts_with = "once")]
    interval: Option<u64>,
    /// Name of the source, under which is remembered how far it is [default: after its address]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Allow addresses of this machine and of private networks
    #[arg(long)]
    allow_private: bool,
    /// Another host that the source may lead to; may be given more than once
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Write to the graph even if it belongs to another source
    #[arg(long)]
    force: bool,
    /// Most requests a second to one host; 0 is no bound
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    rate: f64,
    /// Largest page, unpacked, such as 64MiB
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    max_page: Option<u64>,
    /// How strictly members are judged [default: as the gate's rule of the graph says, else reject]
    #[arg(long, value_enum, value_name = "HOW")]
    on_violation: Option<Strictness>,
    /// Local copies of JSON-LD contexts: a table of context IRI and path
    #[arg(long, value_name = "TSV")]
    context_map: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A Linked Data Event Stream
    Ldes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kept {
    /// What the newest version of each object says
    State,
    /// All versions
    Versions,
}

pub(crate) fn run(session: &Session, args: &HarvestArgs) -> anyhow::Result<Exit> {
    let registry = session.open_to_write(None)?;
    let options = match args.kind {
        Kind::Ldes => options(session, &registry, args)?,
    };
    let console = session.console;
    let mut harvest = Harvest::open(&registry, options, Arc::default()).map_err(told)?;
    loop {
        let summary = one_run(console, &mut harvest)?;
        let exit = if summary.failures > 0 {
            Exit::Refused
        } else {
            Exit::Done
        };
        if args.once {
            return Ok(exit);
        }
        let interval = args.interval.map(Duration::from_secs);
        let interval = interval.or(summary.polling_interval);
        let interval = interval.unwrap_or(Duration::from_secs(60));
        if !harvest.wait(interval.clamp(Duration::from_secs(1), Duration::from_secs(86_400))) {
            return Ok(exit);
        }
    }
}

fn options(
    session: &Session,
    registry: &Registry,
    args: &HarvestArgs,
) -> anyhow::Result<HarvestOptions> {
    parse_iri(&args.url)?;
    let graph = if args.graph.contains(':') {
        parse_iri(&args.graph)?
    } else {
        registry.graph_iri(&args.graph)
    };
    let mut options = HarvestOptions::new(registry, &args.url, graph);
    if let Some(name) = &args.name {
        options.name.clone_from(name);
    }
    options.form = match args.form {
        Kept::State => Form::State,
        Kept::Versions => Form::Versions,
    };
    options.mode = args.on_violation.map(Into::into);
    options.force = args.force;
    options.fetch.allow_private = args.allow_private;
    options.fetch.hosts.clone_from(&args.allow_host);
    options.fetch.per_second = args.rate;
    if let Some(most) = args.max_page {
        options.fetch.max_bytes = most;
    }
    if let Some(map) = &args.context_map {
        let language = session.console.language;
        options.contexts = options
            .contexts
            .with_map(map)
            .map_err(|found| anyhow::anyhow!(found.render(language)))?;
    }
    Ok(options)
}

fn one_run(console: Console, harvest: &mut Harvest<'_>) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let mut bar = console.progress(console.say("Oogsten", "Harvesting"));
    let summary = harvest.run(&mut |summary| {
        bar.at(summary.members, 0);
        bar.label(&progress(console, summary, started));
    });
    bar.done();
    let summary = summary.map_err(told)?;
    for failure in &summary.failing {
        let word = console.say("fout", "error");
        eprintln!(
            "{word}[{}]: {}",
            failure.code,
            failure.message(console.language)
        );
        if let Some(hint) = failure.hint(console.language) {
            eprintln!("  hint: {hint}");
        }
    }
    let hidden = summary
        .failures
        .saturating_sub(summary.failing.len() as u64);
    if hidden > 0 {
        let more = console.say("verdere fouten", "more errors");
        eprintln!("… {hidden} {more}");
    }
    if !summary.repairs.is_empty() {
        eprintln!("{}", summary.repairs.line(console.language));
    }
    let outcome = match (summary.failures, summary.commits) {
        (1.., _) => "failing",
        (_, 0) => "unchanged",
        _ => "harvested",
    };
    let mut out = console.out();
    if console.out_is_terminal {
        writeln!(out, "{}", told_in_words(console, &summary, started))?;
    } else {
        let counts = [
            summary.members,
            summary.added,
            summary.removed,
            summary.commits,
            summary.pages,
            summary.unchanged,
            summary.failures,
        ];
        let mut row = vec![outcome.to_owned()];
        row.extend(counts.map(|count| count.to_string()));
        write_tabbed(&mut out, &row)?;
    }
    out.flush()?;
    Ok(summary)
}

/// Members, rate and lag.
fn progress(console: Console, summary: &Summary, started: Instant) -> String {
    let seconds = started.elapsed().as_secs_f64().max(0.001);
    let rate = (summary.members as f64 / seconds) as u64;
    let number = |number| group_digits(number, console.language);
    let mut text = format!(
        "{}: {} {}, {}/s",
        console.say("Oogsten", "Harvesting"),
        number(summary.members),
        console.say("leden", "members"),
        number(rate)
    );
    if let Some(lag) = lag(summary) {
        text += &format!(", {} {lag}", console.say("achterstand", "lag"));
    }
    text
}

/// How long ago the latest member was.
fn lag(summary: &Summary) -> Option<String> {
    let last = jiff::Timestamp::from_nanosecond(summary.last_timestamp?).ok()?;
    let seconds = jiff::Timestamp::now().duration_since(last).as_secs();
    Some(match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    })
}

fn told_in_words(console: Console, summary: &Summary, started: Instant) -> String {
    let number = |number| group_digits(number, console.language);
    let mut parts = vec![
        progress(console, summary, started),
        format!("+{} −{}", number(summary.added), number(summary.removed)),
    ];
    let counted = [
        (summary.commits, ("commits", "commits")),
        (summary.pages, ("pagina's gelezen", "pages read")),
        (summary.unchanged, ("ongewijzigd", "unchanged")),
        (summary.skipped, ("al afgewerkt", "finished before")),
        (summary.deletions, ("verwijderd", "deleted")),
        (
            summary.late,
            ("door nieuwere versies vervangen", "superseded"),
        ),
        (summary.waiting, ("in quarantaine", "in quarantine")),
        (summary.repaired, ("hersteld", "mended")),
        (
            summary.hollow,
            ("leden zonder inhoud", "members without content"),
        ),
        (
            summary.left_over,
            ("uitspraken zonder lid", "statements of no member"),
        ),
    ];
    for (count, (nl, en)) in counted {
        if count > 0 {
            parts.push(format!("{} {}", number(count), console.say(nl, en)));
        }
    }
    parts.join(" · ")
}

fn told(error: HarvestError) -> anyhow::Error {
    match error {
        HarvestError::Store(error) => problem::of_store(error),
        HarvestError::Position(error) => anyhow::Error::new(error).context(
            Problem::new(
                "de stand van de bron kan niet bewaard of gelezen worden",
                "the position of the source cannot be kept or read",
            )
            .hint(
                "kijk de map `sources` van de datamap na",
                "look at the folder `sources` of the data folder",
            ),
        ),
        HarvestError::Name(name) => Problem::new(
            format!("{name} is geen naam voor een bron"),
            format!("{name} is no name for a source"),
        )
        .hint(
            "gebruik letters, cijfers, - en _",
            "use letters, digits, - and _",
        )
        .into(),
        HarvestError::Other { name, url, graph } => Problem::new(
            format!("de bron {name} is {url} in {graph}"),
            format!("the source {name} is {url} in {graph}"),
        )
        .hint(
            "kies een andere naam met --name",
            "choose another name with --name",
        )
        .into(),
    }
}
