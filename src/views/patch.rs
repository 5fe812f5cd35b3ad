//! Changes to JSON documents: JSON Merge Patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)) and JSON Patch
//! ([RFC 6902](https://www.rfc-editor.org/rfc/rfc6902)). Knows nothing of what the documents mean.

use crate::rdf::label::Text;
use serde_json::{Map, Value as Json};

/// Operations of one JSON Patch.
pub const MAX_OPERATIONS: usize = 1000;
/// What a document may grow to by copying, in values.
const MAX_VALUES: usize = 200_000;
/// How deep a document may become.
const MAX_DEPTH: usize = 128;

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchError {
    /// Whether the patch is no patch; else it does not fit the document.
    pub is_malformed: bool,
    /// The operation at fault, from 0.
    pub operation: usize,
    /// The path it names, when it names one.
    pub path: String,
    /// What is wrong.
    pub text: Text,
}

/// Merges a patch into a document.
pub fn merge(document: &mut Json, patch: &Json) {
    let Json::Object(changes) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Json::Object(Map::new());
    }
    let Json::Object(members) = document else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            members.shift_remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Json::Null), change);
        }
    }
}

/// Applies the operations of a JSON Patch one after another. What it leaves after an error is to be dropped.
///
/// # Errors
/// The first operation that is none or does not fit.
pub fn apply(document: &mut Json, patch: &Json) -> Result<(), PatchError> {
    let Json::Array(operations) = patch else {
        return Err(malformed(
            0,
            "",
            "Een JSON Patch is een lijst van bewerkingen.",
            "A JSON Patch is a list of operations.",
        ));
    };
    if operations.len() > MAX_OPERATIONS {
        return Err(malformed(
            MAX_OPERATIONS,
            "",
            &format!("Een JSON Patch heeft hier hoogstens {MAX_OPERATIONS} bewerkingen."),
            &format!("A JSON Patch has at most {MAX_OPERATIONS} operations here."),
        ));
    }
    for (at, operation) in operations.iter().enumerate() {
        one(document, at, operation)?;
    }
    Ok(())
}

fn one(document: &mut Json, at: usize, operation: &Json) -> Result<(), PatchError> {
    let member = |name: &str| operation.get(name);
    let text = |name: &'static str| {
        member(name).and_then(Json::as_str).ok_or_else(|| {
            malformed(
                at,
                "",
                &format!("De bewerking mist \"{name}\"."),
                &format!("The operation lacks \"{name}\"."),
            )
        })
    };
    let value = |path: &str| {
        member("value").cloned().ok_or_else(|| {
            malformed(
                at,
                path,
                "De bewerking mist \"value\".",
                "The operation lacks \"value\".",
            )
        })
    };
    let path = text("path")?;
    let steps = steps(at, path)?;
    match text("op")? {
        "add" => add(document, (at, path), &steps, value(path)?),
        "remove" => remove(document, (at, path), &steps).map(drop),
        "replace" => {
            let value = value(path)?;
            let place = find(document, &steps).ok_or_else(|| missing(at, path))?;
            *place = value;
            Ok(())
        }
        "test" => {
            let value = value(path)?;
            let place = find(document, &steps).ok_or_else(|| missing(at, path))?;
            if is_same(place, &value) {
                return Ok(());
            }
            Err(conflict(
                at,
                path,
                "De waarde is niet die van \"test\".",
                "The value is not that of \"test\".",
            ))
        }
        "move" => {
            let from = text("from")?;
            let source = self::steps(at, from)?;
            if steps.len() > source.len() && steps.starts_with(&source) {
                return Err(malformed(
                    at,
                    from,
                    "Een waarde kan niet in zichzelf verplaatst worden.",
                    "A value cannot be moved into itself.",
                ));
            }
            let value = remove(document, (at, from), &source)?;
            add(document, (at, path), &steps, value)
        }
        "copy" => {
            let from = text("from")?;
            let source = self::steps(at, from)?;
            let value = find(document, &source)
                .ok_or_else(|| missing(at, from))?
                .clone();
            if size(document) + size(&value) > MAX_VALUES {
                return Err(conflict(
                    at,
                    path,
                    "Het document wordt te groot.",
                    "The document grows too large.",
                ));
            }
            add(document, (at, path), &steps, value)
        }
        other => Err(malformed(
            at,
            path,
            &format!(
                "Er is geen bewerking \"{other}\"; gebruik add, remove, replace, move, copy of test."
            ),
            &format!(
                "There is no operation \"{other}\"; use add, remove, replace, move, copy or test."
            ),
        )),
    }
}

/// Values within a value, itself included.
fn size(value: &Json) -> usize {
    1 + match value {
        Json::Array(values) => values.iter().map(size).sum(),
        Json::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

/// Levels of a value.
fn depth(value: &Json) -> usize {
    1 + match value {
        Json::Array(values) => values.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The same value; numbers by what they are, keys in any order.
fn is_same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let same =
                |(key, value): (&String, &Json)| b.get(key).is_some_and(|b| is_same(value, b));
            a.len() == b.len() && a.iter().all(same)
        }
        _ => a == b,
    }
}

fn steps(at: usize, path: &str) -> Result<Vec<String>, PatchError> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let wrong = || {
        malformed(
            at,
            path,
            &format!("\"{path}\" is geen JSON Pointer."),
            &format!("\"{path}\" is no JSON Pointer."),
        )
    };
    let path = path.strip_prefix('/').ok_or_else(wrong)?;
    Ok(path
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect())
}

fn find<'a>(document: &'a mut Json, steps: &[String]) -> Option<&'a mut Json> {
    steps.iter().try_fold(document, |value, step| match value {
        Json::Object(members) => members.get_mut(step),
        Json::Array(values) => values.get_mut(index(step)?),
        _ => None,
    })
}

/// A place in a list: digits without zeros in front.
fn index(step: &str) -> Option<usize> {
    let is_plain =
        step == "0" || !step.starts_with('0') && step.bytes().all(|b| b.is_ascii_digit());
    step.parse().ok().filter(|_| is_plain)
}

fn add(
    document: &mut Json,
    (at, path): (usize, &str),
    steps: &[String],
    value: Json,
) -> Result<(), PatchError> {
    if steps.len() + depth(&value) > MAX_DEPTH {
        return Err(conflict(
            at,
            path,
            "Het document wordt te diep.",
            "The document grows too deep.",
        ));
    }
    let Some((last, before)) = steps.split_last() else {
        *document = value;
        return Ok(());
    };
    match find(document, before) {
        Some(Json::Object(members)) => {
            members.insert(last.clone(), value);
            Ok(())
        }
        Some(Json::Array(values)) => {
            let place = if last == "-" {
                Some(values.len())
            } else {
                index(last)
            };
            let place = place.filter(|place| *place <= values.len());
            values.insert(place.ok_or_else(|| missing(at, path))?, value);
            Ok(())
        }
        _ => Err(missing(at, path)),
    }
}

fn remove(
    document: &mut Json,
    (at, path): (usize, &str),
    steps: &[String],
) -> Result<Json, PatchError> {
    let Some((last, before)) = steps.split_last() else {
        return Ok(document.take());
    };
    let removed = match find(document, before) {
        Some(Json::Object(members)) => members.shift_remove(last),
        Some(Json::Array(values)) => index(last)
            .filter(|place| *place < values.len())
            .map(|place| values.remove(place)),
        _ => None,
    };
    removed.ok_or_else(|| missing(at, path))
}

fn malformed(operation: usize, path: &str, nl: &str, en: &str) -> PatchError {
    PatchError {
        is_malformed: true,
        operation,
        path: path.to_owned(),
        text: Text::new(nl, en),
    }
}

fn conflict(operation: usize, path: &str, nl: &str, en: &str) -> PatchError {
    PatchError {
        is_malformed: false,
        ..malformed(operation, path, nl, en)
    }
}

fn missing(operation: usize, path: &str) -> PatchError {
    conflict(
        operation,
        path,
        &format!("Het pad \"{path}\" bestaat niet in het document."),
        &format!("The document has no path \"{path}\"."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merges_as_the_specification_has_it() {
        for (document, patch, after) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [1]}),
                json!({"a": [null]}),
                json!({"a": [null]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!([1, 2]),
                json!({"a": "b", "c": null}),
                json!({"a": "b"}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
            (json!({"a": "b"}), json!(["c"]), json!(["c"])),
        ] {
            let mut document = document;
            merge(&mut document, &patch);
            assert_eq!(document, after, "{patch}");
        }
    }

    #[test]
    fn applies_operations_in_order() {
        let mut document = json!({"a": {"b~c/d": [1, 2]}, "x": 1});
        let patch = json!([
            {"op": "test", "path": "/a/b~0c~1d/1", "value": 2.0},
            {"op": "add", "path": "/a/b~0c~1d/1", "value": 9},
            {"op": "add", "path": "/a/b~0c~1d/-", "value": 3},
            {"op": "move", "from": "/x", "path": "/a/y"},
            {"op": "copy", "from": "/a/y", "path": "/z"},
            {"op": "replace", "path": "/z", "value": {"k": null}},
            {"op": "remove", "path": "/a/y"},
        ]);
        apply(&mut document, &patch).expect("it fits");
        assert_eq!(
            document,
            json!({"a": {"b~c/d": [1, 9, 2, 3]}, "z": {"k": null}})
        );
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for (patch, is_malformed) in [
            (json!({}), true),
            (json!([{"op": "add", "path": "a", "value": 1}]), true),
            (json!([{"op": "add", "path": "/a"}]), true),
            (json!([{"op": "verdubbel", "path": "/a"}]), true),
            (json!([{"path": "/a"}]), true),
            (json!([{"op": "move", "from": "/a", "path": "/a/b"}]), true),
            (json!([{"op": "remove", "path": "/b"}]), false),
            (
                json!([{"op": "replace", "path": "/l/01", "value": 1}]),
                false,
            ),
            (json!([{"op": "add", "path": "/l/9", "value": 1}]), false),
            (json!([{"op": "add", "path": "/a/b", "value": 1}]), false),
            (json!([{"op": "test", "path": "/a", "value": 2}]), false),
        ] {
            let error = apply(&mut json!({"a": 1, "l": [1]}), &patch).expect_err("it does not fit");
            assert_eq!(error.is_malformed, is_malformed, "{patch}");
        }
        let doubling: Vec<Json> = (0..40)
            .map(|_| json!({"op": "copy", "from": "", "path": "/l/-"}))
            .collect();
        let error = apply(&mut json!({"l": [1]}), &doubling.into()).expect_err("too large");
        assert!(error.text.en.contains("too large"), "{error:?}");
        let mut path = String::from("/a");
        let mut deeper = Vec::new();
        for _ in 0..200 {
            deeper.push(json!({"op": "add", "path": path, "value": {"b": {}}}));
            path.push_str("/b");
        }
        let error = apply(&mut json!({}), &deeper.into()).expect_err("too deep");
        assert!(error.text.en.contains("too deep"), "{error:?}");
    }
}
