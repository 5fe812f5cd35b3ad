//! `/obs/v1/reeksen`: which series there are, what they measure and what they told last.

use super::super::body::Params;
use super::super::checking::language_in;
use super::super::error::ApiError;
use super::super::reply::{Document, HTML, JSON, JSON_LD, choose};
use super::super::state::{AppState, blocking};
use super::asked::{self, Named, moment_text};
use crate::ingest::observed::{SeriesAbout, about};
use crate::observations::{Kind, Row, Scan, Series, SeriesId, Value};
use crate::rdf::label::Language;
use crate::views::html::{ObservationShown, SeriesShown, Site, render_series, render_series_list};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

const OFFERS: [&str; 3] = [JSON_LD, JSON, HTML];
/// Observations of a series on its page.
const ON_PAGE: usize = 50;
/// Series of a page.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// What the keys of answers mean.
pub(super) fn context() -> Json {
    json!({
        "sosa": "http://www.w3.org/ns/sosa/",
        "qudt": "http://qudt.org/schema/qudt/",
        "dct": "http://purl.org/dc/terms/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "titel": { "@id": "dct:title", "@container": "@language" },
        "eenheid": { "@id": "qudt:hasUnit" },
        "sensor": { "@id": "sosa:madeBySensor", "@type": "@id" },
        "eigenschap": { "@id": "sosa:observedProperty", "@type": "@id" },
        "object": { "@id": "sosa:hasFeatureOfInterest", "@type": "@id" },
        "observaties": { "@id": "sosa:hasMember" },
        "laatste": { "@id": "sosa:hasMember" },
        "tijd": { "@id": "sosa:phenomenonTime", "@type": "xsd:dateTime" },
        "resultaattijd": { "@id": "sosa:resultTime", "@type": "xsd:dateTime" },
        "waarde": { "@id": "sosa:hasSimpleResult" },
    })
}

/// The last part of the address of a series.
pub(super) fn name_of<'i>(base: &str, iri: &'i str) -> std::borrow::Cow<'i, str> {
    let own = iri
        .strip_prefix(base)
        .and_then(|rest| rest.strip_prefix("/id/observatieverzameling/"));
    match own {
        Some(name) if !name.contains(['/', ':', '?', '#']) => name.into(),
        _ => {
            let mut out = String::new();
            for byte in iri.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    out.push_str(&format!("%{byte:02X}"));
                }
            }
            out.into()
        }
    }
}

/// A result as JSON.
pub(in super::super) fn result_json(value: &Value, kind: Kind) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Text(text) => text.as_ref().into(),
        // Whole numbers are exact below 2^53.
        Value::Number(number) if kind == Kind::Integer => (*number as i64).into(),
        Value::Number(number) => (*number).into(),
    }
}

/// An observation as JSON-LD. `feature` is the IRI of its own feature of interest.
pub(super) fn observation_json(
    series: &Series,
    row: &Row,
    feature: Option<&str>,
) -> Map<String, Json> {
    let told = &row.observation;
    let mut out = Map::new();
    let iri = format!("{}/observatie/{}", series.iri, row.seq);
    out.insert("@id".into(), iri.into());
    out.insert("@type".into(), "sosa:Observation".into());
    out.insert("tijd".into(), moment_text(told.time).into());
    if let Some(end) = told.end {
        out.insert("tot".into(), moment_text(end).into());
    }
    if let Some(moment) = told.result_time {
        out.insert("resultaattijd".into(), moment_text(moment).into());
    }
    let result = told.result.as_ref();
    let result = result.map_or(Json::Null, |value| result_json(value, series.kind));
    out.insert("waarde".into(), result);
    if told.quality > 0 {
        out.insert("kwaliteit".into(), told.quality.into());
    }
    if let Some(feature) = feature {
        out.insert("object".into(), feature.into());
    }
    out.insert("volgnummer".into(), row.seq.into());
    out
}

/// A series as JSON-LD, without context.
fn series_json(
    state: &AppState,
    series: &Series,
    id: Option<SeriesId>,
    about: Option<&SeriesAbout>,
    latest: Option<&Row>,
) -> Result<Map<String, Json>, ApiError> {
    let base = state.registry.base();
    let name = name_of(base, &series.iri);
    let mut out = Map::new();
    out.insert("@id".into(), series.iri.as_str().into());
    out.insert("@type".into(), "sosa:ObservationCollection".into());
    if let Some(id) = id {
        out.insert("nummer".into(), id.0.into());
    }
    out.insert("soort".into(), series.kind.to_string().into());
    if let Some(unit) = &series.unit {
        out.insert("eenheid".into(), unit.as_str().into());
    }
    if let Some(about) = about {
        let titles = about.titles.iter().map(|(text, tag)| {
            let tag = tag.clone().unwrap_or_else(|| "@none".to_owned());
            (tag, Json::from(text.as_str()))
        });
        let titles: Map<String, Json> = titles.collect();
        if !titles.is_empty() {
            out.insert("titel".into(), titles.into());
        }
        for (key, value) in [
            ("sensor", &about.sensor),
            ("eigenschap", &about.property),
            ("object", &about.feature),
        ] {
            if let Some(value) = value {
                out.insert(key.into(), value.as_str().into());
            }
        }
    }
    if let Some(row) = latest {
        let feature = state.observations()?.feature(row.observation.feature);
        let latest = observation_json(series, row, feature.as_deref());
        out.insert("laatste".into(), latest.into());
    }
    out.insert(
        "adres".into(),
        format!("{base}/obs/v1/reeksen/{name}").into(),
    );
    let values = format!("{base}/obs/v1/reeksen/{name}/waarden");
    out.insert("waarden".into(), values.into());
    Ok(out)
}

/// A series as pages show it, with some of its observations.
fn shown(
    state: &AppState,
    series: &Series,
    about: Option<&SeriesAbout>,
    newest: Vec<Row>,
    language: Language,
) -> SeriesShown {
    let tag = match language {
        Language::Nl => "nl",
        Language::En => "en",
    };
    let result = |row: &Row| match &row.observation.result {
        Some(Value::Text(text)) => text.to_string(),
        Some(value) => result_json(value, series.kind).to_string(),
        None => String::new(),
    };
    let newest = newest.iter().map(|row| ObservationShown {
        time: moment_text(row.observation.time),
        result: result(row),
        number: row.seq,
    });
    let mut out = SeriesShown {
        name: name_of(state.registry.base(), &series.iri).into_owned(),
        iri: series.iri.clone(),
        kind: series.kind.to_string(),
        unit: series.unit.clone(),
        newest: newest.collect(),
        ..SeriesShown::default()
    };
    if let Some(about) = about {
        out.title = about.title(tag).map(str::to_owned);
        let known = [
            ("Sensor", "Sensor", &about.sensor),
            ("Eigenschap", "Property", &about.property),
            (
                "Object van onderzoek",
                "Feature of interest",
                &about.feature,
            ),
        ];
        let known = known.into_iter();
        let known = known.filter_map(|(nl, en, iri)| Some((nl, en, iri.clone()?)));
        out.about = known.collect();
    }
    out
}

/// `GET /obs/v1/reeksen?limit=&na=`.
pub(super) async fn list(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    asked::known_only(&params, &["limit", "na", "format", "taal"])?;
    let chosen = choose(&headers, asked::given(&params, "format")?, &OFFERS)?;
    let language = language_in(&headers, &params)?;
    let limit = asked::limit(&params, PAGE, MAX_PAGE)?;
    let after = asked::number(&params, "na")?;
    blocking(move || {
        let store = state.observations()?;
        let count = store.series_count();
        let first = after.map_or(0, |after| after.saturating_add(1));
        let first = usize::try_from(first).unwrap_or(usize::MAX).min(count);
        let last = first.saturating_add(limit).min(count);
        let ids: Vec<SeriesId> = (first..last)
            .filter_map(|at| u32::try_from(at).ok().map(SeriesId))
            .collect();
        let latest = store.latest(&ids)?;
        let view = state.registry.snapshot().view();
        let path = format!(
            "/obs/v1/reeksen?na={}&limit={limit}",
            last.saturating_sub(1)
        );
        let has_more = last < count;
        if chosen == HTML {
            let shown = ids.iter().zip(latest).filter_map(|(id, row)| {
                let series = store.series(*id)?;
                let about = about(&view, &series.iri);
                let newest = row.into_iter().collect();
                Some(shown(&state, &series, about.as_ref(), newest, language))
            });
            let shown: Vec<SeriesShown> = shown.collect();
            let site = Site {
                language,
                ..state.site(&view, None)
            };
            let next = has_more.then_some(path.as_str());
            let page = render_series_list(&site, &shown, count, next);
            return Ok(Document::html(page).respond(&headers));
        }
        let mut listed = Vec::with_capacity(ids.len());
        for (id, row) in ids.iter().zip(&latest) {
            let Some(series) = store.series(*id) else {
                continue;
            };
            let about = about(&view, &series.iri);
            let one = series_json(&state, &series, Some(*id), about.as_ref(), row.as_ref())?;
            listed.push(Json::Object(one));
        }
        let mut body = json!({ "@context": context(), "totaal": count, "reeksen": listed });
        let mut next = None;
        if has_more {
            let address = format!("{}{path}", state.registry.base());
            body["volgende"] = address.as_str().into();
            next = Some(address);
        }
        let mut document = Document::new(chosen, format!("{body:#}\n"));
        if let Some(next) = next {
            document = document.link(&next, "next", Some(chosen));
        }
        Ok(document.respond(&headers))
    })
    .await
}

/// `GET /obs/v1/reeksen/{id}`.
pub(super) async fn one(
    State(state): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    asked::known_only(&params, &["format", "taal"])?;
    let chosen = choose(&headers, asked::given(&params, "format")?, &OFFERS)?;
    let language = language_in(&headers, &params)?;
    let turn = state.query_turn().await?;
    turn.work(move || {
        let Named {
            id, series, about, ..
        } = asked::series(&state, &name)?;
        let store = state.observations()?;
        if chosen == HTML {
            let (newest, count) = match id {
                Some(id) => {
                    let mut scan = Scan::new(id, i64::MIN..i64::MAX);
                    scan.descending = true;
                    (store.rows(&scan, ON_PAGE)?, store.count(id)?)
                }
                None => (Vec::new(), 0),
            };
            let shown = shown(&state, &series, about.as_ref(), newest, language);
            let view = state.registry.snapshot().view();
            let site = Site {
                language,
                ..state.site(&view, None)
            };
            let page = render_series(&site, &shown, count);
            return Ok(Document::html(page).respond(&headers));
        }
        let (latest, count) = match id {
            Some(id) => (store.latest(&[id])?.pop().flatten(), store.count(id)?),
            None => (None, 0),
        };
        let said = series_json(&state, &series, id, about.as_ref(), latest.as_ref())?;
        let mut body = Map::new();
        body.insert("@context".into(), context());
        body.extend(said);
        body.insert("aantal".into(), count.into());
        Ok(Document::new(chosen, format!("{:#}\n", Json::Object(body))).respond(&headers))
    })
    .await
}
