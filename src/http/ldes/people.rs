//! Event streams for people and for those who watch over the server: the pages, what `/health` tells, the figures of
//! `/metrics`. What machines follow stands above.

use super::super::error::ApiError;
use super::super::pages::public_reason;
use super::super::reply::{Document, set_commit};
use super::super::sources::figure;
use super::super::state::AppState;
use super::unreadable;
use crate::feeds::ldes::latest;
use crate::feeds::stream::{Kind, Progress, Stream, Streams, moment_text};
use crate::rdf::label::Language;
use crate::registry::Register;
use crate::views::html::{
    ChangeLine, Happened, Site, StreamLine, StreamPage, render_stream, render_streams,
};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Members that the page of a stream shows.
const SHOWN: u64 = 10;

/// The page of `/ldes`.
pub(super) fn list(
    state: &AppState,
    streams: &Streams,
    language: Language,
    headers: &HeaderMap,
) -> Response {
    let snapshot = state.registry.snapshot();
    let view = snapshot.view();
    let site = Site {
        language,
        ..state.site(&view, None)
    };
    let lines: Vec<StreamLine<'_>> = streams
        .all()
        .iter()
        .filter_map(|stream| {
            Some(StreamLine {
                register: register_of(state, stream)?,
                members: stream.len(),
            })
        })
        .collect();
    let reading = match streams.progress() {
        Progress::Building { at, of } => Some((at, of)),
        Progress::Following { .. } | Progress::Failed { .. } => None,
    };
    let page = render_streams(&site, &lines, reading);
    let mut response = Document::html(page).respond(headers);
    set_commit(response.headers_mut(), Some(snapshot.seq()));
    response
}

/// The page of a stream that has a commit.
pub(super) fn stream(
    state: &AppState,
    streams: &Streams,
    stream: &Stream,
    commit: u64,
    language: Language,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let snapshot = state.registry.snapshot();
    let view = snapshot.view();
    let site = Site {
        language,
        ..state.site(&view, None)
    };
    let Some(register) = register_of(state, stream) else {
        return Err(ApiError::internal(
            "a stream of a register that is not there",
        ));
    };
    let found = latest(stream, SHOWN).map_err(|error| unreadable(streams, error))?;
    let base = state.registry.base();
    let lines: Vec<ChangeLine> = found
        .into_iter()
        .map(|member| ChangeLine {
            member: member
                .member
                .strip_prefix(base)
                .unwrap_or_default()
                .to_owned(),
            item: member.item,
            happened: match member.kind {
                Kind::Create => Happened::Came,
                Kind::Update => Happened::Changed,
                Kind::Delete => Happened::Went,
            },
            moment: moment_text(member.moment),
            commit: member.commit,
            changed: member.changed,
        })
        .collect();
    let page = render_stream(
        &site,
        &StreamPage {
            register,
            entry: &stream.entry,
            members: stream.len(),
            latest: &lines,
        },
    );
    let mut response = Document::html(page).respond(headers);
    set_commit(response.headers_mut(), Some(commit));
    Ok(response)
}

fn register_of<'a>(state: &'a AppState, stream: &Stream) -> Option<&'a Register> {
    let mut registers = state.registry.registers().iter();
    registers.find(|register| register.name == stream.register)
}

/// What `/health` tells of the streams; nothing before they are first asked for.
pub(in crate::http) fn health(state: &AppState) -> Option<Json> {
    let Some(streams) = state.started_streams()? else {
        return Some(json!({ "toestand": "gestopt" }));
    };
    Some(match streams.progress() {
        Progress::Building { at, of } => {
            json!({ "toestand": "gemaakt", "commit": at, "van": of })
        }
        Progress::Following { at } => json!({ "toestand": "volgt", "commit": at }),
        Progress::Failed { reason } => {
            let reason = public_reason(state.registry.store().dir(), &reason);
            json!({ "toestand": "gestopt", "reden": reason })
        }
    })
}

/// Adds the figures of the streams; none before they are first asked for.
pub(in crate::http) fn metrics(state: &AppState, out: &mut String) {
    let Some(streams) = state.started_streams() else {
        return;
    };
    let progress = streams.map(Streams::progress);
    let (is_up, at) = match progress {
        Some(Progress::Building { at, .. } | Progress::Following { at }) => (1, at),
        Some(Progress::Failed { .. }) | None => (0, 0),
    };
    figure(
        out,
        "oslo_streams_up",
        "1 when the event streams follow the registry or are being made, 0 when they stand still.",
    );
    let _ = writeln!(out, "oslo_streams_up {is_up}");
    if is_up == 1 {
        figure(
            out,
            "oslo_streams_commit",
            "Last commit that the event streams have.",
        );
        let _ = writeln!(out, "oslo_streams_commit {at}");
    }
    let Some(streams) = streams else { return };
    figure(out, "oslo_stream_members", "Members of an event stream.");
    for stream in streams.all() {
        // Names of registers are words of the declarations: nothing to escape.
        let (name, members) = (&stream.register, stream.len());
        let _ = writeln!(out, "oslo_stream_members{{register=\"{name}\"}} {members}");
    }
}
