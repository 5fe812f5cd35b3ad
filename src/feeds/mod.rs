//! What others follow: feeds of what changes here. Decides nothing about who may read them.

pub mod log_feed;
