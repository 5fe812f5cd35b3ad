//! `/beheer/abonnementen`: who is told of changes, for the administrator alone: declared, listed, held back and removed by
//! JSON, looked at in a browser; and the figures of it in `/metrics`. Tells nobody anything itself.

use super::administrator::{ask, private, refusal, token_in_form};
use super::body::{media_type, read_body};
use super::error::ApiError;
use super::reply::{HTML, JSON, choose, language_of};
use super::state::{AppState, blocking};
use crate::access::authorise_write;
use crate::feeds::push::{
    DeadLetter, Failure, Invalid, NewSubscription, State as Standing, SubscriptionError,
    SubscriptionStatus,
};
use crate::rdf::label::{Language, Text};
use crate::views::html::{Site, SubscriptionLine, TokenPage, render_subscriptions};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Most bytes of a declaration.
const DECLARATION_BYTES: usize = 256 << 10;
/// Dead letters that are listed.
const LISTED: usize = 100;

/// What the administrator wants.
enum Wish {
    See,
    SeeOne(String),
    Pause(String),
    Resume(String),
}

/// `GET /beheer/abonnementen`.
pub(super) async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(state, headers, None, Wish::See).await
}

/// `POST /beheer/abonnementen`: a new subscription as JSON, or the list with the token in a form.
pub(super) async fn create(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if media_type(&headers) == "application/x-www-form-urlencoded" {
        let token = token_in_form(&headers, body).await?;
        return answer(state, headers, token, Wish::See).await;
    }
    admit(&state, &headers)?;
    if media_type(&headers) != JSON {
        return Err(ApiError::unsupported_media_type(
            &media_type(&headers),
            &[JSON],
        ));
    }
    let bytes = read_body(&headers, body, DECLARATION_BYTES).await?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|error| {
        bad(
            "",
            &Text::new(
                format!("de inhoud is geen JSON: {error}"),
                format!("the content is no JSON: {error}"),
            ),
        )
    })?;
    blocking(move || {
        let new = NewSubscription::of_json(json).map_err(|error| bad(error.field, &error.text))?;
        let made = state.subscriptions.add(&state.registry, new);
        let status = made.map_err(of_subscription)?;
        let name = &status.subscription.name;
        tracing::info!(subscription = %name, "The administrator added a subscription");
        let mut response = private(StatusCode::CREATED, JSON, text(&status_json(&status)));
        let address = format!("{}/beheer/abonnementen/{name}", state.registry.base());
        if let Ok(address) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(header::LOCATION, address);
        }
        Ok(response)
    })
    .await
}

/// `GET /beheer/abonnementen/{naam}`.
pub(super) async fn one(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(state, headers, None, Wish::SeeOne(name)).await
}

/// `DELETE /beheer/abonnementen/{naam}`.
pub(super) async fn remove(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    admit(&state, &headers)?;
    blocking(move || {
        state.subscriptions.remove(&name).map_err(of_subscription)?;
        tracing::info!(subscription = %name, "The administrator removed a subscription");
        let mut response = StatusCode::NO_CONTENT.into_response();
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        Ok(response)
    })
    .await
}

/// `POST /beheer/abonnementen/{naam}/hervat`, with the token in a form or in the header.
pub(super) async fn resume(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let token = token_in_form(&headers, body).await?;
    answer(state, headers, token, Wish::Resume(name)).await
}

/// `POST /beheer/abonnementen/{naam}/pauze`, with the token in a form or in the header.
pub(super) async fn pause(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let token = token_in_form(&headers, body).await?;
    answer(state, headers, token, Wish::Pause(name)).await
}

fn admit(state: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let presented = headers.get(header::AUTHORIZATION);
    let presented = presented.and_then(|value| value.to_str().ok());
    authorise_write(state.token.as_ref(), presented)
        .map(drop)
        .map_err(ApiError::only_for_administrator)
}

async fn answer(
    state: AppState,
    headers: HeaderMap,
    token: Option<String>,
    wish: Wish,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[JSON, HTML])?;
    let refusal = refusal(&state, &headers, token.as_deref(), chosen)?;
    blocking(move || {
        let view = state.registry.snapshot().view();
        let site = Site {
            language: language_of(&headers),
            ..state.site(&view, None)
        };
        if let Some(refusal) = refusal {
            return Ok(ask(&site, &TokenPage::SUBSCRIPTIONS, refusal));
        }
        let subscriptions = &state.subscriptions;
        let one = match wish {
            Wish::See => None,
            Wish::SeeOne(name) => Some(name),
            Wish::Pause(name) => {
                subscriptions.pause(&name).map_err(of_subscription)?;
                Some(name)
            }
            Wish::Resume(name) => {
                let resumed = subscriptions.resume(&state.registry, &name);
                resumed.map_err(of_subscription)?;
                Some(name)
            }
        };
        let newest = state.registry.snapshot().seq();
        if let Some(name) = &one {
            let status = subscriptions.one(name, newest);
            let status = status.ok_or_else(|| of_subscription(SubscriptionError::Unknown))?;
            if chosen == JSON {
                return Ok(private(StatusCode::OK, JSON, text(&status_json(&status))));
            }
        }
        let all = subscriptions.all(newest);
        if chosen == JSON {
            let all: Vec<Json> = all.iter().map(status_json).collect();
            let body = text(&json!({ "abonnementen": all }));
            return Ok(private(StatusCode::OK, JSON, body));
        }
        let lines: Vec<SubscriptionLine> = all.iter().map(|s| line(s, site.language)).collect();
        let page = render_subscriptions(&site, &lines, token.as_deref().unwrap_or_default());
        let mut response = private(StatusCode::OK, HTML, page);
        response.headers_mut().insert(
            header::VARY,
            HeaderValue::from_static("Accept, Accept-Language, Authorization"),
        );
        Ok(response)
    })
    .await
}

fn text(json: &Json) -> String {
    format!("{json:#}\n")
}

fn bad(field: &str, text: &Text) -> ApiError {
    let place = if field.is_empty() {
        String::new()
    } else {
        format!("{field}: ")
    };
    ApiError::bad_request(
        "bad-subscription",
        format!("{place}{}", text.nl),
        format!("{place}{}", text.en),
    )
    .with("veld", field)
}

fn of_subscription(error: SubscriptionError) -> ApiError {
    let conflict = |code, nl: &str, en: &str| {
        ApiError::new(
            StatusCode::CONFLICT,
            code,
            Text::new("Botst met wat er is", "Conflicts with what there is"),
            Text::new(nl, en),
        )
    };
    match error {
        // What is read without the registry is right by now.
        SubscriptionError::Invalid(Invalid { field, text }) => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "subscription-not-possible",
            Text::new("Dit register kan dat niet", "Not possible in this registry"),
            Text::new(
                format!("{field}: {}", text.nl),
                format!("{field}: {}", text.en),
            ),
        )
        .with("veld", field),
        SubscriptionError::Exists => conflict(
            "subscription-exists",
            "Er is al een abonnement met deze naam. Verwijder het eerst, of kies een andere naam.",
            "There is a subscription with this name already. Remove it first, or choose another name.",
        ),
        SubscriptionError::TooMany => conflict(
            "too-many-subscriptions",
            "Er zijn zoveel abonnementen als er mogen zijn. Verwijder er een.",
            "There are as many subscriptions as there may be. Remove one.",
        ),
        SubscriptionError::NoFolder => conflict(
            "no-data-folder",
            "Dit register staat in het geheugen of wordt alleen gelezen: abonnementen kunnen niet bewaard worden.",
            "This registry is in memory or only read: subscriptions cannot be kept.",
        ),
        SubscriptionError::Unknown => ApiError::not_found(
            "Er is geen abonnement met deze naam.",
            "There is no subscription with this name.",
        ),
        SubscriptionError::Store(error) => ApiError::internal(error),
    }
}

/// A subscription as JSON: what was declared, without the query of its target and without its secret, and how it is doing.
fn status_json(status: &SubscriptionStatus) -> Json {
    let mut json = serde_json::to_value(&*status.subscription).unwrap_or_default();
    json["doel"] = status.subscription.shown_target().into();
    let progress = &status.progress;
    let dead = status.dead.iter().take(LISTED);
    let dead: Vec<Json> = dead.map(letter_json).collect();
    let own = json!({
        "ondertekend": status.is_signed,
        "toestand": status.state().word(),
        "volgende": progress.cursor,
        "achter": status.behind,
        "handdrukGegeven": progress.is_welcome,
        "perMinuut": progress.per_minute,
        "afgeleverd": progress.delivered,
        "mislukt": progress.failed,
        "mislukteNaElkaar": progress.attempts,
        "laatstGelukt": progress.last_success,
        "volgendePogingSeconden": status.next_attempt.map(|wait| wait.as_secs()),
        "fout": progress.failure.as_ref().map(failure_json),
        "opzijGezet": status.dead.len(),
        "dodeBrieven": dead,
    });
    if let (Some(all), Json::Object(own)) = (json.as_object_mut(), own) {
        all.extend(own);
    }
    json
}

fn letter_json(letter: &DeadLetter) -> Json {
    json!({
        "id": letter.id,
        "gebeurtenissen": letter.events,
        "van": letter.from,
        "tot": letter.to,
        "fout": failure_json(&letter.failure),
    })
}

fn failure_json(failure: &Failure) -> Json {
    json!({
        "code": failure.code,
        "boodschap": { "nl": failure.nl, "en": failure.en },
        "moment": failure.at,
    })
}

fn line(status: &SubscriptionStatus, language: Language) -> SubscriptionLine {
    let (subscription, progress) = (&status.subscription, &status.progress);
    let say = |failure: &Failure| match language {
        Language::Nl => failure.nl.clone(),
        Language::En => failure.en.clone(),
    };
    let word = match (language, status.state()) {
        (Language::Nl, state) => state.word(),
        (Language::En, Standing::Active) => "active",
        (Language::En, Standing::Paused) => "paused",
        (Language::En, Standing::Waiting) => "waiting",
        (Language::En, Standing::Ended) => "ended",
    };
    let about = subscription.registers.iter().chain(&subscription.graphs);
    let dead = status.dead.iter();
    SubscriptionLine {
        name: subscription.name.clone(),
        target: subscription.shown_target(),
        form: subscription.form.word(),
        about: about.cloned().collect(),
        state: (word, status.state() == Standing::Active),
        commit: progress.cursor.commit,
        behind: status.behind,
        delivered: progress.delivered,
        failed: progress.failed,
        dead: dead
            .map(|letter| (letter.id.clone(), letter.events, say(&letter.failure)))
            .collect(),
        last_success: progress.last_success.clone(),
        failure: progress
            .failure
            .as_ref()
            .map(|failure| (failure.code.clone(), say(failure))),
        next_attempt: status.next_attempt.map(|wait| wait.as_secs()),
    }
}

type Figure = (
    &'static str,
    &'static str,
    &'static str,
    fn(&SubscriptionStatus) -> u64,
);

/// Figures of each subscription: name, kind, meaning.
const FIGURES: [Figure; 6] = [
    (
        "oslo_subscription_active",
        "gauge",
        "1 when a subscription is told, 0 when it waits, is paused or ended.",
        |status| u64::from(status.state() == Standing::Active),
    ),
    (
        "oslo_subscription_delivered_total",
        "counter",
        "Events delivered.",
        |status| status.progress.delivered,
    ),
    (
        "oslo_subscription_failed_total",
        "counter",
        "Attempts that failed.",
        |status| status.progress.failed,
    ),
    (
        "oslo_subscription_failures_in_a_row",
        "gauge",
        "Attempts that failed for what comes next.",
        |status| u64::from(status.progress.attempts),
    ),
    (
        "oslo_subscription_dead_letters",
        "gauge",
        "Bodies that were put aside.",
        |status| status.dead.len() as u64,
    ),
    (
        "oslo_subscription_lag_commits",
        "gauge",
        "Commits that were not told yet.",
        |status| status.behind,
    ),
];

/// The figures of all subscriptions in the text format of Prometheus.
pub(super) fn figures(state: &AppState, newest: u64, out: &mut String) {
    let all = state.subscriptions.all(newest);
    if all.is_empty() {
        return;
    }
    for (name, kind, help, value) in FIGURES {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for status in &all {
            // Names of subscriptions are letters, digits, `-`, `_` and `.`: nothing to escape.
            let subscription = &status.subscription.name;
            let value = value(status);
            let _ = writeln!(out, "{name}{{subscription=\"{subscription}\"}} {value}");
        }
    }
}
