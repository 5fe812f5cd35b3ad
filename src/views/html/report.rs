//! A validation report for people.
