"""Reads every page of a stream with rdflib in every format and judges it with pySHACL: by tree.ttl beside this file, and by
the shape that the stream names. Environment: OSLO_ENDPOINT, OSLO_REGISTER."""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path

import pyshacl
from rdflib import Dataset, Graph, Namespace, URIRef
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.term import BNode, Literal

TREE = Namespace("https://w3id.org/tree#")
SH = Namespace("http://www.w3.org/ns/shacl#")
FORMATS = {"nq": "nquads", "trig": "trig", "jsonld": "json-ld", "ttl": "turtle", "nt": "nt", "rdf": "xml"}
ENDPOINT = os.environ["OSLO_ENDPOINT"]
REGISTER = os.environ.get("OSLO_REGISTER", "adressen")
SHAPES = Graph().parse(Path(__file__).with_name("tree.ttl"))


def read(address, syntax):
    """The statements of a page, and those of them that are in no graph of their own."""
    with urllib.request.urlopen(address) as answer:
        text = answer.read()
    data = Dataset()
    data.parse(data=text, format=syntax, publicID=address)
    default = Graph()
    for s, p, o, graph in data.quads():
        if graph == DATASET_DEFAULT_GRAPH_ID:
            default.add((s, p, o))
    return data, default


def plain(data):
    """What can be compared without matching blank nodes: terms, with those left blank."""
    def term(node):
        # Some of its parsers write values anew, others leave them as they came.
        node = node.normalize() if isinstance(node, Literal) else node
        return "_" if isinstance(node, BNode) else node.n3() if node is not None else ""
    return sorted(tuple(term(t) for t in (s, p, o)) for s, p, o, _ in data.quads())


def judge(data, shapes, address):
    conforms, _, report = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inplace=True)
    if not conforms:
        sys.exit(f"{address}\n{report}")


def walk(name, syntax):
    """All pages in order of their addresses: what they say, without the name of the format."""
    due, seen, members, shape = [f"{ENDPOINT}/ldes/{REGISTER}?format={name}"], {}, set(), None
    while due:
        address = due.pop()
        if address in seen:
            continue
        data, default = read(address, syntax)
        judge(default, SHAPES, address)
        shape = shape or next(default.objects(None, TREE.shape), None)
        if (None, TREE.member, None) in default:
            described = Graph().parse(f"{ENDPOINT}/ldes/{REGISTER}/vorm?format=ttl", format="turtle")
            described.add((URIRef(shape), SH.targetObjectsOf, TREE.member))
            judge(default, described, address)
        due.extend(str(node) for node in default.objects(None, TREE.node))
        members.update(default.objects(None, TREE.member))
        seen[address] = plain(data)
    said = {address.replace(f"format={name}", ""): says for address, says in seen.items()}
    said = {address: [tuple(t.replace(f"format={name}", "") for t in says) for says in page] for address, page in said.items()}
    return said, members


# A server that just started makes its streams first.
while not json.load(urllib.request.urlopen(f"{ENDPOINT}/ldes"))["gereed"]:
    time.sleep(0.2)
known = {}
for name, syntax in FORMATS.items():
    said, members = walk(name, syntax)
    kind = "graphs" if name in ("nq", "trig", "jsonld") else "versions"
    first = known.setdefault(kind, (name, said, members))
    for address, page in first[1].items():
        ours, theirs = sorted(page), sorted(said[address])
        if ours != theirs:
            more = [t for t in ours if t not in theirs][:5], [t for t in theirs if t not in ours][:5]
            sys.exit(f"{address}: {first[0]} and {name} differ: {more}")
    if said.keys() != first[1].keys() or members != first[2]:
        sys.exit(f"{first[0]} and {name} have other pages or members")
    print(f"{name}: {len(said)} pages, {len(members)} members")
if known["graphs"][2] != known["versions"][2]:
    sys.exit("formats with and without graphs have other members")
