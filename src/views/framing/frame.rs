//! Frames read from JSON ([JSON-LD 1.1 Framing §2](https://www.w3.org/TR/json-ld11-framing/#framing)): which nodes are
//! wanted, and what of them. Lays no frame on anything.

use super::FrameError;
use super::context::{Coercion, FlatContext, Loader, Term};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Levels of a frame.
const MAX_DEPTH: usize = 32;
/// Patterns of a frame, at all levels together.
const MAX_PATTERNS: usize = 2000;

/// When a node is written out rather than named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Embed {
    Once,
    Always,
    Never,
}

/// What holds where a frame says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) embed: Embed,
    pub(super) explicit: bool,
    pub(super) omit_default: bool,
    pub(super) require_all: bool,
}

/// One pattern of nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// IRIs, one of which the node has; an empty list means any.
    pub(super) ids: Option<Vec<String>>,
    pub(super) types: Option<Types>,
    pub(super) properties: BTreeMap<String, Wanted>,
    pub(super) reverse: BTreeMap<String, Pattern>,
    /// Flags that the frame sets itself.
    embed: Option<Embed>,
    explicit: Option<bool>,
    omit_default: Option<bool>,
    require_all: Option<bool>,
}

/// The classes of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Types {
    /// None at all.
    None,
    /// At least one.
    Any,
    /// One of these.
    OneOf(Vec<String>),
    /// Any or none, written as this where there is none.
    Default(Vec<Json>),
}

/// What is wanted of a property.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) what: What,
    /// Values to write where there are none.
    pub(super) default: Option<Vec<Json>>,
    pub(super) omit_default: Option<bool>,
}

/// The kind of a wanted value.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// No value.
    Nothing,
    /// A value that fits one of these: members of value objects, each with the texts it may have; an empty list means any.
    Value(ValuePattern),
    /// Whatever there is; nodes by this pattern.
    Nodes(Box<Pattern>),
    /// A list, its items by this.
    List(Box<Wanted>),
}

/// A pattern of literals.
#[derive(Clone, Debug, Default)]
pub(super) struct ValuePattern {
    pub(super) value: Option<Vec<Json>>,
    pub(super) kind: Option<Vec<Json>>,
    pub(super) language: Option<Vec<Json>>,
}

/// A frame with the context it is read and written with.
#[derive(Clone, Debug)]
pub struct Frame {
    pub(super) context: FlatContext,
    /// The value of `@context`, to be written in front.
    pub(super) reference: Json,
    pub(super) pattern: Pattern,
    pub(super) omit_graph: bool,
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// When it is no frame, is larger than a frame may be, or uses what is not known here.
    pub fn parse(json: &Json, load: Loader<'_>) -> Result<Self, FrameError> {
        let Json::Object(object) = json else {
            return Err(FrameError::NotAFrame("$".to_owned()));
        };
        let reference = object.get("@context").cloned().unwrap_or_else(|| json!({}));
        let context = FlatContext::parse(&reference, load)?;
        let mut reader = Reader {
            context: &context,
            patterns: 0,
        };
        let pattern = reader.pattern(object, 0)?;
        let omit_graph = flag(object, "@omitGraph")?.unwrap_or(true);
        Ok(Self {
            pattern,
            omit_graph,
            reference,
            context,
        })
    }
}

impl Pattern {
    /// The flags that hold in this pattern.
    pub(super) fn flags(&self, around: Flags) -> Flags {
        Flags {
            embed: self.embed.unwrap_or(around.embed),
            explicit: self.explicit.unwrap_or(around.explicit),
            omit_default: around.omit_default,
            require_all: self.require_all.unwrap_or(around.require_all),
        }
    }

    /// The flags of the outermost pattern hold for the whole frame.
    pub(super) fn outermost_flags(&self) -> Flags {
        Flags {
            embed: self.embed.unwrap_or(Embed::Once),
            explicit: self.explicit.unwrap_or(false),
            omit_default: self.omit_default.unwrap_or(false),
            require_all: self.require_all.unwrap_or(false),
        }
    }
}

struct Reader<'a> {
    context: &'a FlatContext,
    patterns: usize,
}

fn wrong(key: &str) -> FrameError {
    FrameError::NotAFrame(key.to_owned())
}

/// The value of a flag: plain, as a value object, or in an array.
fn flag_value(value: &Json) -> &Json {
    match value {
        Json::Array(list) if list.len() == 1 => flag_value(&list[0]),
        Json::Object(object) => object.get("@value").unwrap_or(value),
        other => other,
    }
}

fn flag(object: &Map<String, Json>, name: &'static str) -> Result<Option<bool>, FrameError> {
    match object.get(name).map(flag_value) {
        None => Ok(None),
        Some(Json::Bool(value)) => Ok(Some(*value)),
        Some(Json::String(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
        Some(_) => Err(wrong(name)),
    }
}

fn as_list(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(list) => list.iter().collect(),
        single => vec![single],
    }
}

impl Reader<'_> {
    fn pattern(&mut self, object: &Map<String, Json>, depth: usize) -> Result<Pattern, FrameError> {
        self.patterns += 1;
        if depth > MAX_DEPTH {
            return Err(FrameError::TooDeep(MAX_DEPTH));
        }
        if self.patterns > MAX_PATTERNS {
            return Err(FrameError::TooLarge("frame"));
        }
        let mut out = Pattern {
            explicit: flag(object, "@explicit")?,
            omit_default: flag(object, "@omitDefault")?,
            require_all: flag(object, "@requireAll")?,
            embed: match object.get("@embed").map(flag_value) {
                None => None,
                Some(Json::Bool(true)) => Some(Embed::Once),
                Some(Json::Bool(false)) => Some(Embed::Never),
                Some(Json::String(name)) => Some(match name.as_str() {
                    "@once" | "@first" => Embed::Once,
                    "@always" => Embed::Always,
                    "@never" => Embed::Never,
                    _ => return Err(wrong("@embed")),
                }),
                Some(_) => return Err(wrong("@embed")),
            },
            ..Pattern::default()
        };
        for (key, value) in object {
            let term = self.context.get(key);
            let Some(iri) = self.context.expand(key, true) else {
                continue;
            };
            match iri.as_str() {
                "@context" if depth == 0 => {}
                "@embed" | "@explicit" | "@omitDefault" | "@requireAll" | "@omitGraph"
                | "@default" => {}
                "@id" => out.ids = Some(self.ids(value)?),
                "@type" => out.types = Some(self.types(value)?),
                "@reverse" => {
                    let Json::Object(reverse) = value else {
                        return Err(wrong(key));
                    };
                    for (name, inner) in reverse {
                        let iri = self.context.expand(name, true).ok_or_else(|| wrong(name))?;
                        let pattern = self.nodes(name, inner, depth)?;
                        out.reverse.insert(iri, pattern);
                    }
                }
                keyword if keyword.starts_with('@') => {
                    return Err(FrameError::Unsupported(key.clone()));
                }
                _ if !iri.contains(':') => {}
                _ if term.is_some_and(|term| term.is_reverse) => {
                    let pattern = self.nodes(key, value, depth)?;
                    out.reverse.insert(iri, pattern);
                }
                _ => {
                    let wanted = self.wanted(key, value, term, depth)?;
                    out.properties.insert(iri, wanted);
                }
            }
        }
        Ok(out)
    }

    fn nodes(&mut self, key: &str, value: &Json, depth: usize) -> Result<Pattern, FrameError> {
        match as_list(value).first() {
            None => Ok(Pattern::default()),
            Some(Json::Object(object)) => self.pattern(object, depth + 1),
            Some(_) => Err(wrong(key)),
        }
    }

    fn ids(&self, value: &Json) -> Result<Vec<String>, FrameError> {
        let mut ids = Vec::new();
        for id in as_list(value) {
            match id {
                Json::Object(any) if any.is_empty() => return Ok(Vec::new()),
                Json::String(id) => {
                    let id = self.context.expand(id, false).ok_or_else(|| wrong("@id"))?;
                    ids.push(id);
                }
                _ => return Err(wrong("@id")),
            }
        }
        Ok(ids)
    }

    fn types(&self, value: &Json) -> Result<Types, FrameError> {
        let list = as_list(value);
        let mut types = Vec::new();
        for kind in &list {
            match kind {
                Json::Object(any) if any.is_empty() => return Ok(Types::Any),
                Json::Object(object) if object.contains_key("@default") => {
                    let defaults = as_list(&object["@default"]).into_iter();
                    let defaults = defaults.filter_map(|kind| {
                        Some(Json::from(self.context.expand(kind.as_str()?, true)?))
                    });
                    return Ok(Types::Default(defaults.collect()));
                }
                Json::String(kind) => {
                    types.extend(self.context.expand(kind, true));
                }
                _ => return Err(wrong("@type")),
            }
        }
        Ok(if list.is_empty() {
            Types::None
        } else {
            Types::OneOf(types)
        })
    }

    fn wanted(
        &mut self,
        key: &str,
        value: &Json,
        term: Option<&Term>,
        depth: usize,
    ) -> Result<Wanted, FrameError> {
        self.patterns += 1;
        if depth > MAX_DEPTH {
            return Err(FrameError::TooDeep(MAX_DEPTH));
        }
        let list = as_list(value);
        let plain = |what| Wanted {
            what,
            default: None,
            omit_default: None,
        };
        let Some(first) = list.first() else {
            return Ok(plain(What::Nothing));
        };
        let wanted = match first {
            Json::Object(object) => {
                let default = match object.get("@default") {
                    None => None,
                    Some(values) => Some(self.values(values, term)?),
                };
                let what = if ["@value", "@language"]
                    .iter()
                    .any(|k| object.contains_key(*k))
                {
                    let part = |name: &str| {
                        let values = as_list(object.get(name)?);
                        Some(if values.iter().any(|v| v.is_object()) {
                            Vec::new()
                        } else {
                            values.into_iter().cloned().collect()
                        })
                    };
                    let kind = part("@type").map(|kinds: Vec<Json>| {
                        let expand = |kind: &Json| self.context.expand(kind.as_str()?, true);
                        kinds
                            .iter()
                            .filter_map(|kind| Some(expand(kind)?.into()))
                            .collect()
                    });
                    What::Value(ValuePattern {
                        value: part("@value"),
                        kind,
                        language: part("@language"),
                    })
                } else if let Some(items) = object.get("@list") {
                    What::List(Box::new(self.wanted(key, items, term, depth + 1)?))
                } else {
                    What::Nodes(Box::new(self.pattern(object, depth + 1)?))
                };
                Wanted {
                    what,
                    default,
                    omit_default: flag(object, "@omitDefault")?,
                }
            }
            Json::String(_) | Json::Number(_) | Json::Bool(_) => {
                let value = self.values(first, term)?.remove(0);
                match value.get("@id").and_then(Json::as_str) {
                    Some(id) => plain(What::Nodes(Box::new(Pattern {
                        ids: Some(vec![id.to_owned()]),
                        ..Pattern::default()
                    }))),
                    None => {
                        let part = |name: &str| value.get(name).map(|v| vec![v.clone()]);
                        plain(What::Value(ValuePattern {
                            value: part("@value"),
                            kind: part("@type"),
                            language: part("@language"),
                        }))
                    }
                }
            }
            _ => return Err(wrong(key)),
        };
        Ok(match (&wanted.what, term) {
            (What::List(_), _) => wanted,
            (_, Some(term)) if term.is_list => plain(What::List(Box::new(wanted))),
            _ => wanted,
        })
    }

    /// Values as they are written in a frame, expanded. `@null` stays as it is.
    fn values(&self, values: &Json, term: Option<&Term>) -> Result<Vec<Json>, FrameError> {
        let coercion = term.map_or(&Coercion::None, |term| &term.coercion);
        let mut out = Vec::new();
        for value in as_list(values) {
            out.push(match value {
                Json::String(null) if null == "@null" => Json::Null,
                Json::Null => Json::Null,
                Json::String(text) => match coercion {
                    Coercion::Iri => {
                        let iri = self.context.expand(text, false);
                        json!({ "@id": iri.ok_or_else(|| wrong("@default"))? })
                    }
                    Coercion::Datatype(kind) => json!({ "@value": text, "@type": kind }),
                    Coercion::Language(Some(tag)) => json!({ "@value": text, "@language": tag }),
                    Coercion::None => match self.context.default_language() {
                        Some(tag) => json!({ "@value": text, "@language": tag }),
                        None => json!({ "@value": text }),
                    },
                    Coercion::Language(None) => json!({ "@value": text }),
                },
                Json::Number(_) | Json::Bool(_) => json!({ "@value": value }),
                Json::Object(object) if object.contains_key("@value") => value.clone(),
                Json::Object(object) => {
                    let id = object.get("@id").and_then(Json::as_str);
                    let id = id.and_then(|id| self.context.expand(id, false));
                    json!({ "@id": id.ok_or_else(|| wrong("@default"))? })
                }
                Json::Array(_) => return Err(wrong("@default")),
            });
        }
        Ok(out)
    }
}
