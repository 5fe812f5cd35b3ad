//! Linked-data registry and SPARQL endpoint for Flemish local governments: one log, one snapshot, many views.
//! Start at `ARCHITECTURE.md`; the modules below are listed there in the order in which they may use each other.
pub mod access;
pub mod cli;
pub mod feeds;
pub mod generate;
pub mod http;
pub mod ingest;
pub mod observations;
pub mod query;
pub mod rdf;
pub mod registry;
pub mod shapes;
pub mod store;
pub mod views;
