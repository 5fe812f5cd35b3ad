//! `oslo check`: reads the whole log, follows its chain, rebuilds the index and compares.

use super::Exit;
use super::problem;
use super::session::Session;
use crate::store;
use std::io::Write;

pub(crate) fn run(session: &Session) -> anyhow::Result<Exit> {
    let console = session.console;
    let mut bar = console.progress(console.say("Logboek nalezen", "Reading the log"));
    let report = store::check(session.data(), false, &mut |read, total| {
        bar.at(read, total)
    });
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
        let text = console.say(
            "in orde: logboek, keten en index kloppen",
            "all is well: log, chain and index agree",
        );
        writeln!(out, "{}\t{text}", console.say("oordeel", "verdict"))?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    for finding in &report.findings {
        writeln!(out, "{}\t{finding}", console.say("bevinding", "finding"))?;
    }
    let text = console.say(
        "beschadigd: maak eerst een kopie van de map, zet het logboek terug van een reservekopie of een andere machine, en draai `oslo check` opnieuw; de index wordt uit het logboek herbouwd",
        "damaged: copy the folder first, put back the log from a backup or another machine, and run `oslo check` again; the index is rebuilt from the log",
    );
    writeln!(out, "{}\t{text}", console.say("oordeel", "verdict"))?;
    out.flush()?;
    Ok(Exit::Refused)
}
