//! The forms a report can be written in: their names, extensions and media types, and the one place that writes each.
//! The page for people is made in `views`; the words of results are in `message.rs`.

use super::report::{Report, ResultRow};
use crate::rdf::format::negotiate;
use crate::rdf::label::Language;
use crate::store::Id;
use oxrdf::Term;
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// A form of a validation report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// SHACL validation report in Turtle.
    Turtle,
    /// A page for people; made in `views`.
    Html,
    /// SHACL validation report in JSON-LD, framed.
    JsonLd,
    /// One line a result, for a spreadsheet.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for editors and build servers.
    Sarif,
    /// Text for a terminal.
    Text,
    /// SHACL validation report in N-Triples.
    NTriples,
    /// SHACL validation report in RDF/XML.
    RdfXml,
}

struct Row {
    format: ReportFormat,
    /// First the name that is shown, then others that are understood; extensions of files among them.
    names: &'static [&'static str],
    media_types: &'static [&'static str],
}

/// Best first, for a client without preference.
const TABLE: [Row; 9] = [
    Row {
        format: ReportFormat::Turtle,
        names: &["turtle", "ttl"],
        media_types: &["text/turtle", "application/x-turtle"],
    },
    Row {
        format: ReportFormat::Html,
        names: &["html", "htm"],
        media_types: &["text/html", "application/xhtml+xml"],
    },
    Row {
        format: ReportFormat::JsonLd,
        names: &["jsonld", "json-ld", "json"],
        media_types: &["application/ld+json", "application/json"],
    },
    Row {
        format: ReportFormat::Csv,
        names: &["csv"],
        media_types: &["text/csv"],
    },
    Row {
        format: ReportFormat::Ndjson,
        names: &["ndjson", "jsonl"],
        media_types: &["application/x-ndjson", "application/jsonl"],
    },
    Row {
        format: ReportFormat::Sarif,
        names: &["sarif"],
        media_types: &["application/sarif+json"],
    },
    Row {
        format: ReportFormat::Text,
        names: &["text", "txt"],
        media_types: &["text/plain"],
    },
    Row {
        format: ReportFormat::NTriples,
        names: &["ntriples", "nt", "n-triples"],
        media_types: &["application/n-triples"],
    },
    Row {
        format: ReportFormat::RdfXml,
        names: &["rdfxml", "rdf", "xml", "rdf+xml"],
        media_types: &["application/rdf+xml"],
    },
];

impl ReportFormat {
    /// Every form, in the order they are offered in.
    pub const ALL: [Self; 9] = [
        Self::Turtle,
        Self::Html,
        Self::JsonLd,
        Self::Csv,
        Self::Ndjson,
        Self::Sarif,
        Self::Text,
        Self::NTriples,
        Self::RdfXml,
    ];

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Name for people and the command line.
    pub fn name(self) -> &'static str {
        self.row().names[0]
    }

    /// Usual extension of a file, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Turtle => "ttl",
            Self::Text => "txt",
            Self::NTriples => "nt",
            Self::RdfXml => "rdf",
            _ => self.name(),
        }
    }

    /// Media type without parameters.
    pub fn media_type(self) -> &'static str {
        self.row().media_types[0]
    }

    /// By name, extension or media type, whatever the case; parameters of a media type do not count.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.split(';').next().unwrap_or("").trim();
        let name = name.to_ascii_lowercase();
        TABLE
            .iter()
            .find(|row| {
                row.names.contains(&name.as_str()) || row.media_types.contains(&name.as_str())
            })
            .map(|row| row.format)
    }

    /// By the extension of a file name.
    pub fn from_path(path: &std::path::Path) -> Option<Self> {
        Self::from_name(path.extension()?.to_str()?)
    }

    /// The form an `Accept` header likes best and the media type it is to be sent as; `None` when it likes none.
    pub fn from_accept(accept: &str) -> Option<(Self, &'static str)> {
        let chosen = negotiate(accept, &Self::offers())?;
        Some((Self::from_name(chosen)?, chosen))
    }

    /// Media types that are sent, best first.
    pub fn offers() -> Vec<&'static str> {
        let mut offers: Vec<&'static str> = TABLE.iter().map(|row| row.media_types[0]).collect();
        offers.insert(7, "application/json");
        offers
    }

    /// Whether it holds the report as RDF.
    pub fn is_rdf(self) -> bool {
        matches!(
            self,
            Self::Turtle | Self::JsonLd | Self::NTriples | Self::RdfXml
        )
    }
}

/// Where a focus node was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Path of a file or IRI of a graph.
    pub name: String,
    /// Line on which the node first is a subject, counted from 1.
    pub line: Option<u64>,
    /// Whether the name is that of a file.
    pub is_file: bool,
}

/// How a report is written: language of sentences, and how the places of focus nodes are found.
#[derive(Clone, Copy)]
pub struct Rendering<'a> {
    /// Language where the form has room for one only.
    pub language: Language,
    /// Place of a focus node; see [`Report::graph_of`] for a registry.
    pub origin_of: &'a dyn Fn(Id) -> Option<Origin>,
}

impl Report {
    /// Writes the report in a form. Written result by result: what is kept besides the report is one result.
    ///
    /// # Errors
    /// When the writer fails; [`ReportFormat::Html`] is made elsewhere and refused here.
    pub fn render(
        &self,
        format: ReportFormat,
        rendering: &Rendering<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            ReportFormat::Turtle => self.render_turtle(out),
            ReportFormat::JsonLd => self.render_jsonld(out),
            ReportFormat::NTriples => self.render_ntriples(out),
            ReportFormat::RdfXml => self.render_rdfxml(out),
            ReportFormat::Csv => self.render_csv_rows(self.results(), rendering, out),
            ReportFormat::Ndjson => self.render_ndjson_rows(self.results(), rendering, out),
            ReportFormat::Sarif => self.render_sarif(rendering, out),
            ReportFormat::Text => self.render_text(out, rendering.language),
            ReportFormat::Html => Err(io::Error::other("pages are made in views")),
        }
    }

    /// The graph a focus node is described in: the first with statements about it, else one that points at it, as an
    /// IRI. Empty for the default graph; `None` for a node that no statement names.
    pub fn graph_of(&self, focus: Id) -> Option<String> {
        self.find_graph(focus, &Some)
            .map(|graph| match self.context.iri(graph) {
                Some(iri) => iri.into_owned(),
                None => String::new(),
            })
    }

    /// The first graph with statements about a node that `pick` takes, else one with statements that point at it.
    pub fn find_graph<T>(&self, focus: Id, pick: &dyn Fn(Id) -> Option<T>) -> Option<T> {
        if focus.local_index().is_some() {
            return None;
        }
        let mut about = self.context.quads(Some(focus), None, None, None);
        about.find_map(|quad| pick(quad.g)).or_else(|| {
            let mut pointing = self.context.quads(None, None, Some(focus), None);
            pointing.find_map(|quad| pick(quad.g))
        })
    }

    /// The place of a focus node in a registry: its graph.
    pub fn graph_origin(&self, focus: Id) -> Option<Origin> {
        self.graph_of(focus).map(|name| Origin {
            name,
            line: None,
            is_file: false,
        })
    }

    /// A number for a result that stays the same from report to report: of focus node, path, value, shape and component.
    /// Blank nodes count by what they are, not by their labels, so results about two of them may share a number.
    pub fn result_id(&self, row: &ResultRow) -> String {
        let mut hasher = Sha256::new();
        let mut part = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        };
        part(&stable_text(&self.term(row.focus)));
        part(&self.path(row).map_or_else(String::new, |path| {
            path.to_sparql(&|predicate| format!("<{}>", predicate.as_str()))
        }));
        part(
            &row.value
                .map_or_else(String::new, |value| stable_text(&self.term(value))),
        );
        // Shapes without an IRI are named by their path below one that has.
        part(&self.shape_label(row.shape));
        part(&self.component_iri(row));
        let digest = hasher.finalize();
        let hex: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
        format!("sha256-{hex}")
    }
}

fn stable_text(term: &Term) -> String {
    match term {
        Term::BlankNode(_) => "_:".to_owned(),
        other => other.to_string(),
    }
}

/// The places of a registry's focus nodes: their graphs. For callers that know nothing better.
pub(crate) fn in_graphs(report: &Report) -> impl Fn(Id) -> Option<Origin> + '_ {
    move |focus| report.graph_origin(focus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_round_trips() {
        for (format, row) in ReportFormat::ALL.into_iter().zip(&TABLE) {
            assert_eq!(row.format, format);
            for name in row.names.iter().chain(row.media_types) {
                assert_eq!(ReportFormat::from_name(name), Some(format), "{name}");
            }
            assert_eq!(ReportFormat::from_name(format.extension()), Some(format));
            assert_eq!(
                ReportFormat::from_accept(format.media_type()),
                Some((format, format.media_type()))
            );
        }
        let path = std::path::Path::new("rapport.SARIF");
        assert_eq!(ReportFormat::from_path(path), Some(ReportFormat::Sarif));
        assert_eq!(
            ReportFormat::from_accept("application/json"),
            Some((ReportFormat::JsonLd, "application/json"))
        );
        assert_eq!(
            ReportFormat::from_accept("").map(|(format, _)| format),
            Some(ReportFormat::Turtle)
        );
        assert_eq!(ReportFormat::from_accept("image/png"), None);
    }
}
