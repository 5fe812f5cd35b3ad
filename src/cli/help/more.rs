//! More Dutch texts of arguments: of commands with many words.

/// Command, argument and text; "" is the command itself.
pub(super) const MORE_DUTCH: &[(&str, &str, &str)] = &[
    ("load", "strict", "Weiger wat hersteld zou moeten worden"),
    (
        "load",
        "repair",
        "Herstel ook RDF: namen van naamruimten, termen, identificatoren en coördinatenstelsels, bytes die geen UTF-8 zijn",
    ),
    (
        "load",
        "keep",
        "Herstellingen die niet gebeuren, als codes met komma's ertussen",
    ),
    (
        "load",
        "report",
        "Vorm van wat over herstellingen verteld wordt, op de standaardfout",
    ),
    (
        "generate",
        "merged",
        "Hoeveel gemeenten in de stad opgingen; haar straten hadden vroeger andere namen",
    ),
    (
        "generate",
        "misspelt",
        "Waar verkeerd gespelde vragen naar adressen komen, als CSV (kind,query,address), om het matchen mee te proberen",
    ),
    (
        "generate",
        "misspellings",
        "Hoeveel verkeerd gespelde vragen",
    ),
    (
        "serve",
        "require_if_match",
        "Weiger een wijziging van een bestaand object die met If-Match niet zegt welke toestand ze wijzigt (428)",
    ),
    (
        "serve",
        "rate_limit",
        "Hoeveel verzoeken een klant (een adres) per minuut mag doen [standaard: onbeperkt]",
    ),
    (
        "serve",
        "behind_proxy",
        "Klanten komen via een proxy op deze computer, die hun adres in X-Forwarded-For zet",
    ),
    (
        "serve",
        "follow",
        "Volg de server op dit adres: neem zijn log over, en geen wijzigingen van elders",
    ),
    (
        "serve",
        "follow_token_file",
        "Bestand met het token om te volgen",
    ),
    (
        "serve",
        "max_lag",
        "Hoe ver deze server achter mag lopen voor /health 503 antwoordt, zoals 30s of 5m [standaard: onbeperkt]",
    ),
    (
        "serve",
        "follower_token_file",
        "Bestand met een token waarmee andere servers deze mogen volgen, en niets anders",
    ),
    (
        "source",
        "keep",
        "Herstellingen die niet gebeuren, als codes met komma's ertussen, of \"all\"",
    ),
    ("source", "strict", "Weiger wat hersteld zou moeten worden"),
    (
        "normalise",
        "",
        "Zet records van de authentieke bronnen om in OSLO-uitspraken, zonder ze te bewaren",
    ),
    (
        "normalise",
        "paths",
        "Bestanden van een bron in JSON, XML of CSV: een record, een lijst, een omslag of een tabel",
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
    ("harvest", "", "Neem een bron op, en wat ze later toevoegt"),
    ("harvest", "kind", "Soort bron"),
    (
        "harvest",
        "url",
        "Waar de bron begint: een ldes:EventStream of een weergave ervan",
    ),
    (
        "harvest",
        "graph",
        "Graaf van de bron: een IRI, of de naam onder BASE/graph/",
    ),
    (
        "harvest",
        "form",
        "Wat bewaard wordt: de toestand van elk object, of al zijn versies",
    ),
    (
        "harvest",
        "once",
        "Eén ronde, in plaats van te blijven volgen",
    ),
    (
        "harvest",
        "interval",
        "Seconden tussen twee rondes [standaard: zoals de bron vraagt, anders 60]",
    ),
    (
        "harvest",
        "name",
        "Naam van de bron, waaronder onthouden wordt hoe ver ze is [standaard: naar haar adres]",
    ),
    (
        "harvest",
        "allow_private",
        "Laat adressen van deze machine en van eigen netwerken toe",
    ),
    (
        "harvest",
        "allow_host",
        "Nog een host waar de bron naar mag verwijzen; mag meermaals",
    ),
    (
        "harvest",
        "rate",
        "Meeste aanvragen per seconde aan één host; 0 is onbegrensd",
    ),
    (
        "harvest",
        "max_page",
        "Grootste pagina, uitgepakt, zoals 64MiB",
    ),
    (
        "harvest",
        "on_violation",
        "Hoe streng leden beoordeeld worden [standaard: zoals de regel van de graaf zegt, anders weigeren]",
    ),
    (
        "harvest",
        "context_map",
        "Lokale kopieën van JSON-LD-contexten: een tabel van context-IRI en pad",
    ),
    (
        "source",
        "",
        "Leg vast wat van elders opgenomen wordt, en neem het op",
    ),
    (
        "catalogue",
        "",
        "Stel de catalogus van datasets (DCAT) in, toon en controleer hem",
    ),
    ("catalogue", "action", "Wat er moet gebeuren"),
    (
        "catalogue",
        "file",
        "Voor \"set\" het bestand met titels, uitgever, contact en licenties; voor \"check\" zo'n bestand om eerst te proberen",
    ),
    ("source", "action", "Wat er moet gebeuren"),
    (
        "source",
        "names",
        "Namen van bronnen; voor \"add\" één naam en de plaats: een pad of een adres",
    ),
    (
        "source",
        "kind",
        "Hoe ze gelezen wordt [standaard: file voor een pad, http voor een adres]",
    ),
    (
        "source",
        "graph",
        "Graaf die ze vult: een IRI, of een naam onder BASE/graph/ [standaard: bron/NAAM]",
    ),
    (
        "source",
        "every",
        "Hoe vaak \"oslo serve\" ze leest, zoals 30s, 15m, 6h of 1d [standaard: alleen als het gevraagd wordt]",
    ),
    (
        "source",
        "allow_private",
        "Laat adressen van deze machine en van privénetwerken toe",
    ),
    (
        "serve",
        "dumps",
        "Maak dumps van wat wijzigde, elk uur of elke dag, in DATA/dumps",
    ),
    (
        "dump",
        "",
        "Schrijf registers uit als bestanden voor portalen en analisten",
    ),
    (
        "dump",
        "registers",
        "Registers om uit te schrijven, of \"alles\" voor elke uitspraak [standaard: die met iets erin]",
    ),
    (
        "dump",
        "format",
        "Formaten, met komma's ertussen [standaard: alle]",
    ),
    (
        "dump",
        "pack",
        "Hoe bestanden ingepakt worden, met een komma ertussen [standaard: allebei]",
    ),
    (
        "dump",
        "to",
        "Map voor de dumps [standaard: DATA/dumps, waar de server ze vindt]",
    ),
    (
        "feed",
        "",
        "Som stromen en hun weergaven op; verwijder ze of breng ze terug",
    ),
    ("feed", "action", "Wat er moet gebeuren"),
    (
        "feed",
        "names",
        "Namen van stromen, zoals adressen, of van weergaven, zoals adressen/gemeente",
    ),
    (
        "dump",
        "keep",
        "Bewaar van elk register alleen zoveel dumps, de nieuwste [standaard: alle]",
    ),
];

/// Examples below the help of `dump`: name, Dutch, English.
pub(super) const DUMP_EXAMPLE: (&str, &str, &str) = (
    "dump",
    "  oslo dump\n  oslo dump adressen --format csv,geojson --pack gz --to /srv/uitwisseling\n  oslo dump alles --keep 3\n\nDezelfde toestand geeft dezelfde bytes. Wat niet wijzigde, wordt niet opnieuw uitgeschreven.",
    "  oslo dump\n  oslo dump adressen --format csv,geojson --pack gz --to /srv/exchange\n  oslo dump alles --keep 3\n\nThe same state gives the same bytes. What did not change is not written out again.",
);

/// Examples below the help of `feed`: name, Dutch, English.
pub(super) const FEED_EXAMPLE: (&str, &str, &str) = (
    "feed",
    "  oslo feed\n  oslo feed off adressen/gemeente percelen\n  oslo feed on percelen\n\nWat uit staat antwoordt met 410. De bestanden ervan gaan meteen weg; wat weer aan staat wordt opnieuw gemaakt uit het logboek.",
    "  oslo feed\n  oslo feed off adressen/gemeente percelen\n  oslo feed on percelen\n\nWhat is off answers 410. Its files go at once; what is on again is made anew from the log.",
);

/// Examples below the help of `source`: name, Dutch, English.
pub(super) const SOURCE_EXAMPLE: (&str, &str, &str) = (
    "source",
    "  oslo source add hinder https://data.example/ldes/hinder --kind ldes --every 5m\n  oslo source add wijken data/wijken.ttl\n  oslo source run wijken\n  oslo source show hinder\n\nElke bron vult één graaf. Wie ze twee keer leest terwijl er niets wijzigde, maakt geen commit.",
    "  oslo source add works https://data.example/ldes/works --kind ldes --every 5m\n  oslo source add areas data/areas.ttl\n  oslo source run areas\n  oslo source show works\n\nEach source fills one graph. Reading it twice while nothing changed makes no commit.",
);

/// Examples below the help of `catalogue`: name, Dutch, English.
pub(super) const CATALOGUE_EXAMPLE: (&str, &str, &str) = (
    "catalogue",
    "  oslo catalogue show > catalogus.toml   # een begin\n  oslo catalogue check catalogus.toml\n  oslo catalogue set catalogus.toml",
    "  oslo catalogue show > catalogue.toml   # a beginning\n  oslo catalogue check catalogue.toml\n  oslo catalogue set catalogue.toml",
);

/// Examples below the help of `harvest`: name, Dutch, English.
pub(super) const HARVEST_EXAMPLE: (&str, &str, &str) = (
    "harvest",
    "  oslo harvest ldes https://data.example/ldes/adressen --graph adressen --once\n  oslo harvest ldes https://data.example/ldes/adressen --graph adressen --as versions\n\nEr wordt verdergegaan waar een vorige ronde ophield. Niets nieuws is geen commit.",
    "  oslo harvest ldes https://data.example/ldes/addresses --graph addresses --once\n  oslo harvest ldes https://data.example/ldes/addresses --graph addresses --as versions\n\nIt goes on where a previous run ended. Nothing new is no commit.",
);
