"""Questions for which SPARQL 1.1 has no words of its own: full text, place, earlier states. Each engine is asked in its own way where it
has one, so these are comparisons of abilities as much as of speed, and no part of the means."""

import registry
from catalogue.base import Question, fixed

_PLACES = registry.places()
_NO_GEO = "engines without GeoSPARQL are left out; distances are those of each engine's own earth"
_TEXT = "oslo text:search, Virtuoso bif:contains, the others look at every text"


def _street_names(filter_):
    return fixed(f"SELECT ?s ?l {{ ?s a adres:Straatnaam ; rdfs:label ?l . {filter_} }}")


def _addresses(filter_):
    return lambda rng, facts: f"SELECT ?a ?l {{ ?a a adres:Adres ; rdfs:label ?l . {filter_(rng)} }}"


def _same(make, *ways):
    """Texts for engines from one random choice: `make` draws it, each way turns it into a text."""
    return [lambda rng, facts, way=way: way(make(rng)) for way in ways]


def _centre(rng):
    _, latitude, longitude = _PLACES[rng.randrange(registry.MUNICIPALITIES)]
    return longitude + (rng.random() - 0.5) * 0.04, latitude + (rng.random() - 0.5) * 0.02


def _zone(rng):
    x, y = _centre(rng)
    return x - 0.02, y - 0.015, x + 0.02, y + 0.015


def _ring(zone):
    x0, y0, x1, y1 = (f"{value:.5f}" for value in zone)
    return f"POLYGON(({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))"


def _within(zone):
    return (
        "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
        f'FILTER(geof:sfWithin(?w, "{_ring(zone)}"^^geo:wktLiteral)) }}'
    )


def _within_virtuoso(zone):
    return (
        "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
        f'FILTER(bif:st_within(?w, bif:st_geomfromtext("{_ring(zone)}"))) }}'
    )


def _near(kilometres):
    def way(centre):
        x, y = centre
        return (
            "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
            f'FILTER(geof:distance(?w, "POINT({x:.5f} {y:.5f})"^^geo:wktLiteral, uom:metre) <= {kilometres * 1000:.0f}) }}'
        )
    return way


def _near_virtuoso(kilometres):
    def way(centre):
        x, y = centre
        return (
            "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
            f"FILTER(bif:st_intersects(?w, bif:st_point({x:.5f}, {y:.5f}), {kilometres})) }}"
        )
    return way


def _nearest(centre):
    x, y = centre
    return (
        "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
        f'BIND(geof:distance(?w, "POINT({x:.5f} {y:.5f})"^^geo:wktLiteral, uom:metre) AS ?far) FILTER(?far <= 3000) }} ORDER BY ?far ?a LIMIT 10'
    )


def _nearest_virtuoso(centre):
    x, y = centre
    point = f"bif:st_point({x:.5f}, {y:.5f})"
    return (
        "SELECT ?a { ?a adres:positie ?p . ?p geo:asWKT ?w . "
        f"FILTER(bif:st_intersects(?w, {point}, 3)) BIND(bif:st_distance(?w, {point}) AS ?far) }} ORDER BY ?far ?a LIMIT 10"
    )


def _number(rng):
    return 2 + rng.randrange(150)


_IN_ZONE = _same(_zone, _within, _within_virtuoso)
_IN_500 = _same(_centre, _near(0.5), _near_virtuoso(0.5))
_NEAREST = _same(_centre, _nearest, _nearest_virtuoso)


def _place(name, title, texts):
    """A question about places, as GeoSPARQL writes it and as Virtuoso does."""
    return Question(name, title, texts[0], varies=True, own={"virtuoso": texts[1], "jena": None}, remark=_NO_GEO)


SPECIAL = [
    Question(
        "t01",
        "street names with a word",
        _street_names('FILTER(REGEX(STR(?l), "(^|[ -])kasteellaan($|[ -])", "i"))'),
        own={
            "oslo": fixed('SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . ?l text:search "kasteellaan" }'),
            "virtuoso": fixed("SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . ?l bif:contains \"'kasteellaan'\" }"),
        },
        remark=_TEXT,
    ),
    Question(
        "t02",
        "street names with a word and the beginning of another",
        _street_names('FILTER(REGEX(STR(?l), "(^|[ -])oude($|[ -])", "i") && REGEX(STR(?l), "(^|[ -])kerk", "i"))'),
        own={
            "oslo": fixed('SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . ?l text:search "oude kerk*" }'),
            "virtuoso": fixed("SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . ?l bif:contains \"'oude' AND 'kerk*'\" }"),
        },
        remark=_TEXT,
    ),
    Question(
        "t03",
        "addresses with a street and a number, as a phrase",
        _addresses(lambda rng: f'FILTER(REGEX(STR(?l), "(^|[ -])havenlaan {_number(rng)}($|[^0-9A-Za-z])", "i"))'),
        varies=True,
        own={
            "oslo": _addresses(lambda rng: f"?l text:search '\"havenlaan {_number(rng)}\"'"),
            "virtuoso": _addresses(lambda rng: f"?l bif:contains \"'havenlaan {_number(rng)}'\""),
        },
        remark=_TEXT,
    ),
    _place("g01", "addresses in a zone, geof:sfWithin", _IN_ZONE),
    _place("g02", "addresses within 500 m, geof:distance", _IN_500),
    _place("g03", "the ten nearest addresses within 3 km", _NEAREST),
    Question(
        "h01",
        "addresses by status, before all updates",
        fixed("SELECT ?st (COUNT(?a) AS ?n) { ?a adres:Adres.status ?st } GROUP BY ?st"),
        own={"oxigraph": None, "virtuoso": None, "jena": None},
        remark="only oslo answers for earlier states",
        as_of=True,
    ),
    Question(
        "h02",
        "all of one address, before all updates",
        lambda r, f: f"SELECT ?p ?o {{ {registry.address(r.randrange(f.addresses))} ?p ?o }}",
        varies=True,
        own={"oxigraph": None, "virtuoso": None, "jena": None},
        remark="only oslo answers for earlier states",
        as_of=True,
    ),
]
