//! Hostile input for every kind of source.
