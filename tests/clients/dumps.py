"""Reads the dumps of a server with rdflib, PyLD, csv and json, and holds them against what its API says."""

import csv
import gzip
import hashlib
import io
import json
import logging
import os
import re
import urllib.parse
import urllib.request

import rdflib
from pyld import jsonld
from rdflib import BNode, Dataset

# Lexical forms are to stay what they are, well-formed or not.
rdflib.NORMALIZE_LITERALS = False
logging.disable(logging.WARNING)
BASE = os.environ["OSLO_ENDPOINT"]
# Items whose documents are asked one by one.
SAMPLE = 15
csv.field_size_limit(1 << 30)


def get(address, accept="*/*"):
    request = urllib.request.Request(address, headers={"Accept": accept})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def newest(register, extension, dump):
    """The content of the newest file of a format, held against its checksum."""
    packed = get(f"{BASE}/dumps/{register}/laatste.{extension}")
    [known] = [f for f in dump["bestanden"] if f["naam"].endswith("." + extension)]
    assert hashlib.sha256(packed).hexdigest() == known["sha256"], extension
    assert len(packed) == known["bytes"]
    plain = gzip.decompress(packed) if extension.endswith(".gz") else packed
    assert hashlib.sha256(plain).hexdigest() == known["sha256Uitgepakt"], extension
    return plain.decode("utf-8"), known["rijen"]


def quads(text, form):
    """The quads of a text, sorted. rdflib names blank nodes anew: all are called the same here."""
    data = Dataset()
    data.parse(data=text, format=form)

    def name(term):
        return "_:" if isinstance(term, BNode) else term.n3()

    return sorted((name(s), name(p), name(o), str(g)) for s, p, o, g in data.quads())


contexts = {}


def loader(url, options):
    if url not in contexts:
        contexts[url] = {
            "contextUrl": None,
            "documentUrl": url,
            "document": json.loads(get(url)),
        }
    return contexts[url]


def flat(value, name="", language=""):
    """Cells of a document, written down independently of the server: a list of (column, value)."""
    if isinstance(value, list):
        return [cell for one in value for cell in flat(one, name)]
    if isinstance(value, dict):
        if "@value" in value:
            column = f"{name}@{value['@language']}" if "@language" in value else name
            return flat(value["@value"], column)
        if "@list" in value:
            return flat(value["@list"], name)
        if set(value) == {"@id"} and name:
            return [(name, value["@id"])]
        cells = []
        for key, inner in value.items():
            if key == "@context":
                continue
            key = {"@id": "id", "@type": "type"}.get(key, key)
            cells += flat(inner, f"{name}.{key}" if name else key)
        return cells
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    return [(name, str(value))]


def values(cell):
    """The values of a cell: | between them, \\ before what is meant as it is."""
    parts = re.findall(r"((?:\\.|[^|\\])*)(?:\||$)", cell, re.S)
    joined = [re.sub(r"\\(.)", r"\1", part, flags=re.S) for part in parts]
    return joined[: cell_count(cell)]


def cell_count(cell):
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", cell)) + 1


def turned(ring):
    return sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in zip(ring, ring[1:])) < 0


def check(register, dump):
    nquads, rows = newest(register, "nq.gz", dump)
    stored = quads(nquads, "nquads")
    assert len(stored) == rows == dump["uitspraken"], (register, len(stored), rows)
    if register == "alles":
        return 0
    assert stored == quads(newest(register, "trig.gz", dump)[0], "trig"), register
    lines, rows = newest(register, "jsonl.gz", dump)
    documents = [json.loads(line) for line in lines.splitlines()]
    assert len(documents) == rows == dump["objecten"]
    table = list(csv.DictReader(io.StringIO(newest(register, "csv.gz", dump)[0], newline="")))
    assert [row["id"] for row in table] == [d["@id"] for d in documents], register
    metadata = json.loads(newest(register, "csv-metadata.json", dump)[0])
    assert [c["titles"] for c in metadata["tableSchema"]["columns"]] == list(table[0])
    several = {c["titles"] for c in metadata["tableSchema"]["columns"] if "separator" in c}
    triples = {quad[:3] for quad in stored}
    for at, (document, row) in enumerate(zip(documents, table)):
        expected = {}
        for column, value in flat(document):
            expected.setdefault(column, []).append(value)
        for column, cell in row.items():
            wanted = [v for v in expected.get(column, []) if v != ""]
            found = [v for v in values(cell) if v != ""]
            # Of several parts that have several values each, the values of a part stand together.
            joined = "\n".join(found).replace("|", "\n").split("\n") if found else []
            plain = "\n".join(wanted).replace("|", "\n").split("\n") if wanted else []
            assert joined == plain, (register, column, cell, wanted)
            assert cell_count(cell) == 1 or column in several, (register, column)
        if at % max(1, len(documents) // SAMPLE):
            continue
        address = f"{BASE}/doc?uri={urllib.parse.quote(document['@id'], safe='')}"
        told = json.loads(get(address, "application/ld+json"))
        # An item whose IRI is that of another register has its document in the words of that one.
        assert told == document or told["@context"] != document["@context"], document["@id"]
        said = quads(jsonld.to_rdf(document, {"format": "application/n-quads", "documentLoader": loader}), "nquads")
        assert {q[:3] for q in said} <= triples, (register, document["@id"])
    features = 0
    if any(f["formaat"] == "geojson" for f in dump["bestanden"]):
        collection = json.loads(newest(register, "geojson.gz", dump)[0])
        assert collection["type"] == "FeatureCollection"
        assert [f["id"] for f in collection["features"]] == [d["@id"] for d in documents]
        for feature, document in zip(collection["features"], documents):
            assert feature["properties"]["@type"] == document["@type"]
            geometry = feature["geometry"]
            if geometry is None:
                continue
            features += 1
            text = json.dumps(geometry["coordinates"])
            numbers = [float(n) for n in re.findall(r"-?[0-9.]+", text)]
            assert all(2 < x < 7 for x in numbers[0::2]) and all(49 < y < 52 for y in numbers[1::2])
            if geometry["type"] == "Polygon":
                assert turned(geometry["coordinates"][0]), feature["id"]
    return features


dumps = json.loads(get(f"{BASE}/dumps", "application/json"))["dumps"]
made = [d for d in dumps if d["nieuwste"]]
assert len(made) > 10, len(made)
for one in made:
    dump = one["nieuwste"]
    places = check(one["register"], dump)
    print(one["register"], dump["uitspraken"], "statements", places, "places")
