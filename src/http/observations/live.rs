//! `/obs/v1/reeksen/{id}/live`: what a series tells, as it becomes durable, as server-sent events
//! ([HTML §9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html)). The id of an event is the number of the observation:
//! whoever comes back with `Last-Event-ID` gets what came since, corrections of long ago too. A listener that is too slow is told how
//! many it missed, and reads them by `/waarden`.

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::events::{COME_BACK_MS, HEART_BEAT, QUEUE, no_room, stream_of};
use super::super::state::{AppState, blocking};
use super::asked::{self, Named, wrong};
use super::series::observation_json;
use crate::observations::{Row, Scan, Series, SeriesId};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value as Json;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Observations that are told again to a listener that comes back.
const MAX_AGAIN: usize = 10_000;

/// `GET /obs/v1/reeksen/{id}/live?na={number}`.
pub(super) async fn live(
    State(state): State<AppState>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    asked::known_only(&params, &["na", "apikey"])?;
    // A listener that had nothing yet may say so by an empty header.
    let told = headers.get("last-event-id");
    let after = match told.filter(|last| !last.is_empty()) {
        Some(last) => {
            let last = last.to_str().ok().and_then(|last| last.parse().ok());
            let no_number = "is geen volgnummer van een waarneming";
            Some(last.ok_or_else(|| {
                wrong("Last-Event-ID", no_number, "is no number of an observation")
            })?)
        }
        None => asked::number(&params, "na")?,
    };
    let asker = state.clone();
    let named = blocking(move || {
        let named = asked::series(&asker, &name)?;
        if named.id.is_some() {
            return Ok(named);
        }
        // Described, but nobody told anything of it yet: it gets its number now, to be listened to.
        let id = asker.observations()?.declare((*named.series).clone())?;
        Ok(Named {
            id: Some(id),
            ..named
        })
    })
    .await?;
    let Named {
        id: Some(id),
        series,
        ..
    } = named
    else {
        return Err(ApiError::internal("a declared series has a number"));
    };
    let room = Arc::clone(&state.listeners.room);
    let room = room.try_acquire_owned().map_err(|_| no_room())?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(tell(state, room, (id, series), after, sender));
    Ok(stream_of(receiver))
}

/// Tells one listener, until it or the server goes.
async fn tell(
    state: AppState,
    _room: OwnedSemaphorePermit,
    (id, series): (SeriesId, Arc<Series>),
    after: Option<u64>,
    listener: mpsc::Sender<Bytes>,
) {
    let Ok(store) = state.observations().map(Arc::clone) else {
        return;
    };
    let patience = state.config.stall_timeout;
    let send = async |text: String| {
        let sent = tokio::time::timeout(patience, listener.send(text.into())).await;
        matches!(sent, Ok(Ok(())))
    };
    let mut server = state.listeners.news(&state.registry);
    // Before the past is read, so that nothing lies between.
    let mut news = store.listen(id);
    if !send(format!("retry: {COME_BACK_MS}\n: oslo-registry\n\n")).await {
        return;
    }
    let mut last = after.unwrap_or(0);
    if let Some(after) = after {
        let Ok(turn) = state.listeners.readers.acquire().await else {
            return;
        };
        let reading = Arc::clone(&store);
        let read = blocking(move || Ok(since(&reading, id, after)?)).await;
        drop(turn);
        let (rows, missed) = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(code = error.code, "A series cannot be read for a listener");
                return;
            }
        };
        if missed > 0 && !send(missed_text(missed)).await {
            return;
        }
        for row in rows {
            let feature = store.feature(row.observation.feature);
            if !send(event_text(&series, &row, feature.as_deref())).await {
                return;
            }
            last = row.seq;
        }
    }
    loop {
        if server.borrow_and_update().1 {
            return;
        }
        tokio::select! {
            told = news.recv() => match told {
                Ok(row) if row.seq > last => {
                    last = row.seq;
                    let feature = store.feature(row.observation.feature);
                    if !send(event_text(&series, &row, feature.as_deref())).await {
                        return;
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    if !send(missed_text(missed)).await {
                        return;
                    }
                }
                Err(RecvError::Closed) => return,
            },
            changed = server.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(HEART_BEAT) => {
                if !send(": \n\n".to_owned()).await {
                    return;
                }
            }
            () = listener.closed() => return,
        }
    }
}

/// What came in after a number, in that order, and how many more there are than are told again: then only the last of them are.
fn since(
    store: &crate::observations::ObservationStore,
    id: SeriesId,
    after: u64,
) -> Result<(Vec<Row>, u64), crate::observations::ObservationError> {
    let mut scan = Scan::new(id, i64::MIN..i64::MAX);
    scan.corrected = true;
    let mut rows: Vec<Row> = Vec::new();
    let mut missed = 0;
    let keep_last = |rows: &mut Vec<Row>| {
        rows.sort_unstable_by_key(|row| row.seq);
        let more = rows.len().saturating_sub(MAX_AGAIN);
        rows.drain(..more);
        more as u64
    };
    store.scan(&scan, |row| {
        if row.seq > after {
            rows.push(row);
            if rows.len() == 2 * MAX_AGAIN {
                missed += keep_last(&mut rows);
            }
        }
        ControlFlow::Continue(())
    })?;
    missed += keep_last(&mut rows);
    Ok((rows, missed))
}

fn event_text(series: &Series, row: &Row, feature: Option<&str>) -> String {
    let data = Json::Object(observation_json(series, row, feature));
    format!("id: {}\nevent: waarneming\ndata: {data}\n\n", row.seq)
}

fn missed_text(missed: u64) -> String {
    format!("event: gemist\ndata: {{\"aantal\":{missed}}}\n\n")
}
