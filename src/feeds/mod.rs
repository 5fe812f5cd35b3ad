//! What others harvest and are told of: event streams of the registers, change feeds, pushed changes, dumps, a catalogue, the log for replicas.
//! Reads the public view of each state and the log; decides nothing about who may see what, knows no routes and no status
//! codes.

pub mod catalogue;
pub mod changes;
pub mod dumps;
pub mod ldes;
pub mod log_feed;
pub mod push;
pub mod stream;
mod switches;

pub use switches::{Switches, remove_files};
