//! Pages of a feed over HTTP.
