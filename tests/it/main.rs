//! Integration tests.
mod conformance;
mod sparql;
mod suite;
