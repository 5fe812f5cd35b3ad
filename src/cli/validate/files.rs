//! Files that are checked and not stored: read into graphs of their own, so that every node leads back to its file, and
//! to the line where it first is a subject.

use super::super::load::of_diagnostic;
use crate::ingest::load::TargetGraph;
use crate::ingest::{Input, LoadPlan, ParseOptions, parse_into, subject_lines};
use crate::rdf::format::Format;
use crate::registry::Registry;
use crate::shapes::{Origin, Report};
use crate::store::{Draft, Id, QuadIds, Store, View};
use oxrdf::{NamedNode, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};

/// The files that were read and the graphs they were read into.
#[derive(Default)]
pub(super) struct Files {
    read: Vec<(Input, Format)>,
    /// Position of the file.
    graphs: FxHashMap<Id, usize>,
}

impl Files {
    pub(super) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    /// Names for people.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.read.iter().map(|(input, _)| input.name()).collect();
        names.join(", ")
    }

    pub(super) fn graphs(&self) -> Vec<Id> {
        self.graphs.keys().copied().collect()
    }

    pub(super) fn has(&self, graph: Id) -> bool {
        self.graphs.contains_key(&graph)
    }

    /// The graph of a file that calls it by this name.
    pub(super) fn named(&self, view: &View, name: &str) -> Option<Id> {
        let mut graphs: Vec<(usize, Id)> =
            self.graphs.iter().map(|(g, file)| (*file, *g)).collect();
        graphs.sort_unstable();
        graphs.into_iter().map(|(_, graph)| graph).find(|graph| {
            view.iri(*graph).is_some_and(|iri| {
                let own = iri.strip_prefix("urn:oslo-registry:validate:data:");
                own.and_then(|rest| rest.split_once(':'))
                    .is_some_and(|(_, of)| of == name)
            })
        })
    }

    /// File, and line when asked, of every focus node of the kept results that a file says something about.
    pub(super) fn places(&self, report: &Report, has_lines: bool) -> FxHashMap<Id, Origin> {
        let mut places: FxHashMap<Id, Origin> = FxHashMap::default();
        if self.is_empty() {
            return places;
        }
        let mut wanted: Vec<FxHashSet<String>> = vec![FxHashSet::default(); self.read.len()];
        let mut nodes: Vec<(Id, usize, String)> = Vec::new();
        for row in report.results() {
            if places.contains_key(&row.focus) {
                continue;
            }
            let file = report.find_graph(row.focus, &|graph| self.graphs.get(&graph).copied());
            let Some(file) = file else { continue };
            let origin = Origin {
                name: self.read[file].0.name().to_owned(),
                line: None,
                is_file: true,
            };
            places.insert(row.focus, origin);
            if let (true, Term::NamedNode(node)) = (has_lines, report.term(row.focus)) {
                wanted[file].insert(node.as_str().to_owned());
                nodes.push((row.focus, file, node.into_string()));
            }
        }
        // A file that cannot be read a second time gives no lines.
        let lines: Vec<FxHashMap<String, u64>> = self
            .read
            .iter()
            .zip(&wanted)
            .map(|((input, format), wanted)| {
                subject_lines(input, *format, None, wanted).unwrap_or_default()
            })
            .collect();
        for (focus, file, iri) in nodes {
            if let Some(place) = places.get_mut(&focus) {
                place.line = lines[file].get(&iri).copied();
            }
        }
        places
    }
}

/// Reads files into graphs `urn:oslo-registry:validate:{role}:{number of the file}:{graph of the file}`.
pub(super) fn fill(
    registry: &Registry,
    draft: &mut Draft<'_>,
    role: &str,
    paths: &[PathBuf],
    context_map: Option<&Path>,
) -> anyhow::Result<Files> {
    let mut files = Files::default();
    if paths.is_empty() {
        return Ok(files);
    }
    let mut plan = LoadPlan::from_paths(registry, paths, &TargetGraph::Default, None, None)
        .map_err(|f| of_diagnostic(&f))?;
    if let Some(map) = context_map {
        plan.contexts = plan.contexts.with_map(map).map_err(|f| of_diagnostic(&f))?;
    }
    let store = Store::in_memory_with(registry.store().settings());
    for (number, item) in plan.items.iter().enumerate() {
        let mut read = store.scratch();
        let stats = parse_into(&mut read, &item.input, ParseOptions::new(&plan.contexts))
            .map_err(|f| of_diagnostic(&f))?;
        let view = read.snapshot().view();
        let mut terms: FxHashMap<Id, Id> = FxHashMap::default();
        let mut graphs: FxHashMap<Id, Id> = FxHashMap::default();
        for quad in view.quads(None, None, None, None) {
            let g = *graphs.entry(quad.g).or_insert_with(|| {
                let name = if quad.g == Id::DEFAULT_GRAPH {
                    "default".into()
                } else {
                    view.text(quad.g)
                };
                let name = name.trim_matches(['<', '>']);
                let graph = NamedNode::new_unchecked(format!(
                    "urn:oslo-registry:validate:{role}:{number}:{name}"
                ));
                draft.intern_graph(graph.as_ref().into())
            });
            let mut term = |id| {
                *terms
                    .entry(id)
                    .or_insert_with(|| draft.intern(view.term(id).as_ref()))
            };
            let [s, p, o] = [term(quad.s), term(quad.p), term(quad.o)];
            draft.add(QuadIds { s, p, o, g });
        }
        files
            .graphs
            .extend(graphs.into_values().map(|graph| (graph, number)));
        files.read.push((item.input.clone(), stats.format));
    }
    Ok(files)
}
