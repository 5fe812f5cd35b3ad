//! SPARQL updates by protocol ([SPARQL 1.1 Protocol §2.2](https://www.w3.org/TR/sparql11-protocol/#update-operation)): as a form
//! or as the body, each in one commit. Which state they build on and what the shapes say is decided in `writes`.

use super::body::{Params, media_type, read_body, require_utf8, text_of};
use super::error::ApiError;
use super::layers::RequestId;
use super::ledger::{Asked, Outcome};
use super::moment;
use super::observations::refuse_observations;
use super::sparql::{missing, options_of};
use super::state::AppState;
use super::stream::CancelOnDrop;
use super::writes::{Change, Done, authorise, commit, dry_run};
use crate::query::{QueryOptions, apply_update, apply_update_within};
use crate::store::Draft;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use oxrdf::GraphName;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const UPDATE: &str = "application/sparql-update";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
const UPDATE_TYPES: [&str; 2] = [UPDATE, FORM];

/// `POST /sparql/update`.
pub(super) async fn update(
    State(state): State<AppState>,
    id: RequestId,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    let mut params = Params::of_query(query.as_deref())?;
    match media_type(&headers).as_str() {
        UPDATE => update_body(state, id, headers, params, body).await,
        FORM => {
            require_utf8(&headers)?;
            let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
            params.0.extend(Params::parse(&text_of(&bytes)?)?.0);
            update_with(state, id, headers, params).await
        }
        other => Err(ApiError::unsupported_media_type(other, &UPDATE_TYPES)),
    }
}

/// The update that is the body.
pub(super) async fn update_body(
    state: AppState,
    id: RequestId,
    headers: HeaderMap,
    mut params: Params,
    body: Body,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    require_utf8(&headers)?;
    let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
    params.0.push(("update".to_owned(), text_of(&bytes)?));
    update_with(state, id, headers, params).await
}

/// The update among the parameters.
pub(super) async fn update_with(
    state: AppState,
    id: RequestId,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, ApiError> {
    moment::refuse(&params)?;
    let dry_run = dry_run(&params)?;
    let text = params.one("update")?.ok_or_else(|| missing("update"))?;
    if params.get("query").is_some() {
        return Err(ApiError::bad_request(
            "duplicate-parameter",
            "Het verzoek bevat een bevraging én een wijziging: stuur er één.",
            "The request holds a query and an update: send one of them.",
        )
        .with("parameter", "query"));
    }
    refuse_observations(&state, text)?;
    let mut options = options_of(&state, &params)?;
    options.default_graph_uris = params.all("using-graph-uri");
    options.named_graph_uris = params.all("using-named-graph-uri");
    let update = UpdateText {
        text: text.to_owned(),
        activity: "sparql-update",
        location: None,
        within: None,
        dry_run,
    };
    update_in(&state, &id, &headers, options, update, |_| Ok(false)).await
}

/// An update to carry out.
pub(super) struct UpdateText {
    pub(super) text: String,
    /// Kind of activity for the log.
    pub(super) activity: &'static str,
    /// As [`Change::location`].
    pub(super) location: Option<HeaderValue>,
    /// The only graph that may change, and the default graph of the update.
    pub(super) within: Option<GraphName>,
    /// As [`Change::dry_run`].
    pub(super) dry_run: bool,
}

/// Carries out an update in one commit. `check` looks at the draft first and says whether what is changed is new.
pub(super) async fn update_in(
    state: &AppState,
    id: &RequestId,
    headers: &HeaderMap,
    mut options: QueryOptions,
    update: UpdateText,
    check: impl FnOnce(&Draft<'_>) -> Result<bool, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    options.max_rows = None;
    let graphs = options.default_graph_uris.len() + options.named_graph_uris.len();
    let graphs = graphs + usize::from(update.within.is_some());
    let asked = Asked::now(&id.0, "UPDATE", graphs, &update.text);
    let entry = state
        .ledger
        .begin(asked, options.cancel.clone(), options.progress.clone());
    let change = Change {
        activity: update.activity,
        sources: Vec::new(),
        location: update.location,
        dry_run: update.dry_run,
    };
    let stop = CancelOnDrop(options.cancel.clone());
    let quads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&quads);
    let response = commit(state, headers, change, move |draft| {
        let created = check(draft)?;
        let stats = match &update.within {
            Some(graph) => apply_update_within(draft, &update.text, &options, graph)?,
            None => apply_update(draft, &update.text, &options)?,
        };
        counted.store(stats.inserted + stats.deleted, Ordering::Relaxed);
        Ok(Done { created })
    })
    .await;
    entry.end(match &response {
        Ok(answer) if answer.status().is_success() => Outcome::Rows(quads.load(Ordering::Relaxed)),
        Ok(_) => Outcome::Failed("shapes-violated"),
        Err(error) => Outcome::Failed(error.code),
    });
    drop(stop);
    response
}
