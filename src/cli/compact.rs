//! `oslo compact` and `oslo rebuild`: the index in its smallest form, old commits given up, the index made anew.

use super::Exit;
use super::arguments::{parse_before, parse_memory};
use super::console::Console;
use super::problem;
use super::session::{Session, with_memory};
use crate::query;
use crate::store::{OpenOptions, Store, StoreSizes};
use clap::Args;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    keep: Keep,
}

/// Which commits stay one by one; none given up without any of these.
#[derive(Args)]
#[group(multiple = false)]
struct Keep {
    /// Give up commits older than this many days
    #[arg(long, value_name = "N")]
    keep_days: Option<u32>,
    /// Give up all but the newest so many commits
    #[arg(long, value_name = "N")]
    keep_commits: Option<u64>,
    /// Give up commits before this day (UTC) or moment
    #[arg(long, value_name = "WHEN", value_parser = parse_before)]
    before: Option<i64>,
}

#[derive(Args)]
pub(crate) struct RebuildArgs {
    /// Memory that making the index may take, such as 512MiB or 2GiB [default: 2GiB]
    #[arg(long, env = "OSLO_MEMORY", value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
}

impl Keep {
    /// The newest commit to give up, if any are to be.
    fn last_given_up(&self, store: &Store) -> Option<u64> {
        if let Some(count) = self.keep_commits {
            return Some(store.snapshot().seq().saturating_sub(count));
        }
        let by_days = self.keep_days.map(|days| {
            let now = jiff::Timestamp::now().as_millisecond();
            now - i64::from(days) * 86_400_000
        });
        Some(store.commit_at(by_days.or(self.before)?))
    }
}

pub(crate) fn run(session: &Session, args: &CompactArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    let options = OpenOptions {
        must_exist: true,
        ..OpenOptions::default()
    };
    let mut bar = console.progress(console.say("Register openen", "Opening the registry"));
    let opened = Store::open_with_progress(session.data(), options, &mut |read, total| {
        bar.at(read, total);
    });
    bar.done();
    let store = opened.map_err(problem::of_store)?;
    let before = store.sizes();
    let oldest = store.first_state();
    match args.keep.last_given_up(&store) {
        None => store.compact_index(),
        Some(seq) => store.retain_after(seq),
    }
    .and_then(|()| store.derive(query::derived()))
    .map_err(problem::of_store)?;
    let after = store.sizes();
    let mut out = console.out();
    write_sizes(console, &mut out, &before, &after)?;
    writeln!(
        out,
        "{}\t{}\t{}",
        console.say("oudste toestand", "oldest state"),
        console.number(oldest),
        console.number(store.first_state())
    )?;
    out.flush()?;
    Ok(Exit::Done)
}

/// One line per figure: before and after.
fn write_sizes(
    console: Console,
    out: &mut impl Write,
    before: &StoreSizes,
    after: &StoreSizes,
) -> io::Result<()> {
    let lines = [
        (
            "",
            console.say("voor", "before").to_owned(),
            console.say("na", "after").to_owned(),
        ),
        (
            console.say("lagen van de index", "levels of the index"),
            console.number(before.levels as u64),
            console.number(after.levels as u64),
        ),
        (
            console.say("bytes van de index", "bytes of the index"),
            console.number(before.index_bytes),
            console.number(after.index_bytes),
        ),
        (
            console.say("bytes van het logboek", "bytes of the log"),
            console.number(before.log_bytes),
            console.number(after.log_bytes),
        ),
    ];
    for (name, before, after) in lines {
        writeln!(out, "{name}\t{before}\t{after}")?;
    }
    Ok(())
}

pub(crate) fn run_rebuild(session: &Session, args: &RebuildArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    let mut bar = console
        .progress(console.say(
            "Index maken uit het logboek",
            "Making the index from the log",
        ))
        .of_bytes();
    let options = with_memory(OpenOptions::default(), args.memory);
    let rebuilt = Store::rebuild(session.data(), options, &mut |read, total| {
        bar.at(read, total)
    });
    bar.label(console.say("Samenvoegen", "Merging"));
    let done = rebuilt.and_then(|store| {
        store.compact_index()?;
        store.derive(query::derived())?;
        Ok((store.snapshot(), store.sizes()))
    });
    bar.done();
    let (state, sizes) = done.map_err(problem::of_store)?;
    let mut out = console.out();
    let mut row = |nl: &str, en: &str, number: u64| {
        writeln!(out, "{}\t{}", console.say(nl, en), console.number(number))
    };
    row("commit", "commit", state.seq())?;
    row("quads", "quads", state.quad_count())?;
    row(
        "bytes van de index",
        "bytes of the index",
        sizes.index_bytes,
    )?;
    out.flush()?;
    Ok(Exit::Done)
}
