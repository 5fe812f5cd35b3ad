//! Giving up old commits: the state after one of them becomes the base of the log, and what led to it is dropped.
//! Decides nothing about how long commits are kept; whoever calls does.
//!
//! In this order, so that a crash at any moment leaves a registry that opens with all commits that are kept: a checkpoint,
//! so that the index is never older than the base; the base, which counts from when it has its name; the drop of what it
//! supersedes, which the next start finishes; a checkpoint that knows where the commits that are kept now lie.

use crate::store::backup::with_state_made_anew;
use crate::store::id::Id;
use crate::store::live::{Disk, WriterMode};
use crate::store::order::Order;
use crate::store::segment::Unreadable;
use crate::store::snapshot::Snapshot;
use crate::store::{AsOf, Derivers, OpenOptions, Store, StoreError, io_error};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Store {
    /// Gives up the changes of all commits up to and with `seq`, keeping the state after it. Earlier states can no longer be
    /// had; later ones, and the chain of digests, stay as they are. Writers wait while what follows is moved, which takes
    /// time in proportion to the log file that holds it (at most 1 GiB). Nothing happens when they were given up before.
    ///
    /// # Errors
    /// [`StoreError::NotYet`] for a commit that was not made yet, [`StoreError::ReadOnly`], and errors of reading and writing:
    /// before the base has its name they change nothing, after it the next start finishes the work.
    pub fn retain_after(&self, seq: u64) -> Result<(), StoreError> {
        let inner = self.inner();
        let Some(disk) = inner.disk() else {
            return Ok(());
        };
        let last = inner.snapshot().seq();
        if seq > last {
            return Err(StoreError::NotYet { seq, last });
        }
        if seq <= disk.log.table().base_seq() {
            return Ok(());
        }
        self.checkpoint()?;
        match self.as_of(AsOf::Seq(seq)) {
            Ok(state) => write_base(disk, &state)?,
            Err(StoreError::TooFarBack { .. }) => {
                let dir = disk.folder.dir();
                let options = OpenOptions {
                    derived: Derivers::default(),
                    ..inner.options
                };
                with_state_made_anew(&disk.log, dir, seq, options, |store| {
                    write_base(disk, &store.snapshot())
                })?;
            }
            Err(error) => return Err(error),
        }
        {
            let mut writer = inner.seat();
            let WriterMode::File(log) = &mut writer.mode else {
                return Err(StoreError::ReadOnly);
            };
            log.drop_before(seq)
                .map_err(io_error("compact", disk.folder.dir()))?;
        }
        self.checkpoint()
    }

    /// Oldest commit whose state can be had; 0 is the empty store.
    pub fn first_state(&self) -> u64 {
        match self.inner().disk() {
            Some(disk) => disk.log.table().base_seq(),
            None => self.snapshot().seq(),
        }
    }

    /// Last commit not after a moment (milliseconds since 1970 UTC), 0 when all that is known came later.
    pub fn commit_at(&self, ms: i64) -> u64 {
        match self.inner().disk() {
            Some(disk) => disk.log.table().seq_at(ms).min(self.snapshot().seq()),
            None => self.snapshot().seq(),
        }
    }
}

/// Writes a state as the base of the log.
fn write_base(disk: &Disk, state: &Snapshot) -> Result<(), StoreError> {
    let version = state.version();
    let dictionary = &version.dictionary;
    let write = |writer: &mut crate::store::log::BaseWriter| {
        for row in version.index.scan(Order::Spog) {
            writer.row(|out| {
                for (at, raw) in row.iter().enumerate() {
                    let id = Id::from_raw(*raw).expect("rows hold ids, never 0");
                    if id == Id::DEFAULT_GRAPH {
                        continue;
                    }
                    if at > 0 {
                        out.push(b' ');
                    }
                    dictionary.write_text(id, out);
                }
            })?;
        }
        Ok(())
    };
    let written = disk
        .log
        .write_base(state.seq(), state.quad_count(), |writer| {
            // A damaged block ends the scan by unwinding; the base must not be left half written for that.
            catch_unwind(AssertUnwindSafe(|| write(writer))).unwrap_or_else(|panic| match panic
                .downcast::<Unreadable>(
            ) {
                Ok(unreadable) => Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    unreadable.message,
                )),
                Err(panic) => std::panic::resume_unwind(panic),
            })
        });
    written.map_err(io_error("write to", disk.folder.dir()))
}
