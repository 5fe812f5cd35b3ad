//! Pages for people (being written).
