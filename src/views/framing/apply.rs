//! A frame laid on nodes ([JSON-LD 1.1 Framing §4.1](https://www.w3.org/TR/json-ld11-framing/#framing-algorithm)): nodes that
//! fit are written as the frame wants them. Nodes are expanded JSON-LD, each by itself; so is what comes out.

use super::FrameError;
use super::frame::{Embed, Flags, Pattern, Types, ValuePattern, Wanted, What};
use rustc_hash::FxHashSet;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Nodes by name, with links for values.
pub(super) type Nodes = BTreeMap<String, Map<String, Json>>;

/// Values of a framed document, at most: what is embedded again and again grows beyond what is stored.
const MAX_VALUES: usize = 50_000;
/// Nodes within nodes.
const MAX_STACK: usize = 64;

pub(super) struct Framing<'a> {
    nodes: &'a Nodes,
    omit_default: bool,
    embedded: FxHashSet<String>,
    stack: Vec<String>,
    values: usize,
}

/// The nodes of some candidates that fit a frame, framed, by name.
pub(super) fn apply(
    nodes: &Nodes,
    candidates: &[String],
    pattern: &Pattern,
) -> Result<Vec<Json>, FrameError> {
    let flags = pattern.outermost_flags();
    let mut framing = Framing {
        nodes,
        omit_default: flags.omit_default,
        embedded: FxHashSet::default(),
        stack: Vec::new(),
        values: 0,
    };
    let mut out = Vec::new();
    let mut sorted: Vec<&String> = candidates.iter().collect();
    sorted.sort();
    sorted.dedup();
    for id in sorted {
        if framing.fits(id, pattern, flags, 0) {
            // Each node at the top starts anew.
            framing.embedded.clear();
            out.push(framing.node(id, Some(pattern), flags)?);
        }
    }
    Ok(out)
}

fn values<'a>(node: &'a Map<String, Json>, key: &str) -> &'a [Json] {
    node.get(key)
        .and_then(Json::as_array)
        .map_or(&[], Vec::as_slice)
}

fn id_of(value: &Json) -> Option<&str> {
    let object = value.as_object()?;
    object.get("@id")?.as_str()
}

impl Framing<'_> {
    /// Whether a node is one that a pattern wants.
    fn fits(&self, id: &str, pattern: &Pattern, around: Flags, depth: usize) -> bool {
        let Some(node) = self.nodes.get(id) else {
            // Only a name: it fits a pattern of names, and one that wants nothing.
            return match &pattern.ids {
                Some(ids) => ids.is_empty() || ids.iter().any(|wanted| wanted == id),
                None => pattern.types.is_none() && pattern.properties.is_empty(),
            };
        };
        if depth > MAX_STACK {
            return false;
        }
        let all = pattern.flags(around).require_all;
        let mut is_wildcard = true;
        let mut some = false;
        if let Some(ids) = &pattern.ids {
            let fits = ids.is_empty() || ids.iter().any(|wanted| wanted == id);
            if !all || !fits {
                return fits;
            }
            some = true;
        }
        if let Some(types) = &pattern.types {
            is_wildcard = false;
            let own = values(node, "@type");
            let fits = match types {
                Types::None => own.is_empty(),
                Types::Any => !own.is_empty(),
                Types::Default(_) => true,
                Types::OneOf(wanted) => own
                    .iter()
                    .filter_map(Json::as_str)
                    .any(|kind| wanted.iter().any(|wanted| wanted == kind)),
            };
            if !all || !fits {
                return fits;
            }
            some = true;
        }
        for (property, wanted) in &pattern.properties {
            let own = values(node, property);
            is_wildcard = false;
            if own.is_empty() && wanted.default.is_some() {
                continue;
            }
            let fits = match &wanted.what {
                What::Nothing if own.is_empty() => true,
                What::Nothing => return false,
                _ => own
                    .iter()
                    .any(|value| self.value_fits(value, wanted, around, depth)),
            };
            if !fits && all {
                return false;
            }
            some |= fits;
        }
        is_wildcard || some
    }

    fn value_fits(&self, value: &Json, wanted: &Wanted, around: Flags, depth: usize) -> bool {
        match &wanted.what {
            What::Nothing => false,
            What::Value(pattern) => literal_fits(value, pattern),
            What::Nodes(pattern) => match id_of(value) {
                Some(id) => {
                    let asks_nothing = pattern.ids.is_none()
                        && pattern.types.is_none()
                        && pattern.properties.is_empty();
                    asks_nothing || self.fits(id, pattern, around, depth + 1)
                }
                None => pattern.ids.is_none(),
            },
            What::List(items) => value
                .get("@list")
                .and_then(Json::as_array)
                .is_some_and(|list| {
                    list.iter()
                        .any(|item| self.value_fits(item, items, around, depth))
                }),
        }
    }

    /// A node as its pattern wants it; as whole as it is where there is none.
    fn node(
        &mut self,
        id: &str,
        pattern: Option<&Pattern>,
        around: Flags,
    ) -> Result<Json, FrameError> {
        let flags = pattern.map_or(around, |pattern| pattern.flags(around));
        let name = json!({ "@id": id });
        let Some(node) = self.nodes.get(id) else {
            return Ok(name);
        };
        let is_around = self.stack.iter().any(|open| open == id);
        let is_once = flags.embed == Embed::Once && self.embedded.contains(id);
        if flags.embed == Embed::Never && !self.stack.is_empty() || is_around || is_once {
            return Ok(name);
        }
        if self.stack.len() > MAX_STACK {
            return Err(FrameError::TooDeep(MAX_STACK));
        }
        self.embedded.insert(id.to_owned());
        self.stack.push(id.to_owned());
        let mut out = Map::new();
        out.insert("@id".into(), id.into());
        if let Some(types) = node.get("@type") {
            out.insert("@type".into(), types.clone());
        } else if let Some(Types::Default(types)) = pattern.and_then(|p| p.types.as_ref()) {
            out.insert("@type".into(), types.clone().into());
        }
        let mut properties: Vec<(&String, &Json)> = node
            .iter()
            .filter(|(key, _)| !key.starts_with('@'))
            .collect();
        properties.sort_by_key(|(key, _)| *key);
        for (property, _) in properties {
            let wanted = pattern.and_then(|pattern| pattern.properties.get(property));
            if wanted.is_none() && flags.explicit && pattern.is_some() {
                continue;
            }
            let mut shown = Vec::new();
            for value in values(node, property) {
                if let Some(value) = self.value(value, wanted, flags)? {
                    shown.push(value);
                }
            }
            if !shown.is_empty() {
                out.insert(property.clone(), shown.into());
            }
        }
        if let Some(pattern) = pattern {
            self.defaults(pattern, &mut out);
            self.reverse(id, pattern, flags, &mut out)?;
        }
        self.stack.pop();
        Ok(Json::Object(out))
    }

    fn value(
        &mut self,
        value: &Json,
        wanted: Option<&Wanted>,
        flags: Flags,
    ) -> Result<Option<Json>, FrameError> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(FrameError::TooLarge("document"));
        }
        if let Some(Json::Array(items)) = value.get("@list") {
            let wanted = match wanted.map(|wanted| &wanted.what) {
                Some(What::List(items)) => Some(items.as_ref()),
                _ => None,
            };
            let mut shown = Vec::new();
            for item in items {
                shown.extend(self.value(item, wanted, flags)?);
            }
            return Ok(Some(json!({ "@list": shown })));
        }
        let Some(id) = id_of(value) else {
            let is_wanted = match wanted.map(|wanted| &wanted.what) {
                Some(What::Value(pattern)) => literal_fits(value, pattern),
                Some(What::Nothing) => false,
                _ => true,
            };
            return Ok(is_wanted.then(|| value.clone()));
        };
        match wanted.map(|wanted| &wanted.what) {
            None => self.node(id, None, flags).map(Some),
            Some(What::Nodes(pattern)) if self.fits(id, pattern, flags, 0) => {
                self.node(id, Some(pattern), flags).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn defaults(&self, pattern: &Pattern, out: &mut Map<String, Json>) {
        for (property, wanted) in &pattern.properties {
            if out.contains_key(property) || wanted.omit_default.unwrap_or(self.omit_default) {
                continue;
            }
            let default = wanted.default.clone().unwrap_or_else(|| vec![Json::Null]);
            out.insert(property.clone(), default.into());
        }
    }

    fn reverse(
        &mut self,
        id: &str,
        pattern: &Pattern,
        flags: Flags,
        out: &mut Map<String, Json>,
    ) -> Result<(), FrameError> {
        let mut found = Map::new();
        for (property, inner) in &pattern.reverse {
            let pointing = self.nodes.iter().filter(|(_, node)| {
                values(node, property)
                    .iter()
                    .any(|value| id_of(value) == Some(id))
            });
            let pointing: Vec<String> = pointing.map(|(name, _)| name.clone()).collect();
            let mut shown = Vec::new();
            for name in pointing {
                if self.fits(&name, inner, flags, 0) {
                    shown.push(self.node(&name, Some(inner), flags)?);
                }
            }
            if !shown.is_empty() {
                found.insert(property.clone(), shown.into());
            }
        }
        if !found.is_empty() {
            out.insert("@reverse".into(), found.into());
        }
        Ok(())
    }
}

/// Whether a literal is one that a pattern wants.
fn literal_fits(value: &Json, pattern: &ValuePattern) -> bool {
    let Some(object) = value.as_object().filter(|o| o.contains_key("@value")) else {
        return false;
    };
    let fits = |wanted: &Option<Vec<Json>>, key: &str, is_language: bool| {
        let own = object.get(key);
        match (wanted, own) {
            (None, None) => true,
            // What the pattern does not speak of must not be there, unless only the value is spoken of.
            (None, Some(_)) => key == "@value",
            (Some(list), Some(_)) if list.is_empty() => true,
            (Some(list), Some(own)) => list.iter().any(|wanted| {
                wanted == own
                    || is_language
                        && matches!((wanted.as_str(), own.as_str()), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
            }),
            (Some(_), None) => false,
        }
    };
    fits(&pattern.value, "@value", false)
        && fits(&pattern.kind, "@type", false)
        && fits(&pattern.language, "@language", true)
}

/// Takes the names off blank nodes that are named once: they say nothing.
pub(super) fn prune_names(framed: &mut [Json]) {
    fn count(value: &Json, seen: &mut BTreeMap<String, usize>) {
        match value {
            Json::Array(list) => list.iter().for_each(|item| count(item, seen)),
            Json::Object(object) => {
                if let Some(Json::String(id)) = object.get("@id")
                    && id.starts_with("_:")
                {
                    *seen.entry(id.clone()).or_default() += 1;
                }
                object.values().for_each(|inner| count(inner, seen));
            }
            _ => {}
        }
    }
    fn prune(value: &mut Json, seen: &BTreeMap<String, usize>) {
        match value {
            Json::Array(list) => list.iter_mut().for_each(|item| prune(item, seen)),
            Json::Object(object) => {
                let is_once = object
                    .get("@id")
                    .and_then(Json::as_str)
                    .is_some_and(|id| seen.get(id) == Some(&1));
                if is_once {
                    object.remove("@id");
                }
                object.values_mut().for_each(|inner| prune(inner, seen));
            }
            _ => {}
        }
    }
    let mut seen = BTreeMap::new();
    framed.iter().for_each(|value| count(value, &mut seen));
    framed.iter_mut().for_each(|value| prune(value, &seen));
}
