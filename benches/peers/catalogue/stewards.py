"""Ten questions that those who keep the addresses of a municipality ask: what is missing, double, contradictory or new."""

import registry
from catalogue.base import Question, fixed


def _place(rng):
    return registry.municipality_name(rng.randrange(registry.MUNICIPALITIES))


STEWARDS = [
    Question(
        "s01",
        "addresses without a status",
        fixed("SELECT ?a ?l { ?a a adres:Adres ; rdfs:label ?l . FILTER NOT EXISTS { ?a adres:Adres.status ?st } }"),
    ),
    Question(
        "s02",
        "streets with the same name in one municipality",
        fixed(
            "SELECT ?g ?name (COUNT(?s) AS ?n) { ?s a adres:Straatnaam ; rdfs:label ?name ; adres:isToegekendDoor ?g } "
            "GROUP BY ?g ?name HAVING(COUNT(?s) > 1)"
        ),
    ),
    Question(
        "s03",
        "identifiers used twice",
        fixed(
            "SELECT ?id ?a ?b { ?i skos:notation ?id . ?k skos:notation ?id . ?a adms:identifier ?i . ?b adms:identifier ?k . "
            "FILTER(STR(?a) < STR(?b)) }"
        ),
    ),
    Question(
        "s04",
        "house numbers missing in the series of a street",
        # On one side of a street numbers go up by two: one is missing that has a neighbour on both sides.
        lambda r, f: (
            f"SELECT DISTINCT ?s ?missing {{ ?a adres:heeftGemeentenaam {_place(r)} ; adres:heeftStraatnaam ?s ; adres:huisnummer ?h . "
            'FILTER(REGEX(?h, "^[0-9]+$")) BIND(STR(xsd:integer(?h) + 2) AS ?missing) BIND(STR(xsd:integer(?h) + 4) AS ?after) '
            "FILTER EXISTS { ?b adres:heeftStraatnaam ?s ; adres:huisnummer ?after } "
            "FILTER NOT EXISTS { ?c adres:heeftStraatnaam ?s ; adres:huisnummer ?missing } }"
        ),
        varies=True,
    ),
    Question(
        "s05",
        "concepts without a Dutch label",
        fixed('SELECT ?c { ?c a skos:Concept . FILTER NOT EXISTS { ?c skos:prefLabel ?l . FILTER(LANGMATCHES(LANG(?l), "nl")) } }'),
    ),
    Question(
        "s06",
        "what changed in a municipality since a day, newest first",
        lambda r, f: (
            f"SELECT ?a ?l ?t {{ ?a adres:heeftGemeentenaam {_place(r)} ; rdfs:label ?l ; prov:generatedAtTime ?t . "
            'FILTER(?t >= "2025-06-01T00:00:00+02:00"^^xsd:dateTime) } ORDER BY DESC(?t) ?a'
        ),
        varies=True,
        ordered=True,
    ),
    Question(
        "s07",
        "addresses by postal code and status",
        fixed(
            "SELECT ?code ?st (COUNT(?a) AS ?n) { ?a a adres:Adres ; adres:heeftPostinfo ?p ; adres:Adres.status ?st . ?p adres:postcode ?code } "
            "GROUP BY ?code ?st"
        ),
    ),
    Question(
        "s08",
        "oldest versions of what has more than one",
        fixed(
            "SELECT ?v (MIN(?t) AS ?first) (COUNT(?a) AS ?versions) { ?a dct:isVersionOf ?v ; prov:generatedAtTime ?t } "
            "GROUP BY ?v HAVING(COUNT(?a) > 1) ORDER BY ?first ?v LIMIT 50"
        ),
        ordered=True,
    ),
    Question(
        "s09",
        "identifiers that nothing has",
        fixed("SELECT ?id { ?i a adms:Identifier ; skos:notation ?id . FILTER NOT EXISTS { ?x adms:identifier ?i } }"),
    ),
    Question(
        "s10",
        "addresses whose street belongs to another municipality",
        fixed(
            "SELECT ?a ?s ?stated ?of { ?a adres:heeftStraatnaam ?s ; adres:heeftGemeentenaam ?name . ?name adres:isAfgeleidVan ?stated . "
            "?s adres:isToegekendDoor ?of . FILTER(?stated != ?of) }"
        ),
    ),
]
