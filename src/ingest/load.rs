//! Loads files and folders into the registry through its one commit path: one commit per file, or all in one.
//! Says for every file what became of it. Prints nothing; the caller does.

mod paths;
mod together;

pub use paths::graph_name_of_path;
pub(super) use paths::source_iri;
pub(super) use together::ItemRead;

use super::account::Account;
use super::contexts::ContextStore;
use super::diagnostic::Diagnostic;
use super::input::Input;
use super::limits::Limits;
use super::mend::Mending;
use super::normalise::RepairReport;
use super::parse::{ParseStats, Progress};
use crate::rdf::format::Format;
use crate::registry::{Aside, Findings, Mode, Registry, Rejection, Writer};
use crate::shapes::SeverityCounts;
use crate::store::StoreError;
use oxrdf::NamedNode;
use paths::walk;
use std::path::PathBuf;
use together::load_together;

/// One input and where it goes.
#[derive(Clone, Debug)]
pub struct LoadItem {
    /// The bytes.
    pub input: Input,
    /// Syntax, when the name does not tell.
    pub format: Option<Format>,
    /// Graph for triples that name none; `None` is the default graph.
    pub graph: Option<NamedNode>,
    /// Base IRI for relative references; `None`: see [`base_iri`](super::ParseOptions::base_iri).
    pub base_iri: Option<String>,
}

/// Which graph files go to when a plan is made from paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetGraph {
    /// The default graph.
    Default,
    /// One graph for all.
    Named(NamedNode),
    /// `{base}/graph/{name}` with the name made from the path, see [`graph_name_of_path`].
    ByPath,
}

/// What happens to statements that the target graph already has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// They stay.
    #[default]
    Add,
    /// They go, unless the input has them too. Only for inputs with a graph or for the default graph; graphs that an
    /// input names itself are only added to.
    Replace,
}

/// How the inputs become commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitUnit {
    /// One commit per input.
    #[default]
    PerFile,
    /// One commit of all inputs, or none at all.
    Together,
}

/// What to load and how.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Inputs, in this order.
    pub items: Vec<LoadItem>,
    /// Files met in folders that are no RDF by their name; not loaded.
    pub skipped: Vec<PathBuf>,
    /// Add or replace.
    pub mode: LoadMode,
    /// Commits.
    pub unit: CommitUnit,
    /// How strictly the shapes judge; `None` as the gate's rules of the graphs say.
    pub gate: Option<Mode>,
    /// Tell what would happen, and change nothing.
    pub dry_run: bool,
    /// Refuse inputs that speak of other graphs than the one they go to and what is derived for it.
    pub keeps_to_graph: bool,
    /// Go on with the next input after one that could not be loaded. Only with [`CommitUnit::PerFile`].
    pub keep_going: bool,
    /// Bounds per input.
    pub limits: Limits,
    /// JSON-LD contexts.
    pub contexts: ContextStore,
    /// Refuse records of the sources that need a repair.
    pub strict: bool,
    /// Whether and how RDF is mended; `None` takes it as it is, byte for byte.
    pub mending: Option<Mending>,
    /// Folder of the registry, where the records are kept as evidence; `None` keeps none.
    pub evidence: Option<PathBuf>,
    /// IRI of the agent, for the log.
    pub agent: String,
    /// A line for the log.
    pub message: Option<String>,
    /// Whose graphs may be touched.
    pub writer: Writer,
    /// Refuse inputs when those for one graph say nothing.
    pub needs_statements: bool,
    /// What is told of a commit in the account of its source; `None` tells nothing.
    pub account: Option<Account>,
}

impl LoadPlan {
    /// A plan for inputs, with defaults for the rest: add, one commit per input, violations reject.
    pub fn new(registry: &Registry, items: Vec<LoadItem>) -> Self {
        Self {
            items,
            skipped: Vec::new(),
            mode: LoadMode::default(),
            unit: CommitUnit::default(),
            gate: None,
            dry_run: false,
            keeps_to_graph: false,
            keep_going: false,
            limits: Limits::default(),
            contexts: ContextStore::shipped(registry.base()),
            strict: false,
            mending: None,
            evidence: None,
            agent: registry.agent_iri("oslo"),
            message: None,
            writer: Writer::Anyone,
            needs_statements: false,
            account: None,
        }
    }

    /// A plan for files and folders. Folders are walked in the order of their names; hidden entries and linked folders
    /// are passed over, and so are files whose name says they are no RDF (a file named by the caller never is).
    ///
    /// # Errors
    /// `P004` for a path that cannot be read.
    pub fn from_paths(
        registry: &Registry,
        paths: &[PathBuf],
        target: &TargetGraph,
        format: Option<Format>,
        base_iri: Option<&str>,
    ) -> Result<Self, Diagnostic> {
        let mut plan = Self::new(registry, Vec::new());
        let mut found = Vec::new();
        for path in paths {
            if path.is_dir() {
                walk(path, &mut found, &mut plan.skipped)?;
            } else {
                found.push(path.clone());
            }
        }
        plan.items = found
            .into_iter()
            .map(|path| LoadItem {
                graph: match target {
                    TargetGraph::Default => None,
                    TargetGraph::Named(graph) => Some(graph.clone()),
                    TargetGraph::ByPath => Some(registry.graph_iri(&graph_name_of_path(&path))),
                },
                input: Input::file(path),
                format,
                base_iri: base_iri.map(ToOwned::to_owned),
            })
            .collect();
        Ok(plan)
    }
}

/// Where a load is.
#[derive(Clone, Copy, Debug)]
pub struct LoadProgress<'a> {
    /// Number of the input, from 0.
    pub index: usize,
    /// Inputs in the plan.
    pub total: usize,
    /// Name of the input.
    pub name: &'a str,
    /// How far the input is read.
    pub bytes: Progress,
}

/// What a load did to the results, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Introduced {
    /// New results.
    pub new: SeverityCounts,
    /// Results that are gone.
    pub solved: SeverityCounts,
    /// Results that were there and still are.
    pub remaining: SeverityCounts,
}

impl Introduced {
    /// The counts of a commit's findings.
    pub fn of(findings: &Findings) -> Self {
        Self {
            new: findings.new,
            solved: findings.solved,
            remaining: findings.remaining,
        }
    }
}

/// What became of an input.
#[derive(Debug)]
pub enum LoadOutcome {
    /// It is in the registry.
    Loaded {
        /// Number of the commit.
        seq: u64,
        /// Quads new to the registry.
        quads_added: u64,
        /// Quads taken out by [`LoadMode::Replace`].
        quads_removed: u64,
        /// Results of the shapes that it introduced.
        introduced: Introduced,
    },
    /// It would be in the registry, had it not been a dry run.
    WouldLoad {
        /// Quads new to the registry.
        quads_added: u64,
        /// Quads that [`LoadMode::Replace`] would take out.
        quads_removed: u64,
        /// What it would do to the results.
        introduced: Introduced,
    },
    /// Everything it says was there already.
    Unchanged,
    /// It cannot be read.
    Refused(Box<Diagnostic>),
    /// The shapes do not allow it.
    Rejected {
        /// How many results.
        introduced: Introduced,
        /// The results and the state they were found in.
        rejection: Box<Rejection>,
    },
    /// It was read, but another input of the same commit was not.
    NotCommitted,
}

impl LoadOutcome {
    /// Whether the registry now holds what the input says.
    pub fn is_good(&self) -> bool {
        matches!(
            self,
            Self::Loaded { .. } | Self::WouldLoad { .. } | Self::Unchanged
        )
    }
}

/// One line of the summary.
#[derive(Debug)]
pub struct LoadedFile {
    /// Name of the input.
    pub name: String,
    /// Target graph; `None` is the default graph.
    pub graph: Option<NamedNode>,
    /// Members that wait because of it, and that went in after it. With [`CommitUnit::Together`] at the last input.
    pub aside: Aside,
    /// What became of it. With [`CommitUnit::Together`] the counts of the commit stand at the last input.
    pub outcome: LoadOutcome,
    /// What reading it gave, when it could be read.
    pub stats: Option<ParseStats>,
    /// What became of its records, when it holds records of a source and not RDF; or what was mended of its RDF.
    pub repairs: Option<RepairReport>,
    /// Time spent, in milliseconds.
    pub duration_ms: u64,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct LoadSummary {
    /// One entry per input that was tried, in order.
    pub files: Vec<LoadedFile>,
    /// Inputs that were not tried because one before them failed.
    pub not_tried: usize,
    /// Files of folders that were passed over.
    pub skipped: Vec<PathBuf>,
}

impl LoadSummary {
    /// Whether every input of the plan is in the registry now.
    pub fn is_complete(&self) -> bool {
        self.not_tried == 0 && self.files.iter().all(|file| file.outcome.is_good())
    }

    /// Statements read, over all inputs that are in the registry now.
    pub fn quads_parsed(&self) -> u64 {
        let good = self.files.iter().filter(|file| file.outcome.is_good());
        good.filter_map(|file| Some(file.stats.as_ref()?.quads))
            .sum()
    }

    /// Quads new to the registry.
    pub fn quads_added(&self) -> u64 {
        let added = |file: &LoadedFile| match file.outcome {
            LoadOutcome::Loaded { quads_added, .. } => quads_added,
            _ => 0,
        };
        self.files.iter().map(added).sum()
    }
}

/// Loads a plan. An input that cannot be read or is rejected leaves no trace in the registry.
///
/// # Errors
/// When the store itself fails; what was committed before stays.
pub fn load_files(
    registry: &Registry,
    plan: &LoadPlan,
    progress: &mut dyn FnMut(LoadProgress<'_>),
) -> Result<LoadSummary, StoreError> {
    let mut summary = LoadSummary {
        skipped: plan.skipped.clone(),
        ..LoadSummary::default()
    };
    let total = plan.items.len();
    match plan.unit {
        CommitUnit::PerFile => {
            for (index, item) in plan.items.iter().enumerate() {
                let files = load_together(
                    registry,
                    plan,
                    std::slice::from_ref(item),
                    &mut |bytes, name, _| {
                        progress(LoadProgress {
                            index,
                            total,
                            name,
                            bytes,
                        });
                    },
                )?;
                summary.files.extend(files);
                let good = summary.files.last().is_some_and(|f| f.outcome.is_good());
                if !good && !plan.keep_going {
                    break;
                }
            }
        }
        CommitUnit::Together => {
            summary.files =
                load_together(registry, plan, &plan.items, &mut |bytes, name, index| {
                    progress(LoadProgress {
                        index,
                        total,
                        name,
                        bytes,
                    });
                })?;
        }
    }
    summary.not_tried = total - summary.files.len();
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegistryConfig;
    use std::path::Path;

    fn registry() -> Registry {
        Registry::in_memory(RegistryConfig::default())
    }

    fn item(name: &str, text: &str) -> LoadItem {
        LoadItem {
            input: Input::bytes(name, text.to_owned()),
            format: None,
            graph: Some(NamedNode::new_unchecked("http://example.org/g")),
            base_iri: None,
        }
    }

    #[test]
    fn graph_names_follow_the_folders() {
        let name = |path: &str| graph_name_of_path(Path::new(path));
        assert_eq!(name("x/vocab/adres.ttl"), "vocab/adres");
        assert_eq!(name("vocab/extern/org.ttl"), "vocab/org");
        assert_eq!(
            name("vocab/codelijst/adresstatus.ttl.gz"),
            "codelijst/adresstatus"
        );
        assert_eq!(name("shapes/adres.ttl"), "shapes/adres");
        assert_eq!(name("fixtures/adressen.ttl"), "adressen");
        assert_eq!(name("a b.v2.ttl"), "a%20b.v2");
    }

    #[test]
    fn loading_again_changes_nothing_and_mistakes_leave_no_trace() {
        let registry = registry();
        let mut plan = LoadPlan::new(
            &registry,
            vec![
                item("a.ttl", "[] <urn:p> [ <urn:q> 1 ] ."),
                item("b.ttl", "<urn:a> <urn:p> 1 . oops"),
                item("c.ttl", "<urn:a> <urn:p> 2 ."),
            ],
        );
        plan.keep_going = true;
        let mut names = Vec::new();
        let first = load_files(&registry, &plan, &mut |p| names.push(p.name.to_owned()))
            .expect("the store works");
        assert!(matches!(
            first.files[0].outcome,
            LoadOutcome::Loaded { quads_added: 2, .. }
        ));
        assert!(
            matches!(&first.files[1].outcome, LoadOutcome::Refused(d) if d.location.line == Some(1))
        );
        assert!(matches!(
            first.files[2].outcome,
            LoadOutcome::Loaded { quads_added: 1, .. }
        ));
        assert!(!first.is_complete());
        assert_eq!(registry.snapshot().quad_count(), 3);
        plan.keep_going = false;
        let second = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(matches!(second.files[0].outcome, LoadOutcome::Unchanged));
        assert_eq!((second.files.len(), second.not_tried), (2, 1));
        assert_eq!(registry.snapshot().quad_count(), 3);
    }

    #[test]
    fn replacing_keeps_what_both_have() {
        let registry = registry();
        let load = |text: &str, mode| {
            let mut plan = LoadPlan::new(&registry, vec![item("a.ttl", text)]);
            plan.mode = mode;
            load_files(&registry, &plan, &mut |_| {}).expect("the store works")
        };
        load("<urn:a> <urn:p> 1, 2 .", LoadMode::Add);
        let summary = load("<urn:a> <urn:p> 2, 3 .", LoadMode::Replace);
        assert!(matches!(
            summary.files[0].outcome,
            LoadOutcome::Loaded {
                quads_added: 1,
                quads_removed: 1,
                ..
            }
        ));
        assert_eq!(registry.snapshot().quad_count(), 2);
    }

    #[test]
    fn together_is_all_or_nothing() {
        let registry = registry();
        let mut plan = LoadPlan::new(
            &registry,
            vec![
                item("a.ttl", "<urn:a> <urn:p> 1 ."),
                item("b.ttl", "<urn:a>"),
            ],
        );
        plan.unit = CommitUnit::Together;
        let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(matches!(
            summary.files[0].outcome,
            LoadOutcome::NotCommitted
        ));
        assert!(matches!(summary.files[1].outcome, LoadOutcome::Refused(_)));
        assert_eq!(registry.snapshot().quad_count(), 0);
        plan.items.pop();
        plan.items.push(item("c.ttl", "<urn:a> <urn:p> 2 ."));
        let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(summary.is_complete());
        assert_eq!((summary.quads_added(), registry.snapshot().seq()), (2, 1));
    }
}
