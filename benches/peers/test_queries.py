"""Tests of the queries bench: what would make equal answers look different, or different ones equal, or a missed gate met.

No engine is started here, and nothing is measured.
"""

import contextlib
import io
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock

import answers
import ask
import asking
import catalogue
import client
import compare
import gates
import queries_page
import registry
import report
from catalogue import CSV, JSON, TRIPLES, Question

XSD = "http://www.w3.org/2001/XMLSchema#"


def table(names, *rows):
    """A SPARQL JSON answer; a cell is None, a text for an IRI, or a dictionary."""
    def term(cell):
        return {"type": "uri", "value": cell} if isinstance(cell, str) else cell
    bindings = [{name: term(cell) for name, cell in zip(names, row) if cell is not None} for row in rows]
    return json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}}).encode()


def typed(value, datatype):
    return {"type": "literal", "value": value, "datatype": XSD + datatype}


def blank(label):
    return {"type": "bnode", "value": label}


class OneForm(unittest.TestCase):
    """Terms that mean the same become the same text, others do not."""

    def same(self, *terms):
        self.assertEqual(len({answers.literal(*term) for term in terms}), 1, terms)

    def different(self, *terms):
        self.assertEqual(len({answers.literal(*term) for term in terms}), len(terms), terms)

    def test_numbers_are_compared_by_value(self):
        self.same(*[(text, XSD + kind, None) for text, kind in (
            ("12.5", "decimal"), ("12.50", "decimal"), ("1.25E1", "double"), ("+12.5", "float"), ("12.500000000000004", "double"),
        )])
        self.same(("1000", XSD + "integer", None), ("1.0E3", XSD + "double", None), ("1000", XSD + "int", None), ("01000", XSD + "long", None))
        self.same(("0", XSD + "integer", None), ("-0.0", XSD + "double", None))
        self.different(("12.5", XSD + "decimal", None), ("12.51", XSD + "decimal", None), ("12.5", None, None), ("125", XSD + "decimal", None))

    def test_whole_numbers_keep_all_their_digits(self):
        self.different(("12345678901234567", XSD + "integer", None), ("12345678901234568", XSD + "integer", None))

    def test_what_is_no_number_stays_a_text(self):
        self.assertEqual(answers.number("twelve"), None)
        self.different(("twelve", XSD + "integer", None), ("twelve", None, None))
        self.same(("INF", XSD + "double", None), ("+INF", XSD + "float", None))
        self.different(("INF", XSD + "double", None), ("-INF", XSD + "double", None), ("NaN", XSD + "double", None))

    def test_booleans_and_moments_by_value(self):
        self.same(("true", XSD + "boolean", None), ("1", XSD + "boolean", None))
        self.different(("true", XSD + "boolean", None), ("false", XSD + "boolean", None), ("true", None, None))
        self.same(*[(text, XSD + "dateTime", None) for text in (
            "2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z", "2025-12-31T23:30:00.000Z", "2025-12-31T18:00:00-05:30",
        )])
        self.different(*[(text, XSD + "dateTime", None) for text in ("2026-01-01T00:30:00", "2026-01-01T00:30:00Z", "2026-01-01T00:30:00.5Z")])
        self.assertIsNone(answers.moment("2026-13-01T00:00:00Z"))

    def test_language_tags_have_no_case(self):
        self.same(("straat", None, "nl-BE"), ("straat", None, "nl-be"))
        self.different(("straat", None, "nl"), ("straat", None, "fr"), ("straat", None, None), ("Straat", None, "nl"))

    def test_a_plain_text_is_an_xsd_string(self):
        self.same(("a", None, None), ("a", XSD + "string", None))
        self.different(("a", None, None), ("a", XSD + "anyURI", None))


class Reading(unittest.TestCase):
    """Answers are read as they are sent."""

    def test_rows_in_the_order_of_the_columns(self):
        body = table(["b", "a"], ["urn:1", typed("1", "integer")], [None, typed("2", "integer")])
        self.assertEqual(answers.read(body, JSON).rows, ["<urn:1>\t#1", "\t#2"])

    def test_an_ask(self):
        self.assertEqual(answers.read(b'{"head":{},"boolean":true}', JSON).rows, ["!true"])

    def test_blank_nodes_are_told_apart_by_what_is_said_of_them(self):
        one = table(["x", "y"], [blank("a"), "urn:1"], [blank("b"), "urn:2"])
        same = table(["x", "y"], [blank("q7"), "urn:2"], [blank("a"), "urn:1"])
        joined = table(["x", "y"], [blank("a"), "urn:1"], [blank("a"), "urn:2"])
        self.assertEqual(answers.difference(answers.read(one, JSON), answers.read(same, JSON)), "")
        self.assertNotEqual(answers.difference(answers.read(one, JSON), answers.read(joined, JSON)), "")

    def test_triples_with_blank_nodes_escapes_and_doubles(self):
        one = b'<urn:s> <urn:p> _:b1 .\n_:b1 <urn:q> "a\\u00e9\\n"@NL .\n<urn:s> <urn:p> _:b1 .\n'
        other = '_:x.y <urn:q> "a\u00e9\\n"@nl .\n<urn:s> <urn:p> _:x.y.\n'.encode()
        first, second = answers.read(one, TRIPLES), answers.read(other, TRIPLES)
        self.assertEqual((first.doubles, second.doubles), (1, 0))
        self.assertEqual(answers.difference(first, second), "")
        third = answers.read(b'<urn:s> <urn:p> _:b1 .\n_:b2 <urn:q> "a\\u00e9\\n"@nl .\n', TRIPLES)
        self.assertNotEqual(answers.difference(first, third), "")

    def test_tables_with_lines_and_commas_within_cells(self):
        answer = answers.read(b'a,b\r\n"x,\ny",1\r\nz,\r\n', CSV)
        self.assertEqual(answer.rows, ["x,\\ny\t1", "z\t"])

    def test_the_same_rows_in_two_formats(self):
        body = table(["a", "n"], ["urn:1", {"type": "literal", "value": "12", "xml:lang": "nl"}])
        self.assertEqual(answers.read(body, JSON, plain=True).rows, answers.read(b"a,n\nurn:1,12\n", CSV).rows)

    def test_what_is_cut_off_is_not_an_answer(self):
        whole = table(["a"], ["urn:1"], ["urn:2"])
        for body, accept in ((whole[:-3], JSON), (b"", CSV), (b"a,b\n1\n", CSV), (b"<urn:s> <urn:p>", TRIPLES), (b"<html>", JSON), (b"[]", JSON)):
            with self.assertRaises(answers.Unreadable, msg=body):
                answers.read(body, accept)


class Differences(unittest.TestCase):
    """Rows are a multiset; order counts where it is asked for."""

    def test_times_and_order(self):
        one, twice, back = answers.Answer(["a", "b"]), answers.Answer(["a", "b", "b"]), answers.Answer(["b", "a"])
        self.assertEqual(answers.difference(one, back), "")
        self.assertEqual(answers.difference(one, back, ordered=True), "the same rows in another order")
        self.assertIn("3 rows, 2 expected; has 1: b", answers.difference(twice, one))
        self.assertIn("lacks 1: b", answers.difference(one, twice))
        self.assertEqual(one.digest(False), back.digest(False))
        self.assertNotEqual(one.digest(True), back.digest(True))
        self.assertNotEqual(one.digest(False), twice.digest(False))

    def test_some_rows_of_a_whole(self):
        whole = answers.Answer(["a", "b", "b", "c"])
        self.assertEqual(answers.some_of(answers.Answer(["b", "b"]), whole, 2), "")
        self.assertEqual(answers.some_of(answers.Answer(["c", "b", "a", "b"]), whole, 9), "")
        self.assertIn("due", answers.some_of(answers.Answer(["a"]), whole, 2))
        self.assertIn("not in the whole", answers.some_of(answers.Answer(["a", "a"]), whole, 2))

    def _compared(self, question, **rows):
        with tempfile.TemporaryDirectory() as folder:
            kept = asking.Answers(pathlib.Path(folder) / "answers")
            for name, found in rows.items():
                kept.keep(answers.Answer(found), question.id, name.replace("_past", ".past"), 0)
            return compare.compare([question], list(rows), kept)[question.id]

    def test_most_engines_are_right_and_oslo_where_opinions_are_divided(self):
        question = Question("q99", "", lambda rng, facts: "")
        self.assertEqual(self._compared(question, oslo=["a"], other=["a"], third=["b"])["third"], "has 1: b; lacks 1: a")
        found = self._compared(question, oslo=["b"], other=["a"], third=["a"])
        self.assertEqual((found["other"], found["third"]), ("", ""))
        self.assertNotEqual(found["oslo"], "")
        found = self._compared(question, other=["a"], oslo=["b"])
        self.assertEqual(found["oslo"], "")

    def test_rows_of_a_slice_are_looked_for_in_the_whole(self):
        question = Question("q99", "", lambda rng, facts: "SELECT * { } LIMIT 2", whole=lambda rng, facts: "")
        found = self._compared(question, oslo=["a", "b"], other=["c", "b"], third=["a", "d"], whole=["a", "b", "c"])
        self.assertEqual((found["oslo"], found["other"]), ("", ""))
        self.assertIn("d", found["third"])

    def test_an_earlier_state_answers_as_it_did(self):
        question = Question("h99", "", lambda rng, facts: "", as_of=True)
        self.assertEqual(self._compared(question, oslo=["a"], oslo_past=["a"])["oslo"], "")
        self.assertNotEqual(self._compared(question, oslo=["a"], oslo_past=["a", "b"])["oslo"], "")


class Catalogue(unittest.TestCase):
    """The questions are what the page says of them."""

    FACTS = registry.Facts(5_000, 600)

    def test_ids_are_of_a_group_and_used_once(self):
        ids = [question.id for question in catalogue.ALL]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreaterEqual(len(ids), 60)
        self.assertLessEqual({question.group for question in catalogue.ALL}, set(catalogue.GROUPS))

    def test_texts_vary_only_where_it_is_said_and_the_same_for_all(self):
        for question in catalogue.ALL:
            for engine in ("oslo", "oxigraph", "virtuoso", "jena"):
                source = asking.texts_of(question, engine, self.FACTS)
                if source is None:
                    continue
                texts = [next(source) for _ in range(6)]
                self.assertEqual(len(set(texts)) > 1, question.varies, question.id)
                again = asking.texts_of(question, engine, self.FACTS)
                self.assertEqual([next(again) for _ in range(6)], texts, question.id)
            if not question.own:
                one, other = (next(asking.texts_of(question, engine, self.FACTS)) for engine in ("oslo", "jena"))
                self.assertEqual(one, other)

    def test_own_texts_have_a_remark(self):
        for question in catalogue.ALL:
            self.assertEqual(bool(question.own), bool(question.remark), question.id)

    def test_slices_are_known_and_orders_are_total(self):
        for question in catalogue.ALL:
            text = question.text(random.Random(1), self.FACTS)
            if question.whole is not None:
                self.assertRegex(text, r"LIMIT \d+\Z")
                self.assertNotIn("LIMIT", question.whole(random.Random(1), self.FACTS))
                self.assertFalse(question.varies, "compare.py asks for its text without facts")
            if question.ordered:
                self.assertIn("ORDER BY", text)
            self.assertIn(question.accept, (JSON, CSV, TRIPLES))

    def test_tables_of_reasons_name_questions_and_engines(self):
        ids = {question.id for question in catalogue.ALL}
        for (question, engine), (_, reason) in gates.known().items():
            self.assertIn(question, ids)
            self.assertIn(engine, ask.engines.ALL)
            self.assertTrue(reason)
        for name in ("ahead.csv", "qlever.csv"):
            rows = gates.table(name)
            self.assertLessEqual({row["question"] for row in rows}, ids)
            self.assertEqual(len(rows), len({row["question"] for row in rows}))

    def test_the_registry_is_the_same_each_time_and_repeats_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("a", "b")]
            facts = registry.Facts.of(60_000)
            counts = [registry.write(path, facts) for path in paths]
            texts = [path.read_bytes() for path in paths]
        self.assertEqual(texts[0], texts[1])
        lines = texts[0].splitlines()
        self.assertEqual(counts[0], len(lines))
        self.assertEqual(len(set(lines)), len(lines))
        self.assertLess(abs(len(lines) / 60_000 - 1), 0.1)
        self.assertEqual(len(answers.read(b"\n".join(lines[:5000]), TRIPLES).rows), 5000)
        for needed in (registry.address(facts.addresses - 1), registry.street(facts.streets - 1), registry.municipality_name(299), registry.postal(299)):
            self.assertTrue(any(line.startswith(needed.encode() + b" ") for line in lines), needed)


def run_of(oslo, peers, verdicts=None, asked=10_000_000):
    """A run with these medians in seconds; a text is an error, and one that begins with `>` a time limit."""
    def figures(value):
        if isinstance(value, str):
            return {"error": value} | ({"timeout": float(value[1:])} if value.startswith(">") else {})
        return {"p50": value, "p95": value, "runs": 5, "rows": 1, "by": "executor"}
    results = [
        {"name": name, "title": name, "version": "1", "settings": "", "questions": {key: figures(value) for key, value in times.items()}}
        for name, times in {"oslo": oslo, **peers}.items()
    ]
    said = {key: {name: "" for name in ("oslo", *peers)} for key in oslo}
    for (question, engine), how in (verdicts or {}).items():
        said[question][engine] = how
    return {
        "asked": asked, "date": "2026-01-01", "machine": "m", "commit": "c", "quads": 5, "bytes": 6, "addresses": 7, "streets": 8, "seconds": 3,
        "timeout": 60, "results": results, "verdicts": said,
    }


class Gates(unittest.TestCase):
    """A gate is met only when it is."""

    def gate(self, run, beginning, explained=None):
        found = [gate for gate in gates.gates(run, explained or {}) if gate[0].startswith(beginning)]
        self.assertEqual(len(found), 1)
        return found[0]

    def test_one_slow_question_misses_the_first(self):
        run = run_of({"q01": 0.0012, "q02": 0.001}, {"oxigraph": {"q01": 0.001, "q02": 0.5}})
        self.assertTrue(self.gate(run, "never")[2])
        run = run_of({"q01": 0.00121, "q02": 0.001}, {"oxigraph": {"q01": 0.001, "q02": 0.5}})
        self.assertFalse(self.gate(run, "never")[2])
        self.assertIn("q01 1.21×", self.gate(run, "never")[1])

    def test_means_are_geometric_and_of_comparable_questions_only(self):
        run = run_of({"q01": 1.0, "q02": 1.0, "t01": 1.0}, {"oxigraph": {"q01": 2.0, "q02": 8.0, "t01": 1000.0}})
        what, came_to, enough = self.gate(run, "on the whole at least 4× faster than oxigraph")
        self.assertTrue(enough)
        self.assertEqual(came_to, "4.0× faster over 2 questions")

    def test_nothing_measured_meets_nothing(self):
        run = run_of({"q01": 1.0}, {})
        self.assertFalse(self.gate(run, "never")[2])
        self.assertFalse(self.gate(run, "on the whole at least 4× faster than jena")[2])

    def test_a_peer_that_gave_up_counts_with_its_limit_and_one_that_failed_does_not(self):
        run = run_of({"q01": 1.0, "q02": 1.0}, {"oxigraph": {"q01": ">60", "q02": "HTTP 500"}})
        self.assertEqual(gates.ratios(run, "oxigraph", {}, False), {"q01": 1 / 60})

    def test_other_rows_do_not_count_unless_it_is_known_that_they_may(self):
        run = run_of({"q01": 2.0}, {"oxigraph": {"q01": 1.0}}, {("q01", "oxigraph"): "lacks 1: a"})
        self.assertEqual(gates.ratios(run, "oxigraph", {}, False), {})
        self.assertEqual(gates.ratios(run, "oxigraph", {("q01", "oxigraph"): (False, "a defect")}, False), {})
        self.assertEqual(gates.ratios(run, "oxigraph", {("q01", "oxigraph"): (True, "its own order")}, False), {"q01": 2.0})
        self.assertFalse(self.gate(run, "the same rows")[2])
        self.assertTrue(self.gate(run, "the same rows", {("q01", "oxigraph"): (False, "a defect")})[2])

    def test_oslo_that_fails_is_not_fast(self):
        run = run_of({"q01": "HTTP 503", "q02": ">60"}, {"oxigraph": {"q01": 1.0, "q02": 1.0}})
        self.assertEqual(gates.ratios(run, "oxigraph", {}, False), {})
        self.assertFalse(self.gate(run, "oslo answers")[2])
        self.assertFalse(self.gate(run, "never")[2])

    def test_a_lost_triple_and_a_changed_past_are_no_success(self):
        run = run_of({"q01": 1.0, "h01": 1.0}, {"oxigraph": {"q01": 9.0}})
        run["results"][0]["lost"] = 0
        self.assertTrue(self.gate(run, "oslo holds")[2])
        run["results"][0]["lost"] = 17
        self.assertFalse(self.gate(run, "oslo holds")[2])
        run["verdicts"]["h01"]["oslo"] = "lacks 1: a"
        self.assertFalse(self.gate(run, "the same rows")[2])

    def test_a_run_without_oslo_is_shown_too(self):
        run = run_of({"q01": 1.0}, {"oxigraph": {"q01": 9.0}})
        run["results"].pop(0)
        self.assertEqual(gates.ahead(run, {}), [])
        self.assertFalse(self.gate(run, "never")[2])
        self.assertIn("| 9,000 |", queries_page.section(run, {}))

    def test_where_others_are_ahead(self):
        run = run_of({"q01": 0.002, "q04": 0.002, "q13": 1.0}, {"virtuoso": {"q01": 0.001, "q04": 0.004, "q13": ">2"}})
        found = {question.id: faster for question, _, faster, _ in gates.ahead(run, {})}
        # QLever's own times: 3.56 and 9.56 ms, and 263 ms.
        self.assertEqual({name: set(faster) for name, faster in found.items()}, {"q01": {"virtuoso"}, "q13": {"qlever"}})
        run["asked"] = 1_000_000
        self.assertEqual([question.id for question, *_ in gates.ahead(run, {})], ["q01"])


class Page(unittest.TestCase):
    """The page says what was measured."""

    def test_a_section_tells_times_ratios_failures_and_differences(self):
        run = run_of(
            {"q01": 0.002, "q02": 0.5, "t01": 0.001, "h01": 0.001},
            {"oxigraph": {"q01": 0.001, "q02": ">60", "t01": 0.5}, "virtuoso": {"q01": "HTTP 500: no", "q02": 0.25}},
            {("q02", "virtuoso"): "lacks 1: a | b"},
        )
        run["results"].append({"name": "jena", "title": "Jena", "missing": "no Java"})
        run["results"][0]["throughput"] = {"point_8": {"rate": 1234.5, "p99": 0.004}}
        load = {"p50": 0.001, "p99": 0.002, "max": 0.5}
        run["results"][0]["beside_writes"] = {"alone": load, "beside": load, "commit_rate": 19.9, "commit_p50": 0.001, "commit_p99": None}
        text = queries_page.section(run, {("q01", "virtuoso"): (False, "a known fault")})
        for part in (
            "## 10 M quads", "> 60 s", "failed", "250 ≠", "**1.00**", "< 0.008", "**missed** | never slower", "| q01 | all of one address", "2.00",
            "**not explained**", "a known fault", "- Jena: not asked: no Java.", "**1,234**", "19.9", "street names with a word ~", "### As of",
        ):
            self.assertIn(part, text)
        page = report.put_section(report.put_section("", "## 1 M quads\n\nother\n", queries_page.HEAD), text, queries_page.HEAD)
        self.assertTrue(page.startswith(queries_page.HEAD))
        self.assertEqual(page.count("\n## "), 2)
        # A heading within a section is no section.
        self.assertEqual(report.put_section(page, text, queries_page.HEAD), page)


class Again(unittest.TestCase):
    """A page can be made anew from the figures of a run."""

    def test_from_the_figures_alone(self):
        run = run_of({"q01": 0.002}, {"oxigraph": {"q01": 0.001}}, {("q01", "oxigraph"): "lacks 1: a"})
        with tempfile.TemporaryDirectory() as folder, unittest.mock.patch.object(ask, "PAGE", ask.run.REPOSITORY / "docs/no-such-page.md"):
            path = pathlib.Path(folder) / "run.json"
            path.write_text(json.dumps(run))
            with unittest.mock.patch("sys.argv", ["ask.py", "--again", str(path)]), contextlib.redirect_stdout(io.StringIO()) as out:
                # Rows that differ for no known reason.
                self.assertEqual(ask.main(), 1)
            self.assertIn("## 10 M quads", out.getvalue())
            self.assertIn("MISSED never slower", out.getvalue())
            self.assertFalse(ask.PAGE.exists())


class Load(unittest.TestCase):
    """load.c counts what it sends, and reads every kind of answer."""

    @classmethod
    def setUpClass(cls):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise unittest.SkipTest("there is no C compiler")
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.program = f"{cls.folder.name}/load"
        source = pathlib.Path(__file__).with_name("load.c")
        subprocess.run([compiler, "-O1", "-Wall", "-Werror", "-o", cls.program, str(source)], check=True)

    def _run(self, answer, clients, rate, per_connection=None):
        """What load says of a server that gives this answer, in pieces; returns (numbers, requests that the server saw)."""
        import socket
        import threading
        listener = socket.create_server((client.HOST, 0))
        self.addCleanup(listener.close)
        seen = []

        def serve(connection):
            with connection, contextlib.suppress(OSError):
                for number in range(per_connection or 10**9):
                    request = connection.recv(4096)
                    if not request:
                        return
                    seen.append(request)
                    connection.sendall(answer[:9])
                    connection.sendall(answer[9:])

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        with tempfile.NamedTemporaryFile() as file:
            for request in (b"GET /1 HTTP/1.1\r\n\r\n", b"GET /22 HTTP/1.1\r\n\r\n"):
                file.write(b"%d\n" % len(request) + request)
            file.flush()
            done = subprocess.run(
                [self.program, str(listener.getsockname()[1]), file.name, str(clients), "0.4", str(rate)], capture_output=True, text=True, timeout=20
            )
        self.assertEqual(done.returncode, 0, done.stderr)
        words = done.stdout.split()
        self.assertEqual((words[0], len(words)), ("RESULT", 10))
        return [int(word) for word in words[1:]], seen

    def test_every_kind_of_answer_is_read_to_its_end(self):
        for answer in (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nX: y\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
        ):
            (count, _, refused, failed, p50, _, p99, most, size), seen = self._run(answer, 3, 0)
            self.assertGreater(count, 10)
            self.assertEqual((refused, failed), (0, 0), answer)
            self.assertEqual(size, count * len(answer))
            self.assertEqual(count, len(seen))
            self.assertTrue(p50 <= p99 <= most)
            self.assertEqual(set(seen), {b"GET /1 HTTP/1.1\r\n\r\n", b"GET /22 HTTP/1.1\r\n\r\n"})

    def test_a_server_that_ends_connections_is_connected_to_again(self):
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
        (count, _, refused, failed, *_), seen = self._run(answer, 2, 0, per_connection=1)
        self.assertGreater(count, 4)
        self.assertEqual((refused, failed), (0, 0))

    def test_refusals_are_counted(self):
        (count, _, refused, *_), _ = self._run(b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", 2, 0)
        self.assertEqual(count, refused)

    def test_a_rate_is_kept(self):
        (count, micros, refused, failed, *_), _ = self._run(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 4, 100)
        # 0.4 seconds; the first of each client is due at once.
        self.assertTrue(30 <= count <= 45, count)
        self.assertEqual((refused, failed), (0, 0))


class Command(unittest.TestCase):
    """The command line."""

    def _options(self, *words):
        with tempfile.TemporaryDirectory() as home, unittest.mock.patch("sys.argv", ["ask.py", "--home", home, *words]), unittest.mock.patch.dict(
            "os.environ", {}, clear=False
        ) as environment:
            for name in ("OSLO_PEERS_QUADS", "OSLO_PEERS_ONLY"):
                environment.pop(name, None)
            return ask.arguments()

    def test_a_short_run_is_small_and_no_page(self):
        options = self._options("--short")
        self.assertEqual((options.quads, options.seconds), (300_000, 0.5))
        self.assertEqual(self._options("--short", "--quads", "1M").quads, 1_000_000)
        self.assertTrue(self._options().is_whole)
        self.assertFalse(self._options("--no-load").is_whole)

    def test_questions_by_id_or_beginning(self):
        self.assertEqual([question.id for question in self._options("--questions", "q01,t").questions], ["q01", "t01", "t02", "t03"])
        # Without commits there is no past.
        self.assertFalse([question for question in self._options("--no-load").questions if question.as_of])
        with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
            self._options("--questions", "z")


if __name__ == "__main__":
    unittest.main()
