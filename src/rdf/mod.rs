//! RDF vocabulary of the whole crate: terms as text, well-known IRIs, media types, labels, versions.
//! Pure functions and tables; does no input or output.

pub mod format;
pub mod label;
pub mod shacl;
pub mod text;
pub mod version;
pub mod vocab;
