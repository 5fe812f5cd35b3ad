//! The application profiles of a registry: its shapes graphs by name, with what there is to say of each, and the shapes
//! of a choice of them. Checks nothing and compiles only what is asked.

use crate::rdf::label::{Language, Text, pick};
use crate::rdf::vocab::{owl, rdf, rdfs};
use crate::registry::Registry;
use crate::shapes::{Lint, Report, SeverityCounts, Shapes, read_shapes_with};
use crate::store::{Graphs, Id, View};
use oxrdf::{Literal, Term};
use rustc_hash::FxHashMap;

/// Name that stands for all profiles together.
pub const ALL: &str = "all";

/// Names that other Flemish validators give to profiles, and ours.
const ALIASES: [(&str, &str); 10] = [
    ("adresregister", "adres"),
    ("besluit_publicatie", "besluit"),
    ("dcat_ap_vl", "catalogus"),
    ("dienst_transactiemodel", "transactie"),
    ("dienstencataloog", "dienst"),
    ("generiek_basis", "generiek"),
    ("geodcat_ap_vl", "catalogus"),
    ("metadata_dcat", "catalogus"),
    ("organisatie_basis", "organisatie"),
    ("persoon_basis", "persoon"),
];

/// A shapes graph.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Last part of the graph's IRI, for instance `adres`.
    pub name: String,
    /// IRI of the graph.
    pub iri: String,
    /// Name for people, from the `owl:Ontology` in the graph; else the name.
    pub title: Text,
    /// The graph.
    pub graph: Id,
}

/// A profile with what a report tells of its shapes.
#[derive(Clone, Debug)]
pub struct ProfileState {
    /// The profile.
    pub profile: Profile,
    /// Node shapes and property shapes.
    pub shapes: u64,
    /// Findings about its shapes.
    pub findings: Vec<Lint>,
    /// Shapes with targets.
    pub targets: Vec<TargetState>,
    /// Results of its shapes.
    pub results: SeverityCounts,
}

/// A shape with targets.
#[derive(Clone, Debug)]
pub struct TargetState {
    /// Its name for people.
    pub name: Text,
    /// Its IRI, or path in words.
    pub label: String,
    /// Focus nodes, each counted once.
    pub count: u64,
}

impl ProfileState {
    /// Focus nodes of all its shapes; a node that two shapes choose counts twice.
    pub fn focus_nodes(&self) -> u64 {
        self.targets.iter().map(|target| target.count).sum()
    }
}

/// The profiles of a state, by name.
pub fn profiles(registry: &Registry, view: &View) -> Vec<Profile> {
    let start = format!("{}/graph/shapes/", registry.base());
    let mut found: Vec<Profile> = registry
        .shapes_graphs(view)
        .into_iter()
        .filter_map(|graph| {
            let iri = view.iri(graph)?.into_owned();
            let name = iri.strip_prefix(&start)?.to_owned();
            let title = title_of(&view.with_graphs(Graphs::One(graph)), &name);
            Some(Profile {
                name,
                iri,
                title,
                graph,
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The profile a name means: its own, or one that other validators know it by.
pub fn find<'p>(profiles: &'p [Profile], name: &str) -> Option<&'p Profile> {
    let by_name = |name: &str| profiles.iter().find(|profile| profile.name == name);
    by_name(name).or_else(|| {
        let (_, own) = ALIASES.iter().find(|(alias, _)| *alias == name)?;
        by_name(own)
    })
}

/// The graphs of a profile: its own and those it imports, as far as they are stored.
pub fn graphs_of(view: &View, profiles: &[Profile], profile: &Profile) -> Vec<Id> {
    let mut graphs = vec![profile.graph];
    let (Some(imports), Some(kind), Some(ontology)) = (
        view.id_of_iri(owl::IMPORTS),
        view.id_of_iri(rdf::TYPE),
        view.id_of_iri(owl::ONTOLOGY),
    ) else {
        return graphs;
    };
    let mut at = 0;
    while let Some(graph) = graphs.get(at).copied() {
        at += 1;
        let imported = view.with_graphs(Graphs::One(graph));
        for (_, target) in imported.pairs(imports) {
            let holder = profiles.iter().find(|other| {
                view.iri(target).is_some_and(|iri| iri == other.iri)
                    || view
                        .with_graphs(Graphs::One(other.graph))
                        .contains(target, kind, ontology)
            });
            if let Some(holder) = holder
                && !graphs.contains(&holder.graph)
            {
                graphs.push(holder.graph);
            }
        }
    }
    graphs
}

/// The shapes of some graphs of a state, as the registry takes them.
pub fn shapes_of(registry: &Registry, view: &View, graphs: Vec<Id>) -> Shapes {
    let view = view.with_graphs(Graphs::set(graphs));
    read_shapes_with(&view, registry.shapes_options())
}

/// What a report of the whole registry tells of each profile.
pub fn states(registry: &Registry, view: &View, report: &Report) -> Vec<ProfileState> {
    let mut states: Vec<ProfileState> = profiles(registry, view)
        .into_iter()
        .map(|profile| ProfileState {
            profile,
            shapes: 0,
            findings: Vec::new(),
            targets: Vec::new(),
            results: SeverityCounts::default(),
        })
        .collect();
    let graphs: FxHashMap<Id, usize> = states
        .iter()
        .enumerate()
        .map(|(at, state)| (state.profile.graph, at))
        .collect();
    // A shape belongs to the first shapes graph that says anything about it.
    let home = |term: &Term| -> Option<usize> {
        let id = view.id_of(term.as_ref())?;
        let mut quads = view.quads(Some(id), None, None, None);
        quads.find_map(|quad| graphs.get(&quad.g).copied())
    };
    let mut homes: FxHashMap<&Term, Option<usize>> = FxHashMap::default();
    for term in report.shapes().terms() {
        let at = *homes.entry(term).or_insert_with(|| home(term));
        if let Some(at) = at {
            states[at].shapes += 1;
        }
    }
    let home_of = |term: &Term| homes.get(term).copied().flatten();
    for lint in report.shapes().findings() {
        if let Some(at) = lint.shape.as_ref().and_then(home_of) {
            states[at].findings.push(lint.clone());
        }
    }
    for count in report.focus_counts() {
        if let Some(at) = home_of(report.shape_term(count.shape)) {
            states[at].targets.push(TargetState {
                name: Text::new(
                    report.shape_name(count.shape, Language::Nl),
                    report.shape_name(count.shape, Language::En),
                ),
                label: count.label.clone(),
                count: count.count,
            });
        }
    }
    for group in report.groups() {
        let Some(at) = home_of(report.shape_term(group.shape)) else {
            continue;
        };
        states[at].results.add(&group.severity, group.total);
    }
    states
}

/// The label of the ontology that a graph declares.
fn title_of(graph: &View, name: &str) -> Text {
    let label = |language: Language| -> Option<String> {
        let (kind, ontology) = (graph.id_of_iri(rdf::TYPE)?, graph.id_of_iri(owl::ONTOLOGY)?);
        let node = graph.subjects(kind, ontology).next()?;
        let label = graph.id_of_iri(rdfs::LABEL)?;
        let labels: Vec<Literal> = graph
            .objects(node, label)
            .filter_map(|id| match graph.term(id) {
                Term::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect();
        pick(labels.iter().map(|l| (l.value(), l.language())), language).map(str::to_owned)
    };
    let or_name = |label: Option<String>| label.unwrap_or_else(|| name.to_owned());
    Text::new(or_name(label(Language::Nl)), or_name(label(Language::En)))
}
