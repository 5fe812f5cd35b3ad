//! One small input as a list of statements, for documents that are looked at before anything of them is stored.
//! Blank nodes keep the labels of the input. Bounds and findings are those of `parse`.

use super::complain::{diagnose, diagnose_failure};
use super::contexts::ContextStore;
use super::diagnostic::{Diagnostic, Location};
use super::format::detect;
use super::input::Input;
use super::limits::{Limits, MAX_COLLECTED};
use super::parse::{ContextLoader, Job, Stop};
use super::reader::{GuardedReader, ReadFailure};
use super::texts;
use crate::rdf::version::RdfVersion;
use crate::rdf::vocab::rdf::LANG_STRING;
use oxrdf::{Literal, Quad, QuadRef, Term};

/// How to read.
pub(crate) struct Collect<'a> {
    /// Media type, when the server gave one.
    pub(crate) media_type: Option<&'a str>,
    /// Base IRI; without one, the input's own.
    pub(crate) base: Option<&'a str>,
    /// Bounds.
    pub(crate) limits: &'a Limits,
    /// JSON-LD contexts that may be used.
    pub(crate) contexts: &'a ContextStore,
    /// What the registry takes.
    pub(crate) version: RdfVersion,
}

/// The statements of an input, as they are written.
///
/// # Errors
/// One diagnostic with the place of the first mistake.
pub(crate) fn collect(input: &Input, how: &Collect<'_>) -> Result<Vec<Quad>, Diagnostic> {
    let detected = detect(input, None, how.media_type)?;
    let mut quads = Vec::new();
    if detected.empty {
        return Ok(quads);
    }
    let base = how.base.map(str::to_owned);
    let base = base.or_else(|| input.default_base_iri());
    let base = base.filter(|base| oxiri::Iri::parse(base.as_str()).is_ok());
    let contexts = ContextLoader::new(how.contexts);
    let job = Job {
        format: detected.format,
        base: base.as_deref(),
        contexts: &contexts,
        version: how.version,
    };
    let mut reader = GuardedReader::open(input, detected.format, how.limits)
        .map_err(|error| {
            texts::unreadable(&error).at(Location {
                file: input.name().to_owned(),
                ..Location::default()
            })
        })?
        .without_digest();
    let outcome = job.run(&mut reader, |quad| {
        if quads.len() == MAX_COLLECTED {
            return Err(Stop::Read(ReadFailure::TooManyStatements {
                limit: MAX_COLLECTED as u64,
            }));
        }
        quads.push(owned(quad));
        Ok(())
    });
    if let Err(stop) = outcome {
        let failure = reader.take_failure();
        let chunk_start = reader.previous_offset();
        drop(reader);
        let found = diagnose(input, &job, how.limits, stop, failure, chunk_start);
        return Err(found);
    }
    let finished = reader.finish();
    finished.map_err(|failure| diagnose_failure(input, failure))?;
    Ok(quads)
}

fn owned(quad: QuadRef<'_>) -> Quad {
    let mut quad = quad.into_owned();
    // The JSON-LD reader lets this through; RDF has no such literal.
    if let Term::Literal(literal) = &quad.object
        && literal.language().is_none()
        && literal.datatype().as_str() == LANG_STRING
    {
        quad.object = Literal::new_simple_literal(literal.value()).into();
    }
    quad
}
