//! The Graph Store protocol ([SPARQL 1.1 Graph Store HTTP Protocol](https://www.w3.org/TR/sparql11-http-rdf-update/)) and
//! graph IRIs that answer with their graph: which graph a request is about, and reading it. Writing is in `graph_writes`.

use super::body::{Params, Upload};
use super::error::ApiError;
use super::graph_writes;
use super::layers::RequestId;
use super::moment::Moment;
use super::reply::{
    Document, HTML, REVALIDATE, choose, content_type, etag_of_commit, is_fresh, set_validators,
};
use super::sparql::abilities;
use super::state::{AppState, blocking};
use super::stream::{Delivery, reads_trailers, stream_from};
use crate::ingest::{Input, Limits, ParseOptions, parse_into};
use crate::query::Cancel;
use crate::rdf::format::Format;
use crate::store::{Draft, Graphs, Id, Snapshot, View};
use crate::views::html::render_graphs;
use crate::views::{rdf_document, service};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oxrdf::{GraphName, NamedNode};

const OFFERS: [&str; 8] = [
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/trig",
    "application/n-quads",
    "application/json",
    "text/plain",
];

/// What a request about a graph brings besides the graph.
pub(super) struct GraphRequest {
    pub(super) id: RequestId,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) params: Params,
    pub(super) moment: Moment,
    pub(super) body: Body,
}

/// `/rdf-graphs`, every method.
pub(super) async fn indirect(
    State(state): State<AppState>,
    id: RequestId,
    moment: Moment,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let graph = match (params.one("graph")?, params.one("default")?) {
        (Some(iri), None) => {
            let name = NamedNode::new(iri).map_err(|_| {
                ApiError::bad_request(
                    "graph-iri",
                    format!("\"{iri}\" is geen volledige IRI."),
                    format!("\"{iri}\" is not an absolute IRI."),
                )
                .with("parameter", "graph")
            })?;
            Some(GraphName::NamedNode(name))
        }
        (None, Some(_)) => Some(GraphName::DefaultGraph),
        (None, None) if method == Method::GET || method == Method::HEAD => {
            return list(state, headers, params, moment).await;
        }
        // The graph store itself: what is posted to it becomes a new graph.
        (None, None) if method == Method::POST => None,
        _ => {
            return Err(ApiError::bad_request(
                "graph-missing",
                "Noem precies één graaf: ?graph={iri} of ?default.",
                "Name exactly one graph: ?graph={iri} or ?default.",
            ));
        }
    };
    let request = GraphRequest {
        id,
        method,
        headers,
        params,
        moment,
        body,
    };
    match graph {
        Some(graph) => handle(state, request, graph).await,
        None => graph_writes::create(state, request).await,
    }
}

/// `/graph/{name}`, every method: the graph's own IRI.
#[expect(
    clippy::too_many_arguments,
    reason = "extractors: one for each part of the request"
)]
pub(super) async fn direct(
    State(state): State<AppState>,
    Path(name): Path<String>,
    id: RequestId,
    moment: Moment,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let graph = state.registry.graph_iri(&name);
    let graph = NamedNode::new(graph.as_str())
        .map_err(|_| ApiError::not_found("Zo heet geen graaf.", "No graph is called that."))?;
    let request = GraphRequest {
        id,
        method,
        headers,
        params,
        moment,
        body,
    };
    handle(state, request, graph.into()).await
}

async fn handle(
    state: AppState,
    request: GraphRequest,
    graph: GraphName,
) -> Result<Response, ApiError> {
    if request.method == Method::GET || request.method == Method::HEAD {
        let GraphRequest {
            headers,
            params,
            moment,
            ..
        } = request;
        read(state, headers, (params, moment), graph).await
    } else {
        graph_writes::write(state, request, graph).await
    }
}

/// The graphs there are.
async fn list(
    state: AppState,
    headers: HeaderMap,
    params: Params,
    moment: Moment,
) -> Result<Response, ApiError> {
    let offers = [
        "text/turtle",
        HTML,
        "application/ld+json",
        "application/n-triples",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
    ];
    let chosen = choose(&headers, params.one("format")?, &offers)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let document = if chosen == HTML {
            let graphs = service::graph_sizes(&view);
            Document::html(render_graphs(&state.site(&view, shown.notice()), &graphs))
        } else {
            let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
            let triples =
                service::service_description(&view, state.registry.base(), abilities(&state));
            let mut out = Vec::new();
            rdf_document::write_triples(&triples, format, &mut out).map_err(ApiError::internal)?;
            Document::new(chosen, out)
        };
        Ok(document.at(&shown).respond(&headers))
    })
    .await
}

pub(super) fn unknown_graph(graph: &GraphName) -> ApiError {
    ApiError::not_found(
        format!("De graaf {graph} bestaat niet."),
        format!("There is no graph {graph}."),
    )
}

/// Id of a graph that holds something; the default graph always is there.
pub(super) fn stored_graph(view: &View, graph: &GraphName) -> Option<Id> {
    let id = view.id_of_graph(graph.as_ref())?;
    (id == Id::DEFAULT_GRAPH || view.graph_size(id) > 0).then_some(id)
}

/// The entity tag of a graph in a format: changes with the graph, not with every commit.
fn tag_of(
    state: &AppState,
    snapshot: &Snapshot,
    (graph, name): (Id, &str),
    (media_type, moment): (&str, &str),
) -> String {
    // Nothing but the graph is written, in an order that follows from ids, and these never change.
    etag_of_commit(
        state,
        snapshot.last_change(graph),
        &[media_type, name, moment],
    )
}

/// The entity tags a state gives a graph, one for each format it is read in; none when there is no such graph.
pub(super) fn tags_of(state: &AppState, snapshot: &Snapshot, graph: &GraphName) -> Vec<String> {
    let Some(id) = stored_graph(&snapshot.view(), graph) else {
        return Vec::new();
    };
    let name = graph.to_string();
    OFFERS
        .iter()
        .map(|media_type| tag_of(state, snapshot, (id, &name), (media_type, "")))
        .collect()
}

async fn read(
    state: AppState,
    headers: HeaderMap,
    (params, moment): (Params, Moment),
    graph: GraphName,
) -> Result<Response, ApiError> {
    let shown = moment.state(&state).await?;
    let view = shown.view();
    let name = graph.to_string();
    let (view, id) = blocking(move || {
        let id = stored_graph(&view, &graph).ok_or_else(|| unknown_graph(&graph))?;
        Ok((view, id))
    })
    .await?;
    let chosen = choose(&headers, params.one("format")?, &OFFERS)?;
    let etag = tag_of(
        &state,
        shown.snapshot(),
        (id, &name),
        (chosen, shown.tag_part()),
    );
    let delivery = Delivery {
        cancel: Cancel::new(),
        stall_timeout: state.config.stall_timeout,
        limit: None,
        trailers: reads_trailers(&headers),
    };
    let mut response = if is_fresh(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let turn = state.query_turn().await?;
        let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
        let view = view.with_graphs(Graphs::One(id));
        let body = stream_from(delivery, turn, move |out| {
            rdf_document::write_view(&view, format, out).map_err(ApiError::internal)
        })
        .await?;
        let mut response = body.into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type(chosen));
        response
    };
    let out = response.headers_mut();
    set_validators(out, &etag, REVALIDATE);
    shown.describe(out);
    Ok(response)
}

/// What a graph is called where nothing else is known of its content.
pub(super) fn target_iri(state: &AppState, graph: &GraphName) -> String {
    match graph {
        GraphName::NamedNode(node) => node.as_str().to_owned(),
        _ => format!("{}/rdf-graphs?default", state.registry.base()),
    }
}

/// Reads an upload into a draft.
pub(super) fn parse_upload(
    state: &AppState,
    draft: &mut Draft<'_>,
    upload: &Upload,
    graph: &GraphName,
) -> Result<(), ApiError> {
    let name = if upload.name.is_empty() {
        target_iri(state, graph)
    } else {
        upload.name.clone()
    };
    let limit = state.config.max_body_bytes as u64;
    let mut options = ParseOptions::new(&state.context_store);
    options.media_type.clone_from(&upload.media_type);
    options.base_iri = Some(match graph {
        GraphName::NamedNode(node) => node.as_str().to_owned(),
        _ => format!("{}/", state.registry.base()),
    });
    options.graph = match graph {
        GraphName::NamedNode(node) => Some(node.clone()),
        _ => None,
    };
    options.limits = Limits {
        // A packed upload may unfold, but not without bound.
        max_file_bytes: limit.saturating_mul(8),
        max_lines_bytes: limit.saturating_mul(8),
        max_json_bytes: limit,
        ..Limits::default()
    };
    parse_into(draft, &Input::bytes(name, upload.bytes.clone()), options)?;
    Ok(())
}
