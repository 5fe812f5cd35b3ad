//! The live report as bytes, so that a registry that is opened again need not check everything again. Holds ids, and so
//! belongs to the store it was made of and to nothing else; who keeps it where, and for how long it is good, `registry` knows.
//!
//! ```text
//! a line of JSON   what is kept beside the rows
//! rows             48 bytes each, little-endian, group by group, sorted
//! u32              CRC-32C of everything before
//! ```

use super::plan::Plan;
use super::{Engine, Kept, Live, Row, Rows, Scope};
use crate::rdf::text::{parse_term, term_text};
use crate::shapes::idset::sort_unique;
use crate::shapes::model::{Constraint, Shapes, Target};
use crate::store::{Id, View};
use oxrdf::Term;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Changes whenever the same bytes would mean something else.
const VERSION: u32 = 1;
const ROW_BYTES: usize = 48;
/// Ids whose texts are written down although they stay, so that ids of another store are noticed.
const SAMPLES: usize = 64;
/// Ids that may change with the next start and are written down as texts; with more of them nothing is kept.
const MOST_TEXTS: usize = 500_000;

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    /// Focus nodes and rows of each group.
    groups: Vec<(u64, u64)>,
    focus_total: u64,
    /// Terms without an id in the store, in N-Triples.
    locals: Vec<String>,
    /// What names the ids that stay, when there are such among the rows.
    ids: Option<u64>,
    /// Some of them with their texts.
    samples: Vec<(u64, String)>,
    /// All others with their texts.
    texts: Vec<(u64, String)>,
    /// The day it was made (UTC), when rules read the clock.
    day: Option<String>,
}

impl Live {
    /// These results as bytes; `None` when not everything could be checked: that is better tried again. `view` is of the state
    /// they are of.
    pub(crate) fn pack(&self, view: &View) -> Option<Vec<u8>> {
        if !self.stopped.is_empty() || !self.unfinished.is_empty() {
            return None;
        }
        let rows = || self.groups.iter().flat_map(|kept| kept.rows.iter());
        let (mut staying, mut passing) = (Vec::new(), Vec::new());
        let files = Files::of(view);
        for id in rows()
            .flat_map(|row| [Some(row.focus), row.value, row.property])
            .flatten()
        {
            match files.keeps(id) {
                Some(true) => staying.push(id),
                Some(false) => passing.push(id),
                None => {}
            }
        }
        let (staying, passing) = (sort_unique(staying), sort_unique(passing));
        if passing.len() > MOST_TEXTS {
            return None;
        }
        let every = (staying.len() / SAMPLES).max(1);
        let with_text = |id: &Id| (id.raw(), view.text(*id).into_owned());
        let head = Head {
            version: VERSION,
            groups: self
                .groups
                .iter()
                .map(|kept| (kept.focus, kept.rows.len() as u64))
                .collect(),
            focus_total: self.focus_total,
            locals: self
                .locals
                .terms()
                .map(|term| term_text(term.as_ref()))
                .collect(),
            ids: (!staying.is_empty()).then(|| view.snapshot().ids()),
            samples: staying.iter().step_by(every).map(with_text).collect(),
            texts: passing.iter().map(with_text).collect(),
            day: reads_clock(&self.engine.shapes).then(today),
        };
        let mut out = serde_json::to_vec(&head).ok()?;
        out.push(b'\n');
        for row in rows() {
            let raw = |id: Option<Id>| id.map_or(0, Id::raw);
            for long in [
                row.focus.raw(),
                raw(row.value),
                raw(row.property),
                raw(row.bindings),
                row.since,
            ] {
                out.extend_from_slice(&long.to_le_bytes());
            }
            out.extend_from_slice(&row.site.to_le_bytes());
            out.extend_from_slice(&row.found.to_le_bytes());
        }
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        Some(out)
    }

    /// Results that [`Live::pack`] packed, of the same state of the same store and the same shapes; `None` when the bytes are
    /// none of these, or no longer good.
    pub(crate) fn unpack(shapes: &Shapes, scope: &Scope, bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let line = memchr::memchr(b'\n', body)?;
        let head: Head = serde_json::from_slice(&body[..line]).ok()?;
        let good = head.version == VERSION
            && head.day.as_ref().is_none_or(|day| *day == today())
            && head.day.is_some() == reads_clock(shapes);
        if !good {
            return None;
        }
        let view = &scope.context;
        if head.ids.is_some_and(|ids| ids != view.snapshot().ids()) {
            return None;
        }
        let id_of = |text: &str| view.id_of(parse_term(text).ok()?.as_ref());
        for (raw, text) in &head.samples {
            if id_of(text)? != Id::from_raw(*raw)? {
                return None;
            }
        }
        let mut now: FxHashMap<Id, Id> = FxHashMap::default();
        for (raw, text) in &head.texts {
            now.insert(Id::from_raw(*raw)?, id_of(text)?);
        }
        let now = |id: Id| now.get(&id).copied().unwrap_or(id);
        let plan = Arc::new(Plan::of(&shapes.compiled));
        let engine = Engine::new(shapes, plan, view);
        let mut locals = (*engine.locals).clone();
        let terms: Vec<Term> = head
            .locals
            .iter()
            .map(|text| parse_term(text).ok())
            .collect::<Option<_>>()?;
        if !engine
            .locals
            .terms()
            .eq(terms.iter().take(engine.locals.len()))
        {
            return None;
        }
        for (place, term) in terms.iter().enumerate() {
            if locals.bind(view, term.as_ref()) != Id::local(place as u64) {
                return None;
            }
        }
        let mut rows = body[line + 1..].chunks_exact(ROW_BYTES);
        let mut totals = vec![0; engine.plan.sites.len()];
        let mut groups = Vec::with_capacity(head.groups.len());
        for (focus, count) in &head.groups {
            let mut kept = Vec::with_capacity(usize::try_from(*count).ok()?.min(rows.len()));
            for _ in 0..*count {
                let row = row(rows.next()?)?;
                let row = Row {
                    focus: now(row.focus),
                    value: row.value.map(now),
                    property: row.property.map(now),
                    ..row
                };
                *totals.get_mut(row.site as usize)? += 1;
                kept.push(row);
            }
            groups.push(Kept {
                rows: Rows::of(kept),
                focus: *focus,
            });
        }
        if groups.len() != engine.plan.groups.len() || rows.next().is_some() {
            return None;
        }
        Some(Self {
            locals: Arc::new(locals),
            groups: Arc::new(groups),
            totals: Arc::new(totals),
            focus_total: head.focus_total,
            stopped: Arc::default(),
            unfinished: Arc::default(),
            engine,
        })
    }
}

/// The texts that lie in files: their ids are the same after the next start.
struct Files(Vec<Range<u64>>);

impl Files {
    fn of(view: &View) -> Self {
        let parts = view.snapshot().term_parts().into_iter();
        let files = parts.filter(|part| part.file_number().is_some());
        Self(files.map(|part| part.range()).collect())
    }

    /// Whether an id stays; `None` for one that says by itself what it means.
    fn keeps(&self, id: Id) -> Option<bool> {
        if id.local_index().is_some() || id.inline_value().is_some() {
            return None;
        }
        Some(id.is_indexed() && self.0.iter().any(|range| range.contains(&id.value())))
    }
}

fn row(bytes: &[u8]) -> Option<Row> {
    let long = |at: usize| {
        let eight = bytes.get(at * 8..at * 8 + 8)?.try_into().ok()?;
        Some(u64::from_le_bytes(eight))
    };
    let both = long(5)?;
    Some(Row {
        focus: Id::from_raw(long(0)?)?,
        value: Id::from_raw(long(1)?),
        property: Id::from_raw(long(2)?),
        bindings: Id::from_raw(long(3)?),
        since: long(4)?,
        site: both as u32,
        found: (both >> 32) as u32,
    })
}

/// Whether a rule may say something else tomorrow about the same statements.
fn reads_clock(shapes: &Shapes) -> bool {
    let constraints = shapes
        .compiled
        .shapes
        .iter()
        .flat_map(|shape| &shape.constraints);
    let mut rules = constraints.filter_map(|constraint| match constraint {
        Constraint::Sparql(rule) => Some(rule),
        _ => None,
    });
    let is_chosen = |target: &Target| matches!(target, Target::Sparql(_));
    let mut targets = shapes
        .compiled
        .shapes
        .iter()
        .flat_map(|shape| &shape.targets);
    rules.any(|rule| rule.key.to_ascii_uppercase().contains("NOW")) || targets.any(is_chosen)
}

fn today() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    now.date().to_string()
}
