//! Inputs of a load that are mended as text, beside those that are not: JSON-LD at once, since its readers drop what has no
//! IRI without a word, the others after something could not be read. Contexts with a flaw that refuses them, too.

use super::Mending;
use super::flags::{N025, N026};
use super::text::mend_text;
use crate::ingest::format::detect;
use crate::ingest::load::{LoadItem, LoadPlan};
use crate::ingest::normalise::{Repair, RepairReport};
use crate::ingest::{ContextStore, Input};
use crate::rdf::format::Format;

/// An input that was mended.
pub(in crate::ingest) struct MendedInput {
    /// What to read in place of it.
    pub(in crate::ingest) item: LoadItem,
    /// Digest of the input as it came.
    pub(in crate::ingest) sha256: [u8; 32],
    /// What was mended.
    pub(in crate::ingest) report: RepairReport,
}

/// The inputs of a load, by their number.
pub(in crate::ingest) struct MendedInputs {
    mended: Vec<Option<MendedInput>>,
    contexts: Option<(ContextStore, Vec<(String, &'static str)>)>,
    is_tried: bool,
}

fn in_force(plan: &LoadPlan) -> Option<&Mending> {
    plan.mending.as_ref().filter(|mending| !mending.strict)
}

impl MendedInputs {
    /// What is mended before anything is read.
    pub(in crate::ingest) fn of(plan: &LoadPlan, items: &[LoadItem]) -> Self {
        let mending = in_force(plan);
        let of_item = |item| mended(plan, mending?, item, true);
        Self {
            mended: items.iter().map(of_item).collect(),
            contexts: None,
            is_tried: false,
        }
    }

    /// The mended input with this number.
    pub(in crate::ingest) fn get(&self, index: usize) -> Option<&MendedInput> {
        self.mended.get(index)?.as_ref()
    }

    /// Mends what can be mended; false when there is nothing more, when it was done before, or when nothing may be mended.
    pub(in crate::ingest) fn try_once(&mut self, plan: &LoadPlan, items: &[LoadItem]) -> bool {
        let Some(mending) = in_force(plan) else {
            return false;
        };
        if std::mem::replace(&mut self.is_tried, true) {
            return false;
        }
        let mut is_more = false;
        for (slot, item) in self.mended.iter_mut().zip(items) {
            if slot.is_none() {
                *slot = mended(plan, mending, item, false);
                is_more |= slot.is_some();
            }
        }
        if mending.on() & (N025 | N026) == N025 | N026 {
            self.contexts = plan.contexts.mended();
            is_more |= self.contexts.is_some();
        }
        is_more
    }

    /// The contexts to read with.
    pub(in crate::ingest) fn contexts<'c>(&'c self, plan: &'c LoadPlan) -> &'c ContextStore {
        self.contexts
            .as_ref()
            .map_or(&plan.contexts, |(contexts, _)| contexts)
    }

    /// Tells of the contexts that were mended and that an input names.
    pub(in crate::ingest) fn note_contexts(&self, item: &LoadItem, report: &mut RepairReport) {
        const HEAD_BYTES: u64 = 64 << 10;
        let Some((_, mended)) = &self.contexts else {
            return;
        };
        let mut head = Vec::new();
        if let Ok(content) = item.input.open() {
            let mut reader = std::io::Read::take(content.reader, HEAD_BYTES);
            // What cannot be read here was read before.
            let _ = std::io::Read::read_to_end(&mut reader, &mut head);
        }
        for (iri, code) in mended {
            if memchr::memmem::find(&head, iri.as_bytes()).is_some() {
                let repair = Repair {
                    code,
                    path: "@context".to_owned(),
                    from: iri.clone(),
                    to: String::new(),
                };
                report.note(item.input.name(), &repair);
            }
        }
    }
}

fn mended(
    plan: &LoadPlan,
    mending: &Mending,
    item: &LoadItem,
    is_early: bool,
) -> Option<MendedInput> {
    let detected = detect(&item.input, item.format, None).ok()?;
    if is_early && (detected.format != Format::JsonLd || detected.empty) {
        return None;
    }
    let text = mend_text(&item.input, detected.format, &plan.limits, mending)?;
    let name = item.input.name();
    let mut report = RepairReport::default();
    text.add_to(&mut report, name);
    Some(MendedInput {
        item: LoadItem {
            input: Input::bytes(name, text.bytes),
            format: Some(detected.format),
            graph: item.graph.clone(),
            base_iri: item
                .base_iri
                .clone()
                .or_else(|| item.input.default_base_iri()),
        },
        sha256: text.sha256,
        report,
    })
}
