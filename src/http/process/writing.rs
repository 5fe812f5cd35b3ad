//! A write of the process interface on its way to one commit: who, which condition, which key, what came of it. What is
//! written is the business of whoever asks.

use super::super::body::{Params, media_type, read_body, require_utf8};
use super::super::error::ApiError;
use super::super::items::answer::{Reply, Written, rejected};
use super::super::items::conditions::{self, Condition};
use super::super::items::keys::{Answer, Claim, Key};
use super::super::items::{reading, repeated};
use super::super::moment;
use super::super::reply::{JSON, joined};
use super::super::state::{AppState, blocking};
use super::super::writes::{authorise, dry_run, summary};
use super::refused;
use crate::registry::process::{CASES_GRAPH, VERSION, moment_text, version_node};
use crate::registry::{CommitError, CommitRequest, Writer};
use crate::store::{CommitMeta, Draft, Source, View};
use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use oxrdf::{GraphName, Literal, NamedNode, Quad, Triple};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

/// Most bytes of a request.
const MAX_BYTES: usize = 1 << 20;

/// A request that was read.
pub(super) struct Asked {
    pub(super) condition: Condition,
    pub(super) dry_run: bool,
    accept: String,
    body: Bytes,
    key: Option<Key>,
    /// What kind of activity it is, for the log.
    activity: &'static str,
}

impl Asked {
    /// The body as what its address takes.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let json: Json = reading::json(&self.body)?;
        serde_json::from_value(json).map_err(|error| refused::wrong_body(&error))
    }
}

/// The answer, and the number of the commit when one was made.
pub(super) type Performed = (Reply, Option<u64>);

/// What a change made.
pub(super) struct Made {
    /// IRI of what was made.
    pub(super) iri: String,
    /// Where it can be read.
    pub(super) document: String,
    /// Whether it was not there before.
    pub(super) created: bool,
    /// Entity tag of the document after it.
    pub(super) etag: Option<String>,
    /// What the answer says besides.
    pub(super) members: Vec<(&'static str, Json)>,
}

/// What comes with a request, as handlers take it whole.
pub(super) type Sent = (HeaderMap, RawQuery, Body);

/// Reads a request and has it performed, once for each key.
pub(super) async fn write(
    state: AppState,
    (headers, RawQuery(query), body): Sent,
    (activity, about): (&'static str, String),
    perform: impl FnOnce(&AppState, &Asked) -> Result<Performed, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    moment::refuse(&params)?;
    authorise(&state, &headers)?;
    super::reading::known(&params, &["dryRun"])?;
    let kind = media_type(&headers);
    if kind != JSON {
        return Err(ApiError::unsupported_media_type(&kind, &[JSON]));
    }
    require_utf8(&headers)?;
    let limit = state.config.max_body_bytes.min(MAX_BYTES);
    let body = read_body(&headers, body, limit).await?;
    let dry_run = dry_run(&params)?;
    let key = Key::of(&headers, &[activity.as_bytes(), about.as_bytes(), &body])?;
    let asked = Asked {
        condition: Condition::of(&headers),
        accept: joined(&headers, header::ACCEPT),
        key: key.filter(|_| !dry_run),
        dry_run,
        body,
        activity,
    };
    let permit = state.write_turn().await?;
    let reply = blocking(move || {
        let _permit = permit;
        let Some(key) = &asked.key else {
            return Ok(perform(&state, &asked)?.0);
        };
        match state.items.keys.claim(&state, key)? {
            Claim::Known(Answer::Whole(reply)) => Ok(repeated::mark(reply)),
            Claim::Known(Answer::OfCommit(seq)) => of_commit(&state, seq),
            Claim::New(running) => {
                let (reply, made) = perform(&state, &asked)?;
                if reply.status.is_success() {
                    running.done(&reply, made);
                }
                Ok(reply)
            }
        }
    })
    .await?;
    Ok(reply.into_response())
}

/// What a request did that was carried out before a restart: its commit, and what that was about.
fn of_commit(state: &AppState, seq: u64) -> Result<Reply, ApiError> {
    let store = state.registry.store();
    let infos = store.commits_between(seq.saturating_sub(1), seq)?;
    let source = infos.first().and_then(|info| info.source.first());
    let mut members = Map::new();
    members.insert("commit".to_owned(), seq.into());
    members.insert("gewijzigd".to_owned(), true.into());
    members.insert(
        "item".to_owned(),
        json!(source.map(|source| source.iri.as_str())),
    );
    let mut reply = Reply::new(StatusCode::OK).with_json(members);
    reply.set_commit(seq);
    Ok(repeated::mark(reply))
}

/// Makes one commit of a change and tells of it.
pub(super) fn commit(
    state: &AppState,
    asked: &Asked,
    about: &str,
    change: impl FnOnce(&mut Draft<'_>) -> Result<Made, ApiError>,
) -> Result<Performed, ApiError> {
    let registry = &state.registry;
    let mut source = vec![Source {
        iri: about.to_owned(),
        sha256: None,
    }];
    source.extend(asked.key.as_ref().map(Key::source));
    let request = CommitRequest {
        meta: CommitMeta {
            agent: registry.agent_iri("beheerder"),
            activity: registry.activity_iri(asked.activity),
            source,
            message: None,
        },
        mode: None,
        dry_run: asked.dry_run,
        writer: Writer::Process,
    };
    let outcome = match registry.commit(request, change) {
        Ok(outcome) => outcome,
        Err(CommitError::Change(error)) => return Err(error),
        Err(CommitError::Store(error)) => return Err(error.into()),
        Err(CommitError::Reserved(reserved)) => return Err(ApiError::reserved(&reserved)),
        Err(CommitError::Rejected(rejection)) => {
            let (places, context) = Default::default();
            let written = Written {
                places: &places,
                context: &context,
            };
            return Ok((rejected(&rejection, &written, &asked.accept)?, None));
        }
    };
    let mut members = summary(registry, &outcome, asked.dry_run);
    let (waits, seq) = (outcome.aside.waiting > 0, outcome.commit.seq);
    let made = outcome.value;
    let created = made.created && outcome.changed && !asked.dry_run && !waits;
    members.insert("item".to_owned(), made.iri.as_str().into());
    members.insert("document".to_owned(), made.document.as_str().into());
    for (name, value) in made.members {
        members.insert(name.to_owned(), value);
    }
    let status = match (waits, created) {
        (true, _) => StatusCode::ACCEPTED,
        (_, true) => StatusCode::CREATED,
        _ => StatusCode::OK,
    };
    let mut reply = Reply::new(status).with_json(members);
    if created {
        reply.set(header::LOCATION, &made.document);
    }
    if let Some(etag) = made.etag.as_deref().filter(|_| !asked.dry_run && !waits) {
        reply.set(header::ETAG, etag);
    }
    reply.set_commit(seq);
    let seq = (outcome.changed && !asked.dry_run).then_some(seq);
    Ok((reply, seq))
}

/// Checks the condition of a change of a case that exists, in the state that it builds on.
pub(super) fn check_condition(
    state: &AppState,
    asked: &Asked,
    view: &View,
    id: &str,
) -> Result<(), ApiError> {
    if asked.condition.is_given() {
        let tag = super::reading::case_tag(state, view, id)?;
        return asked.condition.check(tag);
    }
    if state.config.require_if_match {
        return Err(conditions::required());
    }
    Ok(())
}

/// Adds statements to a graph of the process interface.
pub(super) fn add(draft: &mut Draft<'_>, graph: &NamedNode, triples: &[Triple]) {
    for triple in triples {
        draft.add_quad(triple.as_ref().in_graph(graph.as_ref()));
    }
}

/// Takes all values of a property away.
pub(super) fn clear(draft: &mut Draft<'_>, graph: &NamedNode, subject: &str, predicate: &str) {
    let view = draft.base().view();
    let (s, p) = (view.id_of_iri(subject), view.id_of_iri(predicate));
    let g = view.id_of_iri(graph.as_str());
    if let (Some(s), Some(p), Some(g)) = (s, p, g) {
        for quad in view.quads(Some(s), Some(p), None, Some(g)) {
            draft.remove(quad);
        }
    }
}

/// Says when a dossier was last changed.
pub(super) fn stamp(state: &AppState, draft: &mut Draft<'_>, id: &str, now: jiff::Timestamp) {
    let graph = state.registry.graph_iri(CASES_GRAPH);
    let node = version_node(id);
    clear(draft, &graph, &node, VERSION);
    let quad = Quad::new(
        NamedNode::new_unchecked(node),
        NamedNode::new_unchecked(VERSION),
        Literal::new_simple_literal(moment_text(now)),
        GraphName::from(graph),
    );
    draft.add_quad(quad.as_ref());
}

/// The number of a person in a text: eleven digits, with or without points and hyphens, whose last two check the others.
pub(super) fn has_national_number(text: &str) -> bool {
    let digits: Vec<(usize, u64)> = {
        let chars = text.char_indices().filter(|(_, c)| !"-. ".contains(*c));
        chars
            .map(|(at, c)| (at, c.to_digit(10).map_or(u64::MAX, u64::from)))
            .collect()
    };
    digits.windows(11).any(|window| {
        if window.iter().any(|(_, digit)| *digit == u64::MAX) {
            return false;
        }
        let number = window
            .iter()
            .fold(0_u64, |sum, (_, digit)| sum * 10 + digit);
        let (body, check) = (number / 100, number % 100);
        [body, 2_000_000_000 + body]
            .iter()
            .any(|body| 97 - body % 97 == check)
    })
}

/// Refuses a text with the number of a person in it, or of a wrong length.
pub(super) fn plain_text(field: &'static str, text: &str, most: usize) -> Result<(), ApiError> {
    if has_national_number(text) {
        return Err(refused::personal(field));
    }
    let length = text.chars().count();
    if text.trim().is_empty() || length > most {
        return Err(wrong_field(
            field,
            &format!("een tekst van 1 tot {most} tekens"),
            &format!("a text of 1 to {most} characters"),
        ));
    }
    Ok(())
}

/// Refuses what is no IRI.
pub(super) fn iri(field: &'static str, text: &str) -> Result<(), ApiError> {
    match NamedNode::new(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(wrong_field(field, "een volledige IRI", "a full IRI")),
    }
}

/// Refuses what is no day.
pub(super) fn day(field: &'static str, text: &str) -> Result<(), ApiError> {
    let parsed: Result<jiff::civil::Date, _> = text.parse();
    match parsed {
        Ok(day) if day.to_string() == text => Ok(()),
        _ => Err(wrong_field(
            field,
            "een dag zoals 2026-03-02",
            "a day such as 2026-03-02",
        )),
    }
}

/// A value of another kind than its field.
pub(super) fn wrong_field(field: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "wrong-type",
        format!("In \"{field}\" wordt {nl} verwacht."),
        format!("In \"{field}\" {en} is expected."),
    )
    .with(
        "fouten",
        json!([{ "wijzer": format!("/{field}"), "code": "wrong-type" }]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_seen() {
        // Month 65: no number of anybody.
        let body: u64 = 806_512_345;
        let number = format!("{body:09}{:02}", 97 - body % 97);
        assert!(has_national_number(&number));
        let dotted = format!(
            "nr {}.{}.{}-{}.{}.",
            &number[..2],
            &number[2..4],
            &number[4..6],
            &number[6..9],
            &number[9..]
        );
        assert!(has_national_number(&dotted), "{dotted}");
        assert!(!has_national_number("dossier 2026-1234"));
        assert!(!has_national_number("0123456789012"));
    }
}
