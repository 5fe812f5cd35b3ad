//! Dutch texts of arguments about sources and their graphs.

/// Command, argument and text.
pub(super) const SOURCES_DUTCH: &[(&str, &str, &str)] = &[
    (
        "load",
        "force",
        "Schrijf ook in grafen van aangegeven bronnen",
    ),
    (
        "update",
        "force",
        "Schrijf ook in grafen van aangegeven bronnen",
    ),
    (
        "harvest",
        "force",
        "Schrijf in de graaf, ook al is ze van een andere bron",
    ),
];
