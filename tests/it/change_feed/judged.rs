//! Events judged by the JSON Schemas that the base registries publish for theirs. Of JSON Schema only what those use.

use super::copied::{REGISTERS, one_by_one, open};
use crate::feed::scenarios;
use oslo_registry::feeds::changes::ChangeFeed;
use oslo_registry::feeds::stream::Streams;
use oslo_registry::registry::Registry;
use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const SCHEMAS: &str = "../shared/data/registries/feed-schema/public-api/2026-01-21";

/// What of a value a schema does not allow.
fn judge(root: &Json, schema: &Json, value: &Json, at: &str, found: &mut Vec<String>) {
    let Some(keys) = schema.as_object() else {
        return;
    };
    let fits = |schema: &Json, value: &Json| {
        let mut found = Vec::new();
        judge(root, schema, value, at, &mut found);
        found.is_empty()
    };
    for (key, wanted) in keys {
        let is_good = match key.as_str() {
            "type" => {
                let is = match value {
                    Json::Null => "null",
                    Json::Bool(_) => "boolean",
                    Json::Number(_) => "number",
                    Json::String(_) => "string",
                    Json::Array(_) => "array",
                    Json::Object(_) => "object",
                };
                wanted == is
                    || wanted
                        .as_array()
                        .is_some_and(|all| all.contains(&is.into()))
            }
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "const" => wanted == value,
            "required" => wanted.as_array().expect("a list").iter().all(|key| {
                let key = key.as_str().expect("a key");
                value
                    .as_object()
                    .is_none_or(|object| object.contains_key(key))
            }),
            "additionalProperties" if wanted == false => value.as_object().is_none_or(|object| {
                let known = keys.get("properties").and_then(Json::as_object);
                object
                    .keys()
                    .all(|key| known.is_some_and(|known| known.contains_key(key)))
            }),
            "minItems" => value
                .as_array()
                .is_none_or(|list| list.len() as u64 >= wanted.as_u64().expect("a number")),
            "pattern" => value.as_str().is_none_or(|text| {
                let pattern = regex::Regex::new(wanted.as_str().expect("a text"));
                pattern.expect("a pattern").is_match(text)
            }),
            "oneOf" => {
                let all = wanted.as_array().expect("a list").iter();
                all.filter(|schema| fits(schema, value)).count() == 1
            }
            "properties" => {
                for (key, schema) in wanted.as_object().expect("an object") {
                    if let Some(below) = value.get(key) {
                        judge(root, schema, below, &format!("{at}/{key}"), found);
                    }
                }
                true
            }
            "items" => {
                for (number, below) in value.as_array().into_iter().flatten().enumerate() {
                    judge(root, wanted, below, &format!("{at}/{number}"), found);
                }
                true
            }
            "allOf" => {
                for schema in wanted.as_array().expect("a list") {
                    judge(root, schema, value, at, found);
                }
                true
            }
            "if" => {
                if fits(wanted, value)
                    && let Some(then) = keys.get("then")
                {
                    judge(root, then, value, at, found);
                }
                true
            }
            "$ref" => {
                let pointer = wanted.as_str().and_then(|name| name.strip_prefix('#'));
                let schema = root.pointer(pointer.expect("a local one")).expect("there");
                judge(root, schema, value, at, found);
                true
            }
            "$schema"
            | "$id"
            | "$defs"
            | "title"
            | "description"
            | "format"
            | "then"
            | "additionalProperties" => true,
            other => panic!("the schema says {other}"),
        };
        if !is_good {
            found.push(format!("{at}: {key} {wanted} of {value}"));
        }
    }
}

/// The events of a register.
fn events(registry: &Arc<Registry>, register: &str) -> Vec<Json> {
    let streams = Streams::start(registry).expect("starts");
    let seq = registry.snapshot().seq();
    streams.wait(seq, Duration::from_secs(60)).expect("ready");
    let stream = streams.get(register).expect("public");
    let feed = ChangeFeed::new(registry);
    let batch = feed.batch(stream, &mut (0..stream.len())).expect("reads");
    serde_json::from_slice(&batch).expect("JSON")
}

/// Geometries one by one: the schemas know one, the service sends a list with one for each coordinate reference system.
fn one_geometry(event: &mut Json) {
    let attributes = event["data"]["attributen"].as_array_mut();
    for attribute in attributes.expect("a list") {
        if attribute["naam"]
            .as_str()
            .is_some_and(|name| name.ends_with(".geometrie"))
        {
            for side in ["oudeWaarde", "nieuweWaarde"] {
                if let Some(first) = attribute[side].get(0).cloned() {
                    attribute[side] = first;
                }
            }
        }
    }
}

#[test]
fn events_keep_to_the_published_schemas() {
    let Some(scenarios) = scenarios() else { return };
    let schemas = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(SCHEMAS);
    let (mut judged, mut kinds) = (0, std::collections::BTreeSet::new());
    for (name, given) in &scenarios {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = open(folder.path());
        one_by_one(&registry, given);
        for register in REGISTERS {
            let kind = &registry.register(register).expect("declared").kind;
            let schema = std::fs::read(schemas.join(format!("{kind}.json"))).expect("a schema");
            let schema: Json = serde_json::from_slice(&schema).expect("JSON");
            for mut event in events(&registry, register) {
                one_geometry(&mut event);
                let mut found = Vec::new();
                judge(&schema, &schema, &event["data"], "data", &mut found);
                assert!(found.is_empty(), "{name}: {found:#?}\n{event:#}");
                judged += 1;
                // The judge is awake.
                event["data"]["nisCodes"] = serde_json::json!(["Gent"]);
                event["data"]["attributen"] =
                    serde_json::json!([{"naam": "status", "oudeWaarde": 1, "nieuweWaarde": "x"}]);
                judge(&schema, &schema, &event["data"], "data", &mut found);
                assert!(found.len() > 2, "{found:#?}");
                kinds.insert(event["type"].as_str().expect("a text").to_owned());
            }
        }
    }
    assert!(judged > 50, "{judged}");
    for what in ["create", "update", "delete"] {
        assert!(
            kinds.contains(&format!("basisregisters.address.{what}.v1")),
            "{kinds:?}"
        );
    }
}
