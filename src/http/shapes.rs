//! `/shapes`: the application profiles that data are checked against, with their state; and one profile with its findings.

use super::body::Params;
use super::error::ApiError;
use super::moment;
use super::reply::{Document, HTML, JSON, JSON_LD, choose, language_by, set_commit};
use super::state::AppState;
use crate::rdf::label::Text;
use crate::shapes::Effect;
use crate::views::html::{Site, percent_encode, render_profile, render_profiles};
use crate::views::profiles::{ProfileState, states};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value as Json, json};

const OFFERS: [&str; 3] = [JSON_LD, HTML, JSON];

/// `GET /shapes`: all profiles.
pub(super) async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    show(state, headers, query, None).await
}

/// `GET /shapes/{name}`: one profile.
pub(super) async fn detail(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    show(state, headers, query, Some(name)).await
}

async fn show(
    state: AppState,
    headers: HeaderMap,
    query: Option<String>,
    name: Option<String>,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    let chosen = choose(&headers, params.one("format")?, &OFFERS)?;
    let language = language_by("taal", &headers, &params)?;
    let turn = state.long_turn().await?;
    turn.work(move || {
        let stored = state.registry.report();
        let all = states(&state.registry, &stored.view, &stored.report);
        let one = match &name {
            None => None,
            Some(name) => Some(
                all.iter()
                    .find(|state| state.profile.name == *name)
                    .ok_or_else(|| {
                        ApiError::not_found(
                            format!("Er is geen toepassingsprofiel \"{name}\"."),
                            format!("There is no application profile \"{name}\"."),
                        )
                    })?,
            ),
        };
        let base = state.registry.base();
        let document = if chosen == HTML {
            let site = Site {
                language,
                ..state.site(&stored.view, None)
            };
            Document::html(match one {
                Some(one) => render_profile(&site, one),
                None => render_profiles(&site, &all),
            })
        } else {
            let body = match one {
                Some(one) => with_context(detail_of(base, one)),
                None => with_context(json!({
                    "@id": format!("{base}/shapes"),
                    "@type": "hydra:Collection",
                    "profielen": all.iter().map(|state| summary(base, state)).collect::<Vec<_>>(),
                })),
            };
            Document::new(chosen, format!("{body:#}\n"))
        };
        let mut response = document.respond(&headers);
        set_commit(response.headers_mut(), Some(stored.view.snapshot().seq()));
        Ok(response)
    })
    .await
}

/// The body with what its names mean first.
fn with_context(body: Json) -> Json {
    let mut out = json!({ "@context": {
        "@vocab": "urn:oslo-registry:shacl:",
        "dct": "http://purl.org/dc/terms/",
        "hydra": "http://www.w3.org/ns/hydra/core#",
        "prof": "http://www.w3.org/ns/dx/prof/",
        "profielen": { "@id": "hydra:member", "@container": "@set" },
        "naam": "dct:identifier",
        "titel": { "@id": "dct:title", "@container": "@language" },
        "graaf": { "@id": "prof:hasArtifact", "@type": "@id" },
        "turtle": { "@type": "@id" },
        "valideren": { "@type": "@id" },
        "boodschap": { "@container": "@language" },
        "hulp": { "@container": "@language" },
    } });
    if let (Some(out), Json::Object(body)) = (out.as_object_mut(), body) {
        out.extend(body);
    }
    out
}

fn summary(base: &str, state: &ProfileState) -> Json {
    let profile = &state.profile;
    let name = percent_encode(&profile.name);
    json!({
        "@id": format!("{base}/shapes/{name}"),
        "@type": "prof:Profile",
        "naam": profile.name,
        "titel": both(&profile.title),
        "graaf": profile.iri,
        "vormen": state.shapes,
        "opmerkingen": state.findings.len(),
        "objecten": state.focus_nodes(),
        "bevindingen": {
            "overtredingen": state.results.errors(),
            "waarschuwingen": state.results.warning,
            "terInfo": state.results.informative(),
        },
        "turtle": format!("{base}/rdf-graphs?graph={}&format=ttl", percent_encode(&profile.iri)),
        "valideren": format!("{base}/validate?profiel={name}"),
    })
}

fn detail_of(base: &str, state: &ProfileState) -> Json {
    let mut body = summary(base, state);
    body["doelen"] = state
        .targets
        .iter()
        .map(|target| {
            json!({ "vorm": target.label, "titel": both(&target.name), "objecten": target.count })
        })
        .collect();
    body["lints"] = state
        .findings
        .iter()
        .map(|lint| {
            json!({
                "code": lint.code,
                "gevolg": match lint.effect {
                    Effect::Note => "opmerking",
                    Effect::Constraint => "regel niet gecontroleerd",
                    Effect::Shape => "vorm niet gecontroleerd",
                },
                "vorm": lint.shape_label,
                "boodschap": both(&lint.message),
                "hulp": both(&lint.hint),
            })
        })
        .collect();
    body
}

fn both(text: &Text) -> Json {
    json!({ "nl": text.nl, "en": text.en })
}
