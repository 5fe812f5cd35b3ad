//! Events as they come → what they are about. Nothing is applied here.

use crate::ingest::normalise::{Mapping, Normaliser, Repair};
use crate::registry::Moment;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Events of one document.
const MAX_EVENTS: usize = 1_000_000;
/// Pairs of one transform event.
const MAX_PAIRS: usize = 100_000;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Create,
    Update,
    Delete,
    Transform,
}

/// An event that could be read.
pub(super) struct Event<'v> {
    /// Its number: events of one feed count in this order.
    pub(super) number: u64,
    pub(super) what: What,
    pub(super) mapping: &'static Mapping,
    /// When what it tells became so.
    pub(super) moment: Moment,
    pub(super) data: &'v Map<String, Value>,
    /// The event as it came.
    pub(super) raw: &'v Value,
}

/// The events of a document, when it is a batch of them or one by itself.
pub(in crate::ingest) fn events_of(value: &Value) -> Option<Vec<&Value>> {
    let is_event = |value: &Value| {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        text("specversion").is_some()
            && text("type").is_some_and(|kind| kind.starts_with("basisregisters."))
    };
    match value {
        // An empty page is a batch too, but only its media type says so.
        Value::Array(members) if members.first().is_some_and(is_event) => {
            Some(members.iter().take(MAX_EVENTS).collect())
        }
        one if is_event(one) => Some(vec![one]),
        _ => None,
    }
}

/// Names of the mappings of events.
pub(in crate::ingest) fn mappings_of(events: &[&Value]) -> BTreeSet<String> {
    let kinds = events
        .iter()
        .filter_map(|event| event.get("type")?.as_str()?.split('.').nth(1));
    let known = kinds.filter_map(|kind| Normaliser::shipped().of_event(kind));
    known.map(Mapping::name).collect()
}

impl<'v> Event<'v> {
    /// Reads an event.
    ///
    /// # Errors
    /// The repair code N071 with the part that is not understood.
    pub(super) fn read(raw: &'v Value) -> Result<Self, Repair> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let strange = |key: &str| {
            let found = raw.get(key).map_or_else(String::new, ToString::to_string);
            Repair {
                code: "N071",
                path: key.to_owned(),
                from: format!("{key} {found}"),
                to: String::new(),
            }
        };
        let kind = text("type").unwrap_or_default();
        let mut parts = kind.split('.').skip(1);
        let mapping = parts
            .next()
            .and_then(|name| Normaliser::shipped().of_event(name))
            .ok_or_else(|| strange("type"))?;
        let what = match parts.next() {
            Some("create") => What::Create,
            Some("update") => What::Update,
            Some("delete") => What::Delete,
            Some("transform") => What::Transform,
            _ => return Err(strange("type")),
        };
        let number = text("id")
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| strange("id"))?;
        let data = raw
            .get("data")
            .and_then(Value::as_object)
            .ok_or_else(|| strange("data"))?;
        let version = data.get("versieId").and_then(Value::as_str);
        let moment = version
            .and_then(Moment::parse)
            .or_else(|| Moment::parse(&in_seconds(text("time")?)))
            .ok_or_else(|| strange("time"))?;
        Ok(Self {
            number,
            what,
            mapping,
            moment,
            data,
            raw,
        })
    }

    /// The object: the subject of the event, or what namespace and number give; `None` when that is no IRI.
    pub(super) fn object(&self) -> Option<String> {
        let iri = match self.raw.get("subject").and_then(Value::as_str) {
            Some(subject) => subject.to_owned(),
            None => {
                let text = |key: &str| self.data.get(key).and_then(Value::as_str);
                let space = text("naamruimte")?.trim_end_matches('/');
                format!("{space}/{}", text("objectId")?)
            }
        };
        oxiri::Iri::parse(iri.as_str()).is_ok().then_some(iri)
    }

    /// The attributes of the event with their old or new values, under their names now, as a record for the mapping. Notes
    /// earlier names.
    pub(super) fn record(&self, side: &str, noted: &mut Vec<Repair>) -> Option<Value> {
        let mut attributes = Map::new();
        let listed = self.data.get("attributen").and_then(Value::as_array);
        for (index, attribute) in listed.into_iter().flatten().enumerate() {
            let name = attribute.get("naam").and_then(Value::as_str).unwrap_or("");
            let name = match self.mapping.renamed.get(name) {
                Some(now) => {
                    noted.push(Repair {
                        code: "N070",
                        path: format!("attributen[{index}].naam"),
                        from: name.to_owned(),
                        to: now.clone(),
                    });
                    now.as_str()
                }
                None => name,
            };
            let value = attribute.get(side).cloned().unwrap_or_default();
            put(&mut attributes, name, value);
        }
        let mut record = json!({
            "@id": self.object()?,
            "identificator": {
                "naamruimte": self.data.get("naamruimte"),
                "objectId": self.data.get("objectId"),
                "versieId": self.data.get("versieId"),
            },
            "attributen": attributes,
        });
        // Of several municipalities nobody says which one the object belongs to.
        if let Some([only]) = self
            .data
            .get("nisCodes")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            record["nisCodes"] = only.clone();
        }
        Some(record)
    }

    /// Names of the attributes, as they are now.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        let listed = self.data.get("attributen").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(|attribute| {
            let name = attribute.get("naam")?.as_str()?;
            Some(self.mapping.renamed.get(name).map_or(name, String::as_str))
        })
    }

    /// Whether all attributes had no value before.
    pub(super) fn has_old_values(&self) -> bool {
        let listed = self.data.get("attributen").and_then(Value::as_array);
        let mut old = listed
            .into_iter()
            .flatten()
            .filter_map(|attribute| attribute.get("oudeWaarde"));
        old.any(|value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()))
    }

    /// Which objects were replaced by which, in any of the shapes that transforms have.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut read = |one: &Map<String, Value>| {
            let from = one.get("vanId").and_then(|id| self.iri(id));
            let many = one.get("naarIds").and_then(Value::as_array);
            let to = one
                .get("naarId")
                .into_iter()
                .chain(many.into_iter().flatten());
            for to in to.filter_map(|id| self.iri(id)) {
                if let Some(from) = from.clone().filter(|_| pairs.len() < MAX_PAIRS) {
                    pairs.push((from, to));
                }
            }
        };
        match self.data.get("transformaties").and_then(Value::as_array) {
            Some(list) => list.iter().filter_map(Value::as_object).for_each(&mut read),
            None => read(self.data),
        }
        pairs
    }

    /// An object by its IRI or its number.
    fn iri(&self, id: &Value) -> Option<String> {
        let number;
        let text = match id {
            Value::String(text) => text.as_str(),
            Value::Number(digits) => {
                number = digits.to_string();
                number.as_str()
            }
            _ => return None,
        };
        if text.trim().is_empty() {
            return None;
        }
        let iri = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://data.vlaanderen.be/id/{}/{text}", self.mapping.kind)
        };
        oxiri::Iri::parse(iri.as_str()).is_ok().then_some(iri)
    }
}

/// Puts a value at a name with dots, which stand for objects within each other.
fn put(into: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            into.insert(name.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = into
                .entry(first)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// A moment without its fraction: events carry it, versions of objects do not.
fn in_seconds(text: &str) -> String {
    match text.split_once('.') {
        Some((seconds, rest)) => {
            let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_come_in_three_shapes() {
        let pairs = |kind: &str, data: Value| {
            let event = json!({
                "specversion": "1.0", "id": "7", "time": "2025-01-01T01:04:15.0001+01:00",
                "type": format!("basisregisters.{kind}.transform.v1"), "data": data,
            });
            let event =
                Event::read(&event).map(|event| (event.pairs(), event.moment.text().to_owned()));
            event.expect("an event")
        };
        let id = |kind: &str, number: u32| format!("https://data.vlaanderen.be/id/{kind}/{number}");
        let moment = "2025-01-01T01:04:15+01:00".to_owned();
        let (a, b, c) = (id("gemeente", 1), id("gemeente", 2), id("straatnaam", 3));
        assert_eq!(
            pairs("municipality", json!({"vanId": a, "naarId": b})),
            (vec![(a.clone(), b.clone())], moment.clone())
        );
        assert_eq!(
            pairs("streetname", json!({"vanId": c, "naarIds": [a, b]})),
            (vec![(c.clone(), a), (c, b)], moment.clone())
        );
        let both =
            json!({"transformaties": [{"vanId": "1", "naarId": "2"}, {"vanId": 3, "naarId": "4"}]});
        assert_eq!(
            pairs("address", both),
            (
                vec![
                    (id("adres", 1), id("adres", 2)),
                    (id("adres", 3), id("adres", 4))
                ],
                moment
            )
        );
    }

    #[test]
    fn strange_events_are_told() {
        for strange in [
            json!({"specversion": "1.0", "type": "basisregisters.tree.create.v1"}),
            json!({"specversion": "1.0", "type": "basisregisters.address.grow.v1", "id": "1"}),
            json!({"specversion": "1.0", "type": "basisregisters.address.update.v1", "id": "één"}),
            json!({"specversion": "1.0", "type": "basisregisters.address.update.v1", "id": "1"}),
            json!({"specversion": "1.0", "type": "basisregisters.address.update.v1", "id": "1", "data": {}}),
        ] {
            assert!(
                Event::read(&strange).is_err_and(|why| why.code == "N071"),
                "{strange}"
            );
        }
    }
}
