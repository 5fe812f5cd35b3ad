"""The twenty questions by which the engines were measured before there was this bench, with their ids: lookups, lists of a street or a
municipality, counts, texts, paths, downloads."""

import registry
from catalogue.base import CSV, TRIPLES, Question, fixed

_SOME_ROWS = "SELECT ?a ?number ?street ?label { ?a adres:huisnummer ?number ; adres:heeftStraatnaam ?street ; rdfs:label ?label }"


def _address(rng, facts):
    return registry.address(rng.randrange(facts.addresses))


def _place(rng):
    return rng.randrange(registry.MUNICIPALITIES)


def _construct(rng, facts):
    one = _address(rng, facts)
    return (
        f"CONSTRUCT {{ {one} ?p ?o . ?o ?q ?v }} "
        f"WHERE {{ {one} ?p ?o . OPTIONAL {{ ?o ?q ?v . FILTER(isBlank(?o)) }} }}"
    )


def _batch(rng, facts):
    batch = " ".join(_address(rng, facts) for _ in range(50))
    return (
        f"SELECT ?a ?number ?box ?street ?place ?status {{ VALUES ?a {{ {batch} }} "
        "?a adres:huisnummer ?number ; adres:heeftStraatnaam ?s ; adres:Adres.status ?status . "
        "OPTIONAL { ?a adres:busnummer ?box } ?s rdfs:label ?street ; adres:isToegekendDoor ?g . ?g rdfs:label ?place }"
    )


def _notation(rng, facts):
    key = registry.FIRST_ADDRESS + rng.randrange(facts.addresses)
    return (
        f'SELECT ?a ?label {{ ?i skos:notation "{registry.ID}adres/{key}"^^xsd:anyURI . '
        "?a adms:identifier ?i ; rdfs:label ?label }"
    )


TWENTY = [
    Question("q01", "all of one address", lambda r, f: f"SELECT ?p ?o {{ {_address(r, f)} ?p ?o }}", varies=True),
    Question(
        "q02",
        "addresses of one street",
        lambda r, f: f"SELECT ?a ?number {{ ?a adres:heeftStraatnaam {registry.street(r.randrange(f.streets))} ; adres:huisnummer ?number }}",
        varies=True,
    ),
    Question(
        "q03",
        "addresses of one municipality through its streets",
        lambda r, f: (
            f"SELECT ?a ?number ?street ?place {{ BIND({registry.municipality(_place(r))} AS ?g) ?s adres:isToegekendDoor ?g ; rdfs:label ?street . "
            "?g rdfs:label ?place . ?a adres:heeftStraatnaam ?s ; adres:huisnummer ?number }"
        ),
        varies=True,
    ),
    Question("q04", "count of a class", fixed("SELECT (COUNT(*) AS ?n) { ?a a adres:Adres }")),
    Question(
        "q06",
        "addresses by municipality, three joins",
        fixed(
            "SELECT ?place (COUNT(?a) AS ?n) { ?a adres:heeftStraatnaam ?s . ?s adres:isToegekendDoor ?g . ?g rdfs:label ?place } "
            "GROUP BY ?place ORDER BY DESC(?n)"
        ),
    ),
    Question(
        "q07",
        "CONTAINS on street names",
        fixed('SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . FILTER(CONTAINS(LCASE(STR(?l)), "kerk")) }'),
    ),
    Question(
        "q08",
        "REGEX on the text of all addresses",
        fixed('SELECT ?a ?l { ?a a adres:Adres ; rdfs:label ?l . FILTER(REGEX(STR(?l), "^kerkstraat 1[0-9],", "i")) }'),
    ),
    Question(
        "q10",
        "OPTIONAL in one municipality",
        lambda r, f: (
            f"SELECT ?a ?number ?box {{ ?a adres:heeftGemeentenaam {registry.municipality_name(_place(r))} ; adres:huisnummer ?number . "
            "OPTIONAL { ?a adres:busnummer ?box } }"
        ),
        varies=True,
    ),
    Question(
        "q11",
        "streets below two concepts, skos:broader+",
        fixed(
            f"SELECT ?top (COUNT(?s) AS ?n) {{ VALUES ?top {{ {registry.concept(1)} {registry.concept(3)} }} "
            "?c skos:broader+ ?top . ?s dct:type ?c } GROUP BY ?top"
        ),
    ),
    Question("q13", "triples of each predicate", fixed("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(?n)")),
    Question("q14", "CONSTRUCT of one address with its blank nodes", _construct, accept=TRIPLES, varies=True),
    Question("q15", "download of 100,000 rows, JSON", fixed(f"{_SOME_ROWS} LIMIT 100000"), whole=fixed(_SOME_ROWS)),
    Question("q16", "download of 100,000 rows, CSV", fixed(f"{_SOME_ROWS} LIMIT 100000"), accept=CSV, whole=fixed(_SOME_ROWS)),
    Question(
        "q18",
        "FILTER NOT EXISTS over all addresses",
        fixed("SELECT (COUNT(?a) AS ?n) { ?a a adres:Adres . FILTER NOT EXISTS { ?a adres:busnummer ?box } }"),
    ),
    Question(
        "q19",
        "MINUS in one municipality",
        lambda r, f: (
            f"SELECT (COUNT(?a) AS ?n) {{ ?a adres:heeftGemeentenaam {registry.municipality_name(_place(r))} . MINUS {{ ?a adres:busnummer ?box }} }}"
        ),
        varies=True,
    ),
    Question(
        "q21",
        "box on latitude and longitude",
        fixed(
            "SELECT ?a ?lat ?long { ?a wgs:lat ?lat ; wgs:long ?long . "
            "FILTER(?lat > 51.00 && ?lat < 51.05 && ?long > 3.70 && ?long < 3.80) }"
        ),
    ),
    Question(
        "q23",
        "star of five patterns, selective",
        lambda r, f: (
            f"SELECT ?a ?number ?l ?t {{ ?a adres:heeftPostinfo {registry.postal(_place(r))} ; adres:Adres.status {registry.status('voorgesteld')} ; "
            "adres:huisnummer ?number ; rdfs:label ?l ; prov:generatedAtTime ?t }"
        ),
        varies=True,
    ),
    Question("q27", "VALUES of 50 addresses, six properties", _batch, varies=True),
    Question("q28", "address of an identifier", _notation, varies=True),
    Question(
        "q29",
        "DESCRIBE of one address",
        lambda r, f: f"DESCRIBE {_address(r, f)}",
        accept=TRIPLES,
        varies=True,
    ),
]
