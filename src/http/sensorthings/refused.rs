//! Why requests of SensorThings are refused, as problems with a code, in Dutch and English. Decides nothing.

use super::super::error::ApiError;
use super::filter::BadFilter;
use crate::rdf::label::Text;
use crate::registry::sensors::BadField;
use axum::http::StatusCode;
use serde_json::json;

/// An address that is none of the interface.
pub(super) fn path(segment: &str, why: (&str, &str)) -> ApiError {
    ApiError::not_found(
        format!(
            "Bij \"{segment}\": {}. /sta/v1.1 geeft de verzamelingen.",
            why.0
        ),
        format!("At \"{segment}\": {}. /sta/v1.1 lists the sets.", why.1),
    )
    .with("deel", segment)
}

/// No such entity.
pub(super) fn no_entity(set: &str, id: &str) -> ApiError {
    ApiError::not_found(
        format!("Er is geen {set}({id})."),
        format!("There is no {set}({id})."),
    )
}

/// A value that an option does not take.
pub(super) fn option(name: &str, value: &str, nl: &str, en: &str) -> ApiError {
    let shown: String = value.chars().take(200).collect();
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter {name} is {nl}, niet \"{shown}\"."),
        format!("The parameter {name} is {en}, not \"{shown}\"."),
    )
    .with("parameter", name)
    .with("waarde", shown)
}

/// An expression that cannot be read.
pub(super) fn filter(name: &str, bad: &BadFilter) -> ApiError {
    ApiError::bad_request(
        "filter",
        format!("In {name}, bij teken {}: {}.", bad.at, bad.nl),
        format!("In {name}, at character {}: {}.", bad.at, bad.en),
    )
    .with("parameter", name)
    .with("plaats", bad.at)
}

/// A property that a kind does not have.
pub(super) fn unknown_property(name: &str, of: &str, path: &str, known: &str) -> ApiError {
    ApiError::bad_request(
        "filter",
        format!("In {name}: {of} heeft geen \"{path}\"; wel {known}."),
        format!("In {name}: {of} has no \"{path}\"; it has {known}."),
    )
    .with("parameter", name)
    .with("waarde", path)
}

/// A question that would take too much.
pub(super) fn too_much(limit: usize, nl: &str, en: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "too-many-observations",
        Text::new("Te veel in één keer", "Too much at once"),
        Text::new(
            format!("Dit vraagt meer dan {limit} {nl}. Vraag één Datastream, een kortere tijd, of minder $expand."),
            format!("This asks for more than {limit} {en}. Ask for one Datastream, a shorter time, or less $expand."),
        ),
    )
    .with("grens", limit)
}

/// A property that does not do.
pub(super) fn field(bad: &BadField) -> ApiError {
    wrong(
        &format!("/{}", bad.field),
        &format!("{}.{}", bad.kind, bad.field),
        &bad.expected.nl,
        &bad.expected.en,
    )
}

/// Something in the content of another form than it should have.
pub(super) fn wrong(pointer: &str, what: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "wrong-type",
        format!("In {what} wordt {nl} verwacht; er is niets bewaard."),
        format!("In {what}, {en} is expected; nothing was stored."),
    )
    .with(
        "fouten",
        json!([{ "wijzer": pointer, "code": "wrong-type" }]),
    )
}

/// A reference to what is not there.
pub(super) fn dangling(what: &str, id: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "dangling-reference",
        Text::new("Verwijzing naar niets", "Reference to nothing"),
        Text::new(
            format!("Er is geen {what} met @iot.id {id}; er is niets bewaard."),
            format!("There is no {what} with @iot.id {id}; nothing was stored."),
        ),
    )
    .with("waarde", id)
}

/// An entity whose statements others wrote.
pub(super) fn elsewhere(iri: &str) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "entity-elsewhere",
        Text::new("Elders bijgehouden", "Kept elsewhere"),
        Text::new(
            format!("<{iri}> is niet met /sta/v1.1 gemaakt en wordt er niet gewijzigd: wijzig de uitspraken zelf."),
            format!("<{iri}> was not made by /sta/v1.1 and is not changed there: change its statements themselves."),
        ),
    )
    .with("iri", iri)
}

/// An object that series or observations are about.
pub(super) fn in_use(iri: &str) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "entity-in-use",
        Text::new("Nog in gebruik", "Still in use"),
        Text::new(
            format!("Er zijn Datastreams of Observations over <{iri}>; verwijder die eerst."),
            format!("There are Datastreams or Observations about <{iri}>; remove those first."),
        ),
    )
    .with("iri", iri)
}

/// A change of what an observation is about.
pub(super) fn moved() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "observation-moved",
        Text::new("Een andere observatie", "Another observation"),
        Text::new(
            "Datastream, FeatureOfInterest en phenomenonTime zeggen welke observatie het is en veranderen niet: trek ze in (DELETE) en stuur een nieuwe.",
            "Datastream, FeatureOfInterest and phenomenonTime tell which observation it is and do not change: withdraw it (DELETE) and send another.",
        ),
    )
}
