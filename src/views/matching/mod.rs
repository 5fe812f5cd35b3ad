//! Finds addresses, street names and municipalities by what people write: misspelt, shortened, with a wrong postcode, or by
//! the names of before a merger. Data in, data out; knows no HTTP and no parameters.
//!
//! An [`Index`] of a state holds names alone. Addresses are found in the state itself, by street and house number, so that
//! a million of them take no memory here. How points come about is told in `docs/matching.md`.

mod addresses;
mod distance;
mod find;
mod index;
mod line;
mod names;
mod numbers;
mod question;
mod render;
mod whereabouts;
mod words;

pub use find::find;
pub(crate) use index::literal;
pub use index::{Index, Matcher};
pub use line::{LineQuestion, Suggestion, Wanted, suggest};
pub use question::{Answer, Found, Question, Warning};
pub use render::{Renderer, Version, text_of};
