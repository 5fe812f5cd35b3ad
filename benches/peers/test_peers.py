"""Tests of the parts of the bench that could be wrong without anybody noticing: `make bench-peers` runs them first.

No engine is started here.
"""

import socket
import tempfile
import threading
import unittest
import unittest.mock

import client
import data
import measure
import queries
import report
import run


class Lines(unittest.TestCase):
    """Quads become triples, and nothing else changes."""

    def test_the_graph_goes_and_the_object_stays(self):
        for line, value in (
            (b"<a> <b> <c> <g> .\n", b"<c>"),
            (b"<a> <b> <c> .\n", b"<c>"),
            (b"<a> <b> _:c _:g .\n", b"_:c"),
            (b'<a> <b> "x y . z"@nl <g> .\n', b'"x y . z"@nl'),
            (b'<a> <b> "say \\"<hi> you\\"" .\n', b'"say \\"<hi> you\\""'),
            (b'<a> <b> "1"^^<int> <g> .\n', b'"1"^^<int>'),
        ):
            self.assertEqual(data.without_graph(line), (b"<a>", b"<b>", value), line)

    def test_well_known_text_is_kept_from_being_parsed(self):
        line = b'<a> <b> "<crs> POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n'
        self.assertEqual(data.without_graph(line)[2], b'"<crs> POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktText>')

    def test_what_is_no_statement_is_refused(self):
        for line in (b"<a> <b> <c>\n", b"# a remark .\n"[:9] + b"\n", b"<a> .\n"):
            with self.assertRaises(data.DataError, msg=line):
                data.without_graph(line)

    def test_terms_of_the_file_and_of_an_answer_are_compared_alike(self):
        for line, binding in (
            (b'<s> <p> "a\\n\\u00e9\\""@nl .\n', {"type": "literal", "value": 'a\né"', "xml:lang": "nl"}),
            (b'<s> <p> "a" .\n', {"type": "literal", "value": "a"}),
            (b'<s> <p> "01"^^<int> .\n', {"type": "typed-literal", "value": "01", "datatype": "int"}),
            (b"<s> <p> <o> .\n", {"type": "uri", "value": "o"}),
            (b"<s> <p> _:x .\n", {"type": "bnode", "value": "b17"}),
        ):
            self.assertEqual(measure._stated(line), ("p", measure._term(binding)), line)
        self.assertNotEqual(
            measure._stated(b'<s> <p> "01"^^<int> .\n')[1],
            measure._term({"type": "literal", "value": "1", "datatype": "int"}),
        )


class Updates(unittest.TestCase):
    """Commits have the size that the table says, and never repeat a triple."""

    def test_sizes(self):
        self.assertEqual(len(queries.one_triple(3)), 1)
        self.assertEqual(len(set(queries.entity(3))), 17)
        self.assertEqual(len(set(queries.thousand(3))), 1000)

    def test_neighbours_share_nothing(self):
        self.assertFalse(set(queries.entity(1)) & set(queries.entity(2)))
        self.assertFalse(set(queries.thousand(0)) & set(queries.thousand(59)))


class Figures(unittest.TestCase):
    """Percentiles, ratios and the page."""

    def test_percentiles_by_nearest_rank(self):
        values = list(range(1, 101))
        self.assertEqual([client.percentile(values, share) for share in (0.5, 0.99, 1.0)], [50, 99, 100])
        self.assertEqual(client.percentile([7], 0.5), 7)
        self.assertIsNone(client.percentile([], 0.5))

    def test_sizes_as_people_type_them(self):
        self.assertEqual([run.quads_of(text) for text in ("100k", "10M", "2500", "1_000_000")], [100_000, 10_000_000, 2500, 1_000_000])
        for text in ("0", "many", "-5M"):
            with self.assertRaises(ValueError, msg=text):
                run.quads_of(text)
        self.assertEqual(report.size_name(10_000_000), "10 M quads")

    def test_agreement_is_with_the_first(self):
        agreement = measure.Agreement()
        agreement.check("one", "quads", [["5"]])
        agreement.check("two", "quads", [["5"]])
        self.assertEqual(agreement.quads(), 5)
        with self.assertRaises(measure.Disagreement):
            agreement.check("three", "quads", [["6"]])

    @staticmethod
    def _engine(name, fsync, **figures):
        return {"name": name, "title": name, "version": "1", "fsync": fsync, "settings": "", "notes": [], "figures": figures}

    def test_ratios_are_against_the_best_and_the_best_that_fsyncs(self):
        head, body = report.table(
            [
                self._engine("oslo", True, load_seconds=2.0, point_rate=50.0, commit_1_p50=0.002),
                self._engine("fast", False, load_seconds=4.0, point_rate=100.0, commit_1_p50=0.001),
                self._engine("safe", True, load_seconds=8.0, point_rate=25.0, commit_1_p50=0.008),
            ]
        )
        self.assertEqual(head[2], "fast 1 †")
        by_label = {row[0].split(" (")[0]: row for row in body}
        self.assertEqual(by_label["bulk load"][1:], ["**2.00**", "4.00", "8.00", "0.50", ""])
        self.assertEqual(by_label["point lookups, 8 clients"][-2:], ["0.50", ""])
        self.assertEqual(by_label["commit of 1 triple, median"][1:], ["2.00", "**1.00 †**", "8.00", "2.00", "0.25"])

    def test_a_section_replaces_the_one_of_its_size(self):
        page = report.put_section("", "## 1 M quads\n\nearlier figures\n")
        page = report.put_section(page, "## 10 M quads\n\nother\n")
        page = report.put_section(page, "## 1 M quads\n\nnew\n")
        self.assertEqual(page.count("## "), 2)
        self.assertTrue(page.startswith(report.PAGE_HEAD))
        self.assertIn("new", page)
        self.assertIn("other", page)
        self.assertNotIn("earlier figures", page)

    def test_an_engine_that_is_not_there_is_named(self):
        text = report.section(
            {
                "asked": 1_000_000, "file": None, "date": "2026-01-01", "machine": "m", "description": "d", "quads": 5, "bytes": 6,
                "results": [self._engine("oslo", True, load_seconds=1.0), {"name": "x", "title": "X", "missing": "no such thing"}],
            }
        )
        self.assertIn("- X: not measured: no such thing.", text)


class Http(unittest.TestCase):
    """The client reads what servers send, however it is cut up."""

    def _served(self, *answers):
        """A server that sends these answers, a piece at a time, one for each request of one connection."""
        listener = socket.create_server((client.HOST, 0))
        self.addCleanup(listener.close)

        def serve():
            socket_, _ = listener.accept()
            with socket_:
                socket_.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for answer in answers:
                    socket_.recv(4096)
                    for at in range(0, len(answer), 7):
                        socket_.sendall(answer[at : at + 7])

        threading.Thread(target=serve, daemon=True).start()
        return client.Connection(listener.getsockname()[1], timeout=5)

    def test_lengths_chunks_and_ends(self):
        connection = self._served(
            b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\nhello world",
        )
        self.assertEqual([connection.send(b"?") for _ in range(4)], [(200, b"hello world"), (200, b"hello world"), (204, b""), (200, b"hello world")])
        connection.close()

    def test_a_refusal_is_an_error(self):
        connection = self._served(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait")
        with self.assertRaisesRegex(client.HttpError, "503: wait"):
            connection.expect(b"?")
        connection.close()


class Command(unittest.TestCase):
    """The command line."""

    def test_engines_come_in_the_order_of_the_table(self):
        with tempfile.TemporaryDirectory() as home, unittest.mock.patch("sys.argv", ["run.py", "--only", "jena,oslo", "--home", home]):
            self.assertEqual(run.arguments().names, ["oslo", "jena"])


if __name__ == "__main__":
    unittest.main()
