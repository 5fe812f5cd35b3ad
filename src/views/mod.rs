//! What callers see of the registry: documents, collections, pages and texts, made from one [`View`](crate::store::View).
//! Declared, not programmed: a register's declaration decides what is nested, listed and filtered.
//! Fetches nothing, writes nothing, knows no HTTP status codes.

pub mod codes;
pub mod collection;
pub mod compact;
pub mod context;
pub mod explain;
pub mod html;
pub mod jsonld;
pub mod labels;
mod names;
mod outline;
pub mod profiles;
pub mod rdf_document;
pub mod resource;
mod selection;
pub mod service;
#[cfg(test)]
mod test_data;
pub mod void;

pub use collection::{CollectionIndex, CollectionQuery, FilterError, Page, Refused, WrongValue};
pub use context::{Context, ContextError};
pub use names::{KeptNames, Names};
pub use outline::{Outline, Rules};
pub use resource::{EmbedRules, Node, Property, TooLarge, Tree, Value, build_tree};
pub use selection::{Keys, Selection};
