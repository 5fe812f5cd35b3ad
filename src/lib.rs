//! Linked-data registry and SPARQL endpoint for Flemish local governments: one log, one snapshot, many views.
pub mod access;
pub mod cli;
pub mod query;
pub mod rdf;
pub mod registry;
pub mod shapes;
pub mod store;
pub mod views;
