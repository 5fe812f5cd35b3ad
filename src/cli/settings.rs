//! `oslo settings`: shows what the registry was set to, and changes it. The settings lie beside the log, so that every
//! command and server agrees, and backups carry them along.

use super::Exit;
use super::problem;
use super::session::Session;
use crate::rdf::version::RdfVersion;
use crate::store::Settings;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub(crate) struct SettingsArgs {
    /// Version of RDF and SPARQL that the registry takes: 1.1, or 1.2 with triple terms and base directions
    #[arg(long, value_name = "VERSION", value_parser = parse_version)]
    rdf: Option<RdfVersion>,
}

fn parse_version(text: &str) -> Result<RdfVersion, String> {
    RdfVersion::from_name(text).ok_or_else(|| "1.1 or 1.2 is expected".to_owned())
}

pub(crate) fn run(session: &Session, args: &SettingsArgs) -> anyhow::Result<Exit> {
    let settings = match args.rdf {
        None => {
            let registry = session.open_to_read()?;
            registry.store().settings()
        }
        Some(rdf) => {
            let registry = session.open_to_write(None)?;
            let settings = Settings { rdf };
            if registry.store().settings() != settings {
                registry.store().set(settings).map_err(problem::of_store)?;
            }
            settings
        }
    };
    let mut out = session.console.out();
    writeln!(out, "rdf\t{}", settings.rdf)?;
    out.flush()?;
    Ok(Exit::Done)
}
