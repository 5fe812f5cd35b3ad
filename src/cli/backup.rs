//! `oslo backup` and `oslo restore`: a registry to another folder and back.

use super::Exit;
use super::arguments::{parse_as_of, parse_memory};
use super::problem::{self, Problem};
use super::session::{Session, with_memory};
use crate::ingest::mqtt::MQTT_FILE;
use crate::observations::{CopiedObservations, OBSERVATIONS_DIR, copy_observations};
use crate::store::{self, AsOf, CopyReport, OpenOptions};
use clap::Args;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct BackupArgs {
    /// New or empty folder for the backup
    #[arg(value_name = "DIR")]
    target: PathBuf,
    /// Copy every file instead of linking those that never change; on another disk that happens by itself
    #[arg(long)]
    copy: bool,
}

#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// Backup, or the data folder of another registry
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// Only the state after this commit, at the end of this day (UTC) or at this moment
    #[arg(long, value_name = "WHEN", value_parser = parse_as_of)]
    as_of: Option<AsOf>,
    /// Memory that making the index may take, such as 512MiB or 2GiB [default: 2GiB]
    #[arg(long, env = "OSLO_MEMORY", value_name = "SIZE", value_parser = parse_memory)]
    memory: Option<u64>,
}

pub(crate) fn run(session: &Session, args: &BackupArgs) -> anyhow::Result<Exit> {
    refuse_inside(session.data(), &args.target)?;
    let console = session.console;
    let mut bar = console
        .progress(console.say("Kopiëren", "Copying"))
        .of_bytes();
    let report = store::backup(
        session.data(),
        &args.target,
        args.copy,
        &mut |done, total| {
            bar.at(done, total);
        },
    );
    bar.done();
    let report = report.map_err(problem::of_store)?;
    let sensors = with_observations(session.data(), &args.target, !args.copy)?;
    write_report(session, &args.target, &report, sensors)?;
    if report.linked_files > 0 {
        console.note(console.say(
            "tip: gelinkte bestanden delen hun plaats op de schijf met het register; tegen een defecte schijf helpt alleen een kopie op een andere",
            "hint: linked files share their place on the disk with the registry; against a broken disk only a copy on another one helps",
        ));
    }
    Ok(Exit::Done)
}

pub(crate) fn run_restore(session: &Session, args: &RestoreArgs) -> anyhow::Result<Exit> {
    refuse_inside(&args.source, session.data())?;
    let console = session.console;
    let mut bar = console
        .progress(console.say("Terugzetten", "Restoring"))
        .of_bytes();
    let options = with_memory(OpenOptions::default(), args.memory);
    let report = store::restore(
        &args.source,
        session.data(),
        args.as_of,
        options,
        &mut |done, total| bar.at(done, total),
    );
    bar.done();
    let report = report.map_err(problem::of_store)?;
    let sensors = with_observations(&args.source, session.data(), false)?;
    write_report(session, session.data(), &report, sensors)?;
    if sensors.is_some() && args.as_of.is_some() {
        console.note(console.say(
            "tip: van de waarnemingen is alles teruggezet; met bekendOp is te vragen wat toen bekend was",
            "hint: all of the observations were restored; bekendOp asks for what was known then",
        ));
    }
    Ok(Exit::Done)
}

/// Brings over what sensors told, and where it comes from. After the registry: what a copy without it would say of sensors still holds.
fn with_observations(
    source: &Path,
    target: &Path,
    link: bool,
) -> anyhow::Result<Option<CopiedObservations>> {
    let failed = |error: &dyn std::fmt::Display| {
        let place = target.display();
        Problem::new(
            format!("het register staat in {place}, maar de waarnemingen konden niet gekopieerd worden: {error}"),
            format!("the registry is in {place}, but the observations could not be copied: {error}"),
        )
        .hint(
            "verwijder die map en begin opnieuw: ze is geen volledige kopie",
            "remove that folder and start again: it is no whole copy",
        )
    };
    let (from, to) = (source.join(OBSERVATIONS_DIR), target.join(OBSERVATIONS_DIR));
    let copied = copy_observations(&from, &to, link).map_err(|error| failed(&error))?;
    let mapping = source.join(MQTT_FILE);
    if mapping.is_file() {
        std::fs::copy(&mapping, target.join(MQTT_FILE)).map_err(|error| failed(&error))?;
    }
    Ok(copied)
}

/// A copy inside its source would go with it when that is lost.
fn refuse_inside(source: &Path, target: &Path) -> anyhow::Result<()> {
    let Ok(source) = source.canonicalize() else {
        return Ok(());
    };
    let parent = target.ancestors().find_map(|path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        path.canonicalize().ok()
    });
    if parent.is_none_or(|parent| !parent.starts_with(&source)) {
        return Ok(());
    }
    Err(Problem::new(
        format!("{} ligt in {}", target.display(), source.display()),
        format!("{} lies inside {}", target.display(), source.display()),
    )
    .hint(
        "kies een map daarbuiten, liefst op een andere schijf",
        "choose a folder outside it, on another disk if you can",
    )
    .into())
}

fn write_report(
    session: &Session,
    target: &Path,
    report: &CopyReport,
    sensors: Option<CopiedObservations>,
) -> anyhow::Result<()> {
    let console = session.console;
    let mut out = console.out();
    let mut row =
        |nl: &str, en: &str, value: String| writeln!(out, "{}\t{value}", console.say(nl, en));
    row("map", "folder", target.display().to_string())?;
    row("commit", "commit", console.number(report.seq))?;
    row("quads", "quads", console.number(report.quads))?;
    row("keten", "chain", report.digest.clone())?;
    row("bytes", "bytes", console.number(report.bytes))?;
    row(
        "gekopieerde bytes",
        "bytes copied",
        console.number(report.copied_bytes),
    )?;
    row(
        "gelinkte bestanden",
        "files linked",
        console.number(report.linked_files),
    )?;
    row(
        "klaargezette bevragingen",
        "stored queries",
        console.number(report.query_files),
    )?;
    row(
        "records als bewijs",
        "records as evidence",
        console.number(report.evidence_files),
    )?;
    row(
        "bestanden van bronnen",
        "files of sources",
        console.number(report.source_files),
    )?;
    if let Some(sensors) = sensors {
        let (files, bytes) = (console.number(sensors.files), console.number(sensors.bytes));
        let text = console.say(
            "bestanden met waarnemingen, bytes",
            "files of observations, bytes",
        );
        row(text, text, format!("{files}, {bytes}"))?;
    }
    if let Some(reason) = &report.without_index {
        let text = console.say(
            "weggelaten: kan niet gebruikt worden en wordt bij het openen uit het logboek gemaakt",
            "left out: cannot be used, and is made from the log on opening",
        );
        row("index", "index", format!("{text} ({reason})"))?;
    }
    out.flush()?;
    Ok(())
}
