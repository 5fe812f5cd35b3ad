//! Stored queries: the list with a form for each, and their answers, kept by commit. Runs what the files in the data
//! folder declare; values come in as terms, never as SPARQL. Writes no file.

use super::body::Params;
use super::error::ApiError;
use super::explain;
use super::first_rows::first_rows;
use super::layers::RequestId;
use super::ledger::{Asked, Outcome};
use super::moment::{Moment, PARAMETERS};
use super::observations::give_observations;
use super::reply::{
    Document, HTML, JSON, REVALIDATE, choose, content_type, etag_of_state, is_fresh, joined,
    set_validators,
};
use super::shown::Shown;
use super::sparql::{Counted, form_of, is_volatile};
use super::state::{AppState, blocking};
use super::stream::{CancelOnDrop, Delivery, Streamed, reads_trailers, stream_from};
use crate::query::{
    Cancel, DefaultGraph, Explanation, OutputFormat, ParsedQuery, QueryOptions, parse_query_with,
    run_query,
};
use crate::rdf::format::negotiate;
use crate::rdf::label::Text;
use crate::registry::stored::{
    ParameterError, ParameterKind, StoredFormat, StoredQuery, StoredQueryError,
};
use crate::views::html::{
    Site, StoredQueryPage, render_stored_explanation, render_stored_queries, render_stored_query,
};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde_json::{Value as Json, json};
use std::io::{self, Write};
use std::sync::Arc;

/// Largest answer that is kept.
const MAX_KEPT_BYTES: usize = 1 << 20;
/// Bytes counted for an answer beside its own.
const ENTRY_BYTES: u64 = 256;

/// Answers kept in memory, by entity tag, which differs with state, query, values and format. Bounded in bytes.
pub(super) struct Answers(Cache<String, Bytes, Size>);

#[derive(Clone)]
struct Size;

impl Weighter<String, Bytes> for Size {
    fn weight(&self, _: &String, answer: &Bytes) -> u64 {
        answer.len() as u64 + ENTRY_BYTES
    }
}

impl Answers {
    /// Keeps answers of at most so many bytes together; none for 0.
    pub(super) fn new(max_bytes: u64) -> Self {
        let items = (max_bytes / (16 << 10)).clamp(16, 1 << 16);
        let items = usize::try_from(items).unwrap_or(16);
        Self(Cache::with_weighter(items, max_bytes, Size))
    }
}

/// `GET /queries`: what can be asked.
pub(super) async fn list(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let chosen = choose(&headers, params.one("format")?, &[JSON, HTML])?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let catalogue = state.registry.stored_queries().catalogue();
        let document = if chosen == HTML {
            let view = shown.view();
            let site = state.site(&view, shown.notice());
            Document::html(render_stored_queries(&site, &catalogue))
        } else {
            let base = state.registry.base();
            let queries: Vec<Json> = catalogue.queries.iter().map(|q| entry(base, q)).collect();
            let broken: Vec<Json> = catalogue
                .broken
                .iter()
                .map(|(name, error)| {
                    json!({ "naam": name, "regel": error.line, "reden": texts(&error.reason) })
                })
                .collect();
            let list = json!({ "bevragingen": queries, "stuk": broken });
            Document::new(JSON, format!("{list:#}\n"))
        };
        Ok(document.respond(&headers))
    })
    .await
}

fn texts(text: &Text) -> Json {
    json!({ "nl": text.nl, "en": text.en })
}

/// A query in the list for programs.
fn entry(base: &str, query: &StoredQuery) -> Json {
    let parameters: Vec<Json> = query
        .parameters
        .iter()
        .map(|parameter| {
            let mut out = json!({
                "naam": parameter.name,
                "type": parameter.kind.name(),
                "label": texts(&parameter.label),
                "verplicht": parameter.required,
            });
            if let Some(default) = &parameter.default {
                out["standaard"] = default.as_str().into();
            }
            if let ParameterKind::Enumeration(choices) = &parameter.kind {
                out["waarden"] = choices.iter().map(|c| c.name.as_str()).collect();
            }
            out
        })
        .collect();
    let formats: Json = query.formats.iter().map(|format| format.name()).collect();
    let mut out = json!({
        "naam": query.name,
        "titel": texts(&query.title),
        "beschrijving": texts(&query.description),
        "adres": format!("{base}/queries/{}", query.name),
        "formaten": formats,
        "parameters": parameters,
    });
    if let Some(timeout) = query.timeout {
        out["tijdslimiet"] = timeout.as_secs_f64().into();
    }
    if let Some(rows) = query.max_rows {
        out["rijlimiet"] = rows.into();
    }
    out
}

/// `GET /queries/{name}`: the answer; for browsers a page with the form, and the answer once its parameters are known.
pub(super) async fn run(
    State(state): State<AppState>,
    id: RequestId,
    moment: Moment,
    headers: HeaderMap,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let stored = find(&state, name).await?;
    let mode = explain::mode_of(&params)?;
    let explained = match mode {
        Some(mode) => Some((mode, explain::media_type(&headers, &params)?)),
        None => None,
    };
    // Of an explanation the format is its own.
    let format = match explained {
        Some(_) => StoredFormat::Page,
        None => wanted(&headers, params.one("format")?, &stored)?,
    };
    let given: Vec<(String, String)> = params
        .0
        .into_iter()
        .filter(|(name, _)| {
            name != "format" && !PARAMETERS.contains(&name.as_str()) && name != explain::PARAMETER
        })
        .collect();
    let shown = moment.state(&state).await?;
    let asks_nothing = given.iter().all(|(_, text)| text.is_empty());
    if explained.is_none()
        && format == StoredFormat::Page
        && asks_nothing
        && !stored.needs_nothing()
    {
        return page(&state, &headers, shown, stored, given, None).await;
    }
    let terms = stored.terms(&given)?;
    let mut options = options(&state, &stored);
    let parsed = parse_query_with(&stored.text, &options, &terms)?;
    give_observations(&state, &stored.text, &parsed, &mut options).await?;
    let values: Vec<String> = terms
        .iter()
        .map(|(name, term)| format!("{name}={term}"))
        .collect();
    let values = values.join("&");
    let told = format!("# /queries/{}?{values}\n{}", stored.name, stored.text);
    if let Some((mode, media_type)) = explained {
        let work = explain::Work {
            asked: Asked::now(&id.0, form_of(stored.kind), 0, &explain::told(mode, &told)),
            query: parsed,
            options,
            mode,
            turn: None,
        };
        let page = move |site: &Site<'_>, told: &Explanation| {
            render_stored_explanation(site, &stored, &given, told)
        };
        return explain::answer(state, &headers, shown, media_type, work, page).await;
    }
    let is_of_state = options.observations.is_none() && !is_volatile(&state, &stored.text);
    let question = Question {
        asked: Asked::now(&id.0, form_of(stored.kind), 0, &told),
        query: parsed,
        options,
    };
    let StoredFormat::File(file) = format else {
        return page(&state, &headers, shown, stored, given, Some(question)).await;
    };
    let etag = is_of_state.then(|| {
        let parts = [
            "queries",
            format.name(),
            &stored.name,
            &stored.fingerprint,
            &values,
            shown.tag_part(),
        ];
        etag_of_state(&state, shown.snapshot(), &parts)
    });
    let mut response = if etag.as_ref().is_some_and(|etag| is_fresh(&headers, etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let trailers = reads_trailers(&headers);
        let body = answer(&state, &shown, etag.clone(), question, file, trailers).await?;
        let mut response = body.into_response();
        let kind = content_type(format.media_type());
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let out = response.headers_mut();
    match &etag {
        None => {
            out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Some(etag) => {
            set_validators(out, etag, REVALIDATE);
            if let Some(age) = stored.max_age
                && let Ok(value) =
                    HeaderValue::from_str(&format!("public, max-age={}", age.as_secs()))
            {
                out.insert(header::CACHE_CONTROL, value);
            }
        }
    }
    shown.describe(out);
    Ok(response)
}

/// The query of a name. The folder is on the disk, so this is no work for the threads that answer requests.
async fn find(state: &AppState, name: String) -> Result<Arc<StoredQuery>, ApiError> {
    let state = state.clone();
    blocking(move || {
        let catalogue = state.registry.stored_queries().catalogue();
        if let Some(query) = catalogue.query(&name) {
            return Ok(Arc::clone(query));
        }
        Err(match catalogue.broken(&name) {
            Some(error) => broken(&name, error),
            None => ApiError::not_found(
                format!("Er is geen bevraging met de naam \"{name}\"; /queries noemt ze alle."),
                format!("There is no stored query named \"{name}\"; /queries lists them."),
            ),
        })
    })
    .await
}

fn broken(name: &str, error: &StoredQueryError) -> ApiError {
    let (line, reason) = (error.line, &error.reason);
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "stored-query-broken",
        Text::new(
            "De bevraging kan niet gelezen worden",
            "The stored query cannot be read",
        ),
        Text::new(
            format!("Het bestand {name}.rq is stuk: {}.", reason.nl),
            format!("The file {name}.rq is broken: {}.", reason.en),
        ),
    )
    .with("regel", line)
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        let code = if error.is_missing {
            "missing-parameter"
        } else {
            "bad-parameter"
        };
        Self::bad_request(code, error.reason.nl, error.reason.en).with("parameter", error.parameter)
    }
}

/// The format by `format=` or else by `Accept`.
fn wanted(
    headers: &HeaderMap,
    name: Option<&str>,
    stored: &StoredQuery,
) -> Result<StoredFormat, ApiError> {
    let known = || stored.formats.iter().copied();
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return StoredFormat::from_name(name, stored.kind)
            .filter(|format| stored.formats.contains(format))
            .ok_or_else(|| {
                let names: Vec<&str> = known().map(StoredFormat::name).collect();
                let names = names.join(", ");
                ApiError::bad_request(
                    "unknown-format",
                    format!(
                        "Deze bevraging bestaat niet in het formaat \"{name}\"; wel in {names}."
                    ),
                    format!(
                        "This query does not come in the format \"{name}\"; it does in {names}."
                    ),
                )
            });
    }
    let mut offers: Vec<&'static str> = known().map(StoredFormat::media_type).collect();
    // Programs often ask for plain JSON or XML.
    for (plain, name) in [("application/json", "json"), ("application/xml", "xml")] {
        if known().any(|format| format.name() == name) {
            offers.push(plain);
        }
    }
    let chosen = negotiate(&joined(headers, header::ACCEPT), &offers)
        .ok_or_else(|| ApiError::not_acceptable(&offers))?;
    known()
        .find(|format| format.media_type() == chosen)
        .or_else(|| {
            let name = if chosen == "application/xml" {
                "xml"
            } else {
                "json"
            };
            known().find(|format| format.name() == name)
        })
        .ok_or_else(|| ApiError::not_acceptable(&offers))
}

/// The limits of the file, within those of the server.
fn options(state: &AppState, stored: &StoredQuery) -> QueryOptions {
    let config = &state.config;
    let timeout = stored.timeout.unwrap_or(config.query_timeout);
    QueryOptions {
        base_iri: Some(format!("{}/", state.registry.base())),
        default_graph: DefaultGraph::Union,
        timeout: Some(timeout.min(config.max_query_timeout)),
        max_rows: Some(stored.max_rows.unwrap_or(u64::MAX).min(config.max_rows)),
        max_memory: Some(config.max_query_memory_bytes),
        pool: Some(state.pool.clone()),
        cancel: Cancel::new(),
        services: config.services.clone(),
        rdf: state.registry.store().settings().rdf,
        ..QueryOptions::default()
    }
}

/// A stored query with its values, ready to run.
struct Question {
    asked: Asked,
    query: ParsedQuery,
    options: QueryOptions,
}

/// The body of an answer: one that was kept, or a new one, which is kept when it is small and has a tag.
async fn answer(
    state: &AppState,
    shown: &Shown,
    etag: Option<String>,
    question: Question,
    format: OutputFormat,
    trailers: bool,
) -> Result<Streamed, ApiError> {
    if let Some(kept) = etag.as_ref().and_then(|etag| state.answers.0.get(etag)) {
        return Ok(kept.to_vec().into());
    }
    let turn = state.query_turn().await?;
    let (app, view) = (state.clone(), shown.view());
    let Question {
        asked,
        query,
        mut options,
    } = question;
    options.overtime = Some(turn.overtime(&options.cancel));
    let delivery = Delivery::of_query(&state.config, &options, trailers);
    let entry = state
        .ledger
        .begin(asked, options.cancel.clone(), options.progress.clone());
    stream_from(delivery, turn, move |out| {
        let mut copying = Copying {
            out: Counted { out, entry: &entry },
            copy: etag.is_some().then(Vec::new),
        };
        let ran = run_query(&view, &query, &options, format, &mut copying);
        let copy = copying.copy;
        entry.end(Outcome::of(&ran));
        out.rows = Some(ran?.rows);
        if let (Some(etag), Some(copy)) = (etag, copy) {
            app.answers.0.insert(etag, Bytes::from(copy));
        }
        Ok(())
    })
    .await
}

/// Passes bytes on and keeps a copy of them as long as they are few.
struct Copying<'a> {
    out: Counted<'a>,
    copy: Option<Vec<u8>>,
}

impl Write for Copying<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        if let Some(copy) = &mut self.copy {
            if copy.len() + taken > MAX_KEPT_BYTES {
                self.copy = None;
            } else {
                copy.extend_from_slice(&bytes[..taken]);
            }
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The page with the form, filled in, and the first rows when there is something to run.
async fn page(
    state: &AppState,
    headers: &HeaderMap,
    shown: Shown,
    stored: Arc<StoredQuery>,
    given: Vec<(String, String)>,
    question: Option<Question>,
) -> Result<Response, ApiError> {
    let turn = state.query_turn().await?;
    let stop = question
        .as_ref()
        .map(|question| CancelOnDrop(question.options.cancel.clone()));
    let (app, at, working) = (state.clone(), shown.clone(), turn.clone());
    let page = turn
        .work(move || {
            let view = at.view();
            let table = match question {
                None => None,
                Some(Question {
                    asked,
                    query,
                    mut options,
                }) => {
                    options.overtime = Some(working.overtime(&options.cancel));
                    let entry =
                        app.ledger
                            .begin(asked, options.cancel.clone(), options.progress.clone());
                    let table = first_rows(&view, &query, &options);
                    entry.end(match &table {
                        Ok(table) => Outcome::Rows(table.rows.len() as u64),
                        Err(error) => Outcome::Failed(error.code),
                    });
                    Some(table?)
                }
            };
            let page = StoredQueryPage {
                query: &stored,
                given: &given,
                table: table.as_ref(),
            };
            Ok(render_stored_query(&app.site(&view, at.notice()), &page))
        })
        .await;
    drop(stop);
    Ok(Document::html(page?).at(&shown).respond(headers))
}
