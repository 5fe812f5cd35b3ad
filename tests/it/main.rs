//! Integration tests: one binary, one module a topic.

mod bad_input;
mod conformance;
mod json_ld_suite;
mod manifest_files;
mod rdf_suites;
mod shacl;
mod sparql;
mod suite;
mod tidy;
