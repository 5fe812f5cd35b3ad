//! Statements written in an RDF syntax with the prefixes a Flemish reader expects. JSON-LD documents by a register's
//! context are made in `jsonld`; here JSON-LD is the plain expanded form, in which triple terms of RDF 1.2 are literals of their text.

use crate::rdf::format::Format;
use crate::rdf::text::json_ld_term;
use crate::store::{Graphs, Id, View};
use oxrdf::{
    GraphName, GraphNameRef, NamedNode, NamedOrBlankNode, QuadRef, Term, TermRef, Triple, TripleRef,
};
use oxrdfio::{JsonLdProfileSet, RdfFormat, RdfSerializer};
use std::io::{self, Write};

/// Prefixes of Turtle, TriG and RDF/XML documents.
pub const PREFIXES: [(&str, &str); 34] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("adres", "https://data.vlaanderen.be/ns/adres#"),
    ("besluit", "http://data.vlaanderen.be/ns/besluit#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("dienst", "https://data.vlaanderen.be/ns/dienst#"),
    ("dossier", "https://data.vlaanderen.be/ns/dossier#"),
    ("eli", "http://data.europa.eu/eli/ontology#"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("gebouw", "https://data.vlaanderen.be/ns/gebouw#"),
    ("generiek", "https://data.vlaanderen.be/ns/generiek#"),
    ("geo", "http://www.opengis.net/ont/geosparql#"),
    ("hydra", "http://www.w3.org/ns/hydra/core#"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("m8g", "http://data.europa.eu/m8g/"),
    ("mandaat", "http://data.vlaanderen.be/ns/mandaat#"),
    ("mobiliteit", "https://data.vlaanderen.be/ns/mobiliteit#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("organisatie", "https://data.vlaanderen.be/ns/organisatie#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("perceel", "https://data.vlaanderen.be/ns/perceel#"),
    ("person", "http://www.w3.org/ns/person#"),
    ("persoon", "https://data.vlaanderen.be/ns/persoon#"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("regorg", "http://www.w3.org/ns/regorg#"),
    ("schema", "http://schema.org/"),
    ("sd", "http://www.w3.org/ns/sparql-service-description#"),
    ("sh", "http://www.w3.org/ns/shacl#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("void", "http://rdfs.org/ns/void#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// An IRI as `prefix:name` where a prefix of [`PREFIXES`] fits and the name is plain.
pub fn shorten(iri: &str) -> Option<String> {
    PREFIXES.iter().find_map(|(prefix, namespace)| {
        let name = iri.strip_prefix(namespace)?;
        let plain = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
            && !name.ends_with('.');
        plain.then(|| format!("{prefix}:{name}"))
    })
}

/// A writer of quads in a format.
/// A writer of statements in one syntax.
struct Writer<W: Write> {
    inner: oxrdfio::WriterQuadSerializer<W>,
    is_json_ld: bool,
}

impl<W: Write> Writer<W> {
    fn quad(&mut self, quad: QuadRef<'_>) -> io::Result<()> {
        if self.is_json_ld && matches!(quad.object, TermRef::Triple(_)) {
            let object = json_ld_term(quad.object.into_owned());
            return self.inner.serialize_quad(QuadRef {
                object: object.as_ref(),
                ..quad
            });
        }
        self.inner.serialize_quad(quad)
    }

    fn triple(&mut self, triple: TripleRef<'_>) -> io::Result<()> {
        self.quad(triple.in_graph(GraphNameRef::DefaultGraph))
    }

    fn finish(self) -> io::Result<W> {
        self.inner.finish()
    }
}

fn writer<W: Write>(format: Format, out: W) -> Writer<W> {
    let rdf_format = match format {
        Format::Turtle => RdfFormat::Turtle,
        Format::TriG => RdfFormat::TriG,
        Format::NTriples => RdfFormat::NTriples,
        Format::NQuads => RdfFormat::NQuads,
        Format::RdfXml => RdfFormat::RdfXml,
        Format::JsonLd => RdfFormat::JsonLd {
            profile: JsonLdProfileSet::empty(),
        },
    };
    let mut serializer = RdfSerializer::from_format(rdf_format);
    if matches!(format, Format::Turtle | Format::TriG | Format::RdfXml) {
        for (prefix, namespace) in PREFIXES {
            serializer = serializer
                .with_prefix(prefix, namespace)
                .expect("the table holds IRIs");
        }
    }
    Writer {
        inner: serializer.for_writer(out),
        is_json_ld: format == Format::JsonLd,
    }
}

/// Writes triples.
///
/// # Errors
/// When `out` does.
pub fn write_triples<'a>(
    triples: impl IntoIterator<Item = &'a Triple>,
    format: Format,
    out: impl Write,
) -> io::Result<()> {
    let mut writer = writer(format, out);
    for triple in triples {
        writer.triple(triple.as_ref())?;
    }
    writer.finish()?.flush()
}

/// Writes quads, in the order given; a format without graphs gets the triples of the default graph.
///
/// # Errors
/// When `out` does.
pub fn write_quads<'a>(
    quads: impl IntoIterator<Item = &'a oxrdf::Quad>,
    format: Format,
    out: impl Write,
) -> io::Result<()> {
    let mut writer = writer(format, out);
    for quad in quads {
        if format.has_graphs() || quad.graph_name == GraphName::DefaultGraph {
            writer.quad(quad.as_ref())?;
        }
    }
    writer.finish()?.flush()
}

/// Writes the quads of triples: each in every graph of the view that holds it.
///
/// # Errors
/// When `out` does.
pub fn write_with_graphs<'a>(
    view: &View,
    triples: impl IntoIterator<Item = &'a Triple>,
    format: Format,
    out: impl Write,
) -> io::Result<()> {
    let mut writer = writer(format, out);
    for triple in triples {
        let ids = (
            view.id_of(triple.subject.as_ref().into()),
            view.id_of(triple.predicate.as_ref().into()),
            view.id_of(triple.object.as_ref()),
        );
        let (Some(s), Some(p), Some(o)) = ids else {
            // Cells of a collection are renamed in a tree; their graph is that of no stored statement.
            writer.triple(triple.as_ref())?;
            continue;
        };
        for quad in view.quads(Some(s), Some(p), Some(o), None) {
            let graph = graph_name(view, quad.g);
            writer.quad(triple.as_ref().in_graph(graph.as_ref()))?;
        }
    }
    writer.finish()?.flush()
}

/// Streams everything a view shows: triples of the chosen graphs, or quads when the format names graphs and several are seen.
///
/// # Errors
/// When `out` does.
pub fn write_view(view: &View, format: Format, out: impl Write) -> io::Result<()> {
    let mut writer = writer(format, out);
    if format.has_graphs() && !matches!(view.graphs(), Graphs::One(_) | Graphs::Default) {
        for graph in view.graph_names().into_iter().chain([Id::DEFAULT_GRAPH]) {
            let name = graph_name(view, graph);
            for quad in view.quads(None, None, None, Some(graph)) {
                let triple = triple_of(view, [quad.s, quad.p, quad.o]);
                writer.quad(triple.as_ref().in_graph(name.as_ref()))?;
            }
        }
    } else {
        for ids in view.triples(None, None, None) {
            writer.triple(triple_of(view, ids).as_ref())?;
        }
    }
    writer.finish()?.flush()
}

fn triple_of(view: &View, [s, p, o]: [Id; 3]) -> Triple {
    let subject =
        NamedOrBlankNode::try_from(view.term(s)).expect("subjects are IRIs or blank nodes");
    let predicate = NamedNode::new_unchecked(view.iri(p).expect("predicates are IRIs"));
    Triple::new(subject, predicate, view.term(o))
}

fn graph_name(view: &View, graph: Id) -> GraphName {
    if graph == Id::DEFAULT_GRAPH {
        return GraphName::DefaultGraph;
    }
    match view.term(graph) {
        Term::NamedNode(node) => node.into(),
        Term::BlankNode(node) => node.into(),
        Term::Literal(_) | Term::Triple(_) => GraphName::DefaultGraph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::test_data::view_of_graphs;

    #[test]
    fn every_format_reads_back() {
        let view = view_of_graphs(&[
            (
                Some("http://e/g"),
                "<http://e/a> <http://e/p> \"x\"@nl, 5, [ <http://e/q> 1 ] .",
            ),
            (None, "<http://e/a> <http://e/p> \"y\" ."),
        ]);
        for format in Format::ALL {
            let mut out = Vec::new();
            write_view(&view, format, &mut out).expect("memory takes writes");
            let parsed = oxrdfio::RdfParser::from_format(match format {
                Format::Turtle => RdfFormat::Turtle,
                Format::TriG => RdfFormat::TriG,
                Format::NTriples => RdfFormat::NTriples,
                Format::NQuads => RdfFormat::NQuads,
                Format::RdfXml => RdfFormat::RdfXml,
                Format::JsonLd => RdfFormat::JsonLd {
                    profile: JsonLdProfileSet::empty(),
                },
            })
            .for_slice(&out)
            .collect::<Result<Vec<_>, _>>()
            .unwrap_or_else(|e| panic!("{format:?}: {e}"));
            assert_eq!(parsed.len(), 5, "{format:?}");
            let named = parsed.iter().filter(|q| !q.graph_name.is_default_graph());
            assert_eq!(named.count(), if format.has_graphs() { 4 } else { 0 });
        }
    }

    #[test]
    fn shortens_with_known_prefixes_only() {
        assert_eq!(
            shorten("https://data.vlaanderen.be/ns/adres#Adres.status").as_deref(),
            Some("adres:Adres.status")
        );
        assert_eq!(shorten("http://e/x"), None);
        assert_eq!(shorten("http://schema.org/a/b"), None);
    }
}
