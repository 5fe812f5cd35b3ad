//! Integration tests.
mod shacl;
mod suite;
