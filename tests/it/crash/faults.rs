//! Which faults the crash tests inject where, and how often each was met. The points themselves are in `src/store`.

use super::workload::Rng;
use std::collections::BTreeMap;

/// Point, what can happen there, and at how late a visit.
const POINTS: [(&str, &[&str], u64); 21] = [
    ("log.create", &["kill", "fail", "short", "full"], 8),
    ("log.append", &["kill", "short", "fail", "full"], 14),
    ("log.sync", &["kill", "fail"], 14),
    ("log.rotate", &["kill", "short", "fail", "full"], 8),
    ("log.cut", &["kill", "fail"], 1),
    ("log.base", &["kill", "short", "fail", "full"], 8),
    ("log.drop", &["kill", "short", "fail", "full"], 10),
    ("log.table", &["kill", "short", "fail", "full"], 6),
    ("segment.create", &["kill", "fail"], 30),
    ("segment.write", &["kill", "short", "fail", "full"], 30),
    ("segment.sync", &["kill", "fail"], 30),
    ("segment.rename", &["kill", "fail"], 30),
    ("dir.sync", &["kill", "fail"], 6),
    ("manifest.write", &["kill", "short", "fail", "full"], 6),
    ("manifest.sync", &["kill", "fail"], 6),
    ("manifest.rename", &["kill", "fail"], 6),
    ("manifest.dir", &["kill", "fail"], 6),
    ("settings.write", &["kill", "short", "fail", "full"], 4),
    ("settings.sync", &["kill", "fail"], 4),
    ("settings.rename", &["kill", "fail"], 4),
    ("settings.dir", &["kill", "fail"], 4),
];

/// Whether this build can inject faults at all.
pub(super) const ARMED: bool = cfg!(any(debug_assertions, feature = "faults"));

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) point: &'static str,
    pub(super) action: &'static str,
    visit: u64,
}

impl Fault {
    /// Draws one. `torn`: the log ends in a tail that the child is to cut off.
    pub(super) fn draw(rng: &mut Rng, torn: bool) -> Self {
        let (point, actions, visits) = match POINTS.iter().find(|point| point.0 == "log.cut") {
            Some(cut) if torn && rng.chance(60) => *cut,
            _ => *rng.pick(&POINTS),
        };
        // Early visits are met more often.
        let latest = rng.between(1, visits);
        Self {
            point,
            action: *rng.pick(actions),
            visit: rng.between(1, latest),
        }
    }

    /// As `OSLO_FAULT` takes it.
    pub(super) fn to_text(self) -> String {
        format!("{}={}@{}", self.point, self.action, self.visit)
    }

    /// Whether the process ends before a sync of the log, so that what it appended last was never made durable.
    pub(super) fn leaves_unsynced(self) -> bool {
        self.ends_the_process() && matches!(self.point, "log.append" | "log.sync")
    }

    pub(super) fn ends_the_process(self) -> bool {
        matches!(self.action, "kill" | "short")
    }
}

/// How often something happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(pub(super) BTreeMap<String, u64>);

impl Tally {
    pub(super) fn count(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what.clone()).or_default() += times;
        }
    }

    /// Points at which nothing ever happened.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let met = |point: &str, action: &&str| self.0.contains_key(&format!("{point}={action}"));
        let unmet = POINTS
            .iter()
            .filter(|(point, actions, _)| !actions.iter().any(|action| met(point, action)));
        unmet.map(|(point, _, _)| *point).collect()
    }

    /// As lines of about 110 characters.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        let mut width = 0;
        for (what, times) in &self.0 {
            let item = format!("{what} {times}");
            width += item.len() + 3;
            if width > 110 {
                out += "\n";
                width = item.len();
            } else if !out.is_empty() {
                out += " · ";
            }
            out += &item;
        }
        out
    }
}
