//! Members made of commits: for each item that a commit touched, what it says after and what it said before. Looks at the
//! public view only; an item that somebody may not see is not there.

use super::block::{Entry, Kind, Member};
use super::kept::Kept;
use super::text::{self, Writer};
use super::touched::{Classes, touched};
use crate::registry::Register;
use crate::store::{Fresh, Id, Snapshot, View};
use crate::views::{Context, EmbedRules, Names};
use rustc_hash::FxHashSet;
use std::io;
use std::sync::Arc;

/// One stream as its maker knows it.
pub(super) struct Made {
    pub(super) entry: String,
    pub(super) rules: EmbedRules,
    pub(super) kept: Arc<Kept>,
}

/// Makes the members of all streams.
pub(super) struct Maker {
    pub(super) registers: Vec<Register>,
    /// By the register's place.
    pub(super) streams: Vec<Made>,
    /// Names of predicates, by the store's ids that they are good for.
    pub(super) names: Option<(u64, Names)>,
}

/// Equal for members about one item; members about two items have other numbers but once in many billions.
pub fn item_number(item: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(item.as_bytes())
}

/// What a commit did, for its members.
struct Commit {
    seq: u64,
    moment: i64,
    moment_text: String,
}

impl Maker {
    /// Adds a member for each item that a commit touched, and shows them to readers. `moment` is when the commit was made.
    pub(super) fn follow(
        &mut self,
        before: &Snapshot,
        after: &Snapshot,
        subjects: &[Id],
        moment: i64,
    ) -> io::Result<()> {
        let (before, after) = (before.view(), after.view());
        let classes = (
            Classes::of(&before, &self.registers),
            Classes::of(&after, &self.registers),
        );
        let fresh = Fresh::of_subjects(before.snapshot(), &after, subjects);
        let mut items = touched(&after, Some(&fresh), &classes.1, subjects);
        let touched_before = touched(&before, None, &classes.0, subjects);
        for (all, more) in items.iter_mut().zip(touched_before) {
            all.extend(more);
        }
        self.add(&before, &after, &classes, items, moment)
    }

    /// Adds a member for each item that there is in a state, as if all came with its commit.
    pub(super) fn begin(&mut self, state: &Snapshot, moment: i64) -> io::Result<()> {
        let after = state.view();
        let before = Snapshot::empty().view();
        let classes = (
            Classes::of(&before, &self.registers),
            Classes::of(&after, &self.registers),
        );
        let items = (0..self.registers.len())
            .map(|place| classes.1.items(&after, place).into_iter().collect());
        let items = items.collect();
        self.add(&before, &after, &classes, items, moment)
    }

    fn add(
        &mut self,
        before: &View,
        after: &View,
        classes: &(Classes, Classes),
        items: Vec<FxHashSet<Id>>,
        moment: i64,
    ) -> io::Result<()> {
        let ids = after.snapshot().ids();
        if self.names.as_ref().is_none_or(|(known, _)| *known != ids) {
            self.names = Some((ids, Names::new(Arc::new(Context::default()))));
        }
        let Some((_, names)) = &self.names else {
            return Ok(());
        };
        let commit = Commit {
            seq: after.snapshot().seq(),
            moment,
            moment_text: text::moment_text(moment),
        };
        for (place, items) in items.into_iter().enumerate() {
            if items.is_empty() {
                continue;
            }
            let (register, stream) = (&self.registers[place], &self.streams[place]);
            let writers = (
                Writer::new(before, names, &stream.rules),
                Writer::new(after, names, &stream.rules),
            );
            let mut items: Vec<(String, Id)> = items
                .into_iter()
                .filter_map(|id| {
                    let iri = after.iri(id)?;
                    Some((iri.into_owned(), id))
                })
                .collect();
            items.sort_unstable();
            for (iri, id) in items {
                let was = classes.0.holds(before, place, id);
                let is = classes.1.holds(after, place, id);
                let kind = match (was, is) {
                    (false, false) => continue,
                    (false, true) => Kind::Create,
                    (true, true) => Kind::Update,
                    (true, false) => Kind::Delete,
                };
                let made = member(&writers, register, stream, &commit, (&iri, id), kind);
                if let Some(member) = made {
                    stream.kept.push(member)?;
                }
            }
            stream.kept.publish()?;
        }
        Ok(())
    }
}

/// The member for an item; none when nothing of its document changed.
fn member(
    writers: &(Writer<'_>, Writer<'_>),
    register: &Register,
    stream: &Made,
    commit: &Commit,
    (iri, id): (&str, Id),
    kind: Kind,
) -> Option<Member> {
    let name = text::member_iri(&stream.entry, commit.seq, register, iri);
    let (mut before, mut says) = (Vec::new(), Vec::new());
    let write = |writer: &Writer<'_>, out: &mut Vec<u8>| {
        if let Err(error) = writer.write(id, &name, out) {
            // Its document answers with the same.
            tracing::warn!(item = iri, %error, "A member of an event stream is left without what the item says");
            out.clear();
        }
    };
    if kind != Kind::Create {
        write(&writers.0, &mut before);
    }
    if kind != Kind::Delete {
        write(&writers.1, &mut says);
    }
    if kind == Kind::Update && before == says {
        return None;
    }
    let mut text = Vec::with_capacity(says.len() + 600);
    let moment = &commit.moment_text;
    text::write_activity(&stream.entry, &name, iri, kind, moment, &mut text);
    text.extend(says);
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).ok();
    Some(Member {
        entry: Entry {
            commit: commit.seq,
            moment: commit.moment,
            item: item_number(iri),
            kind,
            text: size(&text)?,
            before: size(&before)?,
        },
        text: text.into(),
        before: before.into(),
    })
}
