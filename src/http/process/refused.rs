//! Why a process type, case or status is refused, as problems with a code, in Dutch and English. Decides nothing.

use super::super::error::ApiError;
use crate::rdf::label::Text;
use crate::registry::process::{
    BadDefinition, CaseStatus, IllegalTransition, ProcessType, StepDefinition,
};
use crate::views::process::Finding;
use axum::http::StatusCode;
use serde_json::{Value as Json, json};

fn unprocessable(code: &'static str, title: Text, detail: Text) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, title, detail)
}

/// A value of a definition that its place does not take.
pub(super) fn bad_value(bad: &BadDefinition) -> ApiError {
    let at = &bad.pointer;
    ApiError::bad_request(
        "wrong-type",
        format!("{at}: {}.", bad.text.nl),
        format!("{at}: {}.", bad.text.en),
    )
    .with("fouten", json!([{ "wijzer": at, "code": "wrong-type" }]))
}

/// A body that is not what its address takes.
pub(super) fn wrong_body(error: &serde_json::Error) -> ApiError {
    ApiError::bad_request(
        "wrong-type",
        format!("De inhoud is niet wat dit adres verwacht: {error}. Zie /api/docs."),
        format!("The content is not what this address expects: {error}. See /api/docs."),
    )
    .with("fouten", json!([{ "wijzer": "", "code": "wrong-type" }]))
}

/// A definition that the shapes refuse.
pub(super) fn definition(found: &[Finding]) -> ApiError {
    let nl: Vec<&str> = found.iter().map(|one| one.text.nl.as_str()).collect();
    let en: Vec<&str> = found.iter().map(|one| one.text.en.as_str()).collect();
    let listed = |one: &Finding| {
        json!({
            "code": one.rule,
            "onderwerp": one.focus,
            "melding": { "nl": one.text.nl, "en": one.text.en },
        })
    };
    unprocessable(
        "process-type",
        Text::new("Het procestype klopt niet", "The process type is not right"),
        Text::new(
            format!("Er is niets bewaard. {}", nl.join(" ")),
            format!("Nothing was stored. {}", en.join(" ")),
        ),
    )
    .with("fouten", found.iter().map(listed).collect::<Vec<Json>>())
}

/// No process type of a name.
pub(super) fn unknown_type(name: &str) -> ApiError {
    unprocessable(
        "unknown-process-type",
        Text::new("Onbekend procestype", "Unknown process type"),
        Text::new(
            format!("Er is geen procestype \"{name}\"; /proces/v1/processtypen geeft ze. Er is niets bewaard."),
            format!("There is no process type \"{name}\"; /proces/v1/processtypen lists them. Nothing was stored."),
        ),
    )
    .with("waarde", name)
}

/// A status that a process type does not have.
pub(super) fn unknown_status(of: &ProcessType, name: &str) -> ApiError {
    let known: Vec<&str> = of
        .definition
        .steps
        .iter()
        .map(|s| s.code.as_str())
        .collect();
    let list = known.join(", ");
    unprocessable(
        "unknown-status",
        Text::new("Onbekende status", "Unknown status"),
        Text::new(
            format!(
                "Het procestype heeft geen status \"{name}\", wel: {list}. Er is niets bewaard."
            ),
            format!(
                "The process type has no status \"{name}\", but it has: {list}. Nothing was stored."
            ),
        ),
    )
    .with("waarde", name)
    .with("bekend", json!(known))
}

/// A code that a status does not allow.
pub(super) fn unknown_code(step: &StepDefinition, code: &str) -> ApiError {
    let list = step.codes.join(", ");
    unprocessable(
        "unknown-status",
        Text::new("Onbekende code", "Unknown code"),
        Text::new(
            format!("De status \"{}\" laat de code \"{code}\" niet toe, wel: {list}. Er is niets bewaard.", step.code),
            format!("The status \"{}\" does not allow the code \"{code}\", but: {list}. Nothing was stored.", step.code),
        ),
    )
    .with("waarde", code)
    .with("bekend", json!(step.codes))
}

/// A status that may not follow.
pub(super) fn transition(
    from: Option<&CaseStatus>,
    to: &StepDefinition,
    why: &IllegalTransition,
) -> ApiError {
    let before = from.map_or("–", |status| status.phase.as_str());
    let list = why.allowed.join(", ");
    let (mut nl, mut en) = (String::new(), String::new());
    if why.may_reopen {
        nl = " Een fase daalt alleen met \"heropenen\": true, of met de code DossierOnvolledig naar Samenstelling.".to_owned();
        en = " A phase falls only with \"heropenen\": true, or with the code DossierOnvolledig to Samenstelling.".to_owned();
    }
    ApiError::new(
        StatusCode::CONFLICT,
        "illegal-transition",
        Text::new("Deze status kan hier niet volgen", "This status cannot follow here"),
        Text::new(
            format!("De zaak is in de fase {before} en kan niet naar {}; wel naar: {list}.{nl} Er is niets bewaard.", to.phase),
            format!("The case is in the phase {before} and cannot go to {}; it can go to: {list}.{en} Nothing was stored.", to.phase),
        ),
    )
    .with("van", before)
    .with("naar", to.phase.as_str())
    .with("toegelaten", json!(why.allowed))
}

/// A moment that a status cannot have.
pub(super) fn status_moment(given: &str, earliest: &str) -> ApiError {
    unprocessable(
        "status-moment",
        Text::new("Dit tijdstip kan niet", "This moment is not possible"),
        Text::new(
            format!("Het tijdstip {given} is geen tijdstip, ligt in de toekomst of voor {earliest}, toen de vorige status gezet werd. Er is niets bewaard."),
            format!("The moment {given} is no moment, lies in the future or before {earliest}, when the status before was set. Nothing was stored."),
        ),
    )
    .with("waarde", given)
}

/// A text that seems to have the number of a person in it.
pub(super) fn personal(field: &str) -> ApiError {
    unprocessable(
        "personal-data",
        Text::new("Persoonsgegevens horen hier niet", "Personal data do not belong here"),
        Text::new(
            format!("In \"{field}\" staat wat een rijksregisternummer lijkt. Verwijs met een rol naar de persoon bij zijn bron. Er is niets bewaard."),
            format!("In \"{field}\" there is what looks like a national number. Refer by a role to the person at their source. Nothing was stored."),
        ),
    )
    .with("naam", field)
}

/// A case that came from elsewhere.
pub(super) fn elsewhere(id: &str) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "case-elsewhere",
        Text::new(
            "Deze zaak wordt elders bijgehouden",
            "This case is kept elsewhere",
        ),
        Text::new(
            format!(
                "Het dossier {id} is niet met /proces/v1 gemaakt; het wordt gewijzigd waar het vandaan komt."
            ),
            format!(
                "The dossier {id} was not made by /proces/v1; it is changed where it comes from."
            ),
        ),
    )
}

/// A case that has as much as it may have.
pub(super) fn full(most: usize) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "case-full",
        Text::new("Het dossier is vol", "The dossier is full"),
        Text::new(
            format!("Een dossier heeft hoogstens {most} van wat hier toegevoegd wordt."),
            format!("A dossier has {most} at most of what is added here."),
        ),
    )
    .with("grens", most)
}

/// No case of an id.
pub(super) fn unknown_case(id: &str) -> ApiError {
    ApiError::not_found(
        format!("Er is geen dossier {id} met een zaak."),
        format!("There is no dossier {id} with a case."),
    )
}
