//! One member → one CloudEvent in the shape of the base registries' feed (JSON schemas of 2026-01-21): the object, when it
//! changed, the municipalities it belongs to, and the attributes that changed with their old and new values.

use super::document::{Document, iri_in};
use super::words::word_of;
use crate::feeds::stream::{AS, Kind, Member, moment_text};
use crate::ingest::ContextStore;
use crate::ingest::normalise::{Attribute, AttributeKind, Normaliser};
use crate::rdf::text::{parse_term, split_literal, unescape};
use crate::rdf::vocab::{geo, prov};
use crate::registry::{Moment, Register};
use crate::views::Context;
use oxrdf::Term;
use oxrdf::vocab::xsd;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// What the IRI of a municipality begins with; the rest is its NIS code.
const MUNICIPALITY: &str = "https://data.vlaanderen.be/id/gemeente/";
/// The system that geometries kept as WKT alone are told in: the one of the source.
const SYSTEM: &str = "http://www.opengis.net/def/crs/EPSG/0/31370";

/// What is told of the objects of a register.
enum Told {
    /// What the feed of the base registries tells.
    Declared(Vec<Attribute>),
    /// All that documents say, by the terms of a context.
    Everything(Context),
}

/// Makes the events of one register.
pub(super) struct Maker {
    register: Register,
    word: String,
    source: String,
    told: Told,
}

impl Maker {
    pub(super) fn new(base: &str, register: &Register) -> Self {
        let told = match Normaliser::shipped().of_events_about(&register.name) {
            Some(mapping) => Told::Declared(mapping.attributes()),
            None => Told::Everything(context_of(register)),
        };
        Self {
            word: word_of(register),
            source: format!("{base}/v3/feeds/wijzigingen/{}", register.name),
            register: register.clone(),
            told,
        }
    }

    /// Name of the register.
    pub(super) fn register(&self) -> &str {
        &self.register.name
    }

    /// The event of a member.
    pub(super) fn event(&self, member: &Member, id: u64) -> Json {
        let item = item_of(&member.text).unwrap_or_default();
        let subject = iri_in(item).unwrap_or_default();
        let object = self.register.id_of_iri(subject);
        let object = object.unwrap_or_else(|| subject.rsplit(['/', '#']).next().unwrap_or(subject));
        let space = subject.strip_suffix(object).unwrap_or(subject);
        let (before, after) = (Document::read(&member.before), Document::read(&member.text));
        let (what, newest) = match member.entry.kind {
            Kind::Create => ("create", &after),
            Kind::Update => ("update", &after),
            Kind::Delete => ("delete", &before),
        };
        let moment = moment_text(member.entry.moment);
        let version = match member.entry.kind {
            Kind::Delete => None,
            Kind::Create | Kind::Update => self.version(item, &after),
        };
        // As in the published feed: what is gone has no values any more, and nobody asks for the old ones.
        let attributes = match member.entry.kind {
            Kind::Delete => Vec::new(),
            Kind::Create | Kind::Update => self.attributes(item, &before, &after),
        };
        json!({
            "specversion": "1.0",
            "id": id.to_string(),
            "time": moment,
            "type": format!("basisregisters.{}.{what}.v1", self.word),
            "source": self.source,
            "subject": subject,
            "datacontenttype": "application/json",
            "data": {
                "objectId": object,
                "naamruimte": space.trim_end_matches('/'),
                "versieId": version.unwrap_or_else(|| in_seconds(&moment)),
                "nisCodes": municipalities(subject, item, newest),
                "attributen": attributes,
            },
        })
    }

    /// The moment that the object itself says it last changed.
    fn version(&self, item: &str, document: &Document<'_>) -> Option<String> {
        if self.register.version.is_empty() {
            return None;
        }
        let found = document.under(item, &self.register.version);
        let mut texts = found.into_iter().filter_map(lexical);
        texts.find(|text| Moment::parse(text).is_some())
    }

    fn attributes(&self, item: &str, before: &Document<'_>, after: &Document<'_>) -> Vec<Json> {
        match &self.told {
            Told::Declared(attributes) => attributes
                .iter()
                .filter_map(|attribute| {
                    let value = |document| declared(document, item, attribute);
                    changed(&attribute.name, value(before), value(after))
                })
                .collect(),
            Told::Everything(context) => {
                // Where there are too many ways to values it is told that something changed, and nobody is told half of it.
                let (Some(was), Some(is)) = (before.leaves(item), after.leaves(item)) else {
                    return Vec::new();
                };
                let paths: BTreeSet<&Vec<&str>> = was.keys().chain(is.keys()).collect();
                let none = BTreeSet::new();
                let told = paths.into_iter().filter_map(|path| {
                    let name = |iri: &&str| context.term_name(iri).unwrap_or(iri).to_owned();
                    let name: Vec<String> = path.iter().map(name).collect();
                    let value = |leaves: &BTreeSet<&str>| several(leaves.iter().copied());
                    let (was, is) = (was.get(path), is.get(path));
                    let (was, is) = (was.unwrap_or(&none), is.unwrap_or(&none));
                    changed(&name.join("."), value(was), value(is))
                });
                told.collect()
            }
        }
    }
}

fn context_of(register: &Register) -> Context {
    let name = format!("{}.jsonld", register.context);
    let files = ContextStore::shipped_files().into_iter();
    let mut files = files.filter(|(known, _)| *known == name);
    let text = files.next().map(|(_, bytes)| bytes);
    let text = text.and_then(|bytes| std::str::from_utf8(bytes).ok());
    text.and_then(|text| Context::parse(text).ok())
        .unwrap_or_default()
}

/// The item of a member, as text: its activity says it.
fn item_of(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    let is_object = format!(" <{AS}object> ");
    let line = text.lines().take(4).find(|line| line.contains(&is_object));
    line?.split_once(&is_object)?.1.strip_suffix(" .")
}

/// A moment without its fraction, as versions of objects are told.
fn in_seconds(moment: &str) -> String {
    match moment.split_once('.') {
        Some((seconds, rest)) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        None => moment.to_owned(),
    }
}

/// NIS codes of the municipalities that the object says it is attributed to, or its own.
fn municipalities(subject: &str, item: &str, document: &Document<'_>) -> Vec<String> {
    let path = [prov::WAS_ATTRIBUTED_TO.to_owned()];
    let found = document.under(item, &path);
    let iris = found.into_iter().filter_map(iri_in).chain([subject]);
    let code = |iri: &str| {
        let code = iri.strip_prefix(MUNICIPALITY)?;
        let is_code = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| code.to_owned())
    };
    let codes: BTreeSet<String> = iris.filter_map(code).collect();
    codes.into_iter().collect()
}

/// An attribute, when its value changed.
fn changed(name: &str, was: Json, is: Json) -> Option<Json> {
    (was != is).then(|| json!({ "naam": name, "oudeWaarde": was, "nieuweWaarde": is }))
}

/// The value of an attribute in the form that the feed gives it.
fn declared(document: &Document<'_>, item: &str, attribute: &Attribute) -> Json {
    let found = document.at(item, &attribute.path);
    let texts = || found.iter().copied();
    match &attribute.kind {
        AttributeKind::Text => one_of(texts().filter_map(lexical).map(Json::from)),
        AttributeKind::Boolean => one_of(texts().map(plain)),
        AttributeKind::Iri => one_of(texts().filter_map(iri_in).map(Json::from)),
        AttributeKind::Iris => texts().filter_map(iri_in).collect(),
        AttributeKind::Languages => texts().filter_map(lexical).collect(),
        AttributeKind::Labels => texts().filter_map(label).collect(),
        AttributeKind::Geometry(name) => {
            let geometries = found.iter().flat_map(|node| geometries(document, node));
            let geometries: BTreeSet<String> = geometries.collect();
            if geometries.is_empty() {
                return Json::Null;
            }
            let told = geometries
                .into_iter()
                .map(|gml| json!({ "type": name, "gml": gml }));
            told.collect()
        }
    }
}

/// The GML of a geometry: as it is kept, once for each system; made of its WKT where there is none.
fn geometries(document: &Document<'_>, node: &str) -> Vec<String> {
    let values = |predicate: &str| {
        let found = document.under(node, &[predicate.to_owned()]);
        found.into_iter().filter_map(lexical).collect::<Vec<_>>()
    };
    let kept = values(geo::AS_GML);
    if !kept.is_empty() {
        return kept;
    }
    let made = values(geo::AS_WKT).into_iter();
    made.filter_map(|wkt| crate::query::gml_in(&wkt, true, SYSTEM))
        .collect()
}

/// The text of a literal.
fn lexical(text: &str) -> Option<String> {
    let literal = split_literal(text).ok()?;
    Some(unescape(literal.escaped).ok()?.into_owned())
}

/// A text with its language.
fn label(text: &str) -> Option<Json> {
    let value = lexical(text)?;
    let literal = split_literal(text).ok()?;
    Some(match literal.language {
        Some(language) => json!({ "@value": value, "@language": language }),
        None => json!({ "@value": value }),
    })
}

/// Null, a value, or a list of several; texts in a language are always a list.
fn several<'a>(texts: impl Iterator<Item = &'a str>) -> Json {
    one_of(texts.map(plain))
}

fn one_of(values: impl Iterator<Item = Json>) -> Json {
    let mut values: Vec<Json> = values.collect();
    match values.len() {
        0 => Json::Null,
        1 if !values[0].is_object() => values.remove(0),
        _ => Json::Array(values),
    }
}

fn plain(text: &str) -> Json {
    if let Some(iri) = iri_in(text) {
        return iri.into();
    }
    let Ok(Term::Literal(literal)) = parse_term(text) else {
        return text.into();
    };
    if literal.language().is_some() {
        return label(text).unwrap_or_default();
    }
    let value = literal.value();
    match literal.datatype() {
        xsd::BOOLEAN if matches!(value, "true" | "1") => true.into(),
        xsd::BOOLEAN if matches!(value, "false" | "0") => false.into(),
        xsd::INTEGER => crate::rdf::text::json_integer(value).map_or(value.into(), Json::from),
        _ => value.into(),
    }
}
