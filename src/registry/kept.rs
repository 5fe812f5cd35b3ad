//! The live report of the newest state, kept in `report/live.bin` in the data folder while no process has the registry open:
//! who opens it again has all results at once. Derived: a file that is missing, damaged, of another state or of another
//! program is passed over, and everything is checked again. What the bytes mean `shapes` knows.

use crate::shapes::{Live, Scope, Shapes, ShapesOptions};
use crate::store::{Snapshot, replace_file};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::UNIX_EPOCH;

const FOLDER: &str = "report";
const FILE: &str = "live.bin";

/// What kept results are of. Nothing of it may differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Of {
    seq: u64,
    digest: String,
    base: String,
    /// How shapes are read.
    options: String,
    /// The program that checked: another one may judge otherwise.
    program: String,
}

/// The file. Without a data folder nothing is kept.
pub(super) struct KeptLive {
    path: Option<PathBuf>,
    /// Only the process that makes commits writes.
    is_written: bool,
    base: String,
    /// What the file holds, as far as this process knows.
    holds: Mutex<Option<Of>>,
}

impl KeptLive {
    /// The file of a data folder; nothing is read or made yet.
    pub(super) fn of(dir: Option<&Path>, is_written: bool, base: &str) -> Self {
        Self {
            path: dir.map(|dir| dir.join(FOLDER).join(FILE)),
            is_written,
            base: base.to_owned(),
            holds: Mutex::new(None),
        }
    }

    fn of_state(&self, state: &Snapshot, options: &ShapesOptions) -> Of {
        let digest = state.digest().into_iter().map(|byte| format!("{byte:02x}"));
        Of {
            seq: state.seq(),
            digest: digest.collect(),
            base: self.base.clone(),
            options: format!("{options:?}"),
            program: program(),
        }
    }

    fn remember(&self, of: Of) {
        *self.holds.lock().unwrap_or_else(PoisonError::into_inner) = Some(of);
    }

    /// The results of a state, when they were kept.
    pub(super) fn read(
        &self,
        state: &Snapshot,
        options: &ShapesOptions,
        shapes: &Shapes,
        scope: &Scope,
    ) -> Option<Live> {
        let bytes = fs::read(self.path.as_ref()?).ok()?;
        let line = memchr::memchr(b'\n', &bytes)?;
        let of: Of = serde_json::from_slice(&bytes[..line]).ok()?;
        if of != self.of_state(state, options) {
            return None;
        }
        let live = Live::unpack(shapes, scope, &bytes[line + 1..])?;
        self.remember(of);
        Some(live)
    }

    /// Keeps the results of a state, unless that was done. A failure is logged and no more: everything is then checked again.
    pub(super) fn write(&self, state: &Snapshot, options: &ShapesOptions, live: &Live) {
        let Some(path) = self.path.as_ref().filter(|_| self.is_written) else {
            return;
        };
        let of = self.of_state(state, options);
        if self
            .holds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            == Some(&of)
        {
            return;
        }
        let Some(bytes) = live.pack(&state.view()) else {
            return;
        };
        let written = serde_json::to_vec(&of).map_err(io::Error::from);
        let written = written.and_then(|mut whole| {
            whole.push(b'\n');
            whole.extend_from_slice(&bytes);
            replace_file(path, &whole)
        });
        match written {
            Ok(()) => self.remember(of),
            Err(error) => {
                tracing::warn!(%error, "The results could not be kept for the next start")
            }
        }
    }
}

/// Names the running program: its version, and size and date of its file.
fn program() -> String {
    let file = std::env::current_exe().and_then(fs::metadata);
    let size = file.as_ref().map_or(0, fs::Metadata::len);
    let since = file.and_then(|file| file.modified()).ok();
    let since = since.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    format!(
        "{} {size} {}",
        env!("CARGO_PKG_VERSION"),
        since.map_or(0, |since| since.as_nanos())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{CommitRequest, Mode, Registry, RegistryConfig};
    use crate::store::{CommitMeta, OpenOptions};
    use oxrdf::Quad;
    use oxttl::TriGParser;

    const SHAPES: &str = r#"
        PREFIX : <http://example.org/>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        GRAPH <http://127.0.0.1:7400/graph/shapes/x> {
            :S a sh:NodeShape ; sh:targetClass :T ; sh:targetNode :nobody ;
               sh:property [ sh:path :p ; sh:minCount 1 ; sh:maxLength 3 ] ;
               sh:property [ sh:path :q ; sh:nodeKind sh:IRI ; sh:name "q"@nl ] .
        }
        GRAPH <http://127.0.0.1:7400/graph/x> {
            :a a :T ; :p "vijf!" . :b a :T ; :p "een" ; :q 1 . :c a :T .
        }"#;

    fn open(dir: &Path) -> Registry {
        let config = RegistryConfig::default();
        Registry::open(dir, OpenOptions::default(), config, &mut |_, _| {}).expect("opens")
    }

    fn commit(registry: &Registry, text: &str) {
        let quads: Vec<Quad> = TriGParser::new()
            .for_slice(text)
            .collect::<Result<_, _>>()
            .expect("well written");
        let meta = CommitMeta {
            agent: "urn:x:test".into(),
            activity: "urn:x:test:commit".into(),
            source: Vec::new(),
            message: None,
        };
        let request = CommitRequest::new(meta).with_mode(Mode::Report);
        let done = registry.commit(request, |draft| {
            quads.iter().for_each(|quad| draft.add_quad(quad.as_ref()));
            Ok::<(), std::convert::Infallible>(())
        });
        assert!(done.is_ok(), "nothing is refused");
    }

    /// What is kept for the newest state, when there is something.
    fn kept(registry: &Registry) -> Option<Live> {
        let state = registry.snapshot();
        let judged = registry.judged(&state);
        let (options, scope) = (registry.shapes_options(), judged.scope(&state.view()));
        registry.kept.read(&state, &options, &judged.shapes, &scope)
    }

    fn rows(registry: &Registry, live: &Live) -> Vec<String> {
        let state = registry.snapshot();
        let scope = registry.judged(&state).scope(&state.view());
        let report = live.report(&scope, usize::MAX);
        let told = report.results().iter().map(|row| {
            format!(
                "{} {:?} {} {:?}",
                report.term(row.focus),
                row.value.map(|value| report.term(value)),
                report.shape_term(row.shape),
                row.since
            )
        });
        let mut rows: Vec<String> = told.collect();
        rows.push(format!("{} {}", report.total(), report.focus_total()));
        rows.sort();
        rows
    }

    #[test]
    fn who_opens_a_registry_again_has_all_results_at_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join(FOLDER).join(FILE);
        let registry = open(dir.path());
        commit(&registry, SHAPES);
        commit(
            &registry,
            "PREFIX : <http://example.org/> GRAPH <http://127.0.0.1:7400/graph/x> { :d a :T ; :p \"te lang\" }",
        );
        let before = rows(&registry, &registry.live(&registry.snapshot()));
        assert_eq!(before.len(), 6, "{before:#?}");
        drop(registry);
        assert!(file.exists(), "results are kept");
        let registry = open(dir.path());
        let live = kept(&registry).expect("of this state");
        assert_eq!(rows(&registry, &live), before);
        // They serve as any others: what follows is right.
        assert!(registry.live(&registry.snapshot()).has_same_results(&live));
        commit(
            &registry,
            "PREFIX : <http://example.org/> GRAPH <http://127.0.0.1:7400/graph/x> { :c :p \"ok\" }",
        );
        assert_eq!(kept(&registry).map(drop), None, "of an earlier state");
        let state = registry.snapshot();
        let (anew, is_same) = registry.check_anew(&state);
        assert!(is_same);
        assert_eq!(anew.report.total(), 4);
    }

    #[test]
    fn damaged_or_foreign_results_are_passed_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join(FOLDER).join(FILE);
        let registry = open(dir.path());
        commit(&registry, SHAPES);
        drop(registry);
        let whole = fs::read(&file).expect("kept");
        let registry = open(dir.path());
        assert!(kept(&registry).is_some());
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(&file, &damaged).expect("writes");
            if let Some(live) = kept(&registry) {
                // Only where the header says the same in other bytes.
                assert!(
                    live.has_same_results(&registry.live(&registry.snapshot())),
                    "byte {at}"
                );
            }
            if at % 7 == 0 {
                fs::write(&file, &whole[..at]).expect("writes");
                assert!(kept(&registry).is_none(), "cut at {at}");
            }
        }
        fs::write(&file, &whole).expect("writes");
        drop(registry);
    }

    #[test]
    fn ids_of_files_count_for_one_index_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let registry = open(dir.path());
        commit(&registry, SHAPES);
        registry.store().checkpoint().expect("writes files");
        registry.live(&registry.snapshot());
        drop(registry);
        let registry = open(dir.path());
        assert!(kept(&registry).is_some());
        drop(registry);
        fs::remove_file(dir.path().join("MANIFEST")).expect("the index is a cache");
        let options = OpenOptions::default();
        let store = crate::store::Store::rebuild(dir.path(), options, &mut |_, _| {});
        drop(store.expect("rebuilds"));
        let registry = open(dir.path());
        assert!(kept(&registry).is_none(), "ids are given out anew");
        assert_eq!(registry.report().report.total(), 4);
    }
}
