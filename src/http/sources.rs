//! `/beheer/bronnen`: how the declared sources are doing, for the administrator alone; and `/metrics`, the figures of that for
//! a monitoring system, without addresses or messages. Runs no source.

use super::administrator::{ask, private, refusal, token_in_form};
use super::error::ApiError;
use super::reply::{HTML, JSON, choose, language_of};
use super::state::{AppState, blocking};
use crate::ingest::sources::{Outcome, RunRecord, SourceStatus, source_statuses};
use crate::views::html::{Site, TokenPage, render_sources};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Runs of a source that are handed over as JSON.
const RUNS: usize = 20;

/// `GET /beheer/bronnen`.
pub(super) async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    show(state, headers, None).await
}

/// `POST /beheer/bronnen`: the same with the token in a form.
pub(super) async fn list_by_form(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let token = token_in_form(&headers, body).await?;
    show(state, headers, token).await
}

async fn show(
    state: AppState,
    headers: HeaderMap,
    token: Option<String>,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[JSON, HTML])?;
    let refusal = refusal(&state, &headers, token.as_deref(), chosen)?;
    blocking(move || {
        let view = state.registry.snapshot().view();
        let site = Site {
            language: language_of(&headers),
            ..state.site(&view, None)
        };
        if let Some(refusal) = refusal {
            return Ok(ask(&site, &TokenPage::SOURCES, refusal));
        }
        let statuses = source_statuses(&state.registry);
        if chosen == JSON {
            let sources: Vec<Json> = statuses.iter().map(source_json).collect();
            let body = format!("{:#}\n", json!({ "bronnen": sources }));
            return Ok(private(StatusCode::OK, JSON, body));
        }
        let page = render_sources(&site, &statuses, token.as_deref().unwrap_or_default());
        let mut response = private(StatusCode::OK, HTML, page);
        response.headers_mut().insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language, Authorization"),
        );
        Ok(response)
    })
    .await
}

fn source_json(status: &SourceStatus) -> Json {
    let source = &status.source;
    let runs = status.runs.iter().take(RUNS);
    let runs: Vec<Json> = runs.map(|run| run_json(status, run)).collect();
    json!({
        "naam": source.name,
        "soort": source.kind.word(),
        "plaats": status.without_query(&source.location),
        "graaf": source.graph.as_str(),
        "elkeSeconden": source.every.map(|every| every.as_secs()),
        "laatstGelukt": status.last_success,
        "achterstandSeconden": status.lag_seconds,
        "misluktNaElkaar": status.failures_in_a_row,
        "runs": runs,
    })
}

fn run_json(status: &SourceStatus, run: &RunRecord) -> Json {
    let texts = |texts: &[String; 2]| {
        json!({
            "nl": status.without_query(&texts[0]),
            "en": status.without_query(&texts[1]),
        })
    };
    let failure = run.failure.as_ref().map(|failure| {
        json!({
            "code": failure.code,
            "boodschap": texts(&failure.message),
            "tip": failure.hint.as_ref().map(texts),
        })
    });
    json!({
        "begon": run.began,
        "seconden": run.seconds,
        "uitkomst": word(run.outcome),
        "gelezen": run.members,
        "toegevoegd": run.added,
        "verwijderd": run.removed,
        "commits": run.commits,
        "hersteld": run.repaired,
        "quarantaine": run.waiting,
        "geweigerd": run.refused,
        "versie": run.version,
        "opmerkingen": run.notes.iter().map(texts).collect::<Vec<_>>(),
        "fout": failure,
    })
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "gewijzigd",
        Outcome::Unchanged => "ongewijzigd",
        Outcome::Stopped => "gestopt",
        Outcome::Failing => "mislukt",
    }
}

/// `GET /metrics`: in the text format of Prometheus.
pub(super) async fn metrics(State(state): State<AppState>) -> Result<Response, ApiError> {
    blocking(move || {
        let snapshot = state.registry.snapshot();
        let mut out = String::new();
        figure(&mut out, "oslo_commit", "Number of the last commit.");
        let _ = writeln!(out, "oslo_commit {}", snapshot.seq());
        figure(&mut out, "oslo_quads", "Quads of the present state.");
        let _ = writeln!(out, "oslo_quads {}", snapshot.quad_count());
        super::ldes::metrics(&state, &mut out);
        if let Some(follow) = &state.config.follow {
            for (name, help, value) in super::log_feed::metrics(&follow.figures()) {
                figure(&mut out, name, help);
                let _ = writeln!(out, "{name} {value}");
            }
        }
        sources(&mut out, &source_statuses(&state.registry));
        super::subscriptions::figures(&state, snapshot.seq(), &mut out);
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        let mut response = (StatusCode::OK, Body::from(out)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    })
    .await
}

pub(super) fn figure(out: &mut String, name: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
}

type Figure = (&'static str, &'static str, fn(&SourceStatus) -> Option<f64>);

/// Figures of each source; one that is not known yet is left out.
const FIGURES: [Figure; 10] = [
    (
        "oslo_source_up",
        "1 when the last run ended well, 0 when it failed.",
        |status| {
            let last = status.runs.first()?;
            Some(f64::from(u8::from(last.outcome != Outcome::Failing)))
        },
    ),
    (
        "oslo_source_last_run_timestamp_seconds",
        "When the last run began.",
        |status| seconds(&status.runs.first()?.began),
    ),
    (
        "oslo_source_last_success_timestamp_seconds",
        "When the last run that ended well began.",
        |status| seconds(status.last_success.as_ref()?),
    ),
    (
        "oslo_source_lag_seconds",
        "Time since the latest member of a stream, or since the last success.",
        |status| Some(status.lag_seconds? as f64),
    ),
    (
        "oslo_source_failures_in_a_row",
        "Runs that failed since the last success.",
        |status| Some(status.failures_in_a_row as f64),
    ),
    (
        "oslo_source_run_seconds",
        "How long the last run took.",
        |status| Some(status.runs.first()?.seconds),
    ),
    (
        "oslo_source_members",
        "Members or statements that the last run read.",
        |status| Some(status.runs.first()?.members as f64),
    ),
    (
        "oslo_source_repaired",
        "Values that the last run mended.",
        |status| Some(status.runs.first()?.repaired as f64),
    ),
    (
        "oslo_source_quarantined",
        "Members that wait because of the last run.",
        |status| Some(status.runs.first()?.waiting as f64),
    ),
    (
        "oslo_source_refused",
        "Records or pages that the last run refused.",
        |status| Some(status.runs.first()?.refused as f64),
    ),
];

fn sources(out: &mut String, statuses: &[SourceStatus]) {
    for (name, help, value) in FIGURES {
        let known = statuses
            .iter()
            .filter_map(|status| Some((status, value(status)?)));
        let lines: Vec<String> = known
            .map(|(status, value)| {
                // Names of sources are letters, digits, `-`, `_` and `.`: nothing to escape.
                let (source, kind) = (&status.source.name, status.source.kind.word());
                format!("{name}{{source=\"{source}\",kind=\"{kind}\"}} {value}")
            })
            .collect();
        if !lines.is_empty() {
            figure(out, name, help);
            let _ = writeln!(out, "{}", lines.join("\n"));
        }
    }
}

fn seconds(moment: &str) -> Option<f64> {
    let moment: jiff::Timestamp = moment.parse().ok()?;
    Some(moment.as_second() as f64)
}
