//! One input → quads in a draft. Reads in strict mode and as a stream; the first mistake refuses the whole input, with
//! its place. Gives blank nodes labels of the store. Does not commit: the caller drops the draft when this fails.

use super::complain::diagnose;
use super::complain::diagnose_failure;
use super::contexts::{ContextProblem, ContextStore};
use super::diagnostic::{Diagnostic, Location, Severity};
use super::format::{Compression, Detected, detect};
use super::input::Input;
use super::labels::label_prefix;
use super::limits::Limits;
use super::lines::{self, Setup, Source, Trouble};
use super::mend::Mender;
use super::newer::{self, Newer, Unannounced, Watched, WatchedXml};
use super::place::Target;
use super::reader::{GuardedReader, ReadFailure, content_digest};
use super::stage::Stager;
use super::{syntax_texts, texts};
use crate::rdf::format::{Format, is_version_12, version_of};
use crate::rdf::version::RdfVersion;
use crate::store::{Draft, Unreadable};
use oxrdf::{GraphNameRef, NamedNode, Quad, QuadRef, Term};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// How to read one input.
pub struct ParseOptions<'a> {
    /// Syntax, when the caller knows it; else the media type or the name tells.
    pub format: Option<Format>,
    /// Media type of a request body; of its parameters only `version` counts.
    pub media_type: Option<String>,
    /// Base IRI for relative references; else the file's `file:` IRI, or the input's name where that is an IRI.
    pub base_iri: Option<String>,
    /// Graph for the triples of the default graph of the input. Graphs that the input names itself (TriG, N-Quads,
    /// JSON-LD) keep their own names.
    pub graph: Option<NamedNode>,
    /// Bounds on what the input may cost.
    pub limits: Limits,
    /// JSON-LD contexts that may be used.
    pub contexts: &'a ContextStore,
    /// Takes a JSON-LD document that is a context and nothing else as no statements, whatever is wrong with the context,
    /// with a warning. Off by default: JSON-LD asks to refuse it.
    pub pass_over_contexts: bool,
    /// Digest of the content, when the caller has it; else the input is read once more as soon as a blank node needs it.
    pub content_sha256: Option<[u8; 32]>,
    /// Called about once per MiB taken from the source.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
    /// Mends statements on their way in; without it every term stays as it is.
    pub mender: Option<&'a mut Mender>,
}

impl<'a> ParseOptions<'a> {
    /// Everything by default: format by name, no graph, default limits.
    pub fn new(contexts: &'a ContextStore) -> Self {
        Self {
            format: None,
            media_type: None,
            base_iri: None,
            graph: None,
            limits: Limits::default(),
            contexts,
            pass_over_contexts: false,
            content_sha256: None,
            progress: None,
            mender: None,
        }
    }
}

/// How far the reading of one input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken from the source, before decompression.
    pub bytes_read: u64,
    /// Size of the source in the same unit, when it is known.
    pub bytes_total: Option<u64>,
    /// Statements read; in N-Triples and N-Quads each has a line.
    pub statements: u64,
}

/// What one input held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseStats {
    /// Syntax it was read in.
    pub format: Format,
    /// Packing of the source.
    pub compression: Compression,
    /// Statements read, repeated ones counted each time.
    pub quads: u64,
    /// Different blank nodes.
    pub blank_nodes: u64,
    /// Size of the content in bytes, after decompression.
    pub content_bytes: u64,
    /// SHA-256 of the content, after decompression.
    pub content_sha256: [u8; 32],
    /// Published contexts that were read with one of our own, and the IRI of that one, sorted.
    pub own_contexts: Vec<(String, String)>,
    /// What a steward should look at although the input was read.
    pub warnings: Vec<Diagnostic>,
}

/// Whether a finding about contexts concerns a document that is a context and nothing else. Such a document holds no
/// statements under any reading, so a flaw in it is worth a warning and loses nothing.
fn is_unusable_context(
    input: &Input,
    detected: &Detected,
    limits: &Limits,
    found: &Diagnostic,
) -> bool {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct ContextDocument {
        #[serde(rename = "@context")]
        _context: serde::de::IgnoredAny,
    }
    if detected.format != Format::JsonLd || !matches!(found.code, "P031" | "P034") {
        return false;
    }
    GuardedReader::open(input, detected.format, limits)
        .is_ok_and(|reader| serde_json::from_reader::<_, ContextDocument>(reader).is_ok())
}

/// Reads an input into a draft.
///
/// # Errors
/// One diagnostic with the place of the first mistake. The draft then holds part of the input: drop it.
pub fn parse_into(
    draft: &mut Draft<'_>,
    input: &Input,
    options: ParseOptions<'_>,
) -> Result<ParseStats, Diagnostic> {
    parse_with(draft, input, options, Setup::of)
}

/// As [`parse_into`]; `setup` says whether and how the lines of an input are read in bulk.
pub(super) fn parse_with(
    draft: &mut Draft<'_>,
    input: &Input,
    mut options: ParseOptions<'_>,
    setup: impl FnOnce(&Input, Format, &Limits) -> Option<Setup>,
) -> Result<ParseStats, Diagnostic> {
    let whole = Location {
        file: input.name().to_owned(),
        ..Location::default()
    };
    let detected = detect(input, options.format, options.media_type.as_deref())?;
    let given_base = options.base_iri.take();
    let default_base = given_base.is_none() && input.path().is_some();
    let base = given_base.or_else(|| input.default_base_iri());
    if let Some(base) = &base
        && let Err(error) = oxiri::Iri::parse(base.as_str())
    {
        return Err(texts::bad_base(base, &error.to_string()).at(whole));
    }

    let bytes_total = input.size_bytes();
    let mut progress = options.progress.take();
    let mut report = |bytes_read, statements| {
        if let Some(progress) = &mut progress {
            progress(Progress {
                bytes_read,
                bytes_total,
                statements,
            });
        }
    };
    let mut stats = ParseStats {
        format: detected.format,
        compression: detected.compression,
        quads: 0,
        blank_nodes: 0,
        content_bytes: 0,
        content_sha256: [0; 32],
        own_contexts: Vec::new(),
        warnings: Vec::new(),
    };

    let graph_name = options.graph.as_ref().map_or("", |g| g.as_str());
    let mut early_digest = options.content_sha256;
    let mut make_prefix = || -> Result<String, Stop> {
        let digest = match early_digest {
            Some(digest) => digest,
            None => content_digest(input, detected.format, &options.limits).map_err(Stop::Read)?,
        };
        early_digest = Some(digest);
        Ok(label_prefix(graph_name, &digest))
    };
    let version = draft.rdf_version();
    let announced = options.media_type.as_deref().and_then(version_of);
    if !version.is_12() && announced.is_some_and(is_version_12) {
        return Err(syntax_texts::needs_rdf_12().at(whole));
    }
    let mut stager = Stager::new(draft, options.graph.as_ref().map(NamedNode::as_ref))
        .with_mender(options.mender.take());
    let contexts = ContextLoader::new(options.contexts);
    let job = Job {
        format: detected.format,
        base: base.as_deref(),
        contexts: &contexts,
        version,
    };
    let setup = setup(input, detected.format, &options.limits).filter(|_| !detected.empty);
    let content = if let Some(setup) = setup {
        let source = Source {
            input,
            format: detected.format,
            limits: &options.limits,
            version,
        };
        lines::read(source, setup, &mut stager, &mut make_prefix, &mut report)
            .map_err(|stop| diagnose(input, &job, &options.limits, stop, None, 0))?
    } else {
        let staged = Cell::new(0);
        let mut report = |bytes_read| report(bytes_read, staged.get());
        let mut reader = GuardedReader::open(input, detected.format, &options.limits)
            .map_err(|e| texts::unreadable(&e).at(whole.clone()))?
            .with_progress(Some(&mut report));
        let outcome = if detected.empty {
            Ok(())
        } else {
            job.run(&mut reader, |quad| {
                staged.set(stager.quads + 1);
                stager.stage(quad, &mut make_prefix)
            })
        };
        if let Err(stop) = outcome {
            let failure = reader.take_failure();
            let chunk_start = reader.previous_offset();
            drop(reader);
            let found = diagnose(input, &job, &options.limits, stop, failure, chunk_start);
            if !options.pass_over_contexts
                || stager.quads > 0
                || !is_unusable_context(input, &detected, &options.limits, &found)
            {
                return Err(found);
            }
            stats.content_sha256 = content_digest(input, detected.format, &options.limits)
                .map_err(|_| found.clone())?;
            stats.content_bytes = bytes_total.unwrap_or(0);
            stats
                .warnings
                .push(texts::no_statements(detected.format).warn_at(whole));
            stats.warnings.push(Diagnostic {
                severity: Severity::Warning,
                ..found
            });
            return Ok(stats);
        }
        reader
            .finish()
            .map_err(|failure| diagnose_failure(input, failure))?
    };
    (stats.content_bytes, stats.content_sha256) = content;
    stats.own_contexts = contexts.take_own();
    stats.quads = stager.quads;
    stats.blank_nodes = stager.blank_nodes();
    let file_iris = stager.file_iris;
    if early_digest.is_some_and(|early| early != stats.content_sha256) {
        return Err(texts::changed_while_read().at(whole));
    }
    if detected.empty {
        stats.warnings.push(texts::empty().warn_at(whole));
    } else if stats.quads == 0 {
        stats
            .warnings
            .push(texts::no_statements(detected.format).warn_at(whole));
    } else if default_base && file_iris > 0 {
        stats
            .warnings
            .push(texts::file_iris(file_iris).warn_at(whole));
    }
    Ok(stats)
}

/// Why reading ended before the end.
pub(super) enum Stop {
    /// The RDF reader complains.
    Syntax {
        message: String,
        place: Option<Target>,
        json_ld_code: Option<String>,
    },
    /// The RDF reader would need more than its buffer for one token.
    TokenTooLong,
    /// Triple terms lie too deep within each other; without a place, the place is where the reader stopped.
    TripleTooDeep(Option<Target>),
    /// The byte stream stopped; the guarded reader knows why.
    Stream(io::Error),
    /// Another pass over the bytes stopped.
    Read(ReadFailure),
    /// From this line on something is wrong; the strict reader can say what.
    Line(Trouble),
    /// The RDF reader panicked.
    Broke,
}

impl Stop {
    fn from_io(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::OutOfMemory {
            Self::TokenTooLong
        } else {
            Self::Stream(error)
        }
    }
}

/// What an RDF reader needs besides bytes.
pub(super) struct Job<'a> {
    /// Syntax.
    pub(super) format: Format,
    /// Base IRI, checked.
    pub(super) base: Option<&'a str>,
    /// Contexts for JSON-LD.
    pub(super) contexts: &'a ContextLoader,
    /// What the registry takes.
    pub(super) version: RdfVersion,
}

impl Job<'_> {
    /// Runs the RDF reader of the format over the bytes.
    pub(super) fn run<R: Read>(
        &self,
        reader: R,
        sink: impl FnMut(QuadRef<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        guarded(|| self.run_reader(reader, sink))
    }

    fn run_reader<R: Read>(
        &self,
        reader: R,
        mut sink: impl FnMut(QuadRef<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        const CHECKED: &str = "the base IRI was checked";
        let version = self.version;
        let mut sink = |quad: QuadRef<'_>| {
            newer::check(quad, version)?;
            sink(quad)
        };
        let found = Cell::new(None);
        // A reader whose bytes were held back complains of that; why they were is known here.
        let from_turtle = |error| {
            found
                .get()
                .map_or_else(|| from_turtle(error), Newer::into_stop)
        };
        macro_rules! with_base {
            ($parser:expr) => {
                match self.base {
                    Some(base) => $parser.with_base_iri(base).expect(CHECKED),
                    None => $parser,
                }
            };
        }
        match self.format {
            Format::Turtle => {
                let reader = Watched::new(reader, version, &found);
                for triple in with_base!(oxttl::TurtleParser::new()).for_reader(reader) {
                    sink(
                        triple
                            .map_err(from_turtle)?
                            .as_ref()
                            .in_graph(GraphNameRef::DefaultGraph),
                    )?;
                }
            }
            Format::TriG => {
                let reader = Watched::new(reader, version, &found);
                for quad in with_base!(oxttl::TriGParser::new()).for_reader(reader) {
                    sink(quad.map_err(from_turtle)?.as_ref())?;
                }
            }
            Format::NTriples | Format::NQuads => {
                strict_lines(self.format, version, reader, sink)?;
            }
            Format::RdfXml => {
                let parser = oxrdfio::RdfParser::from_format(oxrdfio::RdfFormat::RdfXml);
                let reader = WatchedXml::new(reader, version, &found);
                for quad in with_base!(parser).for_reader(reader) {
                    let quad = quad.map_err(|error| match error {
                        oxrdfio::RdfParseError::Io(error) => found
                            .get()
                            .map_or_else(|| Stop::from_io(error), Newer::into_stop),
                        oxrdfio::RdfParseError::Syntax(error) => Stop::Syntax {
                            message: error.to_string(),
                            place: None,
                            json_ld_code: None,
                        },
                    })?;
                    sink(quad.as_ref())?;
                }
            }
            Format::JsonLd => {
                let parser = with_base!(oxjsonld::JsonLdParser::new())
                    .for_reader(reader)
                    .with_load_document_callback(self.contexts.callback());
                for quad in parser {
                    sink_json_ld(quad.map_err(from_json_ld)?, version, &mut sink)?;
                }
            }
        }
        Ok(())
    }
}

/// Hands on a statement of JSON-LD. Where RDF 1.1 is spoken its literals lose their base direction, as JSON-LD 1.1 has it.
fn sink_json_ld(
    mut quad: Quad,
    version: RdfVersion,
    sink: &mut impl FnMut(QuadRef<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if !version.is_12()
        && let Term::Literal(literal) = &quad.object
        && let Some(plain) = newer::without_direction(literal.as_ref())
    {
        quad.object = plain.into();
    }
    sink(quad.as_ref())
}

/// Runs a reader, which asserts its own bookkeeping: no document may bring the registry down.
fn guarded(work: impl FnOnce() -> Result<(), Stop>) -> Result<(), Stop> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done,
        // A part of the index cannot be read: not the document's fault.
        Err(payload) if payload.is::<Unreadable>() => resume_unwind(payload),
        Err(_) => Err(Stop::Broke),
    }
}

/// Runs the strict reader of N-Triples, or of N-Quads, over the bytes.
pub(super) fn strict_lines<R: Read>(
    format: Format,
    version: RdfVersion,
    reader: R,
    sink: impl FnMut(QuadRef<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    guarded(|| read_lines(format, version, reader, sink))
}

fn read_lines<R: Read>(
    format: Format,
    version: RdfVersion,
    reader: R,
    mut sink: impl FnMut(QuadRef<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let found = Cell::new(None);
    let from_turtle = |error| {
        found
            .get()
            .map_or_else(|| from_turtle(error), Newer::into_stop)
    };
    let reader = Unannounced::new(Watched::new(reader, version, &found), version, &found);
    let mut sink = |quad: QuadRef<'_>| {
        newer::check(quad, version)?;
        sink(quad)
    };
    if format == Format::NQuads {
        for quad in oxttl::NQuadsParser::new().for_reader(reader) {
            sink(quad.map_err(from_turtle)?.as_ref())?;
        }
    } else {
        for triple in oxttl::NTriplesParser::new().for_reader(reader) {
            let triple = triple.map_err(from_turtle)?;
            sink(triple.as_ref().in_graph(GraphNameRef::DefaultGraph))?;
        }
    }
    Ok(())
}

fn from_turtle(error: oxttl::TurtleParseError) -> Stop {
    match error {
        oxttl::TurtleParseError::Io(error) => Stop::from_io(error),
        oxttl::TurtleParseError::Syntax(error) => {
            let start = error.location().start;
            Stop::Syntax {
                message: error.message().to_owned(),
                place: Some(Target::LineColumn(start.line, start.column)),
                json_ld_code: None,
            }
        }
    }
}

fn from_json_ld(error: oxjsonld::JsonLdParseError) -> Stop {
    match error {
        oxjsonld::JsonLdParseError::Io(error) => Stop::from_io(error),
        oxjsonld::JsonLdParseError::Syntax(error) => Stop::Syntax {
            message: error.to_string(),
            place: error
                .location()
                .map(|at| Target::LineColumn(at.start.line, at.start.column)),
            json_ld_code: error.code().map(|code| code.to_string()),
        },
    }
}

/// Hands contexts to the JSON-LD reader and keeps the reason when there is none to hand.
pub(super) struct ContextLoader {
    /// The contexts.
    pub(super) store: ContextStore,
    problem: Arc<Mutex<Option<ContextProblem>>>,
    own: Arc<Mutex<BTreeMap<String, String>>>,
}

impl ContextLoader {
    /// Of a store.
    pub(super) fn new(store: &ContextStore) -> Self {
        Self {
            store: store.clone(),
            problem: Arc::default(),
            own: Arc::default(),
        }
    }

    fn callback(
        &self,
    ) -> impl Fn(
        &str,
        &oxjsonld::JsonLdLoadDocumentOptions,
    )
        -> Result<oxjsonld::JsonLdRemoteDocument, Box<dyn std::error::Error + Send + Sync>>
    + Send
    + Sync
    + std::panic::UnwindSafe
    + std::panic::RefUnwindSafe
    + 'static {
        let store = AssertUnwindSafe(self.store.clone());
        let problem = Arc::clone(&self.problem);
        let own = Arc::clone(&self.own);
        move |iri, _| match store.resolve(iri) {
            Ok(document) => {
                if let Some(name) = store.own(iri) {
                    let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
                    own.insert(iri.to_owned(), name.to_owned());
                }
                Ok(oxjsonld::JsonLdRemoteDocument {
                    document: document.to_vec(),
                    document_url: iri.to_owned(),
                })
            }
            Err(found) => {
                let error = Box::new(found.clone());
                problem
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(found);
                Err(error)
            }
        }
    }

    /// Published contexts for which one of our own was handed, with the IRI of that.
    fn take_own(&self) -> Vec<(String, String)> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *own).into_iter().collect()
    }

    /// Why the last context could not be handed.
    pub(super) fn take_problem(&self) -> Option<ContextProblem> {
        self.problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
