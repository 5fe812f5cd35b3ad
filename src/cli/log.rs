//! `oslo log`: the commits, oldest first.

use super::Exit;
use super::console::Rows;
use super::problem;
use super::session::Session;
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub(crate) struct LogArgs {
    /// Only commits after this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    since: u64,
}

pub(crate) fn run(session: &Session, args: &LogArgs) -> anyhow::Result<Exit> {
    let registry = session.open_to_read()?;
    let console = session.console;
    let mut rows = Rows::new(
        console,
        &[
            ("nummer#", "number#"),
            ("tijd", "time"),
            ("erbij#", "added#"),
            ("eraf#", "removed#"),
            ("agent", "agent"),
            ("bron", "source"),
        ],
    );
    for commit in registry
        .store()
        .commits(args.since)
        .map_err(problem::of_store)?
    {
        let source = match commit.source.as_slice() {
            [] => commit.message.unwrap_or_default(),
            [only] => only.iri.clone(),
            [first, others @ ..] => format!("{} (+{})", first.iri, others.len()),
        };
        rows.push(vec![
            commit.seq.to_string(),
            commit.time,
            format!("+{}", console.number(commit.added)),
            format!("-{}", console.number(commit.removed)),
            commit.agent,
            source,
        ]);
    }
    let mut out = console.out();
    rows.write(&mut out)?;
    out.flush()?;
    Ok(Exit::Done)
}
