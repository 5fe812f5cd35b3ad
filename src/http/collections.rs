//! Collections of registers as JSON-LD for application developers: `/api/{register}` and `/api/{register}/{id}`.

use super::body::Params;
use super::documents::{candidates, collection_context, embed_rules, find_item, json_ld};
use super::error::ApiError;
use super::gone::{Route, moved, only_successor, or_gone};
use super::moment::{Moment, PARAMETERS};
use super::reply::{Document, HTML, JSON, JSON_LD, choose};
use super::state::{AppState, blocking};
use super::versions::tell_times;
use crate::rdf::format::Format;
use crate::registry::Register;
use crate::store::View;
use crate::views::collection::{DEFAULT_LIMIT, MAX_LIMIT, token_of};
use crate::views::html::{CollectionPage, percent_encode, render_collection};
use crate::views::{CollectionQuery, Node, Page, StateTag, Tree, build_tree, jsonld, rdf_document};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

/// Terms of the envelope; none of them is a term of an OSLO context.
pub(super) const CONTEXT: &str = r#"{
  "@context": {
    "@version": 1.1,
    "Collectie": "http://www.w3.org/ns/hydra/core#Collection",
    "data": {"@id": "http://www.w3.org/ns/hydra/core#member", "@type": "@id", "@container": "@set"},
    "totaal": {"@id": "http://www.w3.org/ns/hydra/core#totalItems", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
    "volgende": {"@id": "http://www.w3.org/ns/hydra/core#next", "@type": "@id"},
    "detail": {"@id": "http://xmlns.com/foaf/0.1/page", "@type": "@id"}
  }
}
"#;
/// Its name below `/contexts/`.
pub(super) const CONTEXT_FILE: &str = "collectie.jsonld";

const OFFERS: [&str; 6] = [
    JSON_LD,
    HTML,
    JSON,
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
];
/// Parameters of a collection besides its filters.
const OWN_PARAMETERS: [&str; 3] = ["na", "limit", "format"];

/// The register with a name, or what is wrong with the address.
pub(super) fn register_of<'a>(state: &'a AppState, name: &str) -> Result<&'a Register, ApiError> {
    state.registry.register(name).ok_or_else(|| {
        let names: Vec<&str> = state
            .registry
            .registers()
            .iter()
            .map(|r| r.name.as_str())
            .collect();
        let list = names.join(", ");
        ApiError::not_found(
            format!("Er is geen register \"{name}\". Deze bestaan: {list}."),
            format!("There is no register \"{name}\". There are: {list}."),
        )
        .with(
            "registers",
            names.into_iter().map(Json::from).collect::<Vec<_>>(),
        )
    })
}

/// `GET /api`: the registers.
pub(super) async fn index(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let base = state.registry.base();
        let collections = state.collections_of(&shown);
        let registers: Vec<Json> = state
            .registry
            .registers()
            .iter()
            .map(|register| {
                let filters: Vec<Json> = register
                    .filters
                    .iter()
                    .map(|filter| {
                        json!({
                            "naam": filter.name,
                            "omschrijving": { "nl": filter.description.nl, "en": filter.description.en },
                        })
                    })
                    .collect();
                json!({
                    "naam": register.name,
                    "titel": { "nl": register.label.nl, "en": register.label.en },
                    "omschrijving": { "nl": register.description.nl, "en": register.description.en },
                    "klasse": register.class,
                    "iri": register.iri,
                    "collectie": format!("{base}/api/{}", register.name),
                    "context": format!("{base}/contexts/{}.jsonld", register.context),
                    "profiel": state.registry.graph_iri(&format!("shapes/{}", register.profile)).as_str(),
                    "totaal": collections.count(&view, register),
                    "filters": filters,
                })
            })
            .collect();
        let body = json!({ "registers": registers });
        Ok(Document::new(JSON, format!("{body:#}\n")).at(&shown).respond(&headers))
    })
    .await
}

/// `GET /api/{register}`.
pub(super) async fn collection(
    State(state): State<AppState>,
    Path(name): Path<String>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let query = collection_query(&params)?;
    register_of(&state, &name)?;
    let chosen = choose(&headers, params.get("format"), &OFFERS)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let register = register_of(&state, &name)?;
        let view = shown.view();
        let page = state.collections_of(&shown).page(&view, register, &query)?;
        // Pages of one collection are pages of one state.
        let address = |query: &CollectionQuery, format: Option<&str>| {
            page_address(register, query, format, shown.pins())
        };
        let base = state.registry.base();
        let next = page.next.clone().map(|token| {
            let next = CollectionQuery {
                after: Some(token),
                ..query.clone()
            };
            address(&next, params.get("format"))
        });
        let items = items_of(&view, register, &page)?;
        let here = format!("{base}{}", address(&query, None));
        let body = match chosen {
            HTML => {
                let site = state.site(&view, shown.notice());
                let nodes: Vec<Node> = items.iter().map(|tree| tree.root.clone()).collect();
                let formats = [
                    ("JSON-LD", site.path(&address(&query, Some("jsonld")))),
                    ("Turtle", site.path(&address(&query, Some("ttl")))),
                ];
                render_collection(
                    &site,
                    &CollectionPage {
                        register,
                        query: &query,
                        items: &nodes,
                        total: page.total,
                        next: next.as_ref().map(|next| site.path(next)),
                        formats: &formats,
                    },
                )
                .into_bytes()
            }
            JSON_LD | JSON => {
                let next = next.as_ref().map(|next| format!("{base}{next}"));
                let envelope = envelope(&state, &view, register, &page, &items, &here, next);
                format!("{envelope:#}\n").into_bytes()
            }
            _ => {
                let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
                let triples: Vec<oxrdf::Triple> = items.iter().flat_map(Tree::triples).collect();
                let mut out = Vec::new();
                rdf_document::write_triples(&triples, format, &mut out)
                    .map_err(ApiError::internal)?;
                out
            }
        };
        let mut document = Document::new(chosen, body)
            .at(&shown)
            .link(&here, "canonical", None);
        let shapes = state
            .registry
            .graph_iri(&format!("shapes/{}", register.profile));
        document = document.link(shapes.as_str(), "describedby", None);
        if let Some(next) = &next {
            document = document.link(&format!("{base}{next}"), "next", None);
        }
        Ok(document.respond(&headers))
    })
    .await
}

/// `GET /api/{register}/{id}`.
pub(super) async fn item(
    State(state): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    register_of(&state, &name)?;
    let chosen = choose(&headers, params.get("format"), &[JSON_LD, JSON])?;
    let shown = moment.state(&state).await?;
    let (app, at) = (state.clone(), shown.clone());
    let iris = candidates(&state, &register_of(&state, &name)?.kind, &id);
    let made = blocking(move || {
        let register = register_of(&state, &name)?;
        let view = shown.view();
        let (iri, subject) = find_item(&state, &view, &register.kind, &id)?;
        if let Some(successor) = only_successor(&view, subject) {
            return Err(moved(&state, &shown, &iri, &successor, Route::Api));
        }
        let tree = build_tree(&view, subject, &embed_rules(Some(register)))?.ok_or_else(|| {
            ApiError::not_found(
                format!("Dit register bevat geen uitspraken over {iri}."),
                format!("This registry holds no statements about {iri}."),
            )
        })?;
        let base = state.registry.base();
        let shapes = state
            .registry
            .graph_iri(&format!("shapes/{}", register.profile));
        let document = Document::new(chosen, json_ld(&state, Some(register), &tree))
            .at(&shown)
            .of_state(StateTag::of(&tree))
            .link(
                &format!("{base}/api/{}/{}", register.name, percent_encode(&id)),
                "canonical",
                None,
            )
            .link(&iri, "describes", None)
            .link(shapes.as_str(), "describedby", None)
            .link(
                &format!("{base}/doc/{}/{}", register.kind, percent_encode(&id)),
                "alternate",
                Some(HTML),
            );
        let names = (register.kind.as_str(), id.as_str());
        let address = format!("{base}/api/{}/{}", register.name, percent_encode(&id));
        let document = tell_times(document, &state, (&shown, subject), names, &address);
        Ok(document.respond(&headers))
    });
    match made.await {
        Ok(response) => Ok(response),
        Err(error) => Err(or_gone(&app, &at, iris, Route::Api, error).await),
    }
}

fn collection_query(params: &Params) -> Result<CollectionQuery, ApiError> {
    let limit = match params.get("limit") {
        None | Some("") => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| {
                ApiError::bad_request(
                    "limit",
                    format!(
                        "De parameter limit is een getal van 1 tot {MAX_LIMIT}, niet \"{text}\"."
                    ),
                    format!(
                        "The parameter limit is a number from 1 to {MAX_LIMIT}, not \"{text}\"."
                    ),
                )
                .with("parameter", "limit")
            })?,
    };
    let filters = params
        .0
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            !OWN_PARAMETERS.contains(&name) && !PARAMETERS.contains(&name)
        })
        .cloned()
        .collect();
    Ok(CollectionQuery {
        filters,
        after: params
            .get("na")
            .filter(|token| !token.is_empty())
            .map(str::to_owned),
        limit,
    })
}

/// The address of a page below the base.
fn page_address(
    register: &Register,
    query: &CollectionQuery,
    format: Option<&str>,
    pins: &[(&'static str, String)],
) -> String {
    let mut pairs: Vec<(&str, String)> = query
        .filters
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    if let Some(after) = &query.after {
        pairs.push(("na", after.clone()));
    }
    if query.limit != DEFAULT_LIMIT {
        pairs.push(("limit", query.limit.to_string()));
    }
    if let Some(format) = format {
        pairs.push(("format", format.to_owned()));
    }
    pairs.extend(pins.iter().cloned());
    let text: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect();
    let mark = if text.is_empty() { "" } else { "?" };
    format!("/api/{}{mark}{}", register.name, text.join("&"))
}

/// The items of a page with the predicates the register declares for lists.
fn items_of(view: &View, register: &Register, page: &Page) -> Result<Vec<Tree>, ApiError> {
    let mut rules = embed_rules(Some(register));
    rules.only = Some(register.list.clone());
    let mut items = Vec::with_capacity(page.items.len());
    for id in &page.items {
        items.extend(build_tree(view, *id, &rules)?);
    }
    Ok(items)
}

fn envelope(
    state: &AppState,
    view: &View,
    register: &Register,
    page: &Page,
    items: &[Tree],
    here: &str,
    next: Option<String>,
) -> Json {
    let base = state.registry.base();
    let context = collection_context(state, register);
    let data: Vec<Json> = items
        .iter()
        .zip(&page.items)
        .map(|(tree, id)| {
            let mut object = jsonld::node(&tree.root, &context, &tree.shared_blanks);
            let token = token_of(view, register, *id);
            let detail = if register.id_pattern.is_match(&token) {
                format!("{base}/api/{}/{}", register.name, percent_encode(&token))
            } else {
                format!("{base}/doc?uri={}", percent_encode(&token))
            };
            object.insert("detail".into(), detail.into());
            Json::Object(object)
        })
        .collect();
    let mut out = Map::new();
    out.insert(
        "@context".into(),
        json!([
            format!("{base}/contexts/{}.jsonld", register.context),
            format!("{base}/contexts/{CONTEXT_FILE}"),
        ]),
    );
    out.insert("@id".into(), here.into());
    out.insert("@type".into(), "Collectie".into());
    out.insert("totaal".into(), page.total.into());
    out.insert("data".into(), data.into());
    if let Some(next) = next {
        out.insert("volgende".into(), next.into());
    }
    Json::Object(out)
}
