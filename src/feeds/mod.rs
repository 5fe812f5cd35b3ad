//! What others follow: the state and the log told in the terms of those who take it over, such as portals with a DCAT catalogue.
//! Projections; nothing here writes statements, and nothing knows HTTP.

pub mod catalogue;
