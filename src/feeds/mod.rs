//! What others harvest: event streams of the registers. Reads the public view of each state and the log; decides nothing
//! about who may see what, knows no routes and no status codes.

pub mod ldes;
pub mod stream;
mod switches;

pub use switches::Switches;
