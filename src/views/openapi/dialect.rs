//! Schemas of the bodies of the dialect, read off the templates that declare them: what a template says, as JSON Schema. Every key
//! may be missing, as the objects may lack what it shows.

use crate::registry::assets::REGISTERS;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Parts use parts at most this deep.
const MAX_USES: usize = 16;

/// The schemas of a version: `{version}-{resource}` for one object, `{version}-{resource}-lijst` for a list.
pub fn dialect_schemas(version: &str) -> BTreeMap<String, Json> {
    let mut out = BTreeMap::new();
    let Some(folder) = REGISTERS.get_dir(format!("dialect/{version}")) else {
        return out;
    };
    let read = |file: &include_dir::File<'static>| -> Option<(String, Json)> {
        let name = file.path().file_stem()?.to_str()?.to_owned();
        Some((name, serde_json::from_str(file.contents_utf8()?).ok()?))
    };
    let files: Vec<(String, Json)> = folder.files().filter_map(read).collect();
    let shared = files.iter().find(|(name, _)| name == "algemeen");
    let empty = Map::new();
    let parts = shared
        .and_then(|(_, shared)| shared["parts"].as_object())
        .unwrap_or(&empty);
    for (name, declared) in &files {
        for (key, end) in [("detail", ""), ("list", "-lijst")] {
            if let Some(template) = declared.get(key) {
                out.insert(format!("{version}-{name}{end}"), schema(template, parts));
            }
        }
    }
    out
}

fn schema(template: &Json, parts: &Map<String, Json>) -> Json {
    match template {
        Json::Object(members) => object(members, parts),
        Json::Array(items) => {
            let mut forms: Vec<Json> = Vec::new();
            for item in items {
                let form = schema(item, parts);
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
            let items = match forms.len() {
                1 => forms.remove(0),
                _ => json!({ "anyOf": forms }),
            };
            json!({ "type": "array", "items": items })
        }
        Json::String(_) => json!({ "type": "string", "const": template }),
        constant => json!({ "const": constant }),
    }
}

fn object(members: &Map<String, Json>, parts: &Map<String, Json>) -> Json {
    let members = with_parts(members, parts);
    let form = match commanded(&members, parts) {
        Some(form) => form,
        None => {
            let properties: Map<String, Json> = members
                .iter()
                .filter(|(key, _)| !key.starts_with('$'))
                .map(|(key, value)| (key.clone(), schema(value, parts)))
                .collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": true })
        }
    };
    if members.get("$each") == Some(&Json::Bool(true)) {
        json!({ "type": "array", "items": form })
    } else {
        form
    }
}

/// The members with those of the parts they use; their own win.
fn with_parts(members: &Map<String, Json>, parts: &Map<String, Json>) -> Map<String, Json> {
    let mut out = members.clone();
    for _ in 0..MAX_USES {
        let Some(Json::String(name)) = out.shift_remove("$use") else {
            break;
        };
        let Some(Json::Object(part)) = parts.get(&name) else {
            break;
        };
        let mut merged = part.clone();
        merged.extend(out);
        out = merged;
    }
    out
}

/// The schema of a value that a command makes.
fn commanded(members: &Map<String, Json>, parts: &Map<String, Json>) -> Option<Json> {
    if let Some(item) = members.get("$items") {
        return Some(json!({ "type": "array", "items": schema(item, parts) }));
    }
    let addresses = ["$detail", "$link", "$next", "$context"];
    if addresses
        .iter()
        .any(|command| members.contains_key(*command))
    {
        return Some(json!({ "type": "string", "format": "uri" }));
    }
    if members.contains_key("$boolean") {
        return Some(json!({ "type": "boolean" }));
    }
    if members.contains_key("$total") {
        return Some(json!({ "type": "integer", "minimum": 0 }));
    }
    let texts = ["$value", "$language", "$iri", "$id", "$gml", "$text"];
    texts
        .iter()
        .any(|command| members.contains_key(*command))
        .then(|| json!({ "type": "string" }))
}
