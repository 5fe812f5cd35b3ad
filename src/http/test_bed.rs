//! The REST contract of the European Commission's Interoperability Test Bed for SHACL validators, which the validator of
//! OSLO speaks too: its fields, its addresses, its answers, over the profiles of this registry.
//!
//! What differs: nothing is fetched (`embeddingMethod` URL, SPARQL endpoints and `loadImports` bring nothing in), a report
//! is not rewritten by a query, and mistakes are told as `application/problem+json` with the status they have, with the Test
//! Bed's `message` among the members.

pub(super) mod base64;
mod gitb;

use super::body::{Upload, media_type, read_body};
use super::checking::{Rules, Watch, X_CONFORMS, check, conforms, content_type, profile_of};
use super::error::ApiError;
use super::reply::{Document, JSON, JSON_LD, joined, language_of, set_commit};
use super::state::{AppState, blocking};
use crate::rdf::format::negotiate;
use crate::rdf::label::Language;
use crate::shapes::{Rendering, Report, ReportFormat};
use crate::views::profiles::{self, Profile};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use gitb::Gitb;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// The domain that holds all profiles, as OSLO's validator calls it.
const DOMAIN: &str = "applicatieprofielen";
/// Most inputs of one request, and shapes of one input.
const MAX_INPUTS: usize = 100;
/// What the GITB report in XML is sent as.
const XML: &str = "application/xml";
/// What it may be asked as too.
const TEXT_XML: &str = "text/xml";
/// The syntax of a report when nobody asks for one.
const DEFAULT_SYNTAX: &str = "application/rdf+xml";

/// One content to validate. Unknown fields are passed over, as the Test Bed does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input {
    content_to_validate: Option<String>,
    content_syntax: Option<String>,
    embedding_method: Option<String>,
    validation_type: Option<String>,
    report_syntax: Option<String>,
    external_rules: Option<Vec<RuleSet>>,
    locale: Option<String>,
    report_query: Option<String>,
    content_query: Option<String>,
    content_query_endpoint: Option<String>,
}

/// Shapes that come with a content.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RuleSet {
    rule_set: Option<String>,
    embedding_method: Option<String>,
    rule_syntax: Option<String>,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    /// The report of the GITB in JSON.
    GitbJson,
    /// The report of the GITB in XML.
    GitbXml,
    /// One of ours.
    Report(ReportFormat),
}

impl Syntax {
    fn media_type(self) -> &'static str {
        match self {
            Self::GitbJson => JSON,
            Self::GitbXml => XML,
            Self::Report(format) => format.media_type(),
        }
    }
}

/// An input understood.
struct Task {
    upload: Upload,
    rules: Rules,
    syntax: Syntax,
    language: Language,
}

/// `GET /api/info` and `GET /shacl/{domain}/api/info`: every domain, or one, with its validation types.
pub(super) async fn info(
    State(state): State<AppState>,
    domain: Option<Path<String>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let language = language_of(&headers);
    blocking(move || {
        let snapshot = state.registry.snapshot();
        let known = profiles::profiles(&state.registry, &snapshot.view());
        let types = |profiles: &[&Profile]| -> Vec<Json> {
            profiles
                .iter()
                .map(|profile| {
                    json!({ "type": profile.name, "description": profile.title.get(language) })
                })
                .collect()
        };
        let body = match domain_in(&domain) {
            Some(domain) if domain != DOMAIN => {
                let profile = domain_of(&known, domain)?;
                json!({ "domain": domain, "validationTypes": types(&[profile]) })
            }
            domain => {
                let all: Vec<&Profile> = known.iter().collect();
                let all = json!({ "domain": DOMAIN, "validationTypes": types(&all) });
                if domain.is_some() { all } else { json!([all]) }
            }
        };
        let mut response = Document::new(JSON, format!("{body:#}\n")).respond(&headers);
        set_commit(response.headers_mut(), Some(snapshot.seq()));
        Ok(response)
    })
    .await
}

/// `POST /api/validate`: one content, against the profile it names or all of them; `POST /api/{profile}/validate` and
/// `POST /shacl/{domain}/api/validate`: against the profiles of the domain.
pub(super) async fn validate(
    State(state): State<AppState>,
    domain: Option<Path<String>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    validate_in(state, headers, body, domain_in(&domain))
        .await
        .map_err(with_message)
}

/// `POST /api/validateMultiple` and `POST /shacl/{domain}/api/validateMultiple`: several contents, each with a report of
/// its own.
pub(super) async fn validate_multiple(
    State(state): State<AppState>,
    domain: Option<Path<String>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    validate_all_in(state, headers, body, domain_in(&domain))
        .await
        .map_err(with_message)
}

/// The domain that an address names.
fn domain_in(domain: &Option<Path<String>>) -> Option<&str> {
    domain.as_ref().map(|Path(name)| name.as_str())
}

/// Clients of the Test Bed read `message`.
fn with_message(error: ApiError) -> ApiError {
    let message = error.detail.en.clone();
    error.with("message", message)
}

async fn validate_in(
    state: AppState,
    headers: HeaderMap,
    body: Body,
    domain: Option<&str>,
) -> Result<Response, ApiError> {
    let bytes = read_json(&state, &headers, body).await?;
    let input: Input = parse(&bytes)?;
    let limit = state.config.max_query_timeout;
    let turn = state.long_turn().await?;
    let watch = Watch::start(limit);
    let stop = watch.flag();
    let task = task_of(&state, &headers, input, domain)?;
    let seq = state.registry.snapshot().seq();
    turn.work(move || {
        let stored = check(&state, &task.upload, &task.rules, &stop)?;
        let mut out = Vec::new();
        write(&stored.report, &task, &mut out)?;
        let mut response = Body::from(out).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type(task.syntax.media_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language"),
        );
        headers.insert(X_CONFORMS, conforms(&stored.report));
        set_commit(headers, Some(seq));
        Ok(response)
    })
    .await
}

async fn validate_all_in(
    state: AppState,
    headers: HeaderMap,
    body: Body,
    domain: Option<&str>,
) -> Result<Response, ApiError> {
    let bytes = read_json(&state, &headers, body).await?;
    let inputs: Vec<Input> = parse(&bytes)?;
    if inputs.len() > MAX_INPUTS {
        return Err(too_many());
    }
    let turn = state.long_turn().await?;
    let watch = Watch::start(state.config.max_query_timeout);
    let stop = watch.flag();
    let tasks = inputs
        .into_iter()
        .map(|input| task_of(&state, &headers, input, domain))
        .collect::<Result<Vec<Task>, ApiError>>()?;
    let seq = state.registry.snapshot().seq();
    turn.work(move || {
        let mut outputs = Vec::with_capacity(tasks.len());
        for task in &tasks {
            let stored = check(&state, &task.upload, &task.rules, &stop)?;
            let mut out = Vec::new();
            write(&stored.report, task, &mut out)?;
            outputs.push(json!({
                "report": base64::encode(&out),
                "reportSyntax": task.syntax.media_type(),
            }));
        }
        let mut response = Body::from(format!("{}\n", Json::Array(outputs))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language"),
        );
        set_commit(headers, Some(seq));
        Ok(response)
    })
    .await
}

async fn read_json(state: &AppState, headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let kind = media_type(headers);
    if kind != JSON && kind != JSON_LD {
        return Err(ApiError::unsupported_media_type(&kind, &[JSON, JSON_LD]));
    }
    read_body(headers, body, state.config.max_body_bytes).await
}

fn parse<T: for<'a> Deserialize<'a>>(bytes: &Bytes) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        ApiError::bad_request(
            "malformed",
            format!("Het verzoek is niet de JSON die dit adres verwacht: {error}"),
            format!("The request is not the JSON that this address expects: {error}"),
        )
    })
}

/// The profile that an address names as its domain.
fn domain_of<'p>(known: &'p [Profile], domain: &str) -> Result<&'p Profile, ApiError> {
    profiles::find(known, domain).ok_or_else(|| {
        ApiError::not_found(
            format!("Er is geen domein of profiel \"{domain}\"."),
            format!("There is no domain or profile \"{domain}\"."),
        )
    })
}

fn task_of(
    state: &AppState,
    headers: &HeaderMap,
    input: Input,
    domain: Option<&str>,
) -> Result<Task, ApiError> {
    let refused = [
        ("contentQuery", &input.content_query),
        ("contentQueryEndpoint", &input.content_query_endpoint),
        ("reportQuery", &input.report_query),
    ];
    if let Some((field, _)) = refused
        .iter()
        .find(|(_, value)| value.as_ref().is_some_and(|text| !text.trim().is_empty()))
    {
        return Err(ApiError::bad_request(
            "field-not-supported",
            format!("Het veld {field} wordt hier niet ondersteund: deze server haalt niets op en herschrijft geen rapporten."),
            format!("The field {field} is not supported here: this server fetches nothing and rewrites no reports."),
        )
        .with("veld", *field));
    }
    let known = profiles::profiles(&state.registry, &state.registry.snapshot().view());
    let mut rules = Rules::default();
    let asked = input.validation_type.as_deref().map(str::trim);
    let asked = asked.filter(|name| !name.is_empty() && *name != profiles::ALL);
    match domain.filter(|domain| *domain != DOMAIN) {
        Some(domain) => {
            let profile = domain_of(&known, domain)?;
            if let Some(name) = asked
                && profile_of(&known, name)?.name != profile.name
            {
                return Err(ApiError::bad_request(
                    "unknown-profile",
                    format!("Het domein \"{domain}\" kent het type \"{name}\" niet."),
                    format!("The domain \"{domain}\" does not know the type \"{name}\"."),
                ));
            }
            rules.profiles.push(profile.name.clone());
        }
        None => {
            if let Some(name) = asked {
                rules.profiles.push(profile_of(&known, name)?.name.clone());
            }
        }
    }
    let external = input.external_rules.unwrap_or_default();
    if external.len() > MAX_INPUTS {
        return Err(too_many());
    }
    for set in external {
        let content = content_of(set.rule_set, set.embedding_method.as_deref(), "ruleSet")?;
        rules.own.push(upload_with(content, set.rule_syntax));
    }
    let content = content_of(
        input.content_to_validate,
        input.embedding_method.as_deref(),
        "contentToValidate",
    )?;
    Ok(Task {
        upload: upload_with(content, input.content_syntax),
        rules,
        syntax: syntax_of(headers, input.report_syntax.as_deref())?,
        language: locale(input.locale.as_deref()).unwrap_or_else(|| language_of(headers)),
    })
}

fn too_many() -> ApiError {
    ApiError::bad_request(
        "limit",
        format!("Eén verzoek telt hoogstens {MAX_INPUTS} delen."),
        format!("One request has {MAX_INPUTS} parts at most."),
    )
}

fn upload_with(bytes: Bytes, syntax: Option<String>) -> Upload {
    let media_type = syntax
        .map(|syntax| syntax.trim().to_owned())
        .filter(|syntax| !syntax.is_empty())
        .or_else(|| Some(looks_like(&bytes).to_owned()));
    Upload {
        name: String::new(),
        media_type,
        bytes,
    }
}

/// The media type of a content that nobody names one for, by its first characters.
fn looks_like(bytes: &[u8]) -> &'static str {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut rest = text.trim_ascii_start();
    match rest.first() {
        Some(b'{') => JSON_LD,
        Some(b'[') => {
            // A list of objects; in Turtle a property or a bracket follows.
            rest = rest[1..].trim_ascii_start();
            if rest.starts_with(b"{") {
                JSON_LD
            } else {
                "text/turtle"
            }
        }
        Some(b'<') if rest.starts_with(b"<?xml") || rest.starts_with(b"<rdf:RDF") => DEFAULT_SYNTAX,
        _ => "text/turtle",
    }
}

/// The language of a locale such as `nl` or `nl_BE`.
fn locale(text: Option<&str>) -> Option<Language> {
    match text?.split(['_', '-']).next()? {
        tag if tag.eq_ignore_ascii_case("nl") => Some(Language::Nl),
        tag if tag.eq_ignore_ascii_case("en") => Some(Language::En),
        _ => None,
    }
}

/// The syntax a report is asked in, else the one `Accept` likes best.
fn syntax_of(headers: &HeaderMap, asked: Option<&str>) -> Result<Syntax, ApiError> {
    if let Some(asked) = asked.map(str::trim).filter(|asked| !asked.is_empty()) {
        let essence = asked.split(';').next().unwrap_or("").trim();
        if essence.eq_ignore_ascii_case(JSON) {
            return Ok(Syntax::GitbJson);
        }
        if [XML, TEXT_XML]
            .iter()
            .any(|xml| essence.eq_ignore_ascii_case(xml))
        {
            return Ok(Syntax::GitbXml);
        }
        // The names of files, such as `xml`, are not media types.
        let format = Some(essence)
            .filter(|essence| essence.contains('/'))
            .and_then(ReportFormat::from_name);
        return format.map(Syntax::Report).ok_or_else(|| {
            ApiError::bad_request(
                "unknown-format",
                format!("Rapporten zijn er hier niet als \"{asked}\"."),
                format!("There are no reports as \"{asked}\" here."),
            )
        });
    }
    let accept = joined(headers, header::ACCEPT);
    let offers = [
        DEFAULT_SYNTAX,
        "text/turtle",
        JSON_LD,
        "application/n-triples",
        JSON,
        XML,
        TEXT_XML,
        "text/csv",
        "application/sarif+json",
    ];
    match negotiate(&accept, &offers) {
        Some(JSON) => Ok(Syntax::GitbJson),
        Some(XML | TEXT_XML) => Ok(Syntax::GitbXml),
        Some(offer) => Ok(ReportFormat::from_name(offer).map_or(Syntax::GitbJson, Syntax::Report)),
        None => Err(ApiError::not_acceptable(&offers)),
    }
}

/// The bytes a field holds, by its embedding method; without one by what it looks like.
fn content_of(
    text: Option<String>,
    method: Option<&str>,
    field: &'static str,
) -> Result<Bytes, ApiError> {
    let Some(text) = text else {
        return Err(ApiError::bad_request(
            "embedded-content",
            format!("Het veld {field} ontbreekt."),
            format!("The field {field} is missing."),
        )
        .with("veld", field));
    };
    let looks_like_address = || text.starts_with("http://") || text.starts_with("https://");
    let is_one_line = || !text.trim().contains(char::is_whitespace);
    match method.map(str::trim).filter(|method| !method.is_empty()) {
        Some(method) if method.eq_ignore_ascii_case("STRING") => {}
        Some(method)
            if method.eq_ignore_ascii_case("BASE64") || method.eq_ignore_ascii_case("BASE_64") =>
        {
            let bytes = base64::decode(&text).ok_or_else(|| {
                ApiError::bad_request(
                    "embedded-content",
                    format!("Het veld {field} is geen base64."),
                    format!("The field {field} is not base64."),
                )
                .with("veld", field)
            })?;
            return Ok(bytes.into());
        }
        Some(method) if method.eq_ignore_ascii_case("URL") => return Err(no_fetching(field)),
        Some(method) => {
            return Err(ApiError::bad_request(
                "field-not-supported",
                format!("embeddingMethod is STRING of BASE64, niet \"{method}\"."),
                format!("embeddingMethod is STRING or BASE64, not \"{method}\"."),
            )
            .with("veld", "embeddingMethod"));
        }
        None if looks_like_address() && is_one_line() => return Err(no_fetching(field)),
        None => {
            // No RDF syntax is text of that alphabet alone, but for nothing at all.
            if let Some(bytes) = base64::decode(&text).filter(|bytes| !bytes.is_empty()) {
                return Ok(bytes.into());
            }
        }
    }
    Ok(text.into_bytes().into())
}

fn no_fetching(field: &'static str) -> ApiError {
    ApiError::bad_request(
        "fetch-refused",
        "Deze server haalt niets op van een adres: stuur de inhoud zelf, als STRING of BASE64.",
        "This server fetches nothing from an address: send the content itself, as STRING or BASE64.",
    )
    .with("veld", field)
}

fn write(report: &Report, task: &Task, out: &mut Vec<u8>) -> Result<(), ApiError> {
    match task.syntax {
        Syntax::GitbJson => {
            out.extend_from_slice(format!("{:#}\n", Gitb::of(report, task).json()).as_bytes());
            Ok(())
        }
        Syntax::GitbXml => {
            out.extend_from_slice(Gitb::of(report, task).xml().as_bytes());
            Ok(())
        }
        Syntax::Report(format) => {
            let rendering = Rendering {
                language: task.language,
                origin_of: &|_| None,
            };
            report
                .render(format, &rendering, out)
                .map_err(ApiError::internal)
        }
    }
}
