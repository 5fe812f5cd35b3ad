"""Asks one engine all questions, over HTTP, and keeps what it answered; then many clients at once, and reads beside writes.

Says what happened and judges nothing: answers are compared in compare.py, figures in gates.py.
"""

import datetime
import gc
import itertools
import os
import pickle
import random
import shutil
import subprocess
import threading
import time

import answers
import client
import many
import queries
import registry
import system
from catalogue import JSON, PREFIXES

# Times taken of a question: not fewer, unless one takes very long, and not more.
LEAST, MOST = 5, 300
# Share of the time of a question for which it is asked before times are taken, unless one answer takes longer than that.
WARM_UP = 0.15
# Seconds after which a question is given up between two runs, in multiples of the time meant for it.
PATIENCE = 20
# Answers of a question that are kept and compared, where its text varies.
COMPARED = 3
CLIENTS = (1, 8, 64)
# The load of the reads beside writes, the same for every engine: requests a second.
READS, READERS, WRITES = 100, 8, 20


def rng_of(name):
    """The same random choices for every engine."""
    return random.Random(f"{registry.SEED}/{name}")


def texts_of(question, engine, facts):
    """The texts of a question for an engine, one after the other without end, or None when it has no way to ask."""
    make = question.texts(engine)
    if make is None:
        return None
    rng = rng_of(question.id)
    return (PREFIXES + make(rng, facts) for _ in itertools.count())


class Answers:
    """The answers of all engines, in a folder: together they do not fit into memory."""

    def __init__(self, folder):
        self._folder = folder
        folder.mkdir()

    def keep(self, answer, question, engine, number):
        """Keeps an answer under three names."""
        with open(self._folder / f"{question}-{engine}-{number}", "wb") as file:
            pickle.dump(answer, file, protocol=pickle.HIGHEST_PROTOCOL)

    def get(self, question, engine, number):
        """What was kept, or None."""
        try:
            with open(self._folder / f"{question}-{engine}-{number}", "rb") as file:
                return pickle.load(file)
        except FileNotFoundError:
            return None


class Asking:
    """One engine in one run. `result` fills up while it goes."""

    def __init__(self, engine, file, facts, lines, kept, options, result):
        self.engine = engine
        self.file = file
        self.facts = facts
        self.lines = lines
        self.kept = kept
        self.options = options
        self.result = result
        self.server = None
        self.connection = None
        self.asked = result.setdefault("questions", {})
        self.notes = result.setdefault("notes", [])

    def all(self):
        """All steps. Raises `system.Failed`, `client.HttpError`, `OSError`."""
        self._say(f"loads {self.lines:,} lines")
        self.result["load_seconds"] = self.engine.load(self.file, self.options.load_timeout).seconds
        if any(question.group == "t" for question in self.options.questions):
            begin = time.perf_counter()
            self.engine.index_texts(self.options.load_timeout)
            self.result["text_seconds"] = time.perf_counter() - begin
        os.sync()
        run_by = self._run_by()
        self._serve()
        try:
            for question in self.options.questions:
                self._ask(question)
                if question.id in run_by and question.id in self.asked:
                    self.asked[question.id]["by"] = run_by[question.id]
            if self.options.with_load:
                self._throughput()
                self._beside_writes()
            self._as_of()
        finally:
            self._stop()

    def _say(self, what):
        print(f"  {self.engine.name}: {what}", flush=True)

    def _serve(self):
        self.server = self.engine.serve()
        self.connection = client.Connection(self.engine.port, timeout=self.options.timeout)

    def _stop(self):
        if self.connection is not None:
            self.connection.close()
        if self.server is not None:
            self.server.stop()
        self.server = None

    def _run_by(self):
        """Which part of the engine runs each question, by id of the question."""
        texts = {}
        for question in self.options.questions:
            source = texts_of(question, self.engine.name, self.facts)
            if source is not None:
                texts[question.id] = next(source)
        found = self.engine.run_by(texts.values())
        return {name: found[text] for name, text in texts.items() if text in found}

    def _ask(self, question):
        """Asks and times a question. An as-of question is asked about the present here; `_as_of` asks about the past."""
        source = texts_of(question, self.engine.name, self.facts)
        if source is None:
            return
        figures = self.asked[question.id] = {}
        self._timed(question, figures, source, lambda text: self.engine.long_query(text, question.accept))
        if question.whole is not None and "error" not in figures and self._is_first():
            self._keep_whole(question)

    def _is_first(self):
        return self.engine.name == self.options.names[0]

    def _keep_whole(self, question):
        """The larger answer of which some rows were asked, from the first engine; what others give is checked against it."""
        text = PREFIXES + question.whole(rng_of(question.id), self.facts)
        body = self.connection.expect(self.engine.long_query(text))
        self.kept.keep(answers.read(body, JSON, plain=True), question.id, "whole", 0)

    def _timed(self, question, figures, source, request_of, stage=""):
        """Keeps the first answers, which warm the engine up, then takes times. Fills `figures`."""
        name = self.engine.name + stage
        try:
            for number in range(COMPARED if question.varies else 1):
                request = request_of(next(source))
                begin = time.perf_counter()
                body = self.connection.expect(request)
                if number == 0:
                    figures.update(first=time.perf_counter() - begin, bytes=len(body))
                answer = answers.read(body, question.accept, plain=question.whole is not None)
                figures.setdefault("rows", len(answer.rows))
                if answer.doubles:
                    figures["doubles"] = answer.doubles
                self.kept.keep(answer, question.id, name, number)
                del body, answer
            requests = map(request_of, source)
            self._times(requests, self.options.seconds * WARM_UP - figures["first"], least=0)
            times = self._times(requests, self.options.seconds)
            figures.update(
                p50=client.percentile(times, 0.5), p95=client.percentile(times, 0.95), best=times[0], runs=len(times)
            )
        except (client.HttpError, answers.Unreadable) as problem:
            figures["error"] = " ".join(str(problem).split())[:300]
        except TimeoutError:
            # Whether it still works on the answer is not known: the next question gets a server of its own.
            figures["error"] = f"no answer within {self.options.timeout:g} s"
            figures["timeout"] = self.options.timeout
            self._again()
        except OSError as problem:
            figures["error"] = f"the server went away: {problem}"
            self._again()
        if self.server.process.poll() is not None:
            self._again()
        shown = f"{figures['p50'] * 1e3:.2f} ms, {figures['runs']} runs" if "p50" in figures else figures["error"]
        self._say(f"{question.id}{stage} {question.title}: {shown}, {figures.get('rows', '–')} rows")

    def _again(self):
        self._stop()
        self._serve()

    def _times(self, requests, meant, least=LEAST):
        """Sorted times in seconds of these requests, for as long as is meant for them or until there are enough."""
        times, spent = [], 0.0
        if meant <= 0:
            return times
        gc.collect()
        gc.disable()
        try:
            for request in requests:
                begin = time.perf_counter()
                self.connection.expect(request)
                times.append(time.perf_counter() - begin)
                spent += times[-1]
                if len(times) >= MOST or (spent > meant and len(times) >= least) or spent > PATIENCE * meant:
                    break
        finally:
            gc.enable()
        return sorted(times)

    def _as_of(self):
        """The questions about the past, now that there is one; their answers must be those of before."""
        for question in self.options.questions:
            figures = self.asked.get(question.id)
            if not question.as_of or figures is None or "error" in figures:
                continue
            figures["now_p50"] = figures.pop("p50")
            moment = self.result["moment"]
            source = texts_of(question, self.engine.name, self.facts)
            self._timed(
                question, figures, source, lambda text: self.engine.query_as_of(moment, text, question.accept), stage=".past"
            )

    # Many clients.

    def _load(self, texts, clients, seconds, rate):
        """What load.c measures with these texts. Raises `system.Failed`."""
        requests = [self.engine.long_query(text) for text in texts]
        path = many.program(self.options.home)
        return many.load(path, self.engine.port, requests, clients, seconds, rate, self.engine.work)

    def _points(self):
        rng = rng_of("points")
        return [f"SELECT ?p ?o {{ {registry.address(rng.randrange(self.facts.addresses))} ?p ?o }}" for _ in range(20_000)]

    def _joins(self):
        rng = rng_of("joins")
        return [
            PREFIXES + "SELECT ?a ?number ?street ?place { ?a adres:heeftStraatnaam ?s ; adres:huisnummer ?number . "
            f"VALUES ?s {{ {registry.street(rng.randrange(self.facts.streets))} }} "
            "?s rdfs:label ?street ; adres:isToegekendDoor ?g . ?g rdfs:label ?place }"
            for _ in range(5_000)
        ]

    def _throughput(self):
        figures = self.result["throughput"] = {}
        for kind, texts in (("point", self._points()), ("join", self._joins())):
            self._load(texts[-500:], 8, max(1, self.options.seconds / 2), 0)
            for clients in CLIENTS:
                try:
                    found = self._load(texts, clients, self.options.load_seconds, 0)
                    figures[f"{kind}_{clients}"] = found
                    self._say(f"{kind}, {clients} clients: {found['rate']:,.0f}/s, p99 {found['p99'] * 1e3:.2f} ms")
                except system.Failed as problem:
                    self.notes.append(str(problem))
                    if self.server.process.poll() is not None:
                        self._again()

    def _beside_writes(self):
        """Point lookups at a steady rate, first alone, then beside commits at a steady rate; and whether all commits are there."""
        texts, seconds = self._points(), self.options.load_seconds * 1.5
        # A moment between the load and the first commit.
        time.sleep(1.1)
        self.result["moment"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        time.sleep(0.1)
        figures = self.result["beside_writes"] = {}
        figures["alone"] = self._load(texts, READERS, seconds, READS)
        halt, times, problems = threading.Event(), [], []

        def write():
            connection = client.Connection(self.engine.port, timeout=self.options.timeout)
            begin = time.perf_counter()
            try:
                for number in itertools.count():
                    wait = begin + number / WRITES - time.perf_counter()
                    if halt.wait(max(0.0, wait)):
                        return
                    start = time.perf_counter()
                    connection.expect(self.engine.insert(queries.entity(number)))
                    times.append(time.perf_counter() - start)
            except (client.HttpError, OSError) as problem:
                problems.append(f"an update failed: {' '.join(str(problem).split())[:200]}")
            finally:
                connection.close()

        writer = threading.Thread(target=write, daemon=True)
        begin = time.perf_counter()
        writer.start()
        try:
            figures["beside"] = self._load(texts, READERS, seconds, READS)
        finally:
            halt.set()
            writer.join(self.options.timeout + 5)
        spent = time.perf_counter() - begin
        times.sort()
        self.notes.extend(problems)
        figures.update(
            commits=len(times), commit_rate=len(times) / spent,
            commit_p50=client.percentile(times, 0.5), commit_p99=client.percentile(times, 0.99),
        )
        body = self.connection.expect(self.engine.long_query(queries.COUNT_ALL))
        count, due = int(answers.read(body, JSON).rows[0][1:]), self.lines + 17 * len(times)
        self.result["lost"] = abs(due - count)
        if count != due:
            self.notes.append(f"after the commits it holds {count:,} triples where {due:,} were due")
        self._say(
            f"lookups p99 {figures['alone']['p99'] * 1e3:.2f} ms alone, {figures['beside']['p99'] * 1e3:.2f} ms beside {len(times)} commits"
        )


def ask(engine, file, facts, lines, kept, options):
    """Asks an engine everything; returns what is known of it as a dictionary. Its folder is gone afterwards."""
    result = {"name": engine.name, "title": engine.title, "settings": ""}
    try:
        reason = engine.missing()
        if reason is not None:
            return {**result, "missing": reason}
        result["version"] = engine.version()
        begin = time.perf_counter()
        try:
            Asking(engine, file, facts, lines, kept, options, result).all()
        except (system.Failed, client.HttpError, answers.Unreadable, OSError, ValueError, subprocess.TimeoutExpired) as problem:
            result["failed"] = " ".join(f"{type(problem).__name__}: {problem}".split())[:400]
        result.update(settings=engine.settings, took=time.perf_counter() - begin)
        return result
    finally:
        shutil.rmtree(engine.work, ignore_errors=True)
