//! `explain=` beside a query: how it is answered, in place of its answer. Running it costs what the answer costs, so it is
//! run in its turn, under the same limits, and is listed among the queries that run. What the plan looks like is decided
//! in `query` and `views`.

use super::body::Params;
use super::error::ApiError;
use super::ledger::{Asked, Outcome};
use super::reply::{HTML, JSON, choose, content_type, language_of};
use super::shown::Shown;
use super::state::AppState;
use super::stream::CancelOnDrop;
use super::turns::Turn;
use crate::query::{ExplainMode, Explanation, ParsedQuery, QueryOptions, explain};
use crate::views::explain::{render_explanation_json, render_explanation_text};
use crate::views::html::Site;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// The parameter.
pub(super) const PARAMETER: &str = "explain";
/// What is written when a client takes anything stands first.
const OFFERS: [&str; 3] = ["text/plain", JSON, HTML];

/// Whether, and how, a query is to be explained.
pub(super) fn mode_of(params: &Params) -> Result<Option<ExplainMode>, ApiError> {
    match params.one(PARAMETER)? {
        None | Some("" | "0") => Ok(None),
        Some(name) => ExplainMode::from_name(name).map(Some).ok_or_else(|| {
            ApiError::bad_request(
                "bad-parameter",
                format!(
                    "De parameter explain is 1 (uitvoeren en tellen) of plan (niet uitvoeren); niet \"{name}\"."
                ),
                format!("The parameter explain is 1 (run and count) or plan (do not run); not \"{name}\"."),
            )
            .with("parameter", PARAMETER)
        }),
    }
}

/// The form of an explanation that a client likes best.
pub(super) fn media_type(headers: &HeaderMap, params: &Params) -> Result<&'static str, ApiError> {
    let format = params.one("format")?.filter(|name| !name.is_empty());
    choose(headers, format, &OFFERS)
}

/// A query as the account of queries tells of it.
pub(super) fn told(mode: ExplainMode, text: &str) -> String {
    let mode = match mode {
        ExplainMode::Plan => "plan",
        ExplainMode::Run => "1",
    };
    format!("# explain={mode}\n{text}")
}

/// A query to explain.
pub(super) struct Work {
    pub(super) asked: Asked,
    pub(super) query: ParsedQuery,
    pub(super) options: QueryOptions,
    pub(super) mode: ExplainMode,
    /// The turn in which it was read, if it needed one.
    pub(super) turn: Option<Turn>,
}

/// The explanation of a query on a state; `page` makes a page of it.
pub(super) async fn answer(
    state: AppState,
    headers: &HeaderMap,
    shown: Shown,
    media_type: &'static str,
    work: Work,
    page: impl FnOnce(&Site<'_>, &Explanation) -> String + Send + 'static,
) -> Result<Response, ApiError> {
    let turn = match work.turn.clone() {
        Some(turn) => turn,
        None => state.query_turn().await?,
    };
    let language = language_of(headers);
    let stop = CancelOnDrop(work.options.cancel.clone());
    let at = shown.clone();
    let working = turn.clone();
    let explaining = turn.work(move || {
        let Work {
            asked,
            query,
            mut options,
            mode,
            ..
        } = work;
        options.overtime = Some(working.overtime(&options.cancel));
        let (cancel, progress) = (options.cancel.clone(), options.progress.clone());
        let entry = state.ledger.begin(asked, cancel, progress);
        let view = at.view();
        let explained = explain(&view, &query, &options, mode);
        entry.end(match &explained {
            Err(error) => Outcome::Failed(error.code()),
            Ok(Explanation { run: Some(run), .. }) => match &run.failure {
                Some(error) => Outcome::Failed(error.code()),
                None => Outcome::Rows(run.rows),
            },
            Ok(_) => Outcome::Rows(0),
        });
        let explained = explained?;
        Ok(match media_type {
            HTML => page(&state.site(&view, at.notice()), &explained),
            JSON => format!("{:#}\n", render_explanation_json(&explained, language)),
            _ => render_explanation_text(&explained, language),
        })
    });
    let body = explaining.await;
    drop(stop);
    let mut response = Body::from(body?).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(media_type));
    // Times differ from run to run.
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Language"),
    );
    shown.describe(out);
    Ok(response)
}
