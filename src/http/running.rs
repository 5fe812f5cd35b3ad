//! `/bevragingen`: the queries that run and those that ended, for the administrator alone; and stopping one. A browser
//! without scripts sends the token in a form; programs send it as they do for writing.

use super::administrator::{ask, private, refusal, token_in_form};
use super::error::ApiError;
use super::ledger::{Ended, Outcome, Running};
use super::reply::{HTML, JSON, choose};
use super::state::{AppState, blocking};
use crate::views::html::{QueriesPage, QueryLine, TokenPage, render_queries};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value as Json, json};

/// `GET /bevragingen`.
pub(super) async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    show(state, headers, None, None).await
}

/// `POST /bevragingen`: the same with the token in a form.
pub(super) async fn list_by_form(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let token = token_in_form(&headers, body).await?;
    show(state, headers, token, None).await
}

/// `POST /bevragingen/{id}/stop`, with the token in a form or in the header.
pub(super) async fn stop_by_form(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let token = token_in_form(&headers, body).await?;
    show(state, headers, token, Some(id)).await
}

/// `DELETE /bevragingen/{id}`.
pub(super) async fn stop(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    show(state, headers, None, Some(id)).await
}

/// Stops a query when one is named, then tells.
async fn show(
    state: AppState,
    headers: HeaderMap,
    token: Option<String>,
    stop: Option<String>,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[JSON, HTML])?;
    if let Some(refusal) = refusal(&state, &headers, token.as_deref(), chosen)? {
        return blocking(move || {
            let view = state.registry.snapshot().view();
            Ok(ask(&state.site(&view, None), &TokenPage::QUERIES, refusal))
        })
        .await;
    }
    if let Some(id) = &stop {
        if !state.ledger.stop(id) && chosen == JSON {
            return Err(ApiError::not_found(
                format!("Er loopt geen bevraging met het nummer {id}."),
                format!("No query with the number {id} is running."),
            ));
        }
        tracing::info!(query = %id, "The administrator stopped a query");
    }
    if chosen == JSON {
        let body = match &stop {
            Some(id) => json!({ "gestopt": id }),
            None => account(&state),
        };
        let body = format!("{body:#}\n");
        return Ok(private(StatusCode::OK, JSON, body));
    }
    blocking(move || {
        let notice = stop.map(|id| format!("Bevraging {id} loopt niet meer of stopt zo dadelijk."));
        let page = QueriesPage {
            running: state.ledger.running().iter().map(|r| line(r)).collect(),
            ended: state.ledger.ended().into_iter().map(ended_line).collect(),
            token: token.unwrap_or_default(),
            notice,
        };
        let view = state.registry.snapshot().view();
        let page = render_queries(&state.site(&view, None), &page);
        Ok(private(StatusCode::OK, HTML, page))
    })
    .await
}

fn account(state: &AppState) -> Json {
    let running: Vec<Json> = state
        .ledger
        .running()
        .iter()
        .map(|query| {
            json!({
                "nummer": &*query.asked.id,
                "vorm": query.asked.form,
                "tijdstip": query.asked.at.to_string(),
                "duurMs": query.age().as_millis() as u64,
                "rijen": query.rows(),
                "verzondenBytes": query.sent_bytes(),
                "grafen": query.asked.graphs,
                "stopt": query.is_stopped(),
                "plan": query.plan(),
                "tekst": &*query.asked.text,
            })
        })
        .collect();
    let ended: Vec<Json> = state
        .ledger
        .ended()
        .into_iter()
        .map(|query| {
            let (outcome, rows) = told(query.outcome);
            json!({
                "nummer": &*query.asked.id,
                "vorm": query.asked.form,
                "tijdstip": query.asked.at.to_string(),
                "duurMs": query.duration.as_millis() as u64,
                "rijen": rows,
                "grafen": query.asked.graphs,
                "uitkomst": outcome,
                "plan": query.plan(),
                "tekst": &*query.asked.text,
            })
        })
        .collect();
    json!({ "lopend": running, "afgelopen": ended })
}

/// An outcome as programs read it, with the rows.
fn told(outcome: Outcome) -> (&'static str, Option<u64>) {
    match outcome {
        Outcome::Rows(rows) => ("ok", Some(rows)),
        Outcome::Failed(code) => (code, None),
        Outcome::Abandoned => ("verlaten", None),
    }
}

fn line(query: &Running) -> QueryLine {
    QueryLine {
        id: query.asked.id.to_string(),
        form: query.asked.form,
        at: moment(query.asked.at),
        duration_ms: query.age().as_millis() as u64,
        graphs: query.asked.graphs,
        rows: Some(query.rows()),
        sent_bytes: query.sent_bytes(),
        outcome: if query.is_stopped() { "stopt" } else { "" },
        plan: query.plan().map(str::to_owned),
        text: query.asked.text.to_string(),
    }
}

fn ended_line(query: Ended) -> QueryLine {
    let (outcome, rows) = told(query.outcome);
    QueryLine {
        id: query.asked.id.to_string(),
        form: query.asked.form,
        at: moment(query.asked.at),
        duration_ms: query.duration.as_millis() as u64,
        graphs: query.asked.graphs,
        rows,
        sent_bytes: 0,
        outcome,
        plan: query.plan().map(str::to_owned),
        text: query.asked.text.to_string(),
    }
}

fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
