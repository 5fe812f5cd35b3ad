//! The writer's private next state: a snapshot plus changes, readable like any snapshot before it is committed.
//! Decides nothing about what may be written; `registry` does, between filling a draft and committing it.

use crate::rdf::text;
use crate::store::delta::Change;
use crate::store::dictionary::DictionaryBuilder;
use crate::store::id::Id;
use crate::store::index::{Order, QuadIds};
use crate::store::log::{CommitInfo, CommitMeta};
use crate::store::run::Row;
use crate::store::snapshot::Snapshot;
use crate::store::{Store, StoreError, Writer};
use oxrdf::{GraphNameRef, QuadRef, TermRef};
use std::sync::MutexGuard;

/// Net changes against the snapshot a draft was opened on; sorted by subject, predicate, object, graph.
#[derive(Clone, Debug, Default)]
pub struct NetDelta {
    /// Quads that were absent and now are present.
    pub added: Vec<QuadIds>,
    /// Quads that were present and now are absent.
    pub removed: Vec<QuadIds>,
}

/// The next state in the making. Dropping it leaves the store as it was.
pub struct Draft<'a> {
    store: &'a Store,
    /// `None` for a draft that can only be looked at.
    writer: Option<MutexGuard<'a, Writer>>,
    base: Snapshot,
    terms: DictionaryBuilder,
    core: DraftState,
    scratch: Vec<u8>,
    /// Last interned subject, predicate and graph texts: neighbours in a file repeat them.
    recent: [(String, Option<Id>); 3],
}

/// Changes of a draft without the terms; also replays the log.
pub(crate) struct DraftState {
    pending: Vec<Change>,
    mixed: bool,
    current: Snapshot,
    net: Vec<Change>,
}

impl DraftState {
    pub(crate) fn new(base: Snapshot) -> Self {
        Self {
            pending: Vec::new(),
            mixed: false,
            current: base,
            net: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: Row, added: bool) {
        self.mixed |= self
            .pending
            .first()
            .is_some_and(|first| first.added != added);
        self.pending.push(Change { row, added });
    }

    pub(crate) fn forget(&mut self) {
        self.pending.clear();
        self.mixed = false;
    }

    /// Applies what is pending; later changes of a quad win over earlier ones.
    fn apply(&mut self, terms: &mut DictionaryBuilder, seq: u64, digest: [u8; 32]) {
        let mut changes = std::mem::take(&mut self.pending);
        if std::mem::take(&mut self.mixed) {
            changes.sort_by_key(|change| change.row);
            changes.reverse();
            changes.dedup_by_key(|change| change.row);
            changes.reverse();
        } else {
            changes.sort_unstable_by_key(|change| change.row);
            changes.dedup();
        }
        let index = &self.current.version().index;
        if self.current.quad_count() > 0 {
            let mut present = index.cursor(Order::Spog, &[0; 4], &[u64::MAX; 4]);
            changes.retain(|change| {
                present.seek(&change.row);
                (present.peek() == Some(change.row)) != change.added
            });
        } else {
            changes.retain(|change| change.added);
        }
        let index = index.with(&changes);
        let added = changes.iter().filter(|change| change.added).count() as u64;
        let quad_count = self.current.quad_count() + added - (changes.len() as u64 - added);
        self.current = Snapshot::new(seq, digest, quad_count, terms.freeze(), index)
            .with_statistics_of(&self.current);
        self.net = if self.net.is_empty() {
            changes
        } else {
            combine(&self.net, &changes)
        };
    }
}

/// First changes, then others on top; a change that undoes an earlier one cancels it.
fn combine(first: &[Change], then: &[Change]) -> Vec<Change> {
    let mut out = Vec::with_capacity(first.len() + then.len());
    let (mut i, mut j) = (0, 0);
    while i < first.len() || j < then.len() {
        let order = match (first.get(i), then.get(j)) {
            (Some(a), Some(b)) => a.row.cmp(&b.row),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        match order {
            std::cmp::Ordering::Less => {
                out.push(first[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                out.push(then[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                i += 1;
                j += 1;
            }
        }
    }
    out
}

impl<'a> Draft<'a> {
    pub(crate) fn new(store: &'a Store, writer: Option<MutexGuard<'a, Writer>>) -> Self {
        let base = store.snapshot();
        Self {
            store,
            writer,
            terms: DictionaryBuilder::new(base.version().dictionary.clone()),
            core: DraftState::new(base.clone()),
            base,
            scratch: Vec::with_capacity(256),
            recent: Default::default(),
        }
    }

    /// Id of a term, given out now if the term is new.
    pub fn intern(&mut self, term: TermRef<'_>) -> Id {
        self.scratch.clear();
        text::write_term(&mut self.scratch, term);
        let key = std::str::from_utf8(&self.scratch).expect("canonical text is UTF-8");
        self.terms.intern(key)
    }

    /// Id of a graph name, given out now if the name is new.
    pub fn intern_graph(&mut self, graph: GraphNameRef<'_>) -> Id {
        match graph {
            GraphNameRef::NamedNode(node) => self.intern(node.into()),
            GraphNameRef::BlankNode(node) => self.intern(node.into()),
            GraphNameRef::DefaultGraph => Id::DEFAULT_GRAPH,
        }
    }

    fn intern_recent(&mut self, slot: usize, name: &str, term: TermRef<'_>) -> Id {
        if let (text, Some(id)) = &self.recent[slot]
            && text == name
        {
            return *id;
        }
        let id = self.intern(term);
        let (text, known) = &mut self.recent[slot];
        text.clear();
        text.push_str(name);
        *known = Some(id);
        id
    }

    /// Ids of a quad, given out now where terms are new.
    pub fn intern_quad(&mut self, quad: QuadRef<'_>) -> QuadIds {
        // Blank nodes are not remembered by name: a label could equal an IRI.
        let s = match quad.subject {
            oxrdf::NamedOrBlankNodeRef::NamedNode(node) => {
                self.intern_recent(0, node.as_str(), node.into())
            }
            oxrdf::NamedOrBlankNodeRef::BlankNode(node) => self.intern(node.into()),
        };
        let p = self.intern_recent(1, quad.predicate.as_str(), quad.predicate.into());
        let o = self.intern(quad.object);
        let g = match quad.graph_name {
            GraphNameRef::NamedNode(node) => self.intern_recent(2, node.as_str(), node.into()),
            other => self.intern_graph(other),
        };
        QuadIds { s, p, o, g }
    }

    /// Adds a quad; nothing happens if it is there.
    pub fn add(&mut self, quad: QuadIds) {
        self.core.push(quad.to_row(), true);
    }

    /// Removes a quad; nothing happens if it is absent.
    pub fn remove(&mut self, quad: QuadIds) {
        self.core.push(quad.to_row(), false);
    }

    /// Adds a quad of terms.
    pub fn add_quad(&mut self, quad: QuadRef<'_>) {
        let quad = self.intern_quad(quad);
        self.add(quad);
    }

    /// Removes a quad of terms.
    pub fn remove_quad(&mut self, quad: QuadRef<'_>) {
        let quad = self.intern_quad(quad);
        self.remove(quad);
    }

    /// Number of changes not yet applied; grows with every add and remove, shrinks to 0 in [`Draft::snapshot`].
    pub fn pending_len(&self) -> usize {
        self.core.pending.len()
    }

    /// Appends the canonical text of an id known to this draft, applied or not.
    pub fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        self.terms.write_text(id, out);
    }

    /// The state with every change so far: what the next commit would publish. Queries and shapes run on it.
    pub fn snapshot(&mut self) -> Snapshot {
        if !self.core.pending.is_empty() {
            self.core
                .apply(&mut self.terms, self.base.seq() + 1, [0; 32]);
        }
        self.core.current.clone()
    }

    /// The state the draft was opened on.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// Net changes so far.
    pub fn net(&mut self) -> NetDelta {
        self.snapshot();
        let mut net = NetDelta::default();
        for change in &self.core.net {
            let quad = QuadIds::from_row(change.row);
            if change.added {
                net.added.push(quad)
            } else {
                net.removed.push(quad)
            }
        }
        net
    }

    /// Number of quads the draft adds and removes against its base.
    pub fn net_counts(&mut self) -> (u64, u64) {
        self.snapshot();
        let added = self.core.net.iter().filter(|change| change.added).count();
        (added as u64, (self.core.net.len() - added) as u64)
    }

    /// Appends the net changes to the log, makes them durable and publishes the new state.
    /// Without net changes nothing is written and the result repeats the current commit with zero counts.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the log could not be made durable; the store then takes no more writes.
    pub fn commit(mut self, meta: CommitMeta) -> Result<CommitInfo, StoreError> {
        self.snapshot();
        let (added, removed) = self.net_counts();
        let mut info = CommitInfo {
            seq: self.base.seq() + 1,
            time: now(),
            agent: meta.agent,
            activity: meta.activity,
            source: meta.source,
            message: meta.message,
            added,
            removed,
            digest: String::new(),
        };
        if added + removed == 0 {
            info.seq = self.base.seq();
            info.digest = crate::store::log::hex(&self.base.digest());
            return Ok(info);
        }
        let writer = self.writer.as_mut().ok_or(StoreError::ReadOnly)?;
        let digest = writer.append(
            &info,
            &self.base.digest(),
            &self.core.current,
            &self.core.net,
        )?;
        info.digest = crate::store::log::hex(&digest);
        let version = self.core.current.version();
        let published = Snapshot::new(
            info.seq,
            digest,
            version.quad_count,
            version.dictionary.clone(),
            version.index.clone(),
        )
        .with_statistics_of(&self.core.current);
        self.store.publish(published, info.clone());
        Ok(info)
    }
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    let now = now.round(jiff::Unit::Millisecond).unwrap_or(now);
    format!("{now:.3}")
}

/// Rebuilds snapshots from log records: the same changes, without a writer.
pub(crate) struct Replay {
    terms: DictionaryBuilder,
    state: DraftState,
    recent: [(String, Option<Id>); 3],
    pub(crate) commits: Vec<CommitInfo>,
}

impl Replay {
    pub(crate) fn new() -> Self {
        let empty = Snapshot::empty();
        Self {
            terms: DictionaryBuilder::new(empty.version().dictionary.clone()),
            state: DraftState::new(empty),
            recent: Default::default(),
            commits: Vec::new(),
        }
    }

    pub(crate) fn into_parts(self) -> (Snapshot, Vec<CommitInfo>) {
        (self.state.current, self.commits)
    }

    fn intern(&mut self, slot: usize, key: &str) -> Id {
        if let (text, Some(id)) = &self.recent[slot]
            && text == key
        {
            return *id;
        }
        let id = self.terms.intern(key);
        let (text, known) = &mut self.recent[slot];
        text.clear();
        text.push_str(key);
        *known = Some(id);
        id
    }
}

impl crate::store::log::RecordSink for Replay {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let bad = |e: text::TermSyntaxError| e.to_string();
        let (s, rest) = text::split_term(line).map_err(bad)?;
        let (p, rest) = text::split_term(rest).map_err(bad)?;
        let (o, rest) = text::split_term(rest).map_err(bad)?;
        let s = self.intern(0, s);
        let p = self.intern(1, p);
        let o = self.terms.intern(o);
        let g = if rest == "." {
            Id::DEFAULT_GRAPH
        } else {
            let (g, rest) = text::split_term(rest).map_err(bad)?;
            if rest != "." {
                return Err("a row does not end with a full stop".to_owned());
            }
            self.intern(2, g)
        };
        self.state.push(QuadIds { s, p, o, g }.to_row(), added);
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        let pending = self.state.pending.len();
        self.state.net.clear();
        self.state.apply(&mut self.terms, info.seq, digest);
        if self.state.net.len() != pending {
            return Err(format!(
                "commit {} repeats quads or removes absent ones",
                info.seq
            ));
        }
        self.state.net.clear();
        self.commits.push(info);
        Ok(())
    }

    fn forget(&mut self) {
        self.state.forget();
    }
}
