//! Kinds of sources.
