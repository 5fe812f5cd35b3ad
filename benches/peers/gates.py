"""What a run has to show, worked out from its results: ratios, means, gates, unexplained differences. No table is made here.

A run is the dictionary that ask.py keeps as JSON. Medians are compared. A peer that gave up counts with its time limit, which it
would have exceeded; one that failed, or gave other rows for no known and harmless reason, does not count at all.
"""

import csv
import math
import pathlib

from catalogue import ALL

HERE = pathlib.Path(__file__).resolve().parent
QUESTIONS = {question.id: question for question in ALL}
# Never slower than this many times Oxigraph; on the whole at least this many times faster than these.
SLOWEST, AGAINST = 1.2, "oxigraph"
FASTER, THAN = 4.0, ("oxigraph", "jena")

# Reasons that the part of oslo that runs a question gives by itself.
_RUN_BY = {"evaluator": "the executor lacks a function or a step for it, so the general evaluator runs it"}


def table(name):
    """The rows of a table of this folder, as dictionaries."""
    with open(HERE / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def known():
    """Differences between engines that are understood, by (question, engine): (whether the times count nevertheless, reason)."""
    return {(row["question"], row["engine"]): (row["counts"] == "yes", row["reason"]) for row in table("known.csv")}


def _result(run, engine):
    for result in run["results"]:
        if result["name"] == engine:
            return result
    return {}


def median(run, engine, question):
    """The median of a question in seconds; the time limit where there was no answer within it; None where nothing is known."""
    figures = _result(run, engine).get("questions", {}).get(question, {})
    return figures.get("p50") or figures.get("timeout")


def is_right(run, engine, question, explained):
    """Whether the rows of an engine are the expected ones, or differ in a way that does not matter to the time."""
    figures = _result(run, engine).get("questions", {}).get(question, {})
    if not figures:
        return False
    if "error" in figures:
        # No wrong rows, only none in time.
        return "timeout" in figures
    said = run["verdicts"].get(question, {}).get(engine)
    return said == "" or (said is not None and explained.get((question, engine), (False, ""))[0])


def ratio(run, question, peer, explained):
    """oslo's median by that of a peer, or None when they cannot be compared."""
    own, other = median(run, "oslo", question), median(run, peer, question)
    if not own or not other or "error" in _result(run, "oslo")["questions"][question]:
        return None
    return own / other if is_right(run, peer, question, explained) else None


def ratios(run, peer, explained, with_remarks):
    """The ratios to a peer by question; those of questions with a remark only when asked for."""
    found = {}
    for question in asked(run):
        if question.as_of or (question.remark and not with_remarks):
            continue
        value = ratio(run, question.id, peer, explained)
        if value is not None:
            found[question.id] = value
    return found


def asked(run):
    """The questions of the run in the order of the tables."""
    first = run["results"][0].get("questions", {})
    return [question for question in ALL if question.id in first]


def mean(values):
    """The geometric mean, or None of nothing."""
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def gates(run, explained):
    """What the run has to show: a list of (what, what it came to, whether that is enough)."""
    found = []
    slow = {name: value for name, value in ratios(run, AGAINST, explained, True).items() if value > SLOWEST}
    count = len(ratios(run, AGAINST, explained, True))
    worst = ", ".join(f"{name} {value:.2f}×" for name, value in sorted(slow.items(), key=lambda item: -item[1]))
    found.append((
        f"never slower than {SLOWEST}× Oxigraph",
        f"{len(slow)} of {count} questions are slower" + (f": {worst}" if worst else ""),
        count > 0 and not slow,
    ))
    for peer in THAN:
        values = ratios(run, peer, explained, False)
        times = 1 / mean(values.values()) if values else 0.0
        title = _result(run, peer).get("title", peer)
        found.append((
            f"on the whole at least {FASTER:g}× faster than {title}",
            f"{times:.1f}× faster over {len(values)} questions" if values else "nothing to compare",
            times >= FASTER,
        ))
    failed = [question.id for question in asked(run) if "error" in _result(run, "oslo").get("questions", {}).get(question.id, {})]
    found.append(("oslo answers every question", "all" if not failed else f"failed: {', '.join(failed)}", not failed))
    if "lost" in _result(run, "oslo"):
        lost = _result(run, "oslo")["lost"]
        found.append(("oslo holds every triple it acknowledged", "all" if lost == 0 else f"{lost:,} too few or too many", lost == 0))
    strange = unexplained(run, explained)
    found.append((
        "the same rows everywhere, or a known reason",
        "no unexplained difference" if not strange else "unexplained: " + ", ".join(f"{name} {engine}" for name, engine, _ in strange),
        not strange,
    ))
    return found


def differences(run):
    """Where an engine's rows are not the expected ones: a list of (question, engine, how)."""
    return [
        (question, engine, said)
        for question, verdicts in run["verdicts"].items()
        for engine, said in verdicts.items()
        if said
    ]


def failures(run):
    """Where an engine gave no answer: a list of (question, engine, why)."""
    return [
        (question, result["name"], figures["error"])
        for result in run["results"]
        for question, figures in result.get("questions", {}).items()
        if "error" in figures
    ]


def unexplained(run, explained):
    """The differences without a known reason."""
    return [found for found in differences(run) if found[:2] not in explained]


def ahead(run, explained):
    """Where another engine is faster than oslo: (question, oslo's median, {engine: ratio}, reason). QLever's figures are of another
    day, so they are only laid beside a run of the size they were taken at."""
    reasons = {row["question"]: row["reason"] for row in table("ahead.csv")}
    elsewhere = {row["question"]: float(row["ms"]) / 1e3 for row in table("qlever.csv")} if run["asked"] == 10_000_000 else {}
    found = []
    for question in asked(run):
        if question.as_of:
            continue
        own = median(run, "oslo", question.id)
        by = _result(run, "oslo").get("questions", {}).get(question.id, {}).get("by")
        faster = {}
        for result in run["results"]:
            value = ratio(run, question.id, result["name"], explained) if result["name"] != "oslo" else None
            if value is not None and value > 1.0 and "timeout" not in result["questions"][question.id]:
                faster[result["name"]] = value
        if own and question.id in elsewhere and own > elsewhere[question.id]:
            faster["qlever"] = own / elsewhere[question.id]
        if faster:
            found.append((question, own, faster, reasons.get(question.id) or _RUN_BY.get(by, "not looked into yet")))
    return sorted(found, key=lambda item: -max(item[2].values()))
