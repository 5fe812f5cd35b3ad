//! What is answered for a resource that nothing is said about: where its successor is (301), that it was there once (410),
//! or that it never was (404). What became of it, the registry finds out.

use super::error::ApiError;
use super::shown::{Shown, mark_after};
use super::state::{AppState, blocking};
use crate::rdf::label::Text;
use crate::rdf::vocab::dct;
use crate::registry::Gone;
use crate::store::{Id, View};
use crate::views::html::percent_encode;
use axum::http::{StatusCode, header};
use serde_json::Value as Json;

/// Successors of successors that are followed.
const MAX_HOPS: usize = 8;

/// Which addresses a request is about, so that a successor is named in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/id/{type}/{id}`.
    Id,
    /// `/doc/{type}/{id}`, and `/doc?uri=`.
    Doc,
    /// `/api/{register}/{id}`.
    Api,
    /// The same, by a request that changes the item: it is not sent on, since what is meant for one item must not change
    /// another.
    Change,
    /// `/{version}/{resource}/{id}` in the dialect of the base registries.
    Dialect(&'static str),
}

impl Route {
    /// Where a resource is read.
    pub(super) fn address(self, state: &AppState, iri: &str) -> String {
        let base = state.registry.base();
        let own = |iri: &str| {
            let (kind, id) = iri
                .strip_prefix(base)?
                .strip_prefix("/id/")?
                .split_once('/')?;
            Some((kind.to_owned(), id.to_owned()))
        };
        let register = state.registry.register_of_iri(iri);
        let found = register
            .and_then(|register| Some((register.kind.clone(), register.id_of_iri(iri)?.to_owned())))
            .or_else(|| own(iri));
        match (self, register, found) {
            (Self::Api | Self::Change, Some(register), Some((_, id))) => {
                format!("{base}/api/{}/{}", register.name, percent_encode(&id))
            }
            (Self::Dialect(version), Some(register), Some((_, id)))
                if state.dialect.resource(version, &register.name).is_some() =>
            {
                format!("{base}/{version}/{}/{}", register.name, percent_encode(&id))
            }
            (Self::Id, _, Some((kind, id))) => {
                format!("{base}/id/{kind}/{}", percent_encode(&id))
            }
            (_, _, Some((kind, id))) => format!("{base}/doc/{kind}/{}", percent_encode(&id)),
            _ => format!("{base}/doc?uri={}", percent_encode(iri)),
        }
    }
}

/// In place of "not found": what became of the first of some resources that was ever there.
pub(super) async fn or_gone(
    state: &AppState,
    shown: &Shown,
    iris: Vec<String>,
    route: Route,
    error: ApiError,
) -> ApiError {
    if error.status != StatusCode::NOT_FOUND || error.code != "not-found" {
        return error;
    }
    let turn = match state.look_back_turn().await {
        Ok(turn) => turn,
        Err(busy) => return busy,
    };
    let (app, shown) = (state.clone(), shown.clone());
    let found = blocking(move || {
        let _turn = turn;
        for iri in iris {
            if let Some(gone) = app.registry.gone(shown.snapshot(), shown.valid(), &iri)? {
                return Ok(Some(tell(&app, &shown, &iri, &gone, route)));
            }
        }
        Ok(None)
    });
    match found.await {
        Ok(Some(told)) => told,
        Ok(None) => error,
        Err(failed) => failed,
    }
}

/// The one resource that took the place of another, when nothing else is said about that one.
pub(super) fn only_successor(view: &View, subject: Id) -> Option<String> {
    let mut said = view.star(subject);
    let (p, o) = said.next()?;
    if said.next().is_some() || view.id_of_iri(dct::IS_REPLACED_BY) != Some(p) {
        return None;
    }
    view.iri(o).map(|iri| iri.into_owned())
}

/// Sends on to a resource that took the place of another.
pub(super) fn moved(
    state: &AppState,
    shown: &Shown,
    iri: &str,
    to: &str,
    route: Route,
) -> ApiError {
    let address = route.address(state, to);
    let address = format!("{address}{}", shown.pinned(mark_after(&address)));
    ApiError::new(
        StatusCode::MOVED_PERMANENTLY,
        "moved",
        Text::new("Vervangen", "Replaced"),
        Text::new(
            format!("{iri} is vervangen door {to}."),
            format!("{iri} was replaced by {to}."),
        ),
    )
    .with("object", iri)
    .with("vervangenDoor", vec![Json::from(to)])
    .with_header(header::LOCATION, &address)
}

/// Where a resource went, or that it was there once.
fn tell(state: &AppState, shown: &Shown, iri: &str, gone: &Gone, route: Route) -> ApiError {
    if route != Route::Change
        && let [successor] = gone.replaced_by.as_slice()
        && let Some(there) = follow(state, shown, successor.clone())
    {
        return moved(state, shown, iri, &there, route);
    }
    let when = gone.made.map_or(String::new(), |made| {
        made.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    });
    let since = match (gone.commit, &gone.ended) {
        (Some(seq), _) => Text::new(
            format!(" sinds commit {seq} van {when}"),
            format!(" since commit {seq} of {when}"),
        ),
        (None, Some(ended)) => Text::new(
            format!(" sinds {}", ended.text()),
            format!(" since {}", ended.text()),
        ),
        (None, None) => Text::default(),
    };
    let mut error = ApiError::new(
        StatusCode::GONE,
        "gone",
        Text::new("Verwijderd", "Removed"),
        Text::new(
            format!("Over {iri} staat hier niets meer{}.", since.nl),
            format!("Nothing is said here about {iri} any more{}.", since.en),
        ),
    )
    .with("object", iri);
    if let Some(seq) = gone.commit {
        error = error.with("commit", seq).with("verwijderdOp", when);
    }
    if let Some(ended) = &gone.ended {
        error = error.with("geldigTot", ended.text());
    }
    if !gone.replaced_by.is_empty() {
        let successors: Vec<Json> = gone.replaced_by.iter().map(|s| s.as_str().into()).collect();
        error = error.with("vervangenDoor", successors);
    }
    let address = route.address(state, iri);
    let mark = mark_after(&address);
    let last = match (&gone.last_version, gone.commit) {
        (Some(version), _) => Some(format!("geldigOp={}", percent_encode(version.text()))),
        (None, Some(seq)) => Some(format!("asOf={}", seq.saturating_sub(1))),
        (None, None) => None,
    };
    match last {
        Some(last) => error.with("laatste", format!("{address}{mark}{last}")),
        None => error,
    }
}

/// The last in a chain of successors, when something is said about it.
fn follow(state: &AppState, shown: &Shown, first: String) -> Option<String> {
    let view = shown.view();
    let mut iri = first;
    for _ in 0..MAX_HOPS {
        let described = view
            .id_of_iri(&iri)
            .filter(|id| view.star(*id).next().is_some());
        if let Some(subject) = described {
            match only_successor(&view, subject) {
                Some(next) => iri = next,
                None => return Some(iri),
            }
            continue;
        }
        let gone = state
            .registry
            .gone(shown.snapshot(), shown.valid(), &iri)
            .ok()??;
        let [successor] = gone.replaced_by.as_slice() else {
            return None;
        };
        iri.clone_from(successor);
    }
    None
}
