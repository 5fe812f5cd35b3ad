//! Checking an upload against shapes and handing its report over: what `/validate` and the addresses of the Test Bed share.
//! Nothing of an upload is stored.

use super::body::{Params, Upload};
use super::error::ApiError;
use super::graphs::parse_upload;
use super::reply::joined;
use super::state::AppState;
use crate::ingest::format::detect;
use crate::ingest::{Input, subject_lines};
use crate::registry::StoredReport;
use crate::shapes::{
    Origin, Report, ReportFormat, Shapes, Validation, ValidationOptions, Verdict, read_shapes_with,
    validate,
};
use crate::store::{Graphs, Id};
use crate::views::profiles::{self, Profile};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use oxrdf::{GraphName, NamedNode, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Whether the checked data conforms, for clients that only want to know that.
pub(super) const X_CONFORMS: HeaderName = HeaderName::from_static("x-conforms");

/// What an upload is checked against: all stored shapes when nothing is named.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Names of profiles.
    pub(super) profiles: Vec<String>,
    /// Shapes that came with the request.
    pub(super) own: Vec<Upload>,
}

/// Checks an upload, with the stored registry as background. Focus nodes come from the upload alone.
pub(super) fn check(
    state: &AppState,
    upload: &Upload,
    rules: &Rules,
    stop: &Arc<AtomicBool>,
) -> Result<StoredReport, ApiError> {
    let shapes = shapes_for(state, rules)?;
    let graph = GraphName::NamedNode(own_graph(state, "bestand")?);
    let mut draft = state.registry.store().scratch();
    parse_upload(state, &mut draft, upload, &graph)?;
    let graphs = Graphs::set(draft.changed_graphs());
    let view = draft.snapshot().view();
    let validation = Validation {
        data: view.with_graphs(graphs),
        context: view.without_apart(),
        options: ValidationOptions {
            cancel: Some(Arc::clone(stop)),
            ..ValidationOptions::default()
        },
    };
    let report = Arc::new(validate(&shapes, &validation));
    Ok(StoredReport { report, view })
}

fn shapes_for(state: &AppState, rules: &Rules) -> Result<Arc<Shapes>, ApiError> {
    if rules.profiles.is_empty() && rules.own.is_empty() {
        return Ok(state.registry.shapes());
    }
    let mut draft = state.registry.store().scratch();
    let view = draft.snapshot().view();
    let known = profiles::profiles(&state.registry, &view);
    let mut graphs = Vec::new();
    for name in &rules.profiles {
        let profile = profile_of(&known, name)?;
        graphs.extend(profiles::graphs_of(&view, &known, profile));
    }
    if rules.profiles.is_empty() {
        graphs.extend(known.iter().map(|profile| profile.graph));
    }
    for (number, upload) in rules.own.iter().enumerate() {
        let graph = own_graph(state, &format!("regels{number}"))?;
        parse_upload(state, &mut draft, upload, &GraphName::NamedNode(graph))?;
    }
    graphs.extend(draft.changed_graphs());
    let view = draft.snapshot().view();
    Ok(Arc::new(read_shapes_with(
        &view.with_graphs(Graphs::set(graphs)),
        state.registry.shapes_options(),
    )))
}

/// The profile of a name, or a problem that lists the names there are.
pub(super) fn profile_of<'p>(known: &'p [Profile], name: &str) -> Result<&'p Profile, ApiError> {
    profiles::find(known, name).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|profile| profile.name.as_str()).collect();
        let list = names.join(", ");
        ApiError::bad_request(
            "unknown-profile",
            format!("Er is geen toepassingsprofiel \"{name}\". Deze bestaan: {list}."),
            format!("There is no application profile \"{name}\". There are: {list}."),
        )
        .with("profielen", names)
    })
}

/// The profiles named in a query string: `profiel`, once or more; none means all.
pub(super) fn profiles_in(params: &Params) -> Vec<String> {
    let mut names = params.all("profiel");
    names.retain(|name| !name.is_empty() && name != profiles::ALL);
    names
}

/// A graph that no stored graph is called by.
fn own_graph(state: &AppState, part: &str) -> Result<NamedNode, ApiError> {
    NamedNode::new(format!("{}/validate#{part}", state.registry.base())).map_err(ApiError::internal)
}

/// Where the nodes of an upload stand: in the upload where it says something about them, with their lines when asked.
pub(super) fn origin_in<'r>(
    state: &AppState,
    stored: &'r StoredReport,
    upload: &Upload,
    has_lines: bool,
) -> impl Fn(Id) -> Option<Origin> + use<'r> {
    let report: &'r Report = &stored.report;
    let base = format!("{}/validate#bestand", state.registry.base());
    let own = stored.view.id_of_iri(&base);
    let name = upload.name.clone();
    let lines = if has_lines {
        lines_in(report, upload, &base)
    } else {
        FxHashMap::default()
    };
    move |focus| {
        let is_own = |graph: Id| (Some(graph) == own).then_some(());
        if report.find_graph(focus, &is_own).is_none() {
            return report.graph_origin(focus);
        }
        let line = match report.term(focus) {
            Term::NamedNode(node) => lines.get(node.as_str()).copied(),
            _ => None,
        };
        Some(Origin {
            name: name.clone(),
            line,
            is_file: true,
        })
    }
}

/// Lines of the nodes with results.
fn lines_in(report: &Report, upload: &Upload, base: &str) -> FxHashMap<String, u64> {
    let wanted: FxHashSet<String> = report
        .results()
        .iter()
        .filter_map(|row| match report.term(row.focus) {
            Term::NamedNode(node) => Some(node.into_string()),
            _ => None,
        })
        .collect();
    let input = Input::bytes(upload.name.clone(), upload.bytes.clone());
    // It was read once already; a name without extension says nothing and need not.
    let found = detect(&input, None, upload.media_type.as_deref());
    let Ok(detected) = found else {
        return FxHashMap::default();
    };
    subject_lines(&input, detected.format, Some(base), &wanted).unwrap_or_default()
}

/// The form of report a request asks for, by `format=` or else by `Accept`, and the media type it is sent as.
pub(super) fn report_format(
    headers: &HeaderMap,
    params: &Params,
) -> Result<(ReportFormat, &'static str), ApiError> {
    if let Some(name) = params.one("format")? {
        let format = ReportFormat::from_name(name).ok_or_else(|| {
            ApiError::bad_request(
                "unknown-format",
                format!("Het formaat \"{name}\" bestaat hier niet."),
                format!("There is no format \"{name}\" here."),
            )
        })?;
        return Ok((format, format.media_type()));
    }
    ReportFormat::from_accept(&joined(headers, header::ACCEPT))
        .ok_or_else(|| ApiError::not_acceptable(&ReportFormat::offers()))
}

/// Whether a request wants to know why nodes do not conform to the shapes that results name (`detail=true`).
pub(super) fn details_in(params: &Params) -> Result<bool, ApiError> {
    match params.one("detail")? {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(ApiError::bad_request(
            "bad-parameter",
            format!("De parameter detail is true of false, niet \"{other}\"."),
            format!("The parameter detail is true or false, not \"{other}\"."),
        )
        .with("parameter", "detail")),
    }
}

/// `Content-Type` of a form of report.
pub(super) fn content_type(media_type: &'static str) -> HeaderValue {
    match media_type {
        "application/x-ndjson" => HeaderValue::from_static("application/x-ndjson; charset=utf-8"),
        other => super::reply::content_type(other),
    }
}

pub(super) fn conforms(report: &Report) -> HeaderValue {
    HeaderValue::from_static(match report.verdict() {
        Verdict::Conforms => "true",
        Verdict::Violations => "false",
        Verdict::Undetermined => "undetermined",
    })
}

/// Raises the flag that ends a check when its time is over or its client gone.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    timer: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(limit: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            flag.store(true, Ordering::Relaxed);
        });
        Self { stop, timer }
    }

    pub(super) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.timer.abort();
        self.stop.store(true, Ordering::Relaxed);
    }
}
