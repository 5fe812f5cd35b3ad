#!/usr/bin/env python3
"""Asks oslo, Oxigraph, Virtuoso and Jena TDB2 the same questions over HTTP, compares every row and every time: the second part of
`make bench-peers`.

Prints the tables and the gates, keeps every figure as JSON in the folder of the peers, and writes a section of
docs/benchmarks-queries.md for runs of 10 M triples and more (--page or --no-page decide otherwise). README.md tells more.

Exit codes: 0 measured; 1 rows differ for no known reason, or oslo could not be measured; 2 could not run. A gate that is missed
is printed and is no failure of the bench.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import asking
import catalogue
import compare
import engines
import gates
import many
import queries_page
import registry
import report
import run
import system

PAGE = run.REPOSITORY / "docs/benchmarks-queries.md"


def arguments():
    """The command line; variables of the environment are its defaults."""
    home = os.environ.get("OSLO_PEERS_HOME") or os.path.expanduser("~/.cache/oslo-registry/peers")
    target = os.environ.get("CARGO_TARGET_DIR") or str(run.REPOSITORY / "target")
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--quads", type=run.quads_of, default=os.environ.get("OSLO_PEERS_QUADS") or str(run.DEFAULT_QUADS), help="size of the registry (10M)")
    parser.add_argument("--only", default=os.environ.get("OSLO_PEERS_ONLY") or ",".join(engines.ALL), help="engines to ask: " + ",".join(engines.ALL))
    parser.add_argument("--questions", default="", help="ids or their beginnings, such as q,j07,t (all)")
    parser.add_argument("--short", action="store_true", help="to try things out: 300k triples unless --quads says otherwise, half a second a question")
    parser.add_argument("--seconds", type=float, default=None, help="time for each question (3), when five runs take no longer")
    parser.add_argument("--load-seconds", type=float, default=None, help="time for each load of many clients (8)")
    parser.add_argument("--no-load", dest="with_load", action="store_false", help="without many clients and reads beside writes")
    parser.add_argument("--timeout", type=float, default=None, help="most seconds for one answer (60)")
    parser.add_argument("--oslo", type=pathlib.Path, default=os.environ.get("OSLO_BIN") or pathlib.Path(target) / "release/oslo", help="the oslo binary")
    parser.add_argument("--home", type=pathlib.Path, default=pathlib.Path(home), help="where install.sh put the engines; data and results go there too")
    parser.add_argument("--again", type=pathlib.Path, default=None, metavar="FILE", help="measure nothing: tables and page of an earlier run, from its JSON")
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--page", dest="page", action="store_true", default=None, help="write docs/benchmarks-queries.md whatever the size")
    page.add_argument("--no-page", dest="page", action="store_false", help="do not write docs/benchmarks-queries.md")
    options = parser.parse_args()
    asked_for_quads = any(word.split("=")[0] == "--quads" for word in sys.argv[1:]) or os.environ.get("OSLO_PEERS_QUADS")
    if options.short and not asked_for_quads:
        options.quads = 300_000
    if options.seconds is None:
        options.seconds = 0.5 if options.short else 3.0
    if options.load_seconds is None:
        options.load_seconds = 2.0 if options.short else 8.0
    if options.timeout is None:
        options.timeout = 20.0 if options.short else 60.0
    options.load_timeout = 60.0 + 60.0 * options.quads / 1e6
    names = [name.strip() for name in options.only.split(",") if name.strip()]
    unknown = [name for name in names if name not in engines.ALL]
    if unknown or not names:
        parser.error(f"--only: {', '.join(unknown) or 'nothing'}; known are {', '.join(engines.ALL)}")
    options.names = [name for name in engines.ALL if name in names]
    starts = tuple(start.strip() for start in options.questions.split(",") if start.strip()) or ("",)
    options.questions = [question for question in catalogue.ALL if question.id.startswith(starts)]
    if not options.questions:
        parser.error("--questions: no question has such an id")
    if any(question.as_of for question in options.questions) and not options.with_load:
        # Without updates there is no past to ask about.
        options.questions = [question for question in options.questions if not question.as_of]
    options.is_whole = options.names == list(engines.ALL) and starts == ("",) and options.with_load
    options.home = options.home.resolve()
    options.oslo = options.oslo.resolve()
    return options


def commit():
    """The commit that is checked out, with a plus when files were changed since."""
    def git(*words):
        done = subprocess.run(["git", "-C", str(run.REPOSITORY), *words], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""
    name = git("rev-parse", "--short=10", "HEAD")
    return name + ("+" if name and git("status", "--porcelain", "--untracked-files=no") else "")


def ask_all(options, work):
    """Makes the data and asks every engine; returns all there is to report."""
    print("makes the data", flush=True)
    facts = registry.Facts.of(options.quads)
    file = work / "registry.nt"
    lines = registry.write(file, facts)
    kept = asking.Answers(work / "answers")
    results = []
    for name in options.names:
        folder = work / name
        folder.mkdir()
        result = asking.ask(engines.ALL[name](options.home, folder), file, facts, lines, kept, options)
        for key in ("missing", "failed"):
            if key in result:
                print(f"  {name}: {'not asked' if key == 'missing' else 'stopped'}: {result[key]}", flush=True)
        results.append(result)
    print("compares the answers", flush=True)
    return {
        "date": datetime.date.today().isoformat(),
        "machine": system.machine(),
        "commit": commit(),
        "asked": options.quads,
        "quads": lines,
        "bytes": file.stat().st_size,
        "addresses": facts.addresses,
        "streets": facts.streets,
        "seconds": options.seconds,
        "timeout": options.timeout,
        "results": results,
        "verdicts": compare.compare(options.questions, options.names, kept),
    }


def measure(options):
    """Asks the engines and keeps the figures; returns the run. Raises `OSError`."""
    work = options.home / f"ask-{os.getpid()}"
    work.mkdir(parents=True)
    try:
        found = ask_all(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    kept = options.home / "results"
    kept.mkdir(exist_ok=True)
    # Half a run must not take the place of a whole one.
    path = kept / f"{found['date']}-queries-{found['asked']}{'' if options.is_whole else '-part'}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(f"all figures: {path}")
    return found


def show(found, write_page):
    """Prints the tables and gates of a run, and writes its section of the page when asked; returns the exit code."""
    explained = gates.known()
    text = queries_page.section(found, explained)
    print("\n" + text)
    for what, came_to, enough in gates.gates(found, explained):
        print(f"{'met   ' if enough else 'MISSED'} {what}: {came_to}")
    failed = [result["name"] for result in found["results"] if result["name"] == "oslo" and ("missing" in result or "failed" in result)]
    if failed:
        return 1
    if write_page:
        old = PAGE.read_text() if PAGE.exists() else ""
        PAGE.write_text(report.put_section(old, text, queries_page.HEAD))
        print(f"written: {PAGE.relative_to(run.REPOSITORY)}")
    return 1 if gates.unexplained(found, explained) else 0


def main():
    """Asks, prints, keeps; returns the exit code."""
    options = arguments()
    engines.ALL["oslo"].binary = options.oslo
    # A request to end must still end the servers and remove the data.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        if options.again is not None:
            return show(json.loads(options.again.read_text()), bool(options.page))
        if options.with_load and many.program(options.home) is None:
            print(f"bench-peers: {options.home / 'load'} is not there (benches/peers/install.sh, which needs a C compiler), or --no-load", file=sys.stderr)
            return 2
        found = measure(options)
    except (OSError, ValueError) as problem:
        print(f"bench-peers: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench-peers: stopped", file=sys.stderr)
        return 2
    page = options.page if options.page is not None else found["asked"] >= run.PAGE_FROM and options.is_whole
    return show(found, page)


if __name__ == "__main__":
    sys.exit(main())
