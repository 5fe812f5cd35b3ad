"""The data of the queries bench: a made-up address registry of three hundred municipalities, as N-Triples.

Why not the town of `oslo generate`: it has one municipality, and no coordinates as numbers, no dates of change, no tree of concepts
and no texts in several languages, of which the questions are about. Why not a real extract: it could not be part of a repository.
Here everything is invented and follows from a seed; an address takes about 19.4 triples. A few faults of the kinds that stewards look for
are planted. The numbers of things are consecutive, so that a question can name one without reading the file.
"""

import dataclasses
import random

SEED = 42
# Triples for each address, with its share of streets, municipalities and concepts; found by counting.
EACH = 19.45
MUNICIPALITIES = 300
FIRST_ADDRESS = 1_000_000
FIRST_STREET = 10_000
FIRST_NIS = 11_001
NIS_STEP = 37
FIRST_POSTCODE = 1000
POSTCODE_STEP = 29
# The concepts of kinds of street: each has five narrower ones, over four steps.
BRANCHES = 5
DEPTH = 4
CONCEPTS = sum(BRANCHES**step for step in range(DEPTH + 1))

DATA = "https://data.vlaanderen.be/"
ID = f"{DATA}id/"
ADRES = f"{DATA}ns/adres#"
GENERIEK = f"{DATA}ns/generiek#"
RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DCT = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
ADMS = "http://www.w3.org/ns/adms#"
WGS = "http://www.w3.org/2003/01/geo/wgs84_pos#"
GEO = "http://www.opengis.net/ont/geosparql#"
XSD = "http://www.w3.org/2001/XMLSchema#"

STATUSES = ("inGebruik", "voorgesteld", "gehistoreerd", "afgekeurd")
_STATUS_OF_100 = ("inGebruik",) * 90 + ("voorgesteld",) * 4 + ("gehistoreerd",) * 5 + ("afgekeurd",)
PROVINCES = ("Antwerpen", "Limburg", "Oost-Vlaanderen", "Vlaams-Brabant", "West-Vlaanderen")

# No municipality of Flanders is meant by any of these.
_PLACE = ("Olm", "Vaart", "Duin", "Hazel", "Klaver", "Vijver", "Reiger", "Wissel", "Braam", "Kiezel", "Lisse", "Merel", "Otter", "Polder",
          "Rogge", "Slot", "Tarwe", "Veen", "Zilver", "Brem")
_PLACE_END = ("wijk", "loo", "dam", "gaver", "meerse", "akker", "schoot", "heuvel", "bos", "daal", "grave", "kouter", "lare", "muide", "oord")
_STREET = ("Kerk", "School", "Nieuw", "Molen", "Station", "Dorp", "Kapel", "Brug", "Kasteel", "Haven", "Berk", "Beuk", "Lijster", "Zwaluw",
           "Wilg", "Vlas", "Hop", "Akker", "Beek", "Water", "Boomgaard", "Klooster", "Linden", "Meiboom", "Veld", "Park", "Wind", "Zonne",
           "Sport", "Vogel")
_STREET_END = ("straat", "laan", "weg", "dreef", "plein", "steenweg", "lei", "pad", "hof", "baan")
_STREET_BEFORE = ("", "", "", "", "Oude ", "Grote ", "Kleine ", "Nieuwe ")


@dataclasses.dataclass(frozen=True)
class Facts:
    """What a question may rely on."""

    addresses: int
    streets: int

    @classmethod
    def of(cls, quads):
        """The registry of about this many triples."""
        addresses = max(500, round((quads - 9_000) / EACH))
        return cls(addresses, max(600, round(addresses * 80_000 / 3_900_000)))


def address(number):
    """IRI of an address, with brackets; `number` counts from 0."""
    return f"<{ID}adres/{FIRST_ADDRESS + number}>"


def street(number):
    """IRI of a street name."""
    return f"<{ID}straatnaam/{FIRST_STREET + number}>"


def municipality(number):
    """IRI of a municipality."""
    return f"<{ID}gemeente/{FIRST_NIS + NIS_STEP * number}>"


def municipality_name(number):
    """IRI of the name of a municipality, which is a thing of its own in the model."""
    return f"<{ID}gemeentenaam/{FIRST_NIS + NIS_STEP * number}>"


def postal(number):
    """IRI of the postal area of a municipality."""
    return f"<{ID}postinfo/{FIRST_POSTCODE + POSTCODE_STEP * number}>"


def concept(number):
    """IRI of a kind of street; 0 is the top, the last 625 have none below them."""
    return f"<{ID}concept/straattype/{number}>"


def status(name):
    """IRI of a status of an address."""
    return f"<{ID}concept/adresstatus/{name}>"


def _moment(rng, year):
    return (
        f"{year}-{rng.randrange(12) + 1:02d}-{rng.randrange(28) + 1:02d}T"
        f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}+01:00"
    )


def _concepts():
    scheme = f"<{ID}conceptscheme/straattype>"
    for number in range(CONCEPTS):
        own = concept(number)
        yield f"{own} {RDF_TYPE} <{SKOS}Concept> .\n{own} <{SKOS}inScheme> {scheme} .\n"
        # One in 97 lacks its Dutch label: something for a steward to find.
        if number % 97 != 96:
            yield f'{own} <{SKOS}prefLabel> "soort straat {number}"@nl .\n'
        yield f'{own} <{SKOS}prefLabel> "kind of street {number}"@en .\n'
        if number % 5 == 0:
            yield f'{own} <{SKOS}prefLabel> "genre de rue {number}"@fr .\n'
        if number:
            yield f"{own} <{SKOS}broader> {concept((number - 1) // BRANCHES)} .\n"
    for name in STATUSES:
        yield f'{status(name)} {RDF_TYPE} <{SKOS}Concept> .\n{status(name)} <{SKOS}prefLabel> "{name}"@nl .\n'


def places(seed=SEED):
    """(name, latitude, longitude) of each municipality; its addresses lie around there."""
    # Random choices of their own, so that a question can name a place.
    rng = random.Random(f"{seed}/places")
    names = [first + last for first in _PLACE for last in _PLACE_END]
    rng.shuffle(names)
    return [(name, 50.72 + rng.random() * 0.72, 2.60 + rng.random() * 3.2) for name in names[:MUNICIPALITIES]]


def _municipalities(around):
    for number, (name, _, _) in enumerate(around):
        own, called, area = municipality(number), municipality_name(number), postal(number)
        code = FIRST_POSTCODE + POSTCODE_STEP * number
        province = f"<{ID}provincie/{PROVINCES[number % len(PROVINCES)]}>"
        yield (
            f'{own} {RDF_TYPE} <{ADRES}Gemeente> .\n{own} {LABEL} "{name}"@nl .\n'
            f'{own} <{GENERIEK}lokaleIdentificator> "{FIRST_NIS + NIS_STEP * number}" .\n{own} <{DCT}isPartOf> {province} .\n'
            f'{called} {RDF_TYPE} <{ADRES}Gemeentenaam> .\n{called} {LABEL} "{name}"@nl .\n{called} <{ADRES}isAfgeleidVan> {own} .\n'
            f'{area} {RDF_TYPE} <{ADRES}Postinfo> .\n{area} <{ADRES}postcode> "{code}" .\n{area} {LABEL} "{code} {name}"@nl .\n'
        )
    for name in PROVINCES:
        yield f'<{ID}provincie/{name}> {RDF_TYPE} <{DCT}Location> .\n<{ID}provincie/{name}> {LABEL} "Provincie {name}"@nl .\n'


def _streets(rng, count, around, known):
    """The lines of the street names; fills `known` with (name, municipality, latitude, longitude) of each."""
    weights = [1 / (1 + number / 50) for number in range(MUNICIPALITIES)]
    leaves = range(CONCEPTS - BRANCHES**DEPTH, CONCEPTS)
    for number, home in enumerate(rng.choices(range(MUNICIPALITIES), weights, k=count)):
        name = rng.choice(_STREET_BEFORE) + rng.choice(_STREET) + rng.choice(_STREET_END)
        _, latitude, longitude = around[home]
        known.append((name, home, latitude + (rng.random() - 0.5) * 0.05, longitude + (rng.random() - 0.5) * 0.08))
        own = street(number)
        made = _moment(rng, 2011 + rng.randrange(15))
        yield (
            f'{own} {RDF_TYPE} <{ADRES}Straatnaam> .\n{own} {LABEL} "{name}"@nl .\n{own} <{ADRES}isToegekendDoor> {municipality(home)} .\n'
            f"{own} <{ADRES}Straatnaam.status> <{ID}concept/straatnaamstatus/inGebruik> .\n"
            f"{own} <{DCT}type> {concept(rng.choice(leaves))} .\n"
            f'{own} <{PROV}generatedAtTime> "{made}"^^<{XSD}dateTime> .\n{own} <{DCT}issued> "{made[:10]}"^^<{XSD}date> .\n'
            f'{own} <{DCT}extent> "{40 + rng.randrange(3000)}"^^<{XSD}integer> .\n'
            f'{own} <{GENERIEK}lokaleIdentificator> "{FIRST_STREET + number}" .\n'
        )
        if number % 20 == 7:
            yield f'{own} <{SKOS}altLabel> "Rue {number % 400}"@fr .\n'
        if number % 90 == 11:
            yield f'{own} <{SKOS}altLabel> "Strasse {number % 500}"@de-BE .\n'


def _addresses(rng, count, streets, around):
    random_, randrange = rng.random, rng.randrange
    for number in range(count):
        key = FIRST_ADDRESS + number
        where = randrange(len(streets))
        name, home, latitude, longitude = streets[where]
        latitude += (random_() - 0.5) * 0.010
        longitude += (random_() - 0.5) * 0.015
        house = str(1 + int(random_() ** 2 * 250)) + (rng.choice("ABC") if random_() < 0.08 else "")
        year = 2011 + int(random_() ** 0.5 * 15)
        moment = _moment(rng, year)
        own, identifier, position = f"<{ID}adres/{key}>", f"_:i{key}", f"_:p{key}"
        code = FIRST_POSTCODE + POSTCODE_STEP * home
        has_box = random_() < 0.2
        # What a steward looks for: names of another municipality, no status, an identifier used twice, one that nothing has.
        stated_home = (home + 1) % MUNICIPALITIES if number % 1009 == 500 else home
        notation = key - 1 if number % 1013 == 700 else key
        lines = f'{own} {RDF_TYPE} <{ADRES}Adres> .\n{own} <{ADRES}huisnummer> "{house}" .\n'
        if has_box:
            lines += f'{own} <{ADRES}busnummer> "{1 + randrange(40):04d}" .\n'
        if number % 503 != 250:
            lines += f"{own} <{ADRES}Adres.status> {status(_STATUS_OF_100[randrange(100)])} .\n"
        lines += (
            f"{own} <{ADRES}heeftStraatnaam> {street(where)} .\n{own} <{ADRES}heeftGemeentenaam> {municipality_name(stated_home)} .\n"
            f"{own} <{ADRES}heeftPostinfo> {postal(home)} .\n"
            f'{own} <{ADRES}officieelToegekend> "{"true" if random_() < 0.97 else "false"}"^^<{XSD}boolean> .\n'
            f'{own} {LABEL} "{name} {house}{" bus" if has_box else ""}, {code} {around[home][0]}"@nl .\n'
            f"{own} <{DCT}isVersionOf> <{ID}adresobject/{key}> .\n"
            f'{own} <{PROV}generatedAtTime> "{moment}"^^<{XSD}dateTime> .\n'
            f"{own} <{ADMS}identifier> {identifier} .\n{identifier} {RDF_TYPE} <{ADMS}Identifier> .\n"
            f'{identifier} <{SKOS}notation> "{ID}adres/{notation}"^^<{XSD}anyURI> .\n'
            f'{identifier} <{GENERIEK}lokaleIdentificator> "{key}" .\n'
            f"{own} <{ADRES}positie> {position} .\n{position} {RDF_TYPE} <{GENERIEK}GeografischePositie> .\n"
            f'{position} <{GEO}asWKT> "POINT({longitude:.6f} {latitude:.6f})"^^<{GEO}wktLiteral> .\n'
            f'{own} <{WGS}lat> "{latitude:.6f}"^^<{XSD}decimal> .\n{own} <{WGS}long> "{longitude:.6f}"^^<{XSD}decimal> .\n'
        )
        if number % 50 == 25:
            before = f"<{ID}adres/{key}/{year - 1}>"
            lines += (
                f'{before} <{DCT}isVersionOf> <{ID}adresobject/{key}> .\n{before} <{ADRES}huisnummer> "{1 + randrange(250)}" .\n'
                f'{before} <{PROV}generatedAtTime> "{_moment(rng, year - 1)}"^^<{XSD}dateTime> .\n'
            )
        if number % 2003 == 1000:
            lines += f'_:o{key} {RDF_TYPE} <{ADMS}Identifier> .\n_:o{key} <{SKOS}notation> "{ID}adres/9{key}"^^<{XSD}anyURI> .\n'
        yield lines


def write(file, facts, seed=SEED):
    """Writes the registry as N-Triples to a path; returns how many lines that are. None is there twice."""
    rng = random.Random(seed)
    around, streets, lines = places(seed), [], 0
    with open(file, "w", encoding="ascii", buffering=1 << 20) as out:
        for blocks in (
            _concepts(),
            _municipalities(around),
            _streets(rng, facts.streets, around, streets),
            _addresses(rng, facts.addresses, streets, around),
        ):
            for block in blocks:
                out.write(block)
                lines += block.count("\n")
    return lines
