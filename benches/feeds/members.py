"""Traffic counts as the bench sends them: 49 statements a member, a count of one point for one minute by kind of vehicle.

The members conform to the profile of sensors; counters, series and points are copies of one of the example registry, so that a
counter has some hundred counts, as one that is read for a day has."""

PREFIX = "https://data.vlaanderen.be"
GRAPH = "/graph/observaties"
STATEMENTS = 49
# Counters that the members are spread over, and the one they are copies of.
COUNTERS, ORIGINAL, FIRST_COUNTER = 500, "90000001", 92_000_000
SOSA, TIME, QUDT = "http://www.w3.org/ns/sosa/", "http://www.w3.org/2006/time#", "http://qudt.org/schema/qudt/"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
XSD = "http://www.w3.org/2001/XMLSchema#"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
KINDS = ("auto", "fiets", "bestelwagen", "vrachtwagen", "motor", "voetganger")


def template(base):
    """A member with places for its number, minute and counts."""
    item, node = f"<{PREFIX}/id/observatie/%(number)d>", f"<{base}/.well-known/genid/observatie/%(number)d/"
    lines = [
        f"{item} {RDF_TYPE} <{SOSA}Observation> .",
        f"{item} {RDF_TYPE} <{PREFIX}/ns/verkeersmetingen#Verkeersmeting> .",
        f"{item} <{SOSA}madeBySensor> <{PREFIX}/id/sensor/%(counter)d> .",
        f"{item} <{SOSA}observedProperty> <{PREFIX}/id/waargenomenKenmerk/aantal-auto> .",
        f"{item} <{SOSA}hasFeatureOfInterest> <{PREFIX}/id/verkeersmeetpunt/%(counter)d> .",
        f"{item} <{SOSA}isMemberOf> <{PREFIX}/id/meetreeks/%(counter)d> .",
        f'{item} <{SOSA}resultTime> "%(end)s"^^<{XSD}dateTime> .',
        f'{item} <{SOSA}hasSimpleResult> "%(auto)d"^^<{XSD}integer> .',
        f'{item} <http://www.w3.org/2000/01/rdf-schema#comment> "Telling %(number)d van een minuut"@nl .',
        f"{item} <{SOSA}phenomenonTime> {node}tijd> .",
        f"{item} <{SOSA}hasResult> {node}resultaat> .",
        f"{node}tijd> {RDF_TYPE} <{TIME}Interval> .",
        f"{node}tijd> <{TIME}hasBeginning> {node}begin> .",
        f"{node}tijd> <{TIME}hasEnd> {node}einde> .",
    ]
    for role, moment in (("begin", "begin"), ("einde", "end")):
        lines.append(f"{node}{role}> {RDF_TYPE} <{TIME}Instant> .")
        lines.append(f'{node}{role}> <{TIME}inXSDDateTimeStamp> "%({moment})s"^^<{XSD}dateTimeStamp> .')
    lines.append(f"{node}resultaat> {RDF_TYPE} <{SOSA}Result> .")
    for kind in KINDS:
        part = f"{node}{kind}>"
        lines.append(f"{node}resultaat> <http://purl.org/dc/terms/hasPart> {part} .")
        lines.append(f"{part} {RDF_TYPE} <{QUDT}QuantityValue> .")
        lines.append(f'{part} <{QUDT}numericValue> "%({kind})d.0"^^<{XSD}decimal> .')
        lines.append(f"{part} <{QUDT}unit> <http://qudt.org/vocab/unit/NUM> .")
        if kind != "voetganger" and kind != "motor" and kind != "vrachtwagen" and kind != "bestelwagen":
            lines.append(f'{part} {LABEL} "{kind}"@nl .')
    lines.extend(f'{node}resultaat> <http://purl.org/dc/terms/description> "Som van %(auto)d en meer, deel {extra}"@nl .' for extra in range(STATEMENTS - len(lines)))
    assert len(lines) == STATEMENTS, len(lines)
    return "\n".join(lines) + "\n"


def moment(minute):
    """A minute of the spring of 2026, counted from its beginning."""
    days, rest = divmod(minute, 1440)
    month, day = 3 + days // 28 % 9, 1 + days % 28
    return f"2026-{month:02}-{day:02}T{rest // 60:02}:{rest % 60:02}:00Z"


def bodies(base, members, each, first=91_000_000):
    """The bodies of requests with so many members each."""
    text = template(base)
    for begin in range(0, members, each):
        parts = []
        for place in range(begin, min(begin + each, members)):
            values = {"number": first + place, "counter": FIRST_COUNTER + place % COUNTERS, "begin": moment(place), "end": moment(place + 1)}
            values |= {kind: (place * 7 + at * 13) % 60 for at, kind in enumerate(KINDS)}
            parts.append(text % values)
        yield "".join(parts).encode()


def counters(statements):
    """Copies of the counter among the statements of the example registry, with all that has its number, as N-Triples."""
    original = [line for line in statements.splitlines() if ORIGINAL in line and "/observatie/" not in line]
    assert original, "the example registry has no such counter"
    copies = ("\n".join(original).replace(ORIGINAL, str(FIRST_COUNTER + at)) for at in range(COUNTERS))
    return ("\n".join(copies) + "\n").encode()
