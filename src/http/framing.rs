//! Documents in the shape of a frame: one that has a name (`?frame=`), or one that is sent
//! (`POST /doc/{type}/{id}`, `POST /doc?uri=`). What frames mean, `views::framing` knows.

use super::body::{Params, media_type, read_body, require_utf8};
use super::documents::{candidates, embed_rules, unknown};
use super::error::ApiError;
use super::forms::FRAMED;
use super::gone::{Route, or_gone};
use super::moment::Moment;
use super::reply::{Document, JSON, JSON_LD, choose};
use super::state::{AppState, blocking};
use crate::rdf::label::Text;
use crate::registry::Register;
use crate::registry::assets::REGISTERS;
use crate::store::{Id, View};
use crate::views::framing::{Frame, FrameError};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value as Json;

/// Bytes of a frame that is sent.
const MAX_FRAME_BYTES: usize = 64 << 10;
/// Folder of the frames with names.
const FOLDER: &str = "frames";

/// The names of the frames that ship, sorted.
fn names() -> Vec<&'static str> {
    let files = REGISTERS
        .get_dir(FOLDER)
        .into_iter()
        .flat_map(|f| f.files());
    let mut names: Vec<&str> = files
        .filter_map(|file| file.path().file_name()?.to_str()?.strip_suffix(".jsonld"))
        .collect();
    names.sort_unstable();
    names
}

/// A frame by its name.
pub(super) fn by_name(state: &AppState, name: &str) -> Result<Frame, ApiError> {
    let file = REGISTERS.get_file(format!("{FOLDER}/{name}.jsonld"));
    let json = file.and_then(|file| serde_json::from_slice(file.contents()).ok());
    let Some(json) = json else {
        let known = names().join(", ");
        return Err(ApiError::bad_request(
            "frame",
            format!("Er is geen frame \"{name}\"; wel: {known}. Een eigen frame gaat met POST."),
            format!(
                "There is no frame \"{name}\"; there are: {known}. Send one of your own with POST."
            ),
        )
        .with("parameter", "frame"));
    };
    read(state, &json)
}

/// Reads a frame; of contexts those are known that are served here.
fn read(state: &AppState, json: &Json) -> Result<Frame, ApiError> {
    let base = state.registry.base();
    let load = |address: &str| {
        let address = match address.strip_prefix('/') {
            Some(path) => format!("{base}/{path}"),
            None => address.to_owned(),
        };
        serde_json::from_slice(state.context_store.get(&address)?).ok()
    };
    Ok(Frame::parse(json, &load)?)
}

/// The text of a resource in the shape of a frame.
pub(super) fn framed(
    state: &AppState,
    view: &View,
    register: Option<&Register>,
    subject: Id,
    frame: &Frame,
) -> Result<Vec<u8>, ApiError> {
    let mut json = frame.lay_on(view, subject, &embed_rules(register))?;
    // A context that was named by its path is named in full: a document goes places.
    if let Some(Json::String(context)) = json.get_mut("@context")
        && context.starts_with('/')
    {
        *context = format!("{}{context}", state.registry.base());
    }
    Ok(format!("{json:#}\n").into_bytes())
}

/// `POST /doc/{type}/{id}` with a frame.
pub(super) async fn document(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let iris = candidates(&state, &kind, &id);
    let what = format!("{kind}/{id}");
    answer(state, moment, headers, body, iris, what).await
}

/// `POST /doc?uri=` with a frame.
pub(super) async fn foreign(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let uri = params.one("uri")?.filter(|uri| !uri.is_empty());
    let uri = uri.ok_or_else(super::documents::no_uri)?.to_owned();
    answer(state, moment, headers, body, vec![uri.clone()], uri).await
}

async fn answer(
    state: AppState,
    moment: Moment,
    headers: HeaderMap,
    body: Body,
    iris: Vec<String>,
    what: String,
) -> Result<Response, ApiError> {
    choose(&headers, None, &[JSON_LD, JSON])?;
    let kind = media_type(&headers);
    if kind != JSON_LD && kind != JSON {
        return Err(ApiError::unsupported_media_type(&kind, &[JSON_LD, JSON]));
    }
    require_utf8(&headers)?;
    let body = read_body(&headers, body, MAX_FRAME_BYTES).await?;
    let json: Json = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request("frame", "Het frame is geen JSON.", "The frame is not JSON.")
            .with("regel", error.line())
            .with("kolom", error.column())
    })?;
    let frame = read(&state, &json)?;
    let shown = moment.state(&state).await?;
    let view = shown.view();
    let found = iris.iter().find_map(|iri| {
        let subject = view.id_of_iri(iri)?;
        view.star(subject).next()?;
        Some((iri.clone(), subject))
    });
    let Some((iri, subject)) = found else {
        let error = unknown(&what);
        return Err(or_gone(&state, &shown, iris, Route::Doc, error).await);
    };
    blocking(move || {
        let register = state.registry.register_of_iri(&iri);
        let body = framed(&state, &view, register, subject, &frame)?;
        Ok(Document::new(FRAMED, body)
            .at(&shown)
            .cached("no-store")
            .link(&iri, "describes", None)
            .respond(&HeaderMap::new()))
    })
    .await
}

impl From<FrameError> for ApiError {
    fn from(error: FrameError) -> Self {
        let (nl, en) = match &error {
            FrameError::NotAFrame(what) => (
                format!("Het frame klopt niet bij \"{what}\"."),
                format!("The frame is not right at \"{what}\"."),
            ),
            FrameError::Context(what) => (
                format!(
                    "De context van het frame gebruikt \"{what}\", wat hier niet gelezen wordt; contexten van deze server gaan wel, en termen met @id, @type, @language en @container @set of @list."
                ),
                format!(
                    "The context of the frame uses \"{what}\", which is not read here; contexts of this server are, and terms with @id, @type, @language and @container @set or @list."
                ),
            ),
            FrameError::Unsupported(what) => (
                format!("Het frame gebruikt {what}, wat hier niet gelezen wordt."),
                format!("The frame uses {what}, which is not read here."),
            ),
            FrameError::TooDeep(most) => (
                format!("Het frame is dieper dan {most} niveaus."),
                format!("The frame has more than {most} levels."),
            ),
            FrameError::TooLarge(what) => {
                return Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "document-too-large",
                    Text::new("Te groot voor één document", "Too large for one document"),
                    Text::new(
                        format!(
                            "Het frame of wat het vraagt, is te groot ({what}); vraag minder niveaus, of met SPARQL (CONSTRUCT)."
                        ),
                        format!(
                            "The frame, or what it asks for, is too large ({what}); ask for fewer levels, or with SPARQL (CONSTRUCT)."
                        ),
                    ),
                );
            }
        };
        Self::bad_request("frame", nl, en)
    }
}
