//! More Dutch texts of arguments: of commands with many words.

/// Command, argument and text; "" is the command itself.
pub(super) const MORE_DUTCH: [(&str, &str, &str); 14] = [
    (
        "load",
        "strict",
        "Weiger records van de bronnen die hersteld zouden moeten worden",
    ),
    (
        "normalise",
        "",
        "Zet records van de authentieke bronnen om in OSLO-uitspraken, zonder ze te bewaren",
    ),
    (
        "normalise",
        "paths",
        "JSON-bestanden van een bron: een record, een lijst of een omslag",
    ),
    ("normalise", "format", "Syntaxis van de uitspraken"),
    ("normalise", "report", "Vorm van het verslag"),
    (
        "normalise",
        "strict",
        "Weiger een record in plaats van het te herstellen",
    ),
    (
        "generate",
        "seed",
        "Startgetal: hetzelfde getal geeft dezelfde bytes",
    ),
    (
        "generate",
        "faults",
        "Deel van de objecten dat elke soort fout krijgt, van 0 tot 1 (0.001 is één op duizend)",
    ),
    (
        "generate",
        "truth",
        "Waar de geplante fouten staan, als CSV (code,focus,path,wrong,right)",
    ),
    ("generate", "year", "Jaar van de recentste wijzigingen"),
    (
        "quarantine",
        "",
        "Toon wat in quarantaine wacht, en waarom; probeer het opnieuw of geef het op",
    ),
    ("quarantine", "action", "Wat er moet gebeuren"),
    (
        "quarantine",
        "members",
        "IRI's van de leden om te tonen of op te geven",
    ),
    (
        "quarantine",
        "graph",
        "Alleen wat in deze graaf hoort: een IRI, de naam onder BASE/graph/, of \"default\"",
    ),
];
