//! Reader of W3C test manifests and the figures a suite ends with. Knows no particular suite.

use oxrdf::{Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, TermRef};
use oxrdfio::{RdfFormat, RdfParser};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Vocabulary of the manifests.
pub(crate) mod mf {
    /// `mf:action`
    pub(crate) const ACTION: &str =
        "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#action";
    /// `mf:result`
    pub(crate) const RESULT: &str =
        "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#result";
    /// `mf:include`
    pub(crate) const INCLUDE: &str =
        "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#include";
    /// `mf:entries`
    pub(crate) const ENTRIES: &str =
        "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#entries";
}

/// One run of one suite.
pub(crate) struct SuiteResult {
    /// Name for people, such as `SPARQL 1.1 query evaluation`.
    pub(crate) name: String,
    /// Tests passed.
    pub(crate) passed: usize,
    /// Tests run.
    pub(crate) total: usize,
    /// The tests that did not pass.
    pub(crate) misses: Vec<Miss>,
}

impl SuiteResult {
    /// A suite without any test yet.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            passed: 0,
            total: 0,
            misses: Vec::new(),
        }
    }

    /// Counts one test.
    pub(crate) fn record(&mut self, test: &str, outcome: Result<(), String>) {
        self.total += 1;
        match outcome {
            Ok(()) => self.passed += 1,
            Err(reason) => self.misses.push(Miss {
                test: test.to_owned(),
                reason,
            }),
        }
    }
}

/// A test that did not pass.
pub(crate) struct Miss {
    /// Its short name: the folder and the fragment of its IRI, such as `aggregates#agg01`.
    pub(crate) test: String,
    /// What went wrong.
    pub(crate) reason: String,
}

/// The folder of the suites. `None` when it is absent, after saying so.
///
/// # Panics
/// When it is absent and the variable `CI` is set.
pub(crate) fn conformance_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OSLO_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/conformance"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "the conformance suites are not at {}",
        folder.display()
    );
    eprintln!(
        "SKIPPED: no conformance suites at {}; set OSLO_CONFORMANCE",
        folder.display()
    );
    None
}

/// Where the files of a suite are and which IRIs they have.
#[derive(Clone, Debug)]
pub(crate) struct Corpus {
    /// The folder that stands for `base`.
    pub(crate) folder: PathBuf,
    /// IRI of that folder, with a slash at the end.
    pub(crate) base: String,
}

impl Corpus {
    /// The suites of the RDF and SPARQL groups; `None` when they are absent, after saying so.
    pub(crate) fn rdf_tests() -> Option<Self> {
        Some(Self {
            folder: conformance_folder()?.join("rdf-tests"),
            base: "https://w3c.github.io/rdf-tests/".to_owned(),
        })
    }

    /// The file of an IRI below the base.
    pub(crate) fn path(&self, iri: &str) -> Option<PathBuf> {
        let relative = iri.strip_prefix(&self.base)?.split('#').next()?;
        Some(self.folder.join(relative))
    }

    /// The text of the file of an IRI.
    pub(crate) fn read(&self, iri: &str) -> Result<String, String> {
        let path = self
            .path(iri)
            .ok_or_else(|| format!("{iri} is outside the suite"))?;
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The graph in the file of an IRI, read with that IRI as base.
    pub(crate) fn read_graph(&self, iri: &str) -> Result<Graph, String> {
        let text = self.read(iri)?;
        let extension = iri.rsplit('.').next().unwrap_or("");
        let format = RdfFormat::from_extension(extension)
            .ok_or_else(|| format!("{iri}: unknown extension"))?;
        let parser = RdfParser::from_format(format)
            .with_base_iri(iri)
            .map_err(|error| error.to_string())?;
        let mut graph = Graph::new();
        for quad in parser.for_slice(text.as_bytes()) {
            let quad = quad.map_err(|error| format!("{iri}: {error}"))?;
            graph.insert(oxrdf::TripleRef::from(quad.as_ref()));
        }
        Ok(graph)
    }

    /// The tests of a manifest and of those it includes, in order, each once.
    ///
    /// # Panics
    /// When a manifest cannot be read: the suite is then not there.
    pub(crate) fn entries(&self, manifest: &str) -> Vec<Entry> {
        let mut out = Vec::new();
        self.collect(
            &format!("{}{manifest}", self.base),
            &mut HashSet::new(),
            &mut out,
        );
        out
    }

    fn collect(&self, iri: &str, visited: &mut HashSet<String>, out: &mut Vec<Entry>) {
        if !visited.insert(iri.to_owned()) {
            return;
        }
        let graph = match self.read_graph(iri) {
            Ok(graph) => Rc::new(graph),
            Err(error) => panic!("manifest {error}"),
        };
        for (predicate, is_entry) in [(mf::INCLUDE, false), (mf::ENTRIES, true)] {
            let predicate = NamedNodeRef::new_unchecked(predicate);
            let heads: Vec<Term> = graph
                .triples_for_predicate(predicate)
                .map(|t| t.object.into_owned())
                .collect();
            for member in heads.into_iter().flat_map(|head| members(&graph, head)) {
                match member {
                    Term::NamedNode(node) if is_entry => out.push(Entry {
                        id: node,
                        manifest: iri.to_owned(),
                        graph: Rc::clone(&graph),
                    }),
                    Term::NamedNode(node) => self.collect(node.as_str(), visited, out),
                    Term::BlankNode(_) | Term::Literal(_) | Term::Triple(_) => {}
                }
            }
        }
    }
}

/// The members of an RDF list, or the term itself when it is no list.
fn members(graph: &Graph, head: Term) -> Vec<Term> {
    let rdf = |name: &str| {
        NamedNode::new_unchecked(format!("http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}"))
    };
    let (first, rest, nil) = (rdf("first"), rdf("rest"), rdf("nil"));
    let mut out = Vec::new();
    let mut at = head.clone();
    loop {
        let node: NamedOrBlankNode = match at {
            Term::NamedNode(node) if node == nil => return out,
            Term::NamedNode(node) => node.into(),
            Term::BlankNode(node) => node.into(),
            Term::Literal(_) | Term::Triple(_) => return vec![head],
        };
        let Some(value) = graph.object_for_subject_predicate(&node, &first) else {
            return vec![head];
        };
        out.push(value.into_owned());
        match graph.object_for_subject_predicate(&node, &rest) {
            Some(next) => at = next.into_owned(),
            None => return out,
        }
    }
}

/// One test of a manifest.
#[derive(Clone)]
pub(crate) struct Entry {
    /// Its IRI.
    pub(crate) id: NamedNode,
    /// IRI of the manifest it stands in.
    pub(crate) manifest: String,
    graph: Rc<Graph>,
}

impl Entry {
    /// The folder of the manifest and the fragment of the IRI: `aggregates#agg01`.
    pub(crate) fn short_name(&self) -> String {
        let folder = self.manifest.rsplit('/').nth(1).unwrap_or("");
        let id = self.id.as_str();
        let fragment = id.rsplit(['#', '/']).next().unwrap_or(id);
        format!("{folder}#{fragment}")
    }

    /// Local names of its types, such as `QueryEvaluationTest`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.objects(
            &self.id.clone().into(),
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
        )
        .into_iter()
        .filter_map(|term| match term {
            Term::NamedNode(node) => node.as_str().rsplit(['#', '/']).next().map(str::to_owned),
            Term::BlankNode(_) | Term::Literal(_) | Term::Triple(_) => None,
        })
        .collect()
    }

    /// `mf:action`.
    pub(crate) fn action(&self) -> Option<Term> {
        self.objects(&self.id.clone().into(), mf::ACTION).pop()
    }

    /// `mf:result`.
    pub(crate) fn result(&self) -> Option<Term> {
        self.objects(&self.id.clone().into(), mf::RESULT).pop()
    }

    /// The objects of a subject and predicate in the manifest.
    pub(crate) fn objects(&self, subject: &NamedOrBlankNode, predicate: &str) -> Vec<Term> {
        self.graph
            .objects_for_subject_predicate(subject, NamedNodeRef::new_unchecked(predicate))
            .map(TermRef::into_owned)
            .collect()
    }

    /// The members of an RDF list of the manifest, or the term itself when it is no list.
    pub(crate) fn list(&self, head: Term) -> Vec<Term> {
        members(&self.graph, head)
    }

    /// The objects of a term that may be a subject.
    pub(crate) fn objects_of(&self, subject: &Term, predicate: &str) -> Vec<Term> {
        match subject {
            Term::NamedNode(node) => self.objects(&node.clone().into(), predicate),
            Term::BlankNode(node) => self.objects(&node.clone().into(), predicate),
            Term::Literal(_) | Term::Triple(_) => Vec::new(),
        }
    }
}
