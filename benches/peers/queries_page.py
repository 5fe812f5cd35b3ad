"""The tables of the queries bench: a section of docs/benchmarks-queries.md from what ask.py keeps."""

import gates
import report
from asking import CLIENTS, LEAST, READERS, READS, WRITES
from catalogue import GROUPS

HEAD = """\
# Questions to oslo and its peers

Made by `make bench-peers`: the same questions over HTTP to oslo, Oxigraph, Virtuoso and Jena TDB2, one engine after the other, in one
run, on the same machine and the same data, a made-up address registry of three hundred municipalities. Every row of the answers is
compared. `benches/peers/README.md` tells how; the texts of the questions are in `benches/peers/catalogue`. Times are of one machine on
one day: read the ratios.

- Times are medians in milliseconds as a client sees them, from sending the question to the last byte of the answer; p95 is oslo's.
- **÷ peer**: oslo's median divided by that peer's. Below 1, oslo is faster. Bold is the fastest.
- A number in parentheses: so many runs instead of five or more, because each took so long.
- **~** the engines are not asked the same text, because SPARQL 1.1 has no words for it. Not part of the means.
- **≠** the rows are not those of the others; below it is told why. Not part of the means and gates, unless the times compare nevertheless.
"""


def _ms(seconds):
    value = seconds * 1e3
    if value >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f}"


def _times(value):
    return f"{value:.{3 if value < 0.0995 else 2 if value < 9.995 else 1 if value < 99.95 else 0}f}"


def _measured(run):
    return [result for result in run["results"] if "missing" not in result]


def _name(result):
    return f"{result['title']} {result['version']}"


def _cell(run, result, question, best, explained):
    """What a table says of an engine and a question."""
    figures = result.get("questions", {}).get(question.id)
    if figures is None:
        return "–"
    if "timeout" in figures:
        return f"> {figures['timeout']:g} s"
    if "error" in figures:
        return "failed"
    if "p50" not in figures:
        return "–"
    text = _ms(figures["p50"])
    if figures["p50"] == best:
        text = f"**{text}**"
    if figures["runs"] < LEAST:
        text += f" ({figures['runs']})"
    return text + ("" if run["verdicts"].get(question.id, {}).get(result["name"]) == "" else " ≠")


def _questions(run, explained):
    """The table of one group of questions after the other."""
    results = _measured(run)
    peers = [result for result in results if result["name"] != "oslo"]
    head = ["", "question", "rows", *map(_name, results), "p95", *(f"÷ {peer['title']}" for peer in peers)]
    parts = []
    for letter, title in GROUPS.items():
        if letter == "h":
            parts.append(_past(run))
            continue
        body = []
        for question in gates.asked(run):
            if question.group != letter:
                continue
            own = results[0]["questions"][question.id]
            # Who answers something else is not the fastest.
            known = [
                gates.median(run, result["name"], question.id) for result in results
                if gates.is_right(run, result["name"], question.id, explained)
            ]
            best = min(known) if len(known) > 1 else None
            row = [question.id, question.title + (" ~" if question.remark else ""), f"{own['rows']:,}" if "rows" in own else "–"]
            row += [_cell(run, result, question, best, explained) for result in results]
            row.append(_ms(own["p95"]) if own.get("p95") else "–")
            for peer in peers:
                value = gates.ratio(run, question.id, peer["name"], explained)
                under = "timeout" in peer.get("questions", {}).get(question.id, {})
                row.append("–" if value is None else ("< " if under else "") + _times(value))
            body.append(row)
        if body:
            remarks = dict.fromkeys(question.remark for question in gates.asked(run) if question.group == letter and question.remark)
            parts.append("\n".join([f"### {title}", "", _table(head, body), *(f"\n~ {remark}." for remark in remarks)]))
    return "\n\n".join(part for part in parts if part)


def _past(run):
    """Questions about an earlier state, which only oslo answers, beside the same about the present."""
    body = []
    for question in gates.asked(run):
        figures = run["results"][0]["questions"][question.id]
        if question.as_of and figures.get("p50") and figures.get("now_p50"):
            same = "the same rows" if run["verdicts"].get(question.id, {}).get("oslo") == "" else "**other rows**"
            times = [_ms(figures["now_p50"]), _ms(figures["p50"]), _ms(figures["p95"]), _times(figures["p50"] / figures["now_p50"])]
            body.append([question.id, question.title, f"{figures['rows']:,}", *times, same])
        elif question.as_of:
            body.append([question.id, question.title, "–", "–", "–", "–", "–", figures.get("error", "not asked")])
    if not body:
        return ""
    head = ["", "question", "rows", "before the commits", "as of then, after them", "p95", "÷", "rows are those of then"]
    return f"### {GROUPS['h']}\n\nOnly oslo answers these.\n\n{_table(head, body)}"


def _table(head, body):
    """Like `report.markdown`, with the two first columns to the left."""
    widths = [max(len(row[at]) for row in [head, *body]) for at in range(len(head))]
    def line(cells):
        return "| " + " | ".join(cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(cells, widths))) + " |"
    rule = "|" + "|".join("-" * (width + 2) if at < 2 else "-" * (width + 1) + ":" for at, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, body)])


def _means(run, explained):
    """A sentence for each peer."""
    lines = []
    for result in _measured(run)[1:]:
        values = gates.ratios(run, result["name"], explained, False)
        if values:
            slower = sum(value > 1 for value in values.values())
            lines.append(
                f"- {_name(result)}: geometric mean of the ratios {_times(gates.mean(values.values()))} over {len(values)} questions "
                f"(oslo {1 / gates.mean(values.values()):.1f}× as fast); oslo is slower in {slower} of them."
            )
    return "\n".join(lines)


def _gates(run, explained):
    body = [["met" if enough else "**missed**", what, came_to] for what, came_to, enough in gates.gates(run, explained)]
    return "\n".join(["| | what must hold | what it came to |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in body)])


def _ahead(run, explained):
    """The work list: where others are faster."""
    titles = {result["name"]: result["title"] for result in run["results"]} | {"qlever": "QLever ¹"}
    rows = gates.ahead(run, explained)
    if not rows:
        return "Nowhere."
    body = []
    for question, own, faster, reason in rows:
        by = run["results"][0]["questions"][question.id].get("by", "")
        named = ", ".join(f"{titles[name]} {_times(value)}×" for name, value in sorted(faster.items(), key=lambda item: -item[1]))
        body.append([question.id, question.title, _ms(own), by, named, reason])
    text = "\n".join(
        ["| | question | oslo, ms | run by | oslo takes so many times as long as | reason |", "|---|---|--:|---|---|---|", *(f"| {' | '.join(row)} |" for row in body)]
    )
    if any("qlever" in faster for _, _, faster, _ in rows):
        text += (
            "\n\n¹ QLever was not asked in this run. Its times were taken on another afternoon, on the same kind of machine, with the same kinds of "
            "questions and data of the same shape and size, its cache cleared before each question (`benches/peers/qlever.csv`): an indication."
        )
    return text


def _strange(run, explained):
    titles = {result["name"]: result["title"] for result in run["results"]}
    lines = []
    for question, engine, said in gates.differences(run):
        counts, reason = explained.get((question, engine), (False, ""))
        note = (reason or "**not explained**") + (" (the times compare)" if counts else "")
        lines.append(f"- {question}, {titles[engine]}: {note}. Found: `{said.replace('`', chr(39))}`")
    for question, engine, why in gates.failures(run):
        _, reason = explained.get((question, engine), (False, ""))
        lines.append(f"- {question}, {titles[engine]}: no answer{': ' + reason if reason else ''}. Said: `{why.replace('`', chr(39))[:200]}`")
    doubles = [
        f"{result['title']} {name} ({figures['doubles']})"
        for result in run["results"] for name, figures in result.get("questions", {}).items() if figures.get("doubles")
    ]
    if doubles:
        lines.append(f"- Triples of a graph sent more than once: {', '.join(doubles)}.")
    return "\n".join(lines) or "None."


def _throughput(run):
    results = [result for result in _measured(run) if result.get("throughput")]
    if not results:
        return ""
    body = []
    for kind, title in (("point", "all of one address"), ("join", "addresses of a street, with names: three joins")):
        for clients in CLIENTS:
            found = [result["throughput"].get(f"{kind}_{clients}") for result in results]
            best = max((one["rate"] for one in found if one), default=None)
            cells = []
            for one in found:
                if one is None:
                    cells += ["–", "–"]
                else:
                    rate = f"{one['rate']:,.0f}"
                    cells += [f"**{rate}**" if one["rate"] == best else rate, _ms(one["p99"])]
            body.append([title, str(clients), *cells])
    head = ["answers each second", "clients", *(cell for result in results for cell in (_name(result), "p99, ms"))]
    return "### Many clients\n\n" + _table(head, body)


def _beside(run):
    results = [result for result in _measured(run) if result.get("beside_writes", {}).get("beside")]
    if not results:
        return ""
    head = ["engine", "", "p50 alone", "p99 alone", "p50 beside", "p99 beside", "longest beside", "commits/s", "commit p50", "commit p99"]
    body = []
    for result in results:
        figures = result["beside_writes"]
        alone, beside = figures["alone"], figures["beside"]
        body.append([
            _name(result), "", _ms(alone["p50"]), _ms(alone["p99"]), _ms(beside["p50"]), _ms(beside["p99"]), _ms(beside["max"]),
            f"{figures['commit_rate']:.1f}", *(_ms(figures[key]) if figures[key] else "–" for key in ("commit_p50", "commit_p99")),
        ])
    return (
        f"### Point lookups beside commits\n\n{READS} lookups a second by {READERS} clients, beside {WRITES} commits a second of 17 triples; a lookup's "
        "time counts from when it was due. Milliseconds.\n\n" + _table([head[0], *head[2:]], [[row[0], *row[2:]] for row in body])
    )


def section(run, explained):
    """The section of a run: circumstances, gates, tables, differences, notes."""
    count = len(gates.asked(run))
    parts = [
        f"## {report.size_name(run['asked'])}",
        f"{run['date']}, {run['machine']}; commit {run['commit'] or 'unknown'}.\n"
        f"Data: {run['addresses']:,} addresses, {run['streets']:,} streets: {run['quads']:,} triples, {run['bytes'] / 1e6:,.0f} MB of N-Triples, one graph. "
        f"{count} questions, five runs or more of each, {run['seconds']:g} s of them where they are fast; {run['timeout']:g} s at most for one answer.",
        _gates(run, explained),
        _means(run, explained),
        _questions(run, explained),
        "### Where another engine is ahead\n\n" + _ahead(run, explained),
        _throughput(run),
        _beside(run),
        "### Differences\n\n" + _strange(run, explained),
    ]
    notes = []
    for result in run["results"]:
        if "missing" in result:
            notes.append(f"- {result['title']}: not asked: {result['missing']}.")
            continue
        said = [*([result["settings"]] if result["settings"] else []), *dict.fromkeys(result.get("notes", []))]
        if "load_seconds" in result:
            said.insert(0, f"loaded in {result['load_seconds']:.0f} s")
        if result.get("text_seconds", 0) > 0.5:
            said.append(f"made its index of texts in {result['text_seconds']:.0f} s")
        if "failed" in result:
            said.append(f"stopped: {result['failed']}")
        notes.append(f"- {_name(result)}: {'; '.join(said)}.")
    return "\n\n".join(part for part in [*parts, "\n".join(notes)] if part) + "\n"
