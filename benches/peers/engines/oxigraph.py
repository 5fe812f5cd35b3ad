"""Oxigraph's server, from its Python wheel."""

import os

import system
from engines.base import Engine


class Oxigraph(Engine):
    name = "oxigraph"
    title = "Oxigraph"
    port = 17421
    query_path = "/query"
    update_path = "/update"
    documented_fsync = False

    @property
    def _binary(self):
        return self.home / "venv/bin/oxigraph"

    def missing(self):
        return None if os.access(self._binary, os.X_OK) else "not installed (benches/peers/install.sh)"

    def version(self):
        words = self.ask([self._binary, "--version"]).split()
        return words[-1] if words else "unknown"

    def load(self, file, timeout):
        return system.run([self._binary, "load", "--location", self.data, "--file", file], self.log, timeout, folder=self.work)

    def command(self):
        return [self._binary, "serve", "--location", self.data, "--bind", f"127.0.0.1:{self.port}"]
