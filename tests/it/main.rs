//! Integration tests.

mod manifest_files;
mod rdf_suites;
mod suite;
