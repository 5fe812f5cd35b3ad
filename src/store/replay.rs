//! Rebuilds states from log records: the same changes, without a writer. Used at start, for a rebuild and to look back.

use crate::rdf::text;
use crate::store::dictionary::DictionaryBuilder;
use crate::store::id::Id;
use crate::store::index::QuadIds;
use crate::store::log::{CommitInfo, RecordSink};
use crate::store::pending::{Pending, Spill};
use crate::store::snapshot::Snapshot;
use std::io;

/// Called with bytes read and bytes in all while the log is replayed.
pub type ReplayProgress<'a> = &'a mut dyn FnMut(u64, u64);

/// Reads the terms of rows.
pub(crate) struct RowReader {
    pub(crate) terms: DictionaryBuilder,
    /// Last subject, predicate and graph: neighbours repeat them.
    recent: [(String, Option<Id>); 3],
}

impl RowReader {
    pub(crate) fn new(terms: DictionaryBuilder) -> Self {
        Self {
            terms,
            recent: Default::default(),
        }
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

    /// Ids of a row `<s> <p> <o> <g> .`.
    ///
    /// # Errors
    /// A sentence when the row is not one.
    pub(crate) fn read(&mut self, line: &str) -> Result<QuadIds, String> {
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
        Ok(QuadIds { s, p, o, g })
    }
}

/// Replays records on top of a state.
pub(crate) struct Replay<'a> {
    rows: RowReader,
    pending: Pending,
    state: Snapshot,
    count: u64,
    progress: ReplayProgress<'a>,
    /// Stores a state in files when it has grown too large for memory; given that state.
    #[allow(clippy::type_complexity)]
    settle: Box<dyn FnMut(&Snapshot) -> io::Result<Option<Snapshot>> + 'a>,
    failure: Option<io::Error>,
    pub(crate) replayed: u64,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(
        base: Snapshot,
        spill: Option<Spill>,
        progress: ReplayProgress<'a>,
        settle: impl FnMut(&Snapshot) -> io::Result<Option<Snapshot>> + 'a,
    ) -> Self {
        Self {
            rows: RowReader::new(DictionaryBuilder::new(base.version().dictionary.clone())),
            pending: Pending::new(base.clone(), spill),
            state: base,
            count: 0,
            progress,
            settle: Box::new(settle),
            failure: None,
            replayed: 0,
        }
    }

    /// The state after the last record.
    pub(crate) fn into_state(self) -> Snapshot {
        self.state.clone()
    }

    /// Why index files could not be written, when that is what ended the replay: the log is not at fault then.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    fn no_room(&mut self, error: io::Error) -> String {
        let text = error.to_string();
        self.failure = Some(error);
        text
    }

    fn finish(&mut self, seq: u64, digest: [u8; 32]) -> Result<(), String> {
        self.pending.apply(&mut self.rows.terms);
        let settled = match self.pending.take_failure() {
            Some(error) => Err(error),
            None => self.pending.settle(&mut self.rows.terms),
        };
        settled.map_err(|error| self.no_room(error))?;
        let count = std::mem::take(&mut self.count);
        if self.pending.changed_rows() != count {
            return Err(format!("commit {seq} repeats quads or removes absent ones"));
        }
        let state = self.pending.state(&mut self.rows.terms);
        self.state = state.numbered(seq, digest);
        let stored = (self.settle)(&self.state).map_err(|error| self.no_room(error))?;
        if let Some(stored) = stored {
            self.state = stored;
            self.rows
                .terms
                .rebase(self.state.version().dictionary.clone());
        }
        self.pending.restart(self.state.clone());
        self.replayed += 1;
        Ok(())
    }
}

impl RecordSink for Replay<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let quad = self.rows.read(line)?;
        self.count += 1;
        self.pending
            .push(quad.to_row(), added, &mut self.rows.terms);
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        self.finish(info.seq, digest)
    }

    fn base_end(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        self.finish(info.seq, digest)
    }

    fn forget(&mut self) {
        self.pending.forget();
        self.count = 0;
    }

    fn progress(&mut self, read_bytes: u64, total_bytes: u64) {
        (self.progress)(read_bytes, total_bytes);
    }
}
