//! Integration tests: one binary, one module a topic.

mod conformance;
mod sparql;
mod suite;
mod tidy;
