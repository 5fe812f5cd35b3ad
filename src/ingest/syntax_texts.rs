//! From what the RDF readers say to what a steward understands: one table, first fitting row wins.
//! Holds the sentences; the findings of our own checks are in `texts`.

use super::newer::NEEDS_RDF_12;
use super::texts::{self, Finding};
use crate::rdf::format::Format;
use crate::rdf::label::Language;
use crate::rdf::version::switch_hint;

/// What a reader's syntax error means to a steward.
pub(crate) fn from_reader(format: Format, technical: &str) -> Finding {
    let technical = strip_place(technical);
    if technical == NEEDS_RDF_12 {
        return needs_rdf_12();
    }
    if format == Format::RdfXml
        && (technical.contains("ill-formed") || technical.contains("syntax error"))
    {
        return from_xml(technical);
    }
    let Some(row) = ROWS
        .iter()
        .find(|row| row.needles.iter().any(|needle| technical.contains(needle)))
    else {
        return unknown(format).detail(technical);
    };
    let captured = capture(technical, row.capture);
    let nl = |template: &str| fill(template, captured, Language::Nl);
    let en = |template: &str| fill(template, captured, Language::En);
    let code = match (row.code, format) {
        ("P024", Format::JsonLd) => "P030",
        ("P024", Format::RdfXml) => "P041",
        (code, _) => code,
    };
    let finding = Finding::new(code, nl(row.nl), en(row.en)).detail(technical);
    if code == "P012" && matches!(captured, "http" | "https" | "urn" | "mailto") {
        finding.hint(
            "een volledige IRI staat tussen < en >",
            "a full IRI stands between < and >",
        )
    } else if row.hint_nl.is_empty() {
        finding
    } else {
        finding.hint(nl(row.hint_nl), en(row.hint_en))
    }
}

/// `P042`: RDF 1.2 in a registry that takes RDF 1.1.
pub(super) fn needs_rdf_12() -> Finding {
    let hint = switch_hint();
    Finding::new(
        "P042",
        "dit is RDF 1.2 (een triple term, een schrijfrichting of een versieaankondiging), en dit register neemt RDF 1.1 aan",
        "this is RDF 1.2 (a triple term, a base direction or a version announcement), and this registry takes RDF 1.1",
    )
    .hint(hint.nl, hint.en)
}

fn from_xml(technical: &str) -> Finding {
    if technical.contains("end of input") || technical.contains("unclosed") || technical.contains("not closed") {
        texts::xml_cut_off()
    } else {
        Finding::new(
            "P040",
            "de XML is niet welgevormd",
            "the XML is not well-formed",
        )
        .hint(
            "kijk of elk element gesloten is en of & en < in tekst als &amp; en &lt; staan",
            "check that every element is closed and that & and < in text are written &amp; and &lt;",
        )
    }
    .detail(technical)
}

fn unknown(format: Format) -> Finding {
    match format {
        Format::RdfXml => Finding::new(
            "P041",
            "de XML is goed, maar volgt de regels van RDF/XML niet",
            "the XML is fine but does not follow the rules of RDF/XML",
        )
        .hint(
            "RDF/XML wisselt af: een element voor een ding, daarin elementen voor eigenschappen; kijk of het element en zijn rdf:-attributen hier mogen staan",
            "RDF/XML alternates: an element for a thing, within it elements for properties; check whether the element and its rdf: attributes may stand here",
        ),
        Format::JsonLd => {
            Finding::new("P030", "dit is geen geldige JSON", "this is not valid JSON")
        }
        _ => Finding::new(
            "P029",
            "dit volgt de regels van het formaat niet",
            "this does not follow the rules of the format",
        ),
    }
}

/// One row: any of `needles` within the reader's text makes this finding. `{x}` stands for what the reader's text has
/// between the two strings of `capture`.
struct Row {
    code: &'static str,
    needles: &'static [&'static str],
    capture: (&'static str, &'static str),
    nl: &'static str,
    en: &'static str,
    hint_nl: &'static str,
    hint_en: &'static str,
}

const NO_CAPTURE: (&str, &str) = ("", "");

/// Order matters: the first row that fits is taken.
const ROWS: &[Row] = &[
    Row {
        code: "P012",
        needles: &["has not been declared"],
        capture: ("The prefix ", ": has not"),
        nl: "het voorvoegsel \"{x}:\" wordt gebruikt maar is nergens verklaard",
        en: "the prefix \"{x}:\" is used but never declared",
        hint_nl: "zet bovenaan het bestand: @prefix {x}: <{iri}> .",
        hint_en: "add at the top of the file: @prefix {x}: <{iri}> .",
    },
    Row {
        code: "P012",
        needles: &["Unknown prefix"],
        capture: ("Unknown prefix ", ":"),
        nl: "het XML-voorvoegsel \"{x}:\" wordt gebruikt maar is nergens verklaard",
        en: "the XML prefix \"{x}:\" is used but never declared",
        hint_nl: "zet op het element rdf:RDF: xmlns:{x}=\"{iri}\"",
        hint_en: "add to the element rdf:RDF: xmlns:{x}=\"{iri}\"",
    },
    Row {
        code: "P017",
        needles: &["must not be rdf:langString"],
        capture: NO_CAPTURE,
        nl: "een tekst heeft het type rdf:langString maar geen taalcode",
        en: "a text has the type rdf:langString but no language tag",
        hint_nl: "schrijf \"tekst\"@nl (zonder ^^rdf:langString), of laat het type weg",
        hint_en: "write \"text\"@nl (without ^^rdf:langString), or leave the type out",
    },
    Row {
        code: "P016",
        needles: &[
            "language subtag",
            "A subtag ",
            "extension subtag",
            "`x` subtag",
            "extlangs are allowed",
            "language code should",
            "language tag",
            "base direction",
            "Literal base direction",
        ],
        capture: NO_CAPTURE,
        nl: "de taalcode achter @ is geen geldige taalcode",
        en: "the language code after @ is not a valid language tag",
        hint_nl: "schrijf een code als nl, fr, de, en of nl-BE; elk deel heeft hoogstens acht tekens",
        hint_en: "write a code such as nl, fr, de, en or nl-BE; no part has more than eight characters",
    },
    Row {
        code: "P013",
        needles: &["Invalid IRI code point"],
        capture: ("Invalid IRI code point '", "'"),
        nl: "een IRI bevat een teken dat daar niet mag staan: {shown}",
        en: "an IRI has a character that is not allowed in it: {shown}",
        hint_nl: "haal het teken weg of schrijf het procentgecodeerd (een spatie als %20); staat er gewone tekst, maak er een tekst tussen aanhalingstekens van",
        hint_en: "remove the character or percent-encode it (a blank as %20); if it is plain text, put it between quotes instead of <>",
    },
    Row {
        code: "P013",
        needles: &[
            "Invalid IRI percent encoding",
            "escapes in IRIs should be %",
        ],
        capture: NO_CAPTURE,
        nl: "in een IRI staat een % zonder twee hexadecimale cijfers erachter",
        en: "an IRI has a % that is not followed by two hexadecimal digits",
        hint_nl: "schrijf een los procentteken als %25",
        hint_en: "write a lone percent sign as %25",
    },
    Row {
        code: "P013",
        needles: &["in host", "host IP", "start with //", "Invalid character"],
        capture: NO_CAPTURE,
        nl: "een IRI heeft een ongeldige servernaam, poort of pad",
        en: "an IRI has an invalid host, port or path",
        hint_nl: "vergelijk de IRI met het adres waar ze vandaan komt; let op spaties, dubbele : en //",
        hint_en: "compare the IRI with the address it was taken from; look for blanks, doubled : and //",
    },
    Row {
        code: "P025",
        needles: &["No scheme found"],
        capture: NO_CAPTURE,
        nl: "een IRI is relatief, en er is geen basis-IRI om ze aan te vullen",
        en: "an IRI is relative, and there is no base IRI to complete it",
        hint_nl: "schrijf de volledige IRI, of geef een basis mee met --base (in N-Triples en N-Quads zijn relatieve IRI's nooit toegestaan)",
        hint_en: "write the full IRI, or give a base with --base (N-Triples and N-Quads never allow relative IRIs)",
    },
    Row {
        code: "P014",
        needles: &["Line jumps are not allowed"],
        capture: NO_CAPTURE,
        nl: "een tekst tussen gewone aanhalingstekens (\"…\") loopt over het einde van de regel",
        en: "a text between plain quotation marks (\"…\") runs over the end of the line",
        hint_nl: "sluit de tekst op dezelfde regel, schrijf de regelovergang als \\n, of gebruik drie aanhalingstekens: \"\"\"…\"\"\"",
        hint_en: "close the text on the same line, write the line break as \\n, or use three quotation marks: \"\"\"…\"\"\"",
    },
    Row {
        code: "P018",
        needles: &[
            "exponent cannot be empty",
            "should not be empty",
            "A number ",
        ],
        capture: NO_CAPTURE,
        nl: "een getal is onvolledig geschreven",
        en: "a number is not written in full",
        hint_nl: "schrijf cijfers na + - . of e; een losse + of - is geen getal",
        hint_en: "write digits after + - . or e; a lone + or - is not a number",
    },
    Row {
        code: "P023",
        needles: &[
            "escape",
            "not a valid unicode character",
            "surrogate",
            "Unexpected character in a unicode",
        ],
        capture: NO_CAPTURE,
        nl: "achter een backslash staat iets dat hier niet mag",
        en: "a backslash is followed by something that is not allowed here",
        hint_nl: "in een tekst mogen \\t \\n \\r \\\" \\\\ en \\u met vier cijfers; schrijf een gewone backslash als \\\\",
        hint_en: "a text may have \\t \\n \\r \\\" \\\\ and \\u with four digits; write a plain backslash as \\\\",
    },
    Row {
        code: "P030",
        needles: &["Trailing commas"],
        capture: NO_CAPTURE,
        nl: "er staat een komma te veel voor een sluitend haakje",
        en: "there is a comma too many before a closing bracket",
        hint_nl: "haal de laatste komma voor } of ] weg",
        hint_en: "remove the last comma before } or ]",
    },
    Row {
        code: "P030",
        needles: &["is not allowed in JSON strings"],
        capture: NO_CAPTURE,
        nl: "in een JSON-tekst staat een regeleinde, tab of ander stuurteken",
        en: "a JSON string has a line break, a tab or another control character in it",
        hint_nl: "schrijf het als \\n of \\t, of haal het weg",
        hint_en: "write it as \\n or \\t, or remove it",
    },
    Row {
        code: "P030",
        needles: &["Object keys must be strings"],
        capture: NO_CAPTURE,
        nl: "hier moet de naam van een eigenschap staan, tussen dubbele aanhalingstekens",
        en: "the name of a property must come here, between double quotation marks",
        hint_nl: "kijk of er een komma te veel staat of aanhalingstekens ontbreken; commentaar bestaat niet in JSON",
        hint_en: "look for a comma too many or missing quotation marks; JSON has no comments",
    },
    Row {
        code: "P030",
        needles: &["must be followed by a comma"],
        capture: NO_CAPTURE,
        nl: "tussen twee waarden ontbreekt een komma, of een haakje is niet gesloten",
        en: "a comma is missing between two values, or a bracket is not closed",
        hint_nl: "kijk op de regel ervoor: zet een komma na de vorige waarde, of sluit haar met } of ]",
        hint_en: "look at the line before: put a comma after the previous value, or close it with } or ]",
    },
    Row {
        code: "P030",
        needles: &["already contains one root element"],
        capture: NO_CAPTURE,
        nl: "na het einde van de JSON staat nog iets",
        en: "something follows after the end of the JSON",
        hint_nl: "een JSON-bestand heeft één buitenste object of lijst; zet meer objecten samen in [ … , … ]",
        hint_en: "a JSON file has one outer object or list; put several objects together in [ … , … ]",
    },
    Row {
        code: "P020",
        needles: &["Max stack size"],
        capture: NO_CAPTURE,
        nl: "de JSON is te diep genest",
        en: "the JSON is nested too deeply",
        hint_nl: "",
        hint_en: "",
    },
    Row {
        code: "P015",
        needles: &[
            "Unexpected end",
            "Triples should be followed by a dot",
            "not balanced",
            "start tag not closed",
            "unclosed",
            "unterminated",
            "end tag for",
        ],
        capture: NO_CAPTURE,
        nl: "het bestand houdt op midden in een uitspraak",
        en: "the file ends in the middle of a statement",
        hint_nl: "het bestand is waarschijnlijk afgebroken: vraag het opnieuw op, of sluit de laatste uitspraak af",
        hint_en: "the file was probably cut off: fetch it again, or complete the last statement",
    },
    Row {
        code: "P019",
        needles: &["A dot is expected", "must be followed by a dot"],
        capture: NO_CAPTURE,
        nl: "voor deze plaats ontbreekt de punt die een uitspraak afsluit",
        en: "the dot that ends a statement is missing before this place",
        hint_nl: "zet een punt na de vorige uitspraak (of ; als hetzelfde onderwerp doorloopt)",
        hint_en: "put a dot after the previous statement (or ; when the same subject goes on)",
    },
    Row {
        code: "P027",
        needles: &[
            "PREFIX declaration",
            "BASE keyword",
            "VERSION keyword",
            "GRAPH keyword",
        ],
        capture: NO_CAPTURE,
        nl: "een verklaring (prefix, base of graph) is niet volledig",
        en: "a declaration (prefix, base or graph) is not complete",
        hint_nl: "schrijf bijvoorbeeld: @prefix ex: <http://voorbeeld.be/ns#> .",
        hint_en: "write for example: @prefix ex: <http://example.org/ns#> .",
    },
    Row {
        code: "P024",
        needles: &[
            "is not a valid subject",
            "is not a valid RDF subject",
            "is not a valid graph name",
        ],
        capture: ("", " is not a valid"),
        nl: "{word} kan hier niet staan: er moet een onderwerp komen (een IRI of een blanco knoop)",
        en: "{word} cannot stand here: a subject must come (an IRI or a blank node)",
        hint_nl: "kijk of de vorige uitspraak goed is afgesloten, en of tekst tussen aanhalingstekens staat",
        hint_en: "check that the previous statement is closed, and that text is between quotation marks",
    },
    Row {
        code: "P024",
        needles: &["is not a valid predicate"],
        capture: ("", " is not a valid"),
        nl: "{word} kan hier niet staan: er moet een eigenschap komen (een IRI of \"a\")",
        en: "{word} cannot stand here: a predicate must come (an IRI or \"a\")",
        hint_nl: "een uitspraak is onderwerp, eigenschap, waarde; sluit haar met een punt",
        hint_en: "a statement is subject, predicate, object; end it with a dot",
    },
    Row {
        code: "P024",
        needles: &["is not a valid RDF object"],
        capture: ("", " is not a valid"),
        nl: "{word} kan hier niet staan: er moet een waarde komen (een IRI, een tekst of een getal)",
        en: "{word} cannot stand here: an object must come (an IRI, a text or a number)",
        hint_nl: "zet tekst tussen aanhalingstekens en IRI's tussen < >",
        hint_en: "put text between quotation marks and IRIs between < >",
    },
    Row {
        code: "P024",
        needles: &[
            "at the beginning of a prefix name",
            "Unexpected byte",
            "Unexpected char",
            "blank node",
            "Expecting a datatype",
            "is expected at the end of a graph",
            "not allowed",
            "expected",
            "Unexpected",
            "must be strings",
        ],
        capture: NO_CAPTURE,
        nl: "hier staat iets dat in deze syntaxis niet op deze plaats mag",
        en: "something stands here that this syntax does not allow in this place",
        hint_nl: "kijk naar de aangeduide plaats en wat er net voor staat; hoort het bestand wel in dit formaat (--format)?",
        hint_en: "look at the place shown and what comes just before; is the file really in this format (--format)?",
    },
];

/// Takes "Parser error at line 3 column 4: " off: the place has its own field.
pub(super) fn strip_place(technical: &str) -> &str {
    technical
        .strip_prefix("Parser error ")
        .and_then(|rest| rest.split_once(": "))
        .map_or(technical, |(_, message)| message)
}

fn capture<'a>(technical: &'a str, (before, after): (&str, &str)) -> &'a str {
    if after.is_empty() {
        return "";
    }
    let Some((_, rest)) = technical.split_once(before) else {
        return "";
    };
    rest.split_once(after).map_or("", |(found, _)| found)
}

fn fill(template: &str, captured: &str, language: Language) -> String {
    if !template.contains('{') {
        return template.to_owned();
    }
    let shown = match (captured, language) {
        ("" | " ", Language::Nl) => "een spatie".to_owned(),
        ("" | " ", Language::En) => "a blank".to_owned(),
        _ if captured.chars().any(char::is_control) => captured
            .chars()
            .map(|c| format!("U+{:04X}", u32::from(c)))
            .collect::<Vec<_>>()
            .join(" "),
        _ => format!("\"{captured}\""),
    };
    let word: String = match (captured.trim().chars().count(), language) {
        (0, Language::Nl) => "wat hier staat".to_owned(),
        (0, Language::En) => "what stands here".to_owned(),
        (1..=40, _) => format!("\"{}\"", captured.trim()),
        _ => format!("\"{}…\"", captured.chars().take(40).collect::<String>()),
    };
    template
        .replace("{shown}", &shown)
        .replace("{word}", &word)
        .replace("{iri}", well_known_namespace(captured).unwrap_or("…"))
        .replace("{x}", captured)
}

/// Namespace usually meant by a prefix.
fn well_known_namespace(prefix: &str) -> Option<&'static str> {
    use crate::rdf::vocab as v;
    Some(match prefix {
        "rdf" => v::rdf::NS,
        "rdfs" => v::rdfs::NS,
        "owl" => v::owl::NS,
        "xsd" => v::xsd::NS,
        "skos" => v::skos::NS,
        "sh" => v::sh::NS,
        "dct" | "dcterms" => "http://purl.org/dc/terms/",
        "foaf" => "http://xmlns.com/foaf/0.1/",
        "org" => "http://www.w3.org/ns/org#",
        "prov" => "http://www.w3.org/ns/prov#",
        "adms" => "http://www.w3.org/ns/adms#",
        "locn" => "http://www.w3.org/ns/locn#",
        "dcat" => "http://www.w3.org/ns/dcat#",
        "sosa" => "http://www.w3.org/ns/sosa/",
        "qudt" => "http://qudt.org/schema/qudt/",
        "time" => "http://www.w3.org/2006/time#",
        "geo" | "geosparql" => "http://www.opengis.net/ont/geosparql#",
        "besluit" => "http://data.vlaanderen.be/ns/besluit#",
        "mandaat" => "http://data.vlaanderen.be/ns/mandaat#",
        "adres" => "https://data.vlaanderen.be/ns/adres#",
        "gebouw" => "https://data.vlaanderen.be/ns/gebouw#",
        "generiek" => "https://data.vlaanderen.be/ns/generiek#",
        "persoon" => "https://data.vlaanderen.be/ns/persoon#",
        "organisatie" => "https://data.vlaanderen.be/ns/organisatie#",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::diagnostic::Location;

    fn code(format: Format, technical: &str) -> &'static str {
        from_reader(format, technical).at(Location::default()).code
    }

    #[test]
    fn readers_words_become_codes() {
        for (technical, expected) in [
            (
                "Parser error at line 1 between columns 1 and 21: The prefix ex: has not been declared",
                "P012",
            ),
            ("Invalid IRI code point ' '", "P013"),
            (
                "Line jumps are not allowed in string literals, use \\n",
                "P014",
            ),
            ("Unexpected end", "P015"),
            ("The given language subtag is invalid", "P016"),
            (
                "The datatype of a literal without a language tag must not be rdf:langString",
                "P017",
            ),
            ("An integer should not be empty", "P018"),
            ("A dot is expected at the end of statements", "P019"),
            ("Unexpected escape character '\\q'", "P023"),
            ("ntry is not a valid subject or graph name", "P024"),
            ("No scheme found in an absolute IRI", "P025"),
            ("something new", "P029"),
        ] {
            assert_eq!(code(Format::Turtle, technical), expected, "{technical}");
        }
        assert_eq!(
            code(Format::JsonLd, "Trailing commas are not allowed"),
            "P030"
        );
        assert_eq!(code(Format::RdfXml, "syntax error: tag not closed"), "P015");
        assert_eq!(
            code(
                Format::RdfXml,
                "ill-formed document: expected `</a>`, but `</b>` was found"
            ),
            "P040"
        );
    }

    #[test]
    fn captured_words_are_shown() {
        let finding = from_reader(Format::Turtle, "The prefix skos: has not been declared")
            .at(Location::default());
        assert_eq!(
            finding.message.en,
            "the prefix \"skos:\" is used but never declared"
        );
        assert!(
            finding
                .hint
                .expect("has a hint")
                .nl
                .ends_with("@prefix skos: <http://www.w3.org/2004/02/skos/core#> .")
        );
        let blank =
            from_reader(Format::Turtle, "Invalid IRI code point ' '").at(Location::default());
        assert!(blank.message.nl.ends_with("een spatie"));
        assert!(blank.message.en.ends_with("a blank"));
    }
}
