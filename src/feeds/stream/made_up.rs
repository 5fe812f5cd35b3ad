//! Streams of made-up members, for tests of those who read streams.

use super::block::{Entry, Kind, Member};
use super::kept::Kept;
use super::{Stream, item_number, moment_text, text};
use std::sync::Arc;

impl Stream {
    /// An empty one that only tests add to.
    pub(crate) fn made_up(register: &str) -> Self {
        Self {
            register: register.to_owned(),
            entry: format!("http://register.test/ldes/{register}"),
            kept: Arc::new(Kept::in_memory()),
        }
    }

    /// Adds a member about an item, with lines of N-Triples that it says, without their ends; those before when it went.
    pub(crate) fn come(&self, moment: i64, item: &str, kind: Kind, says: &[String]) {
        let commit = self.len() + 1;
        let name = format!("{}/lid/{commit}/x", self.entry);
        let (mut activity, mut lines) = (Vec::new(), Vec::new());
        text::write_activity(
            &self.entry,
            &name,
            item,
            kind,
            &moment_text(moment),
            &mut activity,
        );
        for line in says {
            lines.extend_from_slice(format!("{line} <{name}> .\n").as_bytes());
        }
        let mut before = Vec::new();
        if kind == Kind::Delete {
            before = lines;
        } else {
            activity.extend(lines);
        }
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short");
        let entry = Entry {
            commit,
            moment,
            item: item_number(item),
            kind,
            text: size(&activity),
            before: size(&before),
        };
        let member = Member {
            entry,
            text: activity.into(),
            before: before.into(),
        };
        self.kept.push(member).expect("kept");
        self.kept.publish().expect("kept");
    }
}
