//! How the values of a property are written under the terms of a context: the mirror of what `jsonld` writes, as schemas.

use super::{Key, MAX_CODES, Maker};
use crate::rdf::vocab::INTEGER_DATATYPES;
use crate::rdf::vocab::{rdf, xsd};
use crate::shapes::{Field, ValueRule};
use crate::views::context::{Coercion, TermDefinition};
use oxrdf::Term;
use serde_json::{Value as Json, json};

/// A moment with its time zone.
const MOMENT: &str = "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?(Z|[+-]0[0-9]:[0-5][0-9])$";
/// Whole numbers beyond it are not read, since not everybody reads them alike.
const MAX_SAFE: i64 = (1 << 53) - 1;
/// How deep a choice between rules may hold further choices.
const MAX_CHOICES: usize = 3;

impl Maker<'_> {
    /// The keys that values of a field come under. More than one where the context writes kinds of values apart.
    pub(super) fn keys(&mut self, field: &Field) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        self.add_keys(field.predicate.as_str(), &field.values, 0, &mut keys);
        keys
    }

    fn add_keys(&mut self, predicate: &str, rule: &ValueRule, depth: usize, keys: &mut Vec<Key>) {
        let says_kind = rule.class.is_some() || rule.datatype.is_some() || rule.code_list.is_some();
        if !says_kind && !rule.either.is_empty() && depth < MAX_CHOICES {
            for branch in &rule.either {
                let mut branch = branch.clone();
                branch.kinds = branch.kinds.or(rule.kinds);
                self.add_keys(predicate, &branch, depth + 1, keys);
            }
            return;
        }
        let terms = self.sources.context.terms_of(predicate);
        let (resource, literal) = kinds_of(rule);
        if resource {
            let term = term_for(terms, |term| term.coercion == Coercion::Iri);
            for form in self.resource_forms(predicate, rule, term) {
                add(keys, predicate, term, form);
            }
        }
        if !literal {
            return;
        }
        let datatype = rule.datatype.as_deref();
        let datatype = datatype.or((!rule.languages.is_empty()).then_some(rdf::LANG_STRING));
        match datatype {
            Some(rdf::LANG_STRING) => {
                let tagged = terms
                    .iter()
                    .filter(|term| matches!(term.coercion, Coercion::Language(_)));
                for term in tagged {
                    add(keys, predicate, Some(term), json!({ "type": "string" }));
                }
                let term = term_for(terms, |_| false);
                let form = self.tagged_text(rule);
                add(keys, predicate, term, form);
            }
            Some(datatype) => {
                let term = term_for(
                    terms,
                    |term| matches!(&term.coercion, Coercion::Datatype(known) if known == datatype),
                );
                let form = self.literal(rule, datatype, term);
                add(keys, predicate, term, form);
            }
            None => {
                let form = if self.is_sent() {
                    let mut text = json!({ "type": "string" });
                    bound_text(&mut text, rule);
                    text
                } else {
                    any_value()
                };
                if terms.is_empty() {
                    add(keys, predicate, None, form.clone());
                }
                // A plain text under a term for IRIs would be read as one.
                let sent = self.is_sent() && resource;
                let fits = |term: &&TermDefinition| !sent || term.coercion != Coercion::Iri;
                for term in terms.iter().filter(fits) {
                    add(keys, predicate, Some(term), form.clone());
                }
            }
        }
    }

    /// A resource as its name, as an object with nothing else, or with what is said about it.
    fn resource_forms(
        &mut self,
        predicate: &str,
        rule: &ValueRule,
        term: Option<&TermDefinition>,
    ) -> Vec<Json> {
        let is_text = term.is_some_and(|term| term.coercion == Coercion::Iri);
        let mut forms = Vec::new();
        if is_text {
            let mut text = self.iri_text("IRI");
            if let Some(codes) = self.codes(rule).filter(|_| self.is_strict()) {
                text = json!({ "title": "IRI", "type": "string", "enum": codes });
            }
            forms.push(text);
        }
        let is_code = rule.code_list.is_some() || rule.one_of.is_some();
        let sources = self.sources;
        let nested = sources
            .register
            .embed
            .iter()
            .any(|known| known == predicate);
        let is_item = rule
            .class
            .as_ref()
            .is_some_and(|class| sources.registers.iter().any(|r| r.class == *class));
        // A part that is nowhere else is nested wherever it stands; an item of a register is a link, unless asked for.
        let may_nest = nested || !(is_code || is_item);
        if !self.is_strict() || !is_text {
            forms.push(self.link_definition());
        }
        if !self.is_strict() && !may_nest {
            forms.push(any_object());
        }
        if may_nest {
            let is_sent = self.is_sent();
            let is_described = rule
                .class
                .as_ref()
                .filter(|class| !sources.shapes.fields_of(class).is_empty());
            match is_described {
                Some(class) => {
                    let class = class.clone();
                    forms.push(self.class_definition(&class));
                }
                // What is not described is best sent by its name.
                None if is_sent => {}
                None => forms.push(any_object()),
            }
        }
        forms
    }

    /// The IRIs of the codes a value may be, when they are known and not too many.
    fn codes(&self, rule: &ValueRule) -> Option<Vec<String>> {
        if let Some(terms) = &rule.one_of {
            let iris: Vec<String> = terms
                .iter()
                .filter_map(|term| match term {
                    Term::NamedNode(node) => Some(node.as_str().to_owned()),
                    _ => None,
                })
                .collect();
            return (iris.len() == terms.len()).then_some(iris);
        }
        let codes = self.sources.shipped.codes(rule.code_list.as_deref()?);
        (1..=MAX_CODES)
            .contains(&codes.len())
            .then(|| codes.iter().map(|code| code.iri.clone()).collect())
    }

    fn tagged_text(&self, rule: &ValueRule) -> Json {
        let mut text = json!({ "type": "string" });
        let mut tag = json!({ "type": "string" });
        if self.is_sent() {
            bound_text(&mut text, rule);
            tag["pattern"] = "^[a-z]{2}$".into();
            return json!({
                "type": "object",
                "properties": { "@value": text, "@language": tag },
                "required": ["@value", "@language"],
                "additionalProperties": false,
            });
        }
        if self.is_strict() {
            bound_text(&mut text, rule);
            if rule.languages.is_empty() {
                tag["pattern"] = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$".into();
            } else {
                tag["enum"] = rule.languages.clone().into();
            }
            tag["examples"] = json!(["nl"]);
        }
        json!({
            "type": "object",
            "properties": {
                "@value": text,
                "@language": tag,
                "@direction": { "type": "string", "enum": ["ltr", "rtl"] },
            },
            "required": ["@value", "@language"],
        })
    }

    /// A literal of a datatype under a term, as `jsonld` writes it.
    fn literal(&self, rule: &ValueRule, datatype: &str, term: Option<&TermDefinition>) -> Json {
        let plain = Coercion::None;
        let coercion = term.map_or(&plain, |term| &term.coercion);
        let coerced = matches!(coercion, Coercion::Datatype(known) if known == datatype);
        let is_plain = *coercion == Coercion::None;
        if !self.is_strict() {
            // Values that are not canonical, or not of this datatype, are written otherwise.
            return any_value();
        }
        let mut text = json!({ "type": "string" });
        bound_text(&mut text, rule);
        if self.is_sent() {
            plain_form(&mut text, datatype);
        }
        if datatype == xsd::STRING {
            if is_plain {
                return text;
            }
            let mut value = json!({
                "type": "object",
                "properties": { "@value": text },
                "required": ["@value"],
            });
            self.close(&mut value);
            return value;
        }
        if datatype == xsd::BOOLEAN && (coerced || is_plain) {
            return json!({ "type": "boolean" });
        }
        if coerced && INTEGER_DATATYPES.contains(&datatype) || is_plain && datatype == xsd::INTEGER
        {
            let mut number = json!({ "type": "integer" });
            bound_number(&mut number, rule, datatype);
            if self.is_sent() {
                keep_safe(&mut number);
            }
            return number;
        }
        if coerced && self.is_sent() && matches!(datatype, xsd::DECIMAL | xsd::DOUBLE | xsd::FLOAT)
        {
            let mut number = json!({ "type": "number" });
            bound_number(&mut number, rule, datatype);
            keep_safe(&mut number);
            return json!({ "anyOf": [text, number] });
        }
        if coerced {
            return text;
        }
        let mut value = json!({
            "type": "object",
            "properties": { "@value": text, "@type": { "type": "string", "const": datatype } },
            "required": ["@value", "@type"],
        });
        self.close(&mut value);
        value
    }

    /// Of what is sent, an object has no keys that are not known.
    fn close(&self, object: &mut Json) {
        if self.is_sent() {
            object["additionalProperties"] = false.into();
        }
    }
}

/// Whether values may be resources, and whether literals.
pub(super) fn kinds_of(rule: &ValueRule) -> (bool, bool) {
    if let Some([iri, blank, literal]) = rule.kinds {
        return (iri || blank, literal);
    }
    if rule.class.is_some() || rule.code_list.is_some() {
        return (true, false);
    }
    if rule.datatype.is_some() || !rule.languages.is_empty() {
        return (false, true);
    }
    if let Some(terms) = &rule.one_of {
        let literals = terms.iter().filter(|t| matches!(t, Term::Literal(_)));
        let count = literals.count();
        return (count < terms.len(), count > 0);
    }
    (true, true)
}

/// The term a value is written under: one that coerces to its kind, else a plain one, else the first.
fn term_for(
    terms: &[TermDefinition],
    fits: impl Fn(&TermDefinition) -> bool,
) -> Option<&TermDefinition> {
    terms
        .iter()
        .find(|term| fits(term))
        .or_else(|| terms.iter().find(|term| term.coercion == Coercion::None))
        .or_else(|| terms.first())
}

fn add(keys: &mut Vec<Key>, predicate: &str, term: Option<&TermDefinition>, form: Json) {
    let name = term.map_or(predicate, |term| term.name.as_str());
    match keys.iter_mut().find(|key| key.name == name) {
        Some(key) if key.forms.contains(&form) => {}
        Some(key) => key.forms.push(form),
        None => keys.push(Key {
            name: name.to_owned(),
            is_set: term.is_some_and(|term| term.is_set),
            forms: vec![form],
        }),
    }
}

fn any_object() -> Json {
    json!({ "type": "object", "additionalProperties": true })
}

fn any_value() -> Json {
    json!({ "type": ["string", "number", "boolean", "object"], "additionalProperties": true })
}

/// The plainest form of texts of a datatype.
fn plain_form(text: &mut Json, datatype: &str) {
    let (key, value) = match datatype {
        xsd::DATE_TIME | xsd::DATE_TIME_STAMP => ("pattern", MOMENT),
        xsd::DATE => ("format", "date"),
        xsd::DECIMAL | xsd::DOUBLE | xsd::FLOAT => ("pattern", "^-?[0-9]{1,9}([.][0-9]{1,9})?$"),
        xsd::G_YEAR => ("pattern", "^[12][0-9]{3}$"),
        xsd::ANY_URI => ("pattern", super::SENT_IRI),
        xsd::LANGUAGE => ("pattern", "^[a-z]{2}$"),
        xsd::DURATION => ("pattern", "^P[0-9]{1,4}D$"),
        _ if INTEGER_DATATYPES.contains(&datatype) => ("pattern", "^[1-9][0-9]{0,8}$"),
        _ if datatype.ends_with("wktLiteral") => ("format", "wkt"),
        _ if datatype.ends_with("gmlLiteral") => ("format", "gml"),
        _ => return,
    };
    text[key] = value.into();
}

fn bound_text(text: &mut Json, rule: &ValueRule) {
    if let Some(pattern) = rule.pattern.as_ref().and_then(json_pattern) {
        text["pattern"] = pattern.into();
    }
    if let Some(least) = rule.length.0 {
        text["minLength"] = least.into();
    }
    if let Some(most) = rule.length.1 {
        text["maxLength"] = most.into();
    }
    let literals = rule.one_of.iter().flatten().filter_map(|term| match term {
        Term::Literal(literal) => Some(Json::from(literal.value())),
        _ => None,
    });
    let literals: Vec<Json> = literals.collect();
    if !literals.is_empty() {
        text["enum"] = literals.into();
    }
}

/// A pattern of XPath that JSON Schema reads alike; `None` for what they write differently.
pub(super) fn json_pattern((source, flags): &(String, String)) -> Option<String> {
    let is_other = ["\\p", "\\P", "\\i", "\\I", "\\c", "\\C", "-["]
        .iter()
        .any(|part| source.contains(part));
    (flags.is_empty() && !is_other).then(|| source.clone())
}

/// Bounds a number that is sent by what everybody reads alike, where nothing bounds it closer.
fn keep_safe(number: &mut Json) {
    for (inclusive, exclusive, limit) in [
        ("minimum", "exclusiveMinimum", -MAX_SAFE),
        ("maximum", "exclusiveMaximum", MAX_SAFE),
    ] {
        if number.get(inclusive).is_none() && number.get(exclusive).is_none() {
            number[inclusive] = limit.into();
        }
    }
}

fn bound_number(number: &mut Json, rule: &ValueRule, datatype: &str) {
    let least = match datatype {
        xsd::NON_NEGATIVE_INTEGER | xsd::UNSIGNED_INT | xsd::UNSIGNED_LONG => Some(0),
        xsd::POSITIVE_INTEGER => Some(1),
        _ => None,
    };
    if let Some(least) = least {
        number["minimum"] = least.into();
    }
    let sides = [
        (&rule.least, "minimum", "exclusiveMinimum"),
        (&rule.greatest, "maximum", "exclusiveMaximum"),
    ];
    for (side, inclusive, exclusive) in sides {
        if let Some((limit, is_allowed)) = side
            && let Ok(limit) = limit.value().parse::<i64>()
        {
            number[if *is_allowed { inclusive } else { exclusive }] = limit.into();
        }
    }
}
