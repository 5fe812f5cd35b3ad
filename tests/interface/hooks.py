"""What schemathesis cannot know of itself: texts of SPARQL and of RDF, which JSON Schema has no words for.

Each strategy makes small, valid texts about items of a class of their own, so that what is written never disturbs what the
registers hold.
"""

import schemathesis
from hypothesis import strategies as st

PREFIX = "urn:oslo-proef:"

LETTERS = "abcdefghijklmnopqrstuvwxyzé"
WORDS = st.text(alphabet=LETTERS, min_size=1, max_size=12)
NAMES = st.integers(min_value=1, max_value=999).map(lambda n: f"<{PREFIX}ding/{n}>")
VALUES = st.one_of(
    WORDS.map(lambda word: f'"{word}"'),
    WORDS.map(lambda word: f'"{word}"@nl'),
    st.integers(min_value=-1000, max_value=1000).map(str),
    NAMES,
)
TRIPLES = st.builds(
    lambda s, p, o: f"{s} <{PREFIX}{p}> {o} .", NAMES, st.sampled_from(["naam", "deel", "aantal"]), VALUES
)
TURTLE = st.lists(TRIPLES, min_size=1, max_size=5).map("\n".join)
LINE_TRIPLES = st.builds(
    lambda s, p, o: f'{s} <{PREFIX}{p}> "{o}" .', NAMES, st.sampled_from(["naam", "deel"]), WORDS
)
NTRIPLES = st.lists(LINE_TRIPLES, min_size=1, max_size=5).map(lambda lines: "\n".join(lines) + "\n")
QUERIES = st.one_of(
    st.integers(min_value=0, max_value=20).map(lambda n: f"SELECT * WHERE {{ ?s ?p ?o }} LIMIT {n}"),
    WORDS.map(lambda word: f'SELECT ?s WHERE {{ ?s ?p "{word}" }}'),
    NAMES.map(lambda name: f"ASK {{ {name} ?p ?o }}"),
    NAMES.map(lambda name: f"DESCRIBE {name}"),
    st.integers(min_value=0, max_value=9).map(
        lambda n: f"CONSTRUCT {{ ?s a ?o }} WHERE {{ ?s a ?o }} LIMIT {n}"
    ),
)
UPDATES = st.one_of(
    TRIPLES.map(lambda triple: f"INSERT DATA {{ {triple} }}"),
    NAMES.map(lambda name: f"DELETE WHERE {{ {name} ?p ?o }}"),
)
RDFXML = WORDS.map(
    lambda word: '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:p="'
    + PREFIX
    + f'"><rdf:Description rdf:about="{PREFIX}ding/1"><p:naam>{word}</p:naam></rdf:Description></rdf:RDF>'
)

schemathesis.openapi.format("sparql-query", QUERIES)
schemathesis.openapi.format("sparql-update", UPDATES)
schemathesis.openapi.format("turtle", TURTLE)


def as_bytes(strategy):
    """The texts as they are sent."""
    return strategy.map(lambda text: text.encode())


schemathesis.openapi.media_type("text/turtle", as_bytes(TURTLE), aliases=["application/trig"])
schemathesis.openapi.media_type("application/n-triples", as_bytes(NTRIPLES), aliases=["application/n-quads"])
schemathesis.openapi.media_type("application/rdf+xml", as_bytes(RDFXML))
schemathesis.openapi.media_type("application/sparql-query", as_bytes(QUERIES))
schemathesis.openapi.media_type("application/sparql-update", as_bytes(UPDATES))


# Literals of geometries, moments of HTTP, and the tokens of pages, which only the server makes.
NUMBERS = st.integers(min_value=1, max_value=99)
schemathesis.openapi.format("wkt", NUMBERS.map(lambda n: f"POINT(1043{n:02} 1937{n:02})"))
schemathesis.openapi.format(
    "gml",
    NUMBERS.map(
        lambda n: '<gml:Point srsName="https://www.opengis.net/def/crs/EPSG/0/31370" '
        f'xmlns:gml="http://www.opengis.net/gml/3.2"><gml:pos>1043{n:02}.00 1937{n:02}.00</gml:pos></gml:Point>'
    ),
)
schemathesis.openapi.format("http-date", NUMBERS.map(lambda n: f"Tue, 31 Dec 20{n:02} 12:00:00 GMT"))
schemathesis.openapi.format("bbox", NUMBERS.map(lambda n: f"4.{n + 100},51.{n + 100},4.{n + 101},51.{n + 101}"))
schemathesis.openapi.format("webadres", NUMBERS.map(lambda n: f"https://luisteraar{n}.example/in?sleutel={n}"))
schemathesis.openapi.format("bladzijde-van-versies", st.just(""))

# Streams are read below this register (the example of its parameter); another one is switched off and on.
KEPT_STREAM, SWITCHED_STREAM = "adressen", "fusies"


def spare(case):
    """Keeps what later requests need, and keeps the registry from telling strangers: no subscriber is outside this computer."""
    parameters = case.path_parameters or {}
    if case.operation.path.startswith("/ldes/") and case.operation.method.upper() in ("PUT", "DELETE"):
        if parameters.get("register") == KEPT_STREAM:
            case.path_parameters = {**parameters, "register": SWITCHED_STREAM}
    elif case.operation.label == "POST /beheer/abonnementen" and isinstance(case.body, dict):
        # A port where nobody listens, on a network that is refused besides.
        told = case.body.get("doel")
        if isinstance(told, str) and told.startswith(("http://", "https://")):
            case.body = {**case.body, "doel": "http://127.0.0.1:9/" + "a" * min(len(told), 40)}


# Parameters that need each other, which OpenAPI cannot say.
MATCHED = ("GET /v2/adresmatch", "GET /v3/adresmatch")
PLACES = ("gemeentenaam", "niscode", "postcode")
# Ways to ask for a position, of which one is taken; and a version, which is of an object.
WAYS, VERSION = ("feed", "download", "wijzigingFeedId", "moment"), ("objectId", "versie")


def one_way(query):
    """The query of a position with one way to ask for it."""
    ways = [name for name in WAYS if name in query]
    if not ways and all(name in query for name in VERSION):
        return query
    if not ways:
        query, ways = {**query, "feed": 1}, ["feed"]
    return {name: value for name, value in query.items() if name not in (*WAYS, *VERSION) or name == ways[0]}


def own_codes(statuses):
    """Statuses of a process type, of which no two have one code."""
    seen = set()
    for number, status in enumerate(statuses):
        code = status.get("code") if isinstance(status, dict) else None
        if isinstance(code, str) and code in seen:
            status = {**status, "code": f"{code[:60]}-{number}"}
        if isinstance(code, str):
            seen.add(status["code"])
        yield status


def is_wrong(case):
    """Whether the request was made to be refused."""
    meta = getattr(case, "meta", None)
    return meta is not None and meta.generation.mode.value == "negative"


@schemathesis.hook
def before_call(context, case, **kwargs):
    """Gives what is needed besides: a place to an address, a query to a dataset, a box to its system; takes the order from a search."""
    spare(case)
    query = case.query or {}
    label = case.operation.label
    if "bbox-crs" in query and "bbox" not in query:
        case.query = query = {name: value for name, value in query.items() if name != "bbox-crs"}
    if is_wrong(case):
        # What is wrong in it stays in it.
        return
    if query.get("q") is not None and label.startswith("GET /api/"):
        # What is best stands first, on one page.
        case.query = query = {name: value for name, value in query.items() if name not in ("sort", "na", "offset")}
    elif query.get("sort") and "na" in query:
        # A page that comes after another belongs to the order of that one.
        case.query = query = {name: value for name, value in query.items() if name != "na"}
    if label in MATCHED and not any(str(query.get(name) or "").strip() for name in PLACES):
        case.query = {**query, "gemeentenaam": "Voorbeeldstad"}
    elif label == "GET /v3/feeds/posities":
        case.query = one_way(query)
    elif label == "POST /proces/v1/processtypen" and isinstance(case.body, dict) and isinstance(case.body.get("statussen"), list):
        case.body = {**case.body, "statussen": list(own_codes(case.body["statussen"]))}
    elif label == "GET /sparql" and "query" not in query:
        case.query = {name: value for name, value in query.items() if not name.endswith("-graph-uri")}
