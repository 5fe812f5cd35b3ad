//! The change feed for whoever asks now and then: the members of a register's stream as CloudEvents in the shape of the base
//! registries' own feed, a hundred on a page, all events of one object, and the way from a moment, a commit or an event to a
//! page. Keeps nothing and knows no routes.
//!
//! An event is a member, so pages are as stable as streams are: members never move, a full page never changes, and the same
//! log makes the same pages. Ids rise with the log whatever becomes of the pages: `{commit}` and eight digits that count the
//! events of the commit. Which attributes objects have is data: `mappings/wijzigingen-*.toml`, read the other way round; a
//! register without such a mapping tells all that its documents say, by the terms of its context.

mod document;
mod event;
mod words;

pub(in crate::feeds) use words::word_of;

use crate::feeds::stream::Stream;
use crate::registry::Registry;
use event::Maker;
use std::io;

/// Media type of a page ([CloudEvents 1.0, JSON batch](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md)).
pub use crate::ingest::feed::BATCH;

/// Events of a page.
pub const PAGE: u64 = 100;
/// What the number of a commit is multiplied with in the ids of its events. Of more events in one commit than this the ids
/// would run into those of the next one; a commit has fewer statements.
const OF_A_COMMIT: u64 = 100_000_000;

/// Which members are on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first member.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
    /// Whether it is full, so that it never changes.
    pub is_complete: bool,
}

impl Page {
    /// A page, counted from 1, of a stream with so many members; empty when it lies beyond the end.
    pub fn of(number: u64, len: u64) -> Self {
        let from = number.saturating_sub(1).saturating_mul(PAGE).min(len);
        let to = from.saturating_add(PAGE).min(len);
        Self {
            from,
            to,
            is_complete: to - from == PAGE,
        }
    }
}

/// A place in a feed: the last event up to which everything is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its page, from 1.
    pub page: u64,
    /// Its id.
    pub id: u64,
    /// The commit that made it.
    pub commit: u64,
}

/// Up to where a position is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The changes of a commit.
    Commit(u64),
    /// A moment, in milliseconds since 1970 UTC.
    Moment(i64),
    /// An event by its id.
    Event(u64),
    /// A member by its number.
    Member(u64),
}

/// The change feeds of the registers.
pub struct ChangeFeed {
    makers: Vec<Maker>,
}

impl ChangeFeed {
    /// The feeds of a registry; reads what events are called.
    pub fn new(registry: &Registry) -> Self {
        let registers = registry.registers().iter();
        Self {
            makers: registers
                .map(|register| Maker::new(registry.base(), register))
                .collect(),
        }
    }

    /// Members as a batch of events, by their numbers.
    ///
    /// # Errors
    /// When members cannot be read, or are not there because the stream is being made anew.
    pub fn batch(
        &self,
        stream: &Stream,
        numbers: &mut dyn Iterator<Item = u64>,
    ) -> io::Result<Vec<u8>> {
        let mut out = vec![b'['];
        let mut write = |event: &serde_json::Value| -> io::Result<()> {
            if out.len() > 1 {
                out.push(b',');
            }
            out.push(b'\n');
            serde_json::to_writer(&mut out, event)?;
            Ok(())
        };
        self.each(stream, numbers, &mut write)?;
        out.extend_from_slice(b"\n]\n");
        Ok(out)
    }

    /// Hands out events by the numbers of their members, which rise.
    ///
    /// # Errors
    /// As [`ChangeFeed::batch`], and what `take` fails with.
    pub fn each(
        &self,
        stream: &Stream,
        numbers: &mut dyn Iterator<Item = u64>,
        take: &mut dyn FnMut(&serde_json::Value) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut makers = self.makers.iter();
        let maker = makers.find(|maker| maker.register() == stream.register);
        let maker = maker.ok_or_else(|| io::Error::other("a stream of no register"))?;
        // The first member of a commit that was met.
        let mut known: Option<(u64, u64)> = None;
        let mut ahead = Vec::new();
        let mut next = numbers.next();
        while let Some(first) = next {
            // Members that stand together are read together.
            let mut end = first;
            while next == Some(end) && end - first < PAGE {
                end += 1;
                next = numbers.next();
            }
            ahead.clear();
            ahead.extend(stream.members(first, end)?);
            if ahead.len() as u64 != end - first {
                return Err(io::Error::other("the stream is being made anew"));
            }
            for (number, member) in (first..).zip(&ahead) {
                let commit = member.entry.commit;
                let begin = match known {
                    Some((same, begin)) if same == commit => begin,
                    _ => stream.first_of(commit)?,
                };
                known = Some((commit, begin));
                let id = id_of(commit, number.saturating_sub(begin));
                take(&maker.event(member, id))?;
            }
        }
        Ok(())
    }
}

/// The id of an event: its commit and which of the commit's events it is.
fn id_of(commit: u64, place: u64) -> u64 {
    commit.saturating_mul(OF_A_COMMIT).saturating_add(place)
}

/// The last event up to some place; none when there is none.
///
/// # Errors
/// When members cannot be read.
pub fn position(stream: &Stream, until: Until) -> io::Result<Option<Position>> {
    let len = stream.len();
    // The number of the member after it.
    let end = match until {
        Until::Commit(commit) => stream.first_of(commit.saturating_add(1))?,
        Until::Moment(moment) => after(stream, moment, len)?,
        Until::Event(id) => {
            let (commit, place) = (id / OF_A_COMMIT, id % OF_A_COMMIT);
            let end = stream.first_of(commit.saturating_add(1))?;
            stream.first_of(commit)?.saturating_add(place + 1).min(end)
        }
        Until::Member(number) => number.saturating_add(1),
    };
    let Some(last) = end.min(len).checked_sub(1) else {
        return Ok(None);
    };
    let entries = stream.entries(last, last + 1)?;
    let Some(entry) = entries.first() else {
        return Ok(None);
    };
    let begin = stream.first_of(entry.commit)?;
    Ok(Some(Position {
        page: last / PAGE + 1,
        id: id_of(entry.commit, last.saturating_sub(begin)),
        commit: entry.commit,
    }))
}

/// Number of the first member after a moment. No member is dated before one that came earlier.
fn after(stream: &Stream, moment: i64, len: u64) -> io::Result<u64> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_later = match stream.moments(middle, middle + 1)? {
            Some((found, _)) => found > moment,
            None => true,
        };
        if is_later {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests;
