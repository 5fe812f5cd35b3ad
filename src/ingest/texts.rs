//! Sentences of the diagnostics that ingest's own checks make. Codes are stable; sentences may improve.
//! What the RDF readers complain of is put into words in `syntax_texts`.

use super::contexts::ContextProblem;
use super::diagnostic::{Diagnostic, Location};
use super::syntax_texts::strip_place;
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::registry::Reserved;
use std::io;

/// A diagnostic without its place.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    code: &'static str,
    message: Box<Text>,
    hint: Option<Box<Text>>,
    detail: Option<Box<str>>,
}

impl Finding {
    pub(super) fn new(code: &'static str, nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            code,
            message: Box::new(Text::new(nl, en)),
            hint: None,
            detail: None,
        }
    }

    pub(super) fn hint(mut self, nl: impl Into<String>, en: impl Into<String>) -> Self {
        self.hint = Some(Box::new(Text::new(nl, en)));
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        let mut shown = String::with_capacity(detail.len());
        for character in detail.chars() {
            if character.is_control() {
                shown.extend(character.escape_default());
            } else {
                shown.push(character);
            }
        }
        self.detail = Some(shown.into());
        self
    }

    /// The finding as an error at a place.
    pub(crate) fn at(self, location: Location) -> Diagnostic {
        Diagnostic {
            hint: self.hint,
            detail: self.detail,
            ..Diagnostic::error(self.code, *self.message, location)
        }
    }

    /// The finding as a warning at a place.
    pub(crate) fn warn_at(self, location: Location) -> Diagnostic {
        Diagnostic {
            hint: self.hint,
            detail: self.detail,
            ..Diagnostic::warning(self.code, *self.message, location)
        }
    }
}

/// A JSON-LD rule that the document breaks, by its [error code](https://www.w3.org/TR/json-ld11-api/#jsonlderrorcode).
pub(crate) fn from_json_ld(code: &str, technical: &str) -> Finding {
    Finding::new(
        "P034",
        format!("de JSON is goed, maar breekt een regel van JSON-LD ({code})"),
        format!("the JSON is fine but breaks a rule of JSON-LD ({code})"),
    )
    .hint(
        "kijk de sleutels die met @ beginnen en de @context na op de aangeduide plaats",
        "check the keys that start with @ and the @context at the place shown",
    )
    .detail(strip_place(technical))
}

/// A context that cannot be used.
pub(crate) fn from_context(problem: &ContextProblem) -> Finding {
    match problem {
        ContextProblem::Unavailable { iri, via } => {
            let (nl, en) = match via {
                Some(via) => (
                    format!(" (genoemd door {via})"),
                    format!(" (named by {via})"),
                ),
                None => (String::new(), String::new()),
            };
            Finding::new(
                "P031",
                format!("de JSON-LD-context {iri}{nl} is hier niet beschikbaar; er wordt niets van het web gehaald"),
                format!("the JSON-LD context {iri}{en} is not available here; nothing is fetched from the web"),
            )
            .hint(
                "bewaar een kopie van de context en verwijs ernaar met --context-map (een regel \"IRI<tab>bestand\"), of zet de context in het document zelf",
                "keep a copy of the context and point to it with --context-map (a line \"IRI<tab>file\"), or put the context into the document itself",
            )
        }
        ContextProblem::Cyclic { chain } => Finding::new(
            "P032",
            format!(
                "JSON-LD-contexten noemen elkaar in een kring: {}",
                chain.join(" → ")
            ),
            format!(
                "JSON-LD contexts name each other in a circle: {}",
                chain.join(" → ")
            ),
        )
        .hint(
            "haal in een van deze contexten de verwijzing naar de volgende weg",
            "remove the reference to the next one from one of these contexts",
        ),
        ContextProblem::TooLarge { iri } => Finding::new(
            "P033",
            format!("de JSON-LD-context {iri} haalt te veel of te diep andere contexten binnen"),
            format!("the JSON-LD context {iri} pulls in too many other contexts, or too deeply"),
        )
        .hint(
            "voeg de contexten samen tot één bestand",
            "merge the contexts into one file",
        ),
        ContextProblem::Broken { iri, reason } => Finding::new(
            "P033",
            format!("de plaatselijke kopie van de JSON-LD-context {iri} is onbruikbaar"),
            format!("the local copy of the JSON-LD context {iri} cannot be used"),
        )
        .detail(reason.clone()),
    }
}

/// `P001`.
pub(crate) fn unknown_extension(extension: &str, known: &str) -> Finding {
    let shown = if extension.is_empty() {
        (
            "de naam heeft geen extensie waaraan het formaat te zien is".to_owned(),
            "the name has no extension that tells the format".to_owned(),
        )
    } else {
        (
            format!("de extensie .{extension} is geen bekend RDF-formaat"),
            format!("the extension .{extension} is not a known RDF format"),
        )
    };
    Finding::new("P001", shown.0, shown.1).hint(
        format!("bekend zijn {known} (ook met .gz); of geef het formaat zelf met --format turtle|trig|ntriples|nquads|rdfxml|jsonld"),
        format!("known are {known} (also with .gz); or name the format with --format turtle|trig|ntriples|nquads|rdfxml|jsonld"),
    )
}

/// `P002`.
pub(crate) fn not_rdf(nl: &str, en: &str) -> Finding {
    Finding::new(
        "P002",
        format!("dit is {nl}, geen RDF"),
        format!("this is {en}, not RDF"),
    )
    .hint(
        "zet de gegevens eerst om naar RDF (Turtle, N-Triples, N-Quads, TriG, RDF/XML of JSON-LD)",
        "first convert the data to RDF (Turtle, N-Triples, N-Quads, TriG, RDF/XML or JSON-LD)",
    )
}

/// `P002` for XML.
pub(crate) fn not_rdf_xml(root: &str) -> Finding {
    Finding::new(
        "P002",
        format!("dit is XML met hoofdelement <{root}>, geen RDF/XML"),
        format!("this is XML with root element <{root}>, not RDF/XML"),
    )
    .hint(
        "RDF/XML heeft als hoofdelement rdf:RDF; andere XML moet eerst omgezet worden",
        "the root element of RDF/XML is rdf:RDF; other XML must be converted first",
    )
}

/// `P002` for a syntax under the wrong name.
pub(crate) fn other_syntax(given: Format, looks: Format) -> Finding {
    Finding::new(
        "P002",
        format!(
            "het bestand heet {} maar de inhoud is {}",
            given.name(),
            looks.name()
        ),
        format!(
            "the file is named {} but holds {}",
            given.name(),
            looks.name()
        ),
    )
    .hint(
        format!("geef het formaat mee: --format {}", looks.name()),
        format!("name the format: --format {}", looks.name()),
    )
}

/// `P003`.
pub(crate) fn binary(nl: &str, en: &str) -> Finding {
    Finding::new(
        "P003",
        format!("dit is geen tekstbestand maar {nl}"),
        format!("this is not a text file but {en}"),
    )
    .hint(
        "geef het RDF-bestand zelf (of een .gz ervan)",
        "give the RDF file itself (or a .gz of it)",
    )
}

/// `P004`.
pub(crate) fn unreadable(error: &io::Error) -> Finding {
    let (nl, en) = match error.kind() {
        io::ErrorKind::NotFound => ("het bestand bestaat niet", "the file does not exist"),
        io::ErrorKind::PermissionDenied => (
            "het bestand mag niet gelezen worden",
            "the file may not be read",
        ),
        io::ErrorKind::IsADirectory => ("dit is een map", "this is a folder"),
        _ => (
            "het bestand kan niet gelezen worden",
            "the file cannot be read",
        ),
    };
    Finding::new("P004", nl, en).detail(error.to_string())
}

/// `P004` for a context map.
pub(crate) fn mapped_context_missing(iri: &str, path: &str) -> Finding {
    Finding::new(
        "P004",
        format!("het bestand {path} voor de context {iri} bestaat niet"),
        format!("the file {path} for the context {iri} does not exist"),
    )
    .hint(
        "paden gelden vanaf de map van dit bestand; zet - als er geen kopie is",
        "paths start at the folder of this file; write - when there is no copy",
    )
}

/// `P005`, a warning.
pub(crate) fn empty() -> Finding {
    Finding::new("P005", "het bestand is leeg", "the file is empty")
}

/// `P006`, a warning.
pub(crate) fn no_statements(format: Format) -> Finding {
    let finding = Finding::new(
        "P006",
        "het bestand bevat geen enkele uitspraak",
        "the file holds no statement at all",
    );
    if format == Format::JsonLd {
        finding.hint(
            "gewone JSON zonder @context, of een bestand dat alleen een @context heeft, levert geen uitspraken op",
            "plain JSON without @context, or a file that is nothing but a @context, gives no statements",
        )
    } else {
        finding
    }
}

/// `P026`, a warning.
pub(crate) fn file_iris(count: u64) -> Finding {
    Finding::new(
        "P026",
        format!("{count} IRI's beginnen met file: omdat het bestand relatieve IRI's heeft en er geen basis-IRI gegeven is"),
        format!("{count} IRIs start with file: because the file has relative IRIs and no base IRI was given"),
    )
    .hint(
        "geef een basis mee met --base, anders staat het pad van deze computer in de gegevens",
        "give a base with --base, else the path on this computer becomes part of the data",
    )
}

/// `P010` for a byte.
pub(crate) fn not_utf8(byte: u8) -> Finding {
    Finding::new(
        "P010",
        format!("het bestand is niet in UTF-8: hier staat de byte 0x{byte:02X}"),
        format!("the file is not in UTF-8: here is the byte 0x{byte:02X}"),
    )
    .hint(
        "het is waarschijnlijk in Windows-1252 (Latijn-1) bewaard: bewaar het opnieuw als UTF-8, of zet het om met iconv -f WINDOWS-1252 -t UTF-8",
        "it was probably saved as Windows-1252 (Latin-1): save it again as UTF-8, or convert it with iconv -f WINDOWS-1252 -t UTF-8",
    )
}

/// `P010` for UTF-16.
pub(crate) fn utf16() -> Finding {
    Finding::new(
        "P010",
        "het bestand is in UTF-16 bewaard, niet in UTF-8",
        "the file was saved as UTF-16, not as UTF-8",
    )
    .hint(
        "bewaar het opnieuw als UTF-8 (in Windows heet UTF-16 soms \"Unicode\")",
        "save it again as UTF-8 (Windows sometimes calls UTF-16 \"Unicode\")",
    )
}

/// `P015` within a character.
pub(crate) fn cut_off() -> Finding {
    Finding::new(
        "P015",
        "het bestand houdt op midden in een teken",
        "the file ends in the middle of a character",
    )
    .hint(
        "het bestand is afgebroken: vraag het opnieuw op",
        "the file was cut off: fetch it again",
    )
}

/// `P015` for XML.
pub(crate) fn xml_cut_off() -> Finding {
    Finding::new(
        "P015",
        "het bestand houdt op voor alle elementen gesloten zijn",
        "the file ends before all elements are closed",
    )
    .hint(
        "het bestand is waarschijnlijk afgebroken: vraag het opnieuw op",
        "the file was probably cut off: fetch it again",
    )
}

/// `P020` with the limit that was hit.
pub(crate) fn over_limit(what_nl: &str, what_en: &str, limit: &str) -> Finding {
    Finding::new(
        "P020",
        format!("{what_nl} is groter dan toegestaan ({limit})"),
        format!("{what_en} is larger than allowed ({limit})"),
    )
}

/// `P020` for whole files.
pub(crate) fn file_too_large(limit: u64) -> Finding {
    over_limit("het bestand", "the file", &bytes(limit)).hint(
        "splits het bestand, of gebruik N-Triples of N-Quads: die worden regel per regel gelezen",
        "split the file, or use N-Triples or N-Quads: those are read line by line",
    )
}

/// `P020` for packed files.
pub(crate) fn bomb(limit: u64) -> Finding {
    Finding::new(
        "P020",
        format!("het gzip-bestand zwelt uitgepakt meer dan {limit} keer op; dat is geen gewoon gegevensbestand"),
        format!("the gzip file grows more than {limit} times when unpacked; that is no ordinary data file"),
    )
    .hint(
        "pak het zelf uit en kijk wat erin zit",
        "unpack it yourself and look at what it holds",
    )
}

/// `P020` for document types.
pub(crate) fn document_type_too_large() -> Finding {
    Finding::new(
        "P020",
        "het begin van de XML (voor het hoofdelement) is groter dan 64 KiB, of er staat een documenttype verderop in het bestand",
        "the start of the XML (before the root element) is larger than 64 KiB, or a document type comes further on in the file",
    )
}

/// `P020` for entities.
pub(crate) fn entity_too_large(name: &str) -> Finding {
    Finding::new(
        "P020",
        format!("de XML-entiteit \"{name}\" is uitgewerkt groter dan 4 KiB"),
        format!("the XML entity \"{name}\" is larger than 4 KiB when resolved"),
    )
    .hint(
        "entiteiten dienen hier alleen om naamruimten af te korten",
        "entities serve only to abbreviate namespaces here",
    )
}

/// `P021`.
pub(crate) fn changed_while_read() -> Finding {
    Finding::new(
        "P021",
        "het bestand veranderde terwijl het gelezen werd",
        "the file changed while it was being read",
    )
    .hint("laad het opnieuw", "load it again")
}

/// `P022`.
pub(crate) fn broken_gzip(error: &io::Error) -> Finding {
    let cut = error.kind() == io::ErrorKind::UnexpectedEof;
    let (nl, en) = if cut {
        (
            "het gzip-bestand houdt te vroeg op",
            "the gzip file ends early",
        )
    } else {
        ("het gzip-bestand is beschadigd", "the gzip file is damaged")
    };
    Finding::new("P022", nl, en)
        .hint("vraag het bestand opnieuw op", "fetch the file again")
        .detail(error.to_string())
}

/// `P025` for a base IRI the caller gave.
pub(crate) fn bad_base(base: &str, reason: &str) -> Finding {
    Finding::new(
        "P025",
        format!("de basis-IRI <{base}> is geen volledige IRI"),
        format!("the base IRI <{base}> is not an absolute IRI"),
    )
    .detail(reason)
}

/// `P035`: the input of a source speaks of a graph that is not its own.
pub(super) fn other_graph(graph: &str) -> Finding {
    let (nl, en) = match graph {
        "" => (
            "de standaardgraaf".to_owned(),
            "the default graph".to_owned(),
        ),
        iri => (format!("de graaf <{iri}>"), format!("the graph <{iri}>")),
    };
    Finding::new(
        "P035",
        format!("dit doet uitspraken in {nl}, en een bron vult alleen haar eigen graaf"),
        format!("this makes statements in {en}, and a source fills its own graph alone"),
    )
    .hint(
        "vraag de bron naar een versie zonder grafen, of laad ze zelf met oslo load",
        "ask the source for a version without graphs, or load it yourself with oslo load",
    )
}

/// `P036`: a graph of a source is written by that source alone.
pub(super) fn reserved_graph(reserved: &Reserved) -> Finding {
    let (what, hint) = (reserved.text(), reserved.hint());
    Finding::new("P036", what.nl, what.en).hint(hint.nl, hint.en)
}

/// `H018`: a document of a source says nothing.
pub(super) fn says_nothing() -> Finding {
    Finding::new("H018", "dit document zegt niets", "this document says nothing").hint(
        "kijk na wat op het adres staat; een leeg antwoord wordt niet geloofd, want het zou de graaf leegmaken",
        "look at what is at the address; an empty answer is not believed, for it would empty the graph",
    )
}

/// `P028`: a reader gave up in a way it never should.
pub(crate) fn reader_broke() -> Finding {
    Finding::new(
        "P028",
        "de lezer kan dit document niet aan",
        "the reader cannot cope with this document",
    )
    .hint(
        "zet het om naar N-Quads met een ander programma, en meld dit aan de beheerder van het register",
        "convert it to N-Quads with another program, and report this to the keeper of the registry",
    )
}

/// A size for people.
pub(crate) fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = size;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024 || !value.is_multiple_of(1024) {
            break;
        }
        value /= 1024;
        unit = next;
    }
    format!("{value} {unit}")
}
