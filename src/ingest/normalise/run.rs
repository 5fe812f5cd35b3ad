//! The records of one input, whatever its form, one after the other: a document in JSON or XML, or a table. Keeps the account
//! of what became of each; what is done with the statements is the caller's.

use super::bytes::may_hold_records;
use super::table::is_known_header;
use super::{
    Mapping, NormaliseError, NormaliseOptions, Normalised, Normaliser, NotRecords, RecordsFile,
    Repair, RepairReport, Table, open_table, read_records,
};
use crate::ingest::input::Input;
use crate::ingest::limits::Limits;
use oxrdf::Quad;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Read as _};

/// Start of an input that says whether it is worth reading.
const HEAD_BYTES: u64 = 512 << 10;

/// The records of one input.
pub enum SourceRecords<'n> {
    /// A document, as a whole in memory.
    Document(Box<RecordsFile>),
    /// A table, row by row.
    Table(Box<Table<'n>>),
}

/// What became of one record.
#[derive(Debug)]
pub enum EachRecord<'r> {
    /// It became statements.
    Done {
        /// What it was read by.
        mapping: &'r Mapping,
        /// The record.
        record: &'r Value,
        /// Whether it holds only some of what its source says of the object.
        is_extract: bool,
        /// What it gave besides statements.
        done: Normalised,
        /// Its statements.
        quads: Vec<Quad>,
    },
    /// It did not.
    Failed(NormaliseError),
}

/// Opens an input when it holds records of a source that is known, or is known to hold none.
///
/// # Errors
/// When it is anything else; the caller then reads it as what it is.
pub fn records_of<'n>(
    normaliser: &'n Normaliser,
    input: &Input,
    limits: &Limits,
) -> Result<SourceRecords<'n>, NotRecords> {
    match read_records(normaliser, input, limits) {
        Err(NotRecords::Other) => {}
        file => return file.map(|file| SourceRecords::Document(Box::new(file))),
    }
    open_table(normaliser, input, limits).map(|table| SourceRecords::Table(Box::new(table)))
}

/// Whether the start of an input looks like records, at the cost of its first 512 KiB.
pub fn looks_like_records(normaliser: &Normaliser, input: &Input) -> bool {
    let Ok(mut content) = input.open() else {
        return false;
    };
    let mut head = Vec::new();
    let read = (&mut content.reader)
        .take(HEAD_BYTES)
        .read_to_end(&mut head);
    read.is_ok() && (may_hold_records(normaliser, &head) || is_known_header(normaliser, &head))
}

impl SourceRecords<'_> {
    /// What was mended in the bytes.
    pub fn repair(&self) -> Option<&Repair> {
        match self {
            Self::Document(file) => file.repair.as_ref(),
            Self::Table(table) => table.repair.as_ref(),
        }
    }

    /// SHA-256 of the bytes, after decompression.
    pub fn sha256(&self) -> [u8; 32] {
        match self {
            Self::Document(file) => file.sha256,
            Self::Table(table) => table.sha256,
        }
    }

    /// Size in bytes, after decompression.
    pub fn content_bytes(&self) -> u64 {
        match self {
            Self::Document(file) => file.content_bytes,
            Self::Table(table) => table.content_bytes,
        }
    }

    /// Names of the registers that the records belong to.
    pub fn registers(&self, normaliser: &Normaliser) -> BTreeSet<String> {
        self.of_mappings(normaliser, &|mapping| mapping.register.clone())
    }

    /// Names of the mappings that the records are read by.
    pub fn mappings(&self, normaliser: &Normaliser) -> BTreeSet<String> {
        self.of_mappings(normaliser, &Mapping::name)
    }

    fn of_mappings(
        &self,
        normaliser: &Normaliser,
        of: &dyn Fn(&Mapping) -> String,
    ) -> BTreeSet<String> {
        match self {
            Self::Document(file) => normaliser
                .document(&file.value)
                .into_iter()
                .flat_map(|found| found.records)
                .filter_map(|(_, record)| normaliser.recognise(record).map(of))
                .collect(),
            Self::Table(table) => table.mapping().map(of).into_iter().collect(),
        }
    }

    /// Turns every record into statements, adds what became of it to a report, and tells the caller. `name` is what the input
    /// is called in messages.
    ///
    /// # Errors
    /// When the input cannot be read, or the caller fails.
    pub fn each<E: From<io::Error>>(
        &self,
        normaliser: &Normaliser,
        name: &str,
        options: &NormaliseOptions,
        report: &mut RepairReport,
        each: &mut dyn FnMut(EachRecord<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(repair) = self.repair() {
            report.note(name, repair);
        }
        let mut one = |mapping: &Mapping,
                       record: &Value,
                       place: &str,
                       is_extract: bool,
                       report: &mut RepairReport| {
            let mut quads = Vec::new();
            let done =
                normaliser.normalise_as(mapping, record, options, &mut |quad| quads.push(quad));
            match done {
                Ok(done) => {
                    report.add(&done, quads.len() as u64);
                    each(EachRecord::Done {
                        mapping,
                        record,
                        is_extract,
                        done,
                        quads,
                    })
                }
                Err(error) => {
                    let place = format!("{name} {place}");
                    report.refuse(place.trim_end().to_owned(), error.message());
                    each(EachRecord::Failed(error))
                }
            }
        };
        let table = match self {
            Self::Document(file) => {
                let Some(found) = normaliser.document(&file.value) else {
                    return Ok(());
                };
                report.add_document(&found, name);
                for (path, record) in found.records {
                    if let Some(mapping) = normaliser.recognise(record) {
                        one(mapping, record, &path, path.contains('['), report)?;
                    }
                }
                return Ok(());
            }
            Self::Table(table) => table,
        };
        let Some(mapping) = table.mapping() else {
            if let Some(reason) = table.without_records() {
                report.none(name, reason);
            }
            return Ok(());
        };
        let mut problems = Vec::new();
        table.each_row(&mut |place, row| match row {
            Ok(row) => match normaliser.left_out(mapping, &row) {
                Some(reason) => {
                    report.leave_out(&row, reason);
                    Ok(())
                }
                None => one(mapping, &row, &place, !mapping.has_several(), report),
            },
            Err(problem) => {
                let error = problem.error();
                report.refuse(format!("{name} {place}"), error.message());
                problems.push(error);
                Ok(())
            }
        })?;
        problems
            .into_iter()
            .try_for_each(|error| each(EachRecord::Failed(error)))
    }
}

/// Normalises an input and hands over its statements: all that a caller needs who stores nothing.
///
/// # Errors
/// When the input holds no records of a known source.
pub fn normalise_input(
    normaliser: &Normaliser,
    input: &Input,
    limits: &Limits,
    options: &NormaliseOptions,
    sink: &mut dyn FnMut(Quad),
) -> Result<RepairReport, NotRecords> {
    let records = records_of(normaliser, input, limits)?;
    let mut report = RepairReport::default();
    records
        .each::<io::Error>(
            normaliser,
            input.name(),
            options,
            &mut report,
            &mut |each| {
                if let EachRecord::Done { quads, .. } = each {
                    quads.into_iter().for_each(&mut *sink);
                }
                Ok(())
            },
        )
        .map_err(NotRecords::Unreadable)?;
    Ok(report)
}
