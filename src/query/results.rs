//! Result formats and their writers: solutions as JSON, XML, CSV, TSV or a table, graphs in the RDF syntaxes.
//! Streams, except the table, which must know its widths.

use crate::query::answer::{Answer, GraphTriples, Rows};
use crate::query::error::QueryError;
use crate::query::json::JsonSolutions;
use crate::query::prefixes::{PrefixMap, well_known_prefixes};
use crate::query::run::ParsedQuery;
use crate::query::{QueryKind, table};
use crate::rdf::format::Format;
use crate::rdf::text::json_ld_term;
use oxrdf::Variable;
use oxrdfio::{JsonLdProfileSet, RdfFormat, RdfSerializer};
use sparesults::{QueryResultsFormat, QueryResultsSerializer};
use std::io::Write;

/// How solutions and booleans are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultFormat {
    /// [SPARQL 1.1 Query Results JSON](https://www.w3.org/TR/sparql11-results-json/).
    Json,
    /// [SPARQL Query Results XML](https://www.w3.org/TR/rdf-sparql-XMLres/).
    Xml,
    /// [SPARQL 1.1 CSV](https://www.w3.org/TR/sparql11-results-csv-tsv/): plain values.
    Csv,
    /// [SPARQL 1.1 TSV](https://www.w3.org/TR/sparql11-results-csv-tsv/): terms as in Turtle.
    Tsv,
    /// Aligned columns with short names, for a terminal. Not for programs.
    Table,
}

impl ResultFormat {
    /// The formats with a media type, in the order the server prefers them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Xml, Self::Csv, Self::Tsv];

    /// By name as on the command line: `json`, `xml`, `csv`, `tsv`, `table`; case-insensitive.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "json" | "srj" => Self::Json,
            "xml" | "srx" => Self::Xml,
            "csv" => Self::Csv,
            "tsv" => Self::Tsv,
            "table" | "tabel" => Self::Table,
            _ => return None,
        })
    }

    /// By media type; parameters are ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or("").trim();
        Some(match essence.to_ascii_lowercase().as_str() {
            "application/sparql-results+json" | "application/json" => Self::Json,
            "application/sparql-results+xml" | "application/xml" | "text/xml" => Self::Xml,
            "text/csv" => Self::Csv,
            "text/tab-separated-values" => Self::Tsv,
            _ => return None,
        })
    }

    /// Registered media type, with the charset where the format has one.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/sparql-results+json",
            Self::Xml => "application/sparql-results+xml",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Table => "text/plain; charset=utf-8",
        }
    }

    /// Name on the command line and in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Table => "table",
        }
    }

    fn serializer(self) -> Option<QueryResultsSerializer> {
        Some(QueryResultsSerializer::from_format(match self {
            Self::Json => QueryResultsFormat::Json,
            Self::Xml => QueryResultsFormat::Xml,
            Self::Csv => QueryResultsFormat::Csv,
            Self::Tsv => QueryResultsFormat::Tsv,
            Self::Table => return None,
        }))
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// Of `SELECT` and `ASK`.
    Solutions(ResultFormat),
    /// Of `CONSTRUCT` and `DESCRIBE`.
    Graph(Format),
}

impl OutputFormat {
    /// The format of a media type for a query form; parameters are ignored.
    pub fn from_media_type_for(media_type: &str, kind: QueryKind) -> Option<Self> {
        if kind.is_graph() {
            Format::from_media_type(media_type).map(Self::Graph)
        } else {
            ResultFormat::from_media_type(media_type).map(Self::Solutions)
        }
    }

    /// The format of a command-line name for a query form. `table` and `n3` give Turtle for graphs.
    pub fn from_name_for(name: &str, kind: QueryKind) -> Option<Self> {
        if !kind.is_graph() {
            ResultFormat::from_name(name).map(Self::Solutions)
        } else if ResultFormat::from_name(name) == Some(ResultFormat::Table)
            || name.eq_ignore_ascii_case("n3")
        {
            // Turtle is N3 too, and what clients that ask for N3 mean.
            Some(Self::Graph(Format::Turtle))
        } else {
            Format::from_name(name).map(Self::Graph)
        }
    }

    /// The media types on offer for a query form, best first; for [`negotiate`](crate::rdf::format::negotiate).
    pub fn media_types_for(kind: QueryKind) -> &'static [&'static str] {
        if kind.is_graph() {
            &[
                "text/turtle",
                "application/n-triples",
                "application/ld+json",
                "application/rdf+xml",
                "application/trig",
                "application/n-quads",
                "application/json",
                "text/plain",
            ]
        } else {
            &[
                "application/sparql-results+json",
                "application/sparql-results+xml",
                "text/csv",
                "text/tab-separated-values",
                "application/json",
                "application/xml",
                "text/xml",
            ]
        }
    }

    /// Media type for the response.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Solutions(format) => format.media_type(),
            Self::Graph(format) => format.media_type(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Solutions(format) => format.name(),
            Self::Graph(format) => format.name(),
        }
    }

    pub(super) fn check(self, kind: QueryKind) -> Result<(), QueryError> {
        if kind.is_graph() == matches!(self, Self::Graph(_)) {
            Ok(())
        } else {
            Err(QueryError::Format {
                kind,
                format: self.name(),
            })
        }
    }
}

/// Writes an answer; returns the number of rows.
pub(super) fn write(
    answer: Answer,
    format: OutputFormat,
    query: &ParsedQuery,
    out: impl Write,
) -> Result<u64, QueryError> {
    match (answer, format) {
        (Answer::Solutions { variables, rows }, OutputFormat::Solutions(format)) => {
            if format == ResultFormat::Json {
                return write_json(&variables, rows, out);
            }
            match format.serializer() {
                Some(serializer) => write_solutions(serializer, variables, rows, out),
                None => table::write(&variables, rows, &PrefixMap::new(query.prefixes()), out),
            }
        }
        (Answer::Boolean(value), OutputFormat::Solutions(format)) => {
            write_boolean(value, format, out).map_err(QueryError::Write)?;
            Ok(1)
        }
        (Answer::Graph(triples), OutputFormat::Graph(format)) => {
            write_graph(triples, format, query, out)
        }
        (_, format) => Err(QueryError::Format {
            kind: query.kind(),
            format: format.name(),
        }),
    }
}

fn write_json(variables: &[Variable], mut rows: Rows, out: impl Write) -> Result<u64, QueryError> {
    let mut writer = JsonSolutions::start(out, variables);
    let mut count = 0;
    while let Some(written) = rows.write_texts(|row| writer.row_of_texts(row.texts())) {
        written?;
        count += 1;
    }
    while let Some(values) = rows.next_values() {
        writer.row(values?).map_err(QueryError::Write)?;
        count += 1;
    }
    writer.finish().map_err(QueryError::Write)?;
    Ok(count)
}

fn write_solutions(
    serializer: QueryResultsSerializer,
    variables: Vec<Variable>,
    mut rows: Rows,
    out: impl Write,
) -> Result<u64, QueryError> {
    let mut writer = serializer
        .serialize_solutions_to_writer(out, variables.clone())
        .map_err(QueryError::Write)?;
    let mut count = 0;
    while let Some(values) = rows.next_values() {
        let bound = variables
            .iter()
            .zip(values?)
            .filter_map(|(variable, value)| Some((variable, value.as_ref()?)));
        writer.serialize(bound).map_err(QueryError::Write)?;
        count += 1;
    }
    let mut out = writer.finish().map_err(QueryError::Write)?;
    out.flush().map_err(QueryError::Write)?;
    Ok(count)
}

fn write_boolean(value: bool, format: ResultFormat, mut out: impl Write) -> std::io::Result<()> {
    match format.serializer() {
        Some(serializer) => serializer.serialize_boolean_to_writer(out, value)?.flush(),
        None => {
            writeln!(out, "{value}")?;
            out.flush()
        }
    }
}

fn write_graph(
    triples: GraphTriples,
    format: Format,
    query: &ParsedQuery,
    out: impl Write,
) -> Result<u64, QueryError> {
    let mut serializer = RdfSerializer::from_format(rdf_format(format));
    let declared = query
        .prefixes()
        .iter()
        .map(|(prefix, iri)| (prefix.as_str(), iri.as_str()));
    for (prefix, iri) in declared {
        if let Ok(extended) = serializer.clone().with_prefix(prefix, iri) {
            serializer = extended;
        }
    }
    if query.prefixes().is_empty() {
        for (prefix, iri) in well_known_prefixes() {
            if PLAIN_PREFIXES.contains(prefix)
                && let Ok(extended) = serializer.clone().with_prefix(*prefix, *iri)
            {
                serializer = extended;
            }
        }
    }
    let mut writer = serializer.for_writer(out);
    let mut count = 0;
    for triple in triples {
        let mut triple = triple?;
        if format == Format::JsonLd {
            triple.object = json_ld_term(triple.object);
        }
        writer
            .serialize_triple(&triple)
            .map_err(QueryError::Write)?;
        count += 1;
    }
    let mut out = writer.finish().map_err(QueryError::Write)?;
    out.flush().map_err(QueryError::Write)?;
    Ok(count)
}

/// Prefixes of a graph whose query declares none.
const PLAIN_PREFIXES: &[&str] = &["dct", "owl", "rdf", "rdfs", "skos", "xsd"];

fn rdf_format(format: Format) -> RdfFormat {
    match format {
        Format::Turtle => RdfFormat::Turtle,
        Format::TriG => RdfFormat::TriG,
        Format::NTriples => RdfFormat::NTriples,
        Format::NQuads => RdfFormat::NQuads,
        Format::RdfXml => RdfFormat::RdfXml,
        Format::JsonLd => RdfFormat::JsonLd {
            profile: JsonLdProfileSet::empty(),
        },
    }
}
