//! Writes of single items for application developers: POST on a collection, PUT, PATCH and DELETE on an item. Each is one
//! commit of the item's own tree, judged like any other; nothing else changes. Which statements are an item's own is
//! decided in `registry`, what the keys mean in `views`.

pub(super) mod answer;
pub(super) mod commands;
pub(super) mod conditions;
pub(super) mod keys;
pub(super) mod numbers;
pub(super) mod reading;
pub(super) mod repeated;
pub(super) mod tickets;
mod writing;

use super::body::{Params, media_type, read_body, require_utf8};
use super::collections::register_of;
use super::documents::candidates;
use super::error::ApiError;
use super::gone::{Route, or_gone};
use super::layers::RequestId;
use super::moment;
use super::reply::{JSON, JSON_LD, joined};
use super::shown::Shown;
use super::state::{AppState, blocking};
use super::writes::{authorise, dry_run};
use answer::Reply;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use conditions::Condition;
use keys::{Answer, Claim, Key, Keys};
use numbers::Numbers;
use tickets::Tickets;
use writing::perform;

/// Most bytes of an item: far more than a document shows.
const MAX_BYTES: usize = 16 << 20;
/// Syntaxes that an item is read in.
const READ: [&str; 5] = [
    JSON_LD,
    JSON,
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
];
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";
/// Syntaxes of changes to an item.
const PATCHES: [&str; 2] = [MERGE_PATCH, JSON_PATCH];
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What writes of items keep from one request to the next.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) numbers: Numbers,
    pub(super) keys: Keys,
    tickets: Tickets,
}

/// What is asked of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Replace,
    Patch,
    Remove,
}

impl Action {
    /// Kind of activity for the log.
    fn activity(self) -> &'static str {
        match self {
            Self::Create => "item-maken",
            Self::Replace => "item-vervangen",
            Self::Patch => "item-wijzigen",
            Self::Remove => "item-verwijderen",
        }
    }
}

/// How much of an answer a client wants ([RFC 7240 §4.2](https://www.rfc-editor.org/rfc/rfc7240#section-4.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Return {
    /// What was done.
    Summary,
    Minimal,
    Representation,
}

/// A request that was read.
#[derive(Clone, Debug)]
struct Asked {
    action: Action,
    register: String,
    id: Option<String>,
    media_type: String,
    dry_run: bool,
    returning: Return,
    accept: String,
    condition: Condition,
    body: Bytes,
    key: Option<Key>,
}

/// `POST /api/{register}`.
pub(super) async fn create(
    State(state): State<AppState>,
    Path(name): Path<String>,
    request_id: RequestId,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let request = (request_id, headers, query, body);
    handle(state, Action::Create, (name, None), request).await
}

/// `PUT`, `PATCH` and `DELETE /api/{register}/{id}`.
pub(super) async fn of_item(
    State(state): State<AppState>,
    method: Method,
    Path((name, id)): Path<(String, String)>,
    request_id: RequestId,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let action = match method {
        Method::PUT => Action::Replace,
        Method::PATCH => Action::Patch,
        Method::DELETE => Action::Remove,
        other => return Err(ApiError::internal(format!("no route for {other}"))),
    };
    let request = (request_id, headers, query, body);
    handle(state, action, (name, Some(id)), request).await
}

async fn handle(
    state: AppState,
    action: Action,
    (name, id): (String, Option<String>),
    (request_id, headers, query, body): (RequestId, HeaderMap, Option<String>, Body),
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    authorise(&state, &headers)?;
    if let Some((unknown, _)) = params.0.iter().find(|(name, _)| name != "dryRun") {
        return Err(ApiError::bad_request(
            "bad-parameter",
            format!("Onbekende parameter \"{unknown}\"; hier bestaat alleen dryRun."),
            format!("Unknown parameter \"{unknown}\"; here there is only dryRun."),
        )
        .with("parameter", unknown.as_str()));
    }
    register_of(&state, &name)?;
    let media_type = media_type(&headers);
    known_type(action, &media_type)?;
    require_utf8(&headers)?;
    let limit = state.config.max_body_bytes.min(MAX_BYTES);
    let body = read_body(&headers, body, limit).await?;
    let dry_run = dry_run(&params)?;
    let parts: [&[u8]; 5] = [
        action.activity().as_bytes(),
        name.as_bytes(),
        id.as_deref().unwrap_or("").as_bytes(),
        media_type.as_bytes(),
        &body,
    ];
    let key = Key::of(&headers, &parts)?;
    let asked = Asked {
        action,
        register: name,
        id,
        media_type,
        dry_run,
        returning: returning(&headers),
        accept: joined(&headers, header::ACCEPT),
        condition: Condition::of(&headers),
        body,
        // What is only tried is no request that could be done twice.
        key: key.filter(|_| !dry_run),
    };
    let is_async = preferences(&headers)
        .iter()
        .any(|one| one == "respond-async");
    let reply = if is_async && !asked.dry_run {
        tickets::accept(&state, asked, &headers, &request_id.0)?
    } else {
        run(state, asked).await?
    };
    Ok(reply.into_response())
}

/// Refuses a type that is not read, and names those that are.
fn known_type(action: Action, media_type: &str) -> Result<(), ApiError> {
    let (known, list): (&[&str], HeaderName) = match action {
        Action::Remove => return Ok(()),
        Action::Patch => (&PATCHES, HeaderName::from_static("accept-patch")),
        Action::Create => (&READ, HeaderName::from_static("accept-post")),
        Action::Replace => (&READ, header::ACCEPT),
    };
    if known.contains(&media_type) {
        return Ok(());
    }
    let error = ApiError::unsupported_media_type(media_type, known);
    Err(error.with_header(list, &known.join(", ")))
}

fn preferences(headers: &HeaderMap) -> Vec<String> {
    joined(headers, PREFER)
        .split(',')
        .filter_map(|one| one.split(';').next())
        .map(|one| one.replace([' ', '"'], "").to_ascii_lowercase())
        .collect()
}

fn returning(headers: &HeaderMap) -> Return {
    // Of preferences given twice the first counts.
    preferences(headers)
        .iter()
        .find_map(|one| match one.as_str() {
            "return=minimal" => Some(Return::Minimal),
            "return=representation" => Some(Return::Representation),
            _ => None,
        })
        .unwrap_or(Return::Summary)
}

/// Writes, and tells about it.
async fn run(state: AppState, asked: Asked) -> Result<Reply, ApiError> {
    let kind = &register_of(&state, &asked.register)?.kind;
    let iris = asked.id.as_deref().map(|id| candidates(&state, kind, id));
    let app = state.clone();
    match (write(state, asked).await, iris) {
        (Err(error), Some(iris)) => {
            let shown = Shown::now(app.registry.snapshot());
            Err(or_gone(&app, &shown, iris, Route::Change, error).await)
        }
        (done, _) => done,
    }
}

async fn write(state: AppState, asked: Asked) -> Result<Reply, ApiError> {
    let permit = state.write_turn().await?;
    blocking(move || {
        let _permit = permit;
        let Some(key) = &asked.key else {
            return Ok(perform(&state, &asked)?.0);
        };
        match state.items.keys.claim(&state, key)? {
            Claim::Known(Answer::Whole(reply)) => Ok(repeated::mark(reply)),
            Claim::Known(Answer::OfCommit(seq)) => repeated::of_commit(&state, &asked, seq),
            Claim::New(running) => {
                let (reply, made) = perform(&state, &asked)?;
                if reply.status.is_success() {
                    running.done(&reply, made);
                }
                Ok(reply)
            }
        }
    })
    .await
}
