//! Answers to writes of items: what was done, or why not. An answer is kept as bytes, because it may be given again.

use super::super::error::ApiError;
use super::super::reply::{JSON, X_COMMIT, content_type};
use super::super::writes::{plain, refusal, whole_report};
use crate::rdf::label::Text;
use crate::registry::{ItemError, Registry, Rejection};
use crate::shapes::Path;
use crate::views::Context;
use crate::views::written::Places;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use oxrdf::{NamedOrBlankNode, Term, Triple};
use serde_json::{Map, Value as Json, json};

/// Statements that a refusal lists.
const LISTED: usize = 20;

/// An answer that can be given more than once.
#[derive(Clone, Debug)]
pub(in crate::http) struct Reply {
    pub(in crate::http) status: StatusCode,
    pub(in crate::http) headers: Vec<(HeaderName, HeaderValue)>,
    pub(in crate::http) body: Bytes,
}

impl Reply {
    /// An answer without content.
    pub(in crate::http) fn new(status: StatusCode) -> Self {
        let mut reply = Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        };
        reply.set(header::CACHE_CONTROL, "no-store");
        reply
    }

    /// The same with content.
    pub(in crate::http) fn with_body(
        mut self,
        media_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        self.headers
            .push((header::CONTENT_TYPE, content_type(media_type)));
        self.body = body.into();
        self
    }

    /// The same with JSON as its content.
    pub(in crate::http) fn with_json(self, members: Map<String, Json>) -> Self {
        let text = format!("{:#}\n", Json::Object(members));
        self.with_body(JSON, text)
    }

    pub(in crate::http) fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
    }

    pub(in crate::http) fn set_commit(&mut self, seq: u64) {
        self.headers.push((X_COMMIT, HeaderValue::from(seq)));
    }

    pub(in crate::http) fn header(&self, name: &HeaderName) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.to_str().ok())
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, Body::from(self.body)).into_response();
        let headers = response.headers_mut();
        // Without content there is no type of it either.
        headers.remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// Where things stand in what the client sent, and what the keys are called.
pub(in crate::http) struct Written<'a> {
    pub(in crate::http) places: &'a Places,
    pub(in crate::http) context: &'a Context,
}

impl Written<'_> {
    fn of(&self, node: &str, predicate: Option<&str>, value: Option<&str>) -> Json {
        self.places
            .of(node, predicate, value)
            .map_or(Json::Null, Json::from)
    }

    fn key(&self, predicate: Option<&str>) -> Json {
        predicate
            .and_then(|predicate| self.context.term_name(predicate))
            .map_or(Json::Null, Json::from)
    }
}

/// 422: the results that the change would introduce, each with the place in the body that it comes from; or the whole
/// report.
pub(in crate::http) fn rejected(
    rejection: &Rejection,
    written: &Written<'_>,
    accept: &str,
) -> Result<Reply, ApiError> {
    if let Some(report) = whole_report(rejection, accept)? {
        let reply = Reply::new(StatusCode::UNPROCESSABLE_ENTITY);
        return Ok(reply.with_body("text/turtle", report));
    }
    let report = &rejection.report;
    Err(refusal(rejection, |row, result| {
        let focus = plain(&report.term(row.focus));
        let path = report.path(row);
        let predicate = path.as_deref().and_then(first_predicate);
        let value = row.value.map(|value| plain(&report.term(value)));
        if let Json::Object(members) = result {
            let place = written.of(&focus, predicate, value.as_deref());
            members.insert("wijzer".to_owned(), place);
            members.insert("naam".to_owned(), written.key(predicate));
        }
    }))
}

/// The predicate by which a path leaves the focus node.
fn first_predicate(path: &Path) -> Option<&str> {
    match path {
        Path::Predicate(predicate) => Some(predicate.as_str()),
        Path::Sequence(paths) => paths.first().and_then(first_predicate),
        _ => None,
    }
}

/// An item that cannot be written as asked.
pub(in crate::http) fn cannot(
    error: ItemError,
    registry: &Registry,
    item: &str,
    written: &Written<'_>,
) -> ApiError {
    match error {
        ItemError::Unknown => ApiError::not_found(
            format!("Dit register bevat geen uitspraken over {item}."),
            format!("This registry holds no statements about {item}."),
        ),
        ItemError::Elsewhere(graph) => match registry.reserved(&graph) {
            Some(reserved) => ApiError::reserved(&reserved),
            None => ApiError::new(
                StatusCode::CONFLICT,
                "stated-elsewhere",
                Text::new("Het item staat in een andere graaf", "The item is in another graph"),
                Text::new(
                    format!("Wat het register over <{item}> zegt, staat in de graaf <{graph}> en niet in die van het register; wijzig het daar, met het Graph Store-protocol of SPARQL Update."),
                    format!("What the registry says of <{item}> is in the graph <{graph}>, not in that of the register; change it there, with the Graph Store protocol or SPARQL Update."),
                ),
            )
            .with("graaf", graph),
        },
        ItemError::Others(statements) => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "other-subjects",
            Text::new("Uitspraken over iets anders", "Statements about something else"),
            Text::new(
                format!("De inhoud wijzigt wat het register zegt over iets anders dan het item en zijn delen: {}. Laat dat weg of zoals het is, of geef een deel geen @id.", subjects(&statements)),
                format!("The content changes what the registry says of something other than the item and its parts: {}. Leave that out or as it is, or give a part no @id.", subjects(&statements)),
            ),
        )
        .with("fouten", listed(&statements, "other-subjects", written)),
        ItemError::IllFormed(statements) => {
            let values: Vec<String> = statements
                .iter()
                .take(LISTED)
                .map(|triple| crate::rdf::text::term_text(triple.object.as_ref()))
                .collect();
            let values = values.join(", ");
            ApiError::bad_request(
                "ill-formed-value",
                format!("Een waarde past niet bij haar datatype: {values}."),
                format!("A value does not fit its datatype: {values}."),
            )
            .with("fouten", listed(&statements, "ill-formed-value", written))
        }
        ItemError::TooLarge => crate::views::TooLarge {
            limit: crate::registry::MAX_ITEM_STATEMENTS,
        }
        .into(),
    }
}

fn subjects(statements: &[Triple]) -> String {
    let mut names: Vec<String> = statements
        .iter()
        .map(|triple| triple.subject.to_string())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(LISTED);
    names.join(", ")
}

fn listed(statements: &[Triple], code: &str, written: &Written<'_>) -> Vec<Json> {
    statements
        .iter()
        .take(LISTED)
        .map(|triple| {
            let subject = match &triple.subject {
                NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
                NamedOrBlankNode::BlankNode(node) => node.to_string(),
            };
            let value = match &triple.object {
                Term::Triple(_) => String::new(),
                other => plain(other),
            };
            let predicate = triple.predicate.as_str();
            json!({
                "wijzer": written.of(&subject, Some(predicate), Some(&value)),
                "naam": written.key(Some(predicate)),
                "code": code,
                "onderwerp": subject,
                "eigenschap": predicate,
                "waarde": value,
            })
        })
        .collect()
}
