"""What is asked of every engine: the timed reads, the updates, and the counts that must agree first.

Texts only; nothing here sends anything. Every engine gets the same text, except that one without a writable default
graph gets the name of a graph around the triples of an update.
"""

ADRES = "https://data.vlaanderen.be/ns/adres#"
ADDRESS_CLASS = f"{ADRES}Adres"
STREET_OF = f"{ADRES}heeftStraatnaam"
HOUSE_NUMBER = f"{ADRES}huisnummer"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_ID = "https://data.vlaanderen.be/id"
_XSD = "http://www.w3.org/2001/XMLSchema#"

# Every entity that an update inserts is numbered from here: no generated address is.
FIRST_NEW = 910_000_000


def point(subject):
    """Everything said of one subject (an IRI without brackets)."""
    return f"SELECT ?p ?o WHERE {{ <{subject}> ?p ?o }}"


def street(name):
    """The addresses of one street name (an IRI without brackets), with their house numbers."""
    return f"SELECT ?a ?number WHERE {{ ?a <{STREET_OF}> <{name}> ; <{HOUSE_NUMBER}> ?number }}"


COUNT_ALL = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"

# Name and text of each query whose answer must be the same everywhere before anything is timed.
COUNTS = [
    ("quads", COUNT_ALL),
    ("addresses", f"SELECT (COUNT(?a) AS ?n) WHERE {{ ?a <{TYPE}> <{ADDRESS_CLASS}> }}"),
    ("quads of each predicate", "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p"),
    (
        "addresses of each status",
        f"SELECT ?s (COUNT(?a) AS ?n) WHERE {{ ?a <{TYPE}> <{ADDRESS_CLASS}> ; <{ADRES}Adres.status> ?s }} GROUP BY ?s",
    ),
    (
        "addresses with a street that has a name",
        f"SELECT (COUNT(?a) AS ?n) WHERE {{ ?a <{STREET_OF}> ?s . ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l }}",
    ),
]


def insert(triples, graph=None):
    """An update that inserts these lines of N-Triples, into a graph when one is named."""
    text = "\n".join(triples)
    return f"INSERT DATA {{ GRAPH <{graph}> {{ {text} }} }}" if graph else f"INSERT DATA {{ {text} }}"


def one_triple(number):
    """The single triple of the smallest commit."""
    return [f'<{_ID}/adres/{FIRST_NEW + number}> <{HOUSE_NUMBER}> "{number % 200 + 1}" .']


def entity(number):
    """The 17 triples of one address with its identifier and its position."""
    key = FIRST_NEW + number
    address, identifier, position = f"<{_ID}/adres/{key}>", f"<{_ID}/adres/{key}#id>", f"<{_ID}/adres/{key}#positie>"
    generic = "https://data.vlaanderen.be/ns/generiek#"
    x, y = 100_000 + number % 90_000, 180_000 + number % 50_000
    facts = [
        (address, TYPE, f"<{ADDRESS_CLASS}>"),
        (address, HOUSE_NUMBER, f'"{number % 200 + 1}"'),
        (address, f"{ADRES}busnummer", f'"{number % 40:04}"'),
        (address, STREET_OF, f"<{_ID}/straatnaam/{number % 5_000 + 1}>"),
        (address, f"{ADRES}heeftGemeentenaam", f"<{_ID}/gemeentenaam/{number % 300}>"),
        (address, f"{ADRES}heeftPostinfo", f"<{_ID}/postinfo/{9000 + number % 999}>"),
        (address, f"{ADRES}Adres.status", f"<{_ID}/concept/adresstatus/inGebruik>"),
        (address, f"{ADRES}officieelToegekend", f'"true"^^<{_XSD}boolean>'),
        (address, f"{ADRES}volledigAdres", f'"Nieuwstraat {number % 200 + 1}, {9000 + number % 999} Lisserode"@nl'),
        (address, "http://www.w3.org/ns/prov#generatedAtTime", f'"2026-03-01T08:{number % 60:02}:00+01:00"^^<{_XSD}dateTime>'),
        (address, "http://www.w3.org/ns/adms#identifier", identifier),
        (address, f"{ADRES}positie", position),
        (identifier, TYPE, "<http://www.w3.org/ns/adms#Identifier>"),
        (identifier, "http://www.w3.org/2004/02/skos/core#notation", f'"{_ID}/adres/{key}"^^<{_XSD}anyURI>'),
        (identifier, f"{generic}lokaleIdentificator", f'"{key}"'),
        (position, TYPE, f"<{generic}GeografischePositie>"),
        (position, f"{generic}coordinaten", f'"{x}.50 {y}.25"'),
    ]
    return [f"{subject} <{predicate}> {value} ." for subject, predicate, value in facts]


def thousand(number):
    """Exactly 1,000 triples of 59 entities, the last one cut short. The next batch begins at `number + 59`."""
    triples = []
    for offset in range(59):
        triples.extend(entity(number + offset))
    return triples[:1000]
