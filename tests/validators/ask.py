"""Asks another validator. Reads lines `shapes file, data file, answer file` (tabs between, N-Triples in both files) and writes
each answer: the report as N-Triples, or one comment line `# refused: why` or `# slow`.

Usage: ask.py VALIDATOR SECONDS, where VALIDATOR is pyshacl or shacl and SECONDS bounds one answer.
"""

import os
import signal
import sys

DROPPED = ("http://www.w3.org/ns/shacl#resultMessage", "http://www.w3.org/ns/shacl#sourceShape")


class TooSlow(BaseException):
    """Not an Exception: what the validator catches by itself must not swallow it."""


def give_up(_signal, _frame):
    raise TooSlow


class PyShacl:
    """pySHACL on rdflib: terms as written, core and SPARQL constraints, no inference."""

    def __init__(self):
        import pyshacl
        import rdflib

        # "01" and "1" are different terms.
        rdflib.NORMALIZE_LITERALS = False
        self.graph = rdflib.Graph
        self.validate = pyshacl.validate
        self.known = {}
        self.data_name, self.data = None, None

    def read(self, name):
        graph = self.graph()
        graph.parse(name, format="nt")
        return graph

    def ask(self, shapes, data):
        if self.data_name != data:
            self.data_name, self.data = data, self.read(data)
        if shapes not in self.known:
            self.known[shapes] = self.read(shapes)
        _, report, text = self.validate(self.data, shacl_graph=self.known[shapes], inference="none")
        if not isinstance(report, self.graph):
            raise ValueError(text)
        kept = self.graph()
        for triple in report:
            if str(triple[1]) not in DROPPED:
                kept.add(triple)
        return kept.serialize(format="nt")


class Shacl:
    """The package `shacl`."""

    def __init__(self):
        import shacl

        self.shapes = shacl.Shapes
        self.known = {}

    def ask(self, shapes, data):
        if shapes not in self.known:
            self.known[shapes] = self.shapes.from_file(shapes)
        report = self.known[shapes].validate_file(data).serialize("ntriples")
        lines = report.splitlines(keepends=True)
        return "".join(line for line in lines if line.split(" ", 2)[1].strip("<>") not in DROPPED)


def answer(validator, shapes, data, seconds):
    signal.alarm(seconds)
    try:
        return validator.ask(shapes, data)
    except TooSlow:
        return "# slow\n"
    except RecursionError:
        return "# refused: RecursionError\n"
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return f"# refused: {type(error).__name__}: {' '.join(lines)[:300]}\n"
    finally:
        signal.alarm(0)


def main():
    validator = {"pyshacl": PyShacl, "shacl": Shacl}[sys.argv[1]]()
    seconds = int(sys.argv[2])
    signal.signal(signal.SIGALRM, give_up)
    for line in sys.stdin:
        shapes, data, name = line.rstrip("\n").split("\t")
        text = answer(validator, shapes, data, seconds)
        with open(name + ".part", "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(name + ".part", name)


if __name__ == "__main__":
    main()
