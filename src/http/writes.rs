//! The way of a write from a request to a commit: who, one draft, the shapes, and what the client is told.

use super::body::Params;
use super::error::ApiError;
use super::prefer::{Preferences, applied};
use super::reply::{JSON, content_type, joined, set_commit};
use super::state::{AppState, blocking};
use crate::access::authorise_write;
use crate::rdf::format::negotiate;
use crate::rdf::label::Text;
use crate::registry::{
    Aside, CommitError, CommitRequest, Findings, Outcome, Registry, Rejection, Writer,
};
use crate::shapes::{Report, ResultRow, SeverityCounts};
use crate::store::{CommitMeta, Draft, Source};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use oxrdf::Term;
use serde_json::{Map, Value as Json, json};

/// Results listed in a refusal.
const LISTED_RESULTS: usize = 20;

/// What is changed, for the log and the answer.
pub(super) struct Change {
    /// Kind of activity: last but one segment of its IRI.
    pub(super) activity: &'static str,
    /// Where the statements come from.
    pub(super) sources: Vec<Source>,
    /// Where what is created can be read, for an answer 201.
    pub(super) location: Option<HeaderValue>,
    /// Whether the answer tells only what would happen.
    pub(super) dry_run: bool,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// Whether it made something that was not there; the answer then is 201.
    pub(super) created: bool,
}

/// Whether only what would happen is asked for: `dryRun=true`.
pub(super) fn dry_run(params: &Params) -> Result<bool, ApiError> {
    match params.one("dryRun")? {
        None | Some("false") => Ok(false),
        Some("" | "true") => Ok(true),
        Some(other) => Err(ApiError::bad_request(
            "bad-parameter",
            format!("De parameter \"dryRun\" is \"{other}\": schrijf true of false."),
            format!("The parameter \"dryRun\" is \"{other}\": write true or false."),
        )
        .with("parameter", "dryRun")),
    }
}

/// Refuses a write by anybody but the administrator. Called before the body is read.
pub(super) fn authorise(state: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    if let Some(follow) = &state.config.follow {
        return Err(ApiError::follows(follow.primary()));
    }
    let presented = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    authorise_write(state.token.as_ref(), presented)?;
    Ok(())
}

/// Makes one commit and tells about it; or tells why not.
pub(super) async fn commit(
    state: &AppState,
    headers: &HeaderMap,
    change: Change,
    fill: impl FnOnce(&mut Draft<'_>) -> Result<Done, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let permit = state.write_turn().await?;
    let accept = joined(headers, header::ACCEPT);
    let is_minimal = Preferences::of(headers).is_minimal;
    let state = state.clone();
    blocking(move || {
        let _permit = permit;
        let registry = &state.registry;
        let request = CommitRequest {
            meta: CommitMeta {
                agent: registry.agent_iri("beheerder"),
                activity: registry.activity_iri(change.activity),
                source: change.sources,
                message: None,
            },
            mode: None,
            dry_run: change.dry_run,
            writer: Writer::Anyone,
        };
        match registry.commit(request, fill) {
            Ok(outcome) => {
                let body = Json::Object(summary(registry, &outcome, change.dry_run));
                let created = outcome.value.created && outcome.changed && !change.dry_run;
                let status = if created {
                    StatusCode::CREATED
                } else {
                    StatusCode::OK
                };
                let mut response = if is_minimal && !change.dry_run {
                    let status = if created {
                        status
                    } else {
                        StatusCode::NO_CONTENT
                    };
                    let mut response = (status, Body::empty()).into_response();
                    applied(response.headers_mut(), "return=minimal");
                    response
                } else {
                    let mut response = (status, Body::from(format!("{body:#}\n"))).into_response();
                    response
                        .headers_mut()
                        .insert(header::CONTENT_TYPE, content_type(JSON));
                    response
                };
                let out = response.headers_mut();
                out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
                set_commit(out, Some(outcome.commit.seq));
                if let Some(location) = change.location.filter(|_| created) {
                    out.insert(header::LOCATION, location);
                }
                Ok(response)
            }
            Err(CommitError::Change(error)) => Err(error),
            Err(CommitError::Store(error)) => Err(error.into()),
            Err(CommitError::Reserved(reserved)) => Err(ApiError::reserved(&reserved)),
            Err(CommitError::Rejected(rejection)) => refuse(&rejection, &accept),
        }
    })
    .await
}

/// What a change did, as every write answers.
pub(super) fn summary<T>(
    registry: &Registry,
    outcome: &Outcome<T>,
    dry_run: bool,
) -> Map<String, Json> {
    let listed = outcome
        .judged
        .as_ref()
        .filter(|_| !outcome.findings.rows.is_empty());
    let rows = outcome.findings.rows.iter().take(LISTED_RESULTS);
    let results: Vec<Json> = match listed.map(|state| registry.report_after(state).report) {
        Some(report) => rows.map(|row| result_json(&report, row)).collect(),
        None => Vec::new(),
    };
    let members = [
        ("commit", json!(outcome.commit.seq)),
        ("proef", json!(dry_run)),
        ("gewijzigd", json!(outcome.changed)),
        ("toegevoegd", json!(outcome.commit.added)),
        ("verwijderd", json!(outcome.commit.removed)),
        ("activiteit", json!(outcome.commit.activity)),
        ("bevindingen", findings_json(&outcome.findings)),
        ("resultaten", json!(results)),
        ("quarantaine", aside_json(&outcome.aside)),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// 422: the first results as a problem, or the whole report for whoever asks for Turtle.
fn refuse(rejection: &Rejection, accept: &str) -> Result<Response, ApiError> {
    let Some(out) = whole_report(rejection, accept)? else {
        return Err(refusal(rejection, |_, _| {}));
    };
    let mut response = (StatusCode::UNPROCESSABLE_ENTITY, Body::from(out)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type("text/turtle"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The whole report in Turtle, for whoever asks for that.
pub(super) fn whole_report(
    rejection: &Rejection,
    accept: &str,
) -> Result<Option<Vec<u8>>, ApiError> {
    let offers = ["application/problem+json", JSON, "text/html", "text/turtle"];
    if negotiate(accept, &offers) != Some("text/turtle") {
        return Ok(None);
    }
    let mut out = Vec::new();
    rejection
        .report
        .render_turtle(&mut out)
        .map_err(ApiError::internal)?;
    Ok(Some(out))
}

/// The first results as a problem. `tell` may add to what is said of each.
pub(super) fn refusal(rejection: &Rejection, tell: impl Fn(&ResultRow, &mut Json)) -> ApiError {
    let count = rejection.findings.new.total();
    let results: Vec<Json> = rejection
        .findings
        .rows
        .iter()
        .take(LISTED_RESULTS)
        .map(|row| {
            let mut result = result_json(&rejection.report, row);
            tell(row, &mut result);
            result
        })
        .collect();
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "shapes-violated",
        Text::new("De wijziging voldoet niet aan de vormen", "The change does not conform to the shapes"),
        Text::new(
            format!("De wijziging is geweigerd; er is niets bewaard. Nieuwe bevindingen: {count}, waaronder overtredingen."),
            format!("The change was refused; nothing was stored. New results: {count}, violations among them."),
        ),
    )
    .with("aantal", count)
    .with("bevindingen", findings_json(&rejection.findings))
    .with("fouten", results)
}

/// Members that wait because of a change, and how many went in after it.
fn aside_json(aside: &Aside) -> Json {
    json!({
        "wachten": aside.waiting,
        "leden": aside.members,
        "behouden": aside.restored,
        "vrijgekomen": aside.released,
    })
}

/// New, solved and remaining results by severity.
fn findings_json(findings: &Findings) -> Json {
    let counts = |counts: &SeverityCounts| {
        json!({
            "fout": counts.errors(),
            "waarschuwing": counts.warning,
            "melding": counts.informative(),
        })
    };
    json!({
        "nieuw": counts(&findings.new),
        "opgelost": counts(&findings.solved),
        "resterend": counts(&findings.remaining),
    })
}

/// A validation result as an application developer reads it.
pub(super) fn result_json(report: &Report, row: &ResultRow) -> Json {
    use crate::rdf::label::Language;
    let shape = match report.shape_term(row.shape) {
        Term::NamedNode(node) => node.as_str().to_owned(),
        _ => report.shape_label(row.shape),
    };
    json!({
        "code": row.component.code(),
        "ernst": row.severity.iri(),
        "focus": plain(&report.term(row.focus)),
        "pad": report.path_text(row),
        "waarde": row.value.map(|value| plain(&report.term(value))),
        "boodschap": {
            "nl": report.message(row, Language::Nl),
            "en": report.message(row, Language::En),
        },
        "tip": {
            "nl": report.hint(row, Language::Nl),
            "en": report.hint(row, Language::En),
        },
        "vorm": shape,
        "regel": row.component.name(),
    })
}

/// An IRI or text without the signs of a syntax.
pub(super) fn plain(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::BlankNode(node) => node.to_string(),
        Term::Literal(literal) => literal.value().to_owned(),
        Term::Triple(_) => crate::rdf::text::term_text(term.as_ref()),
    }
}
