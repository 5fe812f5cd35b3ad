"""SPARQLWrapper and rdflib against a running endpoint.

The endpoint, over the example registry, is OSLO_ENDPOINT; OSLO_TOKEN is its administrator's token. What is written goes to a
graph of its own, which is removed at the end.
"""

import os
import unittest

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    N3,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import (
    EndPointInternalError,
    EndPointNotFound,
    QueryBadFormed,
    Unauthorized,
)

BASE = os.environ["OSLO_ENDPOINT"].rstrip("/")
TOKEN = os.environ["OSLO_TOKEN"]
SPARQL = f"{BASE}/sparql"
ADR = Namespace("https://data.vlaanderen.be/ns/adres#")
ADDRESS = URIRef("https://data.vlaanderen.be/id/adres/90000001")
STREETS = URIRef(f"{BASE}/graph/straatnamen")
OWN = URIRef(f"{BASE}/graph/proef-python")
ASKED = f"PREFIX adr: <{ADR}> SELECT ?p ?o {{ <{ADDRESS}> ?p ?o }} ORDER BY ?p ?o"


def wrapper(text, form=None, token=None):
    """A SPARQLWrapper that is ready to ask."""
    asked = SPARQLWrapper(SPARQL)
    asked.setQuery(text)
    if form:
        asked.setReturnFormat(form)
    if token:
        asked.addCustomHttpHeader("Authorization", f"Bearer {token}")
    return asked


def update(text):
    asked = wrapper(text, token=TOKEN)
    asked.setMethod(POST)
    return asked.query()


class Wrapper(unittest.TestCase):
    """SPARQLWrapper."""

    def rows(self):
        return wrapper(ASKED, JSON).queryAndConvert()["results"]["bindings"]

    def test_a_table_in_every_format(self):
        rows = self.rows()
        self.assertGreater(len(rows), 5)
        xml = wrapper(ASKED, XML).queryAndConvert()
        self.assertEqual(len(xml.getElementsByTagName("result")), len(rows))
        csv = wrapper(ASKED, CSV).queryAndConvert().decode()
        self.assertTrue(csv.startswith("p,o\r\n"), csv[:40])
        self.assertEqual(csv.count("\r\n"), len(rows) + 1)
        tsv = wrapper(ASKED, TSV).queryAndConvert().decode()
        self.assertTrue(tsv.startswith("?p\t?o\n"), tsv[:40])
        self.assertEqual(tsv.count("\n"), len(rows) + 1)

    def test_every_way_to_send(self):
        expected = self.rows()
        for method, way in [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)]:
            asked = wrapper(ASKED, JSON)
            asked.setMethod(method)
            asked.setRequestMethod(way)
            self.assertEqual(asked.queryAndConvert()["results"]["bindings"], expected, (method, way))

    def test_yes_and_no(self):
        for text, answer in [(f"ASK {{ <{ADDRESS}> ?p ?o }}", True), ("ASK { <urn:niets> ?p ?o }", False)]:
            self.assertIs(wrapper(text, JSON).queryAndConvert()["boolean"], answer)
            xml = wrapper(text, XML).queryAndConvert()
            value = xml.getElementsByTagName("boolean")[0].firstChild.data
            self.assertEqual(value, str(answer).lower())

    def test_a_graph_in_every_format(self):
        construct = f"CONSTRUCT {{ <{ADDRESS}> ?p ?o }} {{ <{ADDRESS}> ?p ?o FILTER(!isBlank(?o)) }}"
        expected = Graph().parse(data=wrapper(construct, TURTLE).queryAndConvert(), format="turtle")
        self.assertGreater(len(expected), 5)
        self.assertTrue(isomorphic(wrapper(construct, RDFXML).queryAndConvert(), expected))
        self.assertTrue(isomorphic(wrapper(construct, JSONLD).queryAndConvert(), expected))
        # N3 is asked for by several names; Turtle is what comes.
        self.assertTrue(isomorphic(Graph().parse(data=wrapper(construct, N3).queryAndConvert(), format="n3"), expected))
        described = wrapper(f"DESCRIBE <{ADDRESS}>", TURTLE).queryAndConvert()
        self.assertIn((ADDRESS, None, None), Graph().parse(data=described, format="turtle"))

    def test_graphs_of_the_request(self):
        count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"

        def number(asked):
            return int(asked.queryAndConvert()["results"]["bindings"][0]["n"]["value"])

        everything = number(wrapper(count, JSON))
        one = wrapper(count, JSON)
        one.addDefaultGraph(str(STREETS))
        self.assertTrue(0 < number(one) < everything)
        other = wrapper(named, JSON)
        other.addNamedGraph(str(STREETS))
        self.assertEqual(number(one), number(other))

    def test_an_update_needs_the_token(self):
        text = f"INSERT DATA {{ GRAPH <{OWN}> {{ <urn:a> <urn:b> 'één' }} }}"
        refused = wrapper(text, token="een-verkeerd-token")
        refused.setMethod(POST)
        with self.assertRaises(Unauthorized):
            refused.query()
        self.assertEqual(update(text).response.status, 200)
        self.assertTrue(wrapper(f"ASK {{ GRAPH <{OWN}> {{ <urn:a> <urn:b> 'één' }} }}", JSON).queryAndConvert()["boolean"])
        direct = wrapper(f"DELETE WHERE {{ GRAPH <{OWN}> {{ ?s ?p ?o }} }}", token=TOKEN)
        direct.setMethod(POST)
        direct.setRequestMethod(POSTDIRECTLY)
        direct.query()
        self.assertFalse(wrapper(f"ASK {{ GRAPH <{OWN}> {{ ?s ?p ?o }} }}", JSON).queryAndConvert()["boolean"])

    def test_mistakes_are_told_as_they_are(self):
        with self.assertRaises(QueryBadFormed) as caught:
            wrapper("SELECT * { ?s adr:huisnummer ?o }", JSON).query()
        self.assertIn("PREFIX adr", str(caught.exception))
        missing = SPARQLWrapper(f"{BASE}/bestaat-niet")
        missing.setQuery("ASK {}")
        with self.assertRaises(EndPointNotFound):
            missing.query()
        slow = wrapper("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }", JSON)
        slow.addParameter("timeout", "300ms")
        # A 503 has no class of its own there: what matters is that it is an error, and that the text is passed on.
        with self.assertRaises(Exception) as caught:
            slow.query()
        self.assertNotIsInstance(caught.exception, (QueryBadFormed, EndPointInternalError))
        self.assertEqual(getattr(caught.exception, "code", None), 503)

    def test_letters_survive(self):
        text = "SELECT ('Ægir “wéér” \U0001f3e0 & <b>' AS ?x) {}"
        for form in (JSON, XML):
            answer = wrapper(text, form).query().response.read().decode()
            self.assertIn("\U0001f3e0", answer)
        self.assertEqual(wrapper(text, JSON).queryAndConvert()["results"]["bindings"][0]["x"]["value"], "Ægir “wéér” \U0001f3e0 & <b>")


class Store(unittest.TestCase):
    """rdflib's SPARQLStore: the endpoint as a graph."""

    def test_the_endpoint_is_a_graph(self):
        for method in ("GET", "POST", "POST_FORM"):
            graph = Graph(SPARQLStore(SPARQL, method=method))
            numbers = list(graph.objects(ADDRESS, ADR.huisnummer))
            self.assertEqual(len(numbers), 1, method)
            self.assertIn((ADDRESS, ADR.huisnummer, numbers[0]), graph)
        self.assertGreater(len(graph), 10_000)

    def test_formats_and_bindings(self):
        for form in ("json", "xml", "csv", "tsv"):
            graph = Graph(SPARQLStore(SPARQL, returnFormat=form))
            rows = graph.query("SELECT ?n { ?a adr:huisnummer ?n }", initNs={"adr": ADR}, initBindings={"a": ADDRESS})
            self.assertEqual(len(list(rows)), 1, form)
        graph = Graph(SPARQLStore(SPARQL))
        self.assertTrue(graph.query(f"ASK {{ <{ADDRESS}> ?p ?o }}").askAnswer)
        built = graph.query(f"CONSTRUCT {{ ?s a ?c }} {{ <{ADDRESS}> a ?c BIND(<{ADDRESS}> AS ?s) }}").graph
        self.assertEqual(len(built), 1)
        self.assertGreater(len(graph.query(f"DESCRIBE <{ADDRESS}>").graph), 5)

    def test_named_graphs(self):
        streets = Graph(SPARQLStore(SPARQL), identifier=STREETS)
        self.assertTrue(0 < len(list(streets)) < 10_000)
        names = set(SPARQLStore(SPARQL).contexts())
        self.assertIn(STREETS, names)

    def test_mistakes_surface(self):
        with self.assertRaisesRegex(ValueError, "wrong formulating"):
            Graph(SPARQLStore(SPARQL)).query("SELEKT * {}")


class UpdateStore(unittest.TestCase):
    """rdflib's SPARQLUpdateStore: the endpoint as a graph that can be written."""

    def store(self, token=TOKEN):
        return SPARQLUpdateStore(
            SPARQL, f"{BASE}/sparql/update", headers={"Authorization": f"Bearer {token}"}, autocommit=True
        )

    def tearDown(self):
        self.store().update(f"DROP SILENT GRAPH <{OWN}>")

    def test_statements_come_and_go(self):
        graph = Graph(self.store(), identifier=OWN)
        one = (URIRef("urn:a"), URIRef("urn:b"), Literal("één\n\"twee\"", lang="nl"))
        graph.add(one)
        self.assertIn(one, graph)
        self.assertEqual(len(graph), 1)
        graph.addN((URIRef(f"urn:{n}"), URIRef("urn:b"), Literal(n), graph) for n in range(50))
        self.assertEqual(len(graph), 51)
        graph.remove((None, None, Literal(7)))
        self.assertEqual(len(graph), 50)
        graph.update("DELETE { ?s ?p ?o } INSERT { ?s <urn:c> ?o } WHERE { ?s ?p ?o FILTER(isNumeric(?o)) }")
        self.assertEqual(len(list(graph.triples((None, URIRef("urn:c"), None)))), 49)

    def test_without_the_token_nothing_is_written(self):
        with self.assertRaises(Exception) as caught:
            Graph(self.store("verkeerd"), identifier=OWN).add((URIRef("urn:a"), URIRef("urn:b"), Literal(1)))
        self.assertIn("401", str(caught.exception))


if __name__ == "__main__":
    unittest.main(verbosity=1)
