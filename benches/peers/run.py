#!/usr/bin/env python3
"""Measures oslo beside Oxigraph, Virtuoso and Jena TDB2 on the same data in one run: `make bench-peers`.

Prints a table, keeps every figure as JSON in the folder of the peers, and writes a section of docs/benchmarks-peers.md for runs
of 10 M quads and more (--page or --no-page decide otherwise). README.md beside this file tells what is measured and how.

Exit codes: 0 measured; 1 engines disagree or oslo could not be measured, and no page was written; 2 could not run.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import sys

import data
import engines
import measure
import report
import system

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs/benchmarks-peers.md"
# Smaller runs are for trying things out. A town comes out a percent smaller or larger than was asked for.
PAGE_FROM = 10_000_000
DEFAULT_QUADS = 10_000_000


def quads_of(text):
    """A number of quads: `1000000`, `1_000_000`, `100k`, `10M`."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    number = float(text[:-1] if factor > 1 else text) * factor
    if not 1_000 <= number <= 10_000_000_000:
        raise ValueError("between 1k and 10000M")
    return int(number)


def arguments():
    """The command line; variables of the environment are its defaults."""
    home = os.environ.get("OSLO_PEERS_HOME") or os.path.expanduser("~/.cache/oslo-registry/peers")
    target = os.environ.get("CARGO_TARGET_DIR") or str(REPOSITORY / "target")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quads", type=quads_of, default=os.environ.get("OSLO_PEERS_QUADS") or str(DEFAULT_QUADS), help="size of the generated town (10M)")
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("OSLO_PEERS_DATA") or None, help="a .nt or .nq file to use instead of a generated town")
    parser.add_argument("--only", default=os.environ.get("OSLO_PEERS_ONLY") or ",".join(engines.ALL), help="engines to measure: " + ",".join(engines.ALL))
    parser.add_argument("--seconds", type=int, default=8, help="time for each kind of read (8)")
    parser.add_argument("--timeout", type=float, default=None, help="most seconds for a load or a query (60 and 60 for each million quads)")
    parser.add_argument("--oslo", type=pathlib.Path, default=os.environ.get("OSLO_BIN") or pathlib.Path(target) / "release/oslo", help="the oslo binary")
    parser.add_argument("--home", type=pathlib.Path, default=pathlib.Path(home), help="where install.sh put the engines; data and results go there too")
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--page", dest="page", action="store_true", default=None, help="write docs/benchmarks-peers.md whatever the size")
    page.add_argument("--no-page", dest="page", action="store_false", help="do not write docs/benchmarks-peers.md")
    options = parser.parse_args()
    options.names = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = [name for name in options.names if name not in engines.ALL]
    if unknown or not options.names:
        parser.error(f"--only: {', '.join(unknown) or 'nothing'}; known are {', '.join(engines.ALL)}")
    if options.seconds < 1:
        parser.error("--seconds: at least 1")
    # In the order of the table, whatever the order asked for: the ratios are of the first.
    options.names = [name for name in engines.ALL if name in options.names]
    options.home = options.home.resolve()
    options.oslo = options.oslo.resolve()
    return options


def measure_all(options, work):
    """Makes the data and measures every engine; returns all there is to report."""
    print("makes the data", flush=True)
    made = data.prepare(work / "town.nt", options.oslo, options.quads, options.data)
    if options.timeout is None:
        options.timeout = 60.0 + 60.0 * made.lines / 1e6
    agreement, results = measure.Agreement(), []
    for name in options.names:
        folder = work / name
        folder.mkdir()
        result = measure.measure(engines.ALL[name](options.home, folder), made, agreement, options)
        for key in ("missing", "failed"):
            if key in result:
                print(f"  {name}: {'not measured' if key == 'missing' else 'stopped'}: {result[key]}", flush=True)
        results.append(result)
    return {
        "date": datetime.date.today().isoformat(),
        "machine": system.machine(),
        "description": made.description,
        "file": options.data.name if options.data else None,
        "asked": None if options.data else options.quads,
        "lines": made.lines,
        "quads": agreement.quads() or made.lines,
        "bytes": made.bytes,
        "results": results,
    }


def main():
    """Measures, prints, keeps; returns the exit code."""
    options = arguments()
    engines.ALL["oslo"].binary = options.oslo
    # A request to end must still end the servers and remove the data.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    work = options.home / f"run-{os.getpid()}"
    work.mkdir(parents=True)
    try:
        run = measure_all(options, work)
    except measure.Disagreement as problem:
        print(f"ENGINES DISAGREE: {problem}\nNothing was written.", file=sys.stderr)
        return 1
    except (data.DataError, OSError) as problem:
        print(f"bench-peers: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench-peers: stopped", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = report.section(run)
    print("\n" + text)
    name = f"{run['date']}-{run['file'] or run['asked']}.json"
    kept = options.home / "results"
    kept.mkdir(exist_ok=True)
    (kept / name).write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n")
    print(f"all figures: {kept / name}")
    if "oslo" in options.names and not ("figures" in run["results"][0] and "failed" not in run["results"][0]):
        return 1
    page = options.page if options.page is not None else max(run["quads"], run["asked"] or 0) >= PAGE_FROM and len(options.names) == len(engines.ALL)
    if page:
        old = PAGE.read_text() if PAGE.exists() else ""
        PAGE.write_text(report.put_section(old, text))
        print(f"written: {PAGE.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
