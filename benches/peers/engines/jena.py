"""Apache Jena TDB2 behind JenaServer.java."""

import os
import pathlib

import system
from engines.base import Engine

# Most of the Java heap. The files of TDB2 are mapped beside it.
HEAP = "2g"
# Those that jena-tdb2 needs at run time, by the names under which Debian installs them.
JARS = """jena-tdb2 jena-arq jena-core jena-base jena-iri jena-dboe-base jena-dboe-index jena-dboe-storage
jena-dboe-trans-data jena-dboe-transaction jena-rdfconnection commons-cli commons-codec commons-compress commons-csv commons-io
commons-lang3 dexx.collection gson guava failureaccess httpclient httpcore jackson-core jackson-databind jackson-annotations
jakarta.json-api jsonld-java protobuf slf4j-api slf4j-nop jcl-over-slf4j thrift titanium-json-ld""".split()


class Jena(Engine):
    name = "jena"
    title = "Jena TDB2"
    port = 17441
    documented_fsync = True
    settings = f"heap of {HEAP}, parallel loader, no file of statistics"

    def _java(self):
        try:
            java = pathlib.Path((self.home / "java-bin").read_text().strip()) / "java"
        except OSError:
            return None
        return java if os.access(java, os.X_OK) else None

    def _class_path(self):
        found = [self.home / "jena"]
        for jar in JARS:
            for folder in (self.root / "usr/share/java", pathlib.Path("/usr/share/java")):
                if (folder / f"{jar}.jar").exists():
                    found.append(folder / f"{jar}.jar")
                    break
        return ":".join(map(str, found))

    def _run(self, *arguments):
        return [self._java(), f"-Xmx{HEAP}", "-cp", self._class_path(), "JenaServer", *arguments]

    def missing(self):
        if self._java() is None:
            return "no Java (benches/peers/install.sh)"
        if not (self.home / "jena/JenaServer.class").exists():
            return "not installed (benches/peers/install.sh)"
        return None

    def version(self):
        words = self.ask(self._run("version")).split()
        return words[-1] if words else "unknown"

    def load(self, file, timeout):
        self.data.mkdir(parents=True, exist_ok=True)
        return system.run(self._run("load", self.data, file), self.log, timeout, folder=self.work)

    def command(self):
        return self._run("serve", self.data, self.port)
