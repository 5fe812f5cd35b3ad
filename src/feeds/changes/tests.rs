//! The laws of the change feed.
