//! Resources: `/id/…` sends on to `/doc/…`, which answers with the document in the wanted format.

use super::body::Params;
use super::error::ApiError;
use super::moment::{Moment, PARAMETER, Shown};
use super::reply::{
    DOCUMENT_OFFERS, Document, HTML, JSON, JSON_LD, choose, joined, media_type_of_name,
};
use super::state::{AppState, blocking};
use crate::rdf::format::{Format, negotiate};
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::html::{ResourcePage, percent_encode, render_resource};
use crate::views::{EmbedRules, Outline, Rules, Tree, compact, rdf_document};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rustc_hash::FxHashSet;

/// References to a resource listed on its page.
const LISTED_INCOMING: usize = 25;
const FORMATS: [(&str, &str); 5] = [
    ("JSON-LD", "jsonld"),
    ("Turtle", "ttl"),
    ("N-Triples", "nt"),
    ("RDF/XML", "rdf"),
    ("HTML", "html"),
];

/// `GET /id/{type}/{id}`: the thing itself cannot be sent; its document can (303).
pub(super) async fn identifier(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let target = format!(
        "{}/doc/{}/{}",
        state.registry.base(),
        percent_encode(&kind),
        percent_encode(&id)
    );
    if negotiate(&joined(&headers, header::ACCEPT), &DOCUMENT_OFFERS).is_none() {
        return Err(ApiError::not_acceptable(&DOCUMENT_OFFERS));
    }
    let shown = moment.state(&state).await?;
    let target = format!("{target}{}", pinned(&shown, '?'));
    blocking(move || {
        find_item(&state, &shown.view(), &kind, &id)?;
        let mut response = (StatusCode::SEE_OTHER, Body::empty()).into_response();
        let out = response.headers_mut();
        out.insert(
            header::LOCATION,
            HeaderValue::from_str(&target).map_err(ApiError::internal)?,
        );
        out.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(super::reply::REVALIDATE),
        );
        shown.describe(out);
        Ok(response)
    })
    .await
}

/// `GET /doc/{type}/{id}` and `GET /doc/{type}/{id}.{extension}`.
pub(super) async fn document(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (id, extension) = match id.rsplit_once('.') {
        Some((stem, extension)) if media_type_of_name(extension).is_some() => {
            (stem.to_owned(), Some(extension.to_owned()))
        }
        _ => (id, None),
    };
    let chosen = choose(&headers, extension.as_deref(), &DOCUMENT_OFFERS)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let (iri, subject) = find_item(&state, &view, &kind, &id)?;
        let address = format!(
            "{}/doc/{}/{}",
            state.registry.base(),
            percent_encode(&kind),
            percent_encode(&id)
        );
        let pinned = pinned(&shown, '?');
        let with = |extension: &str| format!("{address}.{extension}{pinned}");
        let register = state.registry.register_by_type(&kind);
        respond(
            &state,
            (&shown, &view),
            register,
            (&iri, subject),
            chosen,
            &address,
            with,
            &headers,
        )
    })
    .await
}

/// `GET /doc?uri=`: whatever this registry knows of an IRI that is not its own.
pub(super) async fn foreign(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let uri = params
        .get("uri")
        .filter(|uri| !uri.is_empty())
        .ok_or_else(|| {
            ApiError::bad_request(
                "missing-parameter",
                "De parameter \"uri\" ontbreekt: /doc?uri={iri}.",
                "The parameter \"uri\" is missing: /doc?uri={iri}.",
            )
            .with("parameter", "uri")
        })?;
    let uri = uri.to_owned();
    let chosen = choose(&headers, params.get("format"), &DOCUMENT_OFFERS)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let subject = view
            .id_of_iri(&uri)
            .filter(|id| is_described(&view, *id))
            .ok_or_else(|| unknown(&uri))?;
        let address = format!("{}/doc?uri={}", state.registry.base(), percent_encode(&uri));
        let pinned = pinned(&shown, '&');
        let with = |extension: &str| format!("{address}&format={extension}{pinned}");
        let register = state.registry.register_of_iri(&uri);
        respond(
            &state,
            (&shown, &view),
            register,
            (&uri, subject),
            chosen,
            &address,
            with,
            &headers,
        )
    })
    .await
}

/// What an address needs besides, so that it leads to the state shown.
fn pinned(shown: &Shown, mark: char) -> String {
    shown
        .asked_seq()
        .map_or(String::new(), |seq| format!("{mark}{PARAMETER}={seq}"))
}

fn unknown(what: &str) -> ApiError {
    ApiError::not_found(
        format!("Dit register bevat geen uitspraken over {what}."),
        format!("This registry holds no statements about {what}."),
    )
}

fn is_described(view: &View, id: Id) -> bool {
    view.star(id).next().is_some()
}

/// An item by type and id: by its register's IRI pattern, else below the registry's own base.
pub(super) fn find_item(
    state: &AppState,
    view: &View,
    kind: &str,
    id: &str,
) -> Result<(String, Id), ApiError> {
    let declared = state
        .registry
        .register_by_type(kind)
        .and_then(|register| register.item_iri(id));
    let own = format!("{}/id/{kind}/{id}", state.registry.base());
    declared
        .map(|iri| iri.into_string())
        .into_iter()
        .chain([own])
        .find_map(|iri| {
            let subject = view
                .id_of_iri(&iri)
                .filter(|subject| is_described(view, *subject))?;
            Some((iri, subject))
        })
        .ok_or_else(|| unknown(&format!("{kind}/{id}")))
}

/// What is nested in documents of a register.
pub(super) fn embed_rules(register: Option<&Register>) -> EmbedRules {
    EmbedRules::new(register.map_or_else(Vec::new, |register| register.embed.clone()))
}

/// The JSON-LD text of an outline by a register's context.
pub(super) fn json_ld(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    outline: &Outline,
) -> Vec<u8> {
    let name = register.map_or("generiek", |register| register.context.as_str());
    let reference = format!("{}/contexts/{name}.jsonld", state.registry.base());
    compact::document(view, &state.names_of(view, register), outline, &reference)
}

/// The statements of the document about a resource.
pub(super) fn outline_of(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    (iri, subject): (&str, Id),
    rules: &EmbedRules,
) -> Result<Outline, ApiError> {
    let names = state.names_of(view, register);
    let outline = Rules::of(view, rules).outline(view, &names, subject)?;
    outline.ok_or_else(|| unknown(iri))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call per address form; a struct would only name them twice"
)]
fn respond(
    state: &AppState,
    (shown, view): (&Shown, &View),
    register: Option<&Register>,
    (iri, subject): (&str, Id),
    chosen: &'static str,
    address: &str,
    with_format: impl Fn(&str) -> String,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let outline = outline_of(state, view, register, (iri, subject), &embed_rules(register))?;
    let body = match chosen {
        HTML => {
            let tree = Tree::of(view, &outline);
            page(state, (shown, view), subject, &tree, &with_format).into_bytes()
        }
        JSON_LD | JSON => json_ld(state, view, register, &outline),
        _ => {
            let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
            let triples = Tree::of(view, &outline).triples();
            let mut out = Vec::new();
            let written = if format.has_graphs() {
                rdf_document::write_with_graphs(view, &triples, format, &mut out)
            } else {
                rdf_document::write_triples(&triples, format, &mut out)
            };
            written.map_err(ApiError::internal)?;
            out
        }
    };
    let mut document = Document::new(chosen, body)
        .at(shown)
        .link(address, "canonical", None)
        .link(iri, "describes", None);
    if let Some(register) = register {
        let shapes = state
            .registry
            .graph_iri(&format!("shapes/{}", register.profile));
        document = document.link(shapes.as_str(), "describedby", None);
    }
    for (_, extension) in FORMATS {
        let kind = media_type_of_name(extension).unwrap_or(HTML);
        if kind != chosen {
            document = document.link(&with_format(extension), "alternate", Some(kind));
        }
    }
    Ok(document.respond(headers))
}

fn page(
    state: &AppState,
    (shown, view): (&Shown, &View),
    subject: Id,
    tree: &Tree,
    with_format: &impl Fn(&str) -> String,
) -> String {
    let mut graphs: Vec<String> = view
        .quads(Some(subject), None, None, None)
        .map(|quad| quad.g)
        .collect::<FxHashSet<Id>>()
        .into_iter()
        .filter_map(|graph| view.iri(graph).map(|iri| iri.into_owned()))
        .collect();
    graphs.sort_unstable();
    let mut incoming: Vec<(String, String)> = view
        .star_reversed(subject)
        .filter(|(s, _)| s.is_iri())
        .take(LISTED_INCOMING + 1)
        .filter_map(|(s, p)| Some((view.iri(p)?.into_owned(), view.iri(s)?.into_owned())))
        .collect();
    let more_incoming = incoming.len() > LISTED_INCOMING;
    incoming.truncate(LISTED_INCOMING);
    let base = state.registry.base();
    let relative = |address: String| match address.strip_prefix(base) {
        Some(path) => state.site(view, shown.notice()).path(path),
        None => address,
    };
    let formats: Vec<(&str, String)> = FORMATS
        .iter()
        .filter(|(_, extension)| *extension != "html")
        .map(|(name, extension)| (*name, relative(with_format(extension))))
        .collect();
    render_resource(
        &state.site(view, shown.notice()),
        &ResourcePage {
            tree,
            graphs: &graphs,
            formats: &formats,
            incoming: &incoming,
            more_incoming,
        },
    )
}

/// `GET /contexts/{name}.jsonld`.
pub(super) async fn context(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let bytes = if file == super::collections::CONTEXT_FILE {
        Some(super::collections::CONTEXT.as_bytes().to_vec())
    } else {
        let iri = format!("{}/contexts/{file}", state.registry.base());
        state.context_store.get(&iri).map(|bytes| bytes.to_vec())
    };
    let bytes = bytes.ok_or_else(|| {
        ApiError::not_found(
            format!("Er is geen context {file}."),
            format!("There is no context {file}."),
        )
    })?;
    choose(&headers, None, &[JSON_LD, JSON, "text/html"])?;
    Ok(Document::new(JSON_LD, bytes)
        .cached(super::reply::A_DAY)
        .respond(&headers))
}

/// `GET /contexts`: the list.
pub(super) async fn contexts(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let mut names: Vec<&String> = state.contexts.keys().collect();
    names.sort_unstable();
    let base = state.registry.base();
    let list: Vec<String> = names
        .iter()
        .map(|name| format!("{base}/contexts/{name}.jsonld"))
        .collect();
    let body = serde_json::json!({ "contexten": list });
    Document::new(JSON, format!("{body:#}\n"))
        .cached(super::reply::A_DAY)
        .respond(&headers)
}
