//! Integration tests: one binary, one module a topic.

mod conformance;
mod manifest_files;
mod rdf_suites;
mod sparql;
mod suite;
mod tidy;
