"""What the benches ask of an engine. How anything is measured is not decided here."""

import os
import pathlib
import subprocess
import urllib.parse

import client
import queries
import system

JSON_ROWS = "application/sparql-results+json"
ASK = "ASK { }"


class Engine:
    """An engine: how it is found, loads a file, is served, and is spoken to. All measures are taken on loopback."""

    # Short name, as people type it.
    name = ""
    # Name for the table.
    title = ""
    # Port of its HTTP server.
    port = 0
    # Where queries and updates are sent.
    query_path = "/sparql"
    update_path = "/sparql"
    # Field of a form that holds an update.
    update_field = "update"
    # Graph that holds everything, where the engine has no default graph that can be written to.
    graph = None
    # What a commit does according to its documentation; believed only where strace cannot look.
    documented_fsync = False
    # Value of an Authorization header for updates.
    authorization = ""
    # Settings that differ from those of a plain start, for the report.
    settings = ""
    # Media types that go by another name here.
    media_types = {}

    def __init__(self, home, work):
        """`home`: where install.sh put the engines. `work`: an empty folder of this engine for this run."""
        self.home = pathlib.Path(home)
        self.root = self.home / "root"
        self.work = pathlib.Path(work)
        self.log = self.work / "log.txt"
        self.data = self.work / "data"

    def missing(self):
        """Why the engine cannot be run, or None."""
        raise NotImplementedError

    def version(self):
        """Version of the engine, as it says itself."""
        raise NotImplementedError

    def load(self, file, timeout):
        """Loads a file of N-Triples into an empty store, up to where it would survive a restart; returns a `system.Ended`."""
        raise NotImplementedError

    def command(self):
        """Program and arguments of the server."""
        raise NotImplementedError

    def environment(self):
        """Variables of the environment beside those of the bench."""
        return {}

    def serve(self):
        """Starts the server over what was loaded; returns a `system.Server`."""
        return system.Server(
            self.command(), self.log, self.query(ASK), self.port, environment=self.environment(), folder=self.work
        )

    def query(self, text, accept=JSON_ROWS):
        """The bytes of a request with a query."""
        return self._post(self.query_path, self.form("query", text), accept=accept)

    def long_query(self, text, accept=JSON_ROWS):
        """The bytes of a request with a query that may run longer than the server lets others."""
        return self.query(text, accept)

    def query_as_of(self, moment, text, accept=JSON_ROWS):
        """The bytes of a request with a query about the state at a moment (a text in ISO 8601); only where there is such a thing."""
        raise NotImplementedError

    def index_texts(self, timeout):
        """Makes what the engine needs for full text and does not make by itself; called once, after the load."""

    def run_by(self, texts):
        """Which part of the engine runs each of these queries, as words by text; empty where the engine does not tell. Called
        while no server runs."""
        return {}

    def remarks(self):
        """Sentences for the report about what was loaded; called right after the load."""
        return []

    def insert(self, triples):
        """The bytes of a request that inserts lines of N-Triples in one commit."""
        return self._post(self.update_path, self.form(self.update_field, queries.insert(triples, self.graph)), self.authorization)

    @staticmethod
    def form(field, text):
        """The body of a request. A form, because it is the one way in which all the engines take both."""
        return urllib.parse.urlencode({field: text}).encode()

    def _post(self, path, body, authorization="", accept=JSON_ROWS):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {client.HOST}:{self.port}\r\nAccept: {self.media_types.get(accept, accept)}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        )
        if authorization:
            head += f"Authorization: {authorization}\r\n"
        return head.encode() + b"\r\n" + body

    def program(self, name):
        """Path of a program of the system or of those that install.sh unpacked, or None."""
        for folder in (self.root / "usr/bin", pathlib.Path("/usr/bin"), pathlib.Path("/usr/local/bin")):
            if os.access(folder / name, os.X_OK):
                return folder / name
        return None

    def libraries(self):
        """The variable that lets unpacked programs find the libraries unpacked with them."""
        # There is one folder for each architecture, and mostly one architecture.
        folders = [path for part in ("lib", "usr/lib") for path in sorted((self.root / part).glob("*-linux-gnu*"))]
        known = os.environ.get("LD_LIBRARY_PATH")
        return {"LD_LIBRARY_PATH": ":".join([*map(str, folders), *([known] if known else [])])}

    @staticmethod
    def ask(command, environment=None):
        """What a short-lived program prints, of both kinds; empty when it does not run."""
        try:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                timeout=60,
                env={**os.environ, **(environment or {})},
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout + done.stderr
