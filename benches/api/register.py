"""The register of the API bench: a made-up town's addresses, streets, postcodes and municipalities, as both engines load them.

Not a generator: `oslo generate` writes the town, here the graphs of those four registers are kept, for oslo as N-Quads and for
a peer that knows no registers as N-Triples. Remembers the addresses' numbers.
"""

import dataclasses
import pathlib
import subprocess

SEED = 42
GRAPHS = ("adressen", "straatnamen", "postinfo", "gemeenten")
# What streets were called before municipalities merged: for oslo alone, nobody asks the peer about it.
PAST = ("versies/straatnamen", "versies/straatnamen/inhoud")
MERGED, MISSPELLINGS = 4, 2_000
_CLASS = b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://data.vlaanderen.be/ns/adres#Adres> "


class RegisterError(Exception):
    """The register cannot be made; the text says why."""


@dataclasses.dataclass
class Register:
    """Two files with the same statements and what is in them."""

    quads: pathlib.Path
    triples: pathlib.Path
    statements: int
    # Numbers of the addresses, in the order of the file.
    addresses: list
    # Questions as `oslo generate --misspelt` lists them.
    misspelt: pathlib.Path


def prepare(folder, oslo, base, addresses):
    """Makes the two files in a folder."""
    quads, triples, misspelt = folder / "register.nq", folder / "register.nt", folder / "misspelt.csv"
    command = [oslo, "--base", base, "generate", "--addresses", str(addresses), "--seed", str(SEED)]
    command += ["--merged", str(MERGED), "--misspelt", misspelt, "--misspellings", str(MISSPELLINGS)]
    ends = {name: f"<{base}/graph/{name}> .\n".encode() for name in GRAPHS + PAST}
    graphs, present = set(ends.values()), {ends[name] for name in GRAPHS}
    numbers, count = [], 0
    with open(folder / "generate.log", "wb") as log, open(quads, "wb", 1 << 20) as nq, open(triples, "wb", 1 << 20) as nt:
        maker = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=log)
        for line in maker.stdout:
            statement, _, graph = line.rpartition(b"<")
            if b"<" + graph not in graphs:
                continue
            nq.write(line)
            if b"<" + graph in present:
                count += 1
                nt.write(statement + b".\n")
            if _CLASS in line:
                numbers.append(int(line[1 : line.index(b">")].rpartition(b"/")[2]))
        if maker.wait() != 0:
            raise RegisterError((folder / "generate.log").read_text("utf-8", "replace")[-800:])
    if len(numbers) < addresses * 0.9:
        raise RegisterError(f"{len(numbers)} addresses were found, {addresses} asked for")
    return Register(quads, triples, count, numbers, misspelt)
