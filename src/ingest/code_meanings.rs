//! What the codes of ingest mean, whatever file they are about, with an example that gets the code and one that does not
//! where a few characters can show it. Data only; the findings themselves word their own case.

/// A code of ingest in general words.
#[derive(Clone, Copy, Debug)]
pub struct IngestCode {
    /// Stable code, `P` and three digits.
    pub code: &'static str,
    /// What it means, in Dutch.
    pub nl: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// How to mend it, in Dutch.
    pub hint_nl: &'static str,
    /// The same in English.
    pub hint_en: &'static str,
    /// A text or command that gets the code; empty where none can be shown.
    pub fails: &'static str,
    /// One that does not.
    pub passes: &'static str,
}

/// All codes, sorted.
pub const INGEST_CODES: &[IngestCode] = &[
    IngestCode {
        code: "P001",
        nl: "Aan de naam van het bestand is het RDF-formaat niet te zien.",
        en: "The name of the file does not tell the RDF format.",
        hint_nl: "Geef het formaat mee met --format, of gebruik een bekende extensie zoals .ttl.",
        hint_en: "Name the format with --format, or use a known extension such as .ttl.",
        fails: "oslo load gegevens.dat",
        passes: "oslo load --format turtle gegevens.dat",
    },
    IngestCode {
        code: "P002",
        nl: "De inhoud is geen RDF, of een ander RDF-formaat dan de naam zegt.",
        en: "The content is not RDF, or another RDF format than the name says.",
        hint_nl: "Zet de gegevens eerst om naar RDF, of geef het juiste formaat mee.",
        hint_en: "Convert the data to RDF first, or name the right format.",
        fails: "oslo load adressen.csv",
        passes: "oslo load adressen.ttl",
    },
    IngestCode {
        code: "P003",
        nl: "Het bestand is geen tekst.",
        en: "The file is not text.",
        hint_nl: "Geef het RDF-bestand zelf, of een .gz ervan.",
        hint_en: "Give the RDF file itself, or a .gz of it.",
        fails: "oslo load adressen.pdf",
        passes: "oslo load adressen.ttl.gz",
    },
    IngestCode {
        code: "P004",
        nl: "Het bestand bestaat niet of kan niet gelezen worden.",
        en: "The file does not exist or cannot be read.",
        hint_nl: "Kijk het pad en de rechten na.",
        hint_en: "Check the path and the rights.",
        fails: "oslo load adresen.ttl",
        passes: "oslo load adressen.ttl",
    },
    IngestCode {
        code: "P005",
        nl: "Het bestand is leeg.",
        en: "The file is empty.",
        hint_nl: "Vraag het bestand opnieuw op.",
        hint_en: "Fetch the file again.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P006",
        nl: "Het bestand bevat geen enkele uitspraak.",
        en: "The file holds no statement at all.",
        hint_nl: "Kijk na of dit het juiste bestand is; JSON zonder @context levert geen uitspraken op.",
        hint_en: "Check that this is the right file; JSON without @context gives no statements.",
        fails: "{ \"huisnummer\": \"12\" }",
        passes: "{ \"@context\": { \"@vocab\": \"http://example.org/\" },\n  \"huisnummer\": \"12\" }",
    },
    IngestCode {
        code: "P010",
        nl: "Het bestand is niet in UTF-8 bewaard.",
        en: "The file was not saved as UTF-8.",
        hint_nl: "Bewaar het opnieuw als UTF-8.",
        hint_en: "Save it again as UTF-8.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P012",
        nl: "Een prefix wordt gebruikt zonder dat hij bovenaan verklaard is.",
        en: "A prefix is used without being declared at the top.",
        hint_nl: "Voeg bovenaan een regel @prefix toe.",
        hint_en: "Add a line @prefix at the top.",
        fails: "ex:adres ex:huisnummer \"12\" .",
        passes: "@prefix ex: <http://example.org/> .\nex:adres ex:huisnummer \"12\" .",
    },
    IngestCode {
        code: "P013",
        nl: "Een IRI bevat een teken dat daar niet mag staan, of een ongeldig deel.",
        en: "An IRI has a character that is not allowed there, or an invalid part.",
        hint_nl: "Schrijf het teken met een procentcode; gewone tekst staat tussen aanhalingstekens.",
        hint_en: "Percent-encode the character; plain text stands between quotes.",
        fails: "<http://example.org/grote markt> a <http://example.org/Straat> .",
        passes: "<http://example.org/grote%20markt> a <http://example.org/Straat> .",
    },
    IngestCode {
        code: "P014",
        nl: "Een tekst tussen gewone aanhalingstekens loopt over het einde van de regel.",
        en: "A text between plain quotes runs over the end of the line.",
        hint_nl: "Gebruik drie aanhalingstekens, of schrijf het regeleinde als \\n.",
        hint_en: "Use three quotes, or write the line break as \\n.",
        fails: "<http://example.org/a> <http://example.org/naam> \"Grote\nMarkt\" .",
        passes: "<http://example.org/a> <http://example.org/naam> \"\"\"Grote\nMarkt\"\"\" .",
    },
    IngestCode {
        code: "P015",
        nl: "Het bestand houdt op voor het af is.",
        en: "The file ends before it is complete.",
        hint_nl: "Het is waarschijnlijk afgebroken: vraag het opnieuw op.",
        hint_en: "It was probably cut off: fetch it again.",
        fails: "<http://example.org/a> <http://example.org/b>",
        passes: "<http://example.org/a> <http://example.org/b> <http://example.org/c> .",
    },
    IngestCode {
        code: "P016",
        nl: "De taalcode achter een tekst is ongeldig.",
        en: "The language tag behind a text is not valid.",
        hint_nl: "Schrijf een code zoals nl, fr of nl-BE.",
        hint_en: "Write a tag such as nl, fr or nl-BE.",
        fails: "<http://example.org/a> <http://example.org/naam> \"Markt\"@nederlands .",
        passes: "<http://example.org/a> <http://example.org/naam> \"Markt\"@nl .",
    },
    IngestCode {
        code: "P017",
        nl: "Een tekst heeft het datatype rdf:langString en geen taal.",
        en: "A text has the datatype rdf:langString and no language.",
        hint_nl: "Geef de tekst een taal en laat het datatype weg.",
        hint_en: "Give the text a language and leave the datatype out.",
        fails: "<http://example.org/a> <http://example.org/naam>\n  \"Markt\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .",
        passes: "<http://example.org/a> <http://example.org/naam> \"Markt\"@nl .",
    },
    IngestCode {
        code: "P018",
        nl: "Een getal is niet volledig geschreven.",
        en: "A number is not written in full.",
        hint_nl: "Schrijf cijfers na +, -, punt of e.",
        hint_en: "Write digits after +, -, a dot or e.",
        fails: "<http://example.org/a> <http://example.org/hoogte> + .",
        passes: "<http://example.org/a> <http://example.org/hoogte> +12 .",
    },
    IngestCode {
        code: "P019",
        nl: "De punt die een uitspraak beëindigt, ontbreekt.",
        en: "The dot that ends a statement is missing.",
        hint_nl: "Zet een punt achter de vorige uitspraak, of ; als hetzelfde onderwerp doorgaat.",
        hint_en: "Put a dot behind the previous statement, or ; when the same subject goes on.",
        fails: "<http://example.org/a> <http://example.org/naam> \"Markt\"\n<http://example.org/b> <http://example.org/naam> \"Plein\" .",
        passes: "<http://example.org/a> <http://example.org/naam> \"Markt\" .\n<http://example.org/b> <http://example.org/naam> \"Plein\" .",
    },
    IngestCode {
        code: "P020",
        nl: "Het bestand, of een deel ervan, is groter of dieper dan een grens toelaat.",
        en: "The file, or a part of it, is larger or deeper than a limit allows.",
        hint_nl: "Splits het bestand; N-Triples en N-Quads worden regel per regel gelezen.",
        hint_en: "Split the file; N-Triples and N-Quads are read line by line.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P021",
        nl: "Het bestand veranderde terwijl het gelezen werd.",
        en: "The file changed while it was being read.",
        hint_nl: "Laad het opnieuw.",
        hint_en: "Load it again.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P022",
        nl: "Het gzip-bestand is beschadigd of afgebroken.",
        en: "The gzip file is damaged or cut off.",
        hint_nl: "Vraag het bestand opnieuw op.",
        hint_en: "Fetch the file again.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P023",
        nl: "Na een backslash staat iets dat daar niet mag.",
        en: "Something that is not allowed follows a backslash.",
        hint_nl: "Schrijf een gewone backslash dubbel.",
        hint_en: "Write a plain backslash twice.",
        fails: "<http://example.org/a> <http://example.org/pad> \"C:\\quarto\" .",
        passes: "<http://example.org/a> <http://example.org/pad> \"C:\\\\quarto\" .",
    },
    IngestCode {
        code: "P024",
        nl: "Hier staat iets dat op die plaats van een uitspraak niet kan.",
        en: "Something stands here that cannot be at this place of a statement.",
        hint_nl: "Een uitspraak is onderwerp, eigenschap, waarde en een punt.",
        hint_en: "A statement is subject, predicate, object and a dot.",
        fails: "\"Markt\" <http://example.org/ligt> <http://example.org/gent> .",
        passes: "<http://example.org/markt> <http://example.org/ligt> <http://example.org/gent> .",
    },
    IngestCode {
        code: "P025",
        nl: "Een IRI is niet volledig en er is geen basis om ze aan te vullen.",
        en: "An IRI is relative and there is no base to complete it.",
        hint_nl: "Schrijf de volledige IRI, of geef een basis met --base.",
        hint_en: "Write the full IRI, or give a base with --base.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P026",
        nl: "Onvolledige IRI's zijn aangevuld met het pad van het bestand.",
        en: "Relative IRIs were completed with the path of the file.",
        hint_nl: "Geef een basis met --base.",
        hint_en: "Give a base with --base.",
        fails: "<adres/1> a <http://example.org/Adres> .",
        passes: "@base <https://data.voorbeeldstad.be/id/> .\n<adres/1> a <http://example.org/Adres> .",
    },
    IngestCode {
        code: "P027",
        nl: "Een verklaring van een prefix, basis of graaf is niet volledig.",
        en: "A declaration of a prefix, base or graph is not complete.",
        hint_nl: "Schrijf bijvoorbeeld: @prefix ex: <http://example.org/> .",
        hint_en: "Write for example: @prefix ex: <http://example.org/> .",
        fails: "@base \"http://example.org/\" .",
        passes: "@base <http://example.org/> .",
    },
    IngestCode {
        code: "P028",
        nl: "De inhoud kan hier niet gelezen worden zoals ze geschreven is.",
        en: "The content cannot be read here as it is written.",
        hint_nl: "Lees de melding zelf: ze noemt de plaats en de oorzaak.",
        hint_en: "Read the message itself: it names the place and the cause.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P029",
        nl: "De lezer vindt een fout die geen eigen code heeft.",
        en: "The reader finds a mistake that has no code of its own.",
        hint_nl: "De melding geeft de woorden van de lezer en de plaats.",
        hint_en: "The message gives the reader's words and the place.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P030",
        nl: "Dit is geen geldige JSON.",
        en: "This is not valid JSON.",
        hint_nl: "Kijk komma's, haakjes en aanhalingstekens na op de aangeduide plaats.",
        hint_en: "Check commas, brackets and quotes at the place shown.",
        fails: "{ \"@id\": \"http://example.org/a\", }",
        passes: "{ \"@id\": \"http://example.org/a\" }",
    },
    IngestCode {
        code: "P031",
        nl: "Een JSON-LD-context is hier niet beschikbaar; er wordt niets van het web gehaald.",
        en: "A JSON-LD context is not available here; nothing is fetched from the web.",
        hint_nl: "Geef een lokale kopie met --context-map, of zet de context in het document.",
        hint_en: "Give a local copy with --context-map, or put the context into the document.",
        fails: "{ \"@context\": \"https://elders.example/context.jsonld\",\n  \"@id\": \"http://example.org/a\" }",
        passes: "{ \"@context\": { \"naam\": \"http://example.org/naam\" },\n  \"@id\": \"http://example.org/a\", \"naam\": \"Markt\" }",
    },
    IngestCode {
        code: "P032",
        nl: "JSON-LD-contexten noemen elkaar in een kring.",
        en: "JSON-LD contexts name each other in a circle.",
        hint_nl: "Haal in een van de contexten de verwijzing weg.",
        hint_en: "Remove the reference from one of the contexts.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P033",
        nl: "Een JSON-LD-context is onbruikbaar of haalt te veel andere binnen.",
        en: "A JSON-LD context cannot be used or pulls in too many others.",
        hint_nl: "Verbeter de kopie, of voeg de contexten samen.",
        hint_en: "Mend the copy, or merge the contexts.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P034",
        nl: "De JSON is geldig en breekt een regel van JSON-LD.",
        en: "The JSON is valid and breaks a rule of JSON-LD.",
        hint_nl: "Kijk de sleutels met @ en de @context na.",
        hint_en: "Check the keys with @ and the @context.",
        fails: "{ \"@id\": 12, \"http://example.org/naam\": \"Markt\" }",
        passes: "{ \"@id\": \"http://example.org/a\", \"http://example.org/naam\": \"Markt\" }",
    },
    IngestCode {
        code: "P035",
        nl: "De gegevens van een bron noemen een andere graaf dan die van de bron.",
        en: "The data of a source name another graph than that of the source.",
        hint_nl: "Vraag de bron naar een versie zonder grafen, of laad ze zelf met oslo load.",
        hint_en: "Ask the source for a version without graphs, or load it yourself with oslo load.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P036",
        nl: "De graaf is van een bron, en alleen die bron schrijft erin.",
        en: "The graph belongs to a source, and only that source writes to it.",
        hint_nl: "Laad in een eigen graaf, verwijder de bron eerst met oslo source remove, of schrijf toch met --force.",
        hint_en: "Load into a graph of your own, remove the source first with oslo source remove, or write all the same with --force.",
        fails: "oslo load --graph http://127.0.0.1:7400/graph/bron/hinder extra.ttl",
        passes: "oslo load --graph http://127.0.0.1:7400/graph/extra extra.ttl",
    },
    IngestCode {
        code: "P040",
        nl: "Het bestand is geen goed gevormde XML.",
        en: "The file is not well-formed XML.",
        hint_nl: "Sluit elk element en schrijf & als &amp;.",
        hint_en: "Close every element and write & as &amp;.",
        fails: "<a><b></a>",
        passes: "<a><b/></a>",
    },
    IngestCode {
        code: "P041",
        nl: "De XML is goed gevormd en volgt de regels van RDF/XML niet.",
        en: "The XML is well-formed and does not follow the rules of RDF/XML.",
        hint_nl: "Kijk na of elementen om beurten objecten en eigenschappen zijn.",
        hint_en: "Check that elements are nodes and properties by turns.",
        fails: "",
        passes: "",
    },
    IngestCode {
        code: "P042",
        nl: "De inhoud is RDF 1.2, en dit register neemt RDF 1.1 aan.",
        en: "The content is RDF 1.2, and this registry takes RDF 1.1.",
        hint_nl: "Zet het register met oslo settings om naar RDF 1.2, of schrijf de gegevens in RDF 1.1.",
        hint_en: "Switch the registry to RDF 1.2 with oslo settings, or write the data in RDF 1.1.",
        fails: "<http://example.org/a> <http://example.org/naam> \"Markt\"@nl--ltr .",
        passes: "<http://example.org/a> <http://example.org/naam> \"Markt\"@nl .",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{ContextStore, Input, ParseOptions, parse_into};
    use crate::rdf::format::Format;
    use crate::store::Store;

    #[test]
    fn codes_are_sorted_and_those_of_the_source_are_all_here() {
        assert!(INGEST_CODES.is_sorted_by(|a, b| a.code < b.code));
        let pattern = regex::Regex::new(r#""(P0[0-9]{2})""#).expect("a pattern");
        for source in [
            include_str!("texts.rs"),
            include_str!("syntax_texts.rs"),
            include_str!("complain.rs"),
        ] {
            for found in pattern.captures_iter(source) {
                let code = &found[1];
                assert!(
                    INGEST_CODES.iter().any(|known| known.code == code),
                    "{code} is explained nowhere"
                );
            }
        }
    }

    #[test]
    fn examples_get_their_code_and_lose_it() {
        for example in INGEST_CODES {
            // Commands are for people to read.
            if example.fails.is_empty() || example.fails.starts_with("oslo ") {
                continue;
            }
            let code = |text: &str| {
                let is_json = text.starts_with('{');
                let (name, format) = match text {
                    _ if is_json => ("a.jsonld", Format::JsonLd),
                    _ if text.starts_with("<a>") => ("a.rdf", Format::RdfXml),
                    _ => ("a.ttl", Format::Turtle),
                };
                let store = Store::in_memory();
                let mut draft = store.scratch();
                let contexts = ContextStore::shipped("http://register.test");
                let mut options = ParseOptions::new(&contexts);
                options.format = Some(format);
                let input = Input::bytes(name, text.as_bytes().to_vec());
                match parse_into(&mut draft, &input, options) {
                    Ok(stats) => stats.warnings.first().map(|finding| finding.code),
                    Err(finding) => Some(finding.code),
                }
            };
            // What only a file on disk can show, and what a smaller element needs around it.
            if matches!(example.code, "P026" | "P040") {
                continue;
            }
            assert_eq!(code(example.fails), Some(example.code), "{}", example.fails);
            assert_ne!(
                code(example.passes),
                Some(example.code),
                "{}",
                example.passes
            );
        }
    }
}
