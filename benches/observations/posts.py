#!/usr/bin/env python3
"""Measures observations posted to `oslo serve`, one by one and in batches, each acknowledged when it is durable; then kills the
server and looks whether all that was acknowledged is there. A part of `make bench-observations`; needs `wrk`.

Adds its section to docs/benchmarks-observations.md (--page). Exit codes: 0 measured and everything promised was kept; 1 measured,
and something was not; 2 could not run.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PAGE = REPOSITORY / "docs/benchmarks-observations.md"
HEADING = "## Posted over HTTP"
BASE = "http://127.0.0.1:{port}"
TOKEN = "alleen-voor-deze-meting-0000"
SENSORS = """@prefix sosa: <http://www.w3.org/ns/sosa/> . @prefix dct: <http://purl.org/dc/terms/> .
<{base}/id/observatieverzameling/een> a sosa:ObservationCollection ; dct:title "Een voor een"@nl .
<{base}/id/observatieverzameling/veel> a sosa:ObservationCollection ; dct:title "In stapels"@nl .
"""
# Series, connections, observations of a post, and what is promised a second.
KINDS = [("een", 64, 1, 3_000, "one by one, 64 connections"), ("veel", 8, 1_000, 50_000, "in batches of 1,000, 8 connections")]
# 2025-01-01T00:00:00Z.
FIRST = 1_735_689_600


class Unmeasured(Exception):
    """The bench cannot go on; the text says why."""


def arguments():
    target = os.environ.get("CARGO_TARGET_DIR") or str(REPOSITORY / "target")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--oslo", type=pathlib.Path, default=os.environ.get("OSLO_BIN") or pathlib.Path(target) / "release/oslo", help="the oslo binary")
    parser.add_argument("--seconds", type=int, default=10, help="time for each kind of post (10)")
    parser.add_argument("--port", type=int, default=7419, help="a free port (7419)")
    parser.add_argument("--page", action="store_true", help="add the section to the page")
    return parser.parse_args()


class Server:
    """`oslo serve` on a folder."""

    def __init__(self, asked, work):
        self.asked, self.work, self.process = asked, work, None
        self.base = BASE.format(port=asked.port)

    def command(self, *more):
        return [str(self.asked.oslo), "--data", str(self.work / "data"), "--base", self.base, *more]

    def start(self):
        token = self.work / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        log = (self.work / "log").open("ab")
        self.process = subprocess.Popen(self.command("serve", "--bind", f"127.0.0.1:{self.asked.port}", "--admin-token-file", str(token)), stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self.get("/health")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise Unmeasured(f"the server does not answer: {(self.work / 'log').read_text()[-800:]}")

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=60) as answer:
            return json.load(answer)

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


def post(server, series, connections, size, seconds):
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s", "--timeout", "10s", "--script", str(HERE / "posts.lua"), server.base, "--", series, TOKEN, str(size), str(FIRST)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    told = [line for line in done.stdout.splitlines() if line.startswith("JSON ")]
    if not told:
        raise Unmeasured(f"wrk: {done.stdout}{done.stderr}")
    row = json.loads(told[0][5:])
    if row["failed"] or not row["stored"]:
        raise Unmeasured(f"{series}: {row}")
    return row


def measure(asked, work):
    server = Server(asked, work)
    file = work / "sensoren.ttl"
    file.write_text(SENSORS.format(base=server.base))
    subprocess.run(server.command("load", str(file)), check=True, capture_output=True)
    rows, is_kept = [], True
    try:
        server.start()
        for series, connections, size, promised, title in KINDS:
            row = post(server, series, connections, size, asked.seconds)
            server.kill()
            server.start()
            row["found"] = server.get(f"/obs/v1/reeksen/{series}")["aantal"]
            row["rate"] = row["stored"] / (row["microseconds"] / 1e6)
            # What was on its way at the end is durable and not counted, a post for each connection at most.
            row["whole"] = 0 <= row["found"] - row["stored"] <= connections * size
            is_kept &= row["rate"] >= promised and row["whole"]
            rows.append((title, promised, row))
            print(f"  {title}: {row}", flush=True)
    finally:
        server.kill()
    return rows, is_kept


def section(rows, asked):
    text = [f"{HEADING}\n", f"`wrk` on the same cores, {asked.seconds} seconds each, NDJSON to `/obs/v1/observaties`; every 201 comes when the observation is on the disk. After each", "kind of post the server is killed (`kill -9`) and started again, and what is found is compared with what was acknowledged.\n", "| what | observations/s | promised | p50, ms | p99, ms | turned away (429) | acknowledged | found after `kill -9` |", "|---|---|---|---|---|---|---|---|"]
    for title, promised, row in rows:
        found = f"{row['found']:,}" if row["whole"] else f"**{row['found']:,}**"
        text.append(f"| {title} | {row['rate']:,.0f} | ≥ {promised:,} | {row['p50'] / 1e3:.1f} | {row['p99'] / 1e3:.1f} | {row['refused']:,} | {row['stored']:,} | {found} |")
    return "\n".join(text) + "\n"


def main():
    asked = arguments()
    if not shutil.which("wrk") or not asked.oslo.is_file():
        print(f"needs wrk and {asked.oslo}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="oslo-posts-") as work:
        try:
            rows, is_kept = measure(asked, pathlib.Path(work))
        except (Unmeasured, OSError, subprocess.SubprocessError) as error:
            print(error, file=sys.stderr)
            return 2
    told = section(rows, asked)
    print(told)
    if asked.page:
        before = PAGE.read_text().split(HEADING)[0].rstrip() if PAGE.exists() else "# Benchmarks: observations"
        PAGE.write_text(before + "\n\n" + told)
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
