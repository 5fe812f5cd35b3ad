//! `oslo settings`: shows what the registry was set to, and changes it. The settings lie beside the log, so that every
//! command and server agrees, and backups carry them along.

use super::Exit;
use super::problem;
use super::session::Session;
use crate::rdf::shacl::{ShaclVersion, Threshold};
use crate::rdf::version::RdfVersion;
use crate::store::Settings;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub(crate) struct SettingsArgs {
    /// Version of RDF and SPARQL that the registry takes: 1.1, or 1.2 with triple terms and base directions
    #[arg(long, value_name = "VERSION", value_parser = parse_version)]
    rdf: Option<RdfVersion>,
    /// Version of SHACL that shapes are read by: 1.0, or 1.2 with what its drafts add
    #[arg(long, value_name = "VERSION", value_parser = parse_shacl)]
    shacl: Option<ShaclVersion>,
    /// Least grave severity that denies conformance, with SHACL 1.2: violation, warning, info, debug or trace
    #[arg(long, value_name = "SEVERITY", value_parser = parse_threshold)]
    disallow: Option<Threshold>,
}

fn parse_version(text: &str) -> Result<RdfVersion, String> {
    RdfVersion::from_name(text).ok_or_else(|| "1.1 or 1.2 is expected".to_owned())
}

/// A version of SHACL by its number.
pub(crate) fn parse_shacl(text: &str) -> Result<ShaclVersion, String> {
    ShaclVersion::from_name(text).ok_or_else(|| "1.0 or 1.2 is expected".to_owned())
}

fn parse_threshold(text: &str) -> Result<Threshold, String> {
    Threshold::from_name(text)
        .ok_or_else(|| "violation, warning, info, debug or trace is expected".to_owned())
}

pub(crate) fn run(session: &Session, args: &SettingsArgs) -> anyhow::Result<Exit> {
    let asked = args.rdf.is_some() || args.shacl.is_some() || args.disallow.is_some();
    let settings = if asked {
        let registry = session.open_to_write(None)?;
        let before = registry.store().settings();
        let settings = Settings {
            rdf: args.rdf.unwrap_or(before.rdf),
            shacl: args.shacl.unwrap_or(before.shacl),
            disallow: args.disallow.unwrap_or(before.disallow),
        };
        if before != settings {
            registry.store().set(settings).map_err(problem::of_store)?;
        }
        settings
    } else {
        let registry = session.open_to_read()?;
        registry.store().settings()
    };
    let mut out = session.console.out();
    writeln!(out, "rdf\t{}", settings.rdf)?;
    writeln!(out, "shacl\t{}", settings.shacl)?;
    if settings.shacl.is_12() {
        writeln!(out, "disallow\t{}", settings.disallow)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
