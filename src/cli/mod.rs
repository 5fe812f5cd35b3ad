//! Commands of the `oslo` binary: arguments, exit codes, progress and printing.
//! Decides nothing another caller would want; that lives in the modules the commands call.

mod arguments;
mod backup;
mod catalogue;
mod check;
mod compact;
mod console;
mod demo;
mod dump;
mod explain;
mod export;
mod feed;
mod gate;
mod generate;
mod harvest;
mod help;
mod lint;
mod load;
mod log;
mod normalise;
mod problem;
mod quarantine;
mod query;
mod serve;
mod session;
mod settings;
mod source;
mod subscription;
mod validate;

use crate::rdf::label::Language;
use crate::store::Unreadable;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use console::Console;
use problem::is_closed_pipe;
use session::Session;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

/// How a command ended; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Everything was done.
    Done = 0,
    /// It ran, but something does not conform or was refused.
    Refused = 1,
    /// It could not run.
    CannotRun = 2,
    /// It ran, but some shapes could not be checked.
    Undetermined = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[derive(Parser)]
#[command(
    name = "oslo",
    bin_name = "oslo",
    version,
    about = "Linked-data registry and SPARQL endpoint for OSLO data"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Args)]
struct Global {
    /// Folder that holds the registry
    #[arg(
        long,
        global = true,
        env = "OSLO_DATA",
        value_name = "DIR",
        default_value = "./oslo-data",
        help_heading = "Global options"
    )]
    data: PathBuf,
    /// Base IRI of graphs and documents
    #[arg(long, global = true, env = "OSLO_BASE", value_name = "IRI", default_value = crate::registry::DEFAULT_BASE, help_heading = "Global options")]
    base: String,
    /// Language of messages: nl or en [default: from LANG, else en]
    #[arg(long, global = true, env = "OSLO_LANG", value_name = "LANG", value_parser = ["nl", "en"], help_heading = "Global options")]
    lang: Option<String>,
    /// Log what happens to standard error (-vv for more); RUST_LOG decides when it is set
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    /// Load the example registry, check it and serve it
    Demo(demo::DemoArgs),
    /// Serve the registry over HTTP
    Serve(serve::ServeArgs),
    /// Load files and folders
    Load(load::LoadArgs),
    /// Take in a source, and what it adds later
    Harvest(harvest::HarvestArgs),
    /// Declare what is taken in from elsewhere, and take it in
    Source(source::SourceArgs),
    /// Declare who is told of changes
    Subscription(subscription::SubscriptionArgs),
    /// Turn records of the authentic sources into OSLO statements, without storing them
    Normalise(normalise::NormaliseArgs),
    /// Check the registry, or files, against the shapes
    Validate(validate::ValidateArgs),
    /// Check shapes themselves, before any data
    Lint(lint::LintArgs),
    /// Ask a SPARQL query
    Query(query::QueryArgs),
    /// Change the registry with SPARQL Update
    Update(query::UpdateArgs),
    /// Show or change how strictly commits are judged, per graph
    Gate(gate::GateArgs),
    /// Show what waits in quarantine, and why; try it again or give it up
    Quarantine(quarantine::QuarantineArgs),
    /// Set, show and check the catalogue of data sets (DCAT)
    Catalogue(catalogue::CatalogueArgs),
    /// Show or change what the registry was set to
    Settings(settings::SettingsArgs),
    /// Show the commits of the log
    Log(log::LogArgs),
    /// Check the log, its chain and the index
    Check(check::CheckArgs),
    /// Copy the registry to a folder, beside a running server
    Backup(backup::BackupArgs),
    /// Put back a backup, or an earlier state of it
    Restore(backup::RestoreArgs),
    /// Merge the index into its smallest form, or give up old commits
    Compact(compact::CompactArgs),
    /// Make the index anew from the log
    Rebuild(compact::RebuildArgs),
    /// Write the whole registry, or one graph, to standard output
    Export(export::ExportArgs),
    /// Write registers out as files for portals and analysts
    Dump(dump::DumpArgs),
    /// List event streams and their views; remove them or bring them back
    Feed(feed::FeedArgs),
    /// Explain a code such as V004 or L041
    Explain(explain::ExplainArgs),
    /// Make a synthetic town as N-Quads, with faults to find when asked
    Generate(generate::GenerateArgs),
}

/// Runs the command line and returns its exit code: 0 done, 1 something does not conform or was refused, 2 could not run,
/// 3 undetermined.
pub fn run() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let language = language_of(&arguments);
    let command = help::localise(Cli::command(), language);
    let matches = match command.try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are what was asked for, everything else could not run.
            let exit = if error.use_stderr() {
                Exit::CannotRun
            } else {
                Exit::Done
            };
            return match error.print() {
                Ok(()) => exit.into(),
                Err(failed) if failed.kind() == std::io::ErrorKind::BrokenPipe => exit.into(),
                Err(_) => Exit::CannotRun.into(),
            };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    start_logging(
        cli.global.verbose,
        matches.subcommand_name() == Some("serve"),
    );
    let console = Console::new(language);
    let is_base_chosen = matches.value_source("base") != Some(ValueSource::DefaultValue);
    let base = (cli.global.base.as_str(), is_base_chosen);
    let session = Session::new(cli.global.data, base, console);
    // A damaged part of the index ends reading by unwinding, wherever that happens.
    let done = catch_unwind(AssertUnwindSafe(|| dispatch(cli.command, &session)));
    let done = done.unwrap_or_else(|panic| match panic.downcast::<Unreadable>() {
        Ok(unreadable) => Err(problem::of_unreadable(&unreadable)),
        Err(panic) => resume_unwind(panic),
    });
    match done {
        Ok(exit) => exit.into(),
        // Whoever read our output has seen enough.
        Err(error) if is_closed_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            problem::print(&error, language);
            Exit::CannotRun.into()
        }
    }
}

fn dispatch(command: Command, session: &Session) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => demo::run(session, &args),
        Command::Serve(args) => serve::run(session, &args),
        Command::Load(args) => load::run(session, &args),
        Command::Harvest(args) => harvest::run(session, &args),
        Command::Source(args) => source::run(session, &args),
        Command::Subscription(args) => subscription::run(session, &args),
        Command::Normalise(args) => normalise::run(session, &args),
        Command::Validate(args) => validate::run(session, &args),
        Command::Lint(args) => lint::run(session, &args),
        Command::Query(args) => query::run(session, &args),
        Command::Update(args) => query::run_update(session, &args),
        Command::Gate(args) => gate::run(session, &args),
        Command::Quarantine(args) => quarantine::run(session, &args),
        Command::Catalogue(args) => catalogue::run(session, &args),
        Command::Settings(args) => settings::run(session, &args),
        Command::Log(args) => log::run(session, &args),
        Command::Check(args) => check::run(session, &args),
        Command::Backup(args) => backup::run(session, &args),
        Command::Restore(args) => backup::run_restore(session, &args),
        Command::Compact(args) => compact::run(session, &args),
        Command::Rebuild(args) => compact::run_rebuild(session, &args),
        Command::Export(args) => export::run(session, &args),
        Command::Dump(args) => dump::run(session, &args),
        Command::Feed(args) => feed::run(session, &args),
        Command::Explain(args) => explain::run(session, &args),
        Command::Generate(args) => generate::run(session, &args),
    }
}

/// The language of messages: `--lang`, then OSLO_LANG, then the locale; Dutch when that starts with nl, else English.
/// Read before the arguments are parsed, because help and errors about arguments need it.
fn language_of(arguments: &[OsString]) -> Language {
    let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
    let mut chosen = None;
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--lang") {
            Some("") => chosen = arguments.next().map(ToOwned::to_owned),
            Some(rest) => chosen = rest.strip_prefix('=').map(ToOwned::to_owned).or(chosen),
            None => {}
        }
    }
    let from_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let wanted = chosen
        .or_else(|| from_environment("OSLO_LANG"))
        .or_else(|| {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .into_iter()
                .find_map(from_environment)
        });
    match wanted {
        Some(tag) if tag.to_ascii_lowercase().starts_with("nl") => Language::Nl,
        _ => Language::En,
    }
}

fn start_logging(verbose: u8, serving: bool) {
    use tracing_subscriber::EnvFilter;
    let default = match (verbose, serving) {
        (0, false) => "warn",
        (0, true) | (1, _) => "warn,oslo_registry=info",
        (2, _) => "info,oslo_registry=debug",
        _ => "debug,oslo_registry=trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A second start in one process keeps the first logger.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        for language in [Language::Nl, Language::En] {
            help::localise(Cli::command(), language).debug_assert();
        }
    }

    #[test]
    fn the_language_option_wins() {
        let of = |text: &str| language_of(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("oslo log --lang nl"), Language::Nl);
        assert_eq!(of("oslo --lang=en log"), Language::En);
    }
}
