//! Process types and cases as JSON in the words of the interface. Every thing has its IRI as `@id`; what lies elsewhere is
//! named by IRI alone.

use crate::registry::process::{
    Case, CaseDocument, CaseRole, CaseRow, CaseStatus, ProcessType, rules,
};
use serde_json::{Map, Value as Json, json};

/// A version of a process type: what was published, with its number and moment.
pub fn type_json(base: &str, found: &ProcessType) -> Json {
    let mut members = Map::new();
    let code = &found.definition.code;
    members.insert("@id".to_owned(), found.iri.as_str().into());
    members.insert("versie".to_owned(), found.version.into());
    members.insert("gepubliceerdOp".to_owned(), found.published.as_str().into());
    let address = format!("{base}/proces/v1/processtypen/{code}-v{}", found.version);
    members.insert("document".to_owned(), address.into());
    if let Ok(Json::Object(said)) = serde_json::to_value(&found.definition) {
        members.extend(said);
    }
    members.insert("dienst".to_owned(), found.service.as_str().into());
    Json::Object(members)
}

/// One status of a case. `step` is the code of its status type, where that is known.
pub fn status_json(status: &CaseStatus, step: Option<&str>) -> Json {
    let mut out = json!({
        "@id": status.iri,
        "volgnummer": status.number,
        "status": step,
        "statustype": status.step,
        "fase": status.phase,
        "code": status.code,
        "tijdstip": status.at,
        "datum": status.day,
        "streefdatum": status.due,
        "actieNodig": status.needs_action,
        "actie": status.action,
    });
    drop_nulls(&mut out);
    out
}

/// Takes members without a value away.
fn drop_nulls(json: &mut Json) {
    if let Json::Object(members) = json {
        members.retain(|_, value| !value.is_null());
    }
}

/// A document: metadata and where it is kept.
pub fn document_json(document: &CaseDocument) -> Json {
    let mut out = json!({
        "@id": document.iri,
        "titel": document.title,
        "datum": document.day,
        "vindplaats": document.locator,
        "sha256": document.digest,
    });
    drop_nulls(&mut out);
    out
}

/// A party and its role, both by IRI.
pub fn role_json(role: &CaseRole) -> Json {
    json!({ "@id": role.iri, "rol": role.role, "partij": role.party })
}

/// The code of the status type of a status.
fn step_of<'a>(of: Option<&'a ProcessType>, status: &CaseStatus) -> Option<&'a str> {
    let (of, step) = (of?, status.step.as_deref()?);
    let place = step
        .strip_prefix(of.iri.as_str())?
        .strip_prefix("#status-")?;
    let place: usize = place.parse().ok()?;
    let step = of.definition.steps.get(place.checked_sub(1)?)?;
    Some(step.code.as_str())
}

/// A case with all that belongs to it.
pub fn case_json(base: &str, case: &Case, process_type: Option<&ProcessType>) -> Json {
    let statuses: Vec<Json> = case
        .statuses
        .iter()
        .map(|status| status_json(status, step_of(process_type, status)))
        .collect();
    let references: Vec<Json> = case
        .objects
        .iter()
        .map(|iri| json!({ "@id": iri }))
        .collect();
    let decisions: Vec<Json> = case
        .decisions
        .iter()
        .map(|iri| json!({ "@id": iri }))
        .collect();
    let mut out = json!({
        "@id": case.iri,
        "id": case.id,
        "document": format!("{base}/proces/v1/dossiers/{}", case.id),
        "titel": case.title,
        "zaak": case.case_iri,
        "processtype": case.process_type,
        "dienst": case.service,
        "bestuur": case.authority,
        "openingsdatum": case.opened,
        "geldigOp": case.valid_on,
        "status": statuses.last(),
        "afgesloten": case.status().map(|status| rules().is_closed(&status.phase)),
        "statussen": statuses,
        "verwijzingen": references,
        "stukken": case.documents.iter().map(document_json).collect::<Vec<_>>(),
        "rollen": case.roles.iter().map(role_json).collect::<Vec<_>>(),
        "besluiten": decisions,
    });
    drop_nulls(&mut out);
    out
}

/// A case in a list.
pub fn row_json(base: &str, row: &CaseRow, process_type: Option<&ProcessType>) -> Json {
    let status = row.statuses.last();
    let mut out = json!({
        "@id": Case::iri_of(&row.id),
        "id": row.id,
        "document": format!("{base}/proces/v1/dossiers/{}", row.id),
        "titel": row.title,
        "processtype": row.process_type,
        "bestuur": row.authority,
        "status": status.map(|status| status_json(status, step_of(process_type, status))),
    });
    drop_nulls(&mut out);
    out
}
