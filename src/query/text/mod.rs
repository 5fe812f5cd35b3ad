//! Full text: literals by the words they hold, from SPARQL.
//!
//! `?literal text:search "adres*"` binds the literals that match, `text:matches(?literal, "adres*")` tests one. The index is
//! a function of the dictionary, whose texts and ids never change: the store keeps it beside the texts, in files where these
//! are in files (see `store::derived`). What a reader sees comes from the quads of its view, so graphs,
//! rights and earlier states need nothing of their own. Knows words and literals; `algebra_in` knows the patterns.
//!
//! Literals are those of `xsd:string` and those with a language, up to [`MAX_LITERAL_BYTES`].

mod functions;
mod fuzzy;
mod index;
mod language;
mod matching;
mod search;
mod segment;
mod syntax;
mod words;

#[cfg(test)]
mod tests;

pub(super) use functions::with_functions;
pub(super) use index::TextIndex;
pub(super) use language::LanguageRange;
pub(crate) use search::best_literals;
pub(super) use search::{Amount, Hit, search};
pub(super) use syntax::TextQuery;
pub(crate) use words::fold;

/// Namespace of the properties and the function.
pub(super) const NAMESPACE: &str = "urn:x-oslo:text#";
/// The property that binds the literals that match.
pub(super) const SEARCH: &str = "urn:x-oslo:text#search";
/// The same in Dutch.
pub(super) const ZOEK: &str = "urn:x-oslo:text#zoek";
/// The function that tells whether a literal matches.
pub(super) const MATCHES: &str = "urn:x-oslo:text#matches";

/// Longest literal that is searched, in bytes of UTF-8.
pub(super) const MAX_LITERAL_BYTES: usize = 64 << 10;
/// Most literals that one search binds.
pub(super) const MAX_HITS: usize = 10_000;
