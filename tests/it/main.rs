//! Integration tests: one binary, one module a topic.

mod bad_input;
mod cli;
mod clients;
mod conformance;
mod crash;
mod differential;
mod federation;
mod fuzzed;
mod gate;
mod geo;
mod hostile;
mod http;
mod json_ld_suite;
mod keeping;
mod manifest_files;
mod oslo;
mod plan;
mod protocol;
mod rdf12;
mod rdf_suites;
mod roundtrip;
mod served;
mod shacl;
mod soak;
mod solutions;
mod sparql;
mod stored;
mod suite;
mod text;
mod tidy;
<<<<<<< HEAD
mod validating;
=======
mod validators;
>>>>>>> peersval
mod views;
