//! Exchanges that a manifest writes down in the HTTP vocabulary: made real, one request after the other.

use super::{Live, Reply};
use crate::rdf_suites::isomorphic;
use crate::suite::{Corpus, Entry, mf};
use oxrdf::{Dataset, GraphName, Term};
use oxrdfio::{RdfFormat, RdfParser};

const HT: &str = "http://www.w3.org/2011/http#";
const CNT: &str = "http://www.w3.org/2011/content#";
const STATUS: &str = "http://www.w3.org/2011/http-statusCodes#";
const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const UT: &str = "http://www.w3.org/2009/sparql/tests/test-update#";
const LABEL: &str = "http://www.w3.org/2000/01/rdf-schema#label";

/// How the paths of a suite are those of the server: longest first.
pub(super) type Paths = [(&'static str, &'static str)];

/// The text of an IRI or literal.
fn text(term: &Term) -> &str {
    match term {
        Term::NamedNode(node) => node.as_str(),
        Term::Literal(literal) => literal.value(),
        Term::BlankNode(_) | Term::Triple(_) => "",
    }
}

fn one(entry: &Entry, of: &Term, predicate: &str) -> Option<Term> {
    entry.objects_of(of, predicate).pop()
}

fn text_of(entry: &Entry, of: &Term, namespace: &str, name: &str) -> Option<String> {
    one(entry, of, &format!("{namespace}{name}")).map(|term| text(&term).to_owned())
}

/// Name and value of the headers of a request or response.
fn headers_of(entry: &Entry, message: &Term) -> Vec<(String, String)> {
    let lists = entry.objects_of(message, &format!("{HT}headers"));
    lists
        .into_iter()
        .flat_map(|head| entry.list(head))
        .filter_map(|field| {
            let name = text_of(entry, &field, HT, "fieldName")?;
            Some((name, text_of(entry, &field, HT, "fieldValue")?))
        })
        .collect()
}

/// The bytes of a body, in the encoding it is to have.
fn body_of(entry: &Entry, message: &Term) -> Option<Vec<u8>> {
    let body = one(entry, message, &format!("{HT}body"))?;
    let chars = text_of(entry, &body, CNT, "chars")?;
    Some(
        match text_of(entry, &body, CNT, "characterEncoding").as_deref() {
            Some("UTF-16") => {
                let units = std::iter::once(0xFEFF).chain(chars.encode_utf16());
                units.flat_map(u16::to_be_bytes).collect()
            }
            _ => chars.into_bytes(),
        },
    )
}

/// Runs the exchanges of a test on a server that holds nothing.
pub(super) fn run(
    corpus: &Corpus,
    entry: &Entry,
    server: &Live,
    paths: &Paths,
) -> Result<(), String> {
    server.clear();
    for data in entry.objects(&entry.id.clone().into(), &format!("{UT}graphData")) {
        let file = text_of(entry, &data, UT, "graph").ok_or("data without a file")?;
        let name = one(entry, &data, LABEL).ok_or("data without a name")?;
        server.put_graph(text(&name), &corpus.read(&file)?);
    }
    let action = entry.action().ok_or("has no action")?;
    let requests = one(entry, &action, &format!("{HT}requests")).ok_or("has no requests")?;
    let requests = entry.list(requests);
    if requests.is_empty() {
        return Err("has no requests".to_owned());
    }
    // What responses name and later requests use.
    let mut names: Vec<(String, String)> = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let tell = |error: String| format!("request {}: {error}", number + 1);
        step(entry, request, server, paths, &mut names).map_err(tell)?;
    }
    Ok(())
}

fn step(
    entry: &Entry,
    request: &Term,
    server: &Live,
    paths: &Paths,
    names: &mut Vec<(String, String)>,
) -> Result<(), String> {
    let replace = |text: String| {
        names
            .iter()
            .fold(text, |text, (name, value)| text.replace(name, value))
    };
    let method = text_of(entry, request, HT, "methodName").ok_or("no method")?;
    let path = text_of(entry, request, HT, "absolutePath").ok_or("no path")?;
    let (from, to) = paths
        .iter()
        .find(|(from, _)| path.starts_with(from))
        .ok_or_else(|| format!("{path} is no path of the suite"))?;
    let path = replace(format!("{to}{}", &path[from.len()..]));
    let mut sent = server.request(&method, &path);
    for (name, value) in headers_of(entry, request) {
        sent = sent.with(&name, &value);
    }
    if let Some(body) = body_of(entry, request) {
        sent = sent.body(body);
    }
    let reply = server.send(&sent);
    let response = one(entry, request, &format!("{HT}resp")).ok_or("expects no response")?;
    check(entry, &response, &reply).map_err(|error| {
        format!(
            "{method} {path}: {error}; got {} {}",
            reply.status,
            reply.text()
        )
    })?;
    if let Some(name) = text_of(entry, &response, MF, "expectedLocation") {
        let location = reply.header("location");
        if location.is_empty() {
            return Err(format!("{method} {path}: no Location"));
        }
        names.push((name, location));
    }
    Ok(())
}

fn check(entry: &Entry, response: &Term, reply: &Reply) -> Result<(), String> {
    let expected = entry.objects_of(response, &format!("{MF}expectedStatus"));
    let fits = |term: &Term| {
        let name = text(term).strip_prefix(STATUS).unwrap_or("");
        match name {
            "OK" => reply.status == 200,
            "Created" => reply.status == 201,
            "NoContent" => reply.status == 204,
            "NotFound" => reply.status == 404,
            class => class
                .strip_prefix("StatusCode")
                .and_then(|class| class.strip_suffix("xx"))
                .is_some_and(|class| class == (reply.status / 100).to_string()),
        }
    };
    if !expected.iter().any(fits) {
        let names: Vec<&str> = expected.iter().map(text).collect();
        return Err(format!("expected one of {names:?}"));
    }
    if !reply.is_whole {
        return Err("broke off".to_owned());
    }
    if let Some(format) = text_of(entry, response, MF, "expectedFormat") {
        check_format(&format, reply)?;
    }
    if let Some(value) = text_of(entry, response, MF, "expectedBoolean") {
        let found = reply.json()["boolean"].to_string();
        if found != value {
            return Err(format!("expected {value}"));
        }
    }
    for (name, value) in headers_of(entry, response) {
        if reply.header(&name) != value {
            return Err(format!(
                "expected {name}: {value}, not {}",
                reply.header(&name)
            ));
        }
    }
    match body_of(entry, response) {
        Some(body) => isomorphic(dataset(&reply.body)?, dataset(&body)?),
        None => Ok(()),
    }
}

fn check_format(format: &str, reply: &Reply) -> Result<(), String> {
    let kinds: &[&str] = match format {
        "boolean" => &[
            "application/sparql-results+json",
            "application/sparql-results+xml",
        ],
        "tabular" => &[
            "application/sparql-results+json",
            "application/sparql-results+xml",
            "text/csv",
            "text/tab-separated-values",
        ],
        "RDF" => &[
            "text/turtle",
            "application/n-triples",
            "application/rdf+xml",
            "application/ld+json",
        ],
        other => return Err(format!("unknown format {other}")),
    };
    let found = reply.header("content-type");
    let essence = found.split(';').next().unwrap_or("").trim();
    if kinds.contains(&essence) {
        Ok(())
    } else {
        Err(format!("{found} is not {format}"))
    }
}

/// The statements of Turtle, in the default graph.
pub(super) fn dataset(turtle: &[u8]) -> Result<Dataset, String> {
    let mut out = Dataset::new();
    for quad in RdfParser::from_format(RdfFormat::Turtle).for_slice(turtle) {
        let mut quad = quad.map_err(|error| error.to_string())?;
        quad.graph_name = GraphName::DefaultGraph;
        out.insert(&quad);
    }
    Ok(out)
}

#[test]
fn the_vocabulary_is_that_of_the_manifests() {
    assert!(mf::ACTION.starts_with(MF));
}
