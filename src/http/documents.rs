//! Resources: `/id/…` sends on to `/doc/…`, which answers with the document in the wanted format.

use super::body::Params;
use super::catalogue;
use super::error::ApiError;
use super::forms::{Form, JsonLdForm};
use super::framing;
use super::gone::{Route, moved, only_successor, or_gone};
use super::moment::Moment;
use super::prefer::applied;
use super::reply::{
    DOCUMENT_OFFERS, Document, HTML, JSON, JSON_LD, choose, joined, media_type_of_name,
};
use super::shown::Shown;
use super::state::{AppState, promptly};
use super::versions::{document_of_version, see_other, tell_times};
use crate::ingest::contexts::own_contexts;
use crate::rdf::format::{Format, negotiate};
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::html::{ResourcePage, percent_encode, render_resource};
use crate::views::{
    EmbedRules, Outline, Rules, StateTag, Tree, compact, json_ld_forms, jsonld, rdf_document,
};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use rustc_hash::FxHashSet;
use serde_json::{Value as Json, json};

/// References to a resource listed on its page.
const LISTED_INCOMING: usize = 25;
/// Statements of a resource whose document is made at once.
const SMALL: u64 = 500;
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
    if negotiate(&joined(&headers, header::ACCEPT), &DOCUMENT_OFFERS).is_none() {
        return Err(ApiError::not_acceptable(&DOCUMENT_OFFERS));
    }
    let shown = moment.state(&state).await?;
    // Finding out costs two searches: less than asking another thread.
    match find_item(&state, &shown.view(), &kind, &id) {
        Ok((iri, subject)) => {
            if let Some(successor) = only_successor(&shown.view(), subject) {
                return Err(moved(&state, &shown, &iri, &successor, Route::Id));
            }
            let target = format!(
                "{}/doc/{}/{}{}",
                state.registry.base(),
                percent_encode(&kind),
                percent_encode(&id),
                shown.pinned('?')
            );
            see_other(&target, &shown)
        }
        Err(error) => {
            if let Some(answer) = catalogue::leads_on(&state, &shown, &kind, &id).await? {
                return Ok(answer);
            }
            let iris = candidates(&state, &kind, &id);
            Err(or_gone(&state, &shown, iris, Route::Id, error).await)
        }
    }
}

/// `GET /doc/{type}/{id}` and `GET /doc/{type}/{id}.{extension}`.
pub(super) async fn document(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (id, extension) = match id.rsplit_once('.') {
        Some((stem, extension)) if media_type_of_name(extension).is_some() => {
            (stem.to_owned(), Some(extension.to_owned()))
        }
        _ => (id, None),
    };
    let params = Params::of_query(query.as_deref())?;
    let form = Form::of(&headers, &params, extension.as_deref(), &["lang"])?;
    let shown = moment.state(&state).await?;
    let view = shown.view();
    let (iri, subject) = match find_item(&state, &view, &kind, &id) {
        Ok(found) => found,
        Err(error) => {
            let names = (kind.as_str(), id.as_str());
            let asked = (&headers, &params);
            let answer = catalogue::answer_of(&state, &shown, names, form.media_type, asked);
            if let Some(answer) = answer.await? {
                return Ok(answer);
            }
            let iris = candidates(&state, &kind, &id);
            return Err(or_gone(&state, &shown, iris, Route::Doc, error).await);
        }
    };
    let is_small = is_small(&view, subject);
    let work = move || {
        let path = format!("{}/{}", percent_encode(&kind), percent_encode(&id));
        let address = format!("{}/doc/{path}", state.registry.base());
        let pinned = shown.pinned('?');
        let asked = Asked {
            register: state.registry.register_by_type(&kind),
            iri: &iri,
            subject,
            form,
            address: &address,
            with_format: &|extension| format!("{address}.{extension}{pinned}"),
            names: Some((&kind, &id)),
        };
        respond(&state, (&shown, &view), &asked, &headers)
    };
    promptly(is_small, work).await
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
        .one("uri")?
        .filter(|uri| !uri.is_empty())
        .ok_or_else(no_uri)?;
    let uri = uri.to_owned();
    let form = Form::of(&headers, &params, params.one("format")?, &["uri", "format"])?;
    let shown = moment.state(&state).await?;
    let view = shown.view();
    let found = view.id_of_iri(&uri).filter(|id| is_described(&view, *id));
    let Some(subject) = found else {
        if let Some(address) = document_of_version(&state, &shown, &uri) {
            return see_other(&address, &shown);
        }
        let error = unknown(&uri);
        return Err(or_gone(&state, &shown, vec![uri], Route::Doc, error).await);
    };
    let is_small = is_small(&view, subject);
    let work = move || {
        let address = format!("{}/doc?uri={}", state.registry.base(), percent_encode(&uri));
        let pinned = shown.pinned('&');
        let register = state.registry.register_of_iri(&uri);
        let asked = Asked {
            register,
            iri: &uri,
            subject,
            form,
            address: &address,
            with_format: &|extension| format!("{address}&format={extension}{pinned}"),
            names: register.and_then(|r| Some((r.kind.as_str(), r.id_of_iri(&uri)?))),
        };
        respond(&state, (&shown, &view), &asked, &headers)
    };
    promptly(is_small, work).await
}

pub(super) fn no_uri() -> ApiError {
    ApiError::bad_request(
        "missing-parameter",
        "De parameter \"uri\" ontbreekt: /doc?uri={iri}.",
        "The parameter \"uri\" is missing: /doc?uri={iri}.",
    )
    .with("parameter", "uri")
}

pub(super) fn unknown(what: &str) -> ApiError {
    ApiError::not_found(
        format!("Dit register bevat geen uitspraken over {what}."),
        format!("This registry holds no statements about {what}."),
    )
}

fn is_described(view: &View, id: Id) -> bool {
    view.star(id).next().is_some()
}

/// Whether a document is made in so little time that no other thread is to be asked.
pub(super) fn is_small(view: &View, subject: Id) -> bool {
    view.count(Some(subject), None, None) <= SMALL
}

/// The IRIs that an item of a type and id may have: by its register's IRI pattern, else below the registry's own base.
pub(super) fn candidates(state: &AppState, kind: &str, id: &str) -> Vec<String> {
    let declared = state
        .registry
        .register_by_type(kind)
        .and_then(|register| register.item_iri(id))
        .map(oxrdf::NamedNode::into_string);
    let own = format!("{}/id/{kind}/{id}", state.registry.base());
    declared.into_iter().chain([own]).collect()
}

/// An item by type and id, by the first of its IRIs that anything is said about.
pub(super) fn find_item(
    state: &AppState,
    view: &View,
    kind: &str,
    id: &str,
) -> Result<(String, Id), ApiError> {
    candidates(state, kind, id)
        .into_iter()
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

/// The JSON-LD text of a tree by a register's context: for items of a draft, which nothing is kept of.
pub(super) fn json_ld(state: &AppState, register: Option<&Register>, tree: &Tree) -> String {
    let context = state.context_of(register);
    let reference = context_reference(state, register);
    format!("{:#}\n", jsonld::document(tree, &context, reference.into()))
}

/// The address of the context of a register.
fn context_reference(state: &AppState, register: Option<&Register>) -> String {
    let name = register.map_or("generiek", |register| register.context.as_str());
    format!("{}/contexts/{name}.jsonld", state.registry.base())
}

/// The same of an outline.
pub(super) fn json_ld_of(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    outline: &Outline,
) -> Vec<u8> {
    let reference = context_reference(state, register);
    compact::document(view, &state.keys_of(view, register), outline, &reference)
}

/// The statements of the document about a resource.
pub(super) fn outline_of(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    (iri, subject): (&str, Id),
    rules: &EmbedRules,
) -> Result<Outline, ApiError> {
    let names = state.keys_of(view, register);
    let outline = Rules::of(view, rules).outline(view, &names, subject)?;
    outline.ok_or_else(|| unknown(iri))
}

/// A document that is asked for.
struct Asked<'a> {
    register: Option<&'a Register>,
    iri: &'a str,
    subject: Id,
    form: Form,
    /// Where it is, without a format or a state.
    address: &'a str,
    with_format: &'a dyn Fn(&str) -> String,
    /// Type and id, where its versions are told.
    names: Option<(&'a str, &'a str)>,
}

fn respond(
    state: &AppState,
    (shown, view): (&Shown, &View),
    asked: &Asked<'_>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let Asked {
        register,
        iri,
        subject,
        address,
        with_format,
        ..
    } = *asked;
    if let Some(successor) = only_successor(view, subject) {
        return Err(moved(state, shown, iri, &successor, Route::Doc));
    }
    let outline = outline_of(
        state,
        view,
        register,
        (iri, subject),
        &embed_rules(register),
    )?;
    let chosen = asked.form.media_type;
    let body = match chosen {
        HTML => {
            let tree = Tree::of(view, &outline);
            page(state, (shown, view), subject, &tree, with_format).into_bytes()
        }
        JSON_LD | JSON => {
            let shown = (subject, &outline);
            in_form(state, view, register, shown, &asked.form.json_ld)?
        }
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
    let mut document = Document::new(asked.form.content_type, body)
        .at(shown)
        .of_state(StateTag::of(view, &outline))
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
    if let Some(names) = asked.names {
        document = tell_times(document, state, (shown, subject), names, address);
    }
    let mut response = document.respond(headers);
    if asked.form.is_strict {
        applied(response.headers_mut(), "handling=strict");
    }
    Ok(response)
}

/// A document in a form of JSON-LD.
fn in_form(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    (subject, outline): (Id, &Outline),
    form: &JsonLdForm,
) -> Result<Vec<u8>, ApiError> {
    let tree = || Tree::of(view, outline);
    let json = match form {
        JsonLdForm::Compacted => return Ok(json_ld_of(state, view, register, outline)),
        JsonLdForm::Expanded => json_ld_forms::expanded(&tree()),
        JsonLdForm::Flattened => json_ld_forms::flattened(&tree()),
        JsonLdForm::FlattenedCompacted => {
            let context = state.context_of(register);
            json_ld_forms::flattened_compact(
                &tree(),
                &context,
                context_reference(state, register).into(),
            )
        }
        JsonLdForm::Framed(name) => {
            let frame = framing::by_name(state, name)?;
            return framing::framed(state, view, register, subject, &frame);
        }
    };
    Ok(format!("{json:#}\n").into_bytes())
}

fn page(
    state: &AppState,
    (shown, view): (&Shown, &View),
    subject: Id,
    tree: &Tree,
    with_format: &dyn Fn(&str) -> String,
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

/// `GET /contexts`: the list, and which of them are read in place of published ones.
pub(super) async fn contexts(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let base = state.registry.base();
    let address = |file: &str| format!("{base}/contexts/{file}");
    let own = own_contexts();
    let named = state.contexts.keys().map(|name| format!("{name}.jsonld"));
    let mut files: Vec<String> = named
        .chain(own.iter().map(|own| own.file.clone()))
        .collect();
    files.push(super::collections::CONTEXT_FILE.to_owned());
    files.sort_unstable();
    files.dedup();
    let list: Vec<String> = files.iter().map(|file| address(file)).collect();
    let in_place: Vec<Json> = own
        .iter()
        .map(|own| {
            let mut row = json!({ "context": address(&own.file), "gepubliceerd": own.published });
            if let Some(note) = &own.note {
                row["opmerking"] = json!({ "nl": note.nl, "en": note.en });
            }
            row
        })
        .collect();
    let body = json!({ "contexten": list, "inPlaatsVan": in_place });
    Document::new(JSON, format!("{body:#}\n"))
        .cached(super::reply::A_DAY)
        .respond(&headers)
}
