//! What is added to a case besides statuses: documents (metadata and where they are kept), parties, decisions and references
//! to authentic objects. Only IRIs are taken: what they stand for is read where it is kept.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::cases::{MOST_OF_A_KIND, MOST_TITLE};
use super::reading;
use super::refused;
use super::statuses::is_ours;
use super::writing::{
    Asked, Made, Performed, Sent, add, check_condition, commit, day, iri, plain_text, stamp, write,
    wrong_field,
};
use crate::registry::process::{Addition, CASES_GRAPH, Case, next_number};
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    titel: String,
    datum: Option<String>,
    vindplaats: String,
    sha256: Option<String>,
    mediatype: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    rol: String,
    partij: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    besluit: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    object: String,
}

/// Adds something to a case. `known` are the IRIs of what there is of its kind.
fn perform<'a>(
    state: &AppState,
    asked: &Asked,
    (id, part): (&str, &str),
    known: fn(&Case) -> Vec<&str>,
    make: impl Fn(u32) -> Addition<'a>,
) -> Result<Performed, ApiError> {
    let registry = &state.registry;
    let (base, graph) = (registry.base(), registry.graph_iri(CASES_GRAPH));
    commit(state, asked, &Case::iri_of(id), |draft| {
        let view = draft.base().view();
        let (case, _) = reading::case_of(&view, base, id)?;
        if !is_ours(&view, &graph, &case.iri) {
            return Err(refused::elsewhere(id));
        }
        check_condition(state, asked, &view, id)?;
        let iris = known(&case);
        if iris.len() >= MOST_OF_A_KIND {
            return Err(refused::full(MOST_OF_A_KIND));
        }
        let addition = make(next_number(iris.iter().copied()));
        let statements = addition.statements(&case);
        add(draft, &graph, &statements);
        let is_new = draft.net_counts().0 > 0;
        if is_new {
            stamp(state, draft, id, jiff::Timestamp::now());
        }
        let first = statements.first().map(|triple| match &triple.object {
            oxrdf::Term::NamedNode(node) => node.as_str().to_owned(),
            other => other.to_string(),
        });
        Ok(Made {
            iri: first.unwrap_or_default(),
            document: format!("{base}/proces/v1/dossiers/{id}/{part}"),
            created: is_new,
            etag: reading::etag_after(state, &draft.snapshot().view(), id)?,
            members: Vec::new(),
        })
    })
}

/// `POST …/stukken`.
pub(super) async fn document(
    State(state): State<AppState>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("stuk-toevoegen", id.clone()),
        move |state, asked| {
            let wanted: Document = asked.read()?;
            plain_text("titel", &wanted.titel, MOST_TITLE)?;
            iri("vindplaats", &wanted.vindplaats)?;
            let today = || {
                let now = jiff::Timestamp::now().to_zoned(crate::registry::belgian_time());
                now.date().to_string()
            };
            let on = wanted.datum.clone().unwrap_or_else(today);
            day("datum", &on)?;
            let is_digest =
                |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            if !wanted.sha256.as_deref().is_none_or(is_digest) {
                return Err(wrong_field(
                    "sha256",
                    "64 hexadecimale cijfers",
                    "64 hexadecimal digits",
                ));
            }
            let is_type = |text: &str| {
                let plain = |c: char| c.is_ascii_alphanumeric() || "/.+-".contains(c);
                let parts = text.split_once('/');
                parts.is_some_and(|(kind, name)| {
                    !kind.is_empty() && !name.is_empty() && !name.contains('/')
                }) && text.len() < 128
                    && text.chars().all(plain)
            };
            if !wanted.mediatype.as_deref().is_none_or(is_type) {
                return Err(wrong_field(
                    "mediatype",
                    "een mediatype zoals application/pdf",
                    "a media type such as application/pdf",
                ));
            }
            let kind = wanted.mediatype.as_ref();
            let kind =
                kind.map(|kind| format!("https://www.iana.org/assignments/media-types/{kind}"));
            fn known(case: &Case) -> Vec<&str> {
                case.documents.iter().map(|one| one.iri.as_str()).collect()
            }
            perform(state, asked, (&id, "stukken"), known, |number| {
                Addition::Document {
                    number,
                    title: &wanted.titel,
                    day: &on,
                    locator: &wanted.vindplaats,
                    digest: wanted.sha256.as_deref(),
                    media_type: kind.as_deref(),
                }
            })
        },
    )
    .await
}

/// `POST …/rollen`.
pub(super) async fn role(
    State(state): State<AppState>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("rol-toevoegen", id.clone()),
        move |state, asked| {
            let wanted: Role = asked.read()?;
            iri("rol", &wanted.rol)?;
            iri("partij", &wanted.partij)?;
            if super::writing::has_national_number(&wanted.partij) {
                return Err(refused::personal("partij"));
            }
            fn known(case: &Case) -> Vec<&str> {
                case.roles.iter().map(|one| one.iri.as_str()).collect()
            }
            perform(state, asked, (&id, "rollen"), known, |number| {
                Addition::Role {
                    number,
                    role: &wanted.rol,
                    party: &wanted.partij,
                }
            })
        },
    )
    .await
}

/// `POST …/besluiten`.
pub(super) async fn decision(
    State(state): State<AppState>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("besluit-toevoegen", id.clone()),
        move |state, asked| {
            let wanted: Decision = asked.read()?;
            iri("besluit", &wanted.besluit)?;
            fn known(case: &Case) -> Vec<&str> {
                case.decisions.iter().map(String::as_str).collect()
            }
            perform(state, asked, (&id, "besluiten"), known, |_| {
                Addition::Decision(&wanted.besluit)
            })
        },
    )
    .await
}

/// `POST …/verwijzingen`.
pub(super) async fn reference(
    State(state): State<AppState>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("verwijzing-toevoegen", id.clone()),
        move |state, asked| {
            let wanted: Reference = asked.read()?;
            iri("object", &wanted.object)?;
            fn known(case: &Case) -> Vec<&str> {
                case.objects.iter().map(String::as_str).collect()
            }
            perform(state, asked, (&id, "verwijzingen"), known, |_| {
                Addition::Object(&wanted.object)
            })
        },
    )
    .await
}
