//! Changing one graph by the Graph Store protocol ([§5.3 to §5.7](https://www.w3.org/TR/sparql11-http-rdf-update/#http-put)):
//! PUT, POST, DELETE and PATCH, under the conditions of the request. Each is one commit, and no other graph changes.

use super::body::{Upload, media_type, read_body, require_utf8, text_of, uploads_of};
use super::error::ApiError;
use super::graphs::{GraphRequest, parse_upload, stored_graph, tags_of, target_iri, unknown_graph};
use super::moment;
use super::reply::{joined, listed_tags};
use super::sparql::options_of;
use super::state::AppState;
use super::updates::{UPDATE, UpdateText, update_in};
use super::writes::{Change, Done, authorise, commit, dry_run};
use crate::rdf::format::Format;
use crate::store::{Draft, Id, Source};
use crate::views::html::percent_encode;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use oxrdf::{GraphName, NamedNode};

/// The media types that are read, as a refusal lists them.
const READ: [&str; 7] = [
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/trig",
    "application/n-quads",
    "multipart/form-data",
];

/// PUT, POST, DELETE and PATCH of a graph.
pub(super) async fn write(
    state: AppState,
    request: GraphRequest,
    graph: GraphName,
) -> Result<Response, ApiError> {
    moment::refuse(&request.params)?;
    authorise(&state, &request.headers)?;
    let condition = Condition::of(&request.headers);
    match request.method {
        Method::PUT => load(state, request, graph, condition, true).await,
        Method::POST => load(state, request, graph, condition, false).await,
        Method::PATCH => patch(state, request, graph, condition).await,
        _ => remove(state, request, graph, condition).await,
    }
}

/// POST to the graph store itself: a new graph with a name of ours.
pub(super) async fn create(state: AppState, request: GraphRequest) -> Result<Response, ApiError> {
    moment::refuse(&request.params)?;
    authorise(&state, &request.headers)?;
    let number = jiff::Timestamp::now().as_nanosecond();
    let graph = state.registry.graph_iri(&format!("nieuw/{number:x}"));
    let condition = Condition {
        none_match: Some("*".to_owned()),
        matching: None,
    };
    load(state, request, graph.into(), condition, false).await
}

async fn load(
    state: AppState,
    request: GraphRequest,
    graph: GraphName,
    condition: Condition,
    replace: bool,
) -> Result<Response, ApiError> {
    let dry_run = dry_run(&request.params)?;
    let headers = request.headers;
    require_utf8(&headers)?;
    let bytes = read_body(&headers, request.body, state.config.max_body_bytes).await?;
    let uploads = uploads_of(&headers, bytes)?;
    refuse_unknown_types(&uploads)?;
    let change = Change {
        activity: if replace {
            "graaf-vervangen"
        } else {
            "graaf-aanvullen"
        },
        sources: vec![Source {
            iri: target_iri(&state, &graph),
            sha256: None,
        }],
        location: address(&state, &graph),
        dry_run,
    };
    let filling = state.clone();
    commit(&state, &headers, change, move |draft| {
        let is_new = condition.check(&filling, draft, &graph)?;
        let target = draft.intern_graph(graph.as_ref());
        if replace {
            clear(draft, target);
        }
        for upload in &uploads {
            parse_upload(&filling, draft, upload, &graph)?;
        }
        if draft.changed_graphs().iter().any(|graph| *graph != target) {
            return Err(ApiError::bad_request(
                "other-graphs",
                "De inhoud noemt andere grafen dan die van het verzoek.",
                "The content names other graphs than that of the request.",
            ));
        }
        if replace {
            filling.registry.end_waiting(draft, graph.as_ref());
        }
        Ok(Done { created: is_new })
    })
    .await
}

/// PATCH: an update that sees the graph as its default graph and may change no other.
async fn patch(
    state: AppState,
    request: GraphRequest,
    graph: GraphName,
    condition: Condition,
) -> Result<Response, ApiError> {
    let headers = request.headers;
    let kind = media_type(&headers);
    if kind != UPDATE {
        let error = ApiError::unsupported_media_type(&kind, &[UPDATE]);
        // RFC 5789 §2.2.
        return Err(error.with_header(HeaderName::from_static("accept-patch"), UPDATE));
    }
    require_utf8(&headers)?;
    let options = options_of(&state, &request.params)?;
    let bytes = read_body(&headers, request.body, state.config.max_body_bytes).await?;
    let update = UpdateText {
        text: text_of(&bytes)?,
        activity: "graaf-bijwerken",
        location: address(&state, &graph),
        within: Some(graph.clone()),
        dry_run: dry_run(&request.params)?,
    };
    let checking = state.clone();
    update_in(
        &state,
        &request.id,
        &headers,
        options,
        update,
        move |draft| condition.check(&checking, draft, &graph),
    )
    .await
}

async fn remove(
    state: AppState,
    request: GraphRequest,
    graph: GraphName,
    condition: Condition,
) -> Result<Response, ApiError> {
    let change = Change {
        activity: "graaf-verwijderen",
        sources: Vec::new(),
        location: None,
        dry_run: dry_run(&request.params)?,
    };
    let checking = state.clone();
    commit(&state, &request.headers, change, move |draft| {
        condition.check(&checking, draft, &graph)?;
        let view = draft.base().view();
        let target = stored_graph(&view, &graph).ok_or_else(|| unknown_graph(&graph))?;
        clear(draft, target);
        checking.registry.end_waiting(draft, graph.as_ref());
        Ok(Done { created: false })
    })
    .await
}

fn clear(draft: &mut Draft<'_>, graph: Id) {
    let view = draft.base().view();
    for quad in view.quads(None, None, None, Some(graph)) {
        draft.remove(quad);
    }
}

/// Where a graph can be read: its own IRI when that is ours.
fn address(state: &AppState, graph: &GraphName) -> Option<HeaderValue> {
    let GraphName::NamedNode(name) = graph else {
        return None;
    };
    let base = state.registry.base();
    let is_ours = |name: &NamedNode| {
        name.as_str()
            .strip_prefix(base)
            .is_some_and(|path| path.starts_with("/graph/"))
    };
    let address = if is_ours(name) {
        name.as_str().to_owned()
    } else {
        format!("{base}/rdf-graphs?graph={}", percent_encode(name.as_str()))
    };
    HeaderValue::from_str(&address).ok()
}

/// A file of a type that is no RDF syntax is refused before anything is read of it.
fn refuse_unknown_types(uploads: &[Upload]) -> Result<(), ApiError> {
    let mut types = uploads
        .iter()
        .filter_map(|upload| upload.media_type.as_deref());
    match types.find(|kind| Format::from_media_type(kind).is_none()) {
        Some(unknown) => Err(ApiError::unsupported_media_type(unknown, &READ)),
        None => Ok(()),
    }
}

/// The conditions of a request ([RFC 9110 §13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)): what the graph must
/// be like before it is changed. The tags are those that reading the graph gives; they change with each commit.
struct Condition {
    matching: Option<String>,
    none_match: Option<String>,
}

impl Condition {
    fn of(headers: &HeaderMap) -> Self {
        let list = |name| headers.contains_key(&name).then(|| joined(headers, name));
        Self {
            matching: list(header::IF_MATCH),
            none_match: list(header::IF_NONE_MATCH),
        }
    }

    /// Checks the state a change builds on, which nobody else can change meanwhile. Says whether the graph is new.
    fn check(
        &self,
        state: &AppState,
        draft: &Draft<'_>,
        graph: &GraphName,
    ) -> Result<bool, ApiError> {
        let base = draft.base();
        let exists = stored_graph(&base.view(), graph).is_some();
        if self.matching.is_none() && self.none_match.is_none() {
            return Ok(!exists);
        }
        let tags = tags_of(state, base, graph);
        let names_it = |list: &str| {
            listed_tags(list).any(|tag| {
                let is_known = || tags.iter().any(|known| known.trim_matches('"') == tag);
                exists && (tag == "*" || is_known())
            })
        };
        if self.matching.as_deref().is_some_and(|list| !names_it(list)) {
            return Err(ApiError::precondition_failed(
                "De graaf is niet meer die van If-Match: lees ze opnieuw, en stuur de wijziging dan met haar nieuwe ETag.",
                "The graph is no longer that of If-Match: read it again, then send the change with its new ETag.",
            ));
        }
        if self.none_match.as_deref().is_some_and(names_it) {
            return Err(ApiError::precondition_failed(
                "De graaf bestaat al, of is die van If-None-Match; er is niets gewijzigd.",
                "The graph exists already, or is that of If-None-Match; nothing was changed.",
            ));
        }
        Ok(!exists)
    }
}
