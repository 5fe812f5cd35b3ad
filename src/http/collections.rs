//! Collections of registers as JSON-LD for application developers: `/api/{register}` and `/api/{register}/{id}`.

use super::body::Params;
use super::collection_query::{Asked, item_selection};
use super::documents::{candidates, embed_rules, find_item, is_small, json_ld_of, outline_of};
use super::error::ApiError;
use super::gone::{Route, moved, only_successor, or_gone};
use super::moment::Moment;
use super::reply::{Document, HTML, JSON, JSON_LD, choose};
use super::searching::searched;
use super::state::{AppState, blocking, promptly};
use super::versions::tell_times;
use crate::rdf::format::Format;
use crate::registry::{Filter, Register};
use crate::store::View;
use crate::views::collection::token_of;
use crate::views::compact::{self, JsonWriter};
use crate::views::html::{CollectionPage, percent_encode, render_collection};
use crate::views::{
    EmbedRules, Names, Node, Outline, Page, Rules, StateTag, TooLarge, Tree, rdf_document,
};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value as Json, json};

/// Terms of the envelope; none of them is a term of an OSLO context.
pub(super) const CONTEXT: &str = r#"{
  "@context": {
    "@version": 1.1,
    "Collectie": "http://www.w3.org/ns/hydra/core#Collection",
    "data": {"@id": "http://www.w3.org/ns/hydra/core#member", "@type": "@id", "@container": "@set"},
    "totaal": {"@id": "http://www.w3.org/ns/hydra/core#totalItems", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
    "volgende": {"@id": "http://www.w3.org/ns/hydra/core#next", "@type": "@id"},
    "bedoeldeU": null,
    "detail": {"@id": "http://xmlns.com/foaf/0.1/page", "@type": "@id"}
  }
}
"#;
/// Its name below `/contexts/`.
pub(super) const CONTEXT_FILE: &str = "collectie.jsonld";

/// Statements of a page, all items together.
const MAX_PAGE_TRIPLES: usize = 200_000;

const OFFERS: [&str; 6] = [
    JSON_LD,
    HTML,
    JSON,
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
];
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
                let names = |filter: &Filter| -> Vec<String> {
                    filter.parameters().into_iter().map(|(name, _)| name).collect()
                };
                let filters: Vec<Json> = register
                    .filters
                    .iter()
                    .map(|filter| {
                        json!({
                            "naam": filter.name,
                            "parameters": names(filter),
                            "omschrijving": { "nl": filter.description.nl, "en": filter.description.en },
                        })
                    })
                    .collect();
                let sorts: Vec<Json> = register
                    .sorts
                    .iter()
                    .map(|key| {
                        json!({
                            "naam": key.name,
                            "omschrijving": { "nl": key.description.nl, "en": key.description.en },
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
                    "volgordes": sorts,
                    "talen": register.languages,
                    "diepte": register.depth,
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
    let register = register_of(&state, &name)?;
    let asked = Asked::of(register, &state.context_of(Some(register)), &params)?;
    let chosen = choose(&headers, asked.format.as_deref(), &OFFERS)?;
    // Searching takes a turn of its own, so that pages never wait for those who search.
    let turn = match &asked.words {
        Some(_) => Some(state.match_turn().await?),
        None => None,
    };
    let shown = moment.state(&state).await?;
    blocking(move || {
        let _turn = turn;
        let register = register_of(&state, &name)?;
        let view = shown.view();
        let collections = state.collections_of(&shown);
        let (page, meant) = match &asked.words {
            Some(words) => {
                let names = (&*state.address_names(&shown), &*collections);
                searched(&view, register, names, words, &asked.query)?
            }
            None => (collections.page(&view, register, &asked.query)?, Vec::new()),
        };
        // Pages of one collection are pages of one state.
        let pins = shown.pins();
        let address = |format: Option<&str>| asked.address(register, format, pins);
        let base = state.registry.base();
        let next = page.next.as_deref();
        let next = next.map(|token| asked.address_after(register, token, pins));
        let mut rules = embed_rules(Some(register));
        rules.only = Some(register.list.clone());
        rules.selection = asked.selection.clone();
        let names = state.keys_of(&view, Some(register));
        let items = items_of(&view, &names, &page, &rules)?;
        let here = format!("{base}{}", address(None));
        let body = match chosen {
            HTML => {
                let site = state.site(&view, shown.notice());
                let nodes: Vec<Node> = items
                    .iter()
                    .map(|item| Tree::of(&view, item).root)
                    .collect();
                let formats = [
                    ("JSON-LD", site.path(&address(Some("jsonld")))),
                    ("Turtle", site.path(&address(Some("ttl")))),
                ];
                render_collection(
                    &site,
                    &CollectionPage {
                        register,
                        query: &asked.query,
                        sort: asked.sort(),
                        items: &nodes,
                        total: page.total,
                        next: next.as_ref().map(|next| site.path(next)),
                        formats: &formats,
                    },
                )
                .into_bytes()
            }
            JSON_LD | JSON => {
                let told = Envelope {
                    here: &here,
                    next: next.as_ref().map(|next| format!("{base}{next}")),
                    total: asked.counts.then_some(page.total),
                    meant: &meant,
                };
                envelope(&state, &view, register, (&page, &items), &told)
            }
            _ => {
                let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
                let trees = items.iter().map(|item| Tree::of(&view, item));
                let triples: Vec<oxrdf::Triple> = trees.flat_map(|tree| tree.triples()).collect();
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
    let register = register_of(&state, &name)?;
    let selection = item_selection(register, &state.context_of(Some(register)), &params)?;
    let chosen = choose(&headers, params.one("format")?, &[JSON_LD, JSON])?;
    let shown = moment.state(&state).await?;
    let view = shown.view();
    let (iri, subject) = match find_item(&state, &view, &register.kind, &id) {
        Ok(found) => found,
        Err(error) => {
            let iris = candidates(&state, &register.kind, &id);
            return Err(or_gone(&state, &shown, iris, Route::Api, error).await);
        }
    };
    let is_small = shown.is_now() && selection.is_empty() && is_small(&view, subject);
    let work = move || {
        let register = register_of(&state, &name)?;
        if let Some(successor) = only_successor(&view, subject) {
            return Err(moved(&state, &shown, &iri, &successor, Route::Api));
        }
        let mut rules = embed_rules(Some(register));
        let is_whole = selection.is_empty();
        rules.selection = selection;
        let outline = outline_of(&state, &view, Some(register), (&iri, subject), &rules)?;
        let base = state.registry.base();
        let shapes = state
            .registry
            .graph_iri(&format!("shapes/{}", register.profile));
        let document = Document::new(chosen, json_ld_of(&state, &view, Some(register), &outline))
            .at(&shown)
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
        // What a request selects is not the state of the resource.
        let document = if is_whole {
            document.of_state(StateTag::of(&view, &outline))
        } else {
            document
        };
        let names = (register.kind.as_str(), id.as_str());
        let address = format!("{base}/api/{}/{}", register.name, percent_encode(&id));
        let document = tell_times(document, &state, (&shown, subject), names, &address);
        Ok(document.respond(&headers))
    };
    promptly(is_small, work).await
}

/// The items of a page, each with what the register declares for lists or the request selects.
fn items_of(
    view: &View,
    names: &Names,
    page: &Page,
    rules: &EmbedRules,
) -> Result<Vec<Outline>, ApiError> {
    let resolved = Rules::of(view, rules);
    let mut items = Vec::with_capacity(page.items.len());
    let mut triples = 0;
    for id in &page.items {
        let item = resolved.outline(view, names, *id)?;
        triples += item.as_ref().map_or(0, |item| item.triple_count);
        if triples > MAX_PAGE_TRIPLES {
            return Err(TooLarge {
                limit: MAX_PAGE_TRIPLES,
            }
            .into());
        }
        items.extend(item);
    }
    Ok(items)
}

/// What a page tells besides its items.
struct Envelope<'a> {
    /// Its own address.
    here: &'a str,
    /// That of the next page.
    next: Option<String>,
    /// Items in all pages together.
    total: Option<u64>,
    /// Texts that were perhaps meant by a search.
    meant: &'a [String],
}

fn envelope(
    state: &AppState,
    view: &View,
    register: &Register,
    (page, items): (&Page, &[Outline]),
    envelope: &Envelope<'_>,
) -> Vec<u8> {
    let base = state.registry.base();
    let names = state.collection_keys_of(view, register);
    let mut json = JsonWriter::new();
    json.open(b'{');
    json.key(b"\"@context\"");
    json.open(b'[');
    for file in [&format!("{}.jsonld", register.context), CONTEXT_FILE] {
        json.next();
        json.string(&format!("{base}/contexts/{file}"));
    }
    json.close(b']');
    json.key(b"\"@id\"");
    json.string(envelope.here);
    json.key(b"\"@type\"");
    json.string("Collectie");
    if let Some(total) = envelope.total {
        json.key(b"\"totaal\"");
        json.raw(total.to_string().as_bytes());
    }
    if !envelope.meant.is_empty() {
        json.key(b"\"bedoeldeU\"");
        json.open(b'[');
        for text in envelope.meant {
            json.next();
            json.string(text);
        }
        json.close(b']');
    }
    json.key(b"\"data\"");
    json.open(b'[');
    for (item, id) in items.iter().zip(&page.items) {
        json.next();
        json.open(b'{');
        compact::members(view, &names, item, &mut json);
        let token = token_of(view, register, *id);
        json.key(b"\"detail\"");
        json.string(&if register.id_pattern.is_match(&token) {
            format!("{base}/api/{}/{}", register.name, percent_encode(&token))
        } else {
            format!("{base}/doc?uri={}", percent_encode(&token))
        });
        json.close(b'}');
    }
    json.close(b']');
    if let Some(next) = &envelope.next {
        json.key(b"\"volgende\"");
        json.string(next);
    }
    json.close(b'}');
    json.finish()
}
