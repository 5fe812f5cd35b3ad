//! Quarantine: what conforms goes in, the rest waits with its reasons, is not there for anybody who does not name it, and
//! goes in when what it refers to arrives.

mod arrival;
mod outside;

use crate::shacl::live::lines;
use oslo_registry::ingest::load::{LoadItem, LoadMode, LoadOutcome, LoadedFile};
use oslo_registry::ingest::{Input, LoadPlan, load_files};
use oslo_registry::registry::{CommitRequest, Mode, Registry, RegistryConfig, Waiting};
use oslo_registry::shapes::{Live, Scope};
use oslo_registry::store::{CommitMeta, Graphs, OpenOptions};
use oxrdf::{NamedNode, Quad};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;

const PREFIX: &str =
    "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n";

/// Trees have a height, stand in a street, may lean on another tree and have a mark that names its maker.
const SHAPES: &str = r#"
ex:TreeShape a sh:NodeShape ; sh:targetClass ex:Tree ;
    sh:property ex:TreeHeight , ex:TreeStreet , ex:TreeLeans , ex:TreeMark .
ex:TreeHeight sh:path ex:height ; sh:minCount 1 .
ex:TreeStreet sh:path ex:street ; sh:class ex:Street .
ex:TreeLeans sh:path ex:leans ; sh:class ex:Tree .
ex:TreeMark sh:path ex:mark ; sh:node ex:MarkShape .
ex:MarkShape a sh:NodeShape ; sh:property [ sh:path ex:by ; sh:class ex:Tree ] .
"#;

struct Wood {
    registry: Registry,
}

impl Wood {
    fn new() -> Self {
        Self::over(Registry::in_memory(RegistryConfig::default()))
    }

    fn at(folder: &Path) -> Self {
        let opened = Registry::open(
            folder,
            OpenOptions::default(),
            RegistryConfig::default(),
            &mut |_, _| {},
        );
        Self {
            registry: opened.expect("a folder to write in"),
        }
    }

    fn over(registry: Registry) -> Self {
        let wood = Self { registry };
        wood.load("shapes/bomen", SHAPES, Mode::Reject);
        wood
    }

    fn load_with(&self, graph: &str, turtle: &str, mode: Mode, how: LoadMode) -> LoadedFile {
        let item = LoadItem {
            input: Input::bytes("bomen.ttl", format!("{PREFIX}{turtle}")),
            format: None,
            graph: (graph != "default").then(|| self.registry.graph_iri(graph)),
            base_iri: None,
        };
        let mut plan = LoadPlan::new(&self.registry, vec![item]);
        plan.gate = Some(mode);
        plan.mode = how;
        let done = load_files(&self.registry, &plan, &mut |_| {}).expect("the store works");
        self.law();
        done.files.into_iter().next().expect("one file")
    }

    fn load(&self, graph: &str, turtle: &str, mode: Mode) -> LoadedFile {
        self.load_with(graph, turtle, mode, LoadMode::Add)
    }

    fn harvest(&self, graph: &str, turtle: &str) -> LoadedFile {
        self.load(graph, turtle, Mode::Quarantine)
    }

    /// The kept report is that of a full run.
    fn law(&self) {
        let state = self.registry.snapshot();
        let view = state.view();
        let scope = Scope {
            data: view.with_graphs(Graphs::set(self.registry.data_graphs(&view))),
            context: view,
        };
        let kept = self.registry.live(&state).report(&scope, 10_000);
        let full = Live::full(&self.registry.shapes(), &scope, state.seq()).report(&scope, 10_000);
        assert_eq!(lines(&kept), lines(&full));
    }

    /// No results at all.
    fn conforms(&self) {
        let report = self.registry.report().report;
        assert_eq!(report.total(), 0, "{:?}", report.results());
    }

    fn seq(&self) -> u64 {
        self.registry.snapshot().seq()
    }

    /// Local names of all that is a tree, for who names no graph.
    fn trees(&self) -> Vec<String> {
        let view = self.registry.snapshot().view();
        let id = |iri: &str| view.id_of_iri(iri);
        let (Some(class), Some(kind)) = (
            id("http://example.org/Tree"),
            id("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ) else {
            return Vec::new();
        };
        let mut trees: Vec<String> = view
            .subjects(kind, class)
            .filter_map(|tree| Some(local(&view.iri(tree)?)))
            .collect();
        trees.sort();
        trees
    }

    /// Local names of all that waits, with the graph and the number of results.
    fn waits(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .registry
            .waiting()
            .iter()
            .flat_map(|of: &Waiting| {
                let graph = of.graph.as_deref().unwrap_or("default");
                let graph = graph.rsplit('/').next().unwrap_or(graph).to_owned();
                of.members.iter().map(move |member| {
                    let results = member
                        .results
                        .iter()
                        .filter(|t| t.predicate.as_str().ends_with("#focusNode"))
                        .count();
                    format!("{graph} {} {results}", local(&member.iri))
                })
            })
            .collect();
        all.sort();
        all
    }

    fn graph(&self, name: &str) -> BTreeSet<String> {
        let view = self.registry.snapshot().view();
        let graph = match name {
            "default" => Some(oslo_registry::store::Id::DEFAULT_GRAPH),
            name => view.id_of_iri(self.registry.graph_iri(name).as_str()),
        };
        let Some(graph) = graph else {
            return BTreeSet::new();
        };
        view.quads(None, None, None, Some(graph))
            .map(|q| format!("{} {} {}", view.text(q.s), view.text(q.p), view.text(q.o)))
            .collect()
    }
}

fn local(iri: &str) -> String {
    iri.trim_start_matches("http://example.org/").to_owned()
}

fn is_loaded(file: &LoadedFile) -> bool {
    matches!(file.outcome, LoadOutcome::Loaded { .. })
}

const MIXTURE: &str = "
    ex:good a ex:Tree ; ex:height 3 ; ex:mark [ ex:by ex:good ] .
    ex:bad a ex:Tree ; ex:mark [ ex:note \"of the bad one\" ] .
    ex:onBad a ex:Tree ; ex:height 2 ; ex:leans ex:bad .
    ex:onThat a ex:Tree ; ex:height 2 ; ex:mark [ ex:by ex:onBad ] .
    ex:one a ex:Tree ; ex:height 1 ; ex:leans ex:two ; ex:street ex:s .
    ex:two a ex:Tree ; ex:height 1 ; ex:leans ex:one .
    ex:left a ex:Tree ; ex:height 1 ; ex:leans ex:right .
    ex:right a ex:Tree ; ex:height 1 ; ex:leans ex:left .";

#[test]
fn what_conforms_goes_in_and_the_rest_waits_with_its_reasons() {
    let wood = Wood::new();
    let done = wood.harvest("bomen", MIXTURE);
    assert!(is_loaded(&done));
    assert_eq!(wood.trees(), ["good", "left", "right"]);
    assert_eq!(
        wood.waits(),
        [
            "bomen bad 1",
            "bomen onBad 1",
            "bomen onThat 1",
            "bomen one 1",
            "bomen two 1"
        ]
    );
    assert_eq!((done.aside.waiting, done.aside.released), (5, 0));
    assert_eq!(done.aside.members[0], "http://example.org/bad");
    wood.conforms();
    // The blank node below goes with its member.
    let waiting = wood.registry.waiting();
    let bad = &waiting[0].members[0];
    assert_eq!(bad.statements.len(), 3, "{:?}", bad.statements);
    let said = |name: &str| {
        let mut triples = bad.results.iter();
        triples.any(|t| t.predicate.as_str() == format!("http://www.w3.org/ns/shacl#{name}"))
    };
    for part in [
        "focusNode",
        "resultPath",
        "sourceShape",
        "sourceConstraintComponent",
        "resultSeverity",
        "resultMessage",
    ] {
        assert!(said(part), "{part}");
    }
    // Again: nothing changes, and the answer is the same.
    let seq = wood.seq();
    let again = wood.harvest("bomen", MIXTURE);
    assert!(matches!(again.outcome, LoadOutcome::Unchanged), "{again:?}");
    assert_eq!(again.aside, done.aside);
    assert_eq!(wood.seq(), seq);
}

#[test]
fn arrival_of_what_is_referred_to_releases() {
    let wood = Wood::new();
    wood.harvest("bomen", MIXTURE);
    // The street lets the first of a circle in, and that the other.
    let done = wood.load("straten", "ex:s a ex:Street .", Mode::Reject);
    assert_eq!(done.aside.released, 2);
    assert_eq!(wood.trees(), ["good", "left", "one", "right", "two"]);
    wood.conforms();
    // What waits is mended: it takes along those that lean on it, one after the other.
    let done = wood.harvest("bomen", "ex:bad a ex:Tree ; ex:height 9 .");
    assert_eq!((done.aside.waiting, done.aside.released), (0, 2));
    assert_eq!(wood.waits(), [""; 0]);
    assert_eq!(wood.graph("quarantaine/bomen").len(), 0);
    assert_eq!(wood.graph("quarantaine/bomen/redenen").len(), 0);
    // It replaced what waited: the old mark is gone.
    assert!(
        !wood
            .graph("bomen")
            .iter()
            .any(|t| t.contains("of the bad one"))
    );
    wood.conforms();
    let agents: Vec<String> = wood
        .registry
        .store()
        .commits(0)
        .expect("commits")
        .into_iter()
        .map(|commit| commit.agent)
        .collect();
    assert!(
        agents.iter().any(|agent| agent.ends_with("/quarantaine")),
        "{agents:?}"
    );
}

#[test]
fn a_statement_in_the_home_graph_helps_who_waits_and_nothing_is_lost() {
    let wood = Wood::new();
    wood.harvest("bomen", "ex:t a ex:Tree ; ex:name \"Eik\" .");
    assert_eq!(wood.waits(), ["bomen t 1"]);
    let done = wood.load(
        "bomen",
        "ex:t ex:height 4 ; ex:name \"Oude eik\" .",
        Mode::Reject,
    );
    assert_eq!(done.aside.released, 1);
    assert_eq!(wood.waits(), [""; 0]);
    assert_eq!(wood.graph("bomen").len(), 4);
    wood.conforms();
}

#[test]
fn the_old_one_is_better_than_none() {
    let wood = Wood::new();
    wood.harvest(
        "bomen",
        "ex:t a ex:Tree ; ex:height 4 ; ex:mark [ ex:by ex:t ] . ex:u a ex:Tree ; ex:height 1 .",
    );
    let old = wood.graph("bomen");
    // A new delivery in which one lost its height and got a name, and one is as before.
    let text = "ex:t a ex:Tree ; ex:name \"Es\" ; ex:mark [ ex:by ex:nobody ] . ex:u a ex:Tree ; ex:height 1 .";
    let done = wood.load_with("bomen", text, Mode::Quarantine, LoadMode::Replace);
    assert_eq!((done.aside.waiting, done.aside.restored), (1, 0));
    assert_eq!(wood.graph("bomen"), old);
    assert_eq!(wood.graph("quarantaine/bomen").len(), 3);
    wood.conforms();
    let seq = wood.seq();
    wood.load_with("bomen", text, Mode::Quarantine, LoadMode::Replace);
    assert_eq!(wood.seq(), seq);
    // Only taken away: nothing to wait, everything stays.
    let done = wood.load_with(
        "bomen",
        "ex:t a ex:Tree . ex:u a ex:Tree .",
        Mode::Quarantine,
        LoadMode::Replace,
    );
    assert_eq!((done.aside.waiting, done.aside.restored), (0, 2));
    // What waited is no longer in the delivery.
    assert_eq!(wood.waits(), [""; 0]);
    assert!(old.is_subset(&wood.graph("bomen")));
    wood.conforms();
}

#[test]
fn all_bad_and_all_there_is_no_commit_of_anything_else() {
    let wood = Wood::new();
    let done = wood.harvest("bomen", "ex:a a ex:Tree . ex:b a ex:Tree ; ex:leans ex:a .");
    assert_eq!(done.aside.waiting, 2);
    assert_eq!(wood.graph("bomen").len(), 0);
    assert_eq!(wood.trees(), [""; 0]);
    // By hand: still nothing, and no commit for it.
    let seq = wood.seq();
    assert_eq!(
        wood.registry.retry_quarantine().expect("the store works"),
        0
    );
    assert_eq!(wood.seq(), seq);
    let a = NamedNode::new_unchecked("http://example.org/a");
    let dropped = wood.registry.drop_from_quarantine(&[a]);
    assert_eq!(dropped.expect("the store works"), 1);
    assert_eq!(wood.waits(), ["bomen b 1"]);
    wood.law();
}

#[test]
fn a_member_of_two_graphs_waits_in_both_and_comes_out_of_both() {
    let wood = Wood::new();
    let trig = [
        ("bomen", "ex:t a ex:Tree ; ex:street ex:s ; ex:height 2 ."),
        ("namen", "ex:t ex:name \"Eik\" ."),
    ];
    let request = request(&wood.registry, Mode::Quarantine);
    let done = wood
        .registry
        .commit(request, |draft| -> Result<(), Infallible> {
            for (graph, turtle) in trig {
                for t in
                    crate::shacl::parse_turtle(&format!("{PREFIX}{turtle}"), "http://example.org/")
                {
                    let graph = wood.registry.graph_iri(graph);
                    draft.add_quad(Quad::new(t.subject, t.predicate, t.object, graph).as_ref());
                }
            }
            Ok(())
        });
    assert_eq!(done.expect("it waits").aside.waiting, 1);
    assert_eq!(wood.waits(), ["bomen t 1", "namen t 1"]);
    // In no named graph at all.
    wood.harvest("default", "ex:u a ex:Tree ; ex:street ex:s ; ex:height 2 .");
    assert_eq!(wood.waits(), ["bomen t 1", "default u 1", "namen t 1"]);
    let done = wood.load("straten", "ex:s a ex:Street .", Mode::Reject);
    assert_eq!(done.aside.released, 2);
    assert_eq!(
        (wood.graph("bomen").len(), wood.graph("namen").len()),
        (3, 1)
    );
    assert_eq!(wood.graph("default").len(), 3);
    assert_eq!(wood.waits(), [""; 0]);
    wood.conforms();
}

#[test]
fn what_is_no_members_fault_is_refused() {
    let wood = Wood::new();
    wood.load(
        "bomen",
        "ex:t a ex:Tree ; ex:height 1 ; ex:leans ex:u . ex:u a ex:Tree ; ex:height 1 .",
        Mode::Reject,
    );
    // Taking the class away spoils a tree of which nothing is said.
    let done = wood.load_with(
        "bomen",
        "ex:t a ex:Tree ; ex:height 1 ; ex:leans ex:u .",
        Mode::Quarantine,
        LoadMode::Replace,
    );
    assert!(
        matches!(done.outcome, LoadOutcome::Rejected { .. }),
        "{done:?}"
    );
    // A blank node below no named one.
    let done = wood.harvest("bomen", "[ a ex:Tree ] .");
    assert!(
        matches!(done.outcome, LoadOutcome::Rejected { .. }),
        "{done:?}"
    );
    assert_eq!(wood.waits(), [""; 0]);
}

#[test]
fn who_spoils_others_waits() {
    let wood = Wood::new();
    // A tree in the registry may be leant on by trees with a height only: the newcomer spoils it, and is spoilt itself.
    wood.load(
        "shapes/meer",
        "ex:Support a sh:NodeShape ; sh:targetSubjectsOf ex:carries ;
           sh:property [ sh:path ( [ sh:inversePath ex:leans ] ex:height ) ; sh:minCount 1 ] ;
           sh:property [ sh:path ( [ sh:inversePath ex:leans ] ex:name ) ; sh:maxCount 0 ] .",
        Mode::Reject,
    );
    wood.load("bomen", "ex:a a ex:Tree ; ex:height 3 ; ex:carries 1 . ex:b a ex:Tree ; ex:height 1 ; ex:leans ex:a .", Mode::Reject);
    let done = wood.harvest(
        "bomen",
        "ex:c a ex:Tree ; ex:leans ex:a ; ex:name \"Es\" . ex:d a ex:Tree ; ex:height 1 .",
    );
    assert_eq!(done.aside.members, ["http://example.org/c"]);
    assert_eq!(wood.trees(), ["a", "b", "d"]);
    // Once it is mended it spoils the other alone: that is refused, and what waits stays.
    let done = wood.load("bomen", "ex:c ex:height 1 .", Mode::Warn);
    assert_eq!(done.aside.released, 0);
    assert_eq!(wood.waits(), ["bomen c 1"]);
    wood.conforms();
}

#[test]
fn rules_that_look_in_all_graphs_do_not_see_what_waits() {
    let wood = Wood::new();
    wood.load(
        "shapes/meer",
        "ex:Spoilt a sh:NodeShape ; sh:targetClass ex:Tree ; sh:sparql [ sh:message \"spoilt\" ;
           sh:select \"SELECT $this { GRAPH ?g { ?x <http://example.org/spoils> $this } }\" ] .",
        Mode::Reject,
    );
    let text = "ex:good a ex:Tree ; ex:height 1 . ex:bad a ex:Tree ; ex:leans ex:good .";
    wood.harvest("bomen", text);
    assert_eq!(wood.waits(), ["bomen bad 1"]);
    wood.harvest(
        "bomen",
        "ex:bad a ex:Tree ; ex:spoils ex:other . ex:other a ex:Tree ; ex:height 2 .",
    );
    assert_eq!(wood.waits(), ["bomen bad 1", "bomen other 1"]);
    // Together one spoils the other; once it is given up, the other goes in.
    let bad = NamedNode::new_unchecked("http://example.org/bad");
    wood.registry
        .drop_from_quarantine(&[bad])
        .expect("the store works");
    assert_eq!(
        wood.registry.retry_quarantine().expect("the store works"),
        1
    );
    assert_eq!(wood.trees(), ["good", "other"]);
    wood.conforms();
}

#[test]
fn a_blank_node_of_two_stays_for_the_one_that_goes_in() {
    let wood = Wood::new();
    wood.harvest(
        "bomen",
        "ex:a a ex:Tree ; ex:height 1 ; ex:mark _:m . ex:b a ex:Tree ; ex:mark _:m . _:m ex:note \"twice\" .",
    );
    assert_eq!(wood.waits(), ["bomen b 1"]);
    assert!(wood.graph("bomen").iter().any(|t| t.contains("twice")));
    assert!(
        wood.graph("quarantaine/bomen")
            .iter()
            .any(|t| t.contains("twice"))
    );
    wood.load("bomen", "ex:b ex:height 1 .", Mode::Reject);
    assert_eq!(wood.graph("quarantaine/bomen").len(), 0);
    assert_eq!(wood.graph("bomen").len(), 7);
}

#[test]
fn a_circle_that_arrives_in_parts_goes_in_together() {
    let wood = Wood::new();
    wood.harvest("bomen", "ex:a a ex:Tree ; ex:height 1 ; ex:leans ex:b .");
    wood.harvest("bomen", "ex:b a ex:Tree ; ex:height 1 ; ex:leans ex:c .");
    assert_eq!(wood.waits(), ["bomen a 1", "bomen b 1"]);
    let done = wood.harvest("bomen", "ex:c a ex:Tree ; ex:height 1 ; ex:leans ex:a .");
    assert_eq!(wood.waits(), [""; 0]);
    assert_eq!(done.aside.released, 2, "{:?}", done.aside);
    assert_eq!(done.aside.waiting, 0, "{:?}", done.aside);
    wood.conforms();
}

#[test]
fn it_waits_across_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let wood = Wood::over(Wood::at(folder.path()).registry);
        wood.harvest("bomen", MIXTURE);
    }
    let wood = Wood::at(folder.path());
    assert_eq!(wood.trees(), ["good", "left", "right"]);
    assert_eq!(wood.waits().len(), 5);
    let seq = wood.seq();
    wood.harvest("bomen", MIXTURE);
    assert_eq!(wood.seq(), seq);
    drop(wood);
    let wood = Wood::at(folder.path());
    let done = wood.load("straten", "ex:s a ex:Street .", Mode::Off);
    assert_eq!(done.aside.released, 2);
    drop(wood);
    assert_eq!(Wood::at(folder.path()).waits().len(), 3);
}

#[test]
fn deep_chains_and_many_members() {
    let wood = Wood::new();
    let mut text = String::from("ex:t0 a ex:Tree ; ex:street ex:s ; ex:height 1 .\n");
    for at in 1..60 {
        text.push_str(&format!(
            "ex:t{at} a ex:Tree ; ex:height 1 ; ex:leans ex:t{} .\n",
            at - 1
        ));
    }
    for at in 0..1500 {
        text.push_str(&format!(
            "ex:u{at} a ex:Tree ; ex:height 1 ; ex:street ex:r .\n"
        ));
    }
    let done = wood.harvest("bomen", &text);
    assert_eq!(done.aside.waiting, 1560);
    assert_eq!(done.aside.members.len(), 1000);
    let done = wood.load("straten", "ex:s a ex:Street .", Mode::Reject);
    assert_eq!(done.aside.released, 60);
    // So many at a time; the rest by hand.
    let done = wood.load("straten", "ex:r a ex:Street .", Mode::Reject);
    assert_eq!(done.aside.released, 1000);
    assert_eq!(wood.registry.waiting_count(&wood.registry.snapshot()), 500);
    assert_eq!(
        wood.registry.retry_quarantine().expect("the store works"),
        500
    );
    assert_eq!(wood.registry.waiting_count(&wood.registry.snapshot()), 0);
    wood.conforms();
}

fn request(registry: &Registry, mode: Mode) -> CommitRequest {
    CommitRequest::new(CommitMeta {
        agent: registry.agent_iri("proef"),
        activity: registry.activity_iri("proef"),
        source: Vec::new(),
        message: None,
    })
    .with_mode(mode)
}
