//! What the properties of an entity may be: judged before statements are made of them. Knows no statements and no store.

use super::Kind;
use super::names::TYPES;
use super::statements::is_iri;
use crate::observations;
use crate::rdf::label::Text;
use serde_json::{Map, Value as Json};

/// A type whose results may be anything: what others declared so has texts, here none is made.
const ANY: &str = "OM_Observation";
/// Longest text of a property, in characters.
const MAX_TEXT: usize = 10_000;
/// Most bytes of a property that is JSON.
const MAX_JSON: usize = 200_000;

/// A property that is missing or is not what its place takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// The entity it was to be of.
    pub kind: Kind,
    /// Its name.
    pub field: String,
    /// What is expected, in Dutch and English.
    pub expected: Text,
}

/// What a property takes.
enum Form {
    Text,
    Iri,
    Object,
    Any,
    Unit,
    ObservationType,
}

fn form(field: &str) -> Form {
    match field {
        "definition" => Form::Iri,
        "properties" => Form::Object,
        "location" | "feature" | "metadata" => Form::Any,
        "unitOfMeasurement" => Form::Unit,
        "observationType" => Form::ObservationType,
        _ => Form::Text,
    }
}

/// What the server reckons itself, and what it does with what is sent: nothing.
pub(super) fn is_reckoned(field: &str) -> bool {
    matches!(field, "observedArea" | "phenomenonTime" | "resultTime")
}

/// What a type of observation of SensorThings has as results.
pub(super) fn kind_of_type(iri: &str) -> Option<observations::Kind> {
    Some(match iri.strip_prefix(TYPES)? {
        "OM_Measurement" => observations::Kind::Number,
        "OM_CountObservation" => observations::Kind::Integer,
        "OM_TruthObservation" => observations::Kind::Boolean,
        "OM_CategoryObservation" | ANY => observations::Kind::Text,
        _ => return None,
    })
}

/// Whether a property may be left out.
fn is_optional(field: &str) -> bool {
    // The standard asks for a description everywhere; gateways often have none.
    matches!(field, "properties" | "description") || is_reckoned(field)
}

/// Judges all properties of an entity.
///
/// # Errors
/// The first that does not do.
pub(super) fn check(kind: Kind, fields: &Map<String, Json>) -> Result<(), BadField> {
    let bad = |field: &str, nl: &str, en: &str| {
        Err(BadField {
            kind,
            field: field.to_owned(),
            expected: Text::new(nl, en),
        })
    };
    for &field in kind.properties() {
        let value = fields.get(field).filter(|value| !value.is_null());
        let Some(value) = value else {
            if is_optional(field) {
                continue;
            }
            return bad(
                field,
                "een waarde: ze is verplicht",
                "a value: it is required",
            );
        };
        match (form(field), value) {
            _ if is_reckoned(field) => {}
            (Form::Text, Json::String(text)) => {
                if field != "description" && text.trim().is_empty()
                    || text.chars().count() > MAX_TEXT
                {
                    return bad(
                        field,
                        "een tekst van 1 tot 10.000 tekens",
                        "a text of 1 to 10,000 characters",
                    );
                }
            }
            (Form::Text, _) => return bad(field, "een tekst", "a text"),
            (Form::Iri, Json::String(text)) if is_iri(text) => {}
            (Form::Iri, _) => return bad(field, "een volledige IRI", "a full IRI"),
            (Form::Object, Json::Object(_)) | (Form::Any, _) => {
                if value.to_string().len() > MAX_JSON {
                    return bad(field, "hoogstens 200.000 bytes", "at most 200,000 bytes");
                }
            }
            (Form::Object, _) => return bad(field, "een JSON-object", "a JSON object"),
            (Form::Unit, Json::Object(unit)) => {
                let known = ["name", "symbol", "definition"];
                let is_text = |value: &Json| match value {
                    Json::Null => true,
                    Json::String(text) => text.len() <= 2_000,
                    _ => false,
                };
                if !unit
                    .iter()
                    .all(|(key, value)| known.contains(&key.as_str()) && is_text(value))
                {
                    return bad(
                        field,
                        "een object met de teksten name, symbol en definition",
                        "an object with the texts name, symbol and definition",
                    );
                }
            }
            (Form::Unit, _) => {
                return bad(
                    field,
                    "een object met name, symbol en definition",
                    "an object with name, symbol and definition",
                );
            }
            (Form::ObservationType, Json::String(text))
                if kind_of_type(text).is_some() && !text.ends_with(ANY) => {}
            (Form::ObservationType, _) => {
                return bad(
                    field,
                    "de IRI van OM_Measurement, OM_CountObservation, OM_TruthObservation of OM_CategoryObservation: een reeks heeft resultaten van één soort",
                    "the IRI of OM_Measurement, OM_CountObservation, OM_TruthObservation or OM_CategoryObservation: a series has results of one kind",
                );
            }
        }
    }
    Ok(())
}
