//! The Graph Store protocol ([SPARQL 1.1 Graph Store HTTP Protocol](https://www.w3.org/TR/sparql11-http-rdf-update/)) and
//! graph IRIs that answer with their graph.

use super::body::{Params, Upload, read_body, upload_of};
use super::error::ApiError;
use super::moment::{self, Moment};
use super::reply::{
    Document, HTML, REVALIDATE, choose, content_type, etag_of_state, is_fresh, set_validators,
};
use super::state::{AppState, blocking};
use super::stream::stream_from;
use super::writes::{Change, authorise, commit};
use crate::ingest::{Input, Limits, ParseOptions, parse_into};
use crate::query::Cancel;
use crate::rdf::format::Format;
use crate::store::{Draft, Graphs, Id, Source, View};
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

/// `/rdf-graphs`, every method.
pub(super) async fn indirect(
    State(state): State<AppState>,
    moment: Moment,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let graph = match (params.get("graph"), params.get("default")) {
        (Some(iri), None) => {
            let name = NamedNode::new(iri).map_err(|_| {
                ApiError::bad_request(
                    "graph-iri",
                    format!("\"{iri}\" is geen volledige IRI."),
                    format!("\"{iri}\" is not an absolute IRI."),
                )
                .with("parameter", "graph")
            })?;
            GraphName::NamedNode(name)
        }
        (None, Some(_)) => GraphName::DefaultGraph,
        (None, None) if method == Method::GET || method == Method::HEAD => {
            return list(state, headers, params, moment).await;
        }
        _ => {
            return Err(ApiError::bad_request(
                "graph-missing",
                "Noem precies één graaf: ?graph={iri} of ?default.",
                "Name exactly one graph: ?graph={iri} or ?default.",
            ));
        }
    };
    let request = (params, moment, body);
    handle(state, method, headers, request, graph).await
}

/// `/graph/{name}`, every method: the graph's own IRI.
pub(super) async fn direct(
    State(state): State<AppState>,
    Path(name): Path<String>,
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
    let request = (params, moment, body);
    handle(state, method, headers, request, graph.into()).await
}

async fn handle(
    state: AppState,
    method: Method,
    headers: HeaderMap,
    (params, moment, body): (Params, Moment, Body),
    graph: GraphName,
) -> Result<Response, ApiError> {
    let reads = method == Method::GET || method == Method::HEAD;
    if !reads {
        moment::refuse(&params)?;
    }
    match method {
        _ if reads => read(state, headers, (params, moment), graph).await,
        Method::PUT | Method::POST => {
            authorise(&state, &headers)?;
            let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
            let upload = upload_of(&headers, bytes)?;
            write(state, headers, graph, upload, method == Method::PUT).await
        }
        Method::DELETE => {
            authorise(&state, &headers)?;
            remove(state, headers, graph).await
        }
        _ => {
            let mut error = ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                crate::rdf::label::Text::new("Methode niet toegelaten", "Method not allowed"),
                crate::rdf::label::Text::new(
                    "Een graaf kent GET, HEAD, PUT, POST en DELETE.",
                    "A graph knows GET, HEAD, PUT, POST and DELETE.",
                ),
            );
            error = error.with_header(header::ALLOW, "GET, HEAD, PUT, POST, DELETE");
            Err(error)
        }
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
    ];
    let chosen = choose(&headers, params.get("format"), &offers)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let document = if chosen == HTML {
            let graphs = service::graph_sizes(&view);
            Document::html(render_graphs(&state.site(&view, shown.notice()), &graphs))
        } else {
            let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
            let triples = service::service_description(&view, state.registry.base());
            let mut out = Vec::new();
            rdf_document::write_triples(&triples, format, &mut out).map_err(ApiError::internal)?;
            Document::new(chosen, out)
        };
        Ok(document.at(&shown).respond(&headers))
    })
    .await
}

fn unknown_graph(graph: &GraphName) -> ApiError {
    ApiError::not_found(
        format!("De graaf {graph} bestaat niet."),
        format!("There is no graph {graph}."),
    )
}

/// Id of a graph that holds something; the default graph always is there.
fn stored_graph(view: &View, graph: &GraphName) -> Option<Id> {
    let id = view.id_of_graph(graph.as_ref())?;
    (id == Id::DEFAULT_GRAPH || view.graph_size(id) > 0).then_some(id)
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
    let chosen = choose(&headers, params.get("format"), &OFFERS)?;
    let etag = etag_of_state(&state, shown.snapshot(), &[chosen, &name]);
    let mut response = if is_fresh(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let permit = state.query_turn().await?;
        let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
        let view = view.with_graphs(Graphs::One(id));
        let body = stream_from(
            Cancel::new(),
            state.config.stall_timeout,
            permit,
            move |out| rdf_document::write_view(&view, format, out).map_err(ApiError::internal),
        )
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

async fn write(
    state: AppState,
    headers: HeaderMap,
    graph: GraphName,
    upload: Upload,
    replace: bool,
) -> Result<Response, ApiError> {
    let view = state.registry.snapshot().view();
    let (graph, created) = blocking(move || {
        let created = stored_graph(&view, &graph).is_none();
        Ok((graph, created))
    })
    .await?;
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
        created,
    };
    let filling = state.clone();
    commit(&state, &headers, change, move |draft| {
        let target = draft.intern_graph(graph.as_ref());
        if replace {
            clear(draft, target);
        }
        parse_upload(&filling, draft, &upload, &graph)?;
        if draft.changed_graphs().iter().any(|graph| *graph != target) {
            return Err(ApiError::bad_request(
                "other-graphs",
                "De inhoud noemt andere grafen dan die van het verzoek.",
                "The content names other graphs than that of the request.",
            ));
        }
        Ok(())
    })
    .await
}

async fn remove(
    state: AppState,
    headers: HeaderMap,
    graph: GraphName,
) -> Result<Response, ApiError> {
    let change = Change {
        activity: "graaf-verwijderen",
        sources: Vec::new(),
        created: false,
    };
    commit(&state, &headers, change, move |draft| {
        let view = draft.base().view();
        let target = stored_graph(&view, &graph).ok_or_else(|| unknown_graph(&graph))?;
        clear(draft, target);
        Ok(())
    })
    .await
}

fn clear(draft: &mut Draft<'_>, graph: Id) {
    let view = draft.base().view();
    for quad in view.quads(None, None, None, Some(graph)) {
        draft.remove(quad);
    }
}

fn target_iri(state: &AppState, graph: &GraphName) -> String {
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
