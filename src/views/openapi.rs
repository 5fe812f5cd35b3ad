//! The OpenAPI 3.1 document ([specification](https://spec.openapis.org/oas/v3.1.1.html)) of a registry: its table of operations,
//! and the schemas of its registers. Says what there is; serves nothing.

mod dialect;
mod parameters;
mod table;

pub use dialect::dialect_schemas;
pub use parameters::names_in;
pub use table::{
    Answer, Body, Header, Operation, Parameter, Place, Subjects, Table, TableError, Tag,
};

use crate::rdf::label::{Language, Text};
use crate::views::json_schema::Schema;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Who answers for a registry, and under which licence its data are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name of the organisation or desk.
    pub name: Option<String>,
    /// Its page.
    pub url: Option<String>,
    /// Its mail address.
    pub email: Option<String>,
}

/// What a document is made of besides the table.
pub struct Parts<'a> {
    /// Base of the registry, without a slash at the end.
    pub base: &'a str,
    /// Language of the texts.
    pub language: Language,
    /// Who answers for it.
    pub contact: &'a Contact,
    /// Schemas of registers by name: those that the table names but does not write out.
    pub schemas: &'a BTreeMap<String, Schema>,
    /// Example documents by name of their schema.
    pub examples: &'a BTreeMap<String, Json>,
}

/// The document.
pub fn document(table: &Table, parts: &Parts<'_>) -> Json {
    let writer = Writer { table, parts };
    let language = parts.language;
    let mut paths: Map<String, Json> = Map::new();
    for operation in &table.operations {
        let path = paths
            .entry(operation.path.replace("{*", "{"))
            .or_insert_with(|| json!({}));
        path[&operation.method] = writer.operation(operation);
    }
    let tags: Vec<Json> = table
        .tags
        .iter()
        .map(|tag| {
            json!({
                "name": tag.name.get(language),
                "description": tag.description.get(language),
            })
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": writer.info(),
        "servers": [{
            "url": parts.base,
            "description": language.say("Dit register", "This registry"),
        }],
        "externalDocs": {
            "url": format!("{}/api/docs", parts.base),
            "description": language.say(
                "Deze beschrijving als bladzijde, om uit te proberen",
                "This description as a page, to try things from",
            ),
        },
        "security": [],
        "tags": tags,
        "paths": paths,
        "components": writer.components(),
    })
}

struct Writer<'a> {
    table: &'a Table,
    parts: &'a Parts<'a>,
}

impl Writer<'_> {
    fn say<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.parts.language)
    }

    fn info(&self) -> Json {
        let mut contact = Map::new();
        let given = self.parts.contact;
        for (key, value) in [
            ("name", &given.name),
            ("url", &given.url),
            ("email", &given.email),
        ] {
            if let Some(value) = value {
                contact.insert(key.into(), value.as_str().into());
            }
        }
        if contact.is_empty() {
            contact.insert("url".into(), self.parts.base.into());
        }
        json!({
            "title": self.say(&self.table.title),
            "description": self.say(&self.table.description),
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "EUPL-1.2", "identifier": "EUPL-1.2" },
            "contact": contact,
        })
    }

    fn operation(&self, operation: &Operation) -> Json {
        let tag = self.table.tags.iter().find(|tag| tag.key == operation.tag);
        let mut out = json!({
            "operationId": operation.id,
            "tags": tag.map(|tag| self.say(&tag.name)).into_iter().collect::<Vec<_>>(),
            "summary": self.say(&operation.summary),
        });
        let description = self.say(&operation.description);
        if !description.is_empty() {
            out["description"] = description.into();
        }
        let parameters: Vec<Json> = operation
            .parameters
            .iter()
            .map(|parameter| self.parameter_or_reference(parameter))
            .collect();
        if !parameters.is_empty() {
            out["parameters"] = parameters.into();
        }
        if let Some(body) = &operation.body {
            out["requestBody"] = json!({
                "description": self.say(&body.description),
                "required": body.required,
                "content": self.content(&body.content, &body.examples),
            });
        }
        let mut responses = Map::new();
        for answer in &operation.answers {
            responses.insert(answer.status.to_string(), self.answer(answer));
        }
        for status in &operation.problems {
            responses
                .entry(status.to_string())
                .or_insert_with(|| json!({ "$ref": format!("#/components/responses/P{status}") }));
        }
        responses.sort_keys();
        out["responses"] = responses.into();
        if operation.needs_token {
            out["security"] = json!([{ "token": [] }]);
        }
        out
    }

    fn parameter_or_reference(&self, parameter: &Parameter) -> Json {
        match &parameter.key {
            Some(key) => json!({ "$ref": format!("#/components/parameters/{key}") }),
            None => self.parameter(parameter),
        }
    }

    fn parameter(&self, parameter: &Parameter) -> Json {
        let mut out = json!({
            "name": parameter.name,
            "in": match parameter.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
            },
            "required": parameter.required,
            "description": self.say(&parameter.description),
            "schema": parameter.schema,
        });
        if parameter.schema["type"] == "array" {
            // As a list between commas.
            out["style"] = "form".into();
            out["explode"] = false.into();
        }
        if let Some(example) = &parameter.example {
            out["example"] = example.clone();
        }
        out
    }

    fn answer(&self, answer: &Answer) -> Json {
        let mut out = json!({ "description": self.say(&answer.description) });
        if !answer.headers.is_empty() {
            out["headers"] = header_references(answer.headers.iter().map(String::as_str));
        }
        if !answer.content.is_empty() {
            out["content"] = self.content(&answer.content, self.parts.examples);
        }
        out
    }

    /// Media types with their schemas; examples by media type or by name of the schema.
    fn content(&self, content: &[(String, String)], examples: &BTreeMap<String, Json>) -> Json {
        let mut out = Map::new();
        for (kind, schema) in content {
            let mut media =
                json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } });
            if kind == "multipart/form-data" {
                // A part says its own type.
                media["encoding"] = json!({ "bestand": { "contentType": "text/turtle" } });
            }
            let is_json = kind.ends_with("json");
            let example = examples.get(kind).or_else(|| {
                let named = examples.get(schema);
                named.filter(|_| is_json)
            });
            if let Some(example) = example {
                media["example"] = example.clone();
            }
            out.insert(kind.clone(), media);
        }
        Json::Object(out)
    }

    fn components(&self) -> Json {
        let mut schemas: BTreeMap<String, Json> = self.table.schemas.clone();
        for (name, schema) in self.parts.schemas {
            schemas.insert(name.clone(), schema.root.clone());
            for (part, definition) in &schema.definitions {
                schemas.insert(format!("{name}.{part}"), definition.clone());
            }
        }
        let mut parameters = BTreeMap::new();
        for operation in &self.table.operations {
            for parameter in &operation.parameters {
                if let Some(key) = &parameter.key {
                    parameters.insert(key.clone(), self.parameter(parameter));
                }
            }
        }
        let headers: Map<String, Json> = self
            .table
            .headers
            .iter()
            .map(|(name, header)| {
                let header = json!({
                    "description": self.say(&header.description),
                    "schema": header.schema,
                });
                (name.clone(), header)
            })
            .collect();
        let used: Vec<u16> = self
            .table
            .operations
            .iter()
            .flat_map(|operation| operation.problems.iter().copied())
            .collect();
        let responses: Map<String, Json> = self
            .table
            .problems
            .iter()
            .filter(|(status, _)| used.contains(status))
            .map(|(status, text)| (format!("P{status}"), self.problem(*status, text)))
            .collect();
        json!({
            "schemas": schemas,
            "parameters": parameters,
            "headers": headers,
            "responses": responses,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": self.parts.language.say(
                        "Het token van de beheerder, dat de server bij het starten kreeg.",
                        "The administrator's token, which the server was started with.",
                    ),
                },
            },
        })
    }

    fn problem(&self, status: u16, text: &Text) -> Json {
        let mut names = vec!["X-Request-Id", "Content-Language"];
        match status {
            401 => names.push("WWW-Authenticate"),
            405 => names.push("Allow"),
            429 => names.extend(["Retry-After", "RateLimit", "RateLimit-Policy"]),
            503 => names.push("Retry-After"),
            _ => {}
        }
        json!({
            "description": self.say(text),
            "headers": header_references(names),
            "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Probleem" } },
                "text/html": { "schema": { "$ref": "#/components/schemas/Tekst" } },
            },
        })
    }
}

fn header_references<'n>(names: impl IntoIterator<Item = &'n str>) -> Json {
    let references: Map<String, Json> = names
        .into_iter()
        .map(|name| {
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            (name.to_owned(), reference)
        })
        .collect();
    Json::Object(references)
}
