//! The published shapes and data that validators are compared on, and which belong together.

use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::shapes::{Shapes, read_shapes};
use oslo_registry::store::{Id, Store, View};
use oxrdf::{BlankNode, NamedOrBlankNode, Term};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const SH: &str = "http://www.w3.org/ns/shacl#";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const RDFS_CLASS: &str = "http://www.w3.org/2000/01/rdf-schema#Class";
/// Relative references are resolved against it, wherever the files are.
const BASE: &str = "https://validators.example/";

/// One file as a graph: graphs that it names are read as one.
pub(super) struct File {
    /// Path below the folder of shapes or data.
    pub(super) name: String,
    /// Of its N-Triples.
    pub(super) digest: String,
    text: String,
    view: View,
    shapes: OnceLock<Shapes>,
}

impl File {
    /// Reads a file; `None` when it cannot be read as it is, or holds no statement.
    fn read(root: &Path, path: &Path, contexts: &ContextStore) -> Option<Self> {
        let read = Store::in_memory();
        let mut draft = read.scratch();
        let mut options = ParseOptions::new(contexts);
        options.base_iri = Some(BASE.to_owned());
        parse_into(&mut draft, &Input::file(path), options).ok()?;
        let quads = draft.snapshot().view();
        let mut blanks: HashMap<Id, BlankNode> = HashMap::new();
        let mut lines = BTreeSet::new();
        for quad in quads.quads(None, None, None, None) {
            let [s, p, o] = [quad.s, quad.p, quad.o].map(|id| match quads.term(id) {
                Term::BlankNode(_) => {
                    let next = format!("b{}", blanks.len());
                    let named = || BlankNode::new_unchecked(next);
                    blanks.entry(id).or_insert_with(named).clone().into()
                }
                term => term,
            });
            lines.insert(format!("{s} {p} {o} .\n"));
        }
        if lines.is_empty() {
            return None;
        }
        let text: String = lines.into_iter().collect();
        let triples = oxttl::NTriplesParser::new()
            .for_slice(&text)
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        let (view, _) = crate::shacl::load(&triples, &[]);
        let digest = Sha256::digest(text.as_bytes());
        Some(Self {
            name: path.strip_prefix(root).ok()?.display().to_string(),
            digest: digest.iter().take(12).map(|b| format!("{b:02x}")).collect(),
            text,
            view,
            shapes: OnceLock::new(),
        })
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn n_triples(&self) -> &str {
        &self.text
    }

    /// The file read as shapes.
    pub(super) fn shapes(&self) -> &Shapes {
        self.shapes.get_or_init(|| read_shapes(&self.view))
    }

    fn objects(&self, predicate: &str) -> Vec<Term> {
        let Some(p) = self.view.id_of_iri(predicate) else {
            return Vec::new();
        };
        let pairs = self.view.triples(None, Some(p), None);
        let ids: BTreeSet<Id> = pairs.map(|[_, _, o]| o).collect();
        ids.into_iter().map(|id| self.view.term(id)).collect()
    }

    /// Shapes that are classes choose their instances.
    fn implicit_targets(&self) -> Vec<Term> {
        let instances = |class: &str| -> BTreeSet<Id> {
            match (self.view.id_of_iri(TYPE), self.view.id_of_iri(class)) {
                (Some(p), Some(o)) => self
                    .view
                    .triples(None, Some(p), Some(o))
                    .map(|[s, _, _]| s)
                    .collect(),
                _ => BTreeSet::new(),
            }
        };
        let mut shapes = instances(&format!("{SH}NodeShape"));
        shapes.extend(instances(&format!("{SH}PropertyShape")));
        let classes = instances(RDFS_CLASS);
        shapes
            .intersection(&classes)
            .map(|id| self.view.term(*id))
            .collect()
    }

    /// Whether a class, property or node that `shapes` targets occurs here.
    fn is_target_of(&self, targets: &Targets) -> bool {
        let id = |term: &Term| self.view.id_of(term.as_ref());
        let exists = |s, p, o| self.view.triples(s, p, o).next().is_some();
        let is_type = self.view.id_of_iri(TYPE);
        targets
            .classes
            .iter()
            .filter_map(id)
            .any(|class| is_type.is_some() && exists(None, is_type, Some(class)))
            || targets
                .predicates
                .iter()
                .filter_map(id)
                .any(|p| exists(None, Some(p), None))
            || targets
                .nodes
                .iter()
                .filter_map(id)
                .any(|node| exists(Some(node), None, None))
    }
}

struct Targets {
    classes: Vec<Term>,
    predicates: Vec<Term>,
    nodes: Vec<Term>,
}

impl Targets {
    fn of(shapes: &File) -> Self {
        let objects = |local: &str| shapes.objects(&format!("{SH}{local}"));
        let mut predicates = objects("targetSubjectsOf");
        predicates.extend(objects("targetObjectsOf"));
        let mut classes = objects("targetClass");
        classes.extend(shapes.implicit_targets());
        let named = |term: &Term| NamedOrBlankNode::try_from(term.clone()).is_ok();
        classes.retain(named);
        Self {
            classes,
            predicates,
            nodes: objects("targetNode"),
        }
    }
}

/// A shapes file and a data file that it targets.
pub(super) struct Pair<'a> {
    pub(super) shapes: &'a File,
    pub(super) data: &'a File,
}

/// The folder of published files. `None` when it is absent, after saying so; in CI that is a failure.
pub(super) fn folder() -> Option<PathBuf> {
    let suites = crate::suite::conformance_folder()?;
    let folder = suites.parent()?.to_owned();
    if folder.join("oslo/shapes").is_dir() && folder.join("registries").is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "no published shapes and registries at {}",
        folder.display()
    );
    eprintln!(
        "SKIPPED: no published shapes and registries at {}",
        folder.display()
    );
    None
}

/// Shapes files, data files, and how many cannot be read.
pub(super) fn read(folder: &Path) -> (Vec<File>, Vec<File>, usize) {
    let map = folder.join("oslo/context/CONTEXT-MAP.tsv");
    let contexts = ContextStore::shipped(BASE);
    let contexts = match contexts.clone().with_map(&map) {
        Ok(mapped) => mapped,
        Err(_) => contexts,
    };
    let mut unreadable = 0;
    let mut all = |below: &str| -> Vec<File> {
        let root = folder.join(below);
        let mut paths = Vec::new();
        walk(&root, &mut paths);
        paths.sort();
        let read: Vec<Option<File>> = paths
            .iter()
            .map(|path| File::read(&root, path, &contexts))
            .collect();
        unreadable += read.iter().filter(|file| file.is_none()).count();
        read.into_iter().flatten().collect()
    };
    let shapes = all("oslo/shapes");
    let data = all("registries");
    (shapes, data, unreadable)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of published files") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
            continue;
        }
        let name = path.to_string_lossy();
        let name = name.trim_end_matches(".gz");
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        if matches!(extension, "ttl" | "nt" | "nq" | "trig" | "jsonld" | "rdf") {
            found.push(path);
        }
    }
}

/// Every shapes file with every data file that it targets, those of one data file together.
pub(super) fn pairs<'a>(shapes: &'a [File], data: &'a [File]) -> Vec<Pair<'a>> {
    let targets: Vec<Targets> = shapes.iter().map(Targets::of).collect();
    let mut pairs = Vec::new();
    for data in data {
        for (shapes, targets) in shapes.iter().zip(&targets) {
            if data.is_target_of(targets) {
                pairs.push(Pair { shapes, data });
            }
        }
    }
    pairs
}
