"""Asks others what they make of a catalogue.

catalogue.py shacl DATA SHAPES   prints "conforms", or what pySHACL finds
catalogue.py ckan DATA           prints what the parser of ckanext-dcat reads, as JSON

DATA is N-Triples. The parser is that of CKAN's harvesters; of CKAN itself it needs a few names, which stand in here.
"""

import importlib.abc
import importlib.machinery
import json
import sys
import types
from unittest import mock

import rdflib


def shacl(data, shapes):
    import pyshacl

    rdflib.NORMALIZE_LITERALS = False
    graph = rdflib.Graph().parse(data, format="nt")
    kind = "json-ld" if shapes.endswith(".jsonld") else "turtle"
    rules = rdflib.Graph().parse(shapes, format=kind)
    # Files of DCAT-AP refer to shapes of each other: pySHACL refuses what is not there, so it is left out.
    property_of = rdflib.URIRef("http://www.w3.org/ns/shacl#property")
    path = rdflib.URIRef("http://www.w3.org/ns/shacl#path")
    for triple in list(rules.triples((None, property_of, None))):
        if (triple[2], path, None) not in rules:
            rules.remove(triple)
    conforms, _, text = pyshacl.validate(graph, shacl_graph=rules, inference="none", allow_warnings=True)
    print("conforms" if conforms else text)


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules of CKAN that hold whatever is asked of them, but for the few whose answer counts."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("ckan", "ckantoolkit"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.config = {}
        module.asbool = lambda value: str(value).lower() in ("true", "yes", "on", "1")
        module.aslist = lambda value, sep=None: value if isinstance(value, list) else str(value or "").split(sep)
        module.ObjectNotFound = module.HelperError = type("Missing", (Exception,), {})
        module.resource_formats = lambda: {}
        module.munge_tag = lambda tag: tag.lower()
        module.LicenseRegister = dict
        module.Interface = type("Interface", (), {})
        module.__getattr__ = self.anything(module)
        return module

    def anything(self, module):
        def named(name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name in ("toolkit", "interfaces"):
                return importlib.import_module("ckantoolkit")
            return mock.MagicMock(name=f"{module.__name__}.{name}")

        return named

    def exec_module(self, module):
        pass


def ckan(data):
    sys.meta_path.insert(0, StandIns())
    from ckanext.dcat.processors import RDFParser

    parser = RDFParser(profiles=["euro_dcat_ap_3"])
    with open(data, encoding="utf-8") as text:
        parser.parse(text.read(), _format="nt")
    print(json.dumps(list(parser.datasets()), ensure_ascii=False, default=str))


if __name__ == "__main__":
    {"shacl": shacl, "ckan": ckan}[sys.argv[1]](*sys.argv[2:])
