//! Views of event streams: the same members on other pages, as registers declare them. A view is an order of the numbers of
//! members; the members themselves stay where they are. Knows no routes.
//!
//! Views are brought up to date when somebody reads them, never by a commit: those that lack little at once, others in the
//! background at a low priority, several in one pass over the members. What was found out is kept in a file for each beside
//! the members, so that a start reads little. That a view made late is the one made along is a property test.

mod column;
mod keyed;
mod keys;
mod retention;
mod tiles;
mod versions;
mod write;

pub use write::{Asked, Made};

use crate::feeds::stream::{Entry, Stream, Streams};
use crate::registry::{FeedView, FeedViewKind, Register};
use keyed::Keyed;
use keys::Reader;
use rustc_hash::FxHashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use versions::Versions;

/// Folder of the files in the data folder.
const FOLDER: &str = "feeds/views";
/// The file of what members are about one item; no view has that name.
const VERSIONS: &str = "_versies";
/// Members that a reader waits for; when more are lacking they are looked at in the background.
const MOST_AWAITED: u64 = 10_000;
/// Members looked at between two moments at which readers may come in between.
const STEP: u64 = 2_000;
/// Changes when views are made otherwise.
const FORM: u64 = 1;
/// The niceness of the thread that makes views.
const STEPPED_BACK: i32 = 10;

/// Why a page of a view is not there.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The view is being made: so many members of so many were looked at.
    #[error("the view is being made: {at} of {of} members")]
    NotReady {
        /// Members looked at.
        at: u64,
        /// Members there are.
        of: u64,
    },
    /// There is no such view or page.
    #[error("there is no such page")]
    Absent,
    /// All members of the page fell out of the view.
    #[error("the members of the page fell out of the view")]
    FellOut,
    /// The page is of an earlier edition of the view.
    #[error("the page is of an earlier edition of the view")]
    Renewed,
    /// Files cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The views of all streams. Dropping it ends what is made in the background.
pub struct Views {
    streams: Vec<Arc<OfStream>>,
    is_over: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The views of one stream.
struct OfStream {
    stream: Stream,
    views: Vec<FeedView>,
    folder: Option<PathBuf>,
    state: Mutex<State>,
    is_busy: AtomicBool,
}

/// What was found out about members.
#[derive(Default)]
struct State {
    /// Of the stream whose members it is about.
    generation: String,
    /// By the place of the view, for those with keys that somebody read.
    keyed: Vec<Option<Keyed>>,
    versions: Option<Versions>,
}

impl Views {
    /// The views of the streams of some registers, kept below a data folder; nothing is read yet.
    pub fn new(registers: &[Register], streams: &Streams, data: Option<&Path>) -> Self {
        let streams = streams.all().iter().filter_map(|stream| {
            let register = registers.iter().find(|r| r.name == stream.register)?;
            Some((stream.clone(), register.feed_views.clone()))
        });
        Self::of_streams(streams, data)
    }

    fn of_streams(
        streams: impl Iterator<Item = (Stream, Vec<FeedView>)>,
        data: Option<&Path>,
    ) -> Self {
        let of_stream = |(stream, views): (Stream, Vec<FeedView>)| {
            Arc::new(OfStream {
                folder: data.map(|data| data.join(FOLDER).join(&stream.register)),
                stream,
                views,
                state: Mutex::default(),
                is_busy: AtomicBool::new(false),
            })
        };
        Self {
            streams: streams.map(of_stream).collect(),
            is_over: Arc::default(),
            threads: Mutex::default(),
        }
    }

    fn of_stream(&self, register: &str) -> Option<&Arc<OfStream>> {
        let mut streams = self.streams.iter();
        streams.find(|of| of.stream.register == register)
    }

    /// The views of the stream of a register.
    pub fn of(&self, register: &str) -> &[FeedView] {
        self.of_stream(register).map_or(&[], |of| &of.views)
    }

    /// One of them.
    pub fn get(&self, register: &str, view: &str) -> Option<&FeedView> {
        self.of(register).iter().find(|known| known.name == view)
    }

    /// The entry of a view.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn entry(&self, asked: &Asked<'_>) -> Result<Made, ViewError> {
        self.with(asked, |of, state, view| {
            write::entry(&of.stream, state, view, asked)
        })
    }

    /// A page of a view: `part`, `level` and `number` are what its address ends in.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn page(
        &self,
        asked: &Asked<'_>,
        part: &str,
        level: u32,
        number: &str,
    ) -> Result<Made, ViewError> {
        self.with(asked, |of, state, view| {
            write::page(&of.stream, state, view, asked, (part, level, number))
        })
    }

    /// The members of a stream of a generation about one item (see [`crate::feeds::stream::item_number`]), by their numbers,
    /// among the first `len`. One that shares its number with another item is there too.
    ///
    /// # Errors
    /// [`ViewError`].
    pub fn about(
        &self,
        register: &str,
        generation: &str,
        len: u64,
        item: u64,
    ) -> Result<Vec<u64>, ViewError> {
        let of = self.of_stream(register).ok_or(ViewError::Absent)?;
        let mut state = of.state();
        of.renew(&mut state, generation);
        of.open_versions(&mut state, generation)?;
        let done = |state: &State| state.versions.as_ref().map_or(0, Versions::len);
        let at = done(&state);
        if len.saturating_sub(at) > MOST_AWAITED {
            drop(state);
            self.make_behind(of, generation, len)?;
            return Err(ViewError::NotReady { at, of: len });
        }
        while done(&state) < len && of.step(&mut state, len, MOST_AWAITED)? {}
        let versions = state.versions.as_ref();
        let found = versions.map_or_else(Vec::new, |versions| versions.of_item(item));
        let found = found.into_iter().rev().map(u64::from);
        Ok(found.filter(|number| *number < len).collect())
    }

    /// Writes a page out.
    ///
    /// # Errors
    /// When members cannot be read.
    pub fn write(&self, asked: &Asked<'_>, made: &Made) -> Result<Vec<u8>, ViewError> {
        let of = self.of_stream(asked.register).ok_or(ViewError::Absent)?;
        Ok(made.write(&of.stream, asked.reading.format)?)
    }

    /// Forgets what was found out for a view, or for all views of a stream, files included.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub fn remove(&self, register: &str, view: Option<&str>) -> io::Result<()> {
        let Some(of) = self.of_stream(register) else {
            return Ok(());
        };
        let mut state = of.state();
        let Some(name) = view else {
            *state = State::default();
            return of.folder.as_deref().map_or(Ok(()), remove_all);
        };
        let place = of.views.iter().position(|view| view.name == name);
        if let Some(slot) = place.and_then(|place| state.keyed.get_mut(place)) {
            *slot = None;
        }
        of.path(name)
            .map_or(Ok(()), |path| column::Column::remove(&path))
    }

    /// Brings a view up to date and does something with it.
    fn with<T>(
        &self,
        asked: &Asked<'_>,
        then: impl FnOnce(&OfStream, &mut Opened<'_>, &FeedView) -> Result<T, ViewError>,
    ) -> Result<T, ViewError> {
        let of = self.of_stream(asked.register).ok_or(ViewError::Absent)?;
        let place = of.views.iter().position(|view| view.name == asked.view);
        let place = place.ok_or(ViewError::Absent)?;
        let (generation, len) = (asked.reading.generation, asked.reading.len);
        let mut state = of.state();
        of.open(&mut state, place, generation)?;
        let done = state.done(&of.views[place], place);
        if len.saturating_sub(done) > MOST_AWAITED {
            drop(state);
            self.make_behind(of, generation, len)?;
            return Err(ViewError::NotReady { at: done, of: len });
        }
        while of.step(&mut state, len, MOST_AWAITED)? {}
        let State {
            keyed, versions, ..
        } = &mut *state;
        let mut opened = Opened {
            keyed: keyed.get_mut(place).and_then(Option::as_mut),
            versions: versions.as_mut(),
        };
        then(of, &mut opened, &of.views[place])
    }

    /// Has what is lacking made in the background.
    fn make_behind(&self, of: &Arc<OfStream>, generation: &str, len: u64) -> io::Result<()> {
        if of.is_busy.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (of, is_over) = (Arc::clone(of), Arc::clone(&self.is_over));
        let generation = generation.to_owned();
        let work = move || {
            if let Err(error) = rustix::process::setpriority_process(None, STEPPED_BACK) {
                tracing::debug!(%error, "Views of event streams are made at the usual priority");
            }
            let more = || {
                let mut state = of.state();
                if is_over.load(Ordering::Acquire) || state.generation != generation {
                    return Ok(false);
                }
                of.step(&mut state, len, u64::MAX)
            };
            let end = loop {
                match more() {
                    Ok(true) => std::thread::yield_now(),
                    end => break end,
                }
            };
            of.is_busy.store(false, Ordering::Release);
            if let Err(error) = end {
                tracing::error!(register = of.stream.register, %error, "Views of an event stream cannot be made");
            }
        };
        let thread = std::thread::Builder::new()
            .name("views".to_owned())
            .spawn(work)?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        let threads = self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // It looks after each step.
            let _ = thread.join();
        }
    }
}

/// Removes the files of the views of a stream, or of one of them, that nobody has open.
pub(in crate::feeds) fn remove_view_files(
    data: &Path,
    register: &str,
    view: Option<&str>,
) -> io::Result<()> {
    let folder = data.join(FOLDER).join(register);
    match view {
        Some(view) => column::Column::remove(&folder.join(view)),
        None => remove_all(&folder),
    }
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What is known for one view that is up to date.
struct Opened<'a> {
    keyed: Option<&'a mut Keyed>,
    versions: Option<&'a mut Versions>,
}

/// What a view needs to have found out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Keys,
    Versions,
}

fn needs(kind: &FeedViewKind) -> Needs {
    match kind {
        FeedViewKind::Reference { .. }
        | FeedViewKind::Prefix { .. }
        | FeedViewKind::Tile { .. } => Needs::Keys,
        FeedViewKind::Snapshot
        | FeedViewKind::Retention {
            versions: Some(_), ..
        } => Needs::Versions,
        FeedViewKind::Pages | FeedViewKind::Retention { versions: None, .. } => Needs::Nothing,
    }
}

impl State {
    /// How many members a view was made of.
    fn done(&self, view: &FeedView, place: usize) -> u64 {
        match needs(&view.kind) {
            Needs::Nothing => u64::MAX,
            Needs::Keys => self.keyed[place].as_ref().map_or(0, Keyed::len),
            Needs::Versions => self.versions.as_ref().map_or(0, Versions::len),
        }
    }
}

impl OfStream {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    /// Equal for files that say the same of the same members.
    fn made_by(&self, generation: &str, what: &str) -> u64 {
        let text = format!("{FORM}\n{}\n{generation}\n{what}", self.stream.entry);
        xxhash_rust::xxh3::xxh3_64(text.as_bytes())
    }

    /// Opens what a view needs, for streams of a generation; what is known for another one is forgotten.
    fn open(&self, state: &mut State, place: usize, generation: &str) -> io::Result<()> {
        self.renew(state, generation);
        let (view, most) = (&self.views[place], self.stream.len());
        match needs(&view.kind) {
            Needs::Keys if state.keyed[place].is_none() => {
                let made_by = self.made_by(generation, &format!("{:?}", view.kind));
                state.keyed[place] = Some(match self.path(&view.name) {
                    Some(path) => Keyed::open(&path, made_by, most)?,
                    None => Keyed::in_memory(),
                });
            }
            Needs::Versions => self.open_versions(state, generation)?,
            Needs::Keys | Needs::Nothing => {}
        }
        Ok(())
    }

    /// Forgets what is known of another generation.
    fn renew(&self, state: &mut State, generation: &str) {
        if state.generation != generation || state.keyed.len() != self.views.len() {
            *state = State {
                generation: generation.to_owned(),
                keyed: self.views.iter().map(|_| None).collect(),
                versions: None,
            };
        }
    }

    /// Opens what is known of the versions of items.
    fn open_versions(&self, state: &mut State, generation: &str) -> io::Result<()> {
        if state.versions.is_some() {
            return Ok(());
        }
        let amounts: FxHashSet<u32> = self
            .views
            .iter()
            .filter_map(|view| match view.kind {
                FeedViewKind::Retention { versions, .. } => versions,
                _ => None,
            })
            .collect();
        let made_by = self.made_by(generation, VERSIONS);
        state.versions = Some(match self.path(VERSIONS) {
            Some(path) => Versions::open(&path, made_by, self.stream.len(), &amounts)?,
            None => Versions::in_memory(&amounts),
        });
        Ok(())
    }

    /// Looks at some of the members before `to` that open views lack, those views only that lack at most `most`; whether
    /// there was anything to do.
    fn step(&self, state: &mut State, to: u64, most: u64) -> io::Result<bool> {
        let is_behind = |done: u64| done < to && to - done <= most;
        let mut behind: Vec<(usize, u64)> = Vec::new();
        for (place, keyed) in state.keyed.iter().enumerate() {
            if let Some(done) = keyed
                .as_ref()
                .map(Keyed::len)
                .filter(|done| is_behind(*done))
            {
                behind.push((place, done));
            }
        }
        let versions = state.versions.as_ref().map(Versions::len);
        let versions = versions.filter(|done| is_behind(*done));
        let least = behind.iter().map(|(_, done)| *done).chain(versions).min();
        let Some(from) = least else {
            return Ok(false);
        };
        let end = to.min(from + STEP);
        let (mut entries, mut keys) = (Vec::new(), vec![Vec::new(); behind.len()]);
        let mut count = 0;
        let mut take_entry = |number: u64, entry: &Entry| {
            count += 1;
            if versions.is_some_and(|done| number >= done) {
                entries.push(*entry);
            }
        };
        if behind.is_empty() {
            for (number, entry) in (from..).zip(self.stream.entries(from, end)?) {
                take_entry(number, &entry);
            }
        } else {
            let kinds = behind.iter().map(|(place, _)| &self.views[*place].kind);
            let (reader, mut row) = (Reader::new(kinds), Vec::new());
            self.stream.each_of(&mut (from..end), &mut |member| {
                take_entry(member.number, member.entry);
                reader.keys(&member, &mut row);
                for (((_, done), keys), key) in behind.iter().zip(&mut keys).zip(row.drain(..)) {
                    if member.number >= *done {
                        keys.push(key);
                    }
                }
                Ok(())
            })?;
        }
        if count != end - from {
            return Err(io::Error::other("the stream is being made anew"));
        }
        if let Some(versions) = state.versions.as_mut() {
            versions.append(&entries)?;
        }
        for ((place, _), keys) in behind.iter().zip(&keys) {
            if let Some(keyed) = state.keyed[*place].as_mut() {
                keyed.append(keys)?;
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
