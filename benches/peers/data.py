"""The data of a run: one file of N-Triples that every engine loads, and what the benches know of it.

`oslo generate` makes a synthetic town as N-Quads; here the graph is dropped, so that all engines hold one graph.
The datatype `geo:wktLiteral` is written as `geo:wktText`: Virtuoso parses the literals of that one datatype and gives up
the whole file at the first with a reference system in front, and a figure for loading nothing is no figure.
Not a generator of its own, and no parser: lines must be canonical N-Triples or N-Quads, with single spaces.
"""

import dataclasses
import pathlib
import random
import subprocess

import queries

SEED = 42
# Sampled, so that no cache of answers holds them all and the client's memory stays small.
MOST_ADDRESSES = 20_000
MOST_STREETS = 5_000
# Addresses whose every triple is compared with the file, term by term.
COMPARED = 50

_TYPE = f"<{queries.TYPE}>".encode()
_ADDRESS = f"<{queries.ADDRESS_CLASS}>".encode()
_STREET_OF = f"<{queries.STREET_OF}>".encode()
_GEO = b"<http://www.opengis.net/ont/geosparql#"


class DataError(Exception):
    """The data cannot be made or used; the text says why."""


@dataclasses.dataclass
class Data:
    """A file of N-Triples and what is known of it."""

    file: pathlib.Path
    lines: int
    bytes: int
    # IRIs without brackets, shuffled.
    addresses: list
    streets: list
    # Lines of the file by subject, for a few addresses.
    truth: dict
    description: str


def without_graph(line):
    """A line of N-Quads or N-Triples as a line of N-Triples, with its subject, predicate and object."""
    if not line.endswith(b" .\n"):
        raise DataError(f"not a canonical line of N-Triples or N-Quads: {line[:200]!r}")
    parts = line.split(b" ", 2)
    if len(parts) < 3:
        raise DataError(f"not a statement: {line[:200]!r}")
    subject, predicate, rest = parts
    rest = rest[:-3]
    # Only a literal holds spaces; a graph's name holds no quotation mark.
    begin = rest.rindex(b'"') if rest.startswith(b'"') else 0
    space = rest.find(b" ", begin)
    value = rest if space < 0 else rest[:space]
    if value.endswith(b"#wktLiteral>"):
        value = value.replace(_GEO + b"wktLiteral>", _GEO + b"wktText>")
    return subject, predicate, value


def _convert(source, target):
    """Writes the lines of `source` as N-Triples; returns how many, and the addresses and streets met."""
    lines, addresses, streets = 0, [], set()
    with open(target, "wb", buffering=1 << 20) as out:
        for line in source:
            subject, predicate, value = without_graph(line)
            out.write(b"%b %b %b .\n" % (subject, predicate, value))
            lines += 1
            if predicate == _STREET_OF:
                streets.add(value)
            elif predicate == _TYPE and value == _ADDRESS:
                addresses.append(subject)
    return lines, addresses, streets


def _sample(iris, most, rng):
    names = sorted({iri[1:-1].decode() for iri in iris if iri.startswith(b"<")})
    return rng.sample(names, min(most, len(names)))


def _truth(file, subjects):
    """The lines of a few subjects, found in one pass over the file."""
    wanted = {f"<{subject}>".encode(): [] for subject in subjects}
    with open(file, "rb", buffering=1 << 20) as source:
        for line in source:
            found = wanted.get(line[: line.index(b" ")])
            if found is not None:
                found.append(line)
    return {subject[1:-1].decode(): lines for subject, lines in wanted.items()}


def _generate(oslo, addresses):
    """The generator as a running process with the town on its standard output."""
    command = [str(oslo), "generate", "--addresses", str(addresses), "--seed", str(SEED), "--truth", "/dev/null"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def addresses_for(oslo, quads):
    """How many addresses give at least this many quads, from a smaller town. One in a hundred more, because the sample is
    not the whole."""
    sample = max(100, min(quads // 88, 5_000))
    with _generate(oslo, sample) as process:
        lines = sum(1 for _ in process.stdout)
    if process.returncode != 0 or lines == 0:
        raise DataError(f"`oslo generate` ended with {process.returncode}")
    return -(-quads * sample * 101 // (lines * 100))


def prepare(target, oslo, quads, given):
    """Makes the file `target` from `given` (a path, or None for a generated town of about `quads` quads)."""
    if given is not None:
        if given.suffix not in (".nt", ".nq"):
            raise DataError(f"{given}: only .nt and .nq can be read")
        with open(given, "rb", buffering=1 << 20) as source:
            lines, addresses, streets = _convert(source, target)
        description = f"the file {given.name}"
    else:
        count = addresses_for(oslo, quads)
        with _generate(oslo, count) as process:
            lines, addresses, streets = _convert(process.stdout, target)
        if process.returncode != 0:
            raise DataError(f"`oslo generate` ended with {process.returncode}")
        description = f"a synthetic town of {count:,} addresses (`oslo generate`, seed {SEED})"
    rng = random.Random(SEED)
    sampled = _sample(addresses, MOST_ADDRESSES, rng)
    if not sampled or not streets:
        raise DataError(f"the data hold no <{queries.ADDRESS_CLASS}> with a street name: nothing to look up")
    return Data(
        file=target,
        lines=lines,
        bytes=target.stat().st_size,
        addresses=sampled,
        streets=_sample(streets, MOST_STREETS, rng),
        truth=_truth(target, sampled[:COMPARED]),
        description=description,
    )
