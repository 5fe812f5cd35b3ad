//! Integration tests: one binary, one module a topic.

mod conformance;
mod shacl;
mod sparql;
mod suite;
mod tidy;
