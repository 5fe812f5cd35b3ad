//! Dutch texts of arguments about sources and their graphs.

/// Command, argument and text.
pub(super) const SOURCES_DUTCH: &[(&str, &str, &str)] = &[
    (
        "source",
        "allow_host",
        "Nog een host waar de bron naar mag verwijzen; mag meermaals",
    ),
    (
        "source",
        "query",
        "Bestand met de CONSTRUCT die een SPARQL-eindpunt gevraagd wordt",
    ),
    (
        "source",
        "dataset",
        "Dataset van een catalogus die opgenomen wordt; mag meermaals [standaard: alle]",
    ),
    (
        "source",
        "fetch_contexts",
        "Haal JSON-LD-contexten die ontbreken één keer op, van de hosts van de bron",
    ),
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
