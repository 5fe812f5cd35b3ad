//! Event streams of the registers: for each commit and each item that it touched a member, with what the item says after
//! it and what it said before. A projection of the log, kept in files beside it, current within moments of a commit and for
//! whoever waits ([`Streams::wait`]) with it. Knows no pages, no formats but N-Quads, and no routes.
//!
//! One thread follows the store. Members of a commit are in the order of the IRIs of their items, so that the same log
//! makes the same streams everywhere. Only public registers have one, and only the public view is read.

mod block;
mod follow;
mod kept;
#[cfg(test)]
mod made_up;
mod maker;
mod reached;
mod some;
mod text;
mod touched;

pub use block::{Entry, Kind, Member};
pub(in crate::feeds) use follow::remove_files;
pub use maker::item_number;
pub use some::{Lying, Take};
pub use text::{AS, TREE, moment_text};

use crate::feeds::Switches;
use crate::registry::Registry;
use kept::Kept;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Commits that are read within the time that a request waits.
const SOON_COMMITS: u64 = 1000;

/// The stream of a register. Cheap to clone.
#[derive(Clone)]
pub struct Stream {
    /// Name of the register.
    pub register: String,
    /// `{base}/ldes/{register}`: the address that everything of it lies below.
    pub entry: String,
    kept: Arc<Kept>,
}

impl Stream {
    /// Number of members; they are numbered from 0 in the order they came, and keep their numbers.
    pub fn len(&self) -> u64 {
        self.kept.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Members `from` to `to`, the latter not included.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn members(&self, from: u64, to: u64) -> io::Result<Vec<Member>> {
        self.kept.members(from, to)
    }

    /// What is known of members `from` to `to` without reading their texts.
    ///
    /// # Errors
    /// As [`Stream::members`].
    pub fn entries(&self, from: u64, to: u64) -> io::Result<Vec<Entry>> {
        self.kept.entries(from, to)
    }

    /// Appends the N-Quads of members `from` to `to`, the latter not included.
    ///
    /// # Errors
    /// As [`Stream::members`].
    pub fn write_texts(&self, from: u64, to: u64, out: &mut Vec<u8>) -> io::Result<()> {
        self.kept.write_texts(from, to, out)
    }

    /// Moments of the first and the last of members `from` to `to`; none when there are no such members.
    ///
    /// # Errors
    /// As [`Stream::members`].
    pub fn moments(&self, from: u64, to: u64) -> io::Result<Option<(i64, i64)>> {
        self.kept.moments(from, to.min(self.len()))
    }

    /// Whether it has no members because the administrator does not want it, or did not a moment ago.
    pub fn is_off(&self) -> bool {
        self.kept.is_off()
    }

    /// Hands out members by their numbers, which rise; those that are not there are passed over.
    ///
    /// # Errors
    /// As [`Stream::members`], and what `take` fails with.
    pub fn each_of(
        &self,
        numbers: &mut dyn Iterator<Item = u64>,
        take: Take<'_>,
    ) -> io::Result<()> {
        self.kept.each_of(numbers, take)
    }

    /// Number of the first member that a commit made, or else one after it.
    ///
    /// # Errors
    /// As [`Stream::members`].
    pub fn first_of(&self, commit: u64) -> io::Result<u64> {
        self.kept.first_of(commit)
    }
}

/// How far the streams are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The log is read; up to this commit of this many the members are there.
    Building {
        /// Last commit read.
        at: u64,
        /// Commits there were when it began.
        of: u64,
    },
    /// All commits up to this one are there.
    Following {
        /// The commit.
        at: u64,
    },
    /// The files cannot be written, or the log cannot be read.
    Failed {
        /// Why.
        reason: String,
    },
}

/// The streams do not have a commit yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event streams are not ready: {0:?}")]
pub struct NotReady(pub Progress);

/// The streams of a registry. Dropping it ends the thread that follows the store.
pub struct Streams {
    streams: Vec<Stream>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread and its readers share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    switches: Switches,
}

struct State {
    progress: Progress,
    /// Short text that differs between streams whose members are numbered otherwise.
    generation: String,
    /// Somebody met damage: everything is to be made anew.
    is_damaged: bool,
    /// Streams may have been switched on or off.
    is_switched: bool,
    is_over: bool,
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, progress: Progress) {
        self.state().progress = progress;
        self.changed.notify_all();
    }
}

impl Streams {
    /// Starts to follow a registry. Streams that were kept go on where they ended; others are made from the log, in the
    /// background.
    ///
    /// # Errors
    /// When the files cannot be opened.
    pub fn start(registry: &Arc<Registry>) -> io::Result<Self> {
        follow::start(registry)
    }

    /// The stream of a register; none when it is not public.
    pub fn get(&self, register: &str) -> Option<&Stream> {
        self.streams
            .iter()
            .find(|stream| stream.register == register)
    }

    /// All streams.
    pub fn all(&self) -> &[Stream] {
        &self.streams
    }

    /// How far they are.
    pub fn progress(&self) -> Progress {
        self.shared.state().progress.clone()
    }

    /// A short text that differs between streams whose members are numbered otherwise: part of the addresses of pages.
    pub fn generation(&self) -> String {
        self.shared.state().generation.clone()
    }

    /// Waits until the members of a commit are there; while they are being made only when few commits are left to read.
    ///
    /// # Errors
    /// [`NotReady`] when they are not after that time, or will not be soon.
    pub fn wait(&self, seq: u64, most: Duration) -> Result<(), NotReady> {
        let waits = |state: &mut State| match state.progress {
            Progress::Following { at } => at < seq,
            Progress::Building { at, of } => of - at.min(of) <= SOON_COMMITS,
            Progress::Failed { .. } => false,
        };
        let state = self.shared.state();
        let waited = self.shared.changed.wait_timeout_while(state, most, waits);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.progress {
            Progress::Following { at } if at >= seq => Ok(()),
            ref progress => Err(NotReady(progress.clone())),
        }
    }

    /// What the administrator switched off.
    pub fn switches(&self) -> &Switches {
        &self.shared.switches
    }

    /// Switches a stream or a view of it off or on; whether that changed anything. The members of a stream go within
    /// moments; one that is on again is made from the log with all others, which takes as long as making them took.
    ///
    /// # Errors
    /// When that cannot be written down; nothing changed then.
    pub fn switch(&self, register: &str, view: Option<&str>, is_off: bool) -> io::Result<bool> {
        let is_change = self.shared.switches.set(register, view, is_off)?;
        if is_change && view.is_none() {
            self.shared.state().is_switched = true;
        }
        Ok(is_change)
    }

    /// Has everything made anew: what was read is damaged.
    pub fn report_damage(&self) {
        self.shared.state().is_damaged = true;
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        if let Some(thread) = self.thread.take() {
            // It looks within a moment; what it was about to write comes again at the next start.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
