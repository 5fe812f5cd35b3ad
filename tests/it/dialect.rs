//! The dialect of the base registries over HTTP: recorded bodies asked back, every route and every problem of it.

mod recorded;
mod routes;
