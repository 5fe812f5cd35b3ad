//! A made-up event stream: versions of addresses on pages, written in any of the syntaxes.

use super::server::{Ask, Reply, Server};
use std::sync::{Arc, Mutex};

/// One version of an address.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) object: u64,
    pub(crate) version: u64,
    /// Seconds after a beginning.
    pub(crate) at: u64,
    pub(crate) is_delete: bool,
}

impl Version {
    pub(crate) fn new(object: u64, version: u64, at: u64) -> Self {
        Self {
            object,
            version,
            at,
            is_delete: false,
        }
    }

    pub(crate) fn delete(object: u64, version: u64, at: u64) -> Self {
        Self {
            is_delete: true,
            ..Self::new(object, version, at)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    NQuads,
    TriG,
    Turtle,
    JsonLd,
}

impl Syntax {
    pub(crate) const ALL: [Self; 4] = [Self::NQuads, Self::TriG, Self::Turtle, Self::JsonLd];

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::NQuads => "application/n-quads",
            Self::TriG => "application/trig",
            Self::Turtle => "text/turtle",
            Self::JsonLd => "application/ld+json",
        }
    }
}

const PREFIXES: &str = "\
@prefix tree: <https://w3id.org/tree#> .
@prefix ldes: <https://w3id.org/ldes#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix as: <https://www.w3.org/ns/activitystreams#> .
@prefix ex: <https://data.example/ns#> .
";

fn moment(at: u64) -> String {
    let start: jiff::Timestamp = "2025-01-01T00:00:00Z".parse().expect("a moment");
    let moment = start + jiff::SignedDuration::from_secs(at as i64);
    moment.to_string()
}

/// A page in Turtle: where it leads to and its members, each with two blank nodes.
pub(crate) fn turtle(base: &str, page: usize, next: Option<usize>, members: &[Version]) -> String {
    let mut text = format!(
        "{PREFIXES}<{base}/ldes#stream> a ldes:EventStream ; tree:view <{base}/ldes> ;\n  \
         ldes:timestampPath prov:generatedAtTime ; ldes:versionOfPath dct:isVersionOf ; ldes:pollingInterval 7 .\n"
    );
    if let Some(next) = next {
        text += &format!(
            "<{base}/p{page}> tree:relation [ a tree:Relation ; tree:node <{base}/p{next}> ] .\n"
        );
    }
    let mut told = std::collections::BTreeSet::new();
    for member in members {
        // A page is a set: what is on it twice is there once.
        if !told.insert((member.object, member.version)) {
            continue;
        }
        let Version {
            object, version, ..
        } = member;
        let iri = format!("https://data.example/id/adres/{object}");
        text += &format!("<{base}/ldes#stream> tree:member <{iri}#{version}> .\n");
        text += &format!(
            "<{iri}#{version}> dct:isVersionOf <{iri}> ; prov:generatedAtTime \"{}\"^^xsd:dateTime ",
            moment(member.at)
        );
        if member.is_delete {
            text += "; a as:Delete .\n";
        } else {
            text += &format!(
                "; a ex:Adres ; ex:huisnummer \"{version}\" ; ex:positie [ ex:punt [ ex:x {object} ; ex:y {version} ] ] .\n"
            );
        }
    }
    text
}

/// The same in another syntax.
pub(crate) fn page(
    syntax: Syntax,
    base: &str,
    page: usize,
    next: Option<usize>,
    members: &[Version],
) -> Vec<u8> {
    let text = turtle(base, page, next, members);
    let to = match syntax {
        Syntax::Turtle | Syntax::TriG => return text.into_bytes(),
        Syntax::NQuads => oxrdfio::RdfFormat::NQuads,
        Syntax::JsonLd => oxrdfio::RdfFormat::JsonLd {
            profile: oxrdfio::JsonLdProfileSet::empty(),
        },
    };
    let mut writer = oxrdfio::RdfSerializer::from_format(to).for_writer(Vec::new());
    for quad in oxrdfio::RdfParser::from_format(oxrdfio::RdfFormat::Turtle).for_slice(&text) {
        let quad = quad.expect("our own Turtle");
        writer.serialize_quad(&quad).expect("memory");
    }
    writer.finish().expect("memory")
}

/// Pages that may change while they are served: the entry leads to page 0, each page to the next, all but the last are
/// immutable.
#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) pages: Arc<Mutex<Vec<Vec<Version>>>>,
    pub(crate) syntax: Syntax,
}

impl Stream {
    pub(crate) fn new(pages: Vec<Vec<Version>>, syntax: Syntax) -> Self {
        Self {
            pages: Arc::new(Mutex::new(pages)),
            syntax,
        }
    }

    pub(crate) fn serve(&self) -> Server {
        let stream = self.clone();
        Server::start(move |ask, base| stream.answer(ask, base))
    }

    pub(crate) fn answer(&self, ask: &Ask, base: &str) -> Reply {
        let pages = self.pages.lock().expect("not poisoned").clone();
        if ask.path == "/ldes" {
            let text = turtle(base, 0, None, &[])
                + &format!(
                    "<{base}/ldes> tree:relation [ a tree:Relation ; tree:node <{base}/p0> ] .\n"
                );
            return Reply::new("text/turtle", text);
        }
        let number = ask.path.strip_prefix("/p").and_then(|n| n.parse().ok());
        let Some((number, members)) =
            number.and_then(|number: usize| Some((number, pages.get(number)?)))
        else {
            return Reply::status(404);
        };
        let next = (number + 1 < pages.len()).then_some(number + 1);
        let reply = Reply::new(
            self.syntax.media_type(),
            page(self.syntax, base, number, next, members),
        );
        if next.is_some() {
            return reply.immutable();
        }
        let etag = format!("\"{number}-{}\"", members.len());
        if ask.header("if-none-match") == Some(etag.as_str()) {
            return Reply::status(304).with("etag", etag);
        }
        reply.with("etag", etag)
    }
}

/// Objects with versions one after another, some of them deleted at the end.
pub(crate) fn history(objects: u64, versions: u64) -> Vec<Version> {
    let mut all = Vec::new();
    for version in 0..versions {
        for object in 0..objects {
            let at = version * objects + object;
            if version + 1 == versions && object % 5 == 4 {
                all.push(Version::delete(object, version, at));
            } else {
                all.push(Version::new(object, version, at));
            }
        }
    }
    all
}
