//! The parameters that follow from the declaration of a register: its id, filters, orders and keys.

use super::table::{About, Parameter, Place};
use crate::rdf::label::Text;
use crate::registry::{Filter, Match, Register};
use serde_json::{Value as Json, json};

/// The names between braces in a path.
pub fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
}

/// Some keys of an item, with commas between.
pub(super) fn key_list(name: &str, keys: &[String]) -> Parameter {
    let description = match name {
        "fields" => Text::new(
            "Alleen deze sleutels tonen, met een komma ertussen; met een punt voor wat eronder staat.",
            "Show these keys only, with a comma between them; with a point for what is below.",
        ),
        _ => Text::new(
            "Deze verwijzingen volgen en hun doel genest tonen, met een komma ertussen; met een punt voor een verwijzing eronder.",
            "Follow these links and show their targets nested, with a comma between them; with a point for a link below.",
        ),
    };
    // What is left empty between two commas, or altogether, says nothing.
    let known: Vec<&str> = keys.iter().map(String::as_str).chain([""]).collect();
    let mut item = json!({ "type": "string", "enum": known });
    if keys.is_empty() {
        item = json!({ "type": "string" });
    }
    Parameter {
        key: None,
        name: name.to_owned(),
        place: Place::Query,
        required: false,
        description,
        schema: json!({ "type": "array", "items": item }),
        example: None,
    }
}

/// The id of an item of a register.
pub(super) fn id_parameter(register: &Register, example: &Option<String>) -> Parameter {
    Parameter {
        key: None,
        name: "id".to_owned(),
        place: Place::Path,
        required: true,
        description: Text::new(
            format!("Laatste deel van de identificator: {}.", register.iri),
            format!("Last part of the identifier: {}.", register.iri),
        ),
        schema: json!({ "type": "string", "pattern": json_pattern(register) }),
        example: example.as_deref().map(Json::from),
    }
}

/// The pattern of ids as JSON Schema writes it.
fn json_pattern(register: &Register) -> String {
    register.id_pattern.as_str().replace("\\d", "[0-9]")
}

/// The filters of a list: those of the register, by the names of the dialect where it shows them.
pub(super) fn filters_of(about: About<'_>) -> Vec<Parameter> {
    let all = about.register.filters.iter().flat_map(filter_parameters);
    let Some(resource) = about.resource else {
        return all.collect();
    };
    let all: Vec<Parameter> = all.collect();
    resource
        .filters
        .iter()
        .filter_map(|listed| {
            let filter = all.iter().find(|filter| filter.name == listed.filter)?;
            let mut parameter = filter.clone();
            parameter.name.clone_from(&listed.name);
            if let Some(description) = &listed.description {
                parameter.description = description.clone();
            }
            if listed.of.is_some() {
                parameter.schema = json!({ "type": "string" });
            }
            Some(parameter)
        })
        .collect()
}

/// The order of a list of the dialect.
pub(super) fn sort_of(about: About<'_>) -> Option<Parameter> {
    let Some(resource) = about.resource else {
        return Some(sort_parameter(about.register));
    };
    let sorts = &resource.sorts;
    let mut keys: Vec<Json> = Vec::new();
    for (name, _) in sorts {
        keys.extend([Json::from(name.as_str()), format!("-{name}").into()]);
    }
    keys.push("".into());
    (!sorts.is_empty()).then(|| Parameter {
        key: None,
        name: "sort".to_owned(),
        place: Place::Query,
        required: false,
        description: Text::new(
            "Volgorde: een veld, met `-` ervoor van groot naar klein.",
            "Order: a field, with `-` before it from large to small.",
        ),
        schema: json!({ "type": "string", "enum": keys }),
        example: None,
    })
}

/// A filter of a collection.
fn filter_parameters(filter: &Filter) -> Vec<Parameter> {
    let schema = match filter.matching {
        Match::Iri => json!({ "anyOf": [{ "type": "string", "format": "uri" }, { "const": "" }] }),
        Match::Number => json!({ "anyOf": [{ "type": "number" }, { "const": "" }] }),
        Match::Moment => json!({
            "anyOf": [
                { "type": "string", "format": "date" },
                { "type": "string", "format": "date-time" },
                // A form sends what was left empty too.
                { "const": "" },
            ],
        }),
        Match::Boolean | Match::Present => {
            json!({ "type": "string", "enum": ["true", "false", ""] })
        }
        Match::Id | Match::Literal | Match::Label => json!({ "type": "string" }),
    };
    let parameters = filter.parameters().into_iter();
    let parameter = |(name, _)| Parameter {
        key: None,
        name,
        place: Place::Query,
        required: false,
        description: filter.description.clone(),
        schema: schema.clone(),
        example: None,
    };
    parameters.map(parameter).collect()
}

/// The orders of a register: one key in an example, more with commas between.
fn sort_parameter(register: &Register) -> Parameter {
    let keys = register.sorts.iter().map(|key| key.name.as_str());
    let keys: Vec<&str> = ["id"].into_iter().chain(keys).collect();
    let list = keys.join(", ");
    Parameter {
        key: None,
        name: "sort".to_owned(),
        place: Place::Query,
        required: false,
        description: Text::new(
            format!(
                "De volgorde: hoogstens drie sleutels met een komma ertussen, met - ervoor omgekeerd. Er zijn: {list}."
            ),
            format!(
                "The order: at most three keys with a comma between them, with - before one the other way round. There are: {list}."
            ),
        ),
        // A form sends what was left empty too.
        schema: json!({ "type": "string", "pattern": format!("^(-?({0})(,-?({0})){{0,2}})?$", keys.join("|")) }),
        example: None,
    }
}
