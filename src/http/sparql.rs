//! The SPARQL protocol ([SPARQL 1.1 Protocol](https://www.w3.org/TR/sparql11-protocol/)): queries, and the form or service
//! description when nothing is asked. Updates are in `updates`.

use super::body::{Params, media_type, read_body, require_utf8, text_of};
use super::error::ApiError;
use super::explain;
use super::first_rows::first_rows;
use super::layers::RequestId;
use super::ledger::{Asked, Entry, Ledger, Outcome};
use super::moment::Moment;
use super::observations::give_observations;
use super::reply::{
    Document, HTML, REVALIDATE, choose, content_type, etag_of_state, is_fresh, joined,
    set_validators, wants_html,
};
use super::state::{AppState, blocking};
use super::stream::{
    CancelOnDrop, ChunkWriter, Delivery, Streamed, WHOLE_BYTES, guarded, reads_trailers,
    stream_from,
};
use super::turns::Turn;
use super::updates::{FORM, UPDATE, update_body, update_with};
use super::writes::authorise;
use crate::query::{
    Cancel, DefaultGraph, Explanation, OutputFormat, ParsedQuery, Progress, QueryError, QueryKind,
    QueryOptions, parse_query, run_query,
};
use crate::rdf::format::{Format, negotiate};
use crate::store::View;
use crate::views::html::{Site, render_explanation, render_query_form, render_query_result};
use crate::views::rdf_document;
use crate::views::service::{self, Abilities};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

const QUERY: &str = "application/sparql-query";
const POST_TYPES: [&str; 3] = [QUERY, FORM, UPDATE];
/// Up to so many bytes a text is read on a thread that answers requests.
const SHORT_TEXT: usize = 8 << 10;
/// Beyond so many bytes reading it may take long by itself.
const LONG_TEXT: usize = 64 << 10;
/// How long a query may keep a thread that answers requests. An answer that takes longer costs that much more.
const AT_ONCE: Duration = Duration::from_millis(2);
/// Functions whose value changes from run to run: their answers have no entity tag.
const VOLATILE: [&str; 4] = ["RAND", "NOW", "UUID", "BNODE"];

/// What a request asks.
struct Question {
    id: RequestId,
    headers: HeaderMap,
    params: Params,
    moment: Moment,
    text: String,
    /// Whether the answer may be kept.
    is_cacheable: bool,
}

/// `GET /sparql`.
pub(super) async fn get(
    State(state): State<AppState>,
    id: RequestId,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    if params.get("update").is_some() {
        return Err(ApiError::bad_request(
            "update-by-get",
            "Een wijziging komt met POST: GET verandert niets.",
            "An update comes by POST: GET changes nothing.",
        )
        .with("parameter", "update"));
    }
    let text = match params.one("query")? {
        Some(text) if !text.trim().is_empty() => text.to_owned(),
        // An empty form sent again shows the form again.
        Some(_) if wants_html(&headers) => return describe(state, headers, params, moment).await,
        Some(_) => return Err(missing("query")),
        None if names_dataset(&params) => return Err(missing("query")),
        None => {
            // A wrong parameter is wrong with nothing to ask too.
            options_of(&state, &params)?;
            explain::mode_of(&params)?;
            return describe(state, headers, params, moment).await;
        }
    };
    let question = Question {
        id,
        headers,
        params,
        moment,
        text,
        is_cacheable: true,
    };
    run(state, question).await
}

fn names_dataset(params: &Params) -> bool {
    ["default-graph-uri", "named-graph-uri"]
        .iter()
        .any(|name| params.get(name).is_some())
}

/// `POST /sparql`: a query as a form or as the body; an update is taken too.
pub(super) async fn post(
    State(state): State<AppState>,
    id: RequestId,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let mut params = Params::of_query(query.as_deref())?;
    let kind = media_type(&headers);
    let mut moment = moment;
    match kind.as_str() {
        QUERY => {
            require_utf8(&headers)?;
            let bytes = read_body(&headers, body, state.config.max_query_bytes).await?;
            params.0.push(("query".to_owned(), text_of(&bytes)?));
        }
        FORM => {
            require_utf8(&headers)?;
            // A percent-encoded query takes up to three times its size.
            let limit = state.config.max_query_bytes.saturating_mul(3);
            let bytes = read_body(&headers, body, limit).await?;
            params.0.extend(Params::parse(&text_of(&bytes)?)?.0);
            if params.get("update").is_some() {
                authorise(&state, &headers)?;
                return update_with(state, id, headers, params).await;
            }
            moment = moment.or_in_form(&params)?;
        }
        UPDATE => return update_body(state, id, headers, params, body).await,
        other => return Err(ApiError::unsupported_media_type(other, &POST_TYPES)),
    }
    let text = params
        .one("query")?
        .ok_or_else(|| missing("query"))?
        .to_owned();
    let question = Question {
        id,
        headers,
        params,
        moment,
        text,
        is_cacheable: false,
    };
    run(state, question).await
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::bad_request(
        "missing-parameter",
        format!("De parameter \"{name}\" ontbreekt."),
        format!("The parameter \"{name}\" is missing."),
    )
    .with("parameter", name)
}

/// How to run a query or update by the limits of the server and the wishes of the request.
pub(super) fn options_of(state: &AppState, params: &Params) -> Result<QueryOptions, ApiError> {
    let config = &state.config;
    let timeout = match params.one("timeout")? {
        None | Some("") => config.query_timeout,
        Some(text) => parse_duration(text).ok_or_else(|| {
            ApiError::bad_request(
                "timeout",
                format!("De parameter timeout is een aantal seconden, bijvoorbeeld 20 of 500ms; niet \"{text}\"."),
                format!("The parameter timeout is a number of seconds, for instance 20 or 500ms; not \"{text}\"."),
            )
            .with("parameter", "timeout")
        })?,
    };
    Ok(QueryOptions {
        base_iri: Some(format!("{}/", state.registry.base())),
        default_graph: DefaultGraph::Union,
        default_graph_uris: params.all("default-graph-uri"),
        named_graph_uris: params.all("named-graph-uri"),
        timeout: Some(timeout.min(config.max_query_timeout)),
        max_rows: Some(config.max_rows),
        max_memory: Some(config.max_query_memory_bytes),
        pool: Some(state.pool.clone()),
        overtime: None,
        cancel: Cancel::new(),
        services: config.services.clone(),
        engine: crate::query::Engine::Automatic,
        rdf: state.registry.store().settings().rdf,
        progress: Progress::new(),
        observations: None,
    })
}

/// `20`, `1.5`, `20s`, `500ms`.
fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    (seconds > 0.0 && seconds.is_finite()).then(|| Duration::from_secs_f64(seconds.min(86_400.0)))
}

/// A query form as the account of queries names it.
pub(super) fn form_of(kind: QueryKind) -> &'static str {
    match kind {
        QueryKind::Select => "SELECT",
        QueryKind::Ask => "ASK",
        QueryKind::Construct => "CONSTRUCT",
        QueryKind::Describe => "DESCRIBE",
    }
}

async fn run(state: AppState, question: Question) -> Result<Response, ApiError> {
    let Question {
        id,
        headers,
        params,
        moment,
        text,
        is_cacheable,
    } = question;
    if text.len() > state.config.max_query_bytes {
        return Err(ApiError::too_large(state.config.max_query_bytes));
    }
    let mut options = options_of(&state, &params)?;
    let (query, turn) = parse(&state, &text, &options).await?;
    give_observations(&state, &text, &query, &mut options).await?;
    let graphs = options.default_graph_uris.len() + options.named_graph_uris.len();
    if let Some(mode) = explain::mode_of(&params)? {
        let media_type = explain::media_type(&headers, &params)?;
        let asked = Asked::now(
            &id.0,
            form_of(query.kind()),
            graphs,
            &explain::told(mode, &text),
        );
        let work = explain::Work {
            asked,
            query,
            options,
            mode,
            turn,
        };
        let shown = moment.state(&state).await?;
        let page = move |site: &Site<'_>, told: &Explanation| render_explanation(site, &text, told);
        return explain::answer(state, &headers, shown, media_type, work, page).await;
    }
    let wanted = wanted_format(&headers, &params, &query)?;
    let shown = moment.state(&state).await?;
    let view = match state
        .registry
        .report_graphs_of(Some(&text), &query, &options)
    {
        named if named.any() => {
            let (registry, snapshot) = (Arc::clone(&state.registry), shown.snapshot().clone());
            blocking(move || Ok(registry.with_report_graphs(&snapshot, named).view())).await?
        }
        _ => shown.view(),
    };
    let asked = Asked::now(&id.0, form_of(query.kind()), graphs, &text);
    let (media_type, format) = match wanted {
        Wanted::Page => {
            let turn = match turn {
                Some(turn) => turn,
                None => state.query_turn().await?,
            };
            options.overtime = Some(turn.overtime(&options.cancel));
            let entry = state
                .ledger
                .begin(asked, options.cancel.clone(), options.progress.clone());
            let page = {
                let (state, shown) = (state.clone(), shown.clone());
                let stop = CancelOnDrop(options.cancel.clone());
                let page = turn
                    .work(move || {
                        let table = first_rows(&view, &query, &options);
                        entry.end(match &table {
                            Ok(table) => Outcome::Rows(table.rows.len() as u64),
                            Err(error) => Outcome::Failed(error.code),
                        });
                        Ok(render_query_result(
                            &state.site(&view, shown.notice()),
                            &text,
                            &table?,
                        ))
                    })
                    .await;
                drop(stop);
                page?
            };
            return Ok(Document::html(page).at(&shown).respond(&headers));
        }
        Wanted::Stream(media_type, format) => (media_type, format),
    };
    let is_of_state = options.observations.is_none() && !is_volatile(&state, &text);
    let etag = (is_cacheable && is_of_state).then(|| {
        let graphs = format!(
            "{:?}{:?}",
            options.default_graph_uris, options.named_graph_uris
        );
        etag_of_state(
            &state,
            shown.snapshot(),
            &[media_type, &text, &graphs, shown.tag_part()],
        )
    });
    let mut response = if etag.as_ref().is_some_and(|etag| is_fresh(&headers, etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let work = Work {
            view,
            query,
            options,
            format,
            asked,
        };
        let answer = answer(&state, work, turn, reads_trailers(&headers)).await?;
        let mut response = answer.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type(media_type));
        response
    };
    let out = response.headers_mut();
    match &etag {
        Some(etag) => set_validators(out, etag, REVALIDATE),
        None => {
            out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
    shown.describe(out);
    Ok(response)
}

/// Reads a query. A short text is read at once; a longer one where it may take its time, in the turn that comes with it.
async fn parse(
    state: &AppState,
    text: &str,
    options: &QueryOptions,
) -> Result<(ParsedQuery, Option<Turn>), ApiError> {
    let turn = match text.len() {
        0..=SHORT_TEXT => return Ok((parse_query(text, options)?, None)),
        length if length <= LONG_TEXT => state.query_turn().await?,
        _ => state.long_turn().await?,
    };
    let (text, options) = (text.to_owned(), options.clone());
    let reading = turn.clone();
    let query = reading.work(move || Ok(parse_query(&text, &options)?));
    Ok((query.await?, Some(turn)))
}

/// Whether the same query on the same state may have another answer the next time.
pub(super) fn is_volatile(state: &AppState, text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    VOLATILE.iter().any(|name| upper.contains(name))
        || (state.config.services.is_some() && upper.contains("SERVICE"))
}

/// A query to run and write out.
struct Work {
    view: View,
    query: ParsedQuery,
    options: QueryOptions,
    format: OutputFormat,
    asked: Asked,
}

/// The body of an answer. Most queries ask little: they are tried at once, on the thread that read the request, because
/// handing work to another thread and back costs more than they do. Whatever takes longer starts over where it may.
/// Nor does a small query wait for a turn: large ones, however many, do not stand before it.
async fn answer(
    state: &AppState,
    work: Work,
    turn: Option<Turn>,
    trailers: bool,
) -> Result<Streamed, ApiError> {
    let turn = match turn {
        Some(turn) => turn,
        None => {
            if work.query.is_shallow()
                && !work.query.asks_services()
                && state.is_warm(work.view.snapshot())
                && let Some(bytes) = at_once(&state.ledger, &work)?
            {
                return Ok(bytes.into());
            }
            state.query_turn().await?
        }
    };
    let Work {
        view,
        query,
        mut options,
        format,
        asked,
    } = work;
    options.overtime = Some(turn.overtime(&options.cancel));
    let delivery = Delivery::of_query(&state.config, &options, trailers);
    let entry = state
        .ledger
        .begin(asked, options.cancel.clone(), options.progress.clone());
    stream_from(delivery, turn, move |out| {
        let counted = Counted { out, entry: &entry };
        let ran = run_query(&view, &query, &options, format, counted);
        entry.end(Outcome::of(&ran));
        out.rows = Some(ran?.rows);
        Ok(())
    })
    .await
}

/// A small answer that is found quickly; `None` when it is not, whatever the reason.
fn at_once(ledger: &Ledger, work: &Work) -> Result<Option<Vec<u8>>, ApiError> {
    let mut hasty = work.options.clone();
    hasty.timeout = Some(hasty.timeout.map_or(AT_ONCE, |limit| limit.min(AT_ONCE)));
    let mut out = Bounded(Vec::with_capacity(4 << 10));
    let started = Instant::now();
    let ran = guarded(|| {
        let (view, query) = (&work.view, &work.query);
        Ok(run_query(view, query, &hasty, work.format, &mut out))
    })?;
    if let Err(QueryError::Timeout { .. } | QueryError::Write(_) | QueryError::Crowded) = &ran {
        return Ok(None);
    }
    let progress = hasty.progress.clone();
    ledger.record(
        work.asked.clone(),
        started.elapsed(),
        Outcome::of(&ran),
        progress,
    );
    ran?;
    Ok(Some(out.0))
}

/// Tells the account of queries how much was written.
pub(super) struct Counted<'a> {
    pub(super) out: &'a mut ChunkWriter,
    pub(super) entry: &'a Entry,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.entry.add_bytes(taken);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Takes as much as is sent as a whole, and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > WHOLE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Wanted {
    Page,
    Stream(&'static str, OutputFormat),
}

fn wanted_format(
    headers: &HeaderMap,
    params: &Params,
    query: &ParsedQuery,
) -> Result<Wanted, ApiError> {
    let kind = query.kind();
    if let Some(name) = asked_format(params)?.filter(|name| !name.is_empty()) {
        if name == "html" && !kind.is_graph() {
            return Ok(Wanted::Page);
        }
        let format = OutputFormat::from_name_for(name, kind)
            .or_else(|| OutputFormat::from_media_type_for(name, kind))
            .ok_or_else(|| {
                ApiError::bad_request(
                    "unknown-format",
                    format!(
                        "Het antwoord op deze bevraging bestaat niet in het formaat \"{name}\"."
                    ),
                    format!("The answer of this query does not come in the format \"{name}\"."),
                )
            })?;
        return Ok(Wanted::Stream(format.media_type(), format));
    }
    let mut offers = OutputFormat::media_types_for(kind).to_vec();
    if !kind.is_graph() {
        offers.push(HTML);
    }
    let chosen = negotiate(&joined(headers, header::ACCEPT), &offers)
        .ok_or_else(|| ApiError::not_acceptable(&offers))?;
    if chosen == HTML {
        return Ok(Wanted::Page);
    }
    let format = OutputFormat::from_media_type_for(chosen, kind)
        .ok_or_else(|| ApiError::not_acceptable(&offers))?;
    Ok(Wanted::Stream(chosen, format))
}

/// What this server allows, for its description.
pub(super) fn abilities(state: &AppState) -> Abilities {
    Abilities {
        updates: state.token.is_some(),
        federation: state.config.services.is_some(),
    }
}

/// The form for people, the service description for programs.
async fn describe(
    state: AppState,
    headers: HeaderMap,
    params: Params,
    moment: Moment,
) -> Result<Response, ApiError> {
    let offers = [
        "text/turtle",
        HTML,
        "application/ld+json",
        "application/n-triples",
        "application/rdf+xml",
        "application/json",
    ];
    let chosen = choose(&headers, asked_format(&params)?, &offers)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let document = if chosen == HTML {
            Document::html(render_query_form(&state.site(&view, shown.notice())))
        } else {
            let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
            let triples =
                service::service_description(&view, state.registry.base(), abilities(&state));
            let mut out = Vec::new();
            rdf_document::write_triples(&triples, format, &mut out).map_err(ApiError::internal)?;
            Document::new(chosen, out)
        };
        Ok(document.at(&shown).respond(&headers))
    })
    .await
}

/// The format that a request names. SPARQLWrapper names one twice, by its short name and by the media types that it takes: the
/// first counts when it is known. The same name twice is a mistake like any other.
fn asked_format(params: &Params) -> Result<Option<&str>, ApiError> {
    let first = params.get("format");
    let is_known = |name: &str| {
        let kinds = [QueryKind::Select, QueryKind::Construct];
        kinds
            .iter()
            .any(|kind| OutputFormat::from_name_for(name, *kind).is_some())
    };
    let mut named = params.0.iter().filter(|(name, _)| name == "format");
    if first.is_some_and(is_known) && named.any(|(_, other)| Some(other.as_str()) != first) {
        return Ok(first);
    }
    params.one("format")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(parse_duration("20"), Some(Duration::from_secs(20)));
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        for wrong in ["", "0", "-1", "x", "inf", "1h"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
