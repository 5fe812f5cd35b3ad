//! Entities and observations as JSON of OGC SensorThings 1.1 (18-088): control information, properties, and links to what they
//! belong to. Chooses nothing: which entities, and what is expanded in them, is the business of whoever asks.

use crate::observations::{Observation, Row, Value};
use crate::registry::sensors::{Entity, EntityId, Kind, SensorTable};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// Where the interface has its root, below the base of the registry.
pub const ROOT: &str = "/sta/v1.1";

/// What requirements of the standard are claimed: the conformance classes, as the root lists them.
pub const CONFORMANCE: [&str; 12] = [
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/order",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/expand",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/select",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/filter",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/pagination",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/create-entity",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/update-entity",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/create-update-delete/delete-entity",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/data-array/data-array",
    "http://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_BatchRequestsandResponses",
];

/// Own properties of an observation, in the order in which they are shown.
pub const OBSERVATION_PROPERTIES: [&str; 4] =
    ["phenomenonTime", "resultTime", "result", "resultQuality"];

/// A moment in microseconds since 1970 as RFC 3339 in UTC.
pub fn moment(micros: i64) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(at) => at.to_string(),
        // Outside of what is stored.
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// A moment, or an interval where there is an end.
pub fn time(start: i64, end: Option<i64>) -> String {
    match end {
        Some(end) => format!("{}/{}", moment(start), moment(end)),
        None => moment(start),
    }
}

/// Reads a moment of RFC 3339.
pub fn micros(text: &str) -> Option<i64> {
    let at: Timestamp = text.trim().parse().ok()?;
    Some(at.as_microsecond())
}

/// Reads a moment or an interval.
pub fn times(text: &str) -> Option<(i64, Option<i64>)> {
    match text.split_once('/') {
        None => Some((micros(text)?, None)),
        Some((start, end)) => Some((micros(start)?, Some(micros(end)?))),
    }
}

/// The address of the interface of a registry.
pub fn root(base: &str) -> String {
    format!("{base}{ROOT}")
}

/// The address of an entity.
pub fn address(base: &str, kind: Kind, id: &EntityId) -> String {
    format!(
        "{}/{}({})",
        root(base),
        kind.set(),
        encoded(&id.to_string())
    )
}

/// What stands in an address as it is sent. IRIs in brackets keep their slashes.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' | '#' | '?' | ' ' | '"' | '<' | '>' => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("%{byte:02X}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// What addresses call an observation: its series, its moment in microseconds and, where it has one of its own, its object of
/// interest. A correction is about the same, so it has the same.
pub fn observation_id(observation: &Observation) -> String {
    let (series, feature) = (observation.series.0, observation.feature.0);
    let at = observation.time;
    match feature {
        0 => format!("{series}:{at}"),
        feature => format!("{series}:{at}:{feature}"),
    }
}

/// The parts of such a name: series, moment, object.
pub fn read_observation_id(text: &str) -> Option<(u32, i64, u32)> {
    let mut parts = text.split(':');
    let series = parts.next()?.parse().ok()?;
    let at = parts.next()?.parse().ok()?;
    let feature = match parts.next() {
        Some(feature) => feature.parse().ok()?,
        None => 0,
    };
    parts.next().is_none().then_some((series, at, feature))
}

/// The address of an observation.
pub fn observation_address(base: &str, observation: &Observation) -> String {
    let id = observation_id(observation);
    format!("{}/Observations('{id}')", root(base))
}

/// A result as JSON: numbers that are whole without a point.
pub fn result(value: Option<&Value>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Boolean(value)) => (*value).into(),
        Some(Value::Text(text)) => (&**text).into(),
        Some(Value::Number(number)) => {
            const EXACT: f64 = 9_007_199_254_740_992.0;
            if number.fract() == 0.0 && number.abs() <= EXACT {
                // Checked: it is whole and fits.
                #[allow(clippy::cast_possible_truncation)]
                let whole = *number as i64;
                whole.into()
            } else {
                (*number).into()
            }
        }
    }
}

/// What is shown of an entity besides what is expanded in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape<'a> {
    /// The properties that `$select` names; all when `None`.
    pub select: Option<&'a [String]>,
    /// Navigation properties that are expanded, so that no link is shown.
    pub expanded: &'a [&'a str],
}

impl Shape<'_> {
    /// Whether a property is shown.
    pub fn has(&self, name: &str) -> bool {
        self.select
            .is_none_or(|names| names.iter().any(|known| known == name))
    }
}

/// An entity without what is expanded. `extent` is the time of the observations of a Datastream.
pub fn entity_json(
    base: &str,
    kind: Kind,
    entity: &Entity,
    shape: Shape<'_>,
    extent: Option<(i64, i64)>,
) -> Map<String, Json> {
    let mut out = Map::new();
    let own = address(base, kind, &entity.id);
    if shape.select.is_none() || shape.has("id") || shape.has("@iot.id") {
        out.insert("@iot.id".to_owned(), entity.id.json());
    }
    if shape.select.is_none() || shape.has("selfLink") || shape.has("@iot.selfLink") {
        out.insert("@iot.selfLink".to_owned(), own.as_str().into());
    }
    for &field in kind.properties() {
        if !shape.has(field) {
            continue;
        }
        let value = match (kind, field) {
            (Kind::Datastream, "phenomenonTime") => {
                extent.map(|(first, last)| time(first, Some(last)).into())
            }
            _ => entity.fields.get(field).cloned(),
        };
        if let Some(value) = value {
            out.insert(field.to_owned(), value);
        }
    }
    for navigation in kind.navigations() {
        if shape.has(navigation.name) && !shape.expanded.contains(&navigation.name) {
            let name = navigation.name;
            let link = format!("{own}/{name}");
            out.insert(format!("{name}@iot.navigationLink"), link.into());
        }
    }
    out
}

/// An observation without what is expanded.
pub fn observation_json(base: &str, row: &Row, shape: Shape<'_>) -> Map<String, Json> {
    let mut out = Map::new();
    let observation = &row.observation;
    let own = observation_address(base, observation);
    if shape.select.is_none() || shape.has("id") || shape.has("@iot.id") {
        out.insert("@iot.id".to_owned(), observation_id(observation).into());
    }
    if shape.select.is_none() || shape.has("selfLink") || shape.has("@iot.selfLink") {
        out.insert("@iot.selfLink".to_owned(), own.as_str().into());
    }
    for name in OBSERVATION_PROPERTIES {
        if shape.has(name)
            && let Some(value) = property(observation, name)
        {
            out.insert(name.to_owned(), value);
        }
    }
    for name in ["Datastream", "FeatureOfInterest"] {
        if shape.has(name) && !shape.expanded.contains(&name) {
            let link = format!("{own}/{name}");
            out.insert(format!("{name}@iot.navigationLink"), link.into());
        }
    }
    out
}

/// A property of an observation; `None` when it has none.
pub fn property(observation: &Observation, name: &str) -> Option<Json> {
    Some(match name {
        "phenomenonTime" => time(observation.time, observation.end).into(),
        "resultTime" => moment(observation.result_time.unwrap_or(observation.time)).into(),
        "result" => result(observation.result.as_ref()),
        "resultQuality" if observation.quality != 0 => observation.quality.into(),
        _ => return None,
    })
}

/// The root: the entity sets and what is claimed.
pub fn service_root(base: &str) -> Json {
    let root = root(base);
    let mut sets: Vec<Json> = Kind::ALL
        .iter()
        .map(|kind| json!({ "name": kind.set(), "url": format!("{root}/{}", kind.set()) }))
        .collect();
    sets.push(json!({ "name": "Observations", "url": format!("{root}/Observations") }));
    json!({
        "value": sets,
        "serverSettings": { "conformance": CONFORMANCE },
    })
}

/// The object of interest of an observation: its own, else that of its series.
pub fn feature_of(table: &SensorTable, series: u32, own: Option<&str>) -> Option<u32> {
    match own {
        Some(iri) => table.find(Kind::FeatureOfInterest, iri),
        None => {
            let series = table.at(Kind::Datastream, series)?;
            series.links(Kind::FeatureOfInterest).first().copied()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::SeriesId;

    #[test]
    fn names_of_observations_read_back() {
        let mut observation = Observation::new(SeriesId(7), -5, Value::Number(1.0));
        assert_eq!(
            read_observation_id(&observation_id(&observation)),
            Some((7, -5, 0))
        );
        observation.feature.0 = 3;
        assert_eq!(observation_id(&observation), "7:-5:3");
        assert_eq!(read_observation_id("7:-5:3"), Some((7, -5, 3)));
        for wrong in ["", "7", "7:x", "7:1:2:3", "-1:2"] {
            assert_eq!(read_observation_id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(
            times("2026-03-01T01:00:00+01:00"),
            times("2026-03-01T00:00:00Z")
        );
        let (start, end) = times("2026-03-01T00:00:00Z/2026-03-01T01:00:00.5Z").expect("times");
        assert_eq!(
            time(start, end),
            "2026-03-01T00:00:00Z/2026-03-01T01:00:00.5Z"
        );
        assert_eq!(times("gisteren"), None);
    }
}
