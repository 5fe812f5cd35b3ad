//! `/proces/v1/processtypen`: the versions of process types, and publishing the next one. A version never changes.

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::moment::Moment;
use super::super::state::{AppState, blocking};
use super::reading::{flag, known, page, respond};
use super::refused;
use super::writing::{Made, Sent, add, clear, commit, write};
use crate::registry::process::{Definition, ProcessType, TYPES_GRAPH, moment_text};
use crate::views::process::{check, type_json};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use oxrdf::{NamedNode, Triple};
use serde_json::Value as Json;

/// `GET /proces/v1/processtypen`: the newest version of each; with `versies=true` all of them.
pub(super) async fn list(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    known(&params, &["versies"])?;
    let every = flag(&params, "versies")? == Some(true);
    let shown = moment.state(&state).await?;
    blocking(move || {
        let all = ProcessType::all(&shown.view());
        let newest = |one: &ProcessType| {
            let code = &one.definition.code;
            let same = all.iter().filter(|other| other.definition.code == *code);
            same.map(|other| other.version).max() == Some(one.version)
        };
        let base = state.registry.base();
        let data: Vec<Json> = all
            .iter()
            .filter(|one| every || newest(one))
            .map(|one| type_json(base, one))
            .collect();
        let total = data.len();
        Ok(respond(&shown, &headers, &page(data, total, None)))
    })
    .await
}

/// `GET /proces/v1/processtypen/{naam}`: the newest version of a code, or the one that `code-vN` names.
pub(super) async fn one(
    State(state): State<AppState>,
    Path(name): Path<String>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    known(&Params::of_query(query.as_deref())?, &[])?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let base = state.registry.base();
        let found = ProcessType::named(&shown.view(), base, &name);
        let found = found.ok_or_else(|| {
            ApiError::not_found(
                format!("Er is geen procestype \"{name}\"."),
                format!("There is no process type \"{name}\"."),
            )
        })?;
        Ok(respond(&shown, &headers, &type_json(base, &found)))
    })
    .await
}

/// `POST /proces/v1/processtypen`: the next version of a process type, or its first.
pub(super) async fn publish(
    State(state): State<AppState>,
    sent: Sent,
) -> Result<Response, ApiError> {
    let kind = ("processtype-publiceren", String::new());
    write(state, sent, kind, |state, asked| {
        let definition: Definition = asked.read()?;
        definition.check().map_err(|bad| refused::bad_value(&bad))?;
        let definition = definition.in_order();
        let registry = &state.registry;
        let base = registry.base();
        let family = format!("{base}/id/processtype/{}", definition.code);
        commit(state, asked, &family, |draft| {
            let view = draft.base().view();
            let newest = ProcessType::named(&view, base, &definition.code);
            let same = newest.as_ref().filter(|newest| {
                newest.definition == definition
                    || Definition {
                        service: Some(newest.service.clone()),
                        ..newest.definition.clone()
                    } == definition
            });
            if let Some(same) = same {
                return Ok(made(base, same, false));
            }
            let version = newest.map_or(1, |newest| newest.version + 1);
            let now = moment_text(jiff::Timestamp::now());
            let [plan, service] = definition.statements(base, version, &now);
            let all: Vec<Triple> = plan.iter().chain(&service).cloned().collect();
            let found = check(&all)
                .ok_or_else(|| ApiError::internal("the shapes of processes cannot be read"))?;
            if !found.is_empty() {
                return Err(refused::definition(&found));
            }
            let graph = registry.graph_iri(TYPES_GRAPH);
            forget(draft, &graph, &service);
            add(draft, &graph, &all);
            let iri = definition.version_iri(base, version);
            let after = ProcessType::read(&draft.snapshot().view(), &iri);
            let after = after.ok_or_else(|| ApiError::internal("a version was not written"))?;
            Ok(made(base, &after, true))
        })
    })
    .await
}

/// Takes away what the graph says of a service and of what it lists, in whose place a version says something new.
fn forget(draft: &mut crate::store::Draft<'_>, graph: &NamedNode, service: &[Triple]) {
    let Some(first) = service.first() else { return };
    let oxrdf::NamedOrBlankNode::NamedNode(offer) = &first.subject else {
        return;
    };
    let view = draft.base().view();
    let ids = (
        view.id_of_iri(offer.as_str()),
        view.id_of_iri(graph.as_str()),
    );
    let (Some(node), Some(g)) = ids else { return };
    let own: Vec<_> = view.quads(Some(node), None, None, Some(g)).collect();
    for quad in own {
        let part = view
            .iri(quad.o)
            .filter(|iri| iri.starts_with(&format!("{}#", offer.as_str())));
        if let Some(part) = part {
            let part_id = view.id_of_iri(&part);
            for below in view.quads(part_id, None, None, Some(g)) {
                draft.remove(below);
            }
        }
        draft.remove(quad);
    }
    clear(draft, graph, offer.as_str(), crate::rdf::vocab::rdf::TYPE);
}

fn made(base: &str, found: &ProcessType, created: bool) -> Made {
    Made {
        iri: found.iri.clone(),
        document: format!(
            "{base}/proces/v1/processtypen/{}-v{}",
            found.definition.code, found.version
        ),
        created,
        etag: None,
        members: vec![("processtype", type_json(base, found))],
    }
}
