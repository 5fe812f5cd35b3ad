"""Turns the results of a run into a table on the screen and a section of docs/benchmarks-peers.md.

The page keeps one section for each size of the data: a run replaces the section of its size and leaves the others.
"""

import re

PAGE_HEAD = """\
# oslo beside its peers

Made by `make bench-peers`, which measures oslo and other engines one after the other, in one run, on the same machine and the
same data. `OSLO_PEERS_QUADS` sets the size, `OSLO_PEERS_DATA` takes a file instead; `benches/peers/README.md` tells how
everything is measured. Times are of one machine on one day: read the ratios.

- **÷ best peer**: oslo's figure divided by that of the best peer. Below 1 is better for times and sizes, above 1 for rates.
- **†** does not fsync: a commit that it acknowledged can be lost with the power, so its commits are not comparable. For commits,
  *÷ best that fsyncs* leaves those engines out.
- Before anything is timed all engines must give the same counts, and at the end each must hold every commit it acknowledged.
"""

# Key, what the row says, unit, whether less is better (None: no ratio), whether it is about commits.
ROWS = [
    ("load_seconds", "bulk load", "s", True, False),
    ("load_peak", "peak memory while loading", "MiB", True, False),
    ("disk_per_quad", "disk, each quad", "bytes", True, False),
    ("start_seconds", "start-up to the first answer", "ms", True, False),
    ("resident_after_start", "resident memory after start", "MiB", True, False),
    ("resident_after_reads", "resident memory after the reads", "MiB", True, False),
    ("anonymous_after_reads", "of which not pages of files", "MiB", True, False),
    ("point_rate", "point lookups, 8 clients", "/s", False, False),
    ("point_p50", "point lookup, 1 client, median", "ms", True, False),
    ("point_p99", "point lookup, 1 client, p99", "ms", True, False),
    ("street_rate", "addresses of a street, 8 clients", "/s", False, False),
    ("street_p50", "addresses of a street, 1 client, median", "ms", True, False),
    ("street_p99", "addresses of a street, 1 client, p99", "ms", True, False),
    ("commit_1_p50", "commit of 1 triple, median", "ms", True, True),
    ("commit_1_p99", "commit of 1 triple, p99", "ms", True, True),
    ("commit_17_p50", "commit of an entity of 17 triples, median", "ms", True, True),
    ("commit_17_p99", "commit of an entity of 17 triples, p99", "ms", True, True),
    ("commit_1000_p50", "commit of 1,000 triples, median", "ms", True, True),
    ("commit_1000_p99", "commit of 1,000 triples, p99", "ms", True, True),
    ("commit_rate", "commits of 1 triple, 8 clients", "/s", False, True),
    ("as_written", "statements that come back as written", "%", None, False),
]

# From what measure.py gives (seconds, bytes, shares) to the unit of the row.
_SCALE = {"ms": 1e3, "MiB": 1 / (1 << 20), "%": 100.0}


def _shown(value, unit):
    value *= _SCALE.get(unit, 1.0)
    if unit == "%" and value == 100.0:
        return "100"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _ratio(own, others, less):
    """oslo's figure by the best of the others, as text."""
    others = [other for other in others if other]
    if own is None or not others:
        return "–"
    return f"{own / (min(others) if less else max(others)):.2f}"


def _measured(results):
    return [result for result in results if "missing" not in result and result.get("figures")]


def table(results):
    """Heading and rows of the table, every cell a text. The first of the results must be oslo's for there to be ratios."""
    engines = _measured(results)
    first = engines[0] if engines and engines[0]["name"] == "oslo" else None
    peers = [engine for engine in engines if engine is not first]
    marks = {engine["name"]: " †" if engine["fsync"] is False else "" for engine in engines}
    head = ["", *(f"{engine['title']} {engine['version']}{marks[engine['name']]}" for engine in engines)]
    if first:
        head += ["÷ best peer", "÷ best that fsyncs"]
    body = []
    for key, label, unit, less, commit in ROWS:
        values = [engine["figures"].get(key) for engine in engines]
        known = [value for value in values if value is not None]
        if not known:
            continue
        best = None if less is None else min(known) if less else max(known)
        cells = []
        for engine, value in zip(engines, values):
            text = "–" if value is None else _shown(value, unit) + (marks[engine["name"]] if commit else "")
            cells.append(f"**{text}**" if value is not None and value == best and len(known) > 1 else text)
        row = [f"{label} ({unit.removeprefix('/') if unit != '/s' else 'each second'})", *cells]
        if first:
            own = first["figures"].get(key)
            all_peers = [peer["figures"].get(key) for peer in peers]
            durable = [peer["figures"].get(key) for peer in peers if peer["fsync"]]
            row.append("" if less is None else _ratio(own, all_peers, less))
            row.append(_ratio(own, durable, less) if commit else "")
        body.append(row)
    return head, body


def markdown(head, body):
    """A table in Markdown, padded so that it can be read on a screen as well."""
    widths = [max(len(row[at]) for row in [head, *body]) for at in range(len(head))]
    def line(cells):
        padded = [cells[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"
    rule = "|" + "-" * (widths[0] + 2) + "|" + "|".join("-" * (width + 1) + ":" for width in widths[1:]) + "|"
    return "\n".join([line(head), rule, *map(line, body)])


def _how_fsync(result):
    calls = result["figures"].get("syncs_seen")
    if result["fsync"] is None:
        return "commits not reached"
    source = "by its documentation" if calls is None else f"{calls} such calls seen in 5 commits"
    return f"{'does' if result['fsync'] else 'does not'} fsync ({source})"


def section(run):
    """The section of a run: heading, circumstances, table, notes."""
    lines = [
        f"## {size_name(run['asked'])}" if run["asked"] else f"## The file {run['file']}",
        "",
        f"{run['date']}, {run['machine']}.",
        f"Data: {run['description']}: {run['quads']:,} quads, {run['bytes'] / 1e6:,.0f} MB of N-Triples, one graph.",
        "",
        markdown(*table(run["results"])),
        "",
    ]
    for result in run["results"]:
        if "missing" in result:
            lines.append(f"- {result['title']}: not measured: {result['missing']}.")
            continue
        notes = [_how_fsync(result), *([result["settings"]] if result["settings"] else []), *dict.fromkeys(result["notes"])]
        if "failed" in result:
            notes.append(f"stopped: {result['failed']}")
        lines.append(f"- {result['title']} {result['version']}: {'; '.join(notes)}.")
    return "\n".join(lines) + "\n"


def size_name(quads):
    """A size as a heading: `10 M quads`."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if quads >= unit:
            return f"{quads / unit:g} {name} quads"
    return f"{quads} quads"


def put_section(page, text, page_head=PAGE_HEAD):
    """The page with this section in it: in the place of the one with the same heading, or at the end."""
    heading = text.split("\n", 1)[0]
    _, *old = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    parts = [part for part in old if part.strip()]
    for at, part in enumerate(parts):
        if part.split("\n", 1)[0] == heading:
            parts[at] = text
            break
    else:
        parts.append(text)
    # The head is always ours of today, so that it says what the figures of today mean.
    return "\n".join([page_head, *(part.rstrip("\n") + "\n" for part in parts)])
