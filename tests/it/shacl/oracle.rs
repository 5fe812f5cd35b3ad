//! The engine against a naive per-node oracle on random graphs and shapes.
