//! What a source is: where it begins, where it goes, within which bounds; and what a run of it tells.

use super::write::Form;
use crate::ingest::contexts::ContextStore;
use crate::ingest::failure::Failure;
use crate::ingest::fetch::FetchOptions;
use crate::ingest::limits::Limits;
use crate::ingest::mend::Mending;
use crate::ingest::normalise::RepairReport;
use crate::registry::{Mode, Registry};
use crate::store::StoreError;
use oxrdf::NamedNode;
use std::io;
use std::time::Duration;

/// What to harvest and how.
#[derive(Clone, Debug)]
pub struct HarvestOptions {
    /// The stream, or a view of it.
    pub url: String,
    /// Name of the source, a folder name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The graph of the source.
    pub graph: NamedNode,
    /// Versions, or the state of objects.
    pub form: Form,
    /// How strictly members are judged; `None` as the gate's rule of the graph says.
    pub mode: Option<Mode>,
    /// Bounds and permissions of the client; the host of `url` is always allowed.
    pub fetch: FetchOptions,
    /// Bounds per page.
    pub limits: Limits,
    /// JSON-LD contexts that may be used.
    pub contexts: ContextStore,
    /// Write to the graph even if it belongs to another source.
    pub force: bool,
    /// Whether and how members are mended; `None` takes them as they are.
    pub mending: Option<Mending>,
    /// Pages whose members are all earlier are passed over; nanoseconds since 1970.
    pub since: Option<i128>,
    /// Most pages of one run.
    pub max_pages: u64,
    /// Most pages in a row that have no members.
    pub max_barren: u64,
    /// Members of one commit.
    pub batch_members: usize,
    /// Quads of one commit; a single member may have more.
    pub batch_quads: usize,
    /// Members of a slow source wait no longer than this for others, so that little is done twice after a crash.
    pub batch_time: Duration,
}

impl HarvestOptions {
    /// With defaults for all but what must be chosen.
    pub fn new(registry: &Registry, url: &str, graph: NamedNode) -> Self {
        Self {
            url: url.to_owned(),
            name: name_of(url),
            graph,
            form: Form::default(),
            mode: None,
            fetch: FetchOptions::default(),
            limits: Limits::of_sources(),
            contexts: ContextStore::shipped(registry.base()),
            force: false,
            mending: Some(Mending::default()),
            since: None,
            max_pages: 1_000_000,
            max_barren: 5_000,
            batch_members: 1_000,
            batch_quads: 100_000,
            batch_time: Duration::from_secs(1),
        }
    }
}

/// A name for a source made of its address.
fn name_of(url: &str) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let mut name = String::new();
    for character in bare.chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches('-');
    let digest = xxhash_rust::xxh3::xxh3_64(url.as_bytes());
    let kept: String = name.chars().take(48).collect();
    if kept.len() < name.len() || kept.is_empty() {
        format!("{kept}-{:08x}", digest as u32)
    } else {
        kept
    }
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Pages read.
    pub pages: u64,
    /// Pages that had not changed.
    pub unchanged: u64,
    /// Pages that are no more.
    pub gone: u64,
    /// Pages that were finished before and not asked for.
    pub skipped: u64,
    /// Pages passed over because their members are too early.
    pub pruned: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Members handed over.
    pub members: u64,
    /// Those that are deletions.
    pub deletions: u64,
    /// Members seen before on the same page.
    pub known: u64,
    /// Members that a newer version supersedes.
    pub late: u64,
    /// How much was read as another name or repaired.
    pub repaired: u64,
    /// What was mended or found wrong, by code.
    pub repairs: RepairReport,
    /// Members without IRI or statements.
    pub hollow: u64,
    /// Statements of pages that belong to no member and are not about the stream.
    pub left_over: u64,
    /// Members that wait in quarantine.
    pub waiting: u64,
    /// Commits made.
    pub commits: u64,
    /// Quads added.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// The latest moment of a member so far, in nanoseconds since 1970.
    pub last_timestamp: Option<i128>,
    /// How long the stream asks to wait before it is asked again.
    pub polling_interval: Option<Duration>,
    /// Views of the stream that were not read, because they hold the same members.
    pub other_views: Vec<String>,
    /// What went wrong; at most 100 of `failures`.
    pub failing: Vec<Failure>,
    /// How much went wrong.
    pub failures: u64,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
}

/// Why a harvest cannot run.
#[derive(Debug, thiserror::Error)]
pub enum HarvestError {
    /// The store could not take what came.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The position cannot be read or written.
    #[error("the position of the source cannot be kept")]
    Position(#[from] io::Error),
    /// A name that is no folder name.
    #[error("{0} is no name for a source")]
    Name(String),
    /// The name belongs to a source elsewhere.
    #[error("the source {name} is {url} in {graph}")]
    Other {
        /// Name of the source.
        name: String,
        /// Where it begins.
        url: String,
        /// The graph it goes to, and in which form.
        graph: String,
    },
}
