//! Integration tests: one binary, one module a topic.

mod conformance;
mod http;
mod manifest_files;
mod rdf_suites;
mod shacl;
mod sparql;
mod suite;
mod tidy;
mod views;
