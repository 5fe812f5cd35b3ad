//! Validation on request: a file that is checked and not stored, and the report of what is stored.

use super::body::{Params, read_body, upload_of, whole};
use super::checking::{
    Rules, Watch, X_CONFORMS, check, conforms, content_type, details_in, origin_in, profile_of,
    profiles_in, report_format,
};
use super::error::ApiError;
use super::moment;
use super::reply::{
    Document, REVALIDATE, etag_of_state, is_fresh, language_by, set_commit, set_validators,
};
use super::state::{AppState, blocking};
use super::stream::{Delivery, reads_trailers, stream_from};
use crate::query::Cancel;
use crate::rdf::label::Language;
use crate::registry::StoredReport;
use crate::shapes::{Rendering, ReportFormat, ResultRow};
use crate::views::html::{ReportPage, ReportPart, Site, render_report, render_validate_form};
use crate::views::profiles;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `GET /validate`: the form.
pub(super) async fn form(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let language = language_by("taal", &headers, &params)?;
    blocking(move || {
        let view = state.registry.snapshot().view();
        let known = profiles::profiles(&state.registry, &view);
        let chosen = match profiles_in(&params).first() {
            Some(name) => Some(profile_of(&known, name)?),
            None => None,
        };
        let site = Site {
            language,
            ..state.site(&view, None)
        };
        let page = render_validate_form(&site, &known, chosen);
        Ok(Document::html(page).respond(&headers))
    })
    .await
}

/// `POST /validate`: checks a file against the stored shapes, with the stored registry as background.
pub(super) async fn validate(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    let (format, media_type) = report_format(&headers, &params)?;
    let language = language_by("taal", &headers, &params)?;
    let has_details = details_in(&params)?;
    let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
    let mut upload = upload_of(&headers, bytes)?;
    if let Some(name) = params.one("naam")?
        && upload.name.is_empty()
    {
        name.clone_into(&mut upload.name);
    }
    let rules = Rules {
        profiles: profiles_in(&params),
        own: Vec::new(),
    };
    let turn = state.long_turn().await?;
    let watch = Watch::start(state.config.max_query_timeout);
    let stop = watch.flag();
    let (app, sent, asked) = (state.clone(), upload.clone(), rules.clone());
    let stored = turn
        .clone()
        .work(move || check(&app, &sent, &asked, &stop))
        .await?;
    let seq = state.registry.snapshot().seq();
    let verdict = conforms(&stored.report);
    let (delivery, stop) = delivery(&state, &headers);
    let body = stream_from(delivery, turn, move |out| {
        let name = source_name(&upload.name, &rules, language);
        let stored = with_details(stored, format, has_details, &stop);
        let report = &*stored.report;
        if format == ReportFormat::Html {
            let site = Site {
                language,
                ..state.site(&stored.view, None)
            };
            let page = ReportPage {
                report,
                source: &name,
                address: None,
                part: ReportPart::Rules,
                number: 1,
                has_details,
            };
            let html = render_report(&site, &page).unwrap_or_default();
            return out.write_all(html.as_bytes()).map_err(ApiError::internal);
        }
        let has_lines = matches!(format, ReportFormat::Sarif | ReportFormat::Ndjson);
        let rendering = Rendering {
            language,
            origin_of: &origin_in(&state, &stored, &upload, has_lines),
        };
        report
            .render(format, &rendering, out)
            .map_err(ApiError::internal)
    });
    let mut response = body.await?.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(media_type));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Language"),
    );
    out.insert(X_CONFORMS, verdict);
    set_commit(out, Some(seq));
    Ok(response)
}

/// What a request wants to see of the stored report.
struct Wanted {
    part: ReportPart,
    number: usize,
    has_details: bool,
}

impl Wanted {
    fn of(params: &Params) -> Result<Self, ApiError> {
        let part = match (params.one("groep")?, params.one("weergave")?) {
            (Some(key), _) if !key.is_empty() => ReportPart::Rule(key.to_owned()),
            (_, Some("objecten")) => ReportPart::Objects,
            (_, None | Some("" | "regels")) => ReportPart::Rules,
            (_, Some(other)) => {
                return Err(ApiError::bad_request(
                    "bad-parameter",
                    format!("De parameter weergave is regels of objecten, niet \"{other}\"."),
                    format!("The parameter weergave is regels or objecten, not \"{other}\"."),
                )
                .with("parameter", "weergave"));
            }
        };
        let number = match params.one("pagina")? {
            None | Some("") => 1,
            Some(text) => whole(text)
                .filter(|number| *number > 0)
                .map(|number| usize::try_from(number).unwrap_or(usize::MAX))
                .ok_or_else(|| {
                    ApiError::bad_request(
                        "bad-parameter",
                        format!("De parameter pagina is een getal vanaf 1, niet \"{text}\"."),
                        format!("The parameter pagina is a number from 1 up, not \"{text}\"."),
                    )
                    .with("parameter", "pagina")
                })?,
        };
        Ok(Self {
            part,
            number,
            has_details: details_in(params)?,
        })
    }

    fn missing(&self) -> ApiError {
        ApiError::not_found(
            "Dit rapport heeft die regel of bladzijde niet (meer).",
            "This report has no such rule or page (any more).",
        )
    }
}

/// `GET /rapport`: the report of the stored registry, or the part that `groep`, `weergave` and `pagina` name.
pub(super) async fn report(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    let (format, media_type) = report_format(&headers, &params)?;
    let language = language_by("taal", &headers, &params)?;
    let wanted = Wanted::of(&params)?;
    let snapshot = state.registry.snapshot();
    let seq = snapshot.seq();
    let query = query.unwrap_or_default();
    let etag = etag_of_state(
        &state,
        &snapshot,
        &[media_type, language.tag(), query.as_str()],
    );
    if is_fresh(&headers, &etag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        set_validators(response.headers_mut(), &etag, REVALIDATE);
        set_commit(response.headers_mut(), Some(seq));
        return Ok(response);
    }
    let turn = state.long_turn().await?;
    let app = state.clone();
    let made = turn.clone();
    let stored = made
        .work(move || Ok(app.registry.report_of(&snapshot)))
        .await?;
    let verdict = conforms(&stored.report);
    let (delivery, stop) = delivery(&state, &headers);
    let body = stream_from(delivery, turn, move |out| {
        let stored = with_details(stored, format, wanted.has_details, &stop);
        write_stored(&state, &stored, format, language, &wanted, out)
    });
    let mut response = body.await?.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(media_type));
    set_validators(out, &etag, REVALIDATE);
    out.insert(X_CONFORMS, verdict);
    set_commit(out, Some(seq));
    Ok(response)
}

fn write_stored(
    state: &AppState,
    stored: &StoredReport,
    format: ReportFormat,
    language: Language,
    wanted: &Wanted,
    out: &mut dyn Write,
) -> Result<(), ApiError> {
    let report = &*stored.report;
    if format == ReportFormat::Html {
        let site = Site {
            language,
            ..state.site(&stored.view, None)
        };
        let seq = stored.view.snapshot().seq();
        let mut source = match language {
            Language::Nl => format!("het hele register, na commit {seq}"),
            Language::En => format!("the whole registry, after commit {seq}"),
        };
        let waiting = state.registry.waiting_count(stored.view.snapshot());
        if waiting > 0 {
            source.push_str(&match language {
                Language::Nl => format!("; {waiting} wachten in quarantaine"),
                Language::En => format!("; {waiting} wait in quarantine"),
            });
        }
        let page = ReportPage {
            report,
            source: &source,
            address: Some(site.path("/rapport")),
            part: wanted.part.clone(),
            number: wanted.number,
            has_details: wanted.has_details,
        };
        let html = render_report(&site, &page).ok_or_else(|| wanted.missing())?;
        return out.write_all(html.as_bytes()).map_err(ApiError::internal);
    }
    let rendering = Rendering {
        language,
        origin_of: &|focus| report.graph_origin(focus),
    };
    let written = match &wanted.part {
        ReportPart::Rule(key) => {
            let group = report.group_by_key(key).ok_or_else(|| wanted.missing())?;
            let rows: &[ResultRow] = report.rows_of(group);
            match format {
                ReportFormat::Csv => report.render_csv_rows(rows, &rendering, out),
                ReportFormat::Ndjson => report.render_ndjson_rows(rows, &rendering, out),
                _ => {
                    return Err(ApiError::bad_request(
                        "unknown-format",
                        "Eén regel van een rapport is er als HTML, CSV of NDJSON.",
                        "One rule of a report can be had as HTML, CSV or NDJSON.",
                    ));
                }
            }
        }
        ReportPart::Rules | ReportPart::Objects => report.render(format, &rendering, out),
    };
    written.map_err(ApiError::internal)
}

/// A report with the details that a request wants; a page looks for those it shows itself.
fn with_details(
    stored: StoredReport,
    format: ReportFormat,
    has_details: bool,
    stop: &Arc<AtomicBool>,
) -> StoredReport {
    if !has_details || format == ReportFormat::Html {
        return stored;
    }
    StoredReport {
        report: Arc::new(stored.report.with_details(format, Some(stop))),
        ..stored
    }
}

/// How the answer is sent, and the flag that is raised when nobody reads it any more.
fn delivery(state: &AppState, headers: &HeaderMap) -> (Delivery, Arc<AtomicBool>) {
    let stop = Arc::new(AtomicBool::new(false));
    let delivery = Delivery {
        cancel: Cancel::sharing(Arc::clone(&stop)),
        stall_timeout: state.config.stall_timeout,
        limit: None,
        trailers: reads_trailers(headers),
    };
    (delivery, stop)
}

/// What was checked against what, in words.
fn source_name(file: &str, rules: &Rules, language: Language) -> String {
    let file = match (file.is_empty(), language) {
        (false, _) => file.to_owned(),
        (true, Language::Nl) => "het ingestuurde bestand".to_owned(),
        (true, Language::En) => "the file sent".to_owned(),
    };
    let list = rules.profiles.join(", ");
    match (list.is_empty(), language) {
        (true, _) => file,
        (false, Language::Nl) => format!("{file}, met profiel {list}"),
        (false, Language::En) => format!("{file}, with profile {list}"),
    }
}
