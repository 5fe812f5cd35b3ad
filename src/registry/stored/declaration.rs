//! Reads the file of a stored query: SPARQL below comment lines `#+ key: value` that declare it.
//! Reads no folders and runs nothing.

use super::parameter::{Choice, Parameter, ParameterKind};
use super::{StoredFormat, StoredQuery, StoredQueryError};
use crate::query::{QueryOptions, parse_query_with, variables_in};
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use oxrdf::{Literal, NamedNode, Term};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Most parameters of one query.
const MAX_PARAMETERS: usize = 32;
/// Most values of one enumeration.
const MAX_CHOICES: usize = 1000;
/// Longest time that answers may be kept without asking: a year.
const MAX_AGE: Duration = Duration::from_secs(31_536_000);
/// Names that requests use for something else.
const RESERVED: [&str; 5] = ["asOf", "explain", "format", "timeout", "query"];

/// A text in two languages of which the English half may be missing.
#[derive(Default)]
struct Words {
    nl: Option<String>,
    en: Option<String>,
}

impl Words {
    fn or(self, fallback: &str) -> Text {
        let nl = self.nl.or_else(|| self.en.clone());
        let nl = nl.unwrap_or_else(|| fallback.to_owned());
        Text::new(nl.clone(), self.en.unwrap_or(nl))
    }
}

/// A parameter while its lines are read.
struct Draft {
    line: usize,
    name: String,
    kind: Option<ParameterKind>,
    label: Words,
    required: bool,
    default: Option<String>,
}

#[derive(Default)]
struct Header {
    title: Words,
    description: Words,
    parameters: Vec<Draft>,
    timeout: Option<Duration>,
    max_rows: Option<u64>,
    max_age: Option<Duration>,
    formats: Option<(usize, Vec<String>)>,
}

fn wrong(line: usize, nl: impl Into<String>, en: impl Into<String>) -> StoredQueryError {
    StoredQueryError {
        line,
        reason: Text::new(nl, en),
    }
}

/// Reads one file.
pub(super) fn read(
    name: &str,
    text: &str,
    base: &str,
    rdf: RdfVersion,
) -> Result<StoredQuery, StoredQueryError> {
    let mut header = Header::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(declared) = line.strip_prefix("#+") {
            header.line(number + 1, declared.trim())?;
        } else if !line.is_empty() && !line.starts_with('#') {
            break;
        }
    }
    let variables = variables_in(text);
    let mut parameters = Vec::with_capacity(header.parameters.len());
    for draft in header.parameters {
        let parameter = draft.finish()?;
        if !variables.contains(&parameter.name) {
            return Err(wrong(
                0,
                format!("de bevraging heeft geen variabele ?{}", parameter.name),
                format!("the query has no variable ?{}", parameter.name),
            ));
        }
        parameters.push(parameter);
    }
    let options = QueryOptions {
        base_iri: Some(format!("{base}/")),
        rdf,
        ..QueryOptions::default()
    };
    // Every parameter gets a value once, so that what cannot take one is told now.
    let samples: Vec<(String, Term)> = parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), parameter.kind.sample()))
        .collect();
    let query = parse_query_with(text, &options, &samples).map_err(|error| {
        let line = match &error {
            crate::query::QueryError::Syntax { line, .. } => *line,
            _ => 0,
        };
        let reason = error.text();
        wrong(line, reason.nl, reason.en)
    })?;
    let formats = match header.formats {
        None => StoredFormat::all(query.kind()),
        Some((line, names)) => {
            let mut formats = Vec::new();
            for name in names {
                let format = StoredFormat::from_name(&name, query.kind()).ok_or_else(|| {
                    let known: Vec<&str> = StoredFormat::all(query.kind())
                        .into_iter()
                        .map(StoredFormat::name)
                        .collect();
                    let known = known.join(", ");
                    wrong(
                        line,
                        format!("geen formaat van deze bevraging: {name}; kies uit {known}"),
                        format!("not a format of this query: {name}; choose from {known}"),
                    )
                })?;
                if !formats.contains(&format) {
                    formats.push(format);
                }
            }
            formats
        }
    };
    let digest = Sha256::digest(text.as_bytes());
    Ok(StoredQuery {
        name: name.to_owned(),
        title: header.title.or(name),
        description: header.description.or(""),
        parameters,
        timeout: header.timeout,
        max_rows: header.max_rows,
        max_age: header.max_age,
        formats,
        kind: query.kind(),
        fingerprint: digest[..16].iter().map(|b| format!("{b:02x}")).collect(),
        text: text.to_owned(),
    })
}

impl Header {
    fn line(&mut self, line: usize, declared: &str) -> Result<(), StoredQueryError> {
        let Some((key, value)) = declared.split_once(':') else {
            return Err(wrong(
                line,
                "verwacht: #+ sleutel: waarde",
                "expected: #+ key: value",
            ));
        };
        let (key, value) = (key.trim(), value.trim());
        let text = || Some(value.to_owned());
        match key {
            "title" => self.title.nl = text(),
            "title-en" => self.title.en = text(),
            "description" => self.description.nl = text(),
            "description-en" => self.description.en = text(),
            "parameter" => self.parameter(line, value)?,
            "timeout" => self.timeout = Some(seconds(line, key, value)?),
            "max-age" => self.max_age = Some(seconds(line, key, value)?.min(MAX_AGE)),
            "max-rows" => {
                let rows = value.parse().ok().filter(|rows| *rows > 0);
                self.max_rows = Some(rows.ok_or_else(|| {
                    wrong(
                        line,
                        "max-rows is een aantal rijen, minstens 1",
                        "max-rows is a number of rows, at least 1",
                    )
                })?);
            }
            "formats" => {
                let names = value.split(',').map(str::trim).filter(|n| !n.is_empty());
                self.formats = Some((line, names.map(str::to_owned).collect()));
                if self.formats.as_ref().is_some_and(|(_, n)| n.is_empty()) {
                    return Err(wrong(line, "formats is leeg", "formats is empty"));
                }
            }
            _ => {
                let Some(parameter) = self.parameters.last_mut() else {
                    return Err(unknown(line, key));
                };
                parameter.line(line, key, value)?;
            }
        }
        Ok(())
    }

    fn parameter(&mut self, line: usize, name: &str) -> Result<(), StoredQueryError> {
        let is_name = (1..=64).contains(&name.len())
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(wrong(
                line,
                format!(
                    "\"{name}\" kan geen parameter zijn: letters, cijfers en _, geen cijfer vooraan"
                ),
                format!(
                    "\"{name}\" cannot be a parameter: letters, digits and _, no digit in front"
                ),
            ));
        }
        let is_taken =
            RESERVED.contains(&name) || self.parameters.iter().any(|other| other.name == name);
        if is_taken || self.parameters.len() == MAX_PARAMETERS {
            return Err(wrong(
                line,
                format!(
                    "\"{name}\" is al in gebruik, of er zijn meer dan {MAX_PARAMETERS} parameters"
                ),
                format!(
                    "\"{name}\" is in use already, or there are more than {MAX_PARAMETERS} parameters"
                ),
            ));
        }
        self.parameters.push(Draft {
            line,
            name: name.to_owned(),
            kind: None,
            label: Words::default(),
            required: false,
            default: None,
        });
        Ok(())
    }
}

impl Draft {
    fn line(&mut self, line: usize, key: &str, value: &str) -> Result<(), StoredQueryError> {
        match key {
            "type" => {
                let kind = ParameterKind::from_name(value).ok_or_else(|| {
                    wrong(
                        line,
                        format!("onbekend type {value}; kies uit iri, string, integer, decimal, date, boolean, enumeration"),
                        format!("unknown type {value}; choose from iri, string, integer, decimal, date, boolean, enumeration"),
                    )
                })?;
                self.kind = Some(kind);
            }
            "label" => self.label.nl = Some(value.to_owned()),
            "label-en" => self.label.en = Some(value.to_owned()),
            "default" => self.default = Some(value.to_owned()),
            "required" => {
                self.required = match value {
                    "true" => true,
                    "false" => false,
                    _ => {
                        return Err(wrong(
                            line,
                            "required is true of false",
                            "required is true or false",
                        ));
                    }
                }
            }
            "value" => self.value(line, value)?,
            _ => return Err(unknown(line, key)),
        }
        Ok(())
    }

    /// `word`, or `word = <iri>`.
    fn value(&mut self, line: usize, value: &str) -> Result<(), StoredQueryError> {
        let Some(ParameterKind::Enumeration(choices)) = &mut self.kind else {
            return Err(wrong(
                line,
                "value hoort onder een parameter van type enumeration",
                "value belongs below a parameter of type enumeration",
            ));
        };
        let (name, term) = match value.split_once('=') {
            None => (value, Some(Literal::new_simple_literal(value).into())),
            Some((name, iri)) => {
                let iri = iri.trim();
                let iri = iri.strip_prefix('<').and_then(|iri| iri.strip_suffix('>'));
                let node = iri.and_then(|iri| NamedNode::new(iri).ok());
                (name.trim(), node.map(Term::from))
            }
        };
        let is_known = choices.iter().any(|choice| choice.name == name);
        match term {
            Some(term) if !name.is_empty() && !is_known && choices.len() < MAX_CHOICES => {
                choices.push(Choice {
                    name: name.to_owned(),
                    term,
                });
                Ok(())
            }
            _ => Err(wrong(
                line,
                format!("verwacht: een nieuw woord, of woord = <iri>; hoogstens {MAX_CHOICES}"),
                format!("expected: a new word, or word = <iri>; at most {MAX_CHOICES}"),
            )),
        }
    }

    fn finish(self) -> Result<Parameter, StoredQueryError> {
        let line = self.line;
        let Some(kind) = self.kind else {
            return Err(wrong(
                line,
                format!("parameter {} heeft geen type", self.name),
                format!("parameter {} has no type", self.name),
            ));
        };
        if kind == ParameterKind::Enumeration(Vec::new()) {
            return Err(wrong(
                line,
                format!("parameter {} heeft geen waarden (value)", self.name),
                format!("parameter {} has no values (value)", self.name),
            ));
        }
        if let Some(default) = &self.default {
            if self.required {
                return Err(wrong(
                    line,
                    format!(
                        "parameter {} is verplicht en heeft een standaard: kies één van beide",
                        self.name
                    ),
                    format!(
                        "parameter {} is required and has a default: choose one of the two",
                        self.name
                    ),
                ));
            }
            kind.term(default).map_err(|expected| {
                wrong(
                    line,
                    format!("de standaard van {} is niet {}", self.name, expected.nl),
                    format!("the default of {} is not {}", self.name, expected.en),
                )
            })?;
        }
        Ok(Parameter {
            label: self.label.or(&self.name),
            name: self.name,
            kind,
            required: self.required,
            default: self.default,
        })
    }
}

impl ParameterKind {
    /// Some term of the type.
    fn sample(&self) -> Term {
        let text = match self {
            Self::Iri => "urn:x-oslo:sample",
            Self::String => "a",
            Self::Integer | Self::Decimal => "1",
            Self::Date => "2000-01-01",
            Self::Boolean => "true",
            Self::Enumeration(choices) => choices.first().map_or("", |c| c.name.as_str()),
        };
        self.term(text)
            .unwrap_or_else(|_| Literal::new_simple_literal("").into())
    }
}

fn unknown(line: usize, key: &str) -> StoredQueryError {
    wrong(
        line,
        format!("onbekende sleutel {key}"),
        format!("unknown key {key}"),
    )
}

/// `20`, `20 s`, `0.5`.
fn seconds(line: usize, key: &str, value: &str) -> Result<Duration, StoredQueryError> {
    let number = value.strip_suffix('s').unwrap_or(value).trim();
    let seconds = number.parse::<f64>().ok();
    let duration = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
    duration.filter(|d| !d.is_zero()).ok_or_else(|| {
        wrong(
            line,
            format!("{key} is een aantal seconden"),
            format!("{key} is a number of seconds"),
        )
    })
}
