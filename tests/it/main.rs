//! Integration tests.

mod bad_input;
mod manifest_files;
mod rdf_suites;
mod suite;
//! Integration tests: one binary, one module a topic.

mod conformance;
mod sparql;
mod suite;
mod tidy;
