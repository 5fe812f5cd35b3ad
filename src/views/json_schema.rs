//! JSON Schema ([2020-12](https://json-schema.org/draft/2020-12)) of what a register writes and reads, made of three
//! declarations: the shapes of its profile (how many values, of which kind), its context (which keys, how values are written)
//! and the register itself (what is nested). In four ways, see [`Mode`]. Checks no data; a schema of what is written says less
//! than the shapes where JSON Schema has no words for it, never more.

mod form;
mod values;

pub use form::form;

use crate::rdf::label::{Language, Text};
use crate::registry::Register;
use crate::shapes::{Field, Shapes};
use crate::views::context::Context;
use crate::views::shipped::Shipped;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The dialect a schema of its own names.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// An IRI as it is best sent: of the web, with plain characters.
const SENT_IRI: &str =
    "^https?://[a-z0-9-]+([.][a-z0-9-]+)*(/[A-Za-z0-9._~-]+)+(#[A-Za-z0-9._~-]+)?$";
/// What only names a resource.
const LINK: &str = "Verwijzing";
/// Code lists with more codes are not written out.
const MAX_CODES: usize = 120;

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is answered: it also holds for parts of items, and for items that do not conform to the profile.
    Lenient,
    /// Items that conform to the profile, however written.
    Strict,
    /// What is sent to make or replace an item: written in the plainest way, with nothing that is not known.
    Input,
    /// What is sent to change some of an item: any key may be missing, and `null` takes one away.
    Patch,
}

/// How a schema is made.
#[derive(Clone, Copy, Debug)]
pub struct SchemaOptions<'a> {
    /// What it is for.
    pub mode: Mode,
    /// Language of titles.
    pub language: Language,
    /// What stands before the name of a definition in a reference, such as `#/$defs/`.
    pub prefix: &'a str,
}

/// A schema and the definitions it refers to.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The schema itself.
    pub root: Json,
    /// The definitions, by name without prefix.
    pub definitions: BTreeMap<String, Json>,
}

/// What schemas and forms are made of.
pub struct Sources<'a> {
    /// What ships: code lists.
    pub shipped: &'a Shipped,
    /// The shapes of the register's profile.
    pub shapes: &'a Shapes,
    /// The register's context.
    pub context: &'a Context,
    /// The register.
    pub register: &'a Register,
    /// All registers, to know which resources have documents of their own.
    pub registers: &'a [Register],
    /// Base of the registry, without a slash at the end.
    pub base: &'a str,
}

/// The schema of one item, as `/api/{register}/{id}` writes it.
pub fn item_schema(sources: &Sources<'_>, options: SchemaOptions<'_>) -> Schema {
    let mut maker = Maker::new(sources, options);
    let class = sources.register.class.as_str();
    let mut root = maker.object(class, None);
    root["title"] = sources.register.label.get(options.language).into();
    root["description"] = sources.register.description.get(options.language).into();
    root["x-jsonld-type"] = class.into();
    let context = format!(
        "{}/contexts/{}.jsonld",
        sources.base, sources.register.context
    );
    root["x-jsonld-context"] = context.as_str().into();
    let is_sent = matches!(options.mode, Mode::Input | Mode::Patch);
    root["properties"]["@context"] = if is_sent {
        json!({ "title": "@context", "type": "string", "const": context })
    } else {
        json!({
        "title": "@context",
        "description": options.language.say(
            "Wat de sleutels betekenen: het adres van de context.",
            "What the keys mean: the address of the context.",
        ),
        "anyOf": [
            { "type": "string", "format": "uri", "examples": [context] },
            { "type": "array", "items": { "type": ["string", "object"] } },
            { "type": "object" },
        ],
        })
    };
    if is_sent {
        // The address names the item.
        root["properties"]["@id"]["readOnly"] = true.into();
    }
    match options.mode {
        Mode::Lenient => require(&mut root, &["@id"]),
        Mode::Patch => {
            root["required"] = json!([]);
            root["minProperties"] = 1.into();
            if let Json::Object(properties) = &mut root["properties"] {
                for (_, schema) in properties
                    .iter_mut()
                    .filter(|(key, _)| !key.starts_with('@'))
                {
                    *schema = json!({ "anyOf": [schema.take(), { "type": "null" }] });
                }
            }
        }
        Mode::Strict | Mode::Input => {}
    }
    maker.finish(root)
}

/// The schema of what is sent to make an item: as that of replacing one, with the name of the item.
pub fn new_item_schema(sources: &Sources<'_>, options: SchemaOptions<'_>) -> Schema {
    let mut schema = item_schema(sources, options);
    let register = sources.register;
    let pattern = register.id_pattern.as_str().trim_start_matches('^');
    let pattern = pattern.trim_end_matches('$').replace("\\d", "[0-9]");
    let (before, after) = register
        .iri
        .split_once("{id}")
        .unwrap_or((&register.iri, ""));
    schema.root["properties"]["@id"] = json!({
        "title": "@id",
        "type": "string",
        "pattern": format!("^{}{pattern}{}$", escaped(before), escaped(after)),
    });
    if register.new_id.is_none() {
        require(&mut schema.root, &["@id"]);
    }
    schema
}

/// A text as a regular expression that matches nothing else.
fn escaped(text: &str) -> String {
    text.replace('.', "\\.")
}

/// The schema of an item within a collection, as `/api/{register}` lists it.
pub fn listed_schema(sources: &Sources<'_>, options: SchemaOptions<'_>) -> Schema {
    let mut maker = Maker::new(sources, options);
    let class = sources.register.class.as_str();
    let mut root = maker.object(class, Some(&sources.register.list));
    root["title"] = sources.register.label.get(options.language).into();
    root["properties"]["detail"] = json!({
        "title": "detail",
        "description": options.language.say("Adres van het object op deze server.", "Address of the item on this server."),
        "type": "string",
        "format": "uri",
    });
    require(&mut root, &["@id", "detail"]);
    maker.finish(root)
}

/// The keys of items of a register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// All that the profile speaks of.
    pub all: Vec<String>,
    /// Those whose values are resources.
    pub links: Vec<String>,
}

/// The keys of items of a register, as its context calls them.
pub fn keys(sources: &Sources<'_>) -> Keys {
    let options = SchemaOptions {
        mode: Mode::Lenient,
        language: Language::Nl,
        prefix: "#/$defs/",
    };
    let mut maker = Maker::new(sources, options);
    let mut out = Keys::default();
    for field in sources.shapes.fields_of(&sources.register.class) {
        let is_link = values::kinds_of(&field.values) == (true, false);
        // A key that is an IRI, or has a point or a comma, cannot be named in a list of keys.
        let keys = maker.keys(&field).into_iter().map(|key| key.name);
        for key in keys.filter(|key| !key.contains([':', '.', ','])) {
            if is_link {
                out.links.push(key.clone());
            }
            out.all.push(key);
        }
    }
    out
}

/// The schema of an item as a document of its own, for `/schemas/{register}.json`.
pub fn schema_document(sources: &Sources<'_>, language: Language) -> Json {
    let options = SchemaOptions {
        mode: Mode::Strict,
        language,
        prefix: "#/$defs/",
    };
    let Schema { root, definitions } = item_schema(sources, options);
    let mut out = Map::new();
    out.insert("$schema".into(), DIALECT.into());
    let address = format!("{}/schemas/{}.json", sources.base, sources.register.name);
    out.insert("$id".into(), address.into());
    if let Json::Object(root) = root {
        out.extend(root);
    }
    out.insert(
        "$defs".into(),
        definitions.into_iter().collect::<Map<_, _>>().into(),
    );
    Json::Object(out)
}

fn require(object: &mut Json, keys: &[&str]) {
    if let Json::Array(known) = &mut object["required"] {
        for key in keys {
            if !known.iter().any(|other| other == key) {
                known.push((*key).into());
            }
        }
        return;
    }
    object["required"] = keys.to_vec().into();
}

/// A schema in the making.
struct Maker<'a> {
    sources: &'a Sources<'a>,
    options: SchemaOptions<'a>,
    definitions: BTreeMap<String, Json>,
}

/// What a key holds: the forms of its values, and whether it always is a list.
struct Key {
    name: String,
    is_set: bool,
    forms: Vec<Json>,
}

impl<'a> Maker<'a> {
    fn new(sources: &'a Sources<'a>, options: SchemaOptions<'a>) -> Self {
        Self {
            sources,
            options,
            definitions: BTreeMap::new(),
        }
    }

    fn is_strict(&self) -> bool {
        self.options.mode != Mode::Lenient
    }

    /// Whether it is for what is sent.
    fn is_sent(&self) -> bool {
        matches!(self.options.mode, Mode::Input | Mode::Patch)
    }

    fn finish(self, root: Json) -> Schema {
        Schema {
            root,
            definitions: self.definitions,
        }
    }

    fn reference(&self, name: &str) -> Json {
        json!({ "$ref": format!("{}{name}", self.options.prefix) })
    }

    /// The schema of an object of a class: all its properties, or those of some predicates.
    fn object(&mut self, class: &str, only: Option<&[String]>) -> Json {
        let context = self.sources.context;
        let mut properties = Map::new();
        let mut required = Vec::new();
        properties.insert("@id".into(), self.iri_text("@id"));
        let name = context.class_name(class);
        let kind = if self.is_sent() {
            json!({ "title": "@type", "type": "string", "const": name })
        } else {
            json!({
                "title": "@type",
                "anyOf": [
                    { "type": "string", "const": name },
                    { "type": "array", "items": { "type": "string" }, "contains": { "const": name } },
                ],
            })
        };
        properties.insert("@type".into(), kind);
        let mut fields = self.sources.shapes.fields_of(class);
        if let Some(only) = only {
            fields.retain(|field| only.iter().any(|known| field.predicate.as_str() == known));
        }
        for field in &fields {
            let keys = self.keys(field);
            let is_one = keys.len() == 1;
            for key in keys {
                if self.is_strict() && field.min > 0 && is_one {
                    required.push(Json::from(key.name.as_str()));
                }
                let (name, schema) = self.key_schema(field, key);
                properties.insert(name, schema);
            }
        }
        // What is declared to be shown but no shape speaks of.
        let declared = only.map_or_else(Vec::new, <[String]>::to_vec);
        for predicate in declared {
            if fields
                .iter()
                .any(|field| field.predicate.as_str() == predicate)
            {
                continue;
            }
            for term in context.terms_of(&predicate) {
                let any = json!({ "title": term.name, "x-jsonld-id": predicate });
                properties.entry(term.name.clone()).or_insert(any);
            }
        }
        let mut out = json!({ "type": "object", "properties": properties });
        if self.is_strict() {
            required.insert(0, "@type".into());
            out["required"] = required.into();
            if self.is_sent() {
                out["additionalProperties"] = false.into();
            }
        } else {
            // Said, though it is so anyway: some readers take a schema that lists properties for a closed one.
            out["additionalProperties"] = true.into();
        }
        out
    }

    /// The definition of an object of a class, made when first asked for.
    fn class_definition(&mut self, class: &str) -> Json {
        let name = definition_name(self.sources.context.class_name(class));
        if !self.definitions.contains_key(&name) {
            // In place before it is made: classes may nest each other.
            self.definitions.insert(name.clone(), Json::Bool(true));
            let mut object = self.object(class, None);
            let title = self.sources.shapes.class_name(class);
            object["title"] = match title {
                Some(title) => title.get(self.options.language).into(),
                None => name.as_str().into(),
            };
            object["x-jsonld-type"] = class.into();
            self.definitions.insert(name.clone(), object);
        }
        self.reference(&name)
    }

    /// The definition of an object that only names a resource.
    fn link_definition(&mut self) -> Json {
        if !self.definitions.contains_key(LINK) {
            let iri = self.iri_text("@id");
            let title = self.options.language.say("Verwijzing", "Reference");
            let mut link = json!({
                "type": "object",
                "title": title,
                "properties": { "@id": iri },
                "required": ["@id"],
            });
            link["additionalProperties"] = (!self.is_strict()).into();
            self.definitions.insert(LINK.to_owned(), link);
        }
        self.reference(LINK)
    }

    fn iri_text(&self, title: &str) -> Json {
        let mut out = json!({ "title": title, "type": "string" });
        match self.options.mode {
            Mode::Lenient => {}
            // Blank nodes that are mentioned more than once have a label for a name.
            Mode::Strict => out["pattern"] = "^(_:|[A-Za-z][A-Za-z0-9+.-]*:)".into(),
            Mode::Input | Mode::Patch => out["pattern"] = SENT_IRI.into(),
        }
        out
    }

    /// The schema of a key: one value or a list, by what the field and the context say.
    fn key_schema(&mut self, field: &Field, key: Key) -> (String, Json) {
        let Key {
            name,
            is_set,
            mut forms,
        } = key;
        let strict = self.is_strict();
        let one = if forms.len() == 1 {
            forms.remove(0)
        } else {
            json!({ "anyOf": forms })
        };
        let mut list = json!({ "type": "array", "items": one.clone() });
        if strict {
            list["minItems"] = field.min.max(1).into();
            if let Some(max) = field.max {
                list["maxItems"] = max.into();
            }
        }
        let mut schema = if is_set {
            list
        } else if strict && field.max == Some(1) {
            one
        } else {
            if strict {
                list["minItems"] = field.min.max(2).into();
            }
            let mut both = Vec::new();
            if !strict || field.min < 2 {
                both.push(one);
            }
            both.push(list);
            json!({ "anyOf": both })
        };
        let title = said(&field.name, self.options.language).unwrap_or(&name);
        schema["title"] = title.into();
        schema["x-jsonld-id"] = field.predicate.as_str().into();
        (name, schema)
    }
}

fn said(text: &Text, language: Language) -> Option<&str> {
    Some(text.get(language)).filter(|text| !text.is_empty())
}

/// A name of a class as the name of a definition: letters, digits, `.`, `-` and `_`.
fn definition_name(class: &str) -> String {
    let local = class.rsplit(['#', '/']).next().unwrap_or(class);
    local
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .collect()
}
