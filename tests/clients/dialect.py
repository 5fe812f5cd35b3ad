"""Bodies of the dialect, read as JSON-LD by PyLD and by npm jsonld: both say the same, and it is what is stored of the object,
but for what dialect_rules.tsv lists. Every object of a small register, a spread sample of a large one."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from pyld import jsonld
from rdflib import RDF, BNode, Graph, URIRef
from rdflib.compare import isomorphic

ENDPOINT = os.environ["OSLO_ENDPOINT"]
HERE = Path(__file__).parent
SAMPLE = 200
GENID = "/.well-known/genid/"
TYPES = {
    "gemeenten": "gemeente", "postinfo": "postinfo", "straatnamen": "straatnaam", "adressen": "adres",
    "gebouwen": "gebouw", "gebouweenheden": "gebouweenheid", "percelen": "perceel", "organisaties": "organisatie",
}
INVERSE = {
    "https://data.vlaanderen.be/ns/gebouw#bestaatUit": "gebouweenheden",
    "https://data.vlaanderen.be/ns/adres#isToegekendAan": "gebouweenheden percelen",
    "https://data.vlaanderen.be/ns/adres#isAfgeleidVan": "gemeenten",
}
NAME_OF = URIRef("https://data.vlaanderen.be/ns/adres#isAfgeleidVan")
GML = URIRef("http://www.opengis.net/ont/geosparql#asGML")


def get(path, accept=None):
    address = path if path.startswith("http") else f"{ENDPOINT}{path}"
    request = urllib.request.Request(address, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


CONTEXTS = {}


def load(url, _options=None):
    assert url.startswith(f"{ENDPOINT}/contexts/"), f"a context of another host: {url}"
    if url not in CONTEXTS:
        CONTEXTS[url] = json.loads(get(url))
    return {"contextUrl": None, "document": CONTEXTS[url], "documentUrl": url, "contentType": "application/ld+json"}


jsonld.set_document_loader(load)


def rules():
    rows = []
    for line in (HERE / "dialect_rules.tsv").read_text().splitlines():
        if not line.startswith(("#", "kind\t")):
            rows.append(line.split("\t")[:5])
    return rows


RULES = rules()
USED = set()


def applies(kind, version, classes, s, p, o):
    for number, (of, v, c, predicate, value) in enumerate(RULES):
        if of != kind or v not in ("*", version) or predicate != str(p):
            continue
        if c != "*" and c not in classes:
            continue
        if value == "*code":
            if "/id/concept/" not in str(s):
                continue
        elif value == "*iri":
            if not isinstance(o, URIRef):
                continue
        elif value not in ("*", str(o)):
            continue
        USED.add(number)
        return True
    return False


def local(iri):
    return str(iri).replace("#", "/").rsplit("/", 1)[-1]


class Stored:
    """All statements of the registers."""

    def __init__(self):
        self.graph = Graph()
        for name in [*TYPES, "fusies"]:
            self.graph.parse(data=get(f"/graph/{name}", "application/n-triples"), format="nt")

    def of(self, version, resource, subject):
        """The statements of an object with its own nodes, and those that its body says against their direction."""
        classes = {local(c) for c in self.graph.objects(subject, RDF.type)}
        out, seen, open_nodes = Graph(), set(), [subject]

        def take(s, p, o, onward):
            if any(applies(kind, version, classes, s, p, o) for kind in ("less-node", "less", "either")):
                return
            out.add((s, p, o))
            if GENID in str(onward) and onward not in seen:
                open_nodes.append(onward)

        while open_nodes:
            node = open_nodes.pop()
            if node in seen:
                continue
            seen.add(node)
            if node != subject:
                classes = {local(c) for c in self.graph.objects(node, RDF.type)}
            for p, o in self.graph.predicate_objects(node):
                take(node, p, o, o)
            if node == subject:
                for p, resources in INVERSE.items():
                    if resource not in resources:
                        continue
                    for s in self.graph.subjects(URIRef(p), subject):
                        # Told by the rule of the inverse predicate.
                        if not applies("less-node", version, classes, s, f"^{p}", subject):
                            out.add((s, URIRef(p), subject))
                            if GENID in str(s):
                                open_nodes.append(s)
        return out


def blanked(graph, keep):
    """The same with blank nodes for the nodes of objects."""
    names = {}

    def name(term):
        if isinstance(term, URIRef) and GENID in term and not keep:
            return names.setdefault(term, BNode())
        return term

    out = Graph()
    for s, p, o in graph:
        out.add((name(s), p, name(o)))
    return out


def own(body, stored, version, subject):
    """What a body says of its object: without what it says of others, which must be true, and besides."""
    classes = {local(c) for c in stored.graph.objects(subject, RDF.type)}
    texts = set(stored.graph.objects(None, GML))

    def is_twin(node):
        """Whether a node only bears the geometry in a second system."""
        shown = set(body.objects(node, GML))
        return bool(shown) and not shown & texts

    # The object, its nodes, and nodes that lead to it.
    mine, open_nodes = set(), [subject, *(s for s in body.subjects(None, subject) if isinstance(s, BNode))]
    while open_nodes:
        node = open_nodes.pop()
        if node not in mine and not is_twin(node):
            mine.add(node)
            open_nodes += [o for o in body.objects(node) if isinstance(o, BNode) or GENID in o]
    out = Graph()
    for s, p, o in body:
        if any(applies(kind, version, classes, s, p, o) for kind in ("more", "either")) or is_twin(s) or is_twin(o):
            continue
        if s in mine:
            if p != GML or o in texts:
                out.add((s, p, o))
        elif o == subject:
            out.add((s, p, o))
        elif isinstance(s, BNode):
            named = set(body.objects(s, NAME_OF))
            assert named, f"a node of nobody: {p} {o}"
            known = [n for of in named for n in stored.graph.subjects(NAME_OF, of)]
            assert any((n, p, o) in stored.graph for n in known), f"not stored of a neighbour: {named} {p} {o}"
        else:
            assert (s, p, o) in stored.graph, f"not stored: {s} {p} {o}"
    return out


def show(graph):
    return "\n".join(sorted(f"{s.n3()} {p.n3()} {o.n3()}" for s, p, o in graph))


def lacking(graph, other):
    """Statements of one graph that the other has none like, blank nodes aside."""
    plain = lambda term: "_" if isinstance(term, BNode) else term.n3()
    known = {tuple(map(plain, triple)) for triple in other}
    return "\n".join(sorted(" ".join(map(plain, t)) for t in graph if tuple(map(plain, t)) not in known))


def addresses(version, resource):
    """Addresses of the details: all of a small register, a spread sample of a large one."""
    found, page = [], f"/{version}/{resource}?limit=500"
    while page:
        body = json.loads(get(page))
        items = body["data"] if version == "v3" else next(v for v in body.values() if isinstance(v, list))
        found += [item["detail"] for item in items if "/doc?uri=" not in item["detail"]]
        page = body.get("volgende")
    if len(found) > 2 * SAMPLE:
        found = found[:: len(found) // SAMPLE]
    return found


def main():
    stored = Stored()
    node = subprocess.Popen(
        ["node", str(Path(os.environ["OSLO_CLIENTS"]) / "dialect.mjs")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    failures, checked = [], {}
    for version in ("v3", "v2"):
        for resource, kind in TYPES.items():
            bodies = [(address, json.loads(get(address))) for address in addresses(version, resource)]
            listed = f"{ENDPOINT}/{version}/{resource}?limit=20"
            for address, document in [*bodies, (listed, json.loads(get(listed)))]:
                ours = jsonld.to_rdf(document, {"base": address, "format": "application/n-quads"})
                node.stdin.write(json.dumps({"address": address, "document": document}) + "\n")
                node.stdin.flush()
                theirs = json.loads(node.stdout.readline())
                body, other = Graph().parse(data=ours, format="nt"), Graph().parse(data=theirs, format="nt")
                if not isomorphic(body, other):
                    failures.append(f"{address}: the two readers differ\n{show(body)}\n--\n{show(other)}")
                    continue
                for s, p, o in body:
                    for term in (s, p, o):
                        text = str(term)
                        relative = isinstance(term, URIRef) and text.startswith(ENDPOINT) and not text.startswith(
                            (f"{ENDPOINT}/{version}/",)
                        ) and GENID not in text
                        if relative:
                            failures.append(f"{address}: relative or dropped name {text}")
                if address == listed:
                    continue
                checked[version, resource] = checked.get((version, resource), 0) + 1
                number = address.rsplit("/", 1)[-1]
                subject = URIRef(f"https://data.vlaanderen.be/id/{kind}/{number}")
                try:
                    said = blanked(own(body, stored, version, subject), False)
                except AssertionError as error:
                    failures.append(f"{address}: {error}")
                    continue
                known = blanked(stored.of(version, resource, subject), False)
                if not isomorphic(said, known):
                    failures.append(f"{address}\nsaid only\n{lacking(said, known)}\nstored only\n{lacking(known, said)}")
    node.stdin.close()
    node.wait()
    unused = [RULES[n] for n in range(len(RULES)) if n not in USED]
    print(checked)
    # One of each list is enough to see what is wrong.
    first = {}
    for failure in failures:
        first.setdefault(failure.split("\n", 1)[0].rsplit("/", 1)[0], failure)
    for failure in list(first.values())[:16]:
        print(failure, file=sys.stderr)
    print(f"{sum(checked.values())} bodies, {len(failures)} failures")
    assert not failures
    assert not unused, f"rules of no use: {unused}"
    assert sum(checked.values()) > 2000


main()
