//! The last members of a stream for people: what happened to which item, and by which properties it says something else than
//! before. Writes nothing.

use crate::feeds::stream::{AS, Kind, Member, Stream};
use oxrdf::{GraphName, Quad};
use oxrdfio::{RdfFormat, RdfParser};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A member as people read of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// IRI of the member.
    pub member: String,
    /// IRI of the item.
    pub item: String,
    /// What happened to the item.
    pub kind: Kind,
    /// Number of the commit that made the member.
    pub commit: u64,
    /// When, in milliseconds since 1970 UTC.
    pub moment: i64,
    /// Predicates with other values than before, sorted; empty for what came or went.
    pub changed: Vec<String>,
}

/// The last members of a stream, the newest first.
///
/// # Errors
/// When the stream cannot be read.
pub fn latest(stream: &Stream, count: u64) -> io::Result<Vec<Latest>> {
    let len = stream.len();
    let members = stream.members(len.saturating_sub(count), len)?;
    members.iter().rev().map(told).collect()
}

/// Subject and object of the statements about an item, by their predicate.
type Says = BTreeMap<String, BTreeSet<(String, String)>>;

fn told(member: &Member) -> io::Result<Latest> {
    let (mut name, mut item) = (String::new(), String::new());
    let mut now = Says::new();
    for quad in quads(&member.text) {
        let quad = quad?;
        if quad.graph_name != GraphName::DefaultGraph {
            say(&mut now, &quad);
        } else if quad.predicate.as_str().strip_prefix(AS) == Some("object") {
            name = bare(&quad.subject.to_string());
            item = bare(&quad.object.to_string());
        }
    }
    let mut changed = Vec::new();
    if member.entry.kind == Kind::Update {
        let mut before = Says::new();
        for quad in quads(&member.before) {
            say(&mut before, &quad?);
        }
        let all: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let differs = |predicate: &&String| before.get(*predicate) != now.get(*predicate);
        changed = all.into_iter().filter(differs).cloned().collect();
    }
    Ok(Latest {
        member: name,
        item,
        kind: member.entry.kind,
        commit: member.entry.commit,
        moment: member.entry.moment,
        changed,
    })
}

fn quads(text: &[u8]) -> impl Iterator<Item = io::Result<Quad>> {
    let parser = RdfParser::from_format(RdfFormat::NQuads).lenient();
    parser
        .for_slice(text)
        .map(|quad| quad.map_err(io::Error::other))
}

fn say(says: &mut Says, quad: &Quad) {
    let values = says.entry(quad.predicate.as_str().to_owned()).or_default();
    values.insert((quad.subject.to_string(), quad.object.to_string()));
}

fn bare(iri: &str) -> String {
    iri.trim_matches(['<', '>']).to_owned()
}
