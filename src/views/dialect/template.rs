//! Templates of bodies: JSON whose objects hold keys and values as they are, and commands, whose keys start with `$`.
//! Compiled to a tree in which every constant is JSON text already. Writes nothing.
//!
//! In an object: `$at` (way to the nodes it is about; a list is tried in order), `$each` (all of them, as an array),
//! `$always` (an array also when empty), `$use` (keys of a part of `algemeen.json`). As a value: `$value` and `$language` of
//! a literal, `$boolean`, `$iri`, `$id` (end of the IRI), `$detail` (address of the object in a resource), `$link` (address
//! with the id in the place of `{id}`), `$gml` (geometry in a system), `$text` (a constant with `{id}` or `{base}`),
//! `$items`, `$next` and `$total` of a page.

use super::path::Path;
use crate::registry::Register;
use regex::Regex;
use serde_json::{Map, Value as Json};

/// What is written at one place.
#[derive(Debug)]
pub(super) enum Template {
    /// JSON text, the same in every body.
    Constant(Vec<u8>),
    /// An object, or an array of them.
    Object(Object),
    /// The members that have something to say; an empty array is not written.
    Array(Vec<Template>),
    /// Something of the first node of a way.
    Value(Value),
    /// The items of a page.
    Items(Box<Template>),
    /// Address of the next page.
    Next,
    /// Number of items of all pages.
    Total,
}

/// An object. It is written when a member that is no constant is.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) at: Vec<Source>,
    pub(super) each: bool,
    pub(super) always: bool,
    pub(super) members: Vec<Member>,
}

#[derive(Debug)]
pub(super) struct Member {
    /// The key as JSON text, with the colon.
    pub(super) key: Vec<u8>,
    pub(super) value: Template,
    /// Whether the object has something to say when this member is written.
    pub(super) counts: bool,
}

/// Where nodes come from.
#[derive(Debug)]
pub(super) enum Source {
    Path(Path),
    /// The text of an address, made of its parts, once in each language of its street.
    FullAddress(AddressParts),
}

/// Ways to the parts of an address.
#[derive(Debug)]
pub(super) struct AddressParts {
    pub(super) street: Path,
    pub(super) house_number: Path,
    pub(super) box_number: Path,
    pub(super) post_code: Path,
    pub(super) municipality: Path,
}

#[derive(Debug)]
pub(super) struct Value {
    /// Tried in order.
    pub(super) at: Vec<Source>,
    pub(super) what: What,
    /// Whether the value is one of many, as an array.
    pub(super) each: bool,
    pub(super) always: bool,
}

/// What is said of a node.
#[derive(Debug)]
pub(super) enum What {
    /// Lexical form of a literal.
    Lexical,
    /// Truth of a literal.
    Boolean,
    /// Language of a literal.
    Language,
    /// The IRI.
    Iri,
    /// Its last segment.
    Id,
    /// Constant texts with the id of the node between them.
    Around(Vec<Vec<u8>>),
    /// Address of an item of a register.
    Detail(Detail),
    /// The geometry of the node as GML.
    Gml(Gml),
}

/// Addresses of the items of a register.
#[derive(Debug)]
pub(super) struct Detail {
    /// What the IRIs of its items begin with.
    pub(super) strip: String,
    /// What the rest of them looks like.
    pub(super) id_pattern: Regex,
    /// What the addresses begin with, as JSON text.
    pub(super) address: Vec<u8>,
    /// What the addresses of documents about other IRIs begin with, as JSON text.
    pub(super) elsewhere: Vec<u8>,
}

/// A geometry in a system.
#[derive(Debug)]
pub(super) struct Gml {
    /// IRI of the system.
    pub(super) system: &'static str,
    /// Whether it only repeats another one in a second system: left out when the reader asks for one.
    pub(super) is_twin: bool,
    pub(super) as_gml: Path,
    pub(super) as_wkt: Path,
}

/// Compiles the declarations of one version.
pub(super) struct Compiler<'a> {
    pub(super) base: &'a str,
    pub(super) version: &'a str,
    pub(super) registers: &'a [Register],
    /// Prefixes, parts and resources that all declarations share.
    pub(super) shared: &'a Json,
    /// Table of predicates, extended.
    pub(super) predicates: &'a mut Vec<String>,
}

/// Parts use parts at most this deep.
const MAX_USES: usize = 16;

impl Compiler<'_> {
    pub(super) fn path(&mut self, text: &str) -> Result<Path, String> {
        let prefixes = self.shared.get("prefixes");
        let predicates = &mut *self.predicates;
        Path::parse(text, |name| {
            let iri = name
                .split_once(':')
                .and_then(|(prefix, local)| {
                    Some(format!("{}{local}", prefixes?.get(prefix)?.as_str()?))
                })
                .ok_or_else(|| format!("the prefix of \"{name}\" is unknown"))?;
            if let Some(at) = predicates.iter().position(|known| *known == iri) {
                return Ok(at);
            }
            predicates.push(iri);
            Ok(predicates.len() - 1)
        })
    }

    pub(super) fn template(&mut self, json: &Json) -> Result<Template, String> {
        self.within(json, 0)
    }

    fn within(&mut self, json: &Json, depth: usize) -> Result<Template, String> {
        if depth > MAX_USES * 2 {
            return Err("templates lie too deep within each other".to_owned());
        }
        match json {
            Json::Array(items) => {
                let items = items.iter().map(|item| self.within(item, depth + 1));
                Ok(Template::Array(items.collect::<Result<_, _>>()?))
            }
            Json::Object(object) => {
                let object = self.with_parts(object)?;
                match command(&object) {
                    Some(name) => self.value(name, &object, depth),
                    None => self.object(&object, depth),
                }
            }
            constant => Ok(Template::Constant(text_of(constant))),
        }
    }

    /// The object with the keys of the part it uses; its own keys replace those of the part.
    fn with_parts(&self, object: &Map<String, Json>) -> Result<Map<String, Json>, String> {
        let mut out = object.clone();
        for _ in 0..MAX_USES {
            let Some(name) = out.get("$use").cloned() else {
                return Ok(out);
            };
            let part = name
                .as_str()
                .and_then(|name| self.shared.get("parts")?.get(name)?.as_object())
                .ok_or_else(|| format!("there is no part {name}"))?;
            let mut merged = part.clone();
            for (key, value) in out {
                if key != "$use" {
                    merged.insert(key, value);
                }
            }
            out = merged;
        }
        Err("parts use each other in a circle".to_owned())
    }

    fn object(&mut self, object: &Map<String, Json>, depth: usize) -> Result<Template, String> {
        let mut members = Vec::new();
        for (key, value) in object {
            if key.starts_with('$') {
                if !matches!(key.as_str(), "$at" | "$each" | "$always") {
                    return Err(format!("unknown command {key}"));
                }
                continue;
            }
            let mut text = text_of(&Json::from(key.as_str()));
            text.push(b':');
            let value = self.within(value, depth + 1)?;
            members.push(Member {
                key: text,
                counts: !matches!(value, Template::Constant(_)),
                value,
            });
        }
        Ok(Template::Object(Object {
            at: self.sources(object.get("$at"))?,
            each: is_set(object, "$each"),
            always: is_set(object, "$always"),
            members,
        }))
    }

    fn sources(&mut self, at: Option<&Json>) -> Result<Vec<Source>, String> {
        let texts: Vec<&Json> = match at {
            None => Vec::new(),
            Some(Json::Array(texts)) => texts.iter().collect(),
            Some(one) => vec![one],
        };
        texts.into_iter().map(|text| self.source(text)).collect()
    }

    fn source(&mut self, text: &Json) -> Result<Source, String> {
        if let Some(parts) = text.get("$address") {
            let mut part = |key: &str| {
                let way = parts.get(key).and_then(|way| way.as_str());
                let way = way.ok_or_else(|| format!("$address lacks \"{key}\""))?;
                self.path(way)
            };
            return Ok(Source::FullAddress(AddressParts {
                street: part("street")?,
                house_number: part("houseNumber")?,
                box_number: part("boxNumber")?,
                post_code: part("postCode")?,
                municipality: part("municipality")?,
            }));
        }
        let text = text.as_str().ok_or("a way is a text")?;
        Ok(Source::Path(self.path(text)?))
    }

    fn value(
        &mut self,
        name: &str,
        object: &Map<String, Json>,
        depth: usize,
    ) -> Result<Template, String> {
        let argument = &object[name];
        let text = || {
            argument
                .as_str()
                .ok_or_else(|| format!("{name} wants a text"))
        };
        // The way is the argument itself, or stands in `$at` where the argument says something else.
        let (way, what) = match name {
            "$items" => {
                return Ok(Template::Items(Box::new(self.within(argument, depth + 1)?)));
            }
            "$next" => return Ok(Template::Next),
            "$total" => return Ok(Template::Total),
            "$context" => {
                let context = format!("{}/contexts/registers-{}.jsonld", self.base, self.version);
                return Ok(Template::Constant(text_of(&Json::from(context))));
            }
            "$value" => (Some(argument), What::Lexical),
            "$boolean" => (Some(argument), What::Boolean),
            "$language" => (Some(argument), What::Language),
            "$iri" => (Some(argument), What::Iri),
            "$id" => (Some(argument), What::Id),
            "$detail" => (object.get("$at"), self.detail(text()?)?),
            "$link" => {
                let address = format!("{}/{}{}", self.base, self.version, text()?);
                (object.get("$at"), around(&address))
            }
            "$text" => (object.get("$at"), around(text()?)),
            "$gml" => {
                let system = crate::query::system_of(text()?)
                    .ok_or_else(|| format!("the system {argument} is unknown"))?;
                let gml = Gml {
                    system,
                    is_twin: is_set(object, "$twin"),
                    as_gml: self.path("geo:asGML")?,
                    as_wkt: self.path("geo:asWKT")?,
                };
                (object.get("$at"), What::Gml(gml))
            }
            other => return Err(format!("unknown command {other}")),
        };
        Ok(Template::Value(Value {
            at: self.sources(way)?,
            what,
            each: is_set(object, "$each"),
            always: is_set(object, "$always"),
        }))
    }

    fn detail(&self, resource: &str) -> Result<What, String> {
        let register = self
            .shared
            .get("resources")
            .and_then(|resources| resources.get(resource)?.as_str())
            .and_then(|name| self.registers.iter().find(|known| known.name == name))
            .ok_or_else(|| format!("there is no resource \"{resource}\""))?;
        let (strip, _) = register.iri.split_once("{id}").ok_or("no id in the IRI")?;
        let start = |address: String| {
            let mut text = text_of(&Json::from(address));
            text.pop();
            text
        };
        Ok(What::Detail(Detail {
            strip: strip.to_owned(),
            id_pattern: register.id_pattern.clone(),
            address: start(format!("{}/{}/{resource}/", self.base, self.version)),
            elsewhere: start(format!("{}/doc?uri=", self.base)),
        }))
    }
}

/// The command that makes an object a value.
fn command(object: &Map<String, Json>) -> Option<&str> {
    object
        .keys()
        .map(String::as_str)
        .find(|key| key.starts_with('$') && !matches!(*key, "$at" | "$each" | "$always" | "$twin"))
}

fn is_set(object: &Map<String, Json>, key: &str) -> bool {
    object.get(key) == Some(&Json::Bool(true))
}

fn text_of(json: &Json) -> Vec<u8> {
    json.to_string().into_bytes()
}

/// What stands around the places of `{id}`, as the inside of a JSON text.
fn around(text: &str) -> What {
    let inside = |part: &str| {
        let quoted = text_of(&Json::from(part));
        quoted[1..quoted.len() - 1].to_vec()
    };
    What::Around(text.split("{id}").map(inside).collect())
}
