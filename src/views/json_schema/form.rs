//! The description of a form for items of a register: fields in order, with labels, kinds, choices and what is expected.
//! For programs that draw forms; draws none itself.

use super::values::json_pattern;
use super::{MAX_CODES, Sources};
use crate::rdf::label::Text;
use crate::rdf::vocab::INTEGER_DATATYPES;
use crate::rdf::vocab::{rdf, xsd};
use crate::shapes::{Field, ValueRule};
use serde_json::{Value as Json, json};

/// Groups of fields nest so deep.
const MAX_GROUPS: usize = 3;

/// The form of a register, with texts in Dutch and English.
pub fn form(sources: &Sources<'_>) -> Json {
    let register = sources.register;
    let base = sources.base;
    json!({
        "register": register.name,
        "titel": both(&register.label),
        "omschrijving": both(&register.description),
        "schema": format!("{base}/schemas/{}.json", register.name),
        "context": format!("{base}/contexts/{}.jsonld", register.context),
        "collectie": format!("{base}/api/{}", register.name),
        "type": sources.context.class_name(&register.class),
        "iri": register.iri,
        "patroonId": register.id_pattern.as_str(),
        "velden": fields(sources, &register.class, 0),
    })
}

/// The fields of a class: those that the register lists first, in its order; then what is required; then by name.
fn fields(sources: &Sources<'_>, class: &str, depth: usize) -> Vec<Json> {
    let mut fields = sources.shapes.fields_of(class);
    let place = |field: &Field| {
        let predicate = field.predicate.as_str();
        let listed = sources.register.list.iter().position(|p| p == predicate);
        (listed.unwrap_or(usize::MAX), field.min == 0)
    };
    fields.sort_by(|a, b| (place(a), &a.name.nl).cmp(&(place(b), &b.name.nl)));
    fields
        .iter()
        .map(|field| describe(sources, field, depth))
        .collect()
}

fn describe(sources: &Sources<'_>, field: &Field, depth: usize) -> Json {
    let predicate = field.predicate.as_str();
    let key = sources.context.term_name(predicate).unwrap_or(predicate);
    let rule = concrete(&field.values);
    let kind = kind_of(sources, predicate, rule);
    let name = if field.name.nl.is_empty() {
        Text::new(key, key)
    } else {
        field.name.clone()
    };
    let mut out = json!({
        "sleutel": key,
        "predicaat": predicate,
        "label": both(&name),
        "soort": kind,
        "verplicht": field.min > 0,
        "meervoudig": field.max != Some(1),
    });
    if !field.message.nl.is_empty() {
        out["boodschap"] = both(&field.message);
    }
    if let Some(pattern) = rule.pattern.as_ref().and_then(json_pattern) {
        out["patroon"] = pattern.into();
    }
    if let Some(datatype) = &rule.datatype {
        out["datatype"] = datatype.as_str().into();
    }
    if let Some(most) = rule.length.1 {
        out["maximaleLengte"] = most.into();
    }
    if let Some(scheme) = &rule.code_list {
        out["codelijst"] = scheme.as_str().into();
        let codes = sources.shipped.codes(scheme);
        if codes.len() <= MAX_CODES {
            out["keuzes"] = codes
                .iter()
                .map(|code| json!({ "waarde": code.iri, "label": both(&code.name) }))
                .collect();
        }
    }
    let class = rule.class.as_deref().unwrap_or_default();
    if kind == "verwijzing"
        && let Some(target) = sources.registers.iter().find(|r| r.class == class)
    {
        out["register"] = target.name.as_str().into();
        out["keuzesAdres"] = format!("{}/api/{}", sources.base, target.name).into();
    }
    if kind == "groep" && depth < MAX_GROUPS {
        out["type"] = sources.context.class_name(class).into();
        out["velden"] = self::fields(sources, class, depth + 1).into();
    }
    out
}

/// The rule itself, or the first of those that may hold where it says nothing by itself.
fn concrete(rule: &ValueRule) -> &ValueRule {
    let says = rule.class.is_some() || rule.datatype.is_some() || rule.code_list.is_some();
    match rule.either.first() {
        Some(first) if !says => first,
        _ => rule,
    }
}

fn kind_of(sources: &Sources<'_>, predicate: &str, rule: &ValueRule) -> &'static str {
    if rule.code_list.is_some() || rule.one_of.is_some() {
        return "code";
    }
    match rule.datatype.as_deref() {
        Some(rdf::LANG_STRING) => return "taaltekst",
        Some(xsd::BOOLEAN) => return "ja-nee",
        Some(xsd::DATE) => return "datum",
        Some(xsd::DATE_TIME | xsd::DATE_TIME_STAMP) => return "tijdstip",
        Some(xsd::DECIMAL | xsd::DOUBLE | xsd::FLOAT) => return "getal",
        Some(datatype) if INTEGER_DATATYPES.contains(&datatype) => return "geheel-getal",
        Some(datatype) if datatype.ends_with("wktLiteral") || datatype.ends_with("gmlLiteral") => {
            return "geometrie";
        }
        Some(_) => return "tekst",
        None => {}
    }
    if !rule.languages.is_empty() {
        return "taaltekst";
    }
    match &rule.class {
        Some(class) => {
            let is_item = sources.registers.iter().any(|r| r.class == *class);
            let nested = sources
                .register
                .embed
                .iter()
                .any(|known| known == predicate);
            let is_described = !sources.shapes.fields_of(class).is_empty();
            if is_described && (nested || !is_item) {
                "groep"
            } else {
                "verwijzing"
            }
        }
        None if rule.kinds == Some([true, false, false]) => "verwijzing",
        None => "tekst",
    }
}

fn both(text: &Text) -> Json {
    json!({ "nl": text.nl, "en": text.en })
}
