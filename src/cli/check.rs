//! `oslo check`: reads the whole log, follows its chain, opens the index and compares; all of the index with `--deep`.

use super::Exit;
use super::problem;
use super::session::Session;
use crate::query;
use crate::store::{self, Finding};
use clap::Args;
use std::io::Write;

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// Also read every part of the index and compare it with the log
    #[arg(long)]
    deep: bool,
}

pub(crate) fn run(session: &Session, args: &CheckArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    let mut bar = console.progress(console.say("Logboek nalezen", "Reading the log"));
    let report = store::check(
        session.data(),
        args.deep,
        query::derived(),
        &mut |read, total| bar.at(read, total),
    );
    bar.done();
    let report = report.map_err(problem::of_store)?;
    let mut out = console.out();
    writeln!(
        out,
        "{}\t{}",
        console.say("commits", "commits"),
        console.number(report.commits)
    )?;
    writeln!(
        out,
        "{}\t{}",
        console.say("quads", "quads"),
        console.number(report.quads)
    )?;
    writeln!(out, "{}\t{}", console.say("keten", "chain"), report.digest)?;
    if report.torn_bytes > 0 {
        let text = console.say(
            "bytes van een onafgewerkte commit: nooit bevestigd, of het bestand is ingekort; het volgende schrijven ruimt ze op",
            "bytes of an unfinished commit: never acknowledged, or the file was cut; the next writer removes them",
        );
        writeln!(
            out,
            "{}\t{} {text}",
            console.say("staart", "tail"),
            console.number(report.torn_bytes)
        )?;
    }
    if report.findings.is_empty() {
        let text = if report.deep {
            console.say(
                "in orde: logboek, keten en elk deel van de index kloppen",
                "all is well: log, chain and every part of the index agree",
            )
        } else {
            console.say(
                "in orde: logboek, keten en index kloppen",
                "all is well: log, chain and index agree",
            )
        };
        writeln!(out, "{}\t{text}", console.say("oordeel", "verdict"))?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    for finding in &report.findings {
        let text = match finding {
            Finding::Log(error) => problem::describe(error)
                .message(console.language)
                .to_owned(),
            Finding::Index(text) => text.get(console.language).to_owned(),
        };
        writeln!(out, "{}\t{text}", console.say("bevinding", "finding"))?;
    }
    let text = if report.only_index() {
        console.say(
            "de index klopt niet, het logboek wel: er is niets verloren; `oslo rebuild` maakt de index opnieuw",
            "the index is wrong, the log is sound: nothing is lost; `oslo rebuild` makes the index anew",
        )
    } else {
        console.say(
            "beschadigd: maak eerst een kopie van de map; zet dan een reservekopie terug in een nieuwe map (`oslo --data NIEUWEMAP restore RESERVEKOPIE`)",
            "damaged: copy the folder first; then put back a backup in a new folder (`oslo --data NEWFOLDER restore BACKUP`)",
        )
    };
    writeln!(out, "{}\t{text}", console.say("oordeel", "verdict"))?;
    out.flush()?;
    Ok(Exit::Refused)
}
