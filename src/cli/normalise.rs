//! `oslo normalise`: records of the authentic sources as OSLO statements on standard output, and the report of what was
//! repaired on standard error. Stores nothing.

use super::Exit;
use super::problem::Problem;
use super::session::Session;
use crate::ingest::normalise::{
    EachRecord, NormaliseError, NormaliseOptions, Normaliser, NotRecords, RepairReport, records_of,
};
use crate::ingest::{Input, Limits};
use crate::query::well_known_prefixes;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use oxrdf::Quad;
use oxrdfio::{RdfFormat, RdfSerializer};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct NormaliseArgs {
    /// Files of a source in JSON, XML or CSV: a record, a list, an envelope or a table
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Syntax of the statements
    #[arg(long, value_enum, default_value_t = Syntax::Nquads)]
    format: Syntax,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = ReportForm::Text)]
    report: ReportForm,
    /// Refuse a record instead of repairing it
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Syntax {
    /// One statement a line, with its graph
    Nquads,
    /// For people to read; statements of all graphs together
    Turtle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people
    Text,
    /// For programs
    Json,
}

pub(crate) fn run(session: &Session, args: &NormaliseArgs) -> anyhow::Result<Exit> {
    let console = session.console;
    let normaliser = Normaliser::shipped();
    let mut report = RepairReport::default();
    let mut out = console.out();
    let mut triples = BTreeSet::new();
    let mut order: Vec<Quad> = Vec::new();
    for path in &args.paths {
        let input = Input::file(path);
        let records = records_of(normaliser, &input, &Limits::default())
            .map_err(|error| problem(input.name(), &error))?;
        let options = NormaliseOptions {
            strict: args.strict,
            ..NormaliseOptions::new(session.base.as_str(), input.name())
        };
        if let Some(repair) = records.repair().filter(|_| args.strict) {
            let error = NormaliseError::Strict(repair.clone());
            report.refuse(input.name().to_owned(), error.message());
            continue;
        }
        records.each::<io::Error>(
            normaliser,
            input.name(),
            &options,
            &mut report,
            &mut |each| {
                let EachRecord::Done { quads, .. } = each else {
                    return Ok(());
                };
                match args.format {
                    Syntax::Nquads => {
                        for quad in &quads {
                            writeln!(out, "{quad} .")?;
                        }
                    }
                    Syntax::Turtle => {
                        order.extend(quads.into_iter().filter(|quad| {
                            let triple = (&quad.subject, &quad.predicate, &quad.object);
                            triples.insert(format!("{triple:?}"))
                        }));
                    }
                }
                Ok(())
            },
        )?;
    }
    if args.format == Syntax::Turtle {
        write_turtle(&order, &mut out)?;
    }
    out.flush()?;
    match args.report {
        ReportForm::Text => eprint!("{}", report.text(console.language)),
        ReportForm::Json => {
            let json = serde_json::to_string_pretty(&report.json(console.language))?;
            eprintln!("{json}");
        }
    }
    Ok(if report.refused_count > 0 {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn write_turtle(quads: &[Quad], out: &mut impl Write) -> anyhow::Result<()> {
    let mut serializer = RdfSerializer::from_format(RdfFormat::Turtle);
    let used = |namespace: &str| {
        let names = |text: &str| text.contains(namespace);
        quads
            .iter()
            .any(|quad| names(quad.predicate.as_str()) || names(&quad.object.to_string()))
    };
    for (prefix, namespace) in well_known_prefixes() {
        if used(namespace) {
            serializer = serializer
                .with_prefix(*prefix, *namespace)
                .context("declare a prefix")?;
        }
    }
    let mut writer = serializer.for_writer(out);
    // One block per subject, in the order in which the subjects come.
    let mut subjects: Vec<_> = Vec::new();
    let mut seen = BTreeSet::new();
    for quad in quads {
        if seen.insert(quad.subject.to_string()) {
            subjects.push(&quad.subject);
        }
    }
    let rank: std::collections::BTreeMap<String, usize> = subjects
        .iter()
        .enumerate()
        .map(|(index, subject)| (subject.to_string(), index))
        .collect();
    let mut sorted: Vec<&Quad> = quads.iter().collect();
    sorted.sort_by_key(|quad| rank.get(&quad.subject.to_string()).copied());
    for quad in sorted {
        writer.serialize_triple(oxrdf::TripleRef::new(
            &quad.subject,
            &quad.predicate,
            &quad.object,
        ))?;
    }
    writer.finish()?;
    Ok(())
}

fn problem(name: &str, error: &NotRecords) -> anyhow::Error {
    match error {
        NotRecords::Other => Problem::new(
            format!("{name} bevat geen records van een bron die oslo kent"),
            format!("{name} holds no records of a source that oslo knows"),
        )
        .hint(
            "geef JSON, XML of CSV van een bron in docs/sources.md; RDF en JSON-LD gaan met `oslo load`",
            "give JSON, XML or CSV of a source in docs/sources.md; RDF and JSON-LD go with `oslo load`",
        )
        .into(),
        NotRecords::TooLarge { limit } => Problem::new(
            format!("{name} is groter dan {limit} bytes"),
            format!("{name} is larger than {limit} bytes"),
        )
        .into(),
        NotRecords::Unreadable(error) => Problem::new(
            format!("{name} kan niet gelezen worden: {error}"),
            format!("{name} cannot be read: {error}"),
        )
        .into(),
    }
}
