//! Declared sources: what is taken in from elsewhere, from where, into which graph and how often. They are statements of the
//! registry itself, in `{base}/graph/beheer/bronnen`, so that adding one is a commit like any other. Fetches nothing.
//!
//! A statement alone makes nobody read anything: a request may write statements, and no request may make a server fetch. What
//! the operator declared stands in `sources/NAME/declared` of the data folder too, and where the two differ there is no source.
//!
//! ```turtle
//! <http://127.0.0.1:7400/id/bron/hinder> a <urn:oslo-registry:source:Source> ;
//!     <urn:oslo-registry:source:name> "hinder" ;
//!     <urn:oslo-registry:source:kind> "ldes" ;
//!     <urn:oslo-registry:source:location> "https://data.example/stroom" ;
//!     <urn:oslo-registry:source:graph> <http://127.0.0.1:7400/graph/bron/hinder> ;
//!     <urn:oslo-registry:source:every> 300 .
//! ```

use super::{CommitError, CommitRequest, Mode, Registry, Writer};
use crate::rdf::vocab::rdf;
use crate::store::{CommitMeta, Draft, Id, QuadIds, StoreError, View, io_error};
use oxrdf::{Literal, NamedNode, Term};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Namespace of the terms about sources.
pub const SOURCE_NS: &str = "urn:oslo-registry:source:";

/// Name of the graph that holds them, below `{base}/graph/`.
pub const SOURCES_GRAPH: &str = "beheer/bronnen";

/// Begin of the names of options among the terms.
const OPTION: &str = "option-";

/// How a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// A file, or all files of a folder.
    File,
    /// A document over HTTP, asked for anew when it changed.
    Http,
    /// A SPARQL endpoint and a `CONSTRUCT`, asked page by page.
    Sparql,
    /// A DCAT catalogue and the distributions of its data sets.
    Dcat,
    /// A vocabulary or profile by its IRI.
    Vocabulary,
    /// A Linked Data Event Stream; what is kept is the state of each object.
    Ldes,
    /// The same, and all versions are kept.
    LdesVersions,
    /// A change feed of CloudEvents; what is kept is the state of each object, and its past versions.
    CloudEvents,
    /// REFNIS lists; what is kept are the municipalities with their history.
    Refnis,
}

impl SourceKind {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::File,
        Self::Http,
        Self::Ldes,
        Self::LdesVersions,
        Self::Sparql,
        Self::Dcat,
        Self::Vocabulary,
        Self::CloudEvents,
        Self::Refnis,
    ];

    /// The word for it, in statements and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Http => "http",
            Self::Sparql => "sparql",
            Self::Dcat => "dcat",
            Self::Vocabulary => "vocabulary",
            Self::Ldes => "ldes",
            Self::LdesVersions => "ldes-versions",
            Self::CloudEvents => "cloudevents",
            Self::Refnis => "refnis",
        }
    }

    /// The kind a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }
}

/// A declared source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredSource {
    /// Its name: letters, digits, `-`, `_` and `.`, no dot at the start.
    pub name: String,
    /// How it is read.
    pub kind: SourceKind,
    /// Path or address.
    pub location: String,
    /// The graph it fills, and nobody else.
    pub graph: NamedNode,
    /// How often a server reads it; `None` only when it is told to.
    pub every: Option<Duration>,
    /// Whether addresses of this machine and of private networks may be asked.
    pub allow_private: bool,
    /// What else its kind needs to know, such as the text of a query; see the constants of [`option`].
    pub options: BTreeMap<String, String>,
    /// Codes of repairs that are not made, with commas between them; `all` for none at all.
    pub keep: String,
    /// Whether what needs a repair is refused.
    pub strict: bool,
}

/// Names of what a kind of source may need to know besides its location.
pub mod option {
    /// Text of the query of a SPARQL endpoint.
    pub const QUERY: &str = "query";
    /// IRIs of the data sets of a catalogue that are taken in, separated by spaces; all of them when there is none.
    pub const DATASETS: &str = "datasets";
    /// Further hosts that may be asked, separated by spaces.
    pub const HOSTS: &str = "hosts";
    /// `true`: a JSON-LD context that is missing is fetched once and kept.
    pub const FETCH_CONTEXTS: &str = "fetch-contexts";
}

impl DeclaredSource {
    /// A source that is read only when it is told to, from public addresses, with the repairs that there are.
    pub fn new(
        name: impl Into<String>,
        kind: SourceKind,
        location: impl Into<String>,
        graph: NamedNode,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            location: location.into(),
            graph,
            every: None,
            allow_private: false,
            options: BTreeMap::new(),
            keep: String::new(),
            strict: false,
        }
    }

    /// What the operator's file says.
    fn declaration(&self) -> String {
        let every = self.every.map_or(0, |every| every.as_secs());
        let (kind, graph, private) = (self.kind.word(), self.graph.as_str(), self.allow_private);
        let mut text = format!("{kind}\n{}\n{graph}\n{every}\n{private}\n", self.location);
        if !self.keep.is_empty() {
            text += &format!("keep {}\n", self.keep);
        }
        if self.strict {
            text += "strict\n";
        }
        for (name, value) in &self.options {
            // One line each, whatever the value holds.
            let _ = writeln!(text, "{name}={}", value.escape_default());
        }
        text
    }

    /// What is said of it under a name of [`option`].
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The words of an option that is a list.
    pub fn words(&self, name: &str) -> Vec<String> {
        let words = self.option(name).unwrap_or_default().split_whitespace();
        words.map(ToOwned::to_owned).collect()
    }

    /// Whether a name is one for a source: it is a folder name too.
    pub fn is_name(name: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(allowed)
    }
}

/// The statements about one source, as they are read.
#[derive(Default)]
struct Said {
    texts: BTreeMap<String, String>,
    graph: Option<NamedNode>,
}

impl Said {
    fn source(self) -> Option<DeclaredSource> {
        let text = |name: &str| self.texts.get(name);
        let name = text("name").filter(|name| DeclaredSource::is_name(name))?;
        let seconds = text("every").and_then(|every| every.parse().ok());
        Some(DeclaredSource {
            name: name.clone(),
            kind: SourceKind::of_word(text("kind")?)?,
            location: text("location")?.clone(),
            graph: self.graph.clone()?,
            every: seconds.filter(|s| *s > 0).map(Duration::from_secs),
            allow_private: text("allow-private").is_some_and(|word| word == "true"),
            options: self
                .texts
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.strip_prefix(OPTION)?.to_owned(), value.clone()))
                })
                .collect(),
            keep: text("keep").cloned().unwrap_or_default(),
            strict: text("strict").is_some_and(|word| word == "true"),
        })
    }
}

impl Registry {
    /// Where the operator's word for a source stands; nowhere without a data folder.
    fn declaration_file(&self, name: &str) -> Option<PathBuf> {
        let dir = self.store().dir()?;
        Some(dir.join("sources").join(name).join("declared"))
    }

    /// The declared sources, sorted by name. What lacks a name, a kind, a place or a graph is none, and neither is what the
    /// operator did not declare so.
    pub fn sources(&self) -> Vec<DeclaredSource> {
        let view = self.snapshot().view();
        let Some(graph) = view.id_of_iri(self.graph_iri(SOURCES_GRAPH).as_str()) else {
            return Vec::new();
        };
        let mut said: BTreeMap<Id, Said> = BTreeMap::new();
        for quad in view.quads(None, None, None, Some(graph)) {
            let Some(predicate) = view.iri(quad.p) else {
                continue;
            };
            let Some(name) = predicate.strip_prefix(SOURCE_NS) else {
                continue;
            };
            let entry = said.entry(quad.s).or_default();
            match view.term(quad.o) {
                Term::Literal(value) => {
                    entry
                        .texts
                        .insert(name.to_owned(), value.value().to_owned());
                }
                Term::NamedNode(graph) if name == "graph" => entry.graph = Some(graph),
                _ => {}
            }
        }
        let mut sources: Vec<_> = said.into_values().filter_map(Said::source).collect();
        sources.retain(|source| match self.declaration_file(&source.name) {
            Some(file) => fs::read_to_string(file).is_ok_and(|text| text == source.declaration()),
            None => true,
        });
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// Declares a source, in place of one with the same name.
    ///
    /// # Errors
    /// When the store takes no commit, or the data folder no file.
    pub fn declare_source(&self, source: &DeclaredSource) -> Result<(), StoreError> {
        if let Some(file) = self.declaration_file(&source.name) {
            let folder = file.parent().unwrap_or(&file);
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&file, source.declaration()))
                .map_err(io_error("write", &file))?;
        }
        self.change_sources(&source.name, |draft, graph, subject| {
            let text = |value: &str| Term::from(Literal::new_simple_literal(value));
            let mut said = vec![
                ("name", text(&source.name)),
                ("kind", text(source.kind.word())),
                ("location", text(&source.location)),
                ("graph", source.graph.clone().into()),
            ];
            if let Some(every) = source.every {
                said.push(("every", Literal::from(every.as_secs()).into()));
            }
            if source.allow_private {
                said.push(("allow-private", Literal::from(true).into()));
            }
            let options = source.options.iter();
            let options: Vec<(String, Term)> = options
                .map(|(name, value)| (format!("{OPTION}{name}"), text(value)))
                .collect();
            said.extend(
                options
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.clone())),
            );
            if !source.keep.is_empty() {
                said.push(("keep", text(&source.keep)));
            }
            if source.strict {
                said.push(("strict", Literal::from(true).into()));
            }
            let kind = NamedNode::new_unchecked(format!("{SOURCE_NS}Source"));
            let mut add = |predicate: String, value: Term| {
                let p = draft.intern(NamedNode::new_unchecked(predicate).as_ref().into());
                let o = draft.intern(value.as_ref());
                draft.add(QuadIds {
                    s: subject,
                    p,
                    o,
                    g: graph,
                });
            };
            add(rdf::TYPE.to_owned(), kind.into());
            for (name, value) in said {
                add(format!("{SOURCE_NS}{name}"), value);
            }
        })
    }

    /// Forgets a source; what it brought stays.
    ///
    /// # Errors
    /// When the store takes no commit.
    pub fn forget_source(&self, name: &str) -> Result<(), StoreError> {
        self.change_sources(name, |_, _, _| {})
    }

    /// `{base}/id/bron/{name}`.
    pub fn source_iri(&self, name: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("{}/id/bron/{name}", self.base()))
    }

    /// Takes away what is said of a source and says something else.
    fn change_sources(
        &self,
        name: &str,
        say: impl FnOnce(&mut Draft<'_>, Id, Id),
    ) -> Result<(), StoreError> {
        let request = CommitRequest::new(CommitMeta {
            agent: self.agent_iri("oslo"),
            activity: self.activity_iri("bronnen"),
            source: Vec::new(),
            message: Some(format!("oslo source {name}")),
        })
        .with_mode(Mode::Off)
        .with_writer(Writer::Operator);
        let done = self.commit(request, |draft| -> Result<(), Infallible> {
            let graph = draft.intern(self.graph_iri(SOURCES_GRAPH).as_ref().into());
            let subject = draft.intern(self.source_iri(name).as_ref().into());
            let before: View = draft.base().view();
            for quad in before.quads(Some(subject), None, None, Some(graph)) {
                draft.remove(quad);
            }
            say(draft, graph, subject);
            Ok(())
        });
        match done {
            Ok(_) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Change(never)) => match never {},
            Err(CommitError::Rejected(_) | CommitError::Reserved(_)) => {
                unreachable!("nothing is judged with the mode off, nothing refused to the operator")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegistryConfig;

    #[test]
    fn sources_are_said_and_unsaid() {
        let registry = Registry::in_memory(RegistryConfig::default());
        assert_eq!(registry.sources(), []);
        let source = |name: &str, every: u64| DeclaredSource {
            name: name.to_owned(),
            kind: SourceKind::Ldes,
            location: "https://data.example/stroom".to_owned(),
            graph: registry.graph_iri(&format!("bron/{name}")),
            every: (every > 0).then(|| Duration::from_secs(every)),
            allow_private: every == 0,
            options: BTreeMap::from([("query".to_owned(), "a\nb".to_owned())]),
            keep: if every == 0 {
                "N001,N010".to_owned()
            } else {
                String::new()
            },
            strict: every == 0,
        };
        let (b, a) = (source("b", 0), source("a", 60));
        for declared in [&b, &a] {
            registry.declare_source(declared).expect("declared");
        }
        assert_eq!(registry.sources(), [a.clone(), b.clone()]);
        let later = DeclaredSource { every: None, ..a };
        registry.declare_source(&later).expect("declared again");
        let seq = registry.snapshot().seq();
        registry.declare_source(&later).expect("nothing new");
        assert_eq!(
            registry.snapshot().seq(),
            seq,
            "the same again is no commit"
        );
        assert_eq!(registry.sources(), [later, b.clone()]);
        registry.forget_source("a").expect("forgotten");
        assert_eq!(registry.sources(), [b]);
    }

    #[test]
    fn a_statement_alone_makes_no_source() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || {
            let options = crate::store::OpenOptions::default();
            let config = RegistryConfig::default();
            Registry::open(dir.path(), options, config, &mut |_, _| {}).expect("opens")
        };
        let registry = open();
        let source = DeclaredSource {
            name: "a".to_owned(),
            kind: SourceKind::Http,
            location: "https://data.example/a".to_owned(),
            graph: registry.graph_iri("bron/a"),
            every: Some(Duration::from_secs(60)),
            allow_private: false,
            options: BTreeMap::from([(option::QUERY.to_owned(), "é\n\"".to_owned())]),
            keep: String::new(),
            strict: false,
        };
        registry.declare_source(&source).expect("declared");
        assert_eq!(registry.sources(), std::slice::from_ref(&source));
        // As somebody who may write statements would.
        let bent = DeclaredSource {
            allow_private: true,
            ..source.clone()
        };
        let file = registry.declaration_file("a").expect("in a folder");
        registry.declare_source(&bent).expect("said");
        fs::write(&file, source.declaration()).expect("room");
        assert_eq!(registry.sources(), []);
        fs::remove_file(&file).expect("there");
        assert_eq!(registry.sources(), []);
        registry.declare_source(&source).expect("declared again");
        drop(registry);
        assert_eq!(open().sources(), [source]);
    }

    #[test]
    fn names_are_folder_names() {
        for good in ["hinder", "gipod-2", "a.b_c"] {
            assert!(DeclaredSource::is_name(good), "{good}");
        }
        for bad in ["", ".", "..", ".x", "a/b", "a b", "é"] {
            assert!(!DeclaredSource::is_name(bad), "{bad}");
        }
    }
}
