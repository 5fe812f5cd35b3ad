//! Observations as people and gateways write them, as batches for the store: JSON, lines of JSON, and SOSA in JSON-LD. Says of
//! every observation that cannot be read where it stands and why; whether it may be stored is judged in `observations`.

mod about;
mod batch;
mod json;
mod result;
mod sosa;
#[cfg(test)]
mod tests;

pub use about::{Known, SeriesAbout, about};
pub use batch::{Flaw, Malformed, ObservedError};
pub use json::{read_json, read_lines};
pub use result::{Told, make, read_moment, read_span};
pub use sosa::read_sosa;
