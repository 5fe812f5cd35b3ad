"""The page of the API bench, docs/benchmarks-api.md, from what run.py measured. Measures nothing."""

HEAD = """\
# The JSON-LD API under load

Made by `make bench-api`: a made-up register of addresses is loaded and served by `oslo serve`, and asked by `wrk` from the same machine, which shares
its cores with the server. Addresses are asked for in random order. `benches/api` holds the programs. Times are of one machine on one day; the peer's
figures are of the same run, on the same statements.
"""


def render(run):
    """The whole page as text."""
    lines = [HEAD]
    lines.append(
        f"Measured on {run['date']}: {run['machine']}. {run['addresses']:,} addresses, {run['statements']:,} statements, "
        f"loaded in {run['load_seconds']:.0f} s; the server held {run['memory'] / 2**20:,.0f} MiB at the end.\n"
    )
    lines.append("| requests, by 16 connections | a second | p50 ms | p99 ms | bytes an answer | promised |")
    lines.append("|---|--:|--:|--:|--:|---|")
    for row in run["loads"]:
        lines.append(
            f"| {row['title']} | {row['rate']:,.0f} | {row['p50'] / 1e3:.2f} | {row['p99'] / 1e3:.2f} | {row['size']:,.0f} | {row.get('promised', '')} |"
        )
    if run.get("ratio"):
        lines.append(f"\nThe same addresses by `CONSTRUCT` from {run['peer']}: oslo answers {run['ratio']:.1f} times as many.\n")
    lines.append("\n| page of 100, one client | median ms | p95 ms | compared with the first page |")
    lines.append("|---|--:|--:|--:|")
    for row in run["pages"]:
        lines.append(f"| {row['title']} | {row['p50'] * 1e3:.2f} | {row['p95'] * 1e3:.2f} | {row['ratio']:.2f} |")
    match = run.get("match")
    if match:
        lines.append(
            f"\n`adresmatch`, {match['questions']:,} misspelt addresses by one client: the right one first in {match['first'] * 100:.1f} % (promised 97 %), "
            f"median {match['p50'] * 1e3:.1f} ms, p95 {match['p95'] * 1e3:.1f} ms (promised 20 ms).\n"
        )
        lines.append("| kind of mistake | questions | right one first |")
        lines.append("|---|--:|--:|")
        for kind, (questions, first) in sorted(match["kinds"].items()):
            lines.append(f"| {kind} | {questions:,} | {first / questions * 100:.1f} % |")
    return "\n".join(lines) + "\n"
