//! Servers that follow another, as processes of their own: killed and restarted while their primary is written to, lied to on
//! the way, left behind, led astray. What they answer at a commit is compared with what the primary answers as of it.
//!
//! - `OSLO_REPLICA_ROUNDS`: how often the follower is killed (a short run without it; `make replica` takes 50).
//! - `OSLO_REPLICA_MEASURE`: measures how well a follower keeps up, and prints that.

mod killed;
mod measured;
mod node;
mod refused;

/// Bits that are flipped on the way from a primary to its follower.
mod proxy;
