//! Pages of streams in the formats that readers ask for. N-Quads is what members are kept in and costs nothing but copying;
//! the others are written from it. A syntax without graphs tells of versions instead of activities.

use super::describe::{self, Form};
use super::pages::{self, Branch, MEMBERS, Node};
use crate::feeds::stream::{AS, Stream, TREE, item_number};
use crate::rdf::format::Format;
use crate::rdf::vocab::rdf;
use oxrdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Quad, Term};
use oxrdfio::{RdfFormat, RdfParser, RdfSerializer};
use std::io;

const DCT: &str = "http://purl.org/dc/terms/";
/// Path segment of IRIs that stand for blank nodes.
const GENID: &str = "/.well-known/genid/";

/// A page ready to be sent.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its bytes.
    pub body: Vec<u8>,
    /// Whether it never changes.
    pub is_full: bool,
}

pub(super) fn form_of(format: Format) -> Form {
    if format.has_graphs() {
        Form::Activities
    } else {
        Form::Versions
    }
}

/// How one reader sees a stream.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Part of the addresses of pages.
    pub generation: &'a str,
    /// Members that are shown.
    pub len: u64,
    /// The format.
    pub format: Format,
    /// What addresses of pages end in, such as `?format=ttl`, when the reader asked for the format in that way.
    pub suffix: &'a str,
}

impl Reading<'_> {
    /// The address of a leaf or node: `{entry}/tijd/{generation}/{level}/{number}`.
    fn address(&self, entry: &str, node: Node) -> String {
        let Node { level, number } = node;
        format!(
            "{entry}/tijd/{}/{level}/{number}{}",
            self.generation, self.suffix
        )
    }
}

/// Writes the entry of a stream.
///
/// # Errors
/// When the stream cannot be read.
pub fn write_entry(
    stream: &Stream,
    titles: &[(&str, &str)],
    reading: &Reading<'_>,
) -> io::Result<Page> {
    let mut text = String::new();
    let page = format!("{}{}", stream.entry, reading.suffix);
    describe::stream(
        &stream.entry,
        &page,
        titles,
        form_of(reading.format),
        &mut text,
    );
    let branches = pages::top(reading.len);
    relations(stream, &page, &branches, reading, &mut text)?;
    Ok(Page {
        body: in_format(text.into_bytes(), reading.format)?,
        is_full: false,
    })
}

fn relations(
    stream: &Stream,
    page: &str,
    branches: &[Branch],
    reading: &Reading<'_>,
    text: &mut String,
) -> io::Result<()> {
    let form = form_of(reading.format);
    for (number, branch) in branches.iter().enumerate() {
        let (from, to) = branch.members;
        let Some(moments) = stream.moments(from, to)? else {
            continue;
        };
        let target = reading.address(&stream.entry, branch.node);
        describe::relations(page, number, &target, branch, moments, form, text);
    }
    Ok(())
}

/// Writes a leaf or node of a stream; none when it has none of the members.
///
/// # Errors
/// When the stream cannot be read.
pub fn write_node(stream: &Stream, node: Node, reading: &Reading<'_>) -> io::Result<Option<Page>> {
    let Some(branch) = node.among(reading.len) else {
        return Ok(None);
    };
    let page = reading.address(&stream.entry, node);
    let mut text = String::new();
    describe::page(&page, branch.is_full, &mut text);
    let body = if node.level == 0 {
        let (from, to) = branch.members;
        // A member of some fifty statements takes about ten thousand bytes.
        let mut bytes = Vec::with_capacity(text.len() + (MEMBERS as usize) * 10_240);
        bytes.extend_from_slice(text.as_bytes());
        stream.write_texts(from, to, &mut bytes)?;
        bytes
    } else {
        let below = node.below(reading.len);
        relations(stream, &page, &below, reading, &mut text)?;
        text.into_bytes()
    };
    Ok(Some(Page {
        body: in_format(body, reading.format)?,
        is_full: branch.is_full,
    }))
}

/// Writes one member by itself: that of an item and a commit; none when there is none.
///
/// # Errors
/// When the stream cannot be read.
pub fn write_member(
    stream: &Stream,
    commit: u64,
    item: &str,
    format: Format,
) -> io::Result<Option<Vec<u8>>> {
    let number = item_number(item);
    let mut from = stream.first_of(commit)?;
    loop {
        let entries = stream.entries(from, from + MEMBERS)?;
        for (at, entry) in (from..).zip(&entries) {
            if entry.commit != commit {
                return Ok(None);
            }
            if entry.item == number {
                let mut text = Vec::new();
                stream.write_texts(at, at + 1, &mut text)?;
                return Ok(Some(in_format(text, format)?));
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        from += entries.len() as u64;
    }
}

/// N-Quads of a page in another format.
pub(super) fn in_format(quads: Vec<u8>, format: Format) -> io::Result<Vec<u8>> {
    let syntax = match format {
        Format::NQuads => return Ok(quads),
        Format::TriG => RdfFormat::TriG,
        Format::JsonLd => RdfFormat::JsonLd {
            profile: oxrdfio::JsonLdProfileSet::empty(),
        },
        Format::Turtle => RdfFormat::Turtle,
        Format::NTriples => RdfFormat::NTriples,
        Format::RdfXml => RdfFormat::RdfXml,
    };
    let read = RdfParser::from_format(RdfFormat::NQuads)
        .lenient()
        .for_slice(&quads);
    let mut statements = Vec::new();
    for quad in read {
        statements.push(quad.map_err(io::Error::other)?);
    }
    if !format.has_graphs() {
        statements = versions(statements);
    }
    let mut serializer = RdfSerializer::from_format(syntax);
    let prefixes = [
        ("as", AS),
        ("tree", TREE),
        ("ldes", describe::LDES),
        ("dct", DCT),
        ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ];
    for (prefix, namespace) in prefixes {
        serializer = serializer
            .with_prefix(prefix, namespace)
            .map_err(io::Error::other)?;
    }
    let mut writer = serializer.for_writer(Vec::with_capacity(quads.len()));
    for statement in &statements {
        writer.serialize_quad(statement)?;
    }
    writer.finish()
}

/// Activities with graphs as versions: what the item says becomes what its version says, nodes that stand for blank ones
/// become blank, so that versions of one item on one page do not mix.
fn versions(quads: Vec<Quad>) -> Vec<Quad> {
    let is_as = |predicate: &NamedNode, name: &str| {
        predicate
            .as_str()
            .strip_prefix(AS)
            .is_some_and(|rest| rest == name)
    };
    let objects: rustc_hash::FxHashMap<String, String> = quads
        .iter()
        .filter(|quad| is_as(&quad.predicate, "object"))
        .map(|quad| {
            (
                plain(&quad.subject.to_string()),
                plain(&quad.object.to_string()),
            )
        })
        .collect();
    let mut members = 0_usize;
    let mut numbers = rustc_hash::FxHashMap::default();
    quads
        .into_iter()
        .filter_map(|mut quad| {
            let GraphName::NamedNode(graph) = &quad.graph_name else {
                if is_as(&quad.predicate, "object") {
                    quad.predicate = NamedNode::new_unchecked(format!("{DCT}isVersionOf"));
                } else if is_as(&quad.predicate, "published") {
                    quad.predicate = NamedNode::new_unchecked(format!("{DCT}created"));
                } else if quad.predicate.as_str() == rdf::TYPE {
                    // That something was made or changed a version says by being there.
                    let says = plain(&quad.object.to_string());
                    let is_activity = says.strip_prefix(AS);
                    if matches!(is_activity, Some("Create" | "Update")) {
                        return None;
                    }
                }
                return Some(quad);
            };
            let member = graph.as_str().to_owned();
            let item = objects.get(&member)?;
            let number = *numbers.entry(member.clone()).or_insert_with(|| {
                members += 1;
                members
            });
            let rename = |iri: &str| -> Option<NamedOrBlankNode> {
                if iri == item {
                    return Some(NamedNode::new_unchecked(&member).into());
                }
                let (_, rest) = iri.split_once(GENID)?;
                let hash = xxhash_rust::xxh3::xxh3_64(rest.as_bytes());
                Some(BlankNode::new_unchecked(format!("m{number}x{hash:x}")).into())
            };
            match &quad.subject {
                NamedOrBlankNode::NamedNode(node) => {
                    if let Some(other) = rename(node.as_str()) {
                        quad.subject = other;
                    }
                }
                NamedOrBlankNode::BlankNode(node) => {
                    let label = format!("m{number}b{}", node.as_str());
                    quad.subject = BlankNode::new_unchecked(label).into();
                }
            }
            match &quad.object {
                Term::NamedNode(node) if quad.predicate.as_str() != rdf::TYPE => {
                    if let Some(other) = rename(node.as_str()) {
                        quad.object = other.into();
                    }
                }
                Term::BlankNode(node) => {
                    let label = format!("m{number}b{}", node.as_str());
                    quad.object = BlankNode::new_unchecked(label).into();
                }
                _ => {}
            }
            quad.graph_name = GraphName::DefaultGraph;
            Some(quad)
        })
        .collect()
}

fn plain(iri: &str) -> String {
    iri.trim_matches(['<', '>']).to_owned()
}
