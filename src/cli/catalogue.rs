//! `oslo catalogue`: what the steward says of the DCAT catalogue, kept beside the log, and how the catalogue does by our shapes.
//! Setting it works beside a running server, which uses it from then on.

use super::Exit;
use super::problem::{self, Problem};
use super::session::Session;
use crate::feeds::catalogue::{
    CatalogueSettings, KeptCatalogue, Offer, SettingsProblem, SettingsState,
};
use crate::rdf::label::Language;
use crate::registry::Registry;
use crate::store::Beside;
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file of settings is small.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct CatalogueArgs {
    /// What to do
    #[arg(value_enum, default_value_t = Action::Show, value_name = "ACTION")]
    action: Action,
    /// For "set" the file with titles, publisher, contact and licences; for "check" such a file to try first
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Use what a file says of the catalogue
    Set,
    /// Show what is said of the catalogue; an example when nothing is
    Show,
    /// Check the catalogue against the shapes of DCAT-AP-VL
    Check,
}

pub(crate) fn run(session: &Session, args: &CatalogueArgs) -> anyhow::Result<Exit> {
    match (args.action, &args.file) {
        (Action::Set, Some(file)) => set(session, file),
        (Action::Show, None) => show(session),
        (Action::Check, file) => check(session, file.as_deref()),
        (Action::Set, None) => anyhow::bail!(session.console.say(
            "geef het bestand: oslo catalogue set BESTAND; `oslo catalogue show` toont een voorbeeld",
            "give the file: oslo catalogue set FILE; `oslo catalogue show` shows an example"
        )),
        (Action::Show, Some(_)) => anyhow::bail!(
            session
                .console
                .say("show leest geen bestand", "show reads no file")
        ),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let cannot = |why: String| {
        Problem::new(
            format!("{} kan niet gelezen worden: {why}", path.display()),
            format!("{} cannot be read: {why}", path.display()),
        )
    };
    let size = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?;
    if size.len() > MAX_BYTES {
        return Err(cannot(format!("> {MAX_BYTES} bytes")).into());
    }
    Ok(std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?)
}

/// Tells all that is wrong with a file of settings.
fn tell(session: &Session, name: &str, problems: &[SettingsProblem]) -> anyhow::Result<()> {
    let mut out = session.console.out();
    let language = session.console.language;
    let hint = language.say("doe dit", "do this");
    for problem in problems {
        let (what, todo) = (problem.what.get(language), problem.hint.get(language));
        writeln!(out, "{name}\t{}\t{what}\t{hint}: {todo}", problem.at)?;
    }
    out.flush()?;
    Ok(())
}

fn set(session: &Session, file: &Path) -> anyhow::Result<Exit> {
    let text = read(file)?;
    let registry = session.open_to_read()?;
    let parsed = CatalogueSettings::parse(&text, registry.base(), registry.registers());
    let settings = match parsed {
        Ok(settings) => settings,
        Err(problems) => {
            tell(session, &file.display().to_string(), &problems)?;
            return Ok(Exit::Refused);
        }
    };
    Beside::Catalogue
        .write(session.data(), &text)
        .map_err(problem::of_store)?;
    let mut out = session.console.out();
    write_missing(session, &settings, registry.base(), &mut out)?;
    out.flush()?;
    Ok(Exit::Done)
}

/// What the steward has yet to fill in, line by line.
fn write_missing(
    session: &Session,
    settings: &CatalogueSettings,
    base: &str,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let language = session.console.language;
    let missing = session.console.say("nog in te vullen", "still to fill in");
    for text in settings.missing(base) {
        writeln!(out, "{missing}\t{}", text.get(language))?;
    }
    Ok(())
}

fn show(session: &Session) -> anyhow::Result<Exit> {
    // A registry has to be there.
    session.open_to_read()?;
    let kept = Beside::Catalogue.read(session.data());
    let kept = kept.map_err(problem::of_store)?;
    let mut out = session.console.out();
    match kept {
        Some(text) => out.write_all(text.as_bytes())?,
        None => {
            let note = session.console.say(
                "er is nog niets ingesteld; dit is een voorbeeld voor `oslo catalogue set`",
                "nothing was set yet; this is an example for `oslo catalogue set`",
            );
            session.console.note(note);
            out.write_all(CatalogueSettings::demo().as_bytes())?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn check(session: &Session, file: Option<&Path>) -> anyhow::Result<Exit> {
    let registry = session.open_to_read()?;
    let language = session.console.language;
    if let Some(file) = file {
        let text = read(file)?;
        let parsed = CatalogueSettings::parse(&text, registry.base(), registry.registers());
        if let Err(problems) = parsed {
            tell(session, &file.display().to_string(), &problems)?;
            return Ok(Exit::Refused);
        }
    }
    verdict(session, &registry, language)
}

fn verdict(session: &Session, registry: &Registry, language: Language) -> anyhow::Result<Exit> {
    let offer = Offer::everything(registry.registers());
    let made = KeptCatalogue::default().of(registry, &registry.snapshot(), &offer);
    let made = made.map_err(problem::of_store)?;
    if let SettingsState::Broken(problems) = &made.settings {
        tell(session, "catalogus.toml", problems)?;
        return Ok(Exit::Refused);
    }
    let Some(verdict) = made.verdict() else {
        anyhow::bail!(session.console.say(
            "de vormen van de catalogus kunnen niet gelezen worden",
            "the shapes of the catalogue cannot be read"
        ));
    };
    let mut out = session.console.out();
    writeln!(out, "datasets\t{}", made.catalogue.datasets.len())?;
    writeln!(
        out,
        "{}\t{}",
        language.say("fouten", "violations"),
        verdict.violations
    )?;
    writeln!(
        out,
        "{}\t{}",
        language.say("aanbevelingen", "recommendations"),
        verdict.warnings
    )?;
    write_missing(session, &made.catalogue.settings, registry.base(), &mut out)?;
    for text in &verdict.results {
        writeln!(out, "{}", text.get(language))?;
    }
    out.flush()?;
    Ok(if verdict.conforms {
        Exit::Done
    } else {
        Exit::Refused
    })
}
