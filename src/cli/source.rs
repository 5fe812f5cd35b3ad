//! `oslo source`: declares what is taken in from elsewhere, and takes it in. When piped, one line per source or run.

use super::Exit;
use super::arguments::{parse_iri, parse_keep};
use super::console::{group_digits, write_tabbed};
use super::problem::{self, Problem};
use super::session::Session;
use crate::ingest::fetch::host_of;
use crate::ingest::sources::{Outcome, RunRecord, renew_contexts, run_source, runs_of};

use crate::rdf::label::Language;
use crate::registry::{DeclaredSource, Registry, SourceKind, option};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[derive(Args)]
pub(crate) struct SourceArgs {
    /// What to do
    #[arg(value_enum, default_value_t = Action::List, value_name = "ACTION")]
    action: Action,
    /// Names of sources; for "add" one name and its location: a path or an address
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How it is read [default: file for a path, http for an address]
    #[arg(long, value_name = "KIND", value_parser = kind_parser())]
    kind: Option<SourceKind>,
    /// Graph it fills: an IRI, or a name below BASE/graph/ [default: bron/NAME]
    #[arg(long, value_name = "GRAPH")]
    graph: Option<String>,
    /// How often "oslo serve" reads it, such as 30s, 15m, 6h or 1d [default: only when told to]
    #[arg(long, value_name = "TIME", value_parser = parse_every)]
    every: Option<Duration>,
    /// Allow addresses of this machine and of private networks
    #[arg(long)]
    allow_private: bool,
    /// Another host that the source may lead to; may be given more than once
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// File with the CONSTRUCT that a SPARQL endpoint is asked
    #[arg(long, value_name = "FILE")]
    query: Option<PathBuf>,
    /// Data set of a catalogue that is taken in; may be given more than once [default: all]
    #[arg(long, value_name = "IRI")]
    dataset: Vec<String>,
    /// Fetch JSON-LD contexts that are missing, once, from the hosts of the source
    #[arg(long)]
    fetch_contexts: bool,
    /// Repairs that are not made, by code with commas between them, or "all"
    #[arg(long, value_name = "CODES", default_value = "", hide_default_value = true, value_parser = parse_keep)]
    keep: String,
    /// Refuse what would have to be repaired
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Declare a source, or another of the same name in its place
    Add,
    /// Show all sources, and what became of the last run of each
    List,
    /// Show a source and its latest runs
    Show,
    /// Read sources now; all when none is named
    Run,
    /// Forget a source; what it brought stays
    Remove,
    /// Fetch the JSON-LD contexts of a source anew, and accept what they are now
    Pin,
}

fn kind_parser() -> impl clap::builder::TypedValueParser<Value = SourceKind> {
    PossibleValuesParser::new(SourceKind::ALL.iter().map(|kind| kind.word()))
        .map(|word| SourceKind::of_word(&word).expect("only words of kinds are let through"))
}

/// A number with `s`, `m`, `h` or `d`; at least ten seconds.
fn parse_every(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and s, m, h or d, such as 15m; at least 10s".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    let seconds = number.checked_mul(factor).ok_or_else(wrong)?;
    if !(10..=366 * 86_400).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Duration::from_secs(seconds))
}

pub(crate) fn run(session: &Session, args: &SourceArgs) -> anyhow::Result<Exit> {
    let names = args.names.as_slice();
    match (args.action, names) {
        (Action::Add, [name, location]) => {
            let registry = session.open_to_write(None)?;
            declare(session, &registry, (name, location), args)
        }
        (Action::List, []) => list(session, &session.open_to_read()?),
        (Action::Show, [name]) => show(session, &session.open_to_read()?, name),
        (Action::Run, names) => {
            let registry = session.open_to_write(None)?;
            run_all(session, &registry, names)
        }
        (Action::Remove, [name]) => {
            let registry = session.open_to_write(None)?;
            find(session, &registry, name)?;
            registry.forget_source(name).map_err(problem::of_store)?;
            Ok(Exit::Done)
        }
        (Action::Pin, [name]) => {
            let registry = session.open_to_write(None)?;
            pin(session, &find(session, &registry, name)?, &registry)
        }
        (Action::Add, _) => anyhow::bail!(session.console.say(
            "geef een naam en een plaats: oslo source add NAAM PAD-OF-ADRES",
            "give a name and a location: oslo source add NAME PATH-OR-ADDRESS"
        )),
        (Action::List, _) => anyhow::bail!(session.console.say(
            "list toont alle bronnen; een bron toont: oslo source show NAAM",
            "list shows all sources; one is shown by: oslo source show NAME"
        )),
        (Action::Show | Action::Remove | Action::Pin, _) => anyhow::bail!(
            session
                .console
                .say("geef de naam van één bron", "give the name of one source")
        ),
    }
}

fn declare(
    session: &Session,
    registry: &Registry,
    (name, location): (&str, &str),
    args: &SourceArgs,
) -> anyhow::Result<Exit> {
    let say = |nl, en| session.console.say(nl, en);
    if !DeclaredSource::is_name(name) {
        anyhow::bail!(
            "{name}: {}",
            say(
                "geen naam voor een bron; gebruik letters, cijfers, \"-\", \"_\" en \".\"",
                "no name for a source; use letters, digits, \"-\", \"_\" and \".\""
            )
        );
    }
    let is_address = location.starts_with("http://") || location.starts_with("https://");
    let kind = args.kind.unwrap_or(if is_address {
        SourceKind::Http
    } else {
        SourceKind::File
    });
    let location = if is_address {
        parse_iri(location)?;
        location.to_owned()
    } else if matches!(kind, SourceKind::File | SourceKind::Refnis) {
        // A server may run elsewhere than this command.
        std::path::absolute(location)?.display().to_string()
    } else {
        anyhow::bail!(
            "{location}: {}",
            say(
                "geen adres; het begint met https:// of http://",
                "no address; it begins with https:// or http://"
            )
        );
    };
    let graph = match &args.graph {
        None => registry.graph_iri(&format!("bron/{name}")),
        Some(graph) if graph.contains(':') => parse_iri(graph)?,
        Some(graph) => registry.graph_iri(graph),
    };
    let other = registry
        .sources()
        .into_iter()
        .find(|source| source.graph == graph && source.name != name);
    if let Some(other) = other {
        anyhow::bail!(
            "{}: {} {}",
            graph.as_str(),
            say(
                "deze graaf is al van de bron",
                "this graph already belongs to the source"
            ),
            other.name
        );
    }
    let source = DeclaredSource {
        name: name.to_owned(),
        kind,
        location,
        graph,
        every: args.every,
        allow_private: args.allow_private,
        options: options(session, kind, args)?,
        keep: args.keep.clone(),
        strict: args.strict,
    };
    registry
        .declare_source(&source)
        .map_err(problem::of_store)?;
    list(session, registry)
}

/// What the kind of source needs to know besides its location.
fn options(
    session: &Session,
    kind: SourceKind,
    args: &SourceArgs,
) -> anyhow::Result<BTreeMap<String, String>> {
    let say = |nl, en| session.console.say(nl, en);
    let mut options = BTreeMap::new();
    match &args.query {
        Some(path) if kind == SourceKind::Sparql => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Problem::new(
                    format!("{} kan niet gelezen worden: {error}", path.display()),
                    format!("{} cannot be read: {error}", path.display()),
                )
            })?;
            options.insert(option::QUERY.to_owned(), text);
        }
        None if kind == SourceKind::Sparql => anyhow::bail!(say(
            "een SPARQL-eindpunt heeft een zoekvraag nodig: --query BESTAND",
            "a SPARQL endpoint needs a query: --query FILE"
        )),
        Some(_) => anyhow::bail!(say(
            "--query hoort bij --kind sparql",
            "--query belongs to --kind sparql"
        )),
        None => {}
    }
    if !args.dataset.is_empty() {
        if kind != SourceKind::Dcat {
            anyhow::bail!(say(
                "--dataset hoort bij --kind dcat",
                "--dataset belongs to --kind dcat"
            ));
        }
        for dataset in &args.dataset {
            parse_iri(dataset)?;
        }
        options.insert(option::DATASETS.to_owned(), args.dataset.join(" "));
    }
    for host in &args.allow_host {
        if host_of(&format!("https://{host}")).as_deref() != Some(&host.to_ascii_lowercase()) {
            anyhow::bail!(
                "{host}: {}",
                say(
                    "geen host; schrijf alleen de naam, en de poort als die anders is: data.example:8080",
                    "no host; write the name alone, and the port where it is another: data.example:8080"
                )
            );
        }
    }
    if !args.allow_host.is_empty() {
        options.insert(option::HOSTS.to_owned(), args.allow_host.join(" "));
    }
    if args.fetch_contexts {
        options.insert(option::FETCH_CONTEXTS.to_owned(), "true".to_owned());
    }
    Ok(options)
}

/// Accepts the contexts of a source as they are now.
fn pin(session: &Session, source: &DeclaredSource, registry: &Registry) -> anyhow::Result<Exit> {
    let language = session.console.language;
    let renewed = renew_contexts(registry, source).map_err(|failure| {
        let [nl, en] = failure.message;
        let problem = Problem::new(nl, en);
        match failure.hint {
            Some([nl, en]) => problem.hint(nl, en),
            None => problem,
        }
    })?;
    let mut out = session.console.out();
    for (iri, changed) in renewed {
        let told = match (changed, language) {
            (true, Language::Nl) => "gewijzigd",
            (true, Language::En) => "changed",
            (false, Language::Nl) => "ongewijzigd",
            (false, Language::En) => "unchanged",
        };
        write_tabbed(&mut out, &[told.to_owned(), iri])?;
    }
    Ok(Exit::Done)
}

fn find(session: &Session, registry: &Registry, name: &str) -> anyhow::Result<DeclaredSource> {
    let sources = registry.sources();
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let known = names.join(", ");
    sources
        .iter()
        .find(|source| source.name == name)
        .cloned()
        .ok_or_else(|| {
            let text = session.console.say(
                "deze bron is er niet; er zijn",
                "there is no such source; there are",
            );
            let known = if known.is_empty() { "–" } else { &known };
            anyhow::anyhow!("{name}: {text}: {known}")
        })
}

fn every(source: &DeclaredSource) -> String {
    source
        .every
        .map_or_else(|| "–".to_owned(), |every| format!("{} s", every.as_secs()))
}

fn list(session: &Session, registry: &Registry) -> anyhow::Result<Exit> {
    let say = |nl: &'static str, en: &'static str| session.console.say(nl, en).to_owned();
    let mut rows = vec![vec![
        say("bron", "source"),
        say("soort", "kind"),
        say("plaats", "location"),
        say("graaf", "graph"),
        say("elke", "every"),
        say("laatste run", "last run"),
        say("uitkomst", "outcome"),
    ]];
    for source in registry.sources() {
        let last = runs_of(registry, &source.name, 1).into_iter().next();
        rows.push(vec![
            source.name.clone(),
            source.kind.word().to_owned(),
            source.location.clone(),
            source.graph.as_str().to_owned(),
            every(&source),
            last.as_ref()
                .map_or("–".to_owned(), |run| run.began.clone()),
            last.as_ref().map_or("–".to_owned(), |run| {
                outcome(session, run.outcome).to_owned()
            }),
        ]);
    }
    let mut out = session.console.out();
    for row in &rows {
        write_tabbed(&mut out, row)?;
    }
    Ok(Exit::Done)
}

fn show(session: &Session, registry: &Registry, name: &str) -> anyhow::Result<Exit> {
    let say = |nl, en| session.console.say(nl, en);
    let source = find(session, registry, name)?;
    let mut out = session.console.out();
    for (what, value) in [
        (say("bron", "source"), source.name.as_str()),
        (say("soort", "kind"), source.kind.word()),
        (say("plaats", "location"), source.location.as_str()),
        (say("graaf", "graph"), source.graph.as_str()),
        (say("elke", "every"), every(&source).as_str()),
    ] {
        writeln!(out, "{what}\t{value}")?;
    }
    for (name, value) in &source.options {
        for line in value.trim().lines() {
            writeln!(out, "{name}\t{line}")?;
        }
    }
    if !source.keep.is_empty() {
        let what = say("niet hersteld", "not repaired");
        writeln!(out, "{what}\t{}", source.keep)?;
    }
    if source.strict {
        let what = say("herstelling", "repairs");
        writeln!(out, "{what}\t{}", say("geweigerd", "refused"))?;
    }
    for run in runs_of(registry, name, 20) {
        writeln!(out)?;
        tell(session, &mut out, &run.began, &run)?;
    }
    Ok(Exit::Done)
}

fn outcome(session: &Session, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => session.console.say("gewijzigd", "changed"),
        Outcome::Unchanged => session.console.say("ongewijzigd", "unchanged"),
        Outcome::Stopped => session.console.say("gestopt", "stopped"),
        Outcome::Failing => session.console.say("mislukt", "failing"),
    }
}

/// One line for a run, and what went wrong.
fn tell(
    session: &Session,
    out: &mut dyn Write,
    name: &str,
    run: &RunRecord,
) -> std::io::Result<()> {
    let say = |nl, en| session.console.say(nl, en);
    writeln!(
        out,
        "{name}\t{}\t{} {}\t+{}\t-{}\t{} {}\t{:.1} s",
        outcome(session, run.outcome),
        run.members,
        say("gelezen", "read"),
        run.added,
        run.removed,
        run.waiting,
        say("wachten", "waiting"),
        run.seconds
    )?;
    if !run.codes.is_empty() || run.refused > 0 {
        let codes = run.codes.iter();
        let codes: Vec<String> = codes
            .map(|(code, count)| format!("{code} × {count}"))
            .collect();
        writeln!(
            out,
            "  {}: {}; {}: {}; {}",
            say("hersteld", "repaired"),
            run.repaired,
            say("tegengehouden", "held back"),
            run.refused,
            codes.join(", ")
        )?;
    }
    let language = usize::from(session.console.language == Language::En);
    for note in &run.notes {
        writeln!(out, "  {}", note[language])?;
    }
    if let Some(failure) = &run.failure {
        let language = session.console.language;
        let word = say("fout", "error");
        writeln!(
            out,
            "  {word}[{}]: {}",
            failure.code,
            failure.message(language)
        )?;
        writeln!(out, "  --> {}", failure.url)?;
        if let Some(hint) = failure.hint(language) {
            writeln!(out, "  hint: {hint}")?;
        }
    }
    Ok(())
}

/// How fast a run goes, and how long it may take yet, by the last one that read anything.
struct Pace<'s> {
    session: &'s Session,
    name: String,
    started: Instant,
    expected: u64,
}

impl<'s> Pace<'s> {
    fn of(session: &'s Session, registry: &Registry, name: &str) -> Self {
        let runs = runs_of(registry, name, 20).into_iter();
        let good = runs.filter(|run| run.failure.is_none());
        Self {
            session,
            name: name.to_owned(),
            started: Instant::now(),
            expected: good.map(|run| run.members).max().unwrap_or(0),
        }
    }

    fn at(&mut self, count: u64) -> String {
        let console = self.session.console;
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = count as f64 / seconds;
        let mut text = format!(
            "{}: {} {}, {}/s",
            self.name,
            group_digits(count, console.language),
            console.say("gelezen", "read"),
            group_digits(rate as u64, console.language)
        );
        if self.expected > count && rate > 0.0 {
            let left = (self.expected - count) as f64 / rate;
            text += &format!(", {} {left:.0} s", console.say("nog ongeveer", "about"));
            text += console.say("", " left");
        }
        text
    }
}

fn run_all(session: &Session, registry: &Registry, names: &[String]) -> anyhow::Result<Exit> {
    let sources = if names.is_empty() {
        registry.sources()
    } else {
        let found = names.iter().map(|name| find(session, registry, name));
        found.collect::<anyhow::Result<_>>()?
    };
    let mut exit = Exit::Done;
    for source in &sources {
        let mut bar = session.console.progress(&source.name);
        let mut pace = Pace::of(session, registry, &source.name);
        let run = run_source(registry, source, &Arc::default(), &mut |count| {
            bar.at(count, 0);
            bar.label(&pace.at(count));
        });
        bar.done();
        let run = run.map_err(problem::of_store)?;
        tell(session, &mut session.console.out(), &source.name, &run)?;
        if run.outcome == Outcome::Failing {
            exit = Exit::Refused;
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_a_unit_and_bounds() {
        assert_eq!(parse_every("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse_every("1d"), Ok(Duration::from_secs(86_400)));
        for wrong in [
            "",
            "m",
            "15",
            "9s",
            "1w",
            "-1m",
            "400d",
            "99999999999999999999d",
        ] {
            assert!(parse_every(wrong).is_err(), "{wrong}");
        }
    }
}
