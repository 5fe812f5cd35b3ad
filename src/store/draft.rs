//! The writer's private next state: a snapshot plus changes, readable like any snapshot before it is committed.
//! Decides nothing about what may be written; `registry` does, between filling a draft and committing it.

use crate::rdf::text;
use crate::rdf::version::RdfVersion;
use crate::store::dictionary::DictionaryBuilder;
use crate::store::id::Id;
use crate::store::index::QuadIds;
use crate::store::live::{Inner, Writer};
use crate::store::log::{CommitInfo, CommitMeta};
use crate::store::pending::Pending;
use crate::store::snapshot::Snapshot;
use crate::store::{StoreError, io_error};
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
    store: &'a Inner,
    /// `None` for a draft that can only be looked at.
    writer: Option<MutexGuard<'a, Writer>>,
    base: Snapshot,
    terms: DictionaryBuilder,
    pending: Pending,
    scratch: Vec<u8>,
    /// Last interned subject, predicate and graph texts: neighbours in a file repeat them.
    recent: [(String, Option<Id>); 3],
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        store: &'a Inner,
        base: Snapshot,
        writer: Option<MutexGuard<'a, Writer>>,
    ) -> Self {
        let spill = writer.as_ref().and_then(|_| store.spill());
        Self {
            store,
            writer,
            terms: DictionaryBuilder::new(base.version().dictionary.clone()),
            pending: Pending::new(base.clone(), spill),
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

    /// Id of a term given as its canonical text, given out now if the term is new. The text must be exactly what
    /// [`text::write_term`] writes for one term: nothing is checked here, and another spelling would be another term.
    pub fn intern_text(&mut self, key: &str) -> Id {
        debug_assert!(text::parse_term(key).is_ok(), "not a canonical text: {key}");
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
        self.pending.push(quad.to_row(), true, &mut self.terms);
    }

    /// Removes a quad; nothing happens if it is absent.
    pub fn remove(&mut self, quad: QuadIds) {
        self.pending.push(quad.to_row(), false, &mut self.terms);
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

    /// Number of changes not yet applied; grows with every add and remove, shrinks to 0 in [`Draft::snapshot`] and when
    /// they take too much memory.
    pub fn pending_len(&self) -> usize {
        self.pending.batch_len()
    }

    /// Appends the canonical text of an id known to this draft, applied or not.
    pub fn write_text(&self, id: Id, out: &mut Vec<u8>) {
        self.terms.write_text(id, out);
    }

    /// The state with every change so far: what the next commit would publish. Queries and shapes run on it.
    pub fn snapshot(&mut self) -> Snapshot {
        self.pending.state(&mut self.terms)
    }

    /// The state with every change so far, under the number of the state the draft was opened on: for looking at a state
    /// otherwise than it is. Never to be committed.
    pub fn as_base(mut self) -> Snapshot {
        let state = self.snapshot();
        state.numbered(self.base.seq(), self.base.digest())
    }

    /// The version of RDF that the registry takes.
    pub fn rdf_version(&self) -> RdfVersion {
        self.store.settings().rdf
    }

    /// The state the draft was opened on.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// Net changes so far, all in memory: for small drafts.
    pub fn net(&mut self) -> NetDelta {
        let mut net = NetDelta::default();
        self.each_net(|quad, added| {
            if added {
                net.added.push(quad);
            } else {
                net.removed.push(quad);
            }
        });
        net
    }

    /// Graphs in which the draft changes something, sorted.
    pub fn changed_graphs(&mut self) -> Vec<Id> {
        self.snapshot();
        let graphs = self.pending.graphs().into_iter();
        graphs.filter_map(Id::from_raw).collect()
    }

    /// Calls `each` with every net change so far, sorted by subject, predicate, object and graph, and whether it is added.
    pub fn each_net(&mut self, mut each: impl FnMut(QuadIds, bool)) {
        self.snapshot();
        self.pending
            .each_net(|row, added| each(QuadIds::from_row(row), added));
    }

    /// Number of quads the draft adds and removes against its base.
    pub fn net_counts(&mut self) -> (u64, u64) {
        self.snapshot();
        self.pending.net_counts()
    }

    /// What a commit would be called now; without a digest, and with the number and digest of the commit before when there is
    /// nothing to commit.
    pub fn would_be(&mut self, meta: CommitMeta) -> CommitInfo {
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
        }
        info
    }

    /// Appends the net changes to the log, makes them durable and publishes the new state. Waits for the disk together with
    /// the drafts committed meanwhile; the next draft can begin before that.
    /// Without net changes nothing is written and the result repeats the current commit with zero counts.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the log could not be written or made durable; the store then takes no more writes.
    /// [`StoreError::Io`] when a large draft found no room on disk before it came to that.
    pub fn commit(mut self, meta: CommitMeta) -> Result<CommitInfo, StoreError> {
        self.pending.apply(&mut self.terms);
        let settled = match self.pending.take_failure() {
            Some(error) => Err(error),
            None => self.pending.settle(&mut self.terms),
        };
        settled.map_err(|error| self.store.no_room(error))?;
        let mut info = self.would_be(meta);
        if info.seq == self.base.seq() {
            return Ok(info);
        }
        let mut writer = self.writer.take().ok_or(StoreError::ReadOnly)?;
        let large = self.pending.has_files();
        if large {
            // The files must be there before a manifest names them; the log does not need them.
            crate::store::folder::sync_dir(self.store.index_dir())
                .map_err(io_error("write to", self.store.index_dir()))?;
        }
        let state = self.pending.state(&mut self.terms);
        let digest = writer.append(&info, &self.base.digest(), &state, &self.pending)?;
        info.digest = crate::store::log::hex(&digest);
        let graphs: Vec<Id> = self
            .pending
            .graphs()
            .into_iter()
            .filter_map(Id::from_raw)
            .collect();
        let state = state.committed(info.seq, digest, &self.base, &graphs);
        self.pending.keep_files();
        let subjects = self.store.subjects_of(&self.pending);
        self.store.appended(&mut writer, state, &info, subjects);
        drop(writer);
        self.store.wait_durable(info.seq)?;
        if large {
            self.store.checkpoint_now();
        }
        Ok(info)
    }
}

/// The moment as commits record it: RFC 3339 in UTC with milliseconds.
fn now() -> String {
    let now = jiff::Timestamp::now();
    let now = now.round(jiff::Unit::Millisecond).unwrap_or(now);
    format!("{now:.3}")
}
