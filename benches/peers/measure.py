"""Measures one engine from an empty folder to the last commit, and checks on the way that it gives the right answers.

Every engine gets the same steps in the same order with nothing else running. What a figure is called and how it is shown
is decided in report.py.
"""

import gc
import json
import os
import shutil
import subprocess
import time

import answers
import client
import many
import queries
import system

CLIENTS = 8
STARTS = 3
XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class Disagreement(Exception):
    """Two engines hold different data, or one does not hold what was written: no figure of this run means anything."""


class Agreement:
    """The answers that all engines must give: those of the engine that came first."""

    def __init__(self):
        self._answers = {}

    def check(self, engine, question, answer):
        """Raises `Disagreement` when an engine before this one answered otherwise."""
        first, expected = self._answers.setdefault(question, (engine, answer))
        if answer != expected:
            ours, theirs = _difference(answer, expected)
            raise Disagreement(f"{question}: {engine} says {ours}, {first} says {theirs}")

    def quads(self):
        """How many quads the stores hold, or None when no engine has answered yet."""
        known = self._answers.get("quads")
        return int(known[1][0][0]) if known else None


def _difference(one, other):
    """Both answers, without the rows they share, cut short."""
    if isinstance(one, list) and isinstance(other, list):
        one, other = [row for row in one if row not in other], [row for row in other if row not in one]
    return str(one)[:400], str(other)[:400]


def rows(body):
    """The bindings of a SPARQL JSON answer."""
    return json.loads(body)["results"]["bindings"]


def _term(binding):
    """A term as (kind, value, datatype or language)."""
    if binding["type"] == "uri":
        return ("uri", binding["value"], "")
    if binding["type"] == "bnode":
        return ("bnode", "", "")
    return ("literal", binding["value"], binding.get("xml:lang") or binding.get("datatype") or XSD_STRING)


def _stated(line):
    """Predicate and object of a line of N-Triples, in the form of `_term`."""
    _, predicate, rest = line.decode().rstrip("\n").split(" ", 2)
    value = rest.removesuffix(" .")
    if value.startswith("<"):
        term = ("uri", answers.unescape(value[1:-1]), "")
    elif value.startswith("_:"):
        term = ("bnode", "", "")
    else:
        end = value.rindex('"')
        tag = value[end + 1 :]
        kind = tag[1:] if tag.startswith("@") else tag[3:-1] or XSD_STRING
        term = ("literal", answers.unescape(value[1:end]), kind)
    return (predicate[1:-1], term)


class Run:
    """One engine in one run. `figures` fills up while it goes; what is not in it was not reached."""

    def __init__(self, engine, data, agreement, options):
        self.engine = engine
        self.data = data
        self.agreement = agreement
        self.seconds = options.seconds
        self.timeout = options.timeout
        self.figures = {}
        self.notes = []
        self.fsync = None
        self._inserted = 0

    def all(self):
        """All steps. Raises `system.Failed`, `client.HttpError`, `OSError` or `Disagreement`."""
        self._load()
        self._starts()
        with self.engine.serve() as server:
            self._say("checks the answers")
            connection = client.Connection(self.engine.port, timeout=self.timeout)
            self._agree(connection)
            self._as_written(connection)
            self._reads(connection)
            self.figures["resident_after_reads"], self.figures["anonymous_after_reads"], _ = system.memory(server.pid)
            self._commits(connection)
            self._find_fsync(connection, server.pid)
            self._holds_all(connection)
            self.figures["resident_at_end"] = system.memory(server.pid)[0]
            self.figures["disk_at_end"] = system.disk(self.engine.data)
            connection.close()

    def _say(self, what):
        print(f"  {self.engine.name}: {what}", flush=True)

    def _load(self):
        self._say(f"loads {self.data.lines:,} lines")
        ended = self.engine.load(self.data.file, self.timeout)
        # Not counted: whoever does not wait for the disk must not slow down what is measured next.
        os.sync()
        used = system.disk(self.engine.data)
        self.notes.extend(self.engine.remarks())
        self.figures.update(load_seconds=ended.seconds, load_peak=ended.peak, disk=used, disk_per_quad=used / self.data.lines)

    def _starts(self):
        """The first start after the load, and again: the median, because files may still be written out at the first."""
        times = []
        for _ in range(STARTS):
            with self.engine.serve() as server:
                times.append(server.seconds)
                self.figures["resident_after_start"] = system.memory(server.pid)[0]
        times.sort()
        self.figures["start_seconds"] = times[len(times) // 2]

    def _ask(self, connection, text):
        return rows(connection.expect(self.engine.long_query(text)))

    def _count(self, connection):
        return int(self._ask(connection, queries.COUNT_ALL)[0]["n"]["value"])

    def _agree(self, connection):
        name = self.engine.name
        for question, text in queries.COUNTS:
            answer = sorted([binding["value"] for _, binding in sorted(row.items())] for row in self._ask(connection, text))
            self.agreement.check(name, question, answer)
        for iri in self.data.streets[:20]:
            self.agreement.check(name, f"addresses of <{iri}>", len(self._ask(connection, queries.street(iri))))
        for iri, lines in self.data.truth.items():
            self.agreement.check(name, f"statements of <{iri}>", len(self._ask(connection, queries.point(iri))))
        # The file may say a thing twice; the store must not.
        quads = self.agreement.quads()
        if quads > self.data.lines:
            raise Disagreement(f"{name} holds {quads:,} quads of a file of {self.data.lines:,} lines")
        self.figures["disk_per_quad"] = self.figures["disk"] / quads

    def _as_written(self, connection):
        """The share of the compared statements that come back term by term as they were written."""
        same = total = 0
        for iri, lines in self.data.truth.items():
            stated = {_stated(line) for line in lines}
            found = {(row["p"]["value"], _term(row["o"])) for row in self._ask(connection, queries.point(iri))}
            same += len(stated & found)
            total += len(stated)
        self.figures["as_written"] = same / total
        if same < total:
            self.notes.append(f"{total - same} of {total} compared statements come back with another datatype or lexical form")

    def _reads(self, connection):
        points = [self.engine.query(queries.point(iri)) for iri in self.data.addresses]
        streets = [self.engine.query(queries.street(iri)) for iri in self.data.streets]
        self._say("reads, one client")
        for name, requests in (("point", points), ("street", streets)):
            client.latencies(connection, requests[-200:], self.seconds / 4)
            times = self._timed(connection, requests, self.seconds)
            self.figures[f"{name}_p50"] = client.percentile(times, 0.5)
            self.figures[f"{name}_p99"] = client.percentile(times, 0.99)
        self._say(f"reads, {CLIENTS} clients")
        for name, texts in (
            ("point", [queries.point(iri) for iri in self.data.addresses]),
            ("street", [queries.street(iri) for iri in self.data.streets]),
        ):
            self.figures[f"{name}_rate"] = self._rate(texts)

    def _rate(self, texts):
        """Answers each second to eight clients: by load.c where it could be compiled, for it costs the engine the least."""
        requests = [self.engine.query(text) for text in texts]
        path = many.program(self.engine.home)
        if path is not None:
            for seconds in (max(1, self.seconds // 4), self.seconds):
                found = many.load(path, self.engine.port, requests, CLIENTS, seconds, folder=self.engine.work)
            return found["rate"]
        # Everyone asks everything, each from another place on.
        starts = [len(requests) * at // CLIENTS for at in range(CLIENTS)]
        lists = [requests[start:] + requests[:start] for start in starts]
        rate, _ = client.parallel(self.engine.port, lists, self.seconds, again=True)
        self.notes.append("rates measured without load.c: clients in Python take their share of the cores")
        return rate

    @staticmethod
    def _timed(connection, requests, seconds):
        """Times of the requests, without the pauses of Python's own memory."""
        gc.collect()
        gc.disable()
        try:
            return client.latencies(connection, requests, seconds)
        finally:
            gc.enable()

    def _commits(self, connection):
        """Commits by one client of 1, 17 and 1,000 triples, then single triples by eight clients at once."""
        self._say("commits")
        number = 0
        for name, make, step, size, most in (
            ("commit_1", queries.one_triple, 1, 1, 500),
            ("commit_17", queries.entity, 1, 17, 300),
            ("commit_1000", queries.thousand, 59, 1000, 60),
        ):
            warm = max(3, most // 20)
            # Numbers are never used twice, also across kinds: every triple is a new one.
            requests = [self.engine.insert(make(number + step * at)) for at in range(warm + most)]
            number += step * (warm + most)
            self._inserted += size * len(client.latencies(connection, requests[:warm], self.timeout))
            times = self._timed(connection, requests[warm:], self.seconds * 1.5)
            self._inserted += size * len(times)
            self.figures[f"{name}_p50"] = client.percentile(times, 0.5)
            self.figures[f"{name}_p99"] = client.percentile(times, 0.99)
            self.figures[f"{name}_samples"] = len(times)
        seconds = self.seconds / 2
        # More than can be sent in the time.
        each = int(3000 * seconds)
        lists = [
            [self.engine.insert(queries.one_triple(number + hand * each + at)) for at in range(each)] for hand in range(CLIENTS)
        ]
        self._next = number + CLIENTS * each
        rate, count = client.parallel(self.engine.port, lists, seconds, again=False)
        # The request with which every client connected wrote a triple too.
        self._inserted += count + CLIENTS
        self.figures["commit_rate"] = rate

    def _find_fsync(self, connection, pid):
        """Whether commits are put on the disk before they are acknowledged: five commits are watched."""
        commits = 5
        requests = [self.engine.insert(queries.one_triple(self._next + at)) for at in range(commits)]

        def write():
            for request in requests:
                connection.expect(request)
                self._inserted += 1

        calls = system.syncs_during(pid, write)
        self.figures["syncs_seen"] = calls
        # None: nothing could be watched, and nothing was written either way.
        self.fsync = self.engine.documented_fsync if calls is None else calls >= commits

    def _holds_all(self, connection):
        expected = self.agreement.quads() + self._inserted
        count = self._count(connection)
        if count != expected:
            raise Disagreement(
                f"{self.engine.name} holds {count:,} quads after the commits that it acknowledged, where {expected:,} were due"
            )


def measure(engine, data, agreement, options):
    """Measures an engine; returns what is known of it as a dictionary for report.py. Its folder is gone afterwards.

    An engine that fails is part of the result; only a `Disagreement` is raised."""
    result = {"name": engine.name, "title": engine.title}
    try:
        reason = engine.missing()
        if reason is not None:
            return {**result, "missing": reason}
        result["version"] = engine.version()
        os.sync()
        begin = time.perf_counter()
        run = Run(engine, data, agreement, options)
        try:
            run.all()
        except (system.Failed, client.HttpError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as problem:
            # On one line and not too long: it becomes part of a list.
            result["failed"] = " ".join(f"{type(problem).__name__}: {problem}".split())[:400]
        result.update(
            settings=engine.settings,
            figures=run.figures,
            notes=run.notes,
            fsync=run.fsync,
            took=time.perf_counter() - begin,
        )
        return result
    finally:
        shutil.rmtree(engine.work, ignore_errors=True)
