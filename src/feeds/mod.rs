//! What others are told of the log as it grows. Reads the log and states; writes nothing to the registry, knows no routes.

pub mod push;
