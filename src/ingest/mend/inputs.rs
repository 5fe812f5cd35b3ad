//! Inputs of a load that had to be mended as text, beside those that did not. Mends only after something could not be read.

use super::Mending;
use super::text::mend_text;
use crate::ingest::Input;
use crate::ingest::format::detect;
use crate::ingest::load::{LoadItem, LoadPlan};
use crate::ingest::normalise::RepairReport;

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
    is_tried: bool,
}

impl MendedInputs {
    /// None so far.
    pub(in crate::ingest) fn none(count: usize) -> Self {
        Self {
            mended: (0..count).map(|_| None).collect(),
            is_tried: false,
        }
    }

    /// The mended input with this number.
    pub(in crate::ingest) fn get(&self, index: usize) -> Option<&MendedInput> {
        self.mended.get(index)?.as_ref()
    }

    /// Mends what can be mended; false when there is nothing, when it was done before, or when nothing may be mended.
    pub(in crate::ingest) fn try_once(&mut self, plan: &LoadPlan, items: &[LoadItem]) -> bool {
        let Some(mending) = plan.mending.as_ref().filter(|mending| !mending.strict) else {
            return false;
        };
        if std::mem::replace(&mut self.is_tried, true) {
            return false;
        }
        for (slot, item) in self.mended.iter_mut().zip(items) {
            *slot = mended(plan, mending, item);
        }
        self.mended.iter().any(Option::is_some)
    }
}

fn mended(plan: &LoadPlan, mending: &Mending, item: &LoadItem) -> Option<MendedInput> {
    let detected = detect(&item.input, item.format, None).ok()?;
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
