//! Earlier states: the state after any commit the log still has, as an ordinary snapshot.
//!
//! Two ways lead there, and the cheaper is taken: forward from the newest stack of levels that ends before the moment, or
//! backward from now by undoing what came after. Either reads the log records in between and holds their net changes in
//! memory, so the cost is the number of rows changed between the two states; above a limit the request is refused.

use crate::store::delta::Change;
use crate::store::dictionary::DictionaryBuilder;
use crate::store::index::Index;
use crate::store::live::Inner;
use crate::store::log::{CommitInfo, RecordSink, unhex};
use crate::store::pending::Pending;
use crate::store::replay::{Replay, RowReader};
use crate::store::snapshot::Snapshot;
use crate::store::{Store, StoreError};
use std::sync::{Mutex, PoisonError};

/// Rows changed between the wanted state and the one it is made from, at most.
pub const MAX_LOOK_BACK_ROWS: u64 = 5_000_000;
/// Earlier states kept for the next reader.
const KEPT: usize = 4;

/// An earlier state that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// The state after the commit of a number; 0 is the empty store.
    Seq(u64),
    /// The state at a moment, in milliseconds since 1970 UTC: after the last commit not later.
    Moment(i64),
}

impl AsOf {
    /// Reads what people write: a commit number (`12`), a date (`2024-12-31`, the end of that day in UTC) or an
    /// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) moment (`2024-12-31T12:00:00+01:00`). `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Seq(text.parse().ok()?));
        }
        if text.len() == "2024-12-31".len() {
            let day: jiff::civil::Date = text.parse().ok()?;
            let next = day
                .tomorrow()
                .ok()?
                .to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?;
            return Some(Self::Moment(next.timestamp().as_millisecond() - 1));
        }
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(Self::Moment(moment.as_millisecond()))
    }
}

/// Earlier states made lately.
#[derive(Default)]
pub(crate) struct Past {
    kept: Mutex<Vec<Snapshot>>,
}

impl Store {
    /// The state after an earlier commit or at an earlier moment.
    ///
    /// # Errors
    /// [`StoreError::NotYet`] for a commit that was not made yet, [`StoreError::Compacted`] for a state that the log no
    /// longer has, [`StoreError::TooFarBack`] when more than [`MAX_LOOK_BACK_ROWS`] rows lie between, and errors of reading.
    pub fn as_of(&self, moment: AsOf) -> Result<Snapshot, StoreError> {
        self.inner().as_of(moment)
    }

    /// When a commit was made, in milliseconds since 1970 UTC; never before the commit before it, whatever the clock did.
    /// `None` for a commit that is not made or no longer in the log, and for the empty store.
    pub fn moment_of(&self, seq: u64) -> Option<i64> {
        match self.inner().disk() {
            Some(disk) => disk.log.table().time_of(seq),
            None => {
                let commits = self.commits_between(seq.checked_sub(1)?, seq).ok()?;
                let made: jiff::Timestamp = commits.first()?.time.parse().ok()?;
                Some(made.as_millisecond())
            }
        }
    }
}

impl Inner {
    /// A store in memory keeps no log; only the present can be had.
    fn present_as_of(&self, now: Snapshot, moment: AsOf) -> Result<Snapshot, StoreError> {
        let (seq, last) = (now.seq(), now.seq());
        let is_now = match moment {
            AsOf::Seq(wanted) if wanted > last => {
                return Err(StoreError::NotYet { seq: wanted, last });
            }
            AsOf::Seq(wanted) => wanted == seq,
            AsOf::Moment(ms) => self.last_commit_ms().is_none_or(|made| made <= ms),
        };
        is_now
            .then_some(now)
            .ok_or(StoreError::Compacted { first: seq })
    }

    fn as_of(&self, moment: AsOf) -> Result<Snapshot, StoreError> {
        let now = self.snapshot();
        let Some(disk) = self.disk() else {
            return self.present_as_of(now, moment);
        };
        let (seq, oldest, forward_from, forward, backward) = {
            let table = disk.log.table();
            let oldest = table.base_seq();
            let seq = match moment {
                AsOf::Seq(seq) => seq,
                AsOf::Moment(ms) => table.seq_at(ms).min(now.seq()),
            };
            let levels = now.version().index.levels();
            let below = levels.partition_point(|level| level.last_seq <= seq);
            let from = levels[..below].last().map_or(0, |level| level.last_seq);
            // The records between a stack that ends before the base and the base are gone.
            let forward = if from < oldest {
                u64::MAX
            } else {
                table.rows_between(from, seq)
            };
            (
                seq,
                oldest,
                (below, from),
                forward,
                table.rows_between(seq, now.seq()),
            )
        };
        if seq > now.seq() {
            return Err(StoreError::NotYet {
                seq,
                last: now.seq(),
            });
        }
        if seq == now.seq() {
            return Ok(now);
        }
        if seq < oldest {
            return Err(StoreError::Compacted { first: oldest });
        }
        let kept = self
            .past
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|state| state.seq() == seq)
            .cloned();
        if let Some(state) = kept {
            return Ok(state);
        }
        let rows = forward.min(backward);
        if rows > MAX_LOOK_BACK_ROWS {
            return Err(StoreError::TooFarBack { rows });
        }
        let state = if forward <= backward {
            self.forward(&now, forward_from, seq)?
        } else {
            self.backward(&now, seq)?
        };
        let mut kept = self
            .past
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(state.clone());
        Ok(state)
    }

    /// Replays the records after the first `levels` levels, which end at commit `from`.
    fn forward(
        &self,
        now: &Snapshot,
        (levels, from): (usize, u64),
        seq: u64,
    ) -> Result<Snapshot, StoreError> {
        let version = now.version();
        let index = Index::of_levels(version.index.levels()[..levels].to_vec());
        let quads = index.len();
        let digest = self.digest_of(from)?;
        let base = Snapshot::new(from, digest, quads, version.dictionary.clone(), index);
        if from == seq {
            return Ok(base);
        }
        let mut progress = |_, _| {};
        let mut replay = Replay::new(base, None, &mut progress, |_| Ok(None));
        if let Some(disk) = self.disk() {
            disk.log.read(from + 1, seq, &mut replay)?;
        }
        Ok(replay.into_state())
    }

    /// Undoes the records after commit `seq`.
    fn backward(&self, now: &Snapshot, seq: u64) -> Result<Snapshot, StoreError> {
        let dictionary = now.version().dictionary.clone();
        let mut undo = Undo {
            rows: RowReader::new(DictionaryBuilder::new(dictionary)),
            changes: Vec::new(),
        };
        if let Some(disk) = self.disk() {
            disk.log.read(seq + 1, now.seq(), &mut undo)?;
        }
        let Undo { mut rows, changes } = undo;
        let mut pending = Pending::new(now.clone(), None);
        // Newest first: what is undone last is what came first, and the last change of a quad wins.
        for change in changes.into_iter().rev() {
            pending.push(change.row, !change.added, &mut rows.terms);
        }
        let state = pending.state(&mut rows.terms);
        Ok(state.numbered(seq, self.digest_of(seq)?))
    }

    fn digest_of(&self, seq: u64) -> Result<[u8; 32], StoreError> {
        match self.disk() {
            Some(disk) if seq > 0 => {
                let info = disk.log.info(seq)?;
                Ok(unhex(&info.digest).unwrap_or_default())
            }
            _ => Ok([0; 32]),
        }
    }
}

/// Gathers the rows of records that are to be undone.
struct Undo {
    rows: RowReader,
    changes: Vec<Change>,
}

impl RecordSink for Undo {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let row = self.rows.read(line)?.to_row();
        self.changes.push(Change { row, added });
        Ok(())
    }

    fn commit(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn base_end(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn forget(&mut self) {}
}
