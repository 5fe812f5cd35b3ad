//! The dialect of the base registries: `/v2/{resource}` and `/v3/{resource}`, one object, and how many there are. What
//! bodies hold is declared in `registers/dialect`; this is about addresses, parameters and headers.

mod asked;
mod problem;

use super::error::ApiError;
use super::gone::{Route, or_gone};
use super::moment::Moment;
use super::reply::{Document, JSON, JSON_LD, choose, joined};
use super::shown::Shown;
use super::state::{AppState, blocking};
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::dialect::{Page, Resource};
use asked::{Asked, System};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
pub(super) use problem::as_urn;
use problem::{no_such_resource, not_found};
use std::sync::Arc;

/// System of coordinates of the geometries in an answer.
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");
const ACCEPT_CRS: HeaderName = HeaderName::from_static("accept-crs");
const OFFERS: [&str; 2] = [JSON_LD, JSON];

/// The routes of both versions.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/v2/{resource}", get(list::<2>))
        .route("/v2/{resource}/totaal-aantal", get(count::<2>))
        .route("/v2/{resource}/{id}", get(detail::<2>))
        .route("/v3/{resource}", get(list::<3>))
        .route("/v3/{resource}/totaal-aantal", get(count::<3>))
        .route("/v3/{resource}/{id}", get(detail::<3>))
}

/// The version as addresses and declarations write it.
pub(super) fn version_name<const V: u8>() -> &'static str {
    if V == 2 { "v2" } else { "v3" }
}

fn declared(state: &AppState, version: &str, name: &str) -> Result<Arc<Resource>, ApiError> {
    let found = state.dialect.resource(version, name).cloned();
    found.ok_or_else(|| no_such_resource(state, version, name))
}

fn register_of<'a>(state: &'a AppState, resource: &Resource) -> Result<&'a Register, ApiError> {
    let found = state.registry.register(&resource.register);
    found.ok_or_else(|| ApiError::internal("a resource without a register"))
}

/// `GET /v3/{resource}/{id}`: one object.
async fn detail<const V: u8>(
    State(state): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    moment: Result<Moment, ApiError>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let resource = declared(&state, version_name::<V>(), &name)?;
    let answer = async {
        asked::only_time(query.as_deref())?;
        let chosen = choose(&headers, None, &OFFERS)?;
        let system = asked::system(&joined(&headers, ACCEPT_CRS))?;
        let shown = moment?.state(&state).await?;
        // A few look-ups, bounded: cheaper than a change of threads.
        let view = shown.view();
        let unknown = || not_found(&resource, &id);
        let register = register_of(&state, &resource)?;
        let iri = register.item_iri(&id).ok_or_else(unknown)?.into_string();
        let found = view
            .id_of_iri(&iri)
            .filter(|subject| is_item(&view, register, *subject));
        let Some(subject) = found else {
            let route = Route::Dialect(version_name::<V>());
            return Err(or_gone(&state, &shown, vec![iri], route, unknown()).await);
        };
        let asked = system.as_ref().map(|system| system.iri);
        let body = state.dialect.detail(&view, &resource, subject, asked)?;
        let address = format!(
            "{}/{}/{name}/{}",
            state.registry.base(),
            version_name::<V>(),
            crate::views::html::percent_encode(&id)
        );
        let mut response = Document::new(chosen, body.json)
            .at(&shown)
            .link(&address, "canonical", None)
            .link(&iri, "describes", None)
            .respond(&headers);
        let out = response.headers_mut();
        if let Some(modified) = body.version.as_deref().and_then(asked::http_date)
            && let Ok(modified) = HeaderValue::from_str(&modified)
        {
            out.insert(header::LAST_MODIFIED, modified);
        }
        say_system(out, &resource, system.as_ref());
        Ok(response)
    };
    answer.await.map_err(|error| as_urn(error, &resource))
}

/// Says in which system geometries are, where there are any.
fn say_system(out: &mut HeaderMap, resource: &Resource, asked: Option<&System>) {
    let Some(usual) = &resource.system else {
        return;
    };
    let name = asked.map_or(usual.as_str(), |system| system.name.as_str());
    if let Ok(name) = HeaderValue::from_str(name) {
        out.insert(CONTENT_CRS, name);
    }
    out.append(header::VARY, HeaderValue::from_static("Accept-Crs"));
}

/// Whether an object is of the register's class: a name that others only refer to is no item.
fn is_item(view: &View, register: &Register, subject: Id) -> bool {
    let ids = (
        view.id_of_iri(crate::rdf::vocab::rdf::TYPE),
        view.id_of_iri(&register.class),
    );
    matches!(ids, (Some(kind), Some(class)) if view.contains(subject, kind, class))
}

/// `GET /v3/{resource}`: a page of objects.
async fn list<const V: u8>(
    State(state): State<AppState>,
    Path(name): Path<String>,
    moment: Result<Moment, ApiError>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let resource = declared(&state, version_name::<V>(), &name)?;
    let served = Arc::clone(&resource);
    let answer = async {
        let asked = Asked::read(&served, query.as_deref())?;
        let chosen = choose(&headers, None, &OFFERS)?;
        let system = asked::system(&joined(&headers, ACCEPT_CRS))?;
        let shown = moment?.state(&state).await?;
        blocking(move || {
            let view = shown.view();
            let page = page_of(&state, (&shown, &view), &served, &asked)?;
            let base = format!("{}/{}/{name}", state.registry.base(), version_name::<V>());
            let next = page
                .next
                .as_deref()
                .map(|token| format!("{base}{}", asked.next(token, &shown)));
            let body = state.dialect.list(
                &view,
                &served,
                &Page {
                    items: &page.items,
                    total: page.total,
                    next: next.as_deref(),
                    system: system.as_ref().map(|system| system.iri),
                },
            )?;
            let mut document = Document::new(chosen, body).at(&shown);
            if let Some(next) = &next {
                document = document.link(next, "next", None);
            }
            Ok(document.respond(&headers))
        })
        .await
    };
    answer.await.map_err(|error| as_urn(error, &resource))
}

/// `GET /v3/{resource}/totaal-aantal`: how many objects there are, with the same filters as the list.
async fn count<const V: u8>(
    State(state): State<AppState>,
    Path(name): Path<String>,
    moment: Result<Moment, ApiError>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let resource = declared(&state, version_name::<V>(), &name)?;
    let served = Arc::clone(&resource);
    let answer = async {
        let asked = Asked::read(&served, query.as_deref())?;
        let chosen = choose(&headers, None, &[JSON, JSON_LD])?;
        let shown = moment?.state(&state).await?;
        blocking(move || {
            let view = shown.view();
            let page = page_of(&state, (&shown, &view), &served, &asked)?;
            let body = format!("{{\"aantal\":{}}}", page.total);
            Ok(Document::new(chosen, body).at(&shown).respond(&headers))
        })
        .await
    };
    answer.await.map_err(|error| as_urn(error, &resource))
}

/// The page asked for. The code of a merged municipality that has nothing of its own any more means its successor.
fn page_of(
    state: &AppState,
    (shown, view): (&Shown, &View),
    resource: &Resource,
    asked: &Asked,
) -> Result<crate::views::Page, ApiError> {
    let collections = state.collections_of(shown);
    let register = register_of(state, resource)?;
    let page = collections.page(view, register, &asked.query)?;
    if page.total > 0 {
        return Ok(page);
    }
    let gemeenten = state.registry.register("gemeenten");
    match gemeenten.and_then(|gemeenten| asked.with_successor(view, gemeenten)) {
        Some(query) => Ok(collections.page(view, register, &query)?),
        None => Ok(page),
    }
}
