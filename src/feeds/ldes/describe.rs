//! What pages say besides their members, as N-Quads: the description of the stream, the relations to other pages, the shape
//! of members.

use super::pages::Branch;
use crate::feeds::stream::{AS, TREE, moment_text};
use crate::rdf::format::Format;
use crate::rdf::vocab::rdf;
use std::fmt::Write;
use std::io;

/// LDES.
pub const LDES: &str = "https://w3id.org/ldes#";
const DCT: &str = "http://purl.org/dc/terms/";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const SH: &str = "http://www.w3.org/ns/shacl#";

/// Seconds between two looks that a reader is advised to leave.
const POLLING_SECONDS: u32 = 60;

/// How members say which item they are about and when: with activities around graphs, or as versions of the item where a
/// syntax has no graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Activities,
    Versions,
}

impl Form {
    /// Predicates of the moment and of the item.
    pub(super) fn paths(self) -> (String, String) {
        match self {
            Self::Activities => (format!("{AS}published"), format!("{AS}object")),
            Self::Versions => (format!("{DCT}created"), format!("{DCT}isVersionOf")),
        }
    }

    /// The shape of members. Each form has its own: a reader that does not find at a member what its shape asks for may fetch
    /// every member by itself to look there.
    fn shape(self, entry: &str) -> String {
        match self {
            Self::Activities => format!("{entry}/vorm#lid"),
            Self::Versions => format!("{entry}/vorm#versie"),
        }
    }
}

/// Writes text; a `String` takes all of it.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{
        let _ = writeln!($out, $($text)*);
    }};
}

pub(super) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out
}

/// Writes the description of a stream at its entry.
pub(super) fn stream(
    entry: &str,
    page: &str,
    titles: &[(&str, &str)],
    form: Form,
    out: &mut String,
) {
    let stream = format!("{entry}#stroom");
    let (timestamp, object) = form.paths();
    let a = rdf::TYPE;
    line!(out, "<{stream}> <{a}> <{LDES}EventStream> .");
    for (language, title) in titles {
        line!(
            out,
            "<{stream}> <{DCT}title> \"{}\"@{language} .",
            literal(title)
        );
    }
    line!(out, "<{stream}> <{TREE}view> <{page}> .");
    let shape = form.shape(entry);
    line!(out, "<{stream}> <{TREE}shape> <{shape}> .");
    line!(out, "<{stream}> <{LDES}timestampPath> <{timestamp}> .");
    line!(out, "<{stream}> <{LDES}versionOfPath> <{object}> .");
    line!(out, "<{stream}> <{LDES}versionCreateObject> <{AS}Create> .");
    line!(out, "<{stream}> <{LDES}versionUpdateObject> <{AS}Update> .");
    line!(out, "<{stream}> <{LDES}versionDeleteObject> <{AS}Delete> .");
    line!(
        out,
        "<{stream}> <{LDES}pollingInterval> \"{POLLING_SECONDS}\"^^<{XSD}integer> ."
    );
    line!(out, "<{page}> <{a}> <{TREE}Node> .");
}

/// Writes what a page is, and that it never changes when that is so.
pub(super) fn page(page: &str, is_full: bool, out: &mut String) {
    line!(out, "<{page}> <{}> <{TREE}Node> .", rdf::TYPE);
    if is_full {
        line!(out, "<{page}> <{LDES}immutable> \"true\"^^<{XSD}boolean> .");
    }
}

/// Writes the relations of a page to the one that holds the members of a branch: none of them is older than its first, and
/// none newer than its last when it is full.
pub(super) fn relations(
    page: &str,
    number: usize,
    target: &str,
    branch: &Branch,
    (first, last): (i64, i64),
    form: Form,
    out: &mut String,
) {
    let (timestamp, _) = form.paths();
    let mut relation = |part: char, class: &str, moment: i64| {
        let name = format!("_:r{number}{part}");
        line!(out, "<{page}> <{TREE}relation> {name} .");
        line!(out, "{name} <{}> <{TREE}{class}> .", rdf::TYPE);
        line!(out, "{name} <{TREE}path> <{timestamp}> .");
        line!(
            out,
            "{name} <{TREE}value> \"{}\"^^<{XSD}dateTime> .",
            moment_text(moment)
        );
        line!(out, "{name} <{TREE}node> <{target}> .");
    };
    relation('a', "GreaterThanOrEqualToRelation", first);
    if branch.is_full {
        relation('z', "LessThanOrEqualToRelation", last);
    }
}

/// The shapes that members meet, of either form, in a format. They are about the activity or version only: a reader that
/// follows shapes to tell which statements belong to a member must not be led to look for the item's own properties at the
/// activity. `embed` are the predicates behind which items have their parts.
///
/// # Errors
/// Not for the formats there are.
pub fn write_shape(entry: &str, embed: &[String], format: Format) -> io::Result<Vec<u8>> {
    let mut out = String::new();
    for (form, letter) in [(Form::Activities, 'a'), (Form::Versions, 'v')] {
        shape(entry, form, letter, &mut out);
    }
    // A reader that takes a version out of a page leaves named nodes behind, unless the shape leads to them.
    let (version, part) = (Form::Versions.shape(entry), format!("{entry}/vorm#deel"));
    line!(out, "<{part}> <{}> <{SH}NodeShape> .", rdf::TYPE);
    for (number, predicate) in embed.iter().enumerate() {
        line!(out, "<{version}> <{SH}property> _:e{number} .");
        line!(out, "_:e{number} <{SH}path> <{predicate}> .");
        line!(out, "_:e{number} <{SH}node> <{part}> .");
    }
    super::write::in_format(out.into_bytes(), format)
}

fn shape(entry: &str, form: Form, letter: char, out: &mut String) {
    let shape = form.shape(entry);
    let a = rdf::TYPE;
    line!(out, "<{shape}> <{a}> <{SH}NodeShape> .");
    let (timestamp, object) = form.paths();
    let properties = [
        (a.to_owned(), "IRI", None),
        (object, "IRI", None),
        (timestamp, "Literal", Some(format!("{XSD}dateTime"))),
    ];
    for (number, (path, kind, datatype)) in properties.iter().enumerate() {
        let name = format!("_:{letter}{number}");
        line!(out, "<{shape}> <{SH}property> {name} .");
        line!(out, "{name} <{SH}path> <{path}> .");
        line!(out, "{name} <{SH}nodeKind> <{SH}{kind}> .");
        if let Some(datatype) = datatype {
            line!(out, "{name} <{SH}datatype> <{datatype}> .");
        }
        line!(out, "{name} <{SH}minCount> \"1\"^^<{XSD}integer> .");
        // A version has the types of its item.
        if form == Form::Activities || number > 0 {
            line!(out, "{name} <{SH}maxCount> \"1\"^^<{XSD}integer> .");
        }
    }
}
