"""Virtuoso Open Source, with a configuration of ours and its own bulk loader."""

import time

import client
import system
from engines.base import Engine

# Pages of 8 KiB: what its makers advise for 2 GiB of memory.
BUFFERS = 170_000
GRAPH = "urn:oslo:bench"

CONFIGURATION = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
MaxClientConnections = 100
CheckpointInterval = 60
CaseMode = 2
DirsAllowed = {folders}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
ThreadsPerQuery = 2
AsyncQueueMaxThreads = 10
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = .
MaxClientConnections = 100
ServerThreads = 100
MaxKeepAlives = 100
KeepAliveTimeout = 600
EnabledGzipContent = 0
[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryCostEstimationTime = 100000
MaxQueryExecutionTime = 1000
"""


class Virtuoso(Engine):
    name = "virtuoso"
    title = "Virtuoso"
    port = 17431
    sql_port = 17432
    graph = GRAPH
    query_path = f"/sparql?default-graph-uri={GRAPH}"
    # The field `update` is taken too, but an update in `query` is what its own forms send.
    update_field = "query"
    documented_fsync = False
    settings = f"NumberOfBuffers {BUFFERS:,}, one graph; it writes rows as JSON eight times slower than as XML"

    def missing(self):
        if self.program("virtuoso-t") is None or self.program("isql-vt") is None:
            return "not installed (benches/peers/install.sh)"
        return None

    def version(self):
        for line in self.ask([self.program("virtuoso-t"), "-?"], self.environment()).splitlines():
            if line.startswith("Version"):
                return line.split()[1].split("-")[0].rstrip(",")
        return "unknown"

    def environment(self):
        return self.libraries()

    def command(self):
        return [self.program("virtuoso-t"), "+foreground", "+wait", "+configfile", self.data / "virtuoso.ini"]

    def serve(self):
        # What a server leaves that had to be killed; none of ours runs now.
        (self.data / "virtuoso.lck").unlink(missing_ok=True)
        # Its files are named relative to where it runs.
        return system.Server(
            self.command(), self.log, self.query("ASK { }"), self.port, environment=self.environment(), folder=self.data
        )

    def _sql(self, text, timeout):
        """Runs statements as the administrator of this throw-away store. `isql` says failures on its output only."""
        command = [self.program("isql-vt"), f"{client.HOST}:{self.sql_port}", "dba", "dba", "ERRORS=STDOUT", f"exec={text}"]
        out = self.work / "sql.txt"
        out.unlink(missing_ok=True)
        system.run(command, out, timeout, environment=self.environment())
        said = out.read_text(errors="replace")
        if "*** Error" in said:
            raise system.Failed(f"Virtuoso: {said[said.index('*** Error'):][:400]}")
        return said

    def index_texts(self, timeout):
        with self.serve():
            self._sql("DB.DBA.RDF_OBJ_FT_RULE_ADD(null, null, 'all'); DB.DBA.RDF_OBJ_FT_RECOVER(); checkpoint;", timeout)

    def load(self, file, timeout):
        """The server runs while its loader does; its own start and the making of an empty database are not counted.

        One file and one loader, which spreads the work over threads by itself: two loaders over parts of the file took as
        much of the processors."""
        self.data.mkdir(parents=True)
        (self.data / "virtuoso.ini").write_text(
            CONFIGURATION.format(
                port=self.port,
                sql_port=self.sql_port,
                folders=f"., {file.parent}",
                buffers=BUFFERS,
                dirty=BUFFERS * 3 // 4,
            )
        )
        with self.serve() as server:
            self._sql('GRANT SPARQL_UPDATE TO "SPARQL";', 60)
            begin = time.perf_counter()
            self._sql(f"ld_dir('{file.parent}', '{file.name}', '{GRAPH}'); rdf_loader_run(); checkpoint;", timeout)
            seconds = time.perf_counter() - begin
            said = self._sql("SELECT 'failed: ' || ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL;", 60)
            if "failed: " in said:
                raise system.Failed(f"Virtuoso: {said[said.rindex('failed: '):][:400]}")
            return system.Ended(seconds, system.memory(server.pid)[2])
