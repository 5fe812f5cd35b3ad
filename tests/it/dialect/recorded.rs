//! Recorded bodies of both versions go in through the normaliser and are asked back: the same keys, the same kinds of
//! values, the values of the object itself. What differs is on the list in `differences.tsv`, with the reason.

use crate::http::{BASE, Server};
use crate::normalise::documents;
use oslo_registry::ingest::normalise::{NormaliseError, NormaliseOptions, Normaliser};
use oslo_registry::rdf::format::Format;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const KINDS: [(&str, &str); 7] = [
    ("adres", "adressen"),
    ("gebouw", "gebouwen"),
    ("gebouweenheid", "gebouweenheden"),
    ("gemeente", "gemeenten"),
    ("perceel", "percelen"),
    ("postinfo", "postinfo"),
    ("straatnaam", "straatnamen"),
];

/// Keys of lists of v2.
const LISTS: [&str; 7] = [
    "adressen",
    "gebouweenheden",
    "gebouwen",
    "gemeenten",
    "percelen",
    "postInfoObjecten",
    "straatnamen",
];

/// Keys with addresses of a service: theirs there, ours here.
const ADDRESSES: [&str; 4] = ["@context", "detail", "href", "volgende"];

/// How a body of ours differs from the recorded one: version and type, keys from the top, and what.
type Difference = (String, String, &'static str);

/// What is known to differ, with whether it was met.
struct Differences(BTreeMap<Difference, bool>);

impl Differences {
    fn read() -> Self {
        let text = include_str!("differences.tsv");
        let rows = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .skip(1);
        let known = rows.map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [of, path, what, reason] = columns[..] else {
                panic!("four columns: {line}")
            };
            assert!(!reason.is_empty(), "{line}");
            let what = ["absent", "more", "value", "kind"]
                .into_iter()
                .find(|known| *known == what)
                .unwrap_or_else(|| panic!("{line}"));
            ((of.to_owned(), path.to_owned(), what), false)
        });
        Self(known.collect())
    }

    fn meet(&mut self, difference: &Difference) -> bool {
        // The list says "*" for all types, and for all versions.
        let (of, path, what) = difference;
        let version = of.split(' ').next().unwrap_or("");
        for of in [of.clone(), format!("{version} *"), "*".to_owned()] {
            // "*" and the end of a path: wherever that is.
            let ends = path
                .match_indices('.')
                .map(|(at, _)| format!("*{}", &path[at..]));
            for path in ends.chain([format!("*.{path}"), path.clone()]) {
                if let Some(met) = self.0.get_mut(&(of.clone(), path, *what)) {
                    *met = true;
                    return true;
                }
            }
        }
        false
    }
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "text",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// Compares what was recorded with what we say.
fn compare(theirs: &Json, ours: &Json, path: &str, found: &mut BTreeSet<(String, &'static str)>) {
    if kind_of(theirs) != kind_of(ours) {
        found.insert((path.to_owned(), "kind"));
        return;
    }
    match (theirs, ours) {
        (Json::Object(theirs), Json::Object(ours)) => {
            let below = |key: &str| match path {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            for (key, value) in theirs {
                match ours.get(key) {
                    Some(own) => compare(value, own, &below(key), found),
                    None => {
                        found.insert((below(key), "absent"));
                    }
                }
            }
            for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
                found.insert((below(key), "more"));
            }
        }
        (Json::Array(theirs), Json::Array(ours)) => {
            if theirs.len() != ours.len() {
                found.insert((path.to_owned(), "value"));
            }
            for (value, own) in sorted(theirs).into_iter().zip(sorted(ours)) {
                compare(value, own, path, found);
            }
        }
        _ => {
            let key = path.rsplit('.').next().unwrap_or("");
            if theirs != ours && !ADDRESSES.contains(&key) {
                found.insert((path.to_owned(), "value"));
            }
        }
    }
}

/// Names have no order in RDF; the systems of geometries keep theirs.
fn sorted(items: &[Json]) -> Vec<&Json> {
    let mut items: Vec<&Json> = items.iter().collect();
    if items.iter().all(|item| item.get("gml").is_none()) {
        items.sort_by_key(|item| item.to_string());
    }
    items
}

/// A recorded document that the normaliser took, over a registry with what it says.
struct Recorded {
    name: String,
    body: Json,
    version: &'static str,
    /// The objects in it: type and record.
    objects: Vec<(&'static str, &'static str, String, Json)>,
    lines: String,
}

impl Recorded {
    /// `None` for records of other registers, and for objects that the normaliser holds back.
    fn of(name: &str, body: &Json) -> Option<Self> {
        let normaliser = Normaliser::shipped();
        let found = normaliser.document(body)?;
        let options = NormaliseOptions::new(BASE, "proef");
        let mut recorded = Self {
            name: name.to_owned(),
            body: body.clone(),
            version: if body.get("data").is_some() {
                "v3"
            } else {
                "v2"
            },
            objects: Vec::new(),
            lines: String::new(),
        };
        for (_, record) in found.records {
            let mut quads = Vec::new();
            let done = normaliser.normalise(record, &options, &mut |quad| quads.push(quad));
            let done = match done {
                Ok(done) => done,
                Err(NormaliseError::Quarantined(_)) => continue,
                Err(error) => panic!("{name}: {error}"),
            };
            let (kind, resource, id) = KINDS.iter().find_map(|(kind, resource)| {
                let start = format!("https://data.vlaanderen.be/id/{kind}/");
                let id = done.subject.as_str().strip_prefix(&start)?;
                Some((*kind, *resource, id.to_owned()))
            })?;
            for quad in quads {
                recorded.lines.push_str(&format!("{quad} .\n"));
            }
            recorded.objects.push((kind, resource, id, record.clone()));
        }
        // Parts of bodies, and matches of addresses, are no bodies of these routes.
        let is_body = body.get("identificator").is_some()
            || body.get("data").is_some()
            || LISTS
                .iter()
                .any(|key| body.get(key).is_some_and(Json::is_array));
        (is_body && !recorded.objects.is_empty()).then_some(recorded)
    }

    fn is_list(&self) -> bool {
        let list = |value: &Json| {
            value
                .as_array()
                .is_some_and(|items| items.iter().all(Json::is_object))
        };
        match self.version {
            "v3" => self.body.get("data").is_some_and(list),
            _ => self.body.get("identificator").is_none(),
        }
    }
}

fn recorded_of_ours() -> Vec<Recorded> {
    let mut found = Vec::new();
    for version in ["v2", "v3"] {
        for (kind, _) in KINDS {
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                .join(format!("tests/it/records/{version}/{kind}.json"));
            let text = std::fs::read_to_string(path).expect("a record");
            let body = serde_json::from_str(&text).expect("JSON");
            found.push(Recorded::of(&format!("{version}/{kind}"), &body).expect("a record"));
        }
    }
    found
}

fn recorded_elsewhere(shared: &Path) -> Vec<Recorded> {
    documents::documents(&shared.join("registries/instance"))
        .iter()
        .filter_map(|(path, body)| {
            let name = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("a name");
            Recorded::of(name, body)
        })
        .collect()
}

/// What differs when a document is asked back.
async fn asked_back(server: &Server, recorded: &Recorded) -> BTreeSet<Difference> {
    let mut all = BTreeSet::new();
    let version = recorded.version;
    for (kind, resource, id, record) in &recorded.objects {
        let mut found = BTreeSet::new();
        if recorded.is_list() {
            let page = server
                .get(&format!("/{version}/{resource}?limit=500"))
                .await;
            assert_eq!(page.status, 200, "{}", page.text());
            let page = page.json();
            let one = server
                .get(&format!("/{version}/{resource}?limit=1"))
                .await
                .json();
            let key = list_key(&page);
            let items = page[&key].as_array().expect("items");
            let item = items
                .iter()
                .find(|item| item.to_string().contains(&format!("/{id}\"")));
            let item = item.unwrap_or_else(|| panic!("{}: {id} is not in the list", recorded.name));
            compare(record, item, "", &mut found);
            let mut theirs = recorded.body.clone();
            if let Some(object) = theirs.as_object_mut() {
                let key = list_key(&recorded.body);
                let items = object.remove(&key).expect("items");
                object.insert(key, Json::from(kind_of(&items)));
            }
            let mut ours = if items.len() > 1 { one } else { page.clone() };
            ours[&key] = Json::from("array");
            compare(&theirs, &ours, "(list)", &mut found);
        } else {
            let answer = server.get(&format!("/{version}/{resource}/{id}")).await;
            assert_eq!(answer.status, 200, "{}: {}", recorded.name, answer.text());
            compare(&recorded.body, &answer.json(), "", &mut found);
        }
        let of = format!("{version} {kind}");
        all.extend(
            found
                .into_iter()
                .map(|(path, what)| (of.clone(), path, what)),
        );
    }
    all
}

/// The statements of a recorded body, without where they come from.
fn statements(recorded: &Recorded) -> BTreeSet<&str> {
    let lines = recorded.lines.lines();
    lines
        .filter(|line| !line.contains("#wasDerivedFrom>"))
        .collect()
}

#[tokio::test]
async fn our_bodies_go_in_again_as_what_they_came_from() {
    let ours = recorded_of_ours();
    for version in ["v2", "v3"] {
        let server = Server::empty();
        for recorded in ours.iter().filter(|recorded| recorded.version == version) {
            server.load_as("proef", recorded.lines.as_bytes(), Format::NQuads);
        }
        for recorded in ours.iter().filter(|recorded| recorded.version == version) {
            let (_, resource, id, _) = &recorded.objects[0];
            for shown in ["v2", "v3"] {
                let body = server
                    .get(&format!("/{shown}/{resource}/{id}"))
                    .await
                    .json();
                let again = Recorded::of(&recorded.name, &body)
                    .unwrap_or_else(|| panic!("{} as {shown}: no body", recorded.name));
                assert_eq!(
                    statements(&again),
                    statements(recorded),
                    "{} as {shown}",
                    recorded.name
                );
            }
        }
    }
}

/// The key that holds the items of a list.
fn list_key(body: &Json) -> String {
    let members: &Map<String, Json> = body.as_object().expect("an object");
    let found = members.iter().find(|(_, value)| value.is_array());
    found.map(|(key, _)| key.clone()).expect("a list")
}

#[tokio::test]
async fn recorded_bodies_are_given_back() {
    let mut known = Differences::read();
    let mut unlisted = BTreeSet::new();
    let mut count = 0;
    // Ours know each other, so copies of neighbours are given back too.
    let ours = recorded_of_ours();
    for version in ["v2", "v3"] {
        let server = Server::empty();
        for recorded in ours.iter().filter(|recorded| recorded.version == version) {
            server.load_as("proef", recorded.lines.as_bytes(), Format::NQuads);
        }
        for recorded in ours.iter().filter(|recorded| recorded.version == version) {
            for difference in asked_back(&server, recorded).await {
                if !known.meet(&difference) {
                    unlisted.insert((recorded.name.clone(), difference));
                }
            }
            count += 1;
        }
    }
    let shared = documents::shared();
    for recorded in shared.iter().flat_map(|shared| recorded_elsewhere(shared)) {
        let server = Server::empty();
        server.load_as("proef", recorded.lines.as_bytes(), Format::NQuads);
        for difference in asked_back(&server, &recorded).await {
            if !known.meet(&difference) {
                unlisted.insert((recorded.name.clone(), difference));
            }
        }
        count += 1;
    }
    let told: Vec<String> = unlisted
        .iter()
        .map(|(name, (of, path, what))| format!("{of}\t{path}\t{what}\t({name})"))
        .collect();
    assert!(
        told.is_empty(),
        "differences that are not listed:\n{}",
        told.join("\n")
    );
    if shared.is_some() {
        assert!(count >= 35, "{count} documents");
        let stale: Vec<_> = known.0.iter().filter(|(_, met)| !**met).collect();
        assert!(stale.is_empty(), "listed, but no difference: {stale:#?}");
    }
}
