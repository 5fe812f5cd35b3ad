#!/usr/bin/env python3
"""Measures the JSON-LD API of `oslo serve` under load, beside Oxigraph answering for the same addresses: `make bench-api`.

Needs `wrk`; the peer comes from benches/peers/install.sh and is left out, loudly, where it is not. Writes docs/benchmarks-api.md
for a million addresses and more (--page or --no-page decide otherwise).

Exit codes: 0 measured and everything promised was kept; 1 measured, and something was not; 2 could not run.
"""

import argparse
import csv
import datetime
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "peers"))

import client  # noqa: E402
import engines  # noqa: E402
from engines.base import ASK  # noqa: E402
import system  # noqa: E402

import page  # noqa: E402
import register  # noqa: E402

PAGE = REPOSITORY / "docs/benchmarks-api.md"
DEFAULT_ADDRESSES, PAGE_FROM = 1_010_000, 1_000_000
# More at once than two cores answer only wait in line.
CONNECTIONS = 16
# Addresses asked for, in random order.
ASKED = 50_000
JSON_LD = "application/ld+json"
# What is promised: requests a second and p99 in microseconds.
DETAILS, NOT_MODIFIED = (15_000, 5_000), (30_000, None)
DEPTH, TIMES = 1_000_000, 300
MATCH_P95, MATCH_FIRST = 0.020, 0.97

CONSTRUCT = """CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {{ BIND(<{0}> AS ?s) ?s ?p ?o }}
UNION {{ <{0}> <http://www.w3.org/ns/adms#identifier> ?s . ?s ?p ?o }}
UNION {{ <{0}> <http://www.w3.org/ns/adms#identifier>/<https://data.vlaanderen.be/ns/generiek#gestructureerdeIdentificator> ?s . ?s ?p ?o }}
UNION {{ <{0}> <https://data.vlaanderen.be/ns/adres#positie> ?s . ?s ?p ?o }}
UNION {{ <{0}> <https://data.vlaanderen.be/ns/adres#positie>/<http://www.w3.org/ns/locn#geometry> ?s . ?s ?p ?o }}
UNION {{ <{0}> <https://data.vlaanderen.be/ns/adres#heeftGemeentenaam> ?s . ?s ?p ?o }}
UNION {{ <{0}> <https://data.vlaanderen.be/ns/adres#isVerrijktMet> ?s . ?s ?p ?o }} }}"""


class Unmeasured(Exception):
    """The bench cannot go on; the text says why."""


def arguments():
    home = os.environ.get("OSLO_PEERS_HOME") or os.path.expanduser("~/.cache/oslo-registry/peers")
    target = os.environ.get("CARGO_TARGET_DIR") or str(REPOSITORY / "target")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--addresses", type=int, default=int(os.environ.get("OSLO_API_ADDRESSES") or DEFAULT_ADDRESSES), help="size of the register")
    parser.add_argument("--seconds", type=int, default=10, help="time for each kind of request (10)")
    parser.add_argument("--oslo", type=pathlib.Path, default=os.environ.get("OSLO_BIN") or pathlib.Path(target) / "release/oslo", help="the oslo binary")
    parser.add_argument("--home", type=pathlib.Path, default=pathlib.Path(home), help="where install.sh put the peer; data go there too")
    parser.add_argument("--no-peer", action="store_true", help="do not ask Oxigraph")
    written = parser.add_mutually_exclusive_group()
    written.add_argument("--page", dest="page", action="store_true", default=None)
    written.add_argument("--no-page", dest="page", action="store_false")
    return parser.parse_args()


def get(path, port, accept=JSON_LD):
    """The bytes of a GET request, for the plain client that times answers."""
    return f"GET {path} HTTP/1.1\r\nHost: {client.HOST}:{port}\r\nAccept: {accept}\r\n\r\n".encode()


def fetch(asking, path):
    """Header fields and body of an answer that must be a success; `asking` is a kept connection."""
    asking.request("GET", path, headers={"Accept": JSON_LD})
    answer = asking.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise Unmeasured(f"{path}: {answer.status} {body[:300]!r}")
    return {name.lower(): value for name, value in answer.getheaders()}, body


def load(title, port, lines, work, seconds, accept=JSON_LD, promised=None):
    """Has wrk send these lines, `path` or `path<TAB>tag`; returns the row of the table."""
    file = work / "requests.txt"
    file.write_text("\n".join(lines) + "\n")
    command = ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s", "--timeout", "10s", "--script", str(HERE / "replay.lua"), f"http://{client.HOST}:{port}", "--", str(file), accept]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    told = [line for line in done.stdout.splitlines() if line.startswith("JSON ")]
    if not told:
        raise Unmeasured(f"wrk: {done.stdout}{done.stderr}")
    row = json.loads(told[0][5:])
    if row["failed"] or row["status"] or not row["requests"]:
        raise Unmeasured(f"{title}: {row}")
    row |= {"title": title, "rate": row["requests"] / (row["microseconds"] / 1e6), "size": row["bytes"] / row["requests"]}
    if promised:
        rate, p99 = promised
        row["promised"] = f"≥ {rate:,}" + (f", p99 ≤ {p99 / 1e3:g} ms" if p99 else "")
        row["kept"] = row["rate"] >= rate and (p99 is None or row["p99"] <= p99)
    print(f"  {title}: {row['rate']:,.0f}/s, p50 {row['p50'] / 1e3:.2f} ms, p99 {row['p99'] / 1e3:.2f} ms", flush=True)
    return row


def tags(port, paths):
    """Each address with its ETag, as lines for `load`."""
    asking = http.client.HTTPConnection(client.HOST, port, timeout=60)
    found = [f"{path}\t{fetch(asking, path)[0]['etag']}" for path in paths]
    asking.close()
    return found


def timed(port, path, times=TIMES):
    """Sorted times in seconds of one request sent again and again by one client."""
    connection, request, found = client.Connection(port), get(path, port), []
    for at in range(times + 20):
        begin = time.perf_counter()
        connection.expect(request)
        if at >= 20:
            found.append(time.perf_counter() - begin)
    connection.close()
    return sorted(found)


def pages(port, resource, depth):
    """First page against a page behind `depth` others, by key and by number."""
    asking = http.client.HTTPConnection(client.HOST, port, timeout=60)
    _, body = fetch(asking, f"{resource}?offset={depth - 1}&limit=1")
    asking.close()
    following = json.loads(body)["volgende"]
    split = urllib.parse.urlsplit(following)
    asked = [(name, value) for name, value in urllib.parse.parse_qsl(split.query) if name != "limit"] + [("limit", "100")]
    by_key = f"{split.path}?{urllib.parse.urlencode(asked)}"
    rows, first = [], None
    for title, path in (
        (f"{resource}, the first", f"{resource}?limit=100"),
        (f"{resource}, by key behind {depth:,}", by_key),
        (f"{resource}, by number behind {depth:,}", f"{resource}?limit=100&offset={depth}"),
    ):
        times = timed(port, path)
        middle = statistics.median(times)
        first = first or middle
        rows.append({"title": title, "p50": middle, "p95": times[len(times) * 95 // 100], "ratio": middle / first})
        print(f"  {title}: {middle * 1e3:.2f} ms", flush=True)
    return rows


def match(port, file):
    """Sends every misspelt question once."""
    connection, times, right, kinds = client.Connection(port), [], 0, {}
    with open(file, encoding="utf-8", newline="") as lines:
        asked = [(row["kind"], row["query"], row["address"]) for row in csv.DictReader(lines)]
    begin = time.perf_counter()
    connection.expect(get(f"/v2/adresmatch?{asked[0][1]}", port))
    print(f"  adresmatch, the first ever: {time.perf_counter() - begin:.2f} s", flush=True)
    for kind, question, wanted in asked:
        request = get(f"/v2/adresmatch?{question}", port)
        begin = time.perf_counter()
        body = connection.expect(request)
        times.append(time.perf_counter() - begin)
        matches = json.loads(body)["adresMatches"]
        is_first = bool(matches) and matches[0].get("identificator", {}).get("id") == wanted
        right += is_first
        of_kind, found = kinds.get(kind, (0, 0))
        kinds[kind] = (of_kind + 1, found + is_first)
    connection.close()
    times.sort()
    figures = {"questions": len(times), "first": right / len(times), "p50": statistics.median(times), "p95": times[len(times) * 95 // 100], "kinds": kinds}
    print(f"  adresmatch: right first {figures['first'] * 100:.1f} %, p95 {figures['p95'] * 1e3:.1f} ms", flush=True)
    return figures


def measure(options, work):
    """Everything; returns what the page tells."""
    if not shutil.which("wrk"):
        raise Unmeasured("wrk is not installed")
    oslo = engines.ALL["oslo"]
    oslo.binary = options.oslo.resolve()
    folder = work / "oslo"
    folder.mkdir()
    engine = oslo(options.home, folder)
    base = f"http://{client.HOST}:{engine.port}"
    print("makes the register", flush=True)
    made = register.prepare(work, oslo.binary, base, options.addresses)
    begin = time.perf_counter()
    for arguments_of_load in ([made.quads], ["--graph", "by-path", REPOSITORY / "vocab/codelijst"]):
        system.run([oslo.binary, "--data", engine.data, "--base", base, "load", *arguments_of_load], engine.log, 3600, folder=work)
    run = {
        "date": os.environ.get("OSLO_BENCH_DATE") or datetime.date.today().isoformat(),
        "machine": system.machine(),
        "addresses": len(made.addresses),
        "statements": made.statements,
        "load_seconds": time.perf_counter() - begin,
    }
    made.quads.unlink()
    asked = random.Random(register.SEED).choices(made.addresses, k=ASKED)
    command = [*engine.command(), "--base", base]
    server = system.Server(command, engine.log, engine.query(ASK), engine.port, folder=folder, own_session=False)
    try:
        loads = []
        for title, path in (("v3 detail", "/v3/adressen/{}"), ("v2 detail", "/v2/adressen/{}"), ("declared view, detail", "/api/adressen/{}")):
            lines = [path.format(number) for number in asked]
            load(f"{title}, warming up", engine.port, lines, work, max(2, options.seconds // 3))
            loads.append(load(title, engine.port, lines, work, options.seconds, promised=DETAILS))
            tagged = tags(engine.port, lines[:2_000])
            loads.append(load(f"{title}, 304", engine.port, tagged, work, options.seconds, promised=NOT_MODIFIED))
        run["loads"] = loads
        depth = min(DEPTH, len(made.addresses) - 200)
        run["pages"] = [*pages(engine.port, "/v3/adressen", depth), *pages(engine.port, "/api/adressen", depth)]
        run["match"] = match(engine.port, made.misspelt)
        run["memory"] = system.memory(server.pid)[0]
    finally:
        server.stop()
    if not options.no_peer:
        ask_peer(options, work, made, asked, run)
    return run


def ask_peer(options, work, made, asked, run):
    """The same addresses from Oxigraph's server."""
    folder = work / "oxigraph"
    folder.mkdir()
    peer = engines.ALL["oxigraph"](options.home, folder)
    if missing := peer.missing():
        print(f"  NOT MEASURED: {missing}", flush=True)
        return
    print("loads the peer", flush=True)
    peer.load(made.triples, 3600)
    lines = ["/query?" + urllib.parse.urlencode({"query": CONSTRUCT.format(f"https://data.vlaanderen.be/id/adres/{number}")}) for number in asked[:20_000]]
    server = system.Server(peer.command(), peer.log, peer.query(ASK), peer.port, environment=peer.environment(), folder=folder, own_session=False)
    try:
        title = f"{peer.title} {peer.version()}, CONSTRUCT"
        load(f"{title}, warming up", peer.port, lines, work, max(2, options.seconds // 3), accept="application/n-triples")
        row = load(title, peer.port, lines, work, options.seconds, accept="application/n-triples")
    finally:
        server.stop()
    run["ratio"], run["peer"] = run["loads"][0]["rate"] / row["rate"], f"{peer.title} {peer.version()}"
    run["loads"].append(row)


def broken(run):
    """What was promised and not kept, as sentences."""
    found = [f"{row['title']}: {row['rate']:,.0f}/s, p99 {row['p99'] / 1e3:.2f} ms; promised {row['promised']}" for row in run["loads"] if row.get("kept") is False]
    found += [f"{row['title']}: {row['ratio']:.2f} times the first page" for row in run["pages"] if row["ratio"] > 1.2]
    asked = run.get("match")
    if asked and (asked["p95"] > MATCH_P95 or asked["first"] < MATCH_FIRST):
        found.append(f"adresmatch: right first {asked['first'] * 100:.1f} %, p95 {asked['p95'] * 1e3:.1f} ms")
    return found


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    work = options.home / f"api-{os.getpid()}"
    work.mkdir(parents=True)
    try:
        run = measure(options, work)
    except (Unmeasured, register.RegisterError, system.Failed, OSError) as problem:
        print(f"bench-api: {problem}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = page.render(run)
    print("\n" + text)
    if options.page if options.page is not None else run["addresses"] >= PAGE_FROM:
        PAGE.write_text(text)
        print(f"written: {PAGE.relative_to(REPOSITORY)}")
    for sentence in (found := broken(run)):
        print(f"NOT KEPT: {sentence}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
