//! Event streams as others read them: Linked Data Event Streams ([LDES](https://w3id.org/ldes/specification)) in pages of
//! [TREE](https://w3id.org/tree/specification). Which members a page has, what it says of other pages, and how it is
//! written; knows no routes and keeps nothing.
//!
//! A stream has one entry and, below it, a search tree over its members by time: leaves of 250 members, nodes of 32 leaves
//! or nodes. Members never move, so a leaf or node that is full never changes; what is not full is the way to the tail.

mod describe;
mod latest;
mod pages;
mod views;
mod write;

pub use describe::{LDES, write_shape};
pub use latest::{Latest, latest};
pub use pages::{MEMBERS, Node};
pub(in crate::feeds) use views::remove_view_files;
pub use views::{Asked, Made, ViewError, Views};
pub use write::{Page, Reading, write_entry, write_member, write_node};
