//! Work counted, not seconds: shared paths are read once, small sets do not scan large extents.
