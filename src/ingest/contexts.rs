//! JSON-LD contexts that this registry knows. Only local documents: the shipped ones and those a steward maps to a file.
//! Never fetches anything; a context that is not here is a diagnostic that names it.

mod own;

pub use own::{OwnContext, own_contexts};

use super::diagnostic::{Diagnostic, Location};
use super::mend;
use super::texts;
use bytes::Bytes;
use include_dir::{Dir, include_dir};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/vocab/context");

/// Contexts one document may pull in, directly and through each other. Beyond it a document is a bomb, not a context.
const MAX_REFERENCES: usize = 256;
/// JSON-LD readers allow no deeper chain of contexts that name each other.
const MAX_DEPTH: usize = 8;
/// One context document, in bytes.
const MAX_CONTEXT_BYTES: u64 = 8 << 20;

/// JSON-LD contexts by IRI. Cheap to clone; a clone sees the same documents.
#[derive(Clone, Debug, Default)]
pub struct ContextStore {
    documents: Arc<BTreeMap<String, Bytes>>,
    /// Published contexts that are read with one of our own, and the IRI of that.
    own: Arc<BTreeMap<String, String>>,
}

/// Why a context cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextProblem {
    /// It is not in the store. `via` is the context that names it, when the document does not do so itself.
    Unavailable {
        /// IRI asked for.
        iri: String,
        /// Context that names it.
        via: Option<String>,
    },
    /// It names itself, directly or through others. The chain starts and ends with the same IRI.
    Cyclic {
        /// IRIs in the order they name each other.
        chain: Vec<String>,
    },
    /// It pulls in more or deeper contexts than any context should.
    TooLarge {
        /// IRI asked for.
        iri: String,
    },
    /// The local copy is not JSON, or has no `@context`.
    Broken {
        /// IRI asked for.
        iri: String,
        /// What is wrong, in English.
        reason: String,
    },
}

impl std::fmt::Display for ContextProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unavailable { iri, .. } => write!(f, "context {iri} is not available locally"),
            Self::Cyclic { chain } => write!(f, "contexts name each other: {}", chain.join(" → ")),
            Self::TooLarge { iri } => write!(f, "context {iri} pulls in too many contexts"),
            Self::Broken { iri, reason } => write!(f, "context {iri} is broken: {reason}"),
        }
    }
}

impl std::error::Error for ContextProblem {}

impl ContextStore {
    /// No contexts at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// The shipped contexts, under `{base}/contexts/{name}.jsonld`, where they stand in for no published context: those
    /// differ. And those of our own ([`own_contexts`]), which do, under the published IRIs too. `base` is the registry's
    /// base IRI, with or without a final slash.
    pub fn shipped(base: &str) -> Self {
        let own = format!("{}/contexts/", base.trim_end_matches('/'));
        let mut documents = BTreeMap::new();
        for (name, bytes) in Self::shipped_files() {
            documents.insert(format!("{own}{name}"), Bytes::from_static(bytes));
        }
        let mut stand_ins = BTreeMap::new();
        for context in own_contexts() {
            let iri = format!("{own}{}", context.file);
            for published in &context.published {
                documents.insert(published.clone(), Bytes::from_static(context.content));
                stand_ins.insert(published.clone(), iri.clone());
            }
            documents.insert(iri, Bytes::from_static(context.content));
        }
        Self {
            documents: Arc::new(documents),
            own: Arc::new(stand_ins),
        }
    }

    /// File name and content of every shipped context, sorted by name.
    pub fn shipped_files() -> Vec<(&'static str, &'static [u8])> {
        let mut files: Vec<_> = SHIPPED
            .files()
            .filter_map(|file| Some((file.path().to_str()?, file.contents())))
            .filter(|(name, _)| name.ends_with(".jsonld"))
            .collect();
        files.sort_unstable();
        files
    }

    /// The store with one more document; an IRI already known gets the new document.
    #[must_use]
    pub fn with_document(mut self, iri: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let iri = iri.into();
        Arc::make_mut(&mut self.own).remove(&iri);
        Arc::make_mut(&mut self.documents).insert(iri, content.into());
        self
    }

    /// The store with the documents of a map file: tab-separated, first line headings, then context IRI and path;
    /// further columns are ignored, a path `-` means "no copy". Relative paths are looked for beside the map file,
    /// then in the folders above it, nearest first.
    ///
    /// # Errors
    /// `P004` when the map or a file it names cannot be read, `P020` when one is larger than 8 MiB.
    pub fn with_map(mut self, map: &Path) -> Result<Self, Diagnostic> {
        let name = map.display().to_string();
        let at = |line: Option<u64>| Location {
            file: name.clone(),
            line,
            column: None,
        };
        let text = std::fs::read_to_string(map).map_err(|e| texts::unreadable(&e).at(at(None)))?;
        let documents = Arc::make_mut(&mut self.documents);
        let own = Arc::make_mut(&mut self.own);
        for (number, line) in text.lines().enumerate().skip(1) {
            let mut cells = line.split('\t');
            let (Some(iri), Some(path)) = (cells.next(), cells.next()) else {
                continue;
            };
            let (iri, path) = (iri.trim(), path.trim());
            if iri.is_empty() || path.is_empty() || path == "-" {
                continue;
            }
            let line = Some(number as u64 + 1);
            let file = find_beside(map, path)
                .ok_or_else(|| texts::mapped_context_missing(iri, path).at(at(line)))?;
            let unreadable = |e: std::io::Error| texts::unreadable(&e).at(at(line));
            if std::fs::metadata(&file).map_err(unreadable)?.len() > MAX_CONTEXT_BYTES {
                return Err(texts::file_too_large(MAX_CONTEXT_BYTES).at(at(line)));
            }
            let content = std::fs::read(&file).map_err(unreadable)?;
            own.remove(iri);
            documents.insert(iri.to_owned(), content.into());
        }
        Ok(self)
    }

    /// The store with documents mended: commas too many, and terms of an empty `@type`, either of which refuses the whole
    /// context. With the IRIs of those documents and the code of what was mended; `None` when there is nothing to mend.
    pub(super) fn mended(&self) -> Option<(Self, Vec<(String, &'static str)>)> {
        let mut store = self.clone();
        let mut mended = Vec::new();
        for (iri, document) in self.documents.iter() {
            let mut value = match serde_json::from_slice::<Value>(document) {
                Ok(value) => value,
                Err(_) => {
                    let text = std::str::from_utf8(document).ok();
                    let text = text.and_then(mend::without_commas);
                    let Some(Ok(value)) = text.map(|text| serde_json::from_str(&text)) else {
                        continue;
                    };
                    mended.push((iri.clone(), "N025"));
                    value
                }
            };
            if value.get_mut("@context").map_or(0, without_empty_types) > 0 {
                mended.push((iri.clone(), "N026"));
            }
            if mended.last().is_some_and(|(last, _)| last == iri)
                && let Ok(text) = serde_json::to_vec(&value)
            {
                Arc::make_mut(&mut store.documents).insert(iri.clone(), text.into());
            }
        }
        (!mended.is_empty()).then_some((store, mended))
    }

    /// The document known under an IRI; a fragment is ignored.
    pub fn get(&self, iri: &str) -> Option<&Bytes> {
        let iri = iri.split('#').next().unwrap_or(iri);
        self.documents.get(iri)
    }

    /// The IRI of the context of our own that a published one is read with; `None` when its own document is here, or none.
    pub fn own(&self, iri: &str) -> Option<&str> {
        self.own.get(iri).map(String::as_str)
    }

    /// Every IRI that has a document, sorted.
    pub fn iris(&self) -> impl Iterator<Item = &str> {
        self.documents.keys().map(String::as_str)
    }

    /// The document, after checking that everything it pulls in is here, finite and not circular. JSON-LD readers
    /// load contexts one at a time and would find out too late.
    ///
    /// # Errors
    /// The first problem found, in document order.
    pub fn resolve(&self, iri: &str) -> Result<&Bytes, ContextProblem> {
        let document = self.get(iri).ok_or_else(|| ContextProblem::Unavailable {
            iri: iri.to_owned(),
            via: None,
        })?;
        let mut walk = Walk {
            store: self,
            chain: Vec::new(),
            visits: 0,
            scoped: Vec::new(),
            seen: BTreeSet::new(),
        };
        walk.visit(iri, None)?;
        while let Some((scoped, via)) = walk.scoped.pop() {
            walk.visit(&scoped, Some(&via))?;
        }
        Ok(document)
    }
}

struct Walk<'a> {
    store: &'a ContextStore,
    chain: Vec<String>,
    visits: usize,
    /// Contexts named inside term definitions, with the context that names them: they may name their ancestors.
    scoped: Vec<(String, String)>,
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    fn visit(&mut self, iri: &str, via: Option<&str>) -> Result<(), ContextProblem> {
        if let Some(start) = self.chain.iter().position(|known| known == iri) {
            let mut chain = self.chain[start..].to_vec();
            chain.push(iri.to_owned());
            return Err(ContextProblem::Cyclic { chain });
        }
        self.visits += 1;
        if self.chain.len() >= MAX_DEPTH || self.visits > MAX_REFERENCES {
            return Err(ContextProblem::TooLarge {
                iri: self
                    .chain
                    .first()
                    .cloned()
                    .unwrap_or_else(|| iri.to_owned()),
            });
        }
        let document = self
            .store
            .get(iri)
            .ok_or_else(|| ContextProblem::Unavailable {
                iri: iri.to_owned(),
                via: via.map(ToOwned::to_owned),
            })?;
        let broken = |reason: String| ContextProblem::Broken {
            iri: iri.to_owned(),
            reason,
        };
        let value: Value = serde_json::from_slice(document).map_err(|e| broken(e.to_string()))?;
        let context = value
            .as_object()
            .ok_or_else(|| broken("not a JSON object".to_owned()))?
            .get("@context")
            .ok_or_else(|| broken("no @context".to_owned()))?;
        let mut named = Vec::new();
        collect_direct(context, &mut named);
        let mut scoped = Vec::new();
        collect_scoped(context, &mut scoped);
        let base = oxiri::Iri::parse(iri.to_owned()).ok();
        let absolute = |reference: &str| match &base {
            Some(base) => base
                .resolve(reference)
                .map_or_else(|_| reference.to_owned(), oxiri::Iri::into_inner),
            None => reference.to_owned(),
        };
        for reference in scoped {
            let reference = absolute(reference);
            if self.seen.insert(reference.clone()) {
                self.scoped.push((reference, iri.to_owned()));
            }
        }
        self.chain.push(iri.to_owned());
        for reference in named {
            self.visit(&absolute(reference), Some(iri))?;
        }
        self.chain.pop();
        Ok(())
    }
}

/// Takes away every empty `@type`; how many there were.
fn without_empty_types(context: &mut Value) -> u64 {
    match context {
        Value::Array(items) => items.iter_mut().map(without_empty_types).sum(),
        Value::Object(map) => {
            let is_empty = map.get("@type").and_then(Value::as_str) == Some("");
            if is_empty {
                map.remove("@type");
            }
            let inner: u64 = map.values_mut().map(without_empty_types).sum();
            inner + u64::from(is_empty)
        }
        _ => 0,
    }
}

/// Contexts a context names at its own level: strings, strings in an array, `@import`.
fn collect_direct<'a>(context: &'a Value, out: &mut Vec<&'a str>) {
    match context {
        Value::String(iri) => out.push(iri),
        Value::Array(items) => items.iter().for_each(|item| collect_direct(item, out)),
        Value::Object(map) => out.extend(map.get("@import").and_then(Value::as_str)),
        _ => {}
    }
}

/// Contexts named by `@context` inside term definitions, at any depth.
fn collect_scoped<'a>(context: &'a Value, out: &mut Vec<&'a str>) {
    match context {
        Value::Array(items) => items.iter().for_each(|item| collect_scoped(item, out)),
        Value::Object(map) => {
            for definition in map.values() {
                if let Some(inner) = definition.as_object().and_then(|d| d.get("@context")) {
                    collect_direct(inner, out);
                    collect_scoped(inner, out);
                }
            }
        }
        _ => {}
    }
}

fn find_beside(map: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    if path.is_absolute() {
        return path.is_file().then(|| path.to_path_buf());
    }
    let map = std::path::absolute(map).ok()?;
    map.ancestors()
        .skip(1)
        .map(|folder| folder.join(path))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(documents: &[(&str, &str)]) -> ContextStore {
        documents
            .iter()
            .fold(ContextStore::empty(), |store, (name, text)| {
                store.with_document(format!("http://example.org/{name}"), text.to_string())
            })
    }

    #[test]
    fn chains_are_followed_before_the_reader_sees_them() {
        let contexts = store(&[
            ("a", r#"{"@context":["b",{"x":"urn:x"}]}"#),
            ("b", r#"{"@context":{"@import":"http://example.org/c"}}"#),
            ("c", r#"{"@context":{"@vocab":"urn:v#"}}"#),
            ("missing", r#"{"@context":["c","d"]}"#),
            ("loop", r#"{"@context":"loop2"}"#),
            ("loop2", r#"{"@context":["c","loop"]}"#),
            (
                "scoped",
                r#"{"@context":{"t":{"@id":"urn:t","@context":"scoped"}}}"#,
            ),
            (
                "scoped2",
                r#"{"@context":{"t":{"@id":"urn:t","@context":"d"}}}"#,
            ),
            ("broken", "{"),
        ]);
        let resolve = |name: &str| {
            contexts
                .resolve(&format!("http://example.org/{name}"))
                .map(|_| ())
        };
        assert_eq!(resolve("a"), Ok(()));
        assert_eq!(resolve("scoped"), Ok(()));
        assert_eq!(
            resolve("missing"),
            Err(ContextProblem::Unavailable {
                iri: "http://example.org/d".into(),
                via: Some("http://example.org/missing".into())
            })
        );
        assert!(matches!(
            resolve("scoped2"),
            Err(ContextProblem::Unavailable { .. })
        ));
        assert!(matches!(
            resolve("loop"),
            Err(ContextProblem::Cyclic { chain }) if chain.len() == 3 && chain[0] == chain[2]
        ));
        assert!(matches!(
            resolve("broken"),
            Err(ContextProblem::Broken { .. })
        ));
        assert!(matches!(
            resolve("none"),
            Err(ContextProblem::Unavailable { .. })
        ));
    }

    #[test]
    fn doubling_contexts_are_refused() {
        let mut contexts = store(&[("l0", r#"{"@context":{}}"#)]);
        for level in 1..8 {
            let inner = format!("\"l{}\"", level - 1);
            contexts = contexts.with_document(
                format!("http://example.org/l{level}"),
                format!("{{\"@context\":[{}]}}", vec![inner; 10].join(",")),
            );
        }
        assert!(matches!(
            contexts.resolve("http://example.org/l7"),
            Err(ContextProblem::TooLarge { .. })
        ));
    }

    #[test]
    fn a_published_context_takes_the_place_of_our_own() {
        let published = &own_contexts()[0].published[0];
        let contexts = ContextStore::shipped("https://data.example");
        let own = format!("https://data.example/contexts/{}", own_contexts()[0].file);
        assert_eq!(contexts.own(published), Some(own.as_str()));
        assert_eq!(contexts.resolve(published), contexts.resolve(&own));
        let contexts = contexts.with_document(published, r#"{"@context":{}}"#);
        assert_eq!(contexts.own(published), None);
        assert!(contexts.get(published).is_some_and(|text| text.len() < 20));
    }

    #[test]
    fn shipped_contexts_resolve_under_the_base() {
        let contexts = ContextStore::shipped("https://data.example/");
        let iris: Vec<&str> = contexts.iris().collect();
        assert!(iris.iter().all(|iri| contexts.resolve(iri).is_ok()));
        for (name, _) in ContextStore::shipped_files() {
            let iri = format!("https://data.example/contexts/{name}");
            assert!(contexts.resolve(&iri).is_ok(), "{name}");
        }
    }
}
