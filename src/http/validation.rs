//! Validation on request: a file that is checked and not stored, and the report of what is stored.

use super::body::{Params, Upload, read_body, upload_of};
use super::error::ApiError;
use super::graphs::parse_upload;
use super::moment;
use super::reply::{Document, HTML, choose, content_type, language_of, set_commit};
use super::state::{AppState, blocking};
use crate::rdf::format::Format;
use crate::rdf::label::Language;
use crate::registry::StoredReport;
use crate::shapes::Verdict;
use crate::views::html::{render_report, render_validate_form};
use crate::views::rdf_document;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use oxrdf::{GraphName, NamedNode};

const OFFERS: [&str; 7] = [
    "text/turtle",
    HTML,
    "application/ld+json",
    "text/csv",
    "text/plain",
    "application/json",
    "application/n-triples",
];
/// Whether the checked data conforms, for clients that only want to know that.
const X_CONFORMS: HeaderName = HeaderName::from_static("x-conforms");

/// `GET /validate`: the form.
pub(super) async fn form(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    blocking(move || {
        let view = state.registry.snapshot().view();
        let page = render_validate_form(&state.site(&view, None));
        Ok(Document::html(page).respond(&headers))
    })
    .await
}

/// `POST /validate`: checks a file against the stored shapes, with the stored registry as background.
pub(super) async fn validate(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    let chosen = choose(&headers, params.get("format"), &OFFERS)?;
    let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
    let upload = upload_of(&headers, bytes)?;
    let turn = state.long_turn().await?;
    let language = language_of(&headers);
    turn.work(move || {
        let graph = GraphName::NamedNode(upload_graph(&state)?);
        let checked: Result<((), StoredReport), ApiError> = state
            .registry
            .validate_only(|draft| parse_upload(&state, draft, &upload, &graph));
        let ((), stored) = checked?;
        let source = source_name(&upload, language);
        let bytes = render(&state, &stored, chosen, language, &source, &[])?;
        let mut response = Body::from(bytes).into_response();
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, content_type(chosen));
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        out.insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language"),
        );
        out.insert(X_CONFORMS, conforms(&stored));
        set_commit(out, Some(state.registry.snapshot().seq()));
        Ok(response)
    })
    .await
}

/// `GET /rapport`: the report of the stored registry.
pub(super) async fn report(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    let chosen = choose(&headers, params.get("format"), &OFFERS)?;
    let turn = state.long_turn().await?;
    let language = language_for(chosen, &headers);
    turn.work(move || {
        let stored = state.registry.report();
        let site = state.site(&stored.view, None);
        let downloads: Vec<(&str, String)> = [
            ("Turtle", "ttl"),
            ("JSON-LD", "jsonld"),
            ("CSV", "csv"),
            ("Tekst", "txt"),
        ]
        .into_iter()
        .map(|(name, format)| (name, site.path(&format!("/rapport?format={format}"))))
        .collect();
        let source = match language {
            Language::Nl => format!(
                "het hele register, na commit {}",
                stored.view.snapshot().seq()
            ),
            Language::En => format!(
                "the whole registry, after commit {}",
                stored.view.snapshot().seq()
            ),
        };
        let bytes = render(&state, &stored, chosen, language, &source, &downloads)?;
        let mut response = Document::new(chosen, bytes).respond(&headers);
        let out = response.headers_mut();
        out.insert(X_CONFORMS, conforms(&stored));
        set_commit(out, Some(stored.view.snapshot().seq()));
        Ok(response)
    })
    .await
}

/// A graph that no stored graph is called by: focus nodes come from the upload alone.
fn upload_graph(state: &AppState) -> Result<NamedNode, ApiError> {
    NamedNode::new(format!("{}/validate#bestand", state.registry.base()))
        .map_err(ApiError::internal)
}

/// Pages are in Dutch; other formats in the language asked for.
fn language_for(chosen: &str, headers: &HeaderMap) -> Language {
    if chosen == HTML {
        Language::Nl
    } else {
        language_of(headers)
    }
}

fn source_name(upload: &Upload, language: Language) -> String {
    match (upload.name.is_empty(), language) {
        (false, _) => upload.name.clone(),
        (true, Language::Nl) => "het ingestuurde bestand".to_owned(),
        (true, Language::En) => "the file sent".to_owned(),
    }
}

fn conforms(stored: &StoredReport) -> HeaderValue {
    HeaderValue::from_static(match stored.report.verdict() {
        Verdict::Conforms => "true",
        Verdict::Violations => "false",
        Verdict::Undetermined => "undetermined",
    })
}

fn render(
    state: &AppState,
    stored: &StoredReport,
    chosen: &'static str,
    language: Language,
    source: &str,
    downloads: &[(&str, String)],
) -> Result<Vec<u8>, ApiError> {
    let report = &stored.report;
    let mut out = Vec::new();
    let written = match chosen {
        HTML => {
            let site = state.site(&stored.view, None);
            return Ok(render_report(&site, report, source, downloads).into_bytes());
        }
        "application/ld+json" | "application/json" => report.render_jsonld(&mut out),
        "text/csv" => report.render_csv(&mut out),
        "text/plain" => report.render_text(&mut out, language),
        "application/n-triples" => {
            rdf_document::write_triples(&report.to_triples(), Format::NTriples, &mut out)
        }
        _ => report.render_turtle(&mut out),
    };
    written.map_err(ApiError::internal)?;
    Ok(out)
}
