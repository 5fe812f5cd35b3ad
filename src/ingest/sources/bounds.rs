//! How much a run of a source may cost, whatever comes from outside.

use crate::ingest::fetch::{FetchOptions, host_of};
use crate::registry::{DeclaredSource, option};

/// Bounds of one run.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bounds of the client; hosts and permissions come from the source.
    pub fetch: FetchOptions,
    /// Most pages of an endpoint or catalogue.
    pub max_pages: u64,
    /// Most bytes of all documents of a run together.
    pub max_bytes: u64,
    /// Most statements of all pages of a run together.
    pub max_statements: u64,
    /// Most distributions of a catalogue.
    pub max_distributions: usize,
    /// Solutions asked for in one page.
    pub page_rows: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            fetch: FetchOptions::default(),
            max_pages: 100_000,
            max_bytes: 16 << 30,
            max_statements: 100_000_000,
            max_distributions: 1_000,
            page_rows: 10_000,
        }
    }
}

impl Bounds {
    /// Where a source may lead, and what it may cost.
    pub(super) fn fetch_options(&self, source: &DeclaredSource) -> FetchOptions {
        let mut hosts: Vec<String> = host_of(&source.location).into_iter().collect();
        hosts.extend(source.words(option::HOSTS));
        FetchOptions {
            hosts,
            allow_private: source.allow_private,
            ..self.fetch.clone()
        }
    }
}
