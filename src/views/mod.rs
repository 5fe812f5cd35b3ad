//! What callers see of the registry: documents, collections, pages and texts, made from one [`View`](crate::store::View).
//! Declared, not programmed: a register's declaration decides what is nested, listed and filtered.
//! Fetches nothing, writes nothing, knows no HTTP status codes.

pub mod codes;
pub mod collection;
pub mod compact;
pub mod context;
pub mod dialect;
pub mod explain;
pub mod framing;
pub mod html;
pub mod interface;
pub mod json_ld_forms;
pub mod json_schema;
pub mod jsonld;
pub mod labels;
pub mod matching;
mod names;
pub mod openapi;
mod outline;
pub mod patch;
pub mod process;
pub mod profiles;
pub mod quads;
pub mod rdf_document;
pub mod resource;
pub mod searching;
mod selection;
pub mod sensorthings;
pub mod service;
pub mod shipped;
pub mod state_tag;
#[cfg(test)]
mod test_data;
pub mod versions;
pub mod void;
pub mod written;

pub use collection::{CollectionIndex, CollectionQuery, FilterError, Page, Refused, WrongValue};
pub use context::{Context, ContextError};
pub use dialect::Dialect;
pub use names::{KeptNames, Names};
pub use outline::{Outline, Rules};
pub use resource::{EmbedRules, Node, Property, TooLarge, Tree, Value, build_tree};
pub use selection::{Keys, Selection};
pub use state_tag::{StateTag, state_tag};
