"""Asks another validator. Reads lines `shapes file, data file, answer file` (tabs between, N-Triples in both files) and writes
each answer: the report as N-Triples, or one comment line `# refused: why` or `# slow`.

Usage: ask.py VALIDATOR SECONDS, where VALIDATOR is pyshacl or shacl and SECONDS of processor time bound one answer, so that a busy
machine changes nothing.
"""

import os
import resource
import signal
import subprocess
import sys

DROPPED = ("http://www.w3.org/ns/shacl#resultMessage", "http://www.w3.org/ns/shacl#sourceShape")


class PyShacl:
    """pySHACL on rdflib: terms as written, core and SPARQL constraints, no inference."""

    def __init__(self):
        import pyshacl
        import rdflib

        self.rdflib = rdflib
        self.graph = rdflib.Graph
        self.validate = pyshacl.validate
        self.known = {}
        self.data_name, self.data = None, None

    def read(self, name):
        # "01" and "1" are different terms. pySHACL switches this on again whenever it is done.
        self.rdflib.NORMALIZE_LITERALS = False
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


def answer(validator, shapes, data, name):
    try:
        text = validator.ask(shapes, data)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = f"# refused: {type(error).__name__}: {' '.join(lines)[:300]}\n"
    write(name, text)


def write(name, text):
    with open(name + ".part", "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(name + ".part", name)


def work(name, seconds):
    """Answers each line, and says so with an empty line. Dies of a signal when one takes too long."""
    validator = {"pyshacl": PyShacl, "shacl": Shacl}[name]()
    for line in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        answer(validator, *line.rstrip("\n").split("\t"))
        print(flush=True)


def start(name, seconds):
    command = [sys.executable, "-W", "ignore", __file__, name, str(seconds), "work"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def supervise(name, seconds):
    """Hands the lines to a worker one by one, and begins another when it dies."""
    worker = start(name, seconds)
    for line in sys.stdin:
        worker.stdin.write(line.encode())
        worker.stdin.flush()
        if worker.stdout.read(1):
            continue
        ended = worker.wait()
        text = "# slow\n" if ended == -signal.SIGXCPU else f"# refused: it ended with {ended}\n"
        write(line.rstrip("\n").split("\t")[2], text)
        worker = start(name, seconds)
    worker.stdin.close()
    worker.wait()


if __name__ == "__main__":
    if len(sys.argv) == 4:
        work(sys.argv[1], int(sys.argv[2]))
    else:
        supervise(sys.argv[1], int(sys.argv[2]))
