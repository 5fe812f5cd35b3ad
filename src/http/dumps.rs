//! `/dumps`: the registers as files. Lists of what there is, as a page or JSON, and the way to the newest; the files themselves
//! go out by `download`. Makes no dump.

mod download;

pub(super) use download::{Download, answer, may_be_packed};

use super::body::Params;
use super::checking::language_in;
use super::error::ApiError;
use super::reply::{Document, HTML, JSON, REVALIDATE, choose};
use super::state::{AppState, blocking};
use crate::feeds::dumps::{self, DumpFile, EVERYTHING, Folder, Manifest};
use crate::rdf::label::Text;
use crate::views::html::{
    DumpFileShown, DumpLine, DumpShown, Site, path_prefix, render_dumps, render_register_dumps,
};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

const OFFERS: [&str; 2] = [JSON, HTML];
/// What stands for date and commit in the name of the newest file.
const NEWEST: &str = "laatste.";

/// `GET /dumps`: every register with its newest dump.
pub(super) async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let chosen = choose(&headers, params.one("format")?, &OFFERS)?;
    let language = language_in(&headers, &params)?;
    blocking(move || {
        let base = state.registry.base();
        let folder = folder_of(&state);
        let mut lines = Vec::new();
        for name in dumps::names(&state.registry) {
            let newest = match &folder {
                Some(folder) => dumps::newest(folder, name).map_err(ApiError::internal)?,
                None => None,
            };
            lines.push((name, newest));
        }
        if chosen == HTML {
            let lines: Vec<DumpLine> = lines
                .iter()
                .map(|(name, newest)| DumpLine {
                    name: (*name).to_owned(),
                    label: label_of(&state, name),
                    newest: newest.as_ref().map(|manifest| shown(base, manifest)),
                })
                .collect();
            let view = state.registry.snapshot().view();
            let site = Site {
                language,
                ..state.site(&view, None)
            };
            return Ok(Document::html(render_dumps(&site, &lines)).respond(&headers));
        }
        let all = lines.iter().map(|(name, newest)| {
            let label = label_of(&state, name);
            json!({
                "register": name,
                "titel": { "nl": label.nl, "en": label.en },
                "adres": format!("{base}/dumps/{name}"),
                "nieuwste": newest.as_ref().map(|manifest| with_addresses(base, manifest)),
            })
        });
        let body = json!({ "dumps": all.collect::<Vec<_>>() });
        Ok(Document::new(JSON, format!("{body:#}\n")).respond(&headers))
    })
    .await
}

/// `GET /dumps/{register}`: all dumps of a register, the newest first.
pub(super) async fn of_register(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let chosen = choose(&headers, params.one("format")?, &OFFERS)?;
    let language = language_in(&headers, &params)?;
    blocking(move || {
        let base = state.registry.base();
        let manifests = manifests(&state, &name)?;
        let label = label_of(&state, &name);
        if chosen == HTML {
            let dumps: Vec<DumpShown> = manifests.iter().map(|one| shown(base, one)).collect();
            let view = state.registry.snapshot().view();
            let site = Site {
                language,
                ..state.site(&view, None)
            };
            let page = render_register_dumps(&site, (&name, &label), &dumps);
            return Ok(Document::html(page).respond(&headers));
        }
        let all = manifests.iter().map(|one| with_addresses(base, one));
        let body = json!({
            "register": name,
            "titel": { "nl": label.nl, "en": label.en },
            "dumps": all.collect::<Vec<_>>(),
        });
        Ok(Document::new(JSON, format!("{body:#}\n")).respond(&headers))
    })
    .await
}

/// `GET /dumps/{register}/{file}`: a file, a manifest, or with `laatste.` the way to the newest file of a format.
pub(super) async fn file(
    State(state): State<AppState>,
    Path((name, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    blocking(move || {
        let manifests = manifests(&state, &name)?;
        if let Some(extension) = file.strip_prefix(NEWEST) {
            let found = manifests.iter().find_map(|manifest| match extension {
                "json" => Some(manifest.file_name()),
                _ => manifest.file(extension).map(|file| file.name.clone()),
            });
            let found = found.ok_or_else(|| no_file(&name, &file))?;
            let target = format!("{}/dumps/{name}/{found}", state.registry.base());
            return Ok(to_newest(&target));
        }
        for manifest in &manifests {
            if manifest.file_name() == file {
                let body = with_addresses(state.registry.base(), manifest);
                // Formats may be added to it.
                return Ok(Document::new(JSON, format!("{body:#}\n")).respond(&headers));
            }
            if let Some(found) = manifest.files.iter().find(|known| known.name == file) {
                let folder = folder_of(&state).ok_or_else(|| no_file(&name, &file))?;
                let path = folder.path_of(&name, &found.name);
                let place = format!(
                    "{}/dumps/{name}/{}",
                    state.registry.base(),
                    manifest.file_name()
                );
                let sent = Download {
                    path: &path,
                    described_by: &place,
                    name: &found.name,
                    media_type: found.outer_media_type(),
                    bytes: found.bytes,
                    sha256: &found.sha256,
                    made: manifest.made.parse().ok(),
                    commit: Some(manifest.commit),
                };
                return answer(&sent, &method, &headers);
            }
        }
        Err(no_file(&name, &file))
    })
    .await
}

/// Where the dumps of this registry lie; one in memory has none.
fn folder_of(state: &AppState) -> Option<Folder> {
    state.registry.store().dir().map(Folder::of_data)
}

/// The dumps of a register.
fn manifests(state: &AppState, name: &str) -> Result<Vec<Manifest>, ApiError> {
    let names = dumps::names(&state.registry);
    if !names.contains(&name) {
        let list = names.join(", ");
        return Err(ApiError::not_found(
            format!("Er zijn geen dumps van \"{name}\". Deze namen zijn er: {list}."),
            format!("There are no dumps of \"{name}\". These names there are: {list}."),
        )
        .with(
            "registers",
            names.into_iter().map(Json::from).collect::<Vec<_>>(),
        ));
    }
    match folder_of(state) {
        Some(folder) => folder.manifests(name).map_err(ApiError::internal),
        None => Ok(Vec::new()),
    }
}

fn no_file(name: &str, file: &str) -> ApiError {
    ApiError::not_found(
        format!(
            "De dump {file} is er niet, of niet meer: /dumps/{name} toont welke er zijn, en /dumps/{name}/laatste.nq.gz leidt naar de nieuwste."
        ),
        format!(
            "The dump {file} is not there, or no longer: /dumps/{name} shows which there are, and /dumps/{name}/laatste.nq.gz leads to the newest."
        ),
    )
}

fn to_newest(target: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    let out = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(target) {
        out.insert(header::LOCATION, target);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Language"),
    );
    response
}

/// What a register is called for people.
fn label_of(state: &AppState, name: &str) -> Text {
    match state.registry.register(name) {
        Some(register) => register.label.clone(),
        None if name == EVERYTHING => Text::new("Alle uitspraken", "All statements"),
        None => Text::new(name, name),
    }
}

/// A manifest with the addresses of its files.
fn with_addresses(base: &str, manifest: &Manifest) -> Json {
    let mut out = serde_json::to_value(manifest).unwrap_or_default();
    let place = format!("{base}/dumps/{}", manifest.register);
    out["adres"] = format!("{place}/{}", manifest.file_name()).into();
    if let Some(files) = out.get_mut("bestanden").and_then(Json::as_array_mut) {
        for (file, known) in files.iter_mut().zip(&manifest.files) {
            file["adres"] = format!("{place}/{}", known.name).into();
        }
    }
    out
}

fn shown(base: &str, manifest: &Manifest) -> DumpShown {
    let place = format!("{}/dumps/{}", path_prefix(base), manifest.register);
    let file = |file: &DumpFile| DumpFileShown {
        name: file.name.clone(),
        path: format!("{place}/{}", file.name),
        media_type: file.media_type.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    };
    DumpShown {
        commit: manifest.commit,
        moment: manifest.moment.clone(),
        items: manifest.items,
        statements: manifest.statements,
        left_out: manifest.left_out.count,
        manifest: format!("{place}/{}", manifest.file_name()),
        files: manifest.files.iter().map(file).collect(),
    }
}
