#!/usr/bin/env python3
"""Measures the event streams of `oslo serve`: how fast members come in, durable and in the feed, and how fast pages go out:
`make bench-feeds`.

100,000 members of 49 statements as 1,000 requests of 100, by 1, 2 and 4 clients at once, and with 0, 1 and 4 views that
readers follow. Writes docs/benchmarks-feeds.md for that size (--page or --no-page decide otherwise).

Exit codes: 0 measured and everything promised was kept; 1 measured, and something was not; 2 could not run.
"""

import argparse
import datetime
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "peers"))

import system  # noqa: E402

import members  # noqa: E402

PAGE = REPOSITORY / "docs/benchmarks-feeds.md"
HOST = "127.0.0.1"
PORT = int(os.environ.get("OSLO_FEEDS_PORT") or 7471)
TOKEN = "bench-feeds-0123456789"
EACH, MEMBERS = 100, 100_000
REGISTER = "observaties"
# What is promised, in members a second, and what may be lost from no view to four.
INGEST, FETCH, LOSS = 10_000, 20_000, 0.10
# The incumbent on AWS with as many clients, and with as many views, as published.
INCUMBENT = {1: 890, 2: 1616, 4: 1850}
INCUMBENT_VIEWS = {1: 649, 4: 376}


class Unmeasured(Exception):
    """The bench cannot go on; the text says why."""


def arguments():
    target = os.environ.get("CARGO_TARGET_DIR") or str(REPOSITORY / "target")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--members", type=int, default=int(os.environ.get("OSLO_FEEDS_MEMBERS") or MEMBERS))
    parser.add_argument("--oslo", type=pathlib.Path, default=os.environ.get("OSLO_BIN") or pathlib.Path(target) / "release/oslo")
    parser.add_argument("--work", type=pathlib.Path, default=None, help="folder for data; a temporary one by default")
    parser.add_argument("--large", type=int, default=int(os.environ.get("OSLO_FEEDS_LARGE") or 0), help="members of the stream that is deleted; 0 leaves that out")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--page", dest="page", action="store_true", default=None)
    written.add_argument("--no-page", dest="page", action="store_false")
    return parser.parse_args()


class Server:
    """A server over a copy of a registry."""

    def __init__(self, options, source, work, name, keep=False):
        self.keep, self.folder = keep, source if keep else work / name
        if not keep:
            shutil.copytree(source, self.folder)
        token = work / "token"
        token.write_text(TOKEN)
        self.log = open(work / f"{name}.log", "wb")
        command = [options.oslo, "--data", self.folder, "--base", f"http://{HOST}:{PORT}", "serve", "--bind", f"{HOST}:{PORT}", "--admin-token-file", token]
        # Not a session of its own: Linux divides the cores among sessions first.
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        for _ in range(600):
            try:
                if ask("/health")[0] == 200 and streams()["gereed"]:
                    return
            except (OSError, http.client.HTTPException, KeyError):
                pass
            if self.process.poll() is not None:
                raise Unmeasured(f"the server ended: {self.folder}")
            time.sleep(0.1)
        raise Unmeasured("the server does not answer")

    def resident(self):
        """Most memory held, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    def seconds(self):
        """Processor time taken."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        if not self.keep:
            shutil.rmtree(self.folder)


def ask(path, accept="application/json", connection=None, method="GET", headers=None, content=None):
    """Status, header fields and body of an answer."""
    own = connection or http.client.HTTPConnection(HOST, PORT, timeout=120)
    own.request(method, path, content, {"Accept": accept} | (headers or {}))
    answer = own.getresponse()
    body = answer.read()
    if connection is None:
        own.close()
    return answer.status, dict(answer.getheaders()), body


def streams():
    return json.loads(ask("/ldes")[2])


def length():
    return next(stream["leden"] for stream in streams()["stromen"] if stream["register"] == REGISTER)


def send(bodies, clients):
    """Sends all bodies by so many clients at once; the seconds until the last is acknowledged."""
    path = f"/rdf-graphs?graph=http%3A%2F%2F{HOST}%3A{PORT}%2Fgraph%2F{REGISTER}"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/n-triples"}
    queue, lock, failed = iter(bodies), threading.Lock(), []

    def work():
        connection = http.client.HTTPConnection(HOST, PORT, timeout=120)
        while not failed:
            with lock:
                body = next(queue, None)
            if body is None:
                break
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status not in (200, 201, 204):
                failed.append(f"{answer.status} {told[:500]!r}")
        connection.close()

    begin = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise Unmeasured(failed[0])
    return time.perf_counter() - begin


def follow(views, over):
    """Reads the entries of views again and again until it is over, as readers who follow them do."""

    def work(view):
        connection = http.client.HTTPConnection(HOST, PORT, timeout=120)
        while not over.is_set():
            ask(f"/ldes/{REGISTER}/{view}", "application/n-quads", connection)
            over.wait(1.0)
        connection.close()

    threads = [threading.Thread(target=work, args=(view,)) for view in views]
    for thread in threads:
        thread.start()
    return threads


def ingest(options, demo, work, bodies, clients, views):
    """One run on a fresh copy; the row that the page tells."""
    server = Server(options, demo, work, f"run-{clients}-{len(views)}")
    try:
        before, over = length(), threading.Event()
        followers = follow(views, over)
        used, begin = server.seconds(), time.perf_counter()
        durable = send(bodies, clients)
        last = time.perf_counter() + 60
        while length() - before < options.members and time.perf_counter() < last:
            time.sleep(0.002)
        if length() - before != options.members:
            raise Unmeasured(f"{length() - before} members came, not {options.members}")
        for view in views:
            status, _, body = ask(f"/ldes/{REGISTER}/{view}", "application/n-quads")
            if status != 200:
                raise Unmeasured(f"{view}: {status} {body[:300]!r}")
        seconds = time.perf_counter() - begin
        over.set()
        for follower in followers:
            follower.join()
        row = {
            "clients": clients,
            "views": len(views),
            "durable": options.members / durable,
            "rate": options.members / seconds,
            "processor": (server.seconds() - used) / seconds,
            "resident": server.resident(),
        }
        print(f"  {clients} clients, {len(views)} views: {row['durable']:,.0f}/s durable, {row['rate']:,.0f}/s durable and in the feed, {row['processor'] * 100:.0f} % of a core, {row['resident']:.0f} MiB", flush=True)
        return row, server
    except BaseException:
        server.end()
        raise


def pages(path, connection):
    """Addresses of the leaves below an address, read off the relations."""
    status, _, body = ask(path, "application/n-quads", connection)
    if status != 200:
        raise Unmeasured(f"{path}: {status} {body[:300]!r}")
    found = []
    for line in body.decode().splitlines():
        if "<https://w3id.org/tree#node>" in line:
            target = line.split("<")[2].split(">")[0].split(str(PORT), 1)[1]
            if target not in found:
                found.append(target)
    if found and not found[0].rsplit("/", 2)[1] == "0":
        return [leaf for node in found for leaf in pages(node, connection)]
    return found


def fetch(count):
    """Reads all pages once, by one client and by two; rows."""
    connection = http.client.HTTPConnection(HOST, PORT, timeout=120)
    leaves = pages(f"/ldes/{REGISTER}", connection)
    rows = []
    for clients in (1, 2):
        queue, lock, total = iter(leaves), threading.Lock(), [0, 0]

        def work():
            own = http.client.HTTPConnection(HOST, PORT, timeout=120)
            while True:
                with lock:
                    path = next(queue, None)
                if path is None:
                    break
                status, _, body = ask(path, "application/n-quads", own)
                with lock:
                    total[0] += body.count(b"<https://w3id.org/tree#member>") if clients == 1 else 0
                    total[1] += len(body)
                if status != 200:
                    raise Unmeasured(f"{path}: {status}")
            own.close()

        begin = time.perf_counter()
        threads = [threading.Thread(target=work) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begin
        if clients == 1 and total[0] < count:
            raise Unmeasured(f"pages have {total[0]} members, not {count}")
        rows.append({"clients": clients, "pages": len(leaves), "rate": count / seconds, "bytes": total[1] / seconds})
        print(f"  fetch, {clients} clients: {count / seconds:,.0f} members/s, {total[1] / seconds / 1e6:,.0f} MB/s", flush=True)
    connection.close()
    return rows


def views_of():
    """The views of the register, besides its tree by time."""
    found = next(stream for stream in streams()["stromen"] if stream["register"] == REGISTER)
    return [view["naam"] for view in found.get("weergaven", [])]


def counters(options, demo, work, base):
    """Puts the counters into the registry that all runs begin with."""
    server = Server(options, demo, work, "counters", keep=True)
    graph = f"/rdf-graphs?graph={urllib.parse.quote(base + '/graph/sensoren', safe='')}"
    status, _, body = ask(graph, "application/n-triples")
    if status != 200:
        raise Unmeasured(f"{graph}: {status}")
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/n-triples"}
    status, _, body = ask(graph, method="POST", headers=headers, content=members.counters(body.decode()))
    if status not in (200, 201, 204):
        raise Unmeasured(f"counters: {status} {body[:500]!r}")
    server.end()


def measure(options, work):
    base = f"http://{HOST}:{PORT}"
    demo = work / "demo"
    with open(work / "demo.log", "wb") as log:
        subprocess.run([options.oslo, "--data", demo, "--base", base, "demo", "--no-serve"], stdout=log, stderr=log, check=True, timeout=600)
    print("makes the members", flush=True)
    bodies = list(members.bodies(base, options.members, EACH))
    counters(options, demo, work, base)
    run = {
        "date": os.environ.get("OSLO_BENCH_DATE") or datetime.date.today().isoformat(),
        "machine": system.machine(),
        "members": options.members,
        "bytes": sum(map(len, bodies)) / options.members,
        "ingest": [],
        "views": [],
    }
    for clients in (1, 2, 4):
        row, server = ingest(options, demo, work, bodies, clients, [])
        run["ingest"].append(row)
        if clients == 4:
            run["fetch"] = fetch(length())
            names = views_of()
        server.end()
    for count in (0, 1, 4):
        if count > len(names):
            print(f"  SKIPPED: {count} views; the register has {len(names)}", flush=True)
            continue
        row, server = ingest(options, demo, work, bodies, 2, names[:count])
        run["views"].append(row)
        server.end()
    return run


def judge(run):
    """What was promised and not kept, as sentences."""
    broken = []
    best = max(row["rate"] for row in run["ingest"])
    if best < INGEST:
        broken.append(f"members come in at {best:,.0f} a second, not {INGEST:,}")
    if max(row["rate"] for row in run["fetch"]) < FETCH:
        broken.append(f"pages go out at less than {FETCH:,} members a second")
    rates = {row["views"]: row["rate"] for row in run["views"]}
    if 4 in rates and rates[4] < rates[0] * (1 - LOSS):
        broken.append(f"four views cost {(1 - rates[4] / rates[0]) * 100:.0f} %, more than {LOSS * 100:.0f} %")
    return broken


def page(run, broken):
    lines = [
        "# Benchmarks: event streams",
        "",
        "Written by `make bench-feeds`. Members are traffic counts of 49 statements, sent in bodies of 100 as N-Triples to the graph of the register and",
        "checked by its profile; *durable* is until the last request was acknowledged, which is after the log is on the disk; *in the feed* until the stream",
        "shows all of them, and every view followed too. Load generator and server share the cores.",
        "",
        f"{run['date']}, {run['machine']}. {run['members']:,} members of {run['bytes']:,.0f} bytes.",
        "",
        "## Members in",
        "",
        f"Aim: {INGEST:,} members a second. The incumbent's figures are those published for its server on AWS (3 + 1 processors).",
        "",
        "| clients | durable, members/s | durable and in the feed, members/s | statements/s | server, of a core | most memory, MiB | incumbent, members/s |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in run["ingest"]:
        lines.append(f"| {row['clients']} | {row['durable']:,.0f} | {row['rate']:,.0f} | {row['rate'] * members.STATEMENTS:,.0f} | {row['processor']:.2f} | {row['resident']:,.0f} | {INCUMBENT[row['clients']]:,} |")
    lines += ["", "## Views", "", f"Two clients; each view is read once a second while members come in. Aim: at most {LOSS * 100:.0f} % less with four views than with none.", "", "| views | members/s | against none | incumbent, members/s |", "|---|---|---|---|"]
    none = run["views"][0]["rate"] if run["views"] else 0
    for row in run["views"]:
        lines.append(f"| {row['views']} | {row['rate']:,.0f} | {row['rate'] / none:.2f} | {INCUMBENT_VIEWS.get(row['views'], '')} |")
    lines += ["", "## Members out", "", f"All pages of 250 as N-Quads, each once, nothing cached by the server. Aim: {FETCH:,} members a second.", "", "| clients | pages | members/s | MB/s |", "|---|---|---|---|"]
    for row in run["fetch"]:
        lines.append(f"| {row['clients']} | {row['pages']:,} | {row['rate']:,.0f} | {row['bytes'] / 1e6:,.0f} |")
    lines += ["", "Kept: " + ("everything." if not broken else "not " + "; not ".join(broken) + "."), ""]
    PAGE.write_text("\n".join(lines))


def main():
    options = arguments()
    if not pathlib.Path(options.oslo).exists():
        print(f"there is no {options.oslo}; make build makes it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        try:
            run = measure(options, pathlib.Path(folder))
        except Unmeasured as reason:
            print(f"not measured: {reason}", file=sys.stderr)
            return 2
    broken = judge(run)
    if options.page if options.page is not None else options.members >= MEMBERS:
        page(run, broken)
    for sentence in broken:
        print(f"NOT KEPT: {sentence}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
