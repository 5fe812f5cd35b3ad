//! `oslo generate`: a synthetic town on standard output, and where its faults are.

use super::Exit;
use super::console::group_digits;
use super::problem::Problem;
use super::session::Session;
use crate::generate::{MAX_MERGED, TownOptions, write_town_and_questions};
use anyhow::Context;
use clap::Args;
use std::fs::File;
use std::io;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct GenerateArgs {
    /// How many addresses; every other object follows from that
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=5_000_000))]
    addresses: u64,
    /// Seed: the same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Share of the objects that gets each kind of fault, from 0 to 1 (0.001 is one in a thousand)
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = parse_rate)]
    faults: f64,
    /// Where the planted faults are listed as CSV (code,focus,path,wrong,right)
    #[arg(long, value_name = "FILE", default_value = "waarheid.csv")]
    truth: PathBuf,
    /// How many municipalities merged into the town; its streets had other names before
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=MAX_MERGED))]
    merged: u64,
    /// Where misspelt questions about addresses are listed as CSV (kind,query,address), to try the matching with
    #[arg(long, value_name = "FILE")]
    misspelt: Option<PathBuf>,
    /// How many misspelt questions
    #[arg(long, value_name = "N", default_value_t = 2000, requires = "misspelt", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    misspellings: u64,
    /// Year of the most recent changes
    #[arg(long, value_name = "YEAR", default_value_t = 2026, value_parser = clap::value_parser!(u16).range(2013..=2200))]
    year: u16,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("a number from 0 to 1 is expected, such as 0.001".to_owned()),
    }
}

pub(crate) fn run(session: &Session, args: &GenerateArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    if console.out_is_terminal && args.addresses > 100 {
        return Err(Problem::new(
            "de stad komt op het scherm terecht",
            "the town would end up on the screen",
        )
        .hint(
            "stuur ze naar een bestand: oslo generate --addresses 1000 > stad.nq",
            "send it to a file: oslo generate --addresses 1000 > town.nq",
        )
        .into());
    }
    let options = TownOptions {
        addresses: args.addresses,
        seed: args.seed,
        faults: args.faults,
        graph_base: session.base.clone(),
        year: args.year,
        merged: args.merged,
        misspellings: args.misspelt.as_ref().map_or(0, |_| args.misspellings),
    };
    let mut truth = if args.faults > 0.0 {
        let file =
            File::create(&args.truth).with_context(|| format!("write {}", args.truth.display()))?;
        let mut truth = csv::Writer::from_writer(file);
        truth.write_record(["code", "focus", "path", "wrong", "right"])?;
        Some(truth)
    } else {
        None
    };
    let mut misspelt = match &args.misspelt {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("write {}", path.display()))?;
            let mut misspelt = csv::Writer::from_writer(file);
            misspelt.write_record(["kind", "query", "address"])?;
            Some((misspelt, path))
        }
        None => None,
    };
    let stats = write_town_and_questions(
        &options,
        console.out(),
        &mut |fault| {
            let Some(truth) = &mut truth else {
                return Ok(());
            };
            truth
                .write_record([
                    fault.code,
                    &fault.focus,
                    &fault.path,
                    &fault.wrong,
                    &fault.right,
                ])
                .map_err(io::Error::other)
        },
        &mut |question| {
            let Some((misspelt, _)) = &mut misspelt else {
                return Ok(());
            };
            misspelt
                .write_record([question.kind, &question.query(), &question.expected])
                .map_err(io::Error::other)
        },
    )?;
    if let Some(mut truth) = truth {
        truth
            .flush()
            .with_context(|| format!("write {}", args.truth.display()))?;
    }
    if let Some((mut misspelt, path)) = misspelt {
        misspelt
            .flush()
            .with_context(|| format!("write {}", path.display()))?;
    }
    let show = |number| group_digits(number, console.language);
    console.note(&format!(
        "{} quads: {} {}, {} {}, {} {}, {} {}, {} {}; {} {}",
        show(stats.quads),
        show(stats.addresses),
        console.say("adressen", "addresses"),
        show(stats.streets),
        console.say("straatnamen", "street names"),
        show(stats.buildings),
        console.say("gebouwen", "buildings"),
        show(stats.units),
        console.say("gebouweenheden", "units"),
        show(stats.parcels),
        console.say("percelen", "parcels"),
        show(stats.faults),
        console.say("geplante fouten", "planted faults"),
    ));
    Ok(Exit::Done)
}
