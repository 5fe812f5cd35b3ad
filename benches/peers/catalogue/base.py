"""What a question is. The questions themselves are in the modules beside this one."""

import dataclasses
import typing

PREFIXES = """\
PREFIX adres: <https://data.vlaanderen.be/ns/adres#>
PREFIX generiek: <https://data.vlaanderen.be/ns/generiek#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX adms: <http://www.w3.org/ns/adms#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
PREFIX wgs: <http://www.w3.org/2003/01/geo/wgs84_pos#>
PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
PREFIX text: <urn:x-oslo:text#>
"""

JSON = "application/sparql-results+json"
CSV = "text/csv"
TRIPLES = "application/n-triples"

# Letter of an id, and what the group is called in the tables.
GROUPS = {
    "q": "The twenty",
    "j": "Joins, groups, paths",
    "v": "Values, order, functions",
    "s": "Questions of stewards",
    "t": "Full text",
    "g": "Place",
    "h": "As of an earlier commit",
}


@dataclasses.dataclass(frozen=True)
class Question:
    """A question that every engine is asked."""

    # Letter of the group and a number; never given to another question, so that figures of years can be laid beside each other.
    id: str
    title: str
    # (random.Random, registry.Facts) to the text without prefixes.
    text: typing.Callable
    # Media type that is asked for.
    accept: str = JSON
    # Whether the text differs from run to run.
    varies: bool = False
    # Whether the order of the rows is part of the answer: only where ORDER BY leaves no ties.
    ordered: bool = False
    # For an answer that may be any so many rows of a larger one: the text of the larger one.
    whole: typing.Optional[typing.Callable] = None
    # Texts for engines that have a way of their own, by name of the engine; None for an engine that has none at all.
    own: typing.Mapping[str, typing.Optional[typing.Callable]] = dataclasses.field(default_factory=dict)
    # Why this is not the same question for all; such a question is not part of the means.
    remark: str = ""
    # Asked at the end, of the state right after the load.
    as_of: bool = False

    @property
    def group(self):
        """The letter of the group."""
        return self.id[0]

    def texts(self, engine):
        """The function that makes the text for an engine, or None when the engine has no way to ask this."""
        return self.own.get(engine, self.text)


def fixed(text):
    """A question without anything that varies."""
    return lambda rng, facts: text
