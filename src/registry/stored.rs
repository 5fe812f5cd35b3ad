//! Stored queries: SPARQL with declared parameters in files `queries/{name}.rq` of the data folder.
//! Reads and declares them; runs nothing. The files belong to the steward: nothing here ever writes one.
//!
//! Files are read again when their time or size changes. One that cannot be read or is no query is listed as broken; it
//! stops nothing else.

mod declaration;
mod parameter;

pub use parameter::{Choice, MAX_VALUE_BYTES, Parameter, ParameterError, ParameterKind};

use crate::query::{OutputFormat, QueryKind, ResultFormat};
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use crate::store::Settings;
use oxrdf::Term;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Folder of the files, below the data folder.
pub const FOLDER: &str = crate::store::QUERIES_DIR;
/// Extension of the files.
pub const EXTENSION: &str = "rq";
/// Most bytes of one file.
const MAX_FILE_BYTES: u64 = 256 << 10;
/// Most files of the folder.
const MAX_FILES: usize = 1000;
/// How long the folder is taken to be as it was.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A stored query as its file declares it.
#[derive(Clone, Debug)]
pub struct StoredQuery {
    /// Name of the file without its extension, and last segment of its address.
    pub name: String,
    /// Title for people.
    pub title: Text,
    /// What it answers, for people; may be empty.
    pub description: Text,
    /// Its parameters, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// Time it may take, when the file says so.
    pub timeout: Option<Duration>,
    /// Most rows of its answer, when the file says so.
    pub max_rows: Option<u64>,
    /// How long an answer may be kept without asking again, when the file says so.
    pub max_age: Option<Duration>,
    /// What its answer comes in, best first.
    pub formats: Vec<StoredFormat>,
    /// The query form.
    pub kind: QueryKind,
    /// 32 hex digits that differ when the file differs.
    pub fingerprint: String,
    /// The file.
    pub text: String,
}

impl StoredQuery {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, and on which line.
    pub fn parse(
        name: &str,
        text: &str,
        base: &str,
        rdf: RdfVersion,
    ) -> Result<Self, StoredQueryError> {
        declaration::read(name, text, base, rdf)
    }

    /// The terms that the texts of a request put in the place of the parameters; for
    /// [`parse_query_with`](crate::query::parse_query_with). A text that is empty counts as not given.
    ///
    /// # Errors
    /// The first parameter that is unknown, given twice, missing or no value of its type.
    pub fn terms(&self, given: &[(String, String)]) -> Result<Vec<(String, Term)>, ParameterError> {
        parameter::terms(&self.parameters, given)
    }

    /// Whether it runs without any value from the request.
    pub fn needs_nothing(&self) -> bool {
        self.parameters.iter().all(|parameter| !parameter.required)
    }
}

/// What an answer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredFormat {
    /// A file format.
    File(OutputFormat),
    /// A page with a table.
    Page,
}

impl StoredFormat {
    /// All formats of a query form, best first.
    pub fn all(kind: QueryKind) -> Vec<Self> {
        let files: Vec<OutputFormat> = if kind.is_graph() {
            [
                Format::JsonLd,
                Format::Turtle,
                Format::NTriples,
                Format::RdfXml,
                Format::TriG,
                Format::NQuads,
            ]
            .map(OutputFormat::Graph)
            .to_vec()
        } else {
            ResultFormat::ALL.map(OutputFormat::Solutions).to_vec()
        };
        let mut all: Vec<Self> = files.into_iter().map(Self::File).collect();
        all.push(Self::Page);
        all
    }

    /// The format of a name, for a query form.
    pub fn from_name(name: &str, kind: QueryKind) -> Option<Self> {
        if name == "html" {
            return Some(Self::Page);
        }
        let format = OutputFormat::from_name_for(name, kind).map(Self::File)?;
        Self::all(kind).into_iter().find(|known| *known == format)
    }

    /// Its name in files and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "html",
            Self::File(OutputFormat::Solutions(format)) => format.name(),
            Self::File(OutputFormat::Graph(format)) => format.name(),
        }
    }

    /// Media type without parameters.
    pub fn media_type(self) -> &'static str {
        let full = match self {
            Self::Page => "text/html",
            Self::File(format) => format.media_type(),
        };
        full.split(';').next().unwrap_or(full)
    }
}

/// Why a file is no stored query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {}", .reason.en)]
pub struct StoredQueryError {
    /// One-based line; 0 when the whole file is meant.
    pub line: usize,
    /// What is wrong, for people.
    pub reason: Text,
}

/// The stored queries at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Those that can be asked, by name.
    pub queries: Vec<Arc<StoredQuery>>,
    /// Files that are broken: name and reason.
    pub broken: Vec<(String, StoredQueryError)>,
}

impl Catalogue {
    /// The query of a name.
    pub fn query(&self, name: &str) -> Option<&Arc<StoredQuery>> {
        self.queries.iter().find(|query| query.name == name)
    }

    /// Why the file of a name is broken.
    pub fn broken(&self, name: &str) -> Option<&StoredQueryError> {
        let mut broken = self.broken.iter();
        broken.find(|(of, _)| of == name).map(|(_, error)| error)
    }
}

/// The folder of stored queries of a registry.
pub struct StoredQueries {
    folder: Option<PathBuf>,
    base: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    rdf: RdfVersion,
    looked: Option<Instant>,
    files: BTreeMap<String, File>,
    catalogue: Arc<Catalogue>,
}

/// A file as it was read.
#[derive(Clone)]
struct File {
    modified: Option<SystemTime>,
    bytes: u64,
    query: Result<Arc<StoredQuery>, StoredQueryError>,
}

impl StoredQueries {
    /// Those of a data folder; none for a registry without one.
    pub fn of(data: Option<&Path>, base: &str) -> Self {
        Self {
            folder: data.map(|data| data.join(FOLDER)),
            base: base.to_owned(),
            known: Mutex::default(),
        }
    }

    /// What is there now. Looks at the folder, at most twice a second, and reads what changed.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        let Some(folder) = &self.folder else {
            return Arc::default();
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.is_none_or(|at| at.elapsed() >= LOOK_AGAIN) {
            self.look(folder, &mut known);
            known.looked = Some(Instant::now());
        }
        Arc::clone(&known.catalogue)
    }

    fn look(&self, folder: &Path, known: &mut Known) {
        let data = folder.parent().unwrap_or(folder);
        let rdf = Settings::of(data).map_or_else(|_| known.rdf, |settings| settings.rdf);
        if rdf != known.rdf {
            // What was refused may be taken now.
            known.rdf = rdf;
            known.files.clear();
        }
        let mut files = BTreeMap::new();
        let mut catalogue = Catalogue::default();
        match names(folder) {
            Ok(names) => {
                for name in names {
                    let file = self.file(folder, &name, rdf, known.files.get(&name));
                    files.insert(name, file);
                }
            }
            Err(error) => catalogue.broken.push((FOLDER.to_owned(), error)),
        }
        for (name, file) in &files {
            match &file.query {
                Ok(query) => catalogue.queries.push(Arc::clone(query)),
                Err(error) => {
                    if known.files.get(name).is_none_or(|old| old.query.is_ok()) {
                        tracing::warn!(
                            name = %name,
                            "A stored query is broken: {name}, {error}"
                        );
                    }
                    catalogue.broken.push((name.clone(), error.clone()));
                }
            }
        }
        known.files = files;
        known.catalogue = Arc::new(catalogue);
    }

    /// A file, read again when it is not as it was.
    fn file(&self, folder: &Path, name: &str, rdf: RdfVersion, known: Option<&File>) -> File {
        let path = folder.join(format!("{name}.{EXTENSION}"));
        let (modified, bytes) = match fs::metadata(&path) {
            Ok(meta) => (meta.modified().ok(), meta.len()),
            Err(error) => {
                return File {
                    modified: None,
                    bytes: 0,
                    query: Err(unreadable(&error)),
                };
            }
        };
        if let Some(known) = known
            && modified.is_some()
            && (known.modified, known.bytes) == (modified, bytes)
        {
            return known.clone();
        }
        File {
            modified,
            bytes,
            query: self.read(&path, name, bytes, rdf).map(Arc::new),
        }
    }

    fn read(
        &self,
        path: &Path,
        name: &str,
        bytes: u64,
        rdf: RdfVersion,
    ) -> Result<StoredQuery, StoredQueryError> {
        let is_name = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
        if !is_name {
            return Err(whole(
                "de naam van het bestand bestaat uit hoogstens 64 kleine letters, cijfers, - en _",
                "the name of the file is at most 64 lower-case letters, digits, - and _",
            ));
        }
        if bytes > MAX_FILE_BYTES {
            return Err(whole(
                format!("het bestand is groter dan {MAX_FILE_BYTES} bytes"),
                format!("the file is larger than {MAX_FILE_BYTES} bytes"),
            ));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        StoredQuery::parse(name, &text, &self.base, rdf)
    }
}

/// Names of the files, sorted; none when there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, StoredQueryError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        if path.extension().is_none_or(|kind| kind != EXTENSION) {
            continue;
        }
        if let Some(stem) = path.file_stem() {
            names.push(stem.to_string_lossy().into_owned());
        }
        if names.len() > MAX_FILES {
            return Err(whole(
                format!("er staan meer dan {MAX_FILES} bestanden in de map"),
                format!("there are more than {MAX_FILES} files in the folder"),
            ));
        }
    }
    names.sort();
    Ok(names)
}

/// Says why without naming the folders of the machine.
fn unreadable(error: &std::io::Error) -> StoredQueryError {
    let kind = error.kind();
    whole(
        format!("kan niet gelezen worden: {kind}"),
        format!("cannot be read: {kind}"),
    )
}

fn whole(nl: impl Into<String>, en: impl Into<String>) -> StoredQueryError {
    StoredQueryError {
        line: 0,
        reason: Text::new(nl, en),
    }
}

#[cfg(test)]
mod tests;
