//! Views that do not keep everything: which members stay, what a view says of that, and its pages. They are leaves and nodes by
//! time without what fell out; none of them is ever full.

use super::write::{Asked, LEAF, Made, Page};
use super::{Opened, Versions, ViewError};
use crate::feeds::ldes::describe::{self, LDES};
use crate::feeds::ldes::pages::{Branch, MEMBERS, Node};
use crate::feeds::stream::{Stream, TREE};
use crate::rdf::vocab::rdf;
use std::fmt::Write as _;
use std::io;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

macro_rules! line {
    ($out:expr, $($text:tt)*) => {{
        // A `String` takes all of it.
        let _ = writeln!($out, $($text)*);
    }};
}

/// Writes what stays in a view, in the words of the vocabulary of today and, where those say the same, in earlier ones.
pub(super) fn policy(page: &mut Page<'_>, versions: Option<u32>, days: Option<u32>) {
    let (name, view) = ("_:beleid", page.page.clone());
    let out = &mut page.text;
    let a = rdf::TYPE;
    line!(out, "<{view}> <{LDES}retentionPolicy> {name} .");
    line!(out, "<{view}> <{TREE}viewDescription> _:beschrijving .");
    line!(out, "_:beschrijving <{a}> <{TREE}ViewDescription> .");
    line!(out, "_:beschrijving <{LDES}retentionPolicy> {name} .");
    line!(out, "{name} <{a}> <{LDES}RetentionPolicy> .");
    if let Some(versions) = versions {
        line!(
            out,
            "{name} <{LDES}versionAmount> \"{versions}\"^^<{XSD}integer> ."
        );
        if days.is_none() {
            line!(out, "{name} <{a}> <{LDES}LatestVersionSubset> .");
            line!(
                out,
                "{name} <{LDES}amount> \"{versions}\"^^<{XSD}integer> ."
            );
        }
    }
    if let Some(days) = days {
        let duration = format!("\"P{days}D\"^^<{XSD}duration>");
        line!(out, "{name} <{LDES}fullLogDuration> {duration} .");
        if versions.is_none() {
            line!(out, "{name} <{a}> <{LDES}DurationAgoPolicy> .");
            line!(out, "{name} <{TREE}value> {duration} .");
        }
    }
}

/// Which members a view keeps.
pub(super) struct Kept<'a> {
    versions: Option<(u32, &'a Versions)>,
    /// The first member that is young enough.
    young: u64,
    len: u64,
}

impl<'a> Kept<'a> {
    pub(super) fn new(
        stream: &Stream,
        opened: &'a Opened<'_>,
        asked: &Asked<'_>,
        versions: Option<u32>,
        days: Option<u32>,
    ) -> Result<Self, ViewError> {
        let len = asked.reading.len;
        let known = opened.versions.as_deref();
        let versions = match versions {
            Some(amount) => Some((amount, known.ok_or(ViewError::Absent)?)),
            None => None,
        };
        let young = match days {
            Some(days) => first_since(stream, len, asked.now - i64::from(days) * DAY)?,
            None => len,
        };
        Ok(Self {
            versions,
            young,
            len,
        })
    }

    fn has(&self, member: u64) -> bool {
        let at = u32::try_from(member).unwrap_or(u32::MAX);
        let is_last = |(amount, known): (u32, &Versions)| !known.is_beyond(amount, at);
        member >= self.young || self.versions.is_some_and(is_last)
    }

    pub(super) fn any(&self, (from, to): (u64, u64)) -> bool {
        let number = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
        to > self.young
            || self
                .versions
                .is_some_and(|(amount, known)| !known.are_beyond(amount, number(from), number(to)))
    }

    /// Branches whose members may still fall out.
    pub(super) fn open(&self, mut branches: Vec<Branch>) -> Vec<Branch> {
        for branch in &mut branches {
            branch.is_full = false;
        }
        branches
    }

    /// A leaf or node by time without what fell out.
    pub(super) fn page(&self, mut page: Page<'_>, node: Node) -> Result<Made, ViewError> {
        let branch = node.among(self.len).ok_or(ViewError::Absent)?;
        if !self.any(branch.members) {
            return Err(ViewError::FellOut);
        }
        describe::page(&page.page, false, &mut page.text);
        let mut members = Vec::new();
        if node.level == 0 {
            let (from, to) = branch.members;
            members = (from..to).filter(|member| self.has(*member)).collect();
        } else {
            let mut below = node.below(self.len);
            below.retain(|branch| self.any(branch.members));
            page.relate_branches(LEAF, &self.open(below), &|member| member)?;
        }
        Ok(page.done(members, false))
    }
}

/// The first of so many members that came at a moment or later.
fn first_since(stream: &Stream, len: u64, since: i64) -> io::Result<u64> {
    let (mut from, mut to) = (0, len.div_ceil(MEMBERS));
    while from < to {
        let middle = from + (to - from) / 2;
        let moments = stream.moments(middle * MEMBERS, len.min((middle + 1) * MEMBERS))?;
        if moments.is_some_and(|(_, last)| last < since) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    let first = from * MEMBERS;
    let entries = stream.entries(first, len.min(first + MEMBERS))?;
    let older = entries.partition_point(|entry| entry.moment < since);
    Ok((first + older as u64).min(len))
}
