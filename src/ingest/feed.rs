//! The change feed of the base registries: CloudEvents that tell which attributes of an object changed, and which object took
//! the place of which. Each event becomes a change of the object in normal form, with its moment as valid time. Events of
//! one object count in the order of their numbers; one that was applied is passed over, so that feeds can be read again,
//! with duplicates and shuffled among objects, and give the same graphs.
//!
//! ```text
//! basisregisters.{type}.create.v1      the object, attribute by attribute
//! basisregisters.{type}.update.v1      attributes that changed, with their old and new values
//! basisregisters.{type}.delete.v1      the object is gone
//! basisregisters.{type}.transform.v1   an object, several, or pairs of them were replaced by others
//! ```

mod apply;
mod event;
mod pages;

pub(super) use apply::{Account, NotApplied, apply};
pub(super) use event::{events_of, mappings_of};
pub use pages::{FeedOptions, FeedSummary, read_feed};

/// Media type of a page of a feed.
pub const BATCH: &str = "application/cloudevents-batch+json";
