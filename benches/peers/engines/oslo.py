"""oslo itself, driven by its command line as anyone would. No shapes are loaded."""

import os
import pathlib
import secrets
import urllib.parse

import system
from engines.base import JSON_ROWS, Engine

# What a bulk load may use, where this build has the option.
MEMORY = "2GiB"
# Seconds that a counting query may take: the most that the server allows.
LONGEST = 120


class Oslo(Engine):
    name = "oslo"
    title = "oslo"
    port = 17411
    documented_fsync = True
    # The program to measure; run.py sets it.
    binary = None

    def __init__(self, home, work):
        super().__init__(home, work)
        token = secrets.token_hex(32)
        self.token_file = self.work / "token"
        self.token_file.write_text(token)
        self.token_file.chmod(0o600)
        self.authorization = f"Bearer {token}"

    def missing(self):
        if self.binary is None or not os.access(self.binary, os.X_OK):
            return f"{self.binary} is not there (make build, or OSLO_BIN)"
        return None

    def version(self):
        words = self.ask([self.binary, "--version"]).split()
        return words[1] if len(words) > 1 else "unknown"

    def _limits(self):
        if "--memory" not in self.ask([self.binary, "load", "--help"]):
            return []
        self.settings = f"--memory {MEMORY} while loading"
        return ["--memory", MEMORY]

    def load(self, file, timeout):
        command = [pathlib.Path(self.binary), "--data", self.data, "load", "--graph", "default", *self._limits(), file]
        return system.run(command, self.log, timeout, folder=self.work)

    def long_query(self, text, accept=JSON_ROWS):
        return self._post(f"{self.query_path}?timeout={LONGEST}", self.form("query", text), accept=accept)

    def query_as_of(self, moment, text, accept=JSON_ROWS):
        path = f"{self.query_path}?timeout={LONGEST}&asOf={urllib.parse.quote(moment)}"
        return self._post(path, self.form("query", text), accept=accept)

    def run_by(self, texts):
        found = {}
        for text in texts:
            said = self.ask([self.binary, "--data", self.data, "--lang", "en", "query", "--explain", text])
            for words in ("general evaluator", "executor"):
                if words in said:
                    found[text] = words.split()[-1]
                    break
        return found

    def remarks(self):
        # A folder of its own; a single file in the older format.
        old = self.data / "commits.log"
        log = system.disk(self.data / "log") + (old.stat().st_blocks * 512 if old.exists() else 0)
        rest = system.disk(self.data) - log
        return [f"on disk {log / 1e6:,.0f} MB of commit log and {rest / 1e6:,.0f} MB of all else"]

    def command(self):
        return [self.binary, "--data", self.data, "serve", "--bind", f"127.0.0.1:{self.port}", "--admin-token-file", self.token_file]
