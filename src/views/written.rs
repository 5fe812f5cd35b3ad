//! What a client writes in the keys of a context: the way back from `jsonld`. Every key and value is looked at before a
//! JSON-LD reader sees it, because those drop what they do not know without a word; and each node and value is remembered
//! with its place, so that what is wrong with it later can be told where it was written.

mod places;
mod taken;
mod words;

pub use places::Places;

use super::context::{Coercion, Context, TermDefinition};
use crate::rdf::label::Text;
use crate::rdf::vocab::rdf;
use serde_json::{Map, Value as Json};
use taken::{fraction, wanted};
use words::{edits, is_language_tag, is_name_iri, is_node_name, key_of, step};

/// Mistakes of one document that are told.
const MAX_MISTAKES: usize = 20;

/// A mistake in a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Stable name.
    pub code: &'static str,
    /// Where, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    pub pointer: String,
    /// The key it stands at; empty for the whole document.
    pub name: String,
    /// The value at fault, where it is a word.
    pub value: Option<String>,
    /// What is wrong, and what to do.
    pub text: Text,
}

/// A document ready for a JSON-LD reader: every node has an `@id`.
#[derive(Debug)]
pub struct Written {
    /// The document.
    pub json: Json,
    /// Where things stand in it.
    pub places: Places,
}

/// Reads a document without `@context`. The outermost node is called `root` when it has no `@id`, other nodes get blank
/// labels that begin with `label`.
///
/// # Errors
/// The mistakes, in the order of the document.
pub fn read(
    json: Map<String, Json>,
    context: &Context,
    root: &str,
    label: &str,
) -> Result<Written, Vec<Mistake>> {
    let mut reader = Reader {
        context,
        label,
        labels: 0,
        places: Places::default(),
        mistakes: Vec::new(),
    };
    let json = reader.node(json, "", Some(root));
    if reader.mistakes.is_empty() {
        Ok(Written {
            json,
            places: reader.places,
        })
    } else {
        Err(reader.mistakes)
    }
}

struct Reader<'a> {
    context: &'a Context,
    label: &'a str,
    labels: usize,
    places: Places,
    mistakes: Vec<Mistake>,
}

/// What a key means.
enum Key<'a> {
    Predicate(String, Option<&'a TermDefinition>),
    /// A term that this registry does not write with; left to the JSON-LD reader.
    Other,
}

impl<'a> Reader<'a> {
    fn wrong(&mut self, code: &'static str, pointer: &str, value: Option<&str>, text: Text) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake {
                code,
                pointer: pointer.to_owned(),
                name: key_of(pointer),
                value: value.map(str::to_owned),
                text,
            });
        }
    }

    fn node(&mut self, members: Map<String, Json>, pointer: &str, root: Option<&str>) -> Json {
        let given = members
            .get("@id")
            .map(|id| (id.clone(), id.as_str().map(str::to_owned)));
        let id = match given {
            Some((_, Some(id))) => {
                let is_item = root.is_some() && id.is_empty();
                if !is_item && !is_node_name(&id) {
                    self.not_an_iri(&format!("{pointer}/@id"), &id);
                }
                if id.is_empty() {
                    root.unwrap_or("").to_owned()
                } else {
                    id
                }
            }
            Some((other, None)) => {
                self.not_an_iri(&format!("{pointer}/@id"), &other.to_string());
                String::new()
            }
            None => match root {
                Some(root) => root.to_owned(),
                None => {
                    self.labels += 1;
                    format!("_:{}{}", self.label, self.labels)
                }
            },
        };
        self.places
            .nodes
            .entry(id.clone())
            .or_insert_with(|| pointer.to_owned());
        let mut out = Map::new();
        out.insert("@id".to_owned(), id.as_str().into());
        for (key, value) in members {
            let place = format!("{pointer}/{}", step(&key));
            match key.as_str() {
                "@id" => {}
                "@type" => {
                    self.types(&id, &value, &place);
                    out.insert(key, value);
                }
                _ => {
                    let Some(meaning) = self.key(&key, &place) else {
                        continue;
                    };
                    let value = match meaning {
                        Key::Predicate(predicate, term) => {
                            let coercion =
                                term.map_or(Coercion::None, |term| term.coercion.clone());
                            let at = At {
                                node: &id,
                                predicate: &predicate,
                                coercion: &coercion,
                            };
                            self.values(value, &at, &place)
                        }
                        Key::Other => value,
                    };
                    out.insert(key, value);
                }
            }
        }
        out.into()
    }

    fn key(&mut self, key: &str, place: &str) -> Option<Key<'a>> {
        if key.starts_with('@') {
            self.wrong(
                "unsupported-keyword",
                place,
                None,
                Text::new(
                    format!("Het sleutelwoord \"{key}\" wordt hier niet gelezen; gebruik @id, @type, @value, @language, @direction, @list of @set."),
                    format!("The keyword \"{key}\" is not read here; use @id, @type, @value, @language, @direction, @list or @set."),
                ),
            );
            return None;
        }
        match self.context.named(key) {
            Some(Some(term)) => Some(Key::Predicate(term.iri.clone(), Some(term))),
            Some(None) => Some(Key::Other),
            None if is_name_iri(key) => Some(Key::Predicate(key.to_owned(), None)),
            None => {
                let near = self.near(key);
                let (nl, en) = match &near {
                    Some(near) => (
                        format!(" Bedoelde u \"{near}\"?"),
                        format!(" Did you mean \"{near}\"?"),
                    ),
                    None => (String::new(), String::new()),
                };
                self.wrong(
                    "unknown-key",
                    place,
                    None,
                    Text::new(
                        format!("De context van dit register kent de sleutel \"{key}\" niet.{nl} Er wordt niets weggelaten: verwijder ze, of schrijf de volledige IRI van de eigenschap."),
                        format!("The context of this register does not know the key \"{key}\".{en} Nothing is left out: remove it, or write the full IRI of the property."),
                    ),
                );
                None
            }
        }
    }

    /// A name of the context that looks like another.
    fn near(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let far = if name.chars().count() > 5 { 2 } else { 1 };
        self.context
            .names()
            .map(|known| (edits(&known.to_lowercase(), &lower, far), known))
            .filter(|(edits, _)| *edits <= far)
            .min()
            .map(|(_, known)| known.to_owned())
    }

    fn types(&mut self, node: &str, value: &Json, pointer: &str) {
        let listed = match value {
            Json::Array(values) => values.iter().collect(),
            single => vec![single],
        };
        let is_list = value.is_array();
        for (at, class) in listed.into_iter().enumerate() {
            let place = if is_list {
                format!("{pointer}/{at}")
            } else {
                pointer.to_owned()
            };
            let Some(name) = class.as_str() else {
                self.wrong_type(
                    &place,
                    class,
                    "de naam of IRI van een klasse",
                    "the name or IRI of a class",
                );
                continue;
            };
            let iri = match self.context.named(name) {
                Some(Some(term)) => term.iri.clone(),
                Some(None) => continue,
                None if is_name_iri(name) => name.to_owned(),
                None => {
                    let near = self.near(name);
                    let hint = |words: &str| {
                        near.as_ref()
                            .map_or_else(String::new, |near| format!(" {words} \"{near}\"?"))
                    };
                    self.wrong(
                        "unknown-class",
                        &place,
                        Some(name),
                        Text::new(
                            format!("De context van dit register kent de klasse \"{name}\" niet.{}", hint("Bedoelde u")),
                            format!("The context of this register does not know the class \"{name}\".{}", hint("Did you mean")),
                        ),
                    );
                    continue;
                }
            };
            let key = (node.to_owned(), rdf::TYPE.to_owned());
            self.places
                .values
                .entry(key)
                .or_default()
                .push((iri, place));
        }
    }

    fn values(&mut self, value: Json, at: &At<'_>, pointer: &str) -> Json {
        match value {
            Json::Array(values) => values
                .into_iter()
                .enumerate()
                .map(|(n, value)| {
                    let place = format!("{pointer}/{n}");
                    if value.is_array() {
                        self.wrong_type(&place, &value, "één waarde", "one value");
                    }
                    self.value(value, at, &place)
                })
                .collect(),
            single => self.value(single, at, pointer),
        }
    }

    fn value(&mut self, value: Json, at: &At<'_>, pointer: &str) -> Json {
        let text = match &value {
            Json::Null | Json::Array(_) => return value,
            Json::Object(members) => {
                let Json::Object(members) = (if members.contains_key("@value") {
                    return self.literal(value, at, pointer);
                } else {
                    value
                }) else {
                    return Json::Null;
                };
                for container in ["@list", "@set"] {
                    if members.contains_key(container) {
                        return self.container(members, container, at, pointer);
                    }
                }
                let node = self.node(members, pointer, None);
                let name = node["@id"].as_str().unwrap_or("").to_owned();
                self.found(at, name, pointer);
                return node;
            }
            Json::String(text) => {
                if *at.coercion == Coercion::Iri && !is_node_name(text) {
                    self.not_an_iri(pointer, text);
                }
                text.clone()
            }
            Json::Bool(_) | Json::Number(_) => {
                if let Some((nl, en)) = wanted(at.coercion, &value) {
                    self.wrong_type(pointer, &value, nl, en);
                }
                if let Some(text) = fraction(at.coercion, &value) {
                    self.found(at, text.clone(), pointer);
                    return text.into();
                }
                value.to_string()
            }
        };
        self.found(at, text, pointer);
        value
    }

    fn container(
        &mut self,
        mut members: Map<String, Json>,
        container: &str,
        at: &At<'_>,
        pointer: &str,
    ) -> Json {
        if let Some(other) = members.keys().find(|key| *key != container) {
            let place = format!("{pointer}/{}", step(other));
            self.besides(&place, &other.clone(), container);
        }
        let inner = members.remove(container).unwrap_or_default();
        let inner = self.values(inner, at, &format!("{pointer}/{container}"));
        let mut out = Map::new();
        out.insert(container.to_owned(), inner);
        out.into()
    }

    /// An object with `@value`.
    fn literal(&mut self, value: Json, at: &At<'_>, pointer: &str) -> Json {
        let is_tagged = ["@language", "@direction"]
            .iter()
            .any(|key| value.get(key).is_some());
        for (key, member) in value.as_object().into_iter().flatten() {
            let place = format!("{pointer}/{}", step(key));
            match (key.as_str(), member) {
                ("@value", Json::String(text)) => self.found(at, text.clone(), pointer),
                ("@value", Json::Bool(_) | Json::Number(_)) if is_tagged => {
                    self.wrong_type(&place, member, "een tekst", "a text");
                }
                ("@value", Json::Bool(_) | Json::Number(_)) => {
                    self.found(at, member.to_string(), pointer);
                }
                ("@value", Json::Null) => {}
                ("@value", _) => {
                    self.wrong_type(
                        &place,
                        member,
                        "een tekst, getal of waarheidswaarde",
                        "a text, number or truth value",
                    );
                }
                ("@language", Json::String(tag)) if is_language_tag(tag) => {}
                ("@language", _) => {
                    let tag = member
                        .as_str()
                        .map_or_else(|| member.to_string(), str::to_owned);
                    self.wrong(
                        "language-tag",
                        &place,
                        Some(&tag),
                        Text::new(
                            format!("\"{tag}\" is geen taalcode zoals nl, fr of nl-BE."),
                            format!("\"{tag}\" is no language tag such as nl, fr or nl-BE."),
                        ),
                    );
                }
                ("@type", _) if is_tagged => self.besides(&place, key, "@language"),
                ("@type", Json::String(name)) => {
                    let known = matches!(self.context.named(name), Some(Some(_)));
                    if !known && !is_name_iri(name) {
                        self.not_an_iri(&place, name);
                    }
                }
                ("@type", _) => {
                    self.wrong_type(
                        &place,
                        member,
                        "de IRI van een datatype",
                        "the IRI of a datatype",
                    );
                }
                ("@direction", Json::String(direction))
                    if direction == "ltr" || direction == "rtl" => {}
                ("@direction", _) => {
                    self.wrong_type(&place, member, "ltr of rtl", "ltr or rtl");
                }
                _ => self.besides(&place, key, "@value"),
            }
        }
        value
    }

    fn found(&mut self, at: &At<'_>, text: String, pointer: &str) {
        let key = (at.node.to_owned(), at.predicate.to_owned());
        let values = self.places.values.entry(key).or_default();
        values.push((text, pointer.to_owned()));
    }

    fn besides(&mut self, place: &str, key: &str, container: &str) {
        self.wrong(
            "unknown-key",
            place,
            None,
            Text::new(
                format!("Naast {container} mag \"{key}\" niet staan."),
                format!("\"{key}\" may not stand beside {container}."),
            ),
        );
    }

    fn not_an_iri(&mut self, place: &str, text: &str) {
        self.wrong(
            "not-an-iri",
            place,
            Some(text),
            Text::new(
                format!("\"{text}\" is geen volledige IRI; schrijf bijvoorbeeld https://data.vlaanderen.be/id/straatnaam/90000001."),
                format!("\"{text}\" is no full IRI; write for instance https://data.vlaanderen.be/id/straatnaam/90000001."),
            ),
        );
    }

    fn wrong_type(&mut self, place: &str, value: &Json, nl: &str, en: &str) {
        let (is_nl, is_en) = match value {
            Json::Null => ("niets", "nothing"),
            Json::Bool(_) => ("een waarheidswaarde", "a truth value"),
            Json::Number(_) => ("een getal", "a number"),
            Json::String(_) => ("een tekst", "a text"),
            Json::Array(_) => ("een lijst", "a list"),
            Json::Object(_) => ("een object", "an object"),
        };
        self.wrong(
            "wrong-type",
            place,
            None,
            Text::new(
                format!("Hier hoort {nl}, en er staat {is_nl}."),
                format!("This should be {en}, and is {is_en}."),
            ),
        );
    }
}

/// Which property of which node a value is of.
struct At<'a> {
    node: &'a str,
    predicate: &'a str,
    coercion: &'a Coercion,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Context {
        Context::parse(
            r#"{"@context": {"@version": 1.1, "Ding": "http://e/Ding",
            "naam": {"@id": "http://e/naam", "@container": "@set"},
            "status": {"@id": "http://e/status", "@type": "@id"},
            "titel": {"@id": "http://e/titel", "@language": "nl"},
            "datum": {"@id": "http://e/datum", "@type": "http://www.w3.org/2001/XMLSchema#date"},
            "maat": {"@id": "http://e/maat", "@type": "http://www.w3.org/2001/XMLSchema#decimal"},
            "aantal": {"@id": "http://e/aantal", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
            "waar": {"@id": "http://e/waar", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
            "deel": {"@id": "http://e/deel", "@type": "@id"}}}"#,
        )
        .expect("a context")
    }

    fn told(json: Json) -> Vec<(&'static str, String)> {
        let Json::Object(members) = json else {
            panic!("an object")
        };
        let told = read(members, &context(), "urn:root", "n")
            .err()
            .unwrap_or_default();
        told.into_iter().map(|m| (m.code, m.pointer)).collect()
    }

    #[test]
    fn every_mistake_is_told_where_it_stands() {
        let wrong = json!({
            "naamm": 1, "@graph": [], "status": "inGebruik", "titel": 3,
            "deel": {"@type": "Dnig", "a/b": 1, "naam": [["x"], {"@value": "x", "@language": "nl_BE", "x": 1}]},
            "@type": ["Ding", 4], "adr:huisnummer": "1",
        });
        assert_eq!(
            told(wrong),
            [
                ("unknown-key", "/naamm".to_owned()),
                ("unsupported-keyword", "/@graph".to_owned()),
                ("not-an-iri", "/status".to_owned()),
                ("wrong-type", "/titel".to_owned()),
                ("unknown-class", "/deel/@type".to_owned()),
                ("unknown-key", "/deel/a~1b".to_owned()),
                ("wrong-type", "/deel/naam/0".to_owned()),
                ("language-tag", "/deel/naam/1/@language".to_owned()),
                ("unknown-key", "/deel/naam/1/x".to_owned()),
                ("wrong-type", "/@type/1".to_owned()),
                ("unknown-key", "/adr:huisnummer".to_owned()),
            ]
        );
    }

    #[test]
    fn a_term_takes_the_values_of_its_datatype() {
        let right = json!({ "maat": [1, 0.5], "aantal": [1, 2.0, "007"], "waar": false, "datum": "2024-01-01" });
        assert_eq!(told(right), []);
        let wrong = json!({ "datum": false, "maat": true, "aantal": 1.5, "waar": 1 });
        let places = ["/datum", "/maat", "/aantal", "/waar"];
        assert_eq!(
            told(wrong),
            places.map(|place| ("wrong-type", place.to_owned()))
        );
        let Json::Object(members) = json!({ "maat": [2, 0.0000001] }) else {
            panic!("an object")
        };
        let written = read(members, &context(), "urn:root", "n").expect("right");
        assert_eq!(written.json["maat"], json!([2, "0.0000001"]));
    }

    #[test]
    fn places_are_remembered() {
        let Json::Object(members) = json!({
            "@type": "Ding", "naam": ["a", {"@value": "b", "@language": "nl"}],
            "deel": {"naam": "c", "deel": {"@list": ["urn:x"]}}, "http://e/vrij": 5,
        }) else {
            panic!("an object")
        };
        let mut written = read(members, &context(), "urn:root", "n").expect("right");
        assert_eq!(written.json["@id"], "urn:root");
        assert_eq!(written.json["deel"]["@id"], "_:n1");
        let of = |places: &Places, node: &str, p: &str, v: Option<&str>| {
            places.of(node, Some(p), v).map(str::to_owned)
        };
        let places = &mut written.places;
        assert_eq!(
            of(places, "urn:root", "http://e/naam", Some("b")).as_deref(),
            Some("/naam/1")
        );
        assert_eq!(
            of(places, "urn:root", "http://e/naam", Some("z")).as_deref(),
            Some("/naam/0")
        );
        assert_eq!(
            of(places, "urn:root", "http://e/vrij", Some("5")).as_deref(),
            Some("/http:~1~1e~1vrij")
        );
        assert_eq!(
            of(places, "urn:root", "http://e/ontbreekt", None).as_deref(),
            Some("")
        );
        places.rename("_:n1", "_:b0");
        assert_eq!(
            of(places, "_:b0", "http://e/naam", None).as_deref(),
            Some("/deel/naam")
        );
        assert_eq!(
            of(places, "_:b0", "http://e/deel", Some("urn:x")).as_deref(),
            Some("/deel/deel/@list/0")
        );
    }
}
