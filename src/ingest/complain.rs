//! From why reading ended to a diagnostic with its place. Reads the input again where that finds the place; the words are
//! in `texts` and `syntax_texts`.

use super::contexts::ContextProblem;
use super::diagnostic::{Diagnostic, Location};
use super::input::Input;
use super::limits::Limits;
use super::lines::{SMALL_BYTES, Trouble};
use super::parse::{ContextLoader, Job, Stop};
use super::place::{Target, find_json_ld_culprit, find_text, locate, point_at_character};
use super::reader::{GuardedReader, ReadFailure};
use super::syntax_texts;
use super::texts::{self, Finding};
use crate::rdf::version::MAX_TRIPLE_DEPTH;
use std::io::{self, Read};

/// Turns the end of reading into a diagnostic with its place.
pub(super) fn diagnose(
    input: &Input,
    job: &Job<'_>,
    limits: &Limits,
    stop: Stop,
    failure: Option<ReadFailure>,
    chunk_start: u64,
) -> Diagnostic {
    if let Some(failure) = failure {
        return diagnose_failure(input, failure);
    }
    if let Some(problem) = job.contexts.take_problem() {
        let named = match &problem {
            ContextProblem::Cyclic { chain } => chain.first().cloned(),
            ContextProblem::Unavailable { iri, via } => via.clone().or_else(|| Some(iri.clone())),
            ContextProblem::TooLarge { iri } | ContextProblem::Broken { iri, .. } => {
                Some(iri.clone())
            }
        };
        let offset = named
            .and_then(|iri| find_text(input, &iri, limits.max_json_bytes))
            .unwrap_or_else(|| exact_offset(input, job, limits, chunk_start));
        return place(input, texts::from_context(&problem), Target::Offset(offset));
    }
    match stop {
        Stop::Syntax {
            message,
            place: at,
            json_ld_code,
        } => {
            let finding = match &json_ld_code {
                Some(code) => texts::from_json_ld(code, &message),
                None => syntax_texts::from_reader(job.format, &message),
            };
            // The JSON-LD reader reads an object to its end before it looks at the context in it.
            let named = json_ld_code
                .and_then(|_| find_json_ld_culprit(input, &message, limits.max_json_bytes));
            let target = at
                .or(named.map(Target::Offset))
                .unwrap_or_else(|| Target::Offset(exact_offset(input, job, limits, chunk_start)));
            let mut diagnostic = place(input, finding, target);
            point_at_character(&mut diagnostic);
            diagnostic
        }
        Stop::TripleTooDeep(at) => {
            let finding = texts::over_limit(
                "de nesting van triple terms",
                "the nesting of triple terms",
                &MAX_TRIPLE_DEPTH.to_string(),
            );
            let target =
                at.unwrap_or_else(|| Target::Offset(exact_offset(input, job, limits, chunk_start)));
            place(input, finding, target)
        }
        Stop::TokenTooLong => place(
            input,
            texts::over_limit(
                "een tekst of ander woord",
                "a text or other token",
                "16 MiB",
            ),
            Target::Offset(chunk_start),
        ),
        Stop::Read(failure) => diagnose_failure(input, failure),
        Stop::Stream(error) => texts::unreadable(&error).at(Location {
            file: input.name().to_owned(),
            ..Location::default()
        }),
        Stop::Line(trouble) => complain(input, job, limits, trouble),
        Stop::Broke => place(
            input,
            texts::reader_broke(),
            Target::Offset(exact_offset(input, job, limits, chunk_start)),
        ),
    }
}

/// Lets the strict reader say what is wrong from a line on. Content read by then is not parsed again, unless it is little:
/// what comes first in one piece of the stream decides which of two mistakes is named.
fn complain(input: &Input, job: &Job<'_>, limits: &Limits, trouble: Trouble) -> Diagnostic {
    let (skipped, lines) = if trouble.offset < SMALL_BYTES {
        (0, 0)
    } else {
        (trouble.offset, trouble.line)
    };
    let mut reader = match GuardedReader::open(input, job.format, limits) {
        Ok(reader) => reader.without_digest(),
        Err(error) => return diagnose(input, job, limits, Stop::Stream(error), None, 0),
    };
    let outcome = io::copy(&mut (&mut reader).take(skipped), &mut io::sink())
        .map_err(Stop::Stream)
        .and_then(|_| job.run(&mut reader, |_| Ok(())));
    let Err(mut stop) = outcome else {
        return match reader.finish() {
            Err(failure) => diagnose_failure(input, failure),
            Ok(_) => texts::changed_while_read().at(Location {
                file: input.name().to_owned(),
                ..Location::default()
            }),
        };
    };
    match &mut stop {
        Stop::Syntax {
            place: Some(Target::LineColumn(line, _)),
            ..
        } => *line += lines,
        Stop::Syntax {
            place: Some(Target::Offset(offset)),
            ..
        }
        | Stop::TripleTooDeep(Some(Target::Offset(offset))) => *offset += skipped,
        _ => {}
    }
    let failure = reader.take_failure();
    let chunk_start = reader.previous_offset();
    drop(reader);
    diagnose(input, job, limits, stop, failure, chunk_start)
}

fn place(input: &Input, finding: Finding, target: Target) -> Diagnostic {
    let (location, excerpt) = locate(input, target);
    let mut diagnostic = finding.at(location);
    diagnostic.excerpt = excerpt.map(Box::new);
    diagnostic
}

/// Some readers do not say where they stopped. Reads again, byte by byte from the chunk in which they did.
fn exact_offset(input: &Input, job: &Job<'_>, limits: &Limits, chunk_start: u64) -> u64 {
    let Ok(reader) = GuardedReader::open(input, job.format, limits) else {
        return chunk_start;
    };
    let mut reader = reader.slow_from(chunk_start);
    let contexts = ContextLoader::new(&job.contexts.store);
    let again = Job {
        format: job.format,
        base: job.base,
        contexts: &contexts,
        version: job.version,
    };
    let _ = again.run(&mut reader, |_| Ok(()));
    reader.offset().saturating_sub(1)
}

/// Words and place for a byte stream that stopped.
pub(super) fn diagnose_failure(input: &Input, failure: ReadFailure) -> Diagnostic {
    let whole = |finding: Finding| {
        finding.at(Location {
            file: input.name().to_owned(),
            ..Location::default()
        })
    };
    let at = |finding: Finding, offset: u64| place(input, finding, Target::Offset(offset));
    match failure {
        ReadFailure::NotUtf8 { offset, byte } => at(texts::not_utf8(byte), offset),
        ReadFailure::Utf8CutOff { offset } => at(texts::cut_off(), offset),
        ReadFailure::FileTooLarge { limit } => whole(texts::file_too_large(limit)),
        ReadFailure::LineTooLong { offset, limit } => at(
            texts::over_limit("een regel", "a line", &texts::bytes(limit)),
            offset,
        ),
        ReadFailure::XmlEventTooLong { offset, limit } => at(
            texts::over_limit(
                "een element, tekst of commentaar",
                "an element, text or comment",
                &texts::bytes(limit),
            ),
            offset,
        ),
        ReadFailure::LateDocumentType { offset } => at(texts::document_type_too_large(), offset),
        ReadFailure::XmlCutOff { offset } => at(texts::xml_cut_off(), offset),
        ReadFailure::XmlTooDeep { offset, limit } => at(
            texts::over_limit(
                "de nesting van de XML",
                "the nesting of the XML",
                &limit.to_string(),
            ),
            offset,
        ),
        ReadFailure::JsonTooDeep { offset, limit } => at(
            texts::over_limit(
                "de nesting van de JSON",
                "the nesting of the JSON",
                &limit.to_string(),
            ),
            offset,
        ),
        ReadFailure::JsonTooMany { offset, limit } => at(
            texts::over_limit(
                "het aantal waarden in de JSON",
                "the number of values in the JSON",
                &limit.to_string(),
            ),
            offset,
        ),
        ReadFailure::TooManyStatements { limit } => whole(texts::over_limit(
            "het aantal uitspraken in één document",
            "the number of statements in one document",
            &limit.to_string(),
        )),
        ReadFailure::Bomb { limit } => whole(texts::bomb(limit)),
        ReadFailure::Gzip { offset, error } => at(texts::broken_gzip(&error), offset),
        ReadFailure::Io(error) => whole(texts::unreadable(&error)),
    }
}
