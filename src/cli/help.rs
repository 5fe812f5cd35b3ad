//! Help that reads well: commands in groups with examples, in Dutch and English.
//! English texts of arguments stand beside the arguments; this file holds the Dutch ones and what surrounds them.

mod more;
mod sources;
mod subscriptions;

use crate::rdf::label::Language;
use clap::Command;
use more::MORE_DUTCH;
use sources::SOURCES_DUTCH;
use subscriptions::SUBSCRIPTIONS_DUTCH;

const TEMPLATE: &str =
    "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

const GROUPS_EN: &str = "\
Start here:
  demo       Load the example registry, check it and serve it
  serve      Serve the registry over HTTP

Data:
  load       Load files and folders
  harvest    Take in a source, and what it adds later
  source     Declare what is taken in from elsewhere, and take it in
  subscription Declare who is told of changes
  normalise  Turn records of the authentic sources into OSLO statements
  validate   Check the registry, or files, against the shapes
  lint       Check shapes themselves, before any data
  gate       Show or change how strictly commits are judged, per graph
  quarantine Show what waits in quarantine, and why; try it again or give it up
  export     Write the whole registry, or one graph, to standard output
  dump       Write registers out as files for portals and analysts
  feed       List event streams and their views; remove them or bring them back
  generate   Make a synthetic town, with faults to find when asked

Questions:
  query      Ask a SPARQL query
  update     Change the registry with SPARQL Update

Care:
  log        Show the commits of the log
  check      Check the log, its chain and the index
  backup     Copy the registry to a folder, beside a running server
  restore    Put back a backup, or an earlier state of it
  compact    Merge the index into its smallest form, or give up old commits
  rebuild    Make the index anew from the log
  settings   Show or change what the registry was set to, such as RDF 1.2
  catalogue  Set, show and check the catalogue of data sets (DCAT)
  explain    Explain a code such as V004 or L041";

const GROUPS_NL: &str = "\
Begin hier:
  demo       Laad het voorbeeldregister, controleer het en dien het op
  serve      Dien het register op over HTTP

Gegevens:
  load       Laad bestanden en mappen
  harvest    Neem een bron op, en wat ze later toevoegt
  source     Leg vast wat van elders opgenomen wordt, en neem het op
  subscription Leg vast wie van wijzigingen op de hoogte gebracht wordt
  normalise  Zet records van de authentieke bronnen om in OSLO-uitspraken
  validate   Controleer het register, of bestanden, tegen de vormen
  lint       Controleer vormen zelf, nog voor er gegevens zijn
  gate       Toon of wijzig hoe streng commits beoordeeld worden, per graaf
  quarantine Toon wat in quarantaine wacht, en waarom; probeer het opnieuw of geef het op
  export     Schrijf het hele register, of één graaf, naar de standaarduitvoer
  dump       Schrijf registers uit als bestanden voor portalen en analisten
  feed       Som stromen en hun weergaven op; verwijder ze of breng ze terug
  generate   Maak een verzonnen stad, desgewenst met te vinden fouten

Vragen:
  query      Stel een SPARQL-vraag
  update     Wijzig het register met SPARQL Update

Onderhoud:
  log        Toon de commits van het logboek
  check      Controleer het logboek, zijn keten en de index
  backup     Kopieer het register naar een map, naast een draaiende server
  restore    Zet een reservekopie terug, of een vroegere toestand ervan
  compact    Voeg de index samen tot zijn kleinste vorm, of geef oude commits op
  rebuild    Maak de index opnieuw uit het logboek
  settings   Toon of wijzig hoe het register ingesteld is, zoals RDF 1.2
  catalogue  Stel de catalogus van datasets (DCAT) in, toon en controleer hem
  explain    Leg een code uit, zoals V004 of L041";

const AFTER_EN: &str = "\
Examples:
  oslo demo
  oslo load adressen.ttl.gz vocab/
  oslo query 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o }'
  oslo validate mine.ttl

Exit codes: 0 done · 1 something does not conform or was refused · 2 could not run · 3 undetermined.
`oslo COMMAND --help` tells more.";

const AFTER_NL: &str = "\
Voorbeelden:
  oslo demo
  oslo load adressen.ttl.gz vocab/
  oslo query 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o }'
  oslo validate mijn.ttl

Afloopcodes: 0 gedaan · 1 iets voldoet niet of is geweigerd · 2 kon niet draaien · 3 onbeslist.
`oslo OPDRACHT --help` vertelt meer.";

/// Examples below the help of a command: name, Dutch, English.
const EXAMPLES: &[(&str, &str, &str)] = &[
    more::CATALOGUE_EXAMPLE,
    more::DUMP_EXAMPLE,
    more::FEED_EXAMPLE,
    more::HARVEST_EXAMPLE,
    more::SOURCE_EXAMPLE,
    subscriptions::SUBSCRIPTION_EXAMPLE,
    (
        "demo",
        "  oslo demo                          # op http://127.0.0.1:7400\n  oslo --data /srv/proef demo --no-serve",
        "  oslo demo                          # at http://127.0.0.1:7400\n  oslo --data /srv/trial demo --no-serve",
    ),
    (
        "serve",
        "  oslo serve --bind 0.0.0.0:7400 --admin-token-file /etc/oslo/token\n  oslo serve --allow-service https://stad.example/sparql\n  oslo --data /srv/replica serve --follow https://stad.example --follow-token-file /etc/oslo/volger",
        "  oslo serve --bind 0.0.0.0:7400 --admin-token-file /etc/oslo/token\n  oslo serve --allow-service https://town.example/sparql\n  oslo --data /srv/replica serve --follow https://town.example --follow-token-file /etc/oslo/follower",
    ),
    (
        "load",
        "  oslo load adressen.ttl\n  oslo load --keep-going --on-violation warn leveringen/\n  oslo load --graph https://stad.example/graph/bomen --replace bomen.jsonld\n\nElk bestand is één commit: het staat er helemaal in, of er is niets gewijzigd.",
        "  oslo load adressen.ttl\n  oslo load --keep-going --on-violation warn deliveries/\n  oslo load --graph https://town.example/graph/trees --replace trees.jsonld\n\nEvery file is one commit: all of it is in, or nothing was changed.",
    ),
    (
        "normalise",
        "  oslo normalise adres.json\n  oslo normalise --format turtle --report json adressen.json 2> herstellingen.json\n\nDe uitspraken komen op de standaarduitvoer, het verslag van de herstellingen op de standaardfoutuitvoer.",
        "  oslo normalise address.json\n  oslo normalise --format turtle --report json addresses.json 2> repairs.json\n\nThe statements go to standard output, the report of the repairs to standard error.",
    ),
    (
        "validate",
        "  oslo validate                      # het opgeslagen register\n  oslo validate mijn.ttl             # een bestand, zonder het op te slaan\n  oslo validate --shapes eigen.ttl --format turtle mijn.ttl\n  oslo validate --profile adres --output rapport.sarif mijn.ttl\n  oslo validate --baseline gisteren.ndjson --fail-on violation --format ndjson",
        "  oslo validate                      # the stored registry\n  oslo validate mine.ttl             # a file, without storing it\n  oslo validate --shapes own.ttl --format turtle mine.ttl\n  oslo validate --profile adres --output report.sarif mine.ttl\n  oslo validate --baseline yesterday.ndjson --fail-on violation --format ndjson",
    ),
    (
        "lint",
        "  oslo lint                          # de vormen van het opgeslagen register\n  oslo lint eigen.ttl\n  oslo lint --no-notes --format json vormen/",
        "  oslo lint                          # the shapes of the stored registry\n  oslo lint own.ttl\n  oslo lint --no-notes --format json shapes/",
    ),
    (
        "query",
        "  oslo query 'SELECT ?s { ?s a <https://data.vlaanderen.be/ns/adres#Adres> } LIMIT 5'\n  oslo query -f vraag.rq --format csv --timeout 30 > antwoord.csv\n  oslo query --as-of 2024-12-31 -f vraag.rq\n  oslo query --valid-on 2024-12-31 -f vraag.rq\n  oslo query --explain -f vraag.rq\n  oslo query --stored adressen-van-straat --set straat=Markt",
        "  oslo query 'SELECT ?s { ?s a <https://data.vlaanderen.be/ns/adres#Adres> } LIMIT 5'\n  oslo query -f question.rq --format csv --timeout 30 > answer.csv\n  oslo query --as-of 2024-12-31 -f question.rq\n  oslo query --valid-on 2024-12-31 -f question.rq\n  oslo query --explain -f question.rq\n  oslo query --stored adressen-van-straat --set straat=Markt",
    ),
    (
        "update",
        "  oslo update 'INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }'",
        "  oslo update 'INSERT DATA { GRAPH <urn:g> { <urn:a> <urn:b> 1 } }'",
    ),
    (
        "export",
        "  oslo export | gzip > register.nq.gz\n  oslo export --format trig --graph http://127.0.0.1:7400/graph/adressen",
        "  oslo export | gzip > registry.nq.gz\n  oslo export --format trig --graph http://127.0.0.1:7400/graph/adressen",
    ),
    ("log", "  oslo log --since 120", "  oslo log --since 120"),
    (
        "check",
        "  oslo check && echo in orde\n  oslo check --deep                  # ook elk blok van de index",
        "  oslo check && echo all is well\n  oslo check --deep                  # every block of the index too",
    ),
    (
        "backup",
        "  oslo backup /mnt/kopie/$(date +%F)\n  oslo --data /mnt/kopie/2026-03-01 check --deep\n\nDe kopie is zelf een datamap. Wat nooit meer wijzigt wordt gelinkt als het op dezelfde schijf ligt.",
        "  oslo backup /mnt/copy/$(date +%F)\n  oslo --data /mnt/copy/2026-03-01 check --deep\n\nThe copy is a data folder itself. What never changes any more is linked when it is on the same disk.",
    ),
    (
        "restore",
        "  oslo --data /srv/oslo restore /mnt/kopie/2026-03-01\n  oslo --data /srv/eindejaar restore /srv/oslo --as-of 2025-12-31",
        "  oslo --data /srv/oslo restore /mnt/copy/2026-03-01\n  oslo --data /srv/year-end restore /srv/oslo --as-of 2025-12-31",
    ),
    (
        "compact",
        "  oslo compact                       # de index, niets wordt opgegeven\n  oslo compact --keep-days 730\n  oslo compact --before 2024-01-01\n\nOpgegeven commits komen niet terug: hun toestand blijft, de wijzigingen ertussen verdwijnen.",
        "  oslo compact                       # the index, nothing is given up\n  oslo compact --keep-days 730\n  oslo compact --before 2024-01-01\n\nCommits given up do not come back: their state stays, the changes in between go.",
    ),
    (
        "gate",
        "  oslo gate\n  oslo gate adressen --mode warn\n  oslo gate straten --mode reject --from warning\n  oslo gate adressen --clear\n\nreject weigert een commit die nieuwe bevindingen brengt vanaf de drempel; wat er al fout was, houdt niemand tegen.\nquarantine laat leden die ze brengen wachten en neemt de rest op. warn neemt hem op en toont ze, report telt ze, off kijkt niet. Zonder graaf geldt de regel voor alle grafen zonder eigen regel.",
        "  oslo gate\n  oslo gate addresses --mode warn\n  oslo gate streets --mode reject --from warning\n  oslo gate addresses --clear\n\nreject refuses a commit that brings new results from the threshold on; what was wrong already holds nobody up.\nquarantine lets members that bring them wait and takes the rest. warn takes it and shows them, report counts them, off does not look. Without a graph the rule is that of all graphs without one.",
    ),
    (
        "quarantine",
        "  oslo quarantine\n  oslo quarantine list --graph adressen\n  oslo quarantine show https://stad.example/id/adres/12\n  oslo quarantine retry\n  oslo quarantine drop https://stad.example/id/adres/12\n\nLeden wachten als een graaf of een lading met --on-violation quarantine beoordeeld wordt. Ze worden vanzelf opnieuw\ngeprobeerd zodra een commit iets zegt over wat ze noemen; retry probeert ze allemaal.",
        "  oslo quarantine\n  oslo quarantine list --graph addresses\n  oslo quarantine show https://town.example/id/address/12\n  oslo quarantine retry\n  oslo quarantine drop https://town.example/id/address/12\n\nMembers wait where a graph, or a load with --on-violation quarantine, is judged so. They are tried again by themselves as\nsoon as a commit says something about what they refer to; retry tries all of them.",
    ),
    (
        "settings",
        "  oslo settings\n  oslo settings --rdf 1.2\n  oslo settings --shacl 1.2 --disallow warning\n\nDe instelling blijft bij het register en geldt voor elke opdracht en server. Zet haar aan terwijl er geen server draait.",
        "  oslo settings\n  oslo settings --rdf 1.2\n  oslo settings --shacl 1.2 --disallow warning\n\nThe setting stays with the registry and holds for every command and server. Change it while no server runs.",
    ),
    (
        "rebuild",
        "  oslo rebuild --memory 4GiB",
        "  oslo rebuild --memory 4GiB",
    ),
    (
        "generate",
        "  oslo generate --addresses 10000 --seed 7 > stad.nq\n  oslo generate --faults 0.001 > stad.nq   # en waarheid.csv",
        "  oslo generate --addresses 10000 --seed 7 > town.nq\n  oslo generate --faults 0.001 > town.nq   # and waarheid.csv",
    ),
    ("explain", "  oslo explain L041", "  oslo explain L041"),
];

const DUTCH_AS_OF: &str =
    "Alleen de toestand na deze commit, op het einde van deze dag (UTC) of op dit moment";
const DUTCH_DRY_RUN: &str = "Vertel wat er zou gebeuren, en wijzig niets";
const DUTCH_MEMORY: &str = "Geheugen dat één wijziging mag nemen voor ze naar schijf gaat, zoals 512MiB of 2GiB [standaard: 2GiB]";
const DUTCH_ALLOW_SERVICE: &str = "Dienst die SERVICE mag bevragen, of een IRI met een schuine streep achteraan voor alles eronder; mag meermaals [standaard: geen]";
const DUTCH_SERVICE_TIMEOUT: &str = "Tijd voor één verzoek aan een andere dienst";
const DUTCH_INDEX_MEMORY: &str =
    "Geheugen dat het maken van de index mag nemen, zoals 512MiB of 2GiB [standaard: 2GiB]";

/// Dutch texts: command or command and argument; "" is the program itself.
const DUTCH: &[(&str, &str, &str)] = &[
    (
        "",
        "",
        "Register voor linked data en SPARQL-dienst voor OSLO-gegevens",
    ),
    ("", "data", "Map met het register"),
    ("", "base", "Basis-IRI van grafen en documenten"),
    (
        "",
        "lang",
        "Taal van de meldingen: nl of en [standaard: volgens LANG, anders en]",
    ),
    (
        "",
        "verbose",
        "Meld wat er gebeurt op de standaardfoutuitvoer (-vv voor meer); RUST_LOG beslist als die er is",
    ),
    (
        "demo",
        "",
        "Laad het voorbeeldregister, controleer het en dien het op",
    ),
    ("demo", "bind", "Adres en poort om op te luisteren"),
    ("demo", "no_serve", "Stop na het overzicht"),
    ("serve", "", "Dien het register op over HTTP"),
    ("serve", "bind", "Adres en poort om op te luisteren"),
    (
        "serve",
        "admin_token_file",
        "Bestand met het token om te mogen schrijven; zonder is er alleen lezen",
    ),
    ("load", "", "Laad bestanden en mappen"),
    (
        "load",
        "paths",
        "Bestanden en mappen; mappen met alles eronder",
    ),
    (
        "load",
        "graph",
        "Graaf voor uitspraken die er geen noemen; \"by-path\" noemt ze naar de plaats van elk bestand [standaard: de standaardgraaf]",
    ),
    (
        "load",
        "format",
        "Syntaxis, als de naam ze niet verraadt: turtle, trig, ntriples, nquads, rdfxml, jsonld",
    ),
    (
        "load",
        "on_violation",
        "Hoe streng een bestand beoordeeld wordt: weigeren, in quarantaine zetten, melden, tellen of niet controleren [standaard: zoals de regel van zijn graaf zegt, anders weigeren]",
    ),
    ("load", "dry_run", DUTCH_DRY_RUN),
    (
        "load",
        "keep_going",
        "Ga door met het volgende bestand na een geweigerd bestand",
    ),
    (
        "load",
        "together",
        "Maak één commit van alle bestanden, of geen",
    ),
    (
        "load",
        "replace",
        "Verwijder uit de graaf wat het bestand niet meer zegt",
    ),
    (
        "load",
        "context_map",
        "Lokale kopieën van JSON-LD-contexten: een tabel van context-IRI en pad",
    ),
    (
        "validate",
        "",
        "Controleer het register, of bestanden, tegen de vormen",
    ),
    (
        "validate",
        "paths",
        "Bestanden en mappen om te controleren zonder ze op te slaan [standaard: het opgeslagen register]",
    ),
    (
        "validate",
        "shapes",
        "Vormen om tegen te controleren; mag meermaals [standaard: die van het register, anders de meegeleverde]",
    ),
    (
        "validate",
        "profile",
        "Toepassingsprofiel om tegen te controleren, zoals adres; mag meermaals [standaard: alle]",
    ),
    (
        "validate",
        "format",
        "Vorm van het rapport [standaard: volgens de naam van --output, anders text]",
    ),
    (
        "validate",
        "output",
        "Bestand om het rapport in te schrijven [standaard: de standaarduitvoer]",
    ),
    (
        "validate",
        "baseline",
        "Vorig rapport (SARIF, NDJSON, Turtle, JSON-LD, N-Triples of RDF/XML): zijn resultaten vallen weg",
    ),
    (
        "validate",
        "detail",
        "Vertel waarom knopen niet voldoen aan de vormen die een resultaat noemt, zoals die van sh:node en sh:or",
    ),
    (
        "validate",
        "full",
        "Controleer het hele opgeslagen register opnieuw, in plaats van de resultaten te geven die met elke commit bijgehouden worden",
    ),
    (
        "validate",
        "strict",
        "Weiger vormen die niet deugen of niet volledig gecontroleerd kunnen worden, in plaats van ze als niet gecontroleerd te vermelden",
    ),
    ("validate", "fail_on", "Minste ernst die afloopcode 1 geeft"),
    (
        "validate",
        "context_map",
        "Lokale kopieën van JSON-LD-contexten: een tabel van context-IRI en pad",
    ),
    ("query", "", "Stel een SPARQL-vraag"),
    ("query", "text", "SPARQL-tekst"),
    (
        "query",
        "file",
        "Bestand met de SPARQL-tekst (\"-\" is de standaardinvoer)",
    ),
    (
        "query",
        "format",
        "Antwoord als table, json, xml, csv of tsv; grafen als turtle, ntriples, trig, nquads, rdfxml of jsonld [standaard: table op een scherm, anders tsv; turtle voor grafen]",
    ),
    (
        "query",
        "stored",
        "Naam van een klaargezette bevraging: een bestand queries/NAAM.rq van de datamap",
    ),
    (
        "query",
        "set",
        "Waarde van een parameter van de klaargezette bevraging; mag meermaals",
    ),
    ("query", "timeout", "Stop na zoveel seconden"),
    (
        "query",
        "max_rows",
        "Mislukt als het antwoord meer rijen heeft",
    ),
    (
        "query",
        "explain",
        "Toon hoe de bevraging beantwoord wordt in plaats van het antwoord: voer ze uit en tel wat elke stap doet, of met \"plan\" zonder uit te voeren; als tekst, of met --format als json",
    ),
    ("update", "", "Wijzig het register met SPARQL Update"),
    ("update", "text", "SPARQL-tekst"),
    (
        "update",
        "file",
        "Bestand met de SPARQL-tekst (\"-\" is de standaardinvoer)",
    ),
    (
        "update",
        "on_violation",
        "Hoe streng de wijziging beoordeeld wordt [standaard: zoals de regels van haar grafen zeggen, anders weigeren]",
    ),
    ("update", "dry_run", DUTCH_DRY_RUN),
    (
        "export",
        "",
        "Schrijf het hele register, of één graaf, naar de standaarduitvoer",
    ),
    (
        "export",
        "graph",
        "Alleen deze graaf (\"default\" is de standaardgraaf)",
    ),
    ("export", "format", "Syntaxis van de uitvoer"),
    ("log", "", "Toon de commits van het logboek"),
    ("log", "since", "Alleen commits na dit nummer"),
    (
        "check",
        "",
        "Controleer het logboek, zijn keten en de index",
    ),
    (
        "check",
        "deep",
        "Lees ook elk deel van de index en vergelijk het met het logboek",
    ),
    (
        "backup",
        "",
        "Kopieer het register naar een map, naast een draaiende server",
    ),
    (
        "backup",
        "target",
        "Nieuwe of lege map voor de reservekopie",
    ),
    (
        "backup",
        "copy",
        "Kopieer elk bestand in plaats van te linken wat nooit wijzigt; op een andere schijf gebeurt dat vanzelf",
    ),
    (
        "restore",
        "",
        "Zet een reservekopie terug, of een vroegere toestand ervan",
    ),
    (
        "restore",
        "source",
        "Reservekopie, of de datamap van een ander register",
    ),
    ("restore", "as_of", DUTCH_AS_OF),
    ("restore", "memory", DUTCH_INDEX_MEMORY),
    (
        "compact",
        "",
        "Voeg de index samen tot zijn kleinste vorm, of geef oude commits op",
    ),
    (
        "compact",
        "keep_days",
        "Geef commits op die ouder zijn dan zoveel dagen",
    ),
    (
        "compact",
        "keep_commits",
        "Geef alle commits op behalve de zoveel nieuwste",
    ),
    (
        "compact",
        "before",
        "Geef commits op van voor deze dag (UTC) of dit moment",
    ),
    (
        "gate",
        "",
        "Toon of wijzig hoe streng commits beoordeeld worden, per graaf",
    ),
    (
        "gate",
        "graph",
        "Graaf waarvan de regel getoond of gewijzigd wordt: een IRI, of de naam onder BASE/graph/ [standaard: de regel van alle grafen zonder eigen regel]",
    ),
    (
        "gate",
        "mode",
        "Hoe streng commits in de graaf beoordeeld worden",
    ),
    (
        "gate",
        "from",
        "De mildste ernst die \"reject\" weigert en \"quarantine\" laat wachten",
    ),
    ("gate", "clear", "Neem de eigen regel van de graaf weg"),
    (
        "settings",
        "",
        "Toon of wijzig hoe het register ingesteld is",
    ),
    (
        "settings",
        "rdf",
        "Versie van RDF en SPARQL die het register aanneemt: 1.1, of 1.2 met triple terms en schrijfrichtingen",
    ),
    (
        "settings",
        "shacl",
        "Versie van SHACL waarmee vormen gelezen worden: 1.0, of 1.2 met wat de ontwerpen ervan toevoegen",
    ),
    (
        "settings",
        "disallow",
        "Minst ernstige ernst waarmee gegevens niet voldoen, met SHACL 1.2: violation, warning, info, debug of trace",
    ),
    (
        "lint",
        "",
        "Controleer vormen zelf, nog voor er gegevens zijn",
    ),
    (
        "lint",
        "paths",
        "Bestanden en mappen met vormen [standaard: de vormen van het opgeslagen register]",
    ),
    ("lint", "format", "Vorm van de bevindingen"),
    (
        "lint",
        "shacl",
        "Versie van SHACL waarmee de vormen gelezen worden: 1.0 of 1.2 [standaard: zoals het register ingesteld is]",
    ),
    (
        "lint",
        "no_notes",
        "Toon enkel wat niet gecontroleerd wordt, zonder de opmerkingen",
    ),
    ("rebuild", "", "Maak de index opnieuw uit het logboek"),
    ("rebuild", "memory", DUTCH_INDEX_MEMORY),
    ("load", "memory", DUTCH_MEMORY),
    ("serve", "memory", DUTCH_MEMORY),
    (
        "serve",
        "query_memory",
        "Geheugen voor de tussenresultaten van alle bevragingen samen, zoals 512MiB of 4GiB; één bevraging krijgt de helft [standaard: 2GiB]",
    ),
    (
        "serve",
        "contact",
        "Wie voor het register instaat, zoals zijn beschrijving zegt: een naam, een mail- of webadres tussen < en >, of beide",
    ),
    ("serve", "allow_service", DUTCH_ALLOW_SERVICE),
    ("serve", "service_timeout", DUTCH_SERVICE_TIMEOUT),
    ("query", "allow_service", DUTCH_ALLOW_SERVICE),
    ("query", "service_timeout", DUTCH_SERVICE_TIMEOUT),
    ("query", "as_of", DUTCH_AS_OF),
    (
        "query",
        "valid_on",
        "Bevraag wat in de wereld gold op het einde van deze dag (Belgische tijd) of op dit moment, voor zover versies bewaard zijn",
    ),
    ("export", "as_of", DUTCH_AS_OF),
    ("validate", "as_of", DUTCH_AS_OF),
    (
        "generate",
        "",
        "Maak een verzonnen stad als N-Quads, desgewenst met te vinden fouten",
    ),
    (
        "generate",
        "addresses",
        "Hoeveel adressen; de rest volgt daaruit",
    ),
    ("explain", "", "Leg een code uit, zoals V004 of L041"),
    ("explain", "code", "De code"),
];

/// The command line with its texts in a language.
pub(crate) fn localise(command: Command, language: Language) -> Command {
    let dutch = language == Language::Nl;
    let pick = |nl: &'static str, en: &'static str| if dutch { nl } else { en };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let mut command = command
        .help_template(TEMPLATE)
        .override_usage(pick("oslo [OPTIES] <OPDRACHT>", "oslo [OPTIONS] <COMMAND>"))
        .before_help(pick(GROUPS_NL, GROUPS_EN))
        .after_help(pick(AFTER_NL, AFTER_EN));
    for name in names {
        // Hidden because the groups above list them.
        command = command.mut_subcommand(&name, |sub| sub.hide(true));
        if let Some((_, nl, en)) = EXAMPLES.iter().find(|(of, ..)| *of == name) {
            let heading = pick("Voorbeelden:", "Examples:");
            let examples = format!("{heading}\n{}", pick(nl, en));
            command = command.mut_subcommand(&name, |sub| sub.after_help(examples));
        }
    }
    if dutch { translate(command) } else { command }
}

/// Command, argument and text; "" is the program itself, or the command itself.
fn dutch_texts() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    let more = DUTCH.iter().chain(MORE_DUTCH);
    more.chain(SOURCES_DUTCH).chain(SUBSCRIPTIONS_DUTCH)
}

fn translate(mut command: Command) -> Command {
    for &(name, argument, text) in dutch_texts() {
        command = match (name, argument) {
            ("", "") => command.about(text),
            ("", argument) => command.mut_arg(argument, |it| it.help(text)),
            (name, "") => command.mut_subcommand(name, |sub| sub.about(text)),
            (name, argument) => {
                command.mut_subcommand(name, |sub| sub.mut_arg(argument, |it| it.help(text)))
            }
        };
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn every_command_is_in_a_group_with_an_example_and_dutch_for_every_argument() {
        let command = Cli::command();
        let has_dutch = |name: &str, argument: &str| {
            let mut texts = dutch_texts();
            texts.any(|(of, id, _)| *of == name && *id == argument)
        };
        for sub in command.get_subcommands() {
            let name = sub.get_name();
            for groups in [GROUPS_EN, GROUPS_NL] {
                assert!(groups.contains(&format!("\n  {name} ")), "{name}");
            }
            assert!(EXAMPLES.iter().any(|(of, ..)| *of == name), "{name}");
            assert!(has_dutch(name, ""), "{name}");
            for argument in sub.get_arguments().filter(|it| !it.is_global_set()) {
                assert!(
                    has_dutch(name, argument.get_id().as_str()),
                    "{name} {}",
                    argument.get_id()
                );
            }
        }
        for argument in command.get_arguments().filter(|it| it.is_global_set()) {
            assert!(
                has_dutch("", argument.get_id().as_str()),
                "{}",
                argument.get_id()
            );
        }
    }
}
