//! Expanded JSON-LD written with the context of a frame. Whatever no term fits keeps its full form, so nothing changes its
//! meaning.

use super::context::{Coercion, FlatContext, Term};
use crate::rdf::text::json_integer;
use crate::rdf::vocab::xsd;
use serde_json::{Map, Value as Json, json};

/// A node or value object, compact. `null` stands for a default of nothing.
pub(super) fn compact(value: &Json, context: &FlatContext) -> Json {
    match value {
        Json::Object(object) if object.contains_key("@value") => literal(object, None, context),
        Json::Object(object) if object.contains_key("@list") => {
            let items = object["@list"].as_array().map_or(&[][..], Vec::as_slice);
            let items: Vec<Json> = items.iter().map(|item| compact(item, context)).collect();
            json!({ context.shorten("@list", true): items })
        }
        Json::Object(object) => Json::Object(node(object, context)),
        other => other.clone(),
    }
}

fn node(object: &Map<String, Json>, context: &FlatContext) -> Map<String, Json> {
    let mut out = Map::new();
    for (key, value) in object {
        match key.as_str() {
            "@id" => {
                let id = value.as_str().unwrap_or("");
                out.insert(keyword("@id", context), context.shorten(id, false).into());
            }
            "@type" => {
                let types = value.as_array().map_or(&[][..], Vec::as_slice);
                let short = |kind: &Json| match kind {
                    Json::String(kind) => context.shorten(kind, true).into(),
                    other => other.clone(),
                };
                let types: Vec<Json> = types.iter().map(short).collect();
                out.insert(keyword("@type", context), one_or_many(types));
            }
            "@reverse" => {
                let mut reversed = Map::new();
                for (property, values) in value.as_object().into_iter().flatten() {
                    let values = values.as_array().map_or(&[][..], Vec::as_slice);
                    match context.terms_of(property, true).next() {
                        Some((name, term)) => add_all(&mut out, name, Some(term), values, context),
                        None => {
                            let name = context.shorten(property, true);
                            add_all(&mut reversed, &name, None, values, context);
                        }
                    }
                }
                if !reversed.is_empty() {
                    out.insert("@reverse".to_owned(), reversed.into());
                }
            }
            property => {
                let values = value.as_array().map_or(&[][..], Vec::as_slice);
                for value in values {
                    let (name, term) = choose(property, value, context);
                    add_all(&mut out, &name, term, std::slice::from_ref(value), context);
                }
            }
        }
    }
    out
}

fn keyword(name: &str, context: &FlatContext) -> String {
    let mut alias = context.terms_of(name, false).map(|(alias, _)| alias);
    alias.next().unwrap_or(name).to_owned()
}

fn one_or_many(mut values: Vec<Json>) -> Json {
    if values.len() == 1 {
        values.remove(0)
    } else {
        values.into()
    }
}

/// The term that says a value shortest: one that coerces to its kind, else a plain one, else the IRI.
fn choose<'a>(
    property: &'a str,
    value: &Json,
    context: &'a FlatContext,
) -> (String, Option<&'a Term>) {
    let text = |key: &str| value.get(key).and_then(Json::as_str);
    let is_list = value.get("@list").is_some();
    let fits = |term: &Term| match &term.coercion {
        _ if term.is_list != is_list => 0,
        _ if is_list || value.is_null() => 2,
        Coercion::Iri if value.get("@value").is_none() => 3,
        Coercion::Datatype(kind) if text("@type") == Some(kind) => 3,
        Coercion::Language(Some(tag)) if text("@language") == Some(tag) => 3,
        Coercion::Language(None)
            if value.get("@value").is_some()
                && text("@language").is_none()
                && text("@type").is_none() =>
        {
            3
        }
        Coercion::None => 2,
        _ => 1,
    };
    let terms = context.terms_of(property, false);
    let mut best: Option<(i32, &str, &Term)> = None;
    for (name, term) in terms {
        let rank = fits(term);
        if rank > 0 && best.is_none_or(|(known, ..)| rank > known) {
            best = Some((rank, name, term));
        }
    }
    match best {
        Some((_, name, term)) => (name.to_owned(), Some(term)),
        None => {
            // A name that a term of another kind has means that kind: the full IRI then.
            let short = context.shorten(property, true);
            let is_term = context.get(&short).is_some();
            (if is_term { property.to_owned() } else { short }, None)
        }
    }
}

fn add_all(
    out: &mut Map<String, Json>,
    name: &str,
    term: Option<&Term>,
    values: &[Json],
    context: &FlatContext,
) {
    let is_set = term.is_some_and(|term| term.is_set);
    if is_set {
        out.entry(name).or_insert_with(|| json!([]));
    }
    for value in values {
        if value.is_null() {
            // A default of nothing: said alone, and not at all in a set.
            if !is_set {
                out.entry(name).or_insert(Json::Null);
            }
            continue;
        }
        if term.is_some_and(|term| term.is_list)
            && let Some(Json::Array(items)) = value.get("@list")
        {
            let items: Vec<Json> = items.iter().map(|item| one(item, term, context)).collect();
            out.insert(name.to_owned(), items.into());
            continue;
        }
        let value = one(value, term, context);
        match out.get_mut(name) {
            None | Some(Json::Null) => {
                out.insert(name.to_owned(), value);
            }
            Some(Json::Array(known)) => known.push(value),
            Some(known) => *known = Json::Array(vec![known.take(), value]),
        }
    }
}

fn one(value: &Json, term: Option<&Term>, context: &FlatContext) -> Json {
    match value {
        Json::Object(object) if object.contains_key("@value") => literal(object, term, context),
        Json::Object(object)
            if object.len() == 1
                && object.contains_key("@id")
                && term.is_some_and(|term| term.coercion == Coercion::Iri) =>
        {
            let id = object["@id"].as_str().unwrap_or("");
            context.shorten(id, false).into()
        }
        Json::Object(object) if object.contains_key("@list") => {
            let items = object["@list"].as_array().map_or(&[][..], Vec::as_slice);
            let items: Vec<Json> = items.iter().map(|item| one(item, term, context)).collect();
            json!({ "@list": items })
        }
        other => compact(other, context),
    }
}

fn literal(object: &Map<String, Json>, term: Option<&Term>, context: &FlatContext) -> Json {
    let coercion = term.map_or(&Coercion::None, |term| &term.coercion);
    let value = &object["@value"];
    let text = |key: &str| object.get(key).and_then(Json::as_str);
    if object.contains_key("@direction") {
        return Json::Object(object.clone());
    }
    match (text("@language"), text("@type")) {
        (Some(tag), _) => {
            let wanted = match coercion {
                Coercion::Language(tag) => tag.as_deref(),
                Coercion::None => context.default_language(),
                _ => None,
            };
            if wanted == Some(tag) {
                return value.clone();
            }
        }
        (None, Some(kind)) => {
            if matches!(coercion, Coercion::Datatype(wanted) if wanted == kind) {
                return value.clone();
            }
            let native = value.as_str().and_then(|text| native(text, kind));
            if let Some(native) = native.filter(|_| *coercion == Coercion::None) {
                return native;
            }
            return json!({ "@value": value, "@type": context.shorten(kind, true) });
        }
        (None, None) => {
            let is_plain = match coercion {
                Coercion::None => context.default_language().is_none(),
                Coercion::Language(tag) => tag.is_none(),
                _ => false,
            };
            if is_plain || !value.is_string() {
                return value.clone();
            }
        }
    }
    Json::Object(object.clone())
}

/// Numbers and booleans that read back as they were written.
fn native(text: &str, kind: &str) -> Option<Json> {
    match (kind, text) {
        (xsd::BOOLEAN, "true") => Some(true.into()),
        (xsd::BOOLEAN, "false") => Some(false.into()),
        (xsd::INTEGER, _) => json_integer(text).map(Json::from),
        _ => None,
    }
}
