//! Which RDF syntax an input is in: by the name the caller gives, the media type, the file extension, and a look at the
//! first bytes. Says plainly when an input is not RDF (a table, a web page, plain XML). Does not parse.

use super::diagnostic::{Diagnostic, Location};
use super::input::Input;
use super::texts::{self, Finding};
use crate::rdf::format::Format;
use crate::rdf::vocab::rdf;
use std::io::Read;

/// Whether the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// As they are.
    None,
    /// gzip (RFC 1952), one or more members.
    Gzip,
}

/// What an input was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detected {
    /// RDF syntax of the content.
    pub format: Format,
    /// Packing of the bytes.
    pub compression: Compression,
    /// Nothing but blanks in the first 64 KiB of a content no longer than that.
    pub empty: bool,
}

/// How much of the content is looked at; the document type of RDF/XML must end within it.
const HEAD_BYTES: usize = 1 << 16;

/// File extensions a steward may well have beside RDF files, and what they are.
const NOT_RDF: &[(&[&str], &str, &str)] = &[
    (&["csv", "tsv"], "een tabel (CSV)", "a table (CSV)"),
    (&["xlsx", "xls", "ods"], "een rekenblad", "a spreadsheet"),
    (&["xsd"], "een XML-schema", "an XML schema"),
    (&["html", "htm", "xhtml"], "een webpagina", "a web page"),
    (
        &["pdf", "doc", "docx", "odt", "md"],
        "een document",
        "a document",
    ),
    (
        &["zip", "7z", "tar", "tgz", "rar"],
        "een archief",
        "an archive",
    ),
    (
        &["shp", "dbf", "gpkg", "gml", "geojson", "kml"],
        "een geobestand",
        "a geodata file",
    ),
    (
        &["png", "jpg", "jpeg", "svg", "gif"],
        "een beeld",
        "an image",
    ),
    (&["sql", "sqlite", "db"], "een databank", "a database"),
    (&["rq", "ru", "sparql"], "een SPARQL-tekst", "a SPARQL text"),
];

/// First bytes of files that are no text.
const BINARY: &[(&[u8], &str, &str)] = &[
    (b"%PDF", "een PDF-document", "a PDF document"),
    (
        b"PK\x03\x04",
        "een ZIP-archief (ook Excel- en Word-bestanden zijn dat)",
        "a ZIP archive (Excel and Word files are too)",
    ),
    (b"\x89PNG", "een PNG-beeld", "a PNG image"),
    (b"\xFF\xD8\xFF", "een JPEG-beeld", "a JPEG image"),
    (
        b"SQLite format 3",
        "een SQLite-databank",
        "an SQLite database",
    ),
    (b"BZh", "een bzip2-bestand", "a bzip2 file"),
    (b"\xFD7zXZ", "een xz-bestand", "an xz file"),
    (b"\x28\xB5\x2F\xFD", "een zstd-bestand", "a zstd file"),
    (b"7z\xBC\xAF", "een 7z-archief", "a 7z archive"),
    (b"\x7FELF", "een programma", "a program"),
];

/// Finds the syntax from the name alone (`.gz` is taken off first); `explicit` wins over the extension.
/// `.xml` counts as RDF/XML here, [`detect`] looks at its root element.
///
/// # Errors
/// `P001` for an unknown or missing extension, `P002` for one that is known not to be RDF.
pub fn detect_format(
    name: &str,
    explicit: Option<Format>,
) -> Result<(Format, Compression), Diagnostic> {
    let location = Location {
        file: name.to_owned(),
        ..Location::default()
    };
    let (extension, compression) = extension_of(name);
    if let Some(format) = explicit {
        return Ok((format, compression));
    }
    if extension == "xml" {
        return Ok((Format::RdfXml, compression));
    }
    if let Some(format) = Format::from_extension(&extension) {
        return Ok((format, compression));
    }
    for (extensions, nl, en) in NOT_RDF {
        if extensions.contains(&extension.as_str()) {
            return Err(texts::not_rdf(nl, en).at(location));
        }
    }
    Err(texts::unknown_extension(&extension, &known_extensions()).at(location))
}

/// Finds the syntax from an explicit choice, else the media type, else the name, and checks it against the first bytes.
///
/// # Errors
/// As [`detect_format`]; also `P002` for XML that is not RDF/XML and for web pages, `P003` for binary content,
/// `P004` when the input cannot be read, `P010` for UTF-16, `P020` for entity declarations that grow without bound,
/// `P022` for a damaged gzip stream.
pub fn detect(
    input: &Input,
    explicit: Option<Format>,
    media_type: Option<&str>,
) -> Result<Detected, Diagnostic> {
    let location = Location {
        file: input.name().to_owned(),
        ..Location::default()
    };
    let refuse = |finding: Finding| finding.at(location.clone());
    let from_media_type = media_type
        .filter(|m| !m.trim().eq_ignore_ascii_case("application/octet-stream"))
        .and_then(Format::from_media_type);
    let guess = explicit.or(from_media_type);
    let (format, _) = detect_format(input.name(), guess)?;
    let sure = guess.is_some() || extension_of(input.name()).0 != "xml";

    let mut content = input.open().map_err(|e| refuse(texts::unreadable(&e)))?;
    let compression = if content.compressed {
        Compression::Gzip
    } else {
        Compression::None
    };
    let mut head = Vec::new();
    let read = (&mut content.reader)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head);
    if let Err(error) = read {
        if !content.compressed {
            return Err(refuse(texts::unreadable(&error)));
        }
        if head.is_empty() {
            return Err(refuse(texts::broken_gzip(&error)));
        }
    }
    inspect_head(&head, format, sure).map_err(refuse)?;
    if format == Format::RdfXml {
        check_entities(&head).map_err(refuse)?;
    }
    Ok(Detected {
        format,
        compression,
        empty: head.len() < HEAD_BYTES && text_of(&head).trim().is_empty(),
    })
}

/// Every extension that is taken for RDF, with a dot, in the order of the format table.
pub fn known_extensions() -> String {
    let mut known: Vec<String> = Format::ALL
        .iter()
        .map(|format| format!(".{}", format.extension()))
        .collect();
    known.extend([".owl", ".json", ".xml"].map(String::from));
    known.join(" ")
}

/// Lower-case extension without dot, and whether `.gz` came after it.
fn extension_of(name: &str) -> (String, Compression) {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let lower = file.to_ascii_lowercase();
    let (stem, compression) = match lower.strip_suffix(".gz") {
        Some(stem) => (stem, Compression::Gzip),
        None => (lower.as_str(), Compression::None),
    };
    let extension = stem.rsplit_once('.').map_or("", |(_, extension)| extension);
    (extension.to_owned(), compression)
}

fn text_of(head: &[u8]) -> &str {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or(""),
    }
}

fn inspect_head(head: &[u8], format: Format, sure: bool) -> Result<(), Finding> {
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(texts::utf16());
    }
    for (magic, nl, en) in BINARY {
        if head.starts_with(magic) {
            return Err(texts::binary(nl, en));
        }
    }
    if let Some(at) = memchr::memchr(0, head) {
        // A literal may hold U+0000, so a NUL alone proves nothing.
        let every_second = head.iter().skip(at % 2).step_by(2).take(8);
        if head.len() >= 16 && every_second.clone().all(|b| *b == 0) {
            return Err(texts::utf16());
        }
        let is_text = text_of(head).len() + 4 > head.len();
        if at < 4 || !is_text {
            return Err(texts::binary("een binair bestand", "a binary file"));
        }
    }
    let text = text_of(head).trim_start();
    let lower: String = text
        .chars()
        .take(15)
        .collect::<String>()
        .to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Err(texts::not_rdf("een webpagina", "a web page"));
    }
    if format == Format::JsonLd && text.contains("\"$schema\"") && !text.contains("\"@context\"") {
        return Err(texts::not_rdf("een JSON-schema", "a JSON schema"));
    }
    let is_xml = text.starts_with("<?xml") || text.starts_with("<rdf:RDF");
    if format == Format::RdfXml {
        let root = xml_root(text);
        match root {
            Some(root) if !root.is_rdf && !sure => {
                return Err(texts::not_rdf_xml(&root.name));
            }
            None if !sure && !text.is_empty() => return Err(texts::not_rdf_xml("?")),
            _ => {}
        }
    } else if is_xml {
        return Err(match xml_root(text) {
            Some(root) if !root.is_rdf => texts::not_rdf_xml(&root.name),
            _ => texts::other_syntax(format, Format::RdfXml),
        });
    }
    Ok(())
}

struct XmlRoot {
    name: String,
    is_rdf: bool,
}

/// Name of the first element after declaration, comments and document type.
fn xml_root(text: &str) -> Option<XmlRoot> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('<')?..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = &comment[comment.find("-->")? + 3..];
        } else if rest.starts_with("<?") {
            rest = &rest[rest.find("?>")? + 2..];
        } else if rest.starts_with("<!") {
            rest = &rest[doctype_end(rest)?..];
        } else {
            break;
        }
    }
    let tag = &rest[1..rest.find('>').unwrap_or(rest.len())];
    let name: String = tag
        .chars()
        .take_while(|c| !c.is_whitespace() && *c != '/')
        .collect();
    let (prefix, local) = name.split_once(':').unwrap_or(("", &name));
    let declaration = if prefix.is_empty() {
        "xmlns=".to_owned()
    } else {
        format!("xmlns:{prefix}=")
    };
    let compact: String = tag.split_whitespace().collect::<Vec<_>>().join(" ");
    let bound_to_rdf = compact.find(&declaration).is_some_and(|at| {
        let value = compact[at + declaration.len()..].trim_start_matches(['"', '\'']);
        value.starts_with(rdf::NS) || value.starts_with('&')
    });
    Some(XmlRoot {
        is_rdf: local == "RDF" && (bound_to_rdf || prefix == "rdf"),
        name,
    })
}

/// Length of a `<!DOCTYPE …>` with its internal subset.
fn doctype_end(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '<') => depth += 1,
            (None, '>') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Refuses entity declarations whose replacement grows beyond any use as a namespace abbreviation: the XML reader
/// resolves entities in entities when it reads the document type, before any other bound sees the text.
fn check_entities(head: &[u8]) -> Result<(), Finding> {
    const MAX_ENTITY_BYTES: usize = 4096;
    let text = text_of(head);
    if head.len() >= HEAD_BYTES && xml_root(text).is_none() {
        return Err(texts::document_type_too_large());
    }
    let mut sizes: Vec<(String, usize)> = Vec::new();
    for declaration in text.split("<!ENTITY").skip(1) {
        let declaration = declaration
            .trim_start()
            .trim_start_matches('%')
            .trim_start();
        let Some((name, rest)) = declaration.split_once(char::is_whitespace) else {
            continue;
        };
        let value = rest.trim_start();
        let Some(quote @ ('"' | '\'')) = value.chars().next() else {
            continue;
        };
        let value = value[1..].split(quote).next().unwrap_or("");
        let mut size = value.len();
        for reference in value.split('&').skip(1) {
            let referred = reference.split(';').next().unwrap_or("");
            size += sizes
                .iter()
                .rev()
                .find(|(known, _)| known == referred)
                .map_or(0, |(_, size)| *size);
        }
        if size > MAX_ENTITY_BYTES {
            return Err(texts::entity_too_large(name));
        }
        sizes.push((name.to_owned(), size));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect_bytes(name: &str, bytes: &[u8]) -> Result<Format, &'static str> {
        detect(&Input::bytes(name, bytes.to_vec()), None, None)
            .map(|d| d.format)
            .map_err(|d| d.code)
    }

    #[test]
    fn names_and_explicit_choice() {
        let by_name = |name| detect_format(name, None).map_err(|d| d.code);
        assert_eq!(by_name("a/B.TTL"), Ok((Format::Turtle, Compression::None)));
        assert_eq!(by_name("a.nq.gz"), Ok((Format::NQuads, Compression::Gzip)));
        assert_eq!(by_name("a.owl"), Ok((Format::RdfXml, Compression::None)));
        assert_eq!(
            by_name("https://example.org/a.jsonld?x=1.ttl"),
            Ok((Format::JsonLd, Compression::None))
        );
        assert_eq!(by_name("a.path"), Err("P001"));
        assert_eq!(by_name("a"), Err("P001"));
        assert_eq!(by_name("a.csv.gz"), Err("P002"));
        assert_eq!(by_name("a.xsd"), Err("P002"));
        assert_eq!(
            detect_format("a.path", Some(Format::Turtle)).expect("explicit wins"),
            (Format::Turtle, Compression::None)
        );
    }

    #[test]
    fn xml_is_rdf_only_when_its_root_says_so() {
        let rdf = "<?xml version='1.0'?>\n<!-- x --><!DOCTYPE r:RDF [<!ENTITY a \"b>\">]>\n<r:RDF xmlns:r=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>";
        assert_eq!(detect_bytes("a.xml", rdf.as_bytes()), Ok(Format::RdfXml));
        assert_eq!(
            detect_bytes("a.xml", b"<soap:Envelope xmlns:soap='x'/>"),
            Err("P002")
        );
        assert_eq!(
            detect_bytes("a.ttl", b"<!DOCTYPE html><html></html>"),
            Err("P002")
        );
        assert_eq!(detect_bytes("a.ttl", rdf.as_bytes()), Err("P002"));
    }

    #[test]
    fn content_that_is_no_text() {
        assert_eq!(detect_bytes("a.ttl", b"\x00\x01\x02binary"), Err("P003"));
        assert_eq!(detect_bytes("a.ttl", b"PK\x03\x04rest"), Err("P003"));
        assert_eq!(
            detect_bytes("a.ttl", b"\xFF\xFE<\x00u\x00r\x00n\x00"),
            Err("P010")
        );
        assert_eq!(
            detect_bytes("a.ttl", b"<\x00u\x00r\x00n\x00:\x00x\x00y\x00z\x00>"),
            Err("P010")
        );
        assert_eq!(detect_bytes("a.ttl", b""), Ok(Format::Turtle));
    }

    #[test]
    fn growing_entities_are_refused() {
        let mut bomb = String::from("<!DOCTYPE rdf:RDF [<!ENTITY a \"0123456789\">");
        for (outer, inner) in ["b", "c", "d", "e"].iter().zip(["a", "b", "c", "d"]) {
            bomb.push_str(&format!(
                "<!ENTITY {outer} \"{}\">",
                format!("&{inner};").repeat(10)
            ));
        }
        bomb.push_str("]><rdf:RDF/>");
        assert_eq!(detect_bytes("a.rdf", bomb.as_bytes()), Err("P020"));
    }
}
