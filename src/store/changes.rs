//! What commits changed, row by row as the log has it: for whoever follows one subject through time. Decides nothing about
//! how far back anybody looks; makes no states.

use crate::store::log::{CommitInfo, RecordSink};
use crate::store::{Store, StoreError};
use std::time::Duration;

/// A piece of the log.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// A row that the commit after it added, `<s> <p> <o> <g> .` in canonical terms.
    Added(&'a str),
    /// A row that it removed.
    Removed(&'a str),
    /// The commit that the rows before belong to.
    Commit(&'a CommitInfo),
}

impl Store {
    /// Hands out the rows of the commits `from` to `to`, both included, each commit after its rows. A store in memory keeps
    /// no rows and hands out nothing.
    ///
    /// # Errors
    /// When a commit is not in the log, or the log cannot be read.
    pub fn read_changes(
        &self,
        from: u64,
        to: u64,
        take: &mut dyn FnMut(Change<'_>),
    ) -> Result<(), StoreError> {
        match self.inner().disk() {
            Some(disk) => Ok(disk.log.read(from, to, &mut Teller { take })?),
            None => Ok(()),
        }
    }

    /// As [`Store::read_changes`], for as long as `take` says to go on.
    ///
    /// # Errors
    /// When a commit is not in the log, or the log cannot be read.
    pub fn read_changes_while(
        &self,
        from: u64,
        to: u64,
        take: &mut dyn FnMut(Change<'_>) -> bool,
    ) -> Result<(), StoreError> {
        let Some(disk) = self.inner().disk() else {
            return Ok(());
        };
        let mut teller = Patient {
            take,
            has_enough: false,
        };
        match disk.log.read(from, to, &mut teller) {
            // Reading ends by an error of the sink, which is none.
            _ if teller.has_enough => Ok(()),
            read => Ok(read?),
        }
    }

    /// Waits until there is a commit after number `seen` that readers see, for as long as `patience`; the number of the last.
    pub fn wait_for_commit(&self, seen: u64, patience: Duration) -> u64 {
        self.inner().wait_beyond(seen, patience)
    }

    /// Oldest and newest commit whose rows the log has; none when there are no such commits.
    pub fn commits_with_rows(&self) -> Option<(u64, u64)> {
        let disk = self.inner().disk()?;
        let (first, last) = {
            let table = disk.log.table();
            (table.first_seq(), table.last_seq())
        };
        let last = last.min(self.snapshot().seq());
        (first <= last).then_some((first, last))
    }

    /// How many rows a commit added and removed; `None` when the log does not have them.
    pub fn rows_changed(&self, seq: u64) -> Option<(u64, u64)> {
        let entry = self.inner().disk()?.log.table().entry(seq)?;
        Some((entry.added, entry.removed))
    }
}

struct Teller<'a> {
    take: &'a mut dyn FnMut(Change<'_>),
}

impl RecordSink for Teller<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        (self.take)(if added {
            Change::Added(line)
        } else {
            Change::Removed(line)
        });
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        (self.take)(Change::Commit(&info));
        Ok(())
    }

    fn base_end(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn forget(&mut self) {}
}

/// Hands over until the taker has enough.
struct Patient<'a> {
    take: &'a mut dyn FnMut(Change<'_>) -> bool,
    has_enough: bool,
}

impl Patient<'_> {
    fn hand(&mut self, change: Change<'_>) -> Result<(), String> {
        if (self.take)(change) {
            return Ok(());
        }
        self.has_enough = true;
        Err("the reader has enough".to_owned())
    }
}

impl RecordSink for Patient<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        self.hand(if added {
            Change::Added(line)
        } else {
            Change::Removed(line)
        })
    }

    fn commit(&mut self, info: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        self.hand(Change::Commit(&info))
    }

    fn base_end(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn forget(&mut self) {}
}
