//! What a DCAT catalogue says of data sets and their distributions, and which of them can be read here. Fetches nothing.

use crate::rdf::format::Format;
use oxrdf::{NamedOrBlankNode, Quad, Term};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const DISTRIBUTION: &str = "http://www.w3.org/ns/dcat#distribution";
const DOWNLOAD: &str = "http://www.w3.org/ns/dcat#downloadURL";
const ACCESS: &str = "http://www.w3.org/ns/dcat#accessURL";
const MEDIA_TYPE: &str = "http://www.w3.org/ns/dcat#mediaType";
const FORMAT: &str = "http://purl.org/dc/terms/format";
const NEXT: [&str; 2] = [
    "http://www.w3.org/ns/hydra/core#next",
    "http://www.w3.org/ns/hydra/core#nextPage",
];
/// Where media types are concepts.
const IANA: &str = "://www.iana.org/assignments/media-types/";
/// Where kinds of files are concepts.
const FILE_TYPES: &str = "://publications.europa.eu/resource/authority/file-type/";
/// Names of kinds of files there, and as people write them.
const NAMES: [(&str, Format); 14] = [
    ("RDF_N_QUADS", Format::NQuads),
    ("N-QUADS", Format::NQuads),
    ("RDF_N_TRIPLES", Format::NTriples),
    ("N-TRIPLES", Format::NTriples),
    ("RDF_TRIG", Format::TriG),
    ("TRIG", Format::TriG),
    ("RDF_TURTLE", Format::Turtle),
    ("TURTLE", Format::Turtle),
    ("TTL", Format::Turtle),
    ("JSON_LD", Format::JsonLd),
    ("JSON-LD", Format::JsonLd),
    ("RDF_XML", Format::RdfXml),
    ("RDF/XML", Format::RdfXml),
    ("RDF", Format::RdfXml),
];
/// Formats, the cheapest to read first.
const ORDER: [Format; 6] = [
    Format::NQuads,
    Format::NTriples,
    Format::TriG,
    Format::Turtle,
    Format::JsonLd,
    Format::RdfXml,
];

/// A file of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Distribution {
    /// The data set.
    pub(super) dataset: String,
    /// Where the file is; `None` when the catalogue does not say.
    pub(super) url: Option<String>,
    /// How it is written, when that can be read here.
    pub(super) format: Option<Format>,
    /// What the catalogue says of that.
    pub(super) told: String,
}

/// All pages of a catalogue.
#[derive(Default)]
pub(super) struct Catalogue {
    /// What is said of each node, with the page it stands on: blank nodes have names of their page.
    said: BTreeMap<String, Vec<(String, Value)>>,
}

#[derive(Clone)]
enum Value {
    Node(String),
    Text(String),
}

impl Catalogue {
    /// Adds the statements of a page; returns the addresses of the pages behind it.
    pub(super) fn add(&mut self, page: usize, quads: &[Quad]) -> Vec<String> {
        let mut next = Vec::new();
        for quad in quads {
            let subject = match &quad.subject {
                NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
                NamedOrBlankNode::BlankNode(node) => format!("_:{page}:{}", node.as_str()),
            };
            let value = match &quad.object {
                Term::NamedNode(node) => Value::Node(node.as_str().to_owned()),
                Term::BlankNode(node) => Value::Node(format!("_:{page}:{}", node.as_str())),
                Term::Literal(text) => Value::Text(text.value().to_owned()),
                Term::Triple(_) => continue,
            };
            let predicate = quad.predicate.as_str();
            if let (true, Value::Node(address) | Value::Text(address)) =
                (NEXT.contains(&predicate), &value)
            {
                next.push(address.clone());
            }
            let entry = self.said.entry(subject).or_default();
            entry.push((predicate.to_owned(), value));
        }
        next
    }

    fn values(&self, node: &str, predicate: &str) -> Vec<Value> {
        let said = self.said.get(node).into_iter().flatten();
        let said = said.filter(|(known, _)| known == predicate);
        said.map(|(_, value)| value.clone()).collect()
    }

    /// The data sets that have distributions, sorted.
    pub(super) fn datasets(&self) -> BTreeSet<String> {
        let has = |said: &[(String, Value)]| said.iter().any(|(p, _)| p == DISTRIBUTION);
        let sets = self.said.iter().filter(|(_, said)| has(said));
        sets.map(|(node, _)| node.clone()).collect()
    }

    /// Whether anything is said of a node.
    pub(super) fn knows(&self, node: &str) -> bool {
        self.said.contains_key(node)
    }

    /// The distributions of a data set.
    pub(super) fn distributions(&self, dataset: &str) -> Vec<Distribution> {
        let mut found = Vec::new();
        for value in self.values(dataset, DISTRIBUTION) {
            let Value::Node(node) = value else { continue };
            let mut told = Vec::new();
            for predicate in [MEDIA_TYPE, FORMAT] {
                for value in self.values(&node, predicate) {
                    match value {
                        // A concept that is described on the spot.
                        Value::Node(blank) if blank.starts_with("_:") => {
                            let said = self.said.get(&blank).into_iter().flatten();
                            told.extend(said.filter_map(|(_, value)| match value {
                                Value::Text(text) => Some(text.clone()),
                                Value::Node(_) => None,
                            }));
                        }
                        Value::Node(text) | Value::Text(text) => told.push(text),
                    }
                }
            }
            let address = |predicate| {
                let values = self.values(&node, predicate).into_iter();
                values
                    .map(|value| match value {
                        Value::Node(address) | Value::Text(address) => address,
                    })
                    .find(|address| !address.starts_with("_:"))
            };
            let by_word = told.iter().find_map(|text| format_of(text));
            let download = address(DOWNLOAD);
            // Behind an access address there may be anything; only one of which the catalogue says what it gives is asked.
            let url = download.or_else(|| address(ACCESS).filter(|_| by_word.is_some()));
            let by_ending = || {
                let path = url.as_deref()?.split(['?', '#']).next()?;
                let path = path.strip_suffix(".gz").unwrap_or(path);
                Format::from_extension(Path::new(path).extension()?.to_str()?)
            };
            // What is told to be something else is no RDF, whatever its name.
            let format = by_word.or_else(|| told.is_empty().then(by_ending).flatten());
            found.push(Distribution {
                dataset: dataset.to_owned(),
                format,
                told: told.join(", "),
                url,
            });
        }
        found.sort_by(|a, b| a.url.cmp(&b.url));
        found.dedup();
        found
    }
}

/// The cheapest format among distributions of one data set.
pub(super) fn cheapest(distributions: &[Distribution]) -> Option<Format> {
    let has = |format: &Format| {
        let mut all = distributions.iter();
        all.any(|one| one.url.is_some() && one.format == Some(*format))
    };
    ORDER.into_iter().find(has)
}

/// A format by its media type, the IRI of that, a kind of file of the EU, or as people write it.
fn format_of(text: &str) -> Option<Format> {
    let text = text.trim();
    if let Some((_, kind)) = text.split_once(IANA) {
        return Format::from_media_type(kind);
    }
    let name = match text.split_once(FILE_TYPES) {
        Some((_, name)) => name,
        None => text,
    };
    let known = NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    known
        .map(|(_, format)| *format)
        .or_else(|| Format::from_media_type(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_all_their_names() {
        for (text, format) in [
            ("text/turtle", Some(Format::Turtle)),
            (
                "https://www.iana.org/assignments/media-types/application/n-quads",
                Some(Format::NQuads),
            ),
            (
                "http://publications.europa.eu/resource/authority/file-type/RDF_XML",
                Some(Format::RdfXml),
            ),
            ("json-ld", Some(Format::JsonLd)),
            (" Turtle ", Some(Format::Turtle)),
            ("text/csv", None),
            (
                "http://publications.europa.eu/resource/authority/file-type/CSV",
                None,
            ),
        ] {
            assert_eq!(format_of(text), format, "{text}");
        }
    }
}
