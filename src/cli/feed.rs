//! `oslo feed`: lists the event streams and their views, and switches them off and on. A stream that is off answers 410; its
//! files go at once, and are made anew from the log when it is on again.

use super::Exit;
use super::problem::Problem;
use super::session::Session;
use crate::feeds::Switches;
use crate::registry::Registry;
use clap::{Args, ValueEnum};
use std::io::Write as _;

#[derive(Args)]
pub(crate) struct FeedArgs {
    /// What to do
    #[arg(value_enum, value_name = "ACTION", default_value = "list")]
    action: Action,
    /// Names of streams, such as adressen, or of views, such as adressen/gemeente
    #[arg(value_name = "NAME", required_if_eq_any = [("action", "off"), ("action", "on")])]
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// List the streams and views, and whether they are on
    List,
    /// Remove streams or views: their addresses answer that they are gone
    Off,
    /// Bring streams or views back
    On,
}

pub(crate) fn run(session: &Session, args: &FeedArgs) -> anyhow::Result<Exit> {
    match args.action {
        Action::List => list(session, &session.open_to_read()?),
        Action::Off => switch(session, &args.names, true),
        Action::On => switch(session, &args.names, false),
    }
}

fn list(session: &Session, registry: &Registry) -> anyhow::Result<Exit> {
    let switches = Switches::open(registry.store().dir())?;
    let mut out = session.console.out();
    let word = |is_off| if is_off { "off" } else { "on" };
    for register in registry.registers() {
        if register.access != "public" {
            continue;
        }
        let name = &register.name;
        writeln!(out, "{name}\t{}", word(switches.is_off(name, None)))?;
        for view in &register.feed_views {
            let is_off = switches.is_off(name, Some(&view.name));
            let kind = view.kind.word();
            writeln!(out, "{name}/{}\t{}\t{kind}", view.name, word(is_off))?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn switch(session: &Session, names: &[String], is_off: bool) -> anyhow::Result<Exit> {
    // Nobody else has the folder: a server that runs is asked over HTTP instead.
    let registry = session.open_to_write(None)?;
    let switches = Switches::open(registry.store().dir())?;
    let mut wanted = Vec::new();
    for name in names {
        let (register, view) = match name.split_once('/') {
            Some((register, view)) => (register, Some(view)),
            None => (name.as_str(), None),
        };
        let known = registry.register(register).filter(|known| {
            known.access == "public"
                && view.is_none_or(|view| known.feed_views.iter().any(|v| v.name == view))
        });
        if known.is_none() {
            return Err(Problem::new(
                format!("Er is geen stroom of weergave \"{name}\"."),
                format!("There is no stream or view \"{name}\"."),
            )
            .hint(
                "`oslo feed list` somt ze op.",
                "`oslo feed list` lists them.",
            )
            .into());
        }
        wanted.push((register, view));
    }
    for (register, view) in wanted {
        switches.set(register, view, is_off)?;
        if is_off && let Some(data) = registry.store().dir() {
            crate::feeds::remove_files(data, register, view)?;
        }
    }
    list(session, &registry)
}
