//! What is sent: events written as the body of one request, with its media type. Sends nothing.

use super::source::{Event, Payload};
use super::subscription::{Form, Subscription};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Most bytes of one body; an event alone may be longer.
const BYTES: usize = 4 << 20;

/// The body of a request.
pub(super) struct Body {
    pub(super) media_type: &'static str,
    pub(super) bytes: Vec<u8>,
    /// How many events it has.
    pub(super) events: usize,
}

/// How many events may share a body.
pub(super) fn most(subscription: &Subscription) -> usize {
    match subscription.form {
        Form::CloudEvents | Form::Cases | Form::Zgw => 1,
        Form::CloudEventsBatch => subscription.per_body,
        Form::Delta if subscription.grace_ms > 0 => subscription.per_body,
        Form::Delta => 1,
    }
}

/// The body of the first events of a list, as many as fit.
pub(super) fn write(subscription: &Subscription, events: &[Event]) -> Body {
    let mut parts: Vec<&Event> = Vec::new();
    let (mut bytes, mut rows) = (0, 0);
    for event in events.iter().take(most(subscription).max(1)) {
        let (length, own_rows) = size(&event.payload);
        let is_more = bytes + length > BYTES || rows + own_rows > subscription.per_body;
        if is_more && !parts.is_empty() {
            break;
        }
        bytes += length;
        rows += own_rows;
        parts.push(event);
    }
    let count = parts.len();
    let json: Json = match subscription.form {
        Form::CloudEvents | Form::Cases | Form::Zgw => {
            parts.first().map_or(Json::Null, |event| cloud(event))
        }
        Form::CloudEventsBatch => parts.iter().map(|event| cloud(event)).collect(),
        Form::Delta if subscription.fold => json!([folded(&parts)]),
        Form::Delta => parts.iter().map(|event| set(event)).collect(),
    };
    Body {
        media_type: match subscription.form {
            Form::CloudEvents | Form::Cases => "application/cloudevents+json; charset=utf-8",
            Form::CloudEventsBatch => "application/cloudevents-batch+json; charset=utf-8",
            Form::Delta | Form::Zgw => "application/json",
        },
        bytes: json.to_string().into_bytes(),
        events: count,
    }
}

/// About how many bytes an event takes, and how many of what a body may have `per_body` of.
fn size(payload: &Payload) -> (usize, usize) {
    match payload {
        Payload::CloudEvent(event) => (json_size(event), 1),
        Payload::Delta { inserts, deletes } => {
            let quads = || inserts.iter().chain(deletes);
            (quads().map(json_size).sum(), quads().count())
        }
    }
}

fn json_size(json: &Json) -> usize {
    match json {
        Json::String(text) => text.len() + 2,
        Json::Array(values) => values.iter().map(json_size).sum::<usize>() + values.len() + 2,
        Json::Object(members) => {
            let sizes = members
                .iter()
                .map(|(name, value)| name.len() + 4 + json_size(value));
            sizes.sum::<usize>() + 2
        }
        _ => 8,
    }
}

fn cloud(event: &Event) -> Json {
    match &event.payload {
        Payload::CloudEvent(json) => json.clone(),
        Payload::Delta { .. } => Json::Null,
    }
}

fn set(event: &Event) -> Json {
    match &event.payload {
        Payload::Delta { inserts, deletes } => json!({ "inserts": inserts, "deletes": deletes }),
        Payload::CloudEvent(_) => Json::Null,
    }
}

/// One set of changes that comes to the same as several after each other.
fn folded(events: &[&Event]) -> Json {
    // What came and went again, or went and came back, cancels out.
    let mut net: BTreeMap<String, (&Json, i32)> = BTreeMap::new();
    for event in events {
        let Payload::Delta { inserts, deletes } = &event.payload else {
            continue;
        };
        let signed = deletes.iter().map(|quad| (quad, -1));
        for (quad, sign) in signed.chain(inserts.iter().map(|quad| (quad, 1))) {
            net.entry(quad.to_string()).or_insert((quad, 0)).1 += sign;
        }
    }
    let side = |sign: i32| -> Vec<&Json> {
        let own = net.values().filter(|(_, sum)| sum.signum() == sign);
        own.map(|(quad, _)| *quad).collect()
    };
    json!({ "inserts": side(1), "deletes": side(-1) })
}

#[cfg(test)]
mod tests {
    use super::super::source::Cursor;
    use super::*;

    fn event(number: u64, inserts: &[&str], deletes: &[&str]) -> Event {
        let quads = |names: &[&str]| {
            names
                .iter()
                .map(|name| json!({ "subject": name }))
                .collect()
        };
        Event {
            id: format!("1-{number}"),
            commit: 1,
            after: Cursor::before(2),
            payload: Payload::Delta {
                inserts: quads(inserts),
                deletes: quads(deletes),
            },
        }
    }

    #[test]
    fn folding_keeps_what_is_left() {
        let mut wanted = Subscription::new("a", "https://x.example/", Form::Delta);
        wanted.fold = true;
        wanted.grace_ms = 10;
        let events = [event(0, &["a", "b"], &["c"]), event(1, &["c", "d"], &["a"])];
        let body = write(&wanted, &events);
        assert_eq!(body.events, 2);
        let json: Json = serde_json::from_slice(&body.bytes).expect("JSON");
        assert_eq!(
            json,
            json!([{ "inserts": [{ "subject": "b" }, { "subject": "d" }], "deletes": [] }])
        );
    }

    #[test]
    fn bodies_hold_no_more_than_they_may() {
        let mut wanted = Subscription::new("a", "https://x.example/", Form::Delta);
        wanted.per_body = 3;
        let events = [event(0, &["a", "b"], &[]), event(1, &["c", "d"], &[])];
        assert_eq!(write(&wanted, &events).events, 1);
        wanted.grace_ms = 10;
        assert_eq!(write(&wanted, &events).events, 1, "four rows in one body");
        wanted.per_body = 4;
        assert_eq!(write(&wanted, &events).events, 2);
    }
}
