"""Answers of engines, made comparable: parsed, brought to one form, and laid side by side row by row.

One form means: numbers by value, whatever their datatype; booleans and moments by value; language tags in lower case; blank nodes by
what is said of them in the answer. Everything else stays as it came. Rows are a multiset unless the order is part of the answer;
triples of a graph are a set, and those that came twice are counted. Not an equality of RDF: `1` and `1.0` are the same here.
"""

import collections
import csv
import dataclasses
import datetime
import decimal
import hashlib
import io
import json
import re

from catalogue.base import CSV, TRIPLES

XSD = "http://www.w3.org/2001/XMLSchema#"
_WHOLE = {
    XSD + name
    for name in """integer int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger
    unsignedInt unsignedLong unsignedShort unsignedByte""".split()
}
_NUMBERS = _WHOLE | {XSD + "decimal", XSD + "double", XSD + "float"}
# Engines add and divide with different numbers of digits.
DIGITS = 10
_ROUNDED = decimal.Context(prec=DIGITS)
_BOOLEANS = {"true": "true", "1": "true", "false": "false", "0": "false"}
_MOMENT = re.compile(r"(-?\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?\Z")
# Rounds in which blank nodes are told apart by their neighbours: the answers of the bench have chains of one.
_ROUNDS = 4
# A cell that no row has.
UNBOUND = ""


class Unreadable(Exception):
    """An answer that is not in the format that was asked for."""


def number(text):
    """A number in one form, by value with `DIGITS` digits, or None when the text is none."""
    text = text.strip()
    special = {"INF": "INF", "+INF": "INF", "-INF": "-INF", "NaN": "NaN"}.get(text)
    if special:
        return special
    try:
        value = _ROUNDED.create_decimal(text) if "." in text or "e" in text.lower() else decimal.Decimal(text)
    except decimal.InvalidOperation:
        return None
    if not value.is_finite():
        return None
    if value == 0:
        return "0"
    if abs(value.adjusted()) > 40:
        return str(value.normalize())
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def moment(text):
    """A moment in one form: in UTC when it has a zone. None when the text is none."""
    found = _MOMENT.match(text)
    if not found:
        return None
    *parts, fraction, zone = found.groups()
    fraction = (fraction or "").rstrip("0")
    try:
        at = datetime.datetime(*map(int, parts))
        if zone and zone != "Z":
            hours, minutes = int(zone[1:3]), int(zone[4:6])
            shift = datetime.timedelta(hours=hours, minutes=minutes)
            at += -shift if zone[0] == "+" else shift
    except (ValueError, OverflowError):
        return None
    return at.isoformat() + (f".{fraction}" if fraction else "") + ("Z" if zone else "")


def literal(text, datatype, language):
    """A literal in one form."""
    if language:
        return f'"{text}"@{language.lower()}'
    if datatype in _NUMBERS:
        value = number(text)
        return f"#{value}" if value is not None else f'"{text}"^^number'
    if datatype == XSD + "boolean" and text in _BOOLEANS:
        return f"!{_BOOLEANS[text]}"
    if datatype == XSD + "dateTime":
        value = moment(text)
        if value is not None:
            return f"@{value}"
    if not datatype or datatype == XSD + "string":
        return f'"{text}"'
    return f'"{text}"^^<{datatype}>'


def _binding(term):
    """A term of SPARQL JSON in one form; a blank node as `_:` and its label."""
    if term is None:
        return UNBOUND
    kind = term.get("type")
    if kind == "uri":
        return f"<{term['value']}>"
    if kind == "bnode":
        return f"_:{term['value']}"
    if kind not in ("literal", "typed-literal"):
        raise Unreadable(f"a term of type {kind}")
    return literal(term["value"], term.get("datatype"), term.get("xml:lang"))


_TERM = re.compile(
    r"""<(?P<iri>[^<>"{}|^`\s]*)>|_:(?P<blank>[^\s<>"]+)|"(?P<text>(?:[^"\\\n\r]|\\.)*)"(?:\^\^<(?P<type>[^<>\s]*)>|@(?P<tag>[A-Za-z0-9-]+))?"""
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def unescape(text):
    """A text of N-Triples without its escapes."""
    def one(match):
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _SHORT.get(match[3], match[3])
    return _ESCAPE.sub(one, text) if "\\" in text else text


def _triples(body):
    """The statements of N-Triples, each with its terms in one form."""
    rows = []
    for line in body.decode("utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        terms, at = [], 0
        while (found := _TERM.match(line, at)) is not None:
            if found["iri"] is not None:
                terms.append(f"<{unescape(found['iri'])}>")
            elif found["blank"] is not None:
                terms.append("_:" + found["blank"].rstrip("."))
            else:
                terms.append(literal(unescape(found["text"]), found["type"], found["tag"]))
            at = found.end()
            while at < len(line) and line[at] in " \t":
                at += 1
        if len(terms) != 3 or line[at:].strip() not in (".", ""):
            raise Unreadable(f"not a triple: {line[:120]}")
        rows.append(tuple(terms))
    return rows


def _short(text):
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def without_labels(rows):
    """The rows with each blank node named by what the rows say of it, not by its label.

    Nodes of which the same is said get the same name: two answers that differ only in how such nodes hang together would pass
    for equal. Trees of blank nodes, which are what the data have, are told apart."""
    where = collections.defaultdict(list)
    for at, row in enumerate(rows):
        for column, term in enumerate(row):
            if term.startswith("_:"):
                where[term].append((column, at))
    if not where:
        return rows
    name = dict.fromkeys(where, "_:")
    for _ in range(_ROUNDS):
        named = [tuple(name.get(term, term) for term in row) for row in rows]
        name = {
            blank: "_:" + _short(name[blank] + "\n".join(sorted(f"{column}\t" + "\t".join(named[at]) for column, at in places)))
            for blank, places in where.items()
        }
    return [tuple(name.get(term, term) for term in row) for row in rows]


@dataclasses.dataclass
class Answer:
    """An answer in one form."""

    # A text for each row.
    rows: list
    # Triples that came more than once; 0 for other answers, which may.
    doubles: int = 0

    def digest(self, ordered):
        """A short text that is the same for the same answers."""
        whole = hashlib.blake2b(digest_size=16)
        for row in self.rows if ordered else sorted(self.rows):
            whole.update(row.encode("utf-8", "surrogatepass") + b"\n")
        return f"{len(self.rows)}:{whole.hexdigest()}"


def read(body, accept, plain=False):
    """An answer of one of the media types of the catalogue. Raises `Unreadable`.

    `plain` leaves of every term only its text, as CSV does: for answers in different formats that are to be compared."""
    try:
        if accept == CSV:
            return Answer(_lines(_table(body)))
        if accept == TRIPLES:
            triples = _triples(body)
            once = list(dict.fromkeys(triples))
            return Answer(_lines(without_labels(once)), len(triples) - len(once))
        document = json.loads(body)
        if "boolean" in document:
            return Answer([f"!{str(document['boolean']).lower()}"])
        names = document["head"]["vars"]
        bindings = document["results"]["bindings"]
        if plain:
            return Answer(_lines([tuple((row.get(name) or {}).get("value", "") for name in names) for row in bindings]))
        rows = [tuple([_binding(row.get(name)) for name in names]) for row in bindings]
        return Answer(_lines(without_labels(rows)))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as problem:
        raise Unreadable(f"{type(problem).__name__}: {problem}: {body[:120]!r}") from problem


def _table(body):
    # Not splitlines: a line may end within quotation marks.
    table = list(csv.reader(io.StringIO(body.decode("utf-8"), newline="")))
    if not table:
        raise ValueError("a table without a head")
    width = len(table[0])
    rows = [tuple(row) for row in table[1:] if row or width == 1]
    if any(len(row) != width for row in rows):
        raise ValueError("rows of different lengths")
    return rows


def _lines(rows):
    # A tab within a term is no cell of its own.
    return ["\t".join(term.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") for term in row) for row in rows]


def difference(answer, expected, ordered=False, most=3):
    """In words, how an answer differs from the expected one, with a few rows; an empty text when it does not."""
    if ordered and answer.rows == expected.rows or not ordered and sorted(answer.rows) == sorted(expected.rows):
        return ""
    extra = collections.Counter(answer.rows)
    extra.subtract(expected.rows)
    more = sorted(row for row, times in extra.items() if times > 0)
    less = sorted(row for row, times in extra.items() if times < 0)
    if not more and not less:
        return "the same rows in another order"
    parts = [f"{len(answer.rows):,} rows, {len(expected.rows):,} expected"] if len(answer.rows) != len(expected.rows) else []
    for what, rows in (("has", more), ("lacks", less)):
        if rows:
            shown = "; ".join(row.replace("\t", " | ")[:160] for row in rows[:most])
            parts.append(f"{what} {len(rows):,}: {shown}" + (" …" if len(rows) > most else ""))
    return "; ".join(parts)


def some_of(answer, whole, wanted):
    """In words, why these rows are not `wanted` of the larger answer (or all, where it is smaller); empty when they are."""
    due = min(wanted, len(whole.rows))
    if len(answer.rows) != due:
        return f"{len(answer.rows):,} rows where {due:,} were due"
    left = collections.Counter(answer.rows)
    left.subtract(whole.rows)
    strange = sorted(row for row, times in left.items() if times > 0)
    if strange:
        return f"{len(strange):,} rows that are not in the whole: {strange[0][:160]}"
    return ""
