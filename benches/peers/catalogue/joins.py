"""Joins of every shape, OPTIONAL, MINUS, EXISTS, UNION, groups and aggregates, property paths."""

import registry
from catalogue.base import Question, fixed


def _count(pattern, what="*"):
    return fixed(f"SELECT (COUNT({what}) AS ?n) {{ {pattern} }}")


JOINS = [
    Question("j01", "join 1 to 1, all addresses", _count("?a adms:identifier ?i . ?i skos:notation ?n1")),
    Question("j02", "join n to 1, all addresses", _count("?a adres:heeftStraatnaam ?s . ?s dct:type ?t")),
    Question(
        "j03",
        "join n to m, through a street",
        _count(
            f"?a adres:heeftStraatnaam ?s ; adres:Adres.status {registry.status('afgekeurd')} . "
            f"?b adres:heeftStraatnaam ?s ; adres:Adres.status {registry.status('voorgesteld')}"
        ),
    ),
    Question("j04", "join on subjects, both sides sorted", _count("?a adres:huisnummer ?h ; adres:busnummer ?b")),
    Question(
        "j05",
        "join on objects, few meet",
        _count("?a dct:isVersionOf ?v . ?b dct:isVersionOf ?v . FILTER(?a != ?b)"),
    ),
    Question("j06", "join of two long lists, none meet", _count("?a adres:busnummer ?x . ?b adres:huisnummer ?x")),
    Question(
        "j07",
        "chain of four with a group",
        fixed(
            "SELECT ?l (COUNT(?a) AS ?n) { ?a adres:heeftStraatnaam ?s . ?s adres:isToegekendDoor ?g . ?g dct:isPartOf ?p . "
            "?p rdfs:label ?l } GROUP BY ?l"
        ),
    ),
    Question("j08", "star of six over all addresses", _count(
        "?a adres:huisnummer ?h ; adres:heeftStraatnaam ?s ; adres:heeftPostinfo ?p ; rdfs:label ?l ; wgs:lat ?y ; "
        f"adres:Adres.status {registry.status('gehistoreerd')}"
    )),
    Question(
        "j09",
        "OPTIONAL over all addresses",
        fixed("SELECT (COUNT(?a) AS ?n) (COUNT(?box) AS ?boxes) { ?a a adres:Adres . OPTIONAL { ?a adres:busnummer ?box } }"),
    ),
    Question(
        "j10",
        "OPTIONAL in OPTIONAL, all streets",
        fixed(
            "SELECT (COUNT(*) AS ?n) (COUNT(?alt) AS ?alts) (COUNT(?c) AS ?kinds) { ?s a adres:Straatnaam . "
            "OPTIONAL { ?s skos:altLabel ?alt . OPTIONAL { ?s dct:type ?c } } }"
        ),
    ),
    Question("j11", "MINUS over all addresses", _count("?a a adres:Adres . MINUS { ?a adres:busnummer ?box }")),
    Question(
        "j12",
        "EXISTS: streets with a proposed address",
        _count(
            "?s a adres:Straatnaam . "
            f"FILTER EXISTS {{ ?a adres:heeftStraatnaam ?s ; adres:Adres.status {registry.status('voorgesteld')} }}"
        ),
    ),
    Question(
        "j13",
        "NOT EXISTS: streets without a proposed address, listed",
        fixed(
            "SELECT ?s { ?s a adres:Straatnaam . "
            f"FILTER NOT EXISTS {{ ?a adres:heeftStraatnaam ?s ; adres:Adres.status {registry.status('voorgesteld')} }} }}"
        ),
    ),
    Question(
        "j14",
        "UNION of two long lists",
        _count("{ ?a adres:busnummer ?x } UNION { ?a adres:Adres.status ?x }"),
    ),
    Question(
        "j15",
        "GROUP BY, few groups",
        fixed("SELECT ?status (COUNT(*) AS ?n) { ?a a adres:Adres ; adres:Adres.status ?status } GROUP BY ?status"),
    ),
    Question(
        "j16",
        "GROUP BY, a group for each street, best 20",
        fixed(
            "SELECT ?s (COUNT(?a) AS ?n) { ?a adres:heeftStraatnaam ?s } GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT 20"
        ),
        ordered=True,
    ),
    Question(
        "j17",
        "GROUP BY, nearly a group for each row",
        fixed("SELECT (COUNT(*) AS ?n) { { SELECT ?v (COUNT(*) AS ?times) { ?a dct:isVersionOf ?v } GROUP BY ?v } FILTER(?times > 1) }"),
    ),
    Question("j18", "COUNT DISTINCT, few values", _count("?a adres:huisnummer ?h", "DISTINCT ?h")),
    Question("j19", "COUNT DISTINCT, many values", _count("?a rdfs:label ?l", "DISTINCT ?l")),
    Question(
        "j20",
        "MIN, MAX, AVG, SUM over all addresses",
        fixed(
            "SELECT (MIN(?y) AS ?low) (MAX(?y) AS ?high) (AVG(?y) AS ?mean) (SUM(?y) AS ?sum) (COUNT(?y) AS ?n) { ?a wgs:lat ?y }"
        ),
    ),
    Question(
        "j21",
        "aggregates by municipality, HAVING",
        fixed(
            "SELECT ?g (COUNT(?s) AS ?n) (SUM(?m) AS ?sum) (AVG(?m) AS ?mean) (MIN(?m) AS ?low) (MAX(?m) AS ?high) "
            "{ ?s adres:isToegekendDoor ?g ; dct:extent ?m } GROUP BY ?g HAVING(COUNT(?s) > 2)"
        ),
    ),
    Question(
        "j22",
        "GROUP_CONCAT by municipality",
        # The order within is free: of the texts only the length can be compared.
        fixed(
            'SELECT ?g (STRLEN(GROUP_CONCAT(?l ; separator="|")) AS ?length) { ?s adres:isToegekendDoor ?g ; rdfs:label ?l } GROUP BY ?g'
        ),
    ),
    Question(
        "j23",
        "sub-query with LIMIT, joined",
        fixed(
            "SELECT ?s ?n ?l ?place { { SELECT ?s (COUNT(?a) AS ?n) { ?a adres:heeftStraatnaam ?s } GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT 50 } "
            "?s rdfs:label ?l ; adres:isToegekendDoor ?g . ?g rdfs:label ?place }"
        ),
    ),
    Question(
        "j24",
        "path: a sequence of three over all addresses",
        fixed(
            "SELECT ?p (COUNT(?a) AS ?n) { ?a adres:heeftStraatnaam/adres:isToegekendDoor/dct:isPartOf ?p } GROUP BY ?p"
        ),
    ),
    Question("j25", "path: alternative, and one walked backwards", fixed(
        f"SELECT ?s ?l {{ {registry.municipality(7)} ^adres:isToegekendDoor ?s . ?s rdfs:label|skos:altLabel ?l }}"
    )),
    Question("j26", "path: skos:broader*, all above one concept", lambda r, f: (
        f"SELECT ?c {{ {registry.concept(registry.CONCEPTS - 1 - r.randrange(600))} skos:broader* ?c }}"
    ), varies=True),
    Question("j27", "path: skos:broader+, all pairs", _count("?c skos:broader+ ?d")),
    Question(
        "j28",
        "path: streets by broader+ from each kind, joined",
        fixed(
            f"SELECT (COUNT(?s) AS ?n) {{ ?s dct:type/skos:broader* {registry.concept(2)} . ?s adres:isToegekendDoor ?g }}"
        ),
    ),
    Question(
        "j29",
        "path: negated property set",
        lambda r, f: f"SELECT ?o {{ {registry.address(r.randrange(f.addresses))} !(adres:positie|adms:identifier) ?o }}",
        varies=True,
    ),
]
