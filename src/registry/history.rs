//! When results came and went: one line per event in `report/history.ndjson` in the data folder, so that a report can say
//! since which commit a statement breaks a rule, and what was mended. Derived: what is lost is made up for by the next
//! check, with the number of the commit it looked at. Written in terms, not ids, so that it outlives every index.
//!
//! ```json
//! {"seq":12,"gone":false,"shape":"adres:AdresShape › adres:busnummer","component":"MaxCount","focus":"<…>"}
//! ```

use crate::shapes::{Event, Live, ResultKey};
use crate::store::View;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Folder of what is derived from checks, in the data folder.
const FOLDER: &str = "report";
const FILE: &str = "history.ndjson";
/// A longer line is no event.
const MAX_LINE: u64 = 1 << 20;

/// A result that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// The commit.
    pub seq: u64,
    /// Whether the result went, else it came.
    pub gone: bool,
    /// What it is about.
    #[serde(flatten)]
    pub result: ResultKey,
}

/// The file of events. Without a data folder nothing is kept.
pub(super) struct History {
    path: Option<PathBuf>,
    /// Only the process that makes commits writes.
    is_written: bool,
    out: Mutex<Option<File>>,
}

impl History {
    /// The history in a data folder; nothing is read or made yet.
    pub(super) fn of(dir: Option<&Path>, is_written: bool) -> Self {
        Self {
            is_written,
            path: dir.map(|dir| dir.join(FOLDER).join(FILE)),
            out: Mutex::new(None),
        }
    }

    fn out(&self) -> MutexGuard<'_, Option<File>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes events down. A failure is logged and no more: the next check makes up for what is missing.
    pub(super) fn append(
        &self,
        seq: u64,
        live: &Live,
        view: &View,
        came: &[Event],
        went: &[Event],
    ) {
        if came.is_empty() && went.is_empty() {
            return;
        }
        let of = |gone: bool| {
            move |event: &Event| HistoryEvent {
                seq,
                gone,
                result: live.key_of(event, view),
            }
        };
        let events = went.iter().map(of(true)).chain(came.iter().map(of(false)));
        if let Err(error) = self.write(events) {
            tracing::warn!(%error, "The history of results could not be written");
        }
    }

    fn write(&self, events: impl Iterator<Item = HistoryEvent>) -> io::Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.is_written) else {
            return Ok(());
        };
        let mut out = self.out();
        if out.is_none() {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            *out = Some(OpenOptions::new().create(true).append(true).open(path)?);
        }
        let file = out.as_ref().expect("opened above");
        let mut buffered = BufWriter::new(file);
        for event in events {
            serde_json::to_writer(&mut buffered, &event)?;
            buffered.write_all(b"\n")?;
        }
        buffered.flush()
    }

    /// All events, in the order of their commits. Lines that cannot be read, such as one cut off by a crash, are passed over.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(super) fn events(&self) -> io::Result<Vec<HistoryEvent>> {
        let mut events = Vec::new();
        self.each(|event| events.push(event))?;
        events.sort_by_key(|event| event.seq);
        Ok(events)
    }

    fn each(&self, mut take: impl FnMut(HistoryEvent)) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => BufReader::with_capacity(1 << 16, other?),
        };
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            if let Ok(event) = serde_json::from_slice(&line) {
                take(event);
            }
        }
    }

    /// Gives the results of a state the commits at which they came, and writes down what the history does not know: results
    /// that are there, and results that are gone.
    pub(super) fn adopt(&self, live: Live, view: &View, seq: u64) -> Live {
        let mut open: FxHashMap<ResultKey, Vec<u64>> = FxHashMap::default();
        let known = self.events().map(|events| {
            for event in events.into_iter().filter(|event| event.seq <= seq) {
                if event.gone {
                    if let Some(since) = open.get_mut(&event.result) {
                        since.pop();
                    }
                } else {
                    open.entry(event.result).or_default().push(event.seq);
                }
            }
        });
        if let Err(error) = known {
            tracing::warn!(%error, "The history of results could not be read");
            return live;
        }
        let mut new = Vec::new();
        let live = live.with_since(view, |key| {
            let since = open.get_mut(key).and_then(Vec::pop);
            if since.is_none() {
                new.push(key.clone());
            }
            since
        });
        let event = |gone| move |result| HistoryEvent { seq, gone, result };
        let gone = open
            .into_iter()
            .flat_map(|(key, since)| std::iter::repeat_n(key, since.len()));
        let mut gone: Vec<ResultKey> = gone.collect();
        gone.sort_unstable();
        let events = gone
            .into_iter()
            .map(event(true))
            .chain(new.into_iter().map(event(false)));
        if let Err(error) = self.write(events) {
            tracing::warn!(%error, "The history of results could not be written");
        }
        live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(focus: &str) -> ResultKey {
        ResultKey {
            shape: "ex:Shape".to_owned(),
            component: "MinCount".to_owned(),
            focus: focus.to_owned(),
            path: None,
            value: None,
        }
    }

    #[test]
    fn a_cut_line_is_passed_over_and_events_come_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let history = History::of(Some(folder.path()), true);
        let event = |seq, focus| HistoryEvent {
            seq,
            gone: false,
            result: key(focus),
        };
        history
            .write([event(3, "<urn:x:b>"), event(2, "<urn:x:a>")].into_iter())
            .expect("room for two lines");
        let path = folder.path().join(FOLDER).join(FILE);
        let mut text = fs::read_to_string(&path).expect("a file");
        text.push_str("{\"seq\":4,\"gone\":fal");
        fs::write(&path, text).expect("room");
        let events = History::of(Some(folder.path()), false)
            .events()
            .expect("readable");
        assert_eq!(events, [event(2, "<urn:x:a>"), event(3, "<urn:x:b>")]);
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let history = History::of(None, true);
        assert_eq!(history.events().expect("nothing to read"), []);
    }
}
