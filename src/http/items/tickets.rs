//! Writes that are answered before they are done (`Prefer: respond-async`,
//! [RFC 7240 §4.1](https://www.rfc-editor.org/rfc/rfc7240#section-4.1)): each gets a ticket that tells how far it is, in the
//! shape that the base registries have made known. Tickets live in memory; a restart ends what was not done yet.

use super::super::error::ApiError;
use super::super::reply::{JSON, language_of};
use super::super::state::AppState;
use super::answer::Reply;
use super::numbers::uuid;
use super::{Action, Asked, run};
use crate::rdf::label::{Language, Text};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// Tickets that are kept.
const MAX_TICKETS: usize = 1000;
/// Writes that may wait for their turn.
const MAX_OPEN: usize = 100;
/// How long a ticket tells of what is done.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// All tickets.
pub(super) struct Tickets {
    known: Mutex<Known>,
    /// One at a time: whoever waits for an answer goes before those that do not.
    turn: Arc<Semaphore>,
}

impl Default for Tickets {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

#[derive(Default)]
struct Known {
    tickets: FxHashMap<String, Ticket>,
    order: VecDeque<String>,
}

#[derive(Clone)]
struct Ticket {
    status: Status,
    metadata: Json,
    result: Option<Json>,
    created: Timestamp,
    modified: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Created,
    Pending,
    Complete,
    Error,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Pending => "pending",
            Self::Complete => "complete",
            Self::Error => "error",
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Pending)
    }
}

impl Ticket {
    fn json(&self, id: &str) -> Map<String, Json> {
        let result = self.result.as_ref();
        let members = [
            ("ticketId", json!(id)),
            ("metadata", self.metadata.clone()),
            ("status", json!(self.status.name())),
            // Text within the answer, as readers of tickets expect it.
            (
                "result",
                result.map_or(Json::Null, |json| json!({ "json": json.to_string() })),
            ),
            ("created", json!(self.created.to_string())),
            ("lastModified", json!(self.modified.to_string())),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

impl Tickets {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, id: &str, ticket: Ticket) -> Result<(), ApiError> {
        let mut known = self.known();
        let forgotten = Timestamp::now() - KEPT;
        let Known { tickets, order } = &mut *known;
        order.retain(|id| {
            let keep = tickets
                .get(id)
                .is_some_and(|ticket| ticket.status.is_open() || ticket.modified > forgotten);
            if !keep {
                tickets.remove(id);
            }
            keep
        });
        let open = tickets.values().filter(|ticket| ticket.status.is_open());
        if open.count() >= MAX_OPEN {
            return Err(crowded());
        }
        if order.len() >= MAX_TICKETS {
            let done = order.iter().position(|id| {
                tickets
                    .get(id)
                    .is_none_or(|ticket| !ticket.status.is_open())
            });
            if let Some(id) = done.and_then(|done| order.remove(done)) {
                tickets.remove(&id);
            }
        }
        order.push_back(id.to_owned());
        tickets.insert(id.to_owned(), ticket);
        Ok(())
    }

    fn note(&self, id: &str, status: Status, result: Option<Json>) {
        if let Some(ticket) = self.known().tickets.get_mut(id) {
            ticket.status = status;
            ticket.result = result;
            ticket.modified = Timestamp::now();
        }
    }
}

/// Takes a write, and answers with its ticket.
pub(super) fn accept(
    state: &AppState,
    asked: Asked,
    headers: &HeaderMap,
    request_id: &str,
) -> Result<Reply, ApiError> {
    let (id, now) = (uuid(), Timestamp::now());
    let action = match asked.action {
        Action::Create => "maken",
        Action::Replace => "vervangen",
        Action::Patch => "wijzigen",
        Action::Remove => "verwijderen",
    };
    let ticket = Ticket {
        status: Status::Created,
        metadata: json!({ "register": asked.register, "actie": action, "objectId": asked.id, "verzoek": request_id }),
        result: None,
        created: now,
        modified: now,
    };
    let body = ticket.json(&id);
    state.items.tickets.open(&id, ticket)?;
    let mut reply = Reply::new(StatusCode::ACCEPTED).with_json(body);
    let base = state.registry.base();
    reply.set(header::LOCATION, &format!("{base}/v3/tickets/{id}"));
    reply.set(super::PREFERENCE_APPLIED, "respond-async");
    reply.set(header::RETRY_AFTER, "1");
    let (state, language, request_id) =
        (state.clone(), language_of(headers), request_id.to_owned());
    tokio::spawn(async move {
        let turn = Arc::clone(&state.items.tickets.turn);
        // Closed by nobody.
        let _turn = turn.acquire_owned().await;
        state.items.tickets.note(&id, Status::Pending, None);
        let path = match &asked.id {
            Some(id) => format!("/api/{}/{id}", asked.register),
            None => format!("/api/{}", asked.register),
        };
        let done = run(state.clone(), asked).await;
        let (status, result) = result(&state, done, &path, &request_id, language);
        state.items.tickets.note(&id, status, Some(result));
    });
    Ok(reply)
}

/// What a ticket tells of a write that is done.
fn result(
    state: &AppState,
    done: Result<Reply, ApiError>,
    path: &str,
    request_id: &str,
    language: Language,
) -> (Status, Json) {
    match done {
        Ok(reply) => {
            let status = if reply.status.is_success() {
                Status::Complete
            } else {
                Status::Error
            };
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            let body = serde_json::from_str(&text).unwrap_or(Json::String(text));
            let result = json!({
                "status": reply.status.as_u16(),
                "location": reply.header(&header::LOCATION),
                "eTag": reply.header(&header::ETAG),
                "antwoord": body,
            });
            (status, result)
        }
        Err(error) => {
            let problem = error.to_json(state.registry.base(), path, request_id, language);
            let result = json!({ "status": error.status.as_u16(), "fout": problem });
            (Status::Error, result)
        }
    }
}

/// `GET /v2/tickets/{guid}` and `GET /v3/tickets/{guid}`.
pub(in crate::http) async fn ticket(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let known = state.items.tickets.known().tickets.get(&id).cloned();
    let ticket = known.ok_or_else(|| {
        ApiError::not_found(
            format!("Er is geen ticket {id}. Tickets worden een uur bewaard en overleven geen herstart; lees het item zelf, of stuur het verzoek opnieuw met dezelfde Idempotency-Key."),
            format!("There is no ticket {id}. Tickets are kept for an hour and do not survive a restart; read the item itself, or send the request again with the same Idempotency-Key."),
        )
    })?;
    let mut reply = Reply::new(StatusCode::OK);
    if ticket.status.is_open() {
        reply.set(header::RETRY_AFTER, "1");
    }
    let text = format!("{:#}\n", Json::Object(ticket.json(&id)));
    Ok(reply.with_body(JSON, text).into_response())
}

fn crowded() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too-many-tickets",
        Text::new("Te druk", "Too busy"),
        Text::new(
            format!(
                "Er wachten al {MAX_OPEN} wijzigingen op hun beurt. Probeer het straks opnieuw."
            ),
            format!("{MAX_OPEN} changes wait for their turn already. Try again later."),
        ),
    )
    .with("limiet", "tickets")
    .with("grens", MAX_OPEN)
    .with_header(header::RETRY_AFTER, "5")
}
