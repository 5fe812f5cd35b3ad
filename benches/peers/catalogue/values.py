"""Order, slices, distinct, filters on numbers, texts, times and languages, functions, VALUES, large downloads."""

import registry
from catalogue.base import Question, fixed


def _municipalities(rng):
    return " ".join(registry.municipality(number) for number in rng.sample(range(registry.MUNICIPALITIES), 20))


VALUES = [
    Question(
        "v01",
        "ORDER BY a number, best 100",
        fixed("SELECT ?a ?y { ?a wgs:lat ?y } ORDER BY DESC(?y) ?a LIMIT 100"),
        ordered=True,
    ),
    Question(
        "v02",
        "ORDER BY a text, a page far on",
        fixed("SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l } ORDER BY STR(?l) ?s LIMIT 100 OFFSET 400"),
        ordered=True,
    ),
    Question(
        "v03",
        "ORDER BY a time over all addresses, a page far on",
        fixed("SELECT ?a ?t { ?a a adres:Adres ; prov:generatedAtTime ?t } ORDER BY ?t ?a LIMIT 100 OFFSET 5000"),
        ordered=True,
    ),
    Question("v04", "DISTINCT, few values", fixed("SELECT DISTINCT ?status { ?a adres:Adres.status ?status }")),
    Question(
        "v05",
        "DISTINCT, many values",
        fixed("SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?h { ?a adres:heeftStraatnaam ?s ; adres:huisnummer ?h } }"),
    ),
    Question(
        "v06",
        "numbers: FLOOR and a group",
        fixed("SELECT ?band (COUNT(*) AS ?n) { ?a wgs:lat ?y . BIND(FLOOR(?y * 10) AS ?band) } GROUP BY ?band"),
    ),
    Question(
        "v07",
        "numbers: ABS, ROUND, CEIL in filters",
        fixed("SELECT (COUNT(*) AS ?n) { ?a wgs:lat ?y ; wgs:long ?x . FILTER(ABS(?y - 51) < 0.1 && ROUND(?x) = CEIL(?x)) }"),
    ),
    Question(
        "v08",
        "texts: STRBEFORE and STRLEN over all addresses",
        fixed(
            "SELECT ?w (COUNT(*) AS ?n) (MAX(STRLEN(STR(?l))) AS ?longest) "
            '{ ?a a adres:Adres ; rdfs:label ?l . BIND(STRBEFORE(STR(?l), " ") AS ?w) } GROUP BY ?w'
        ),
    ),
    Question(
        "v09",
        "texts: UCASE, SUBSTR, CONCAT over streets",
        fixed(
            'SELECT ?k (COUNT(*) AS ?n) { ?s a adres:Straatnaam ; rdfs:label ?l . BIND(CONCAT(UCASE(SUBSTR(STR(?l), 1, 3)), "-") AS ?k) } GROUP BY ?k'
        ),
    ),
    Question(
        "v10",
        "times: YEAR and MONTH over all addresses",
        fixed(
            "SELECT ?year ?month (COUNT(*) AS ?n) { ?a a adres:Adres ; prov:generatedAtTime ?t . "
            "BIND(YEAR(?t) AS ?year) BIND(MONTH(?t) AS ?month) } GROUP BY ?year ?month"
        ),
    ),
    Question(
        "v11",
        "times: a range of a month",
        lambda r, f: (lambda year, month: (
            "SELECT ?a ?t { ?a a adres:Adres ; prov:generatedAtTime ?t . "
            f'FILTER(?t >= "{year}-{month:02d}-01T00:00:00+01:00"^^xsd:dateTime && ?t < "{year}-{month + 1:02d}-01T00:00:00+01:00"^^xsd:dateTime) }}'
        ))(2012 + r.randrange(12), 1 + r.randrange(11)),
        varies=True,
    ),
    Question(
        "v12",
        "dates: a range of days",
        fixed('SELECT (COUNT(*) AS ?n) { ?s dct:issued ?d . FILTER(?d >= "2015-01-01"^^xsd:date && ?d < "2017-07-01"^^xsd:date) }'),
    ),
    Question(
        "v13",
        "REGEX on the beginning of street names",
        fixed('SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l . FILTER(REGEX(STR(?l), "^Kerk")) }'),
    ),
    Question(
        "v14",
        "REGEX in the middle of street names",
        fixed('SELECT (COUNT(*) AS ?n) { ?s a adres:Straatnaam ; rdfs:label ?l . FILTER(REGEX(STR(?l), "[aeiou]{2}[kl].*(laan|lei)$")) }'),
    ),
    Question(
        "v15",
        "STRSTARTS over all addresses",
        fixed('SELECT (COUNT(*) AS ?n) { ?a a adres:Adres ; rdfs:label ?l . FILTER(STRSTARTS(STR(?l), "Kapel")) }'),
    ),
    Question(
        "v16",
        "language of all labels",
        fixed('SELECT (COUNT(*) AS ?n) { ?x rdfs:label ?l . FILTER(LANG(?l) = "nl") }'),
    ),
    Question(
        "v17",
        "LANGMATCHES with COALESCE: a name in French or German, else Dutch",
        fixed(
            "SELECT ?s ?name { ?s a adres:Straatnaam ; rdfs:label ?nl . "
            'OPTIONAL { ?s skos:altLabel ?fr . FILTER(LANG(?fr) = "fr") } OPTIONAL { ?s skos:altLabel ?de . FILTER(LANGMATCHES(LANG(?de), "de")) } '
            "BIND(COALESCE(STR(?fr), STR(?de), STR(?nl)) AS ?name) FILTER(BOUND(?fr) || BOUND(?de)) }"
        ),
    ),
    Question(
        "v18",
        "IF and IN: statuses told apart",
        fixed(
            "SELECT ?kind (COUNT(*) AS ?n) { ?a adres:Adres.status ?st . "
            f'BIND(IF(?st IN ({registry.status("inGebruik")}, {registry.status("voorgesteld")}), "current", "past") AS ?kind) }} GROUP BY ?kind'
        ),
    ),
    Question(
        "v19",
        "a filter on a whole number",
        lambda r, f: (lambda low: f"SELECT ?s ?m {{ ?s dct:extent ?m . FILTER(?m >= {low} && ?m < {low + 60}) }}")(100 + r.randrange(2500)),
        varies=True,
    ),
    Question(
        "v20",
        "VALUES of 20 municipalities, counted",
        lambda r, f: (
            f"SELECT ?g (COUNT(?a) AS ?n) {{ VALUES ?g {{ {_municipalities(r)} }} ?s adres:isToegekendDoor ?g . "
            "?a adres:heeftStraatnaam ?s } GROUP BY ?g"
        ),
        varies=True,
    ),
    Question("v21", "download: every address with its status", fixed("SELECT ?a ?st { ?a adres:Adres.status ?st }")),
    Question(
        "v22",
        "LIMIT without order",
        fixed("SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l } LIMIT 500"),
        whole=fixed("SELECT ?s ?l { ?s a adres:Straatnaam ; rdfs:label ?l }"),
    ),
    Question(
        "v23",
        "ASK that finds, of two patterns",
        lambda r, f: f'ASK {{ ?a adres:heeftStraatnaam {registry.street(r.randrange(f.streets))} ; adres:huisnummer "1" }}',
        varies=True,
    ),
    Question(
        "v24",
        "DATATYPE and casts",
        fixed(
            "SELECT ?d (COUNT(*) AS ?n) { ?s a adres:Straatnaam ; generiek:lokaleIdentificator ?k ; dct:extent ?m . "
            "FILTER(xsd:integer(?k) > 10100) BIND(DATATYPE(?m) AS ?d) } GROUP BY ?d"
        ),
    ),
]
