//! What a subscription says: where to, in which form, about what, and what to do when it is refused. Read from JSON as the
//! administrator sends it, and checked; delivers nothing.

use crate::ingest::fetch::host_of;
use crate::rdf::label::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fmt;

/// Longest time that changes are gathered before they are sent.
const MOST_GRACE_MS: u64 = 60 * 60 * 1_000;
/// Most events, or rows of a delta, of one body.
const MOST_PER_BODY: usize = 10_000;
/// Most patterns, registers or graphs of a subscription.
const MOST_LISTED: usize = 100;
/// Length of a secret in characters.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 16..=1_024;
const MOST_ADDRESS_BYTES: usize = 4_096;

/// How changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// One CloudEvent a request, structured mode ([CloudEvents 1.0, HTTP binding §3.2](https://github.com/cloudevents/spec)).
    #[serde(rename = "cloudevents")]
    CloudEvents,
    /// A list of CloudEvents a request (batched mode, §3.3).
    #[serde(rename = "cloudevents-batch")]
    CloudEventsBatch,
    /// The statements that came and went, as the delta-notifier of mu-semtech sends them (v0.0.1).
    Delta,
    /// A CloudEvent for every status of a case that was set: the channel `dossiers` of the process interface.
    #[serde(rename = "dossiers")]
    Cases,
    /// The same, as the Dutch API for notifications words it (ZGW Notificaties).
    Zgw,
}

impl Form {
    /// All forms.
    pub const ALL: [Self; 5] = [
        Self::CloudEvents,
        Self::CloudEventsBatch,
        Self::Delta,
        Self::Cases,
        Self::Zgw,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::CloudEvents => "cloudevents",
            Self::CloudEventsBatch => "cloudevents-batch",
            Self::Delta => "delta",
            Self::Cases => "dossiers",
            Self::Zgw => "zgw",
        }
    }

    /// The form that a word stands for.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.word() == word)
    }
}

/// Whether a target has to say that it wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Handshake {
    /// It answers `OPTIONS` with `WebHook-Allowed-Origin` before anything is sent (CloudEvents 1.0, HTTP webhook §4).
    #[default]
    #[serde(rename = "verplicht")]
    Required,
    /// The administrator vouches for it.
    #[serde(rename = "geen")]
    None,
}

/// What happens to a body that is refused for good, or too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnRefusal {
    /// Everything waits behind it, and the subscription says so.
    #[default]
    #[serde(rename = "wachten")]
    Wait,
    /// It is put aside as a dead letter, and the next one is sent.
    #[serde(rename = "overslaan")]
    Skip,
}

/// A term of a [`Pattern`], in the words of the SPARQL 1.1 results in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternTerm {
    /// `uri`, `literal` or `bnode`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The IRI, or the text of the literal.
    pub value: String,
}

/// A statement as far as it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pattern {
    /// Subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<PatternTerm>,
    /// Predicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicate: Option<PatternTerm>,
    /// Object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<PatternTerm>,
    /// Graph.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<PatternTerm>,
}

/// A subscription as declared. The names in JSON are those of the administrator's interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its name, which is a folder name too: letters, digits, `-`, `_` and `.`, no dot at the start.
    #[serde(rename = "naam")]
    pub name: String,
    /// Address that is told.
    #[serde(rename = "doel")]
    pub target: String,
    /// How changes are written.
    #[serde(rename = "vorm")]
    pub form: Form,
    /// Registers it is about; with no register and no graph it is about all of them.
    #[serde(rename = "registers", default)]
    pub registers: Vec<String>,
    /// Graphs it is about, as IRIs.
    #[serde(rename = "grafen", default)]
    pub graphs: Vec<String>,
    /// Of a delta: a set of changes is sent when one of its statements fits one of these; without any, always.
    #[serde(rename = "match", default)]
    pub patterns: Vec<Pattern>,
    /// Of a delta: only the statements that fit are sent, not the whole set.
    #[serde(rename = "sendMatchesOnly", default)]
    pub matches_only: bool,
    /// Of a delta: what one commit adds and a later one in the same body takes away is left out.
    #[serde(rename = "foldEffectiveChanges", default)]
    pub fold: bool,
    /// Milliseconds that changes are gathered before they are sent. Of a delta: those of several commits then share a body.
    #[serde(rename = "gracePeriod", default)]
    pub grace_ms: u64,
    /// Of a delta: everything is told, also what is set apart or not public.
    #[serde(rename = "alles", default)]
    pub everything: bool,
    /// Whether the target is asked first.
    #[serde(rename = "handdruk", default)]
    pub handshake: Handshake,
    /// What happens to what is refused.
    #[serde(rename = "bij_weigering", default)]
    pub on_refusal: OnRefusal,
    /// Attempts after which a body counts as refused.
    #[serde(rename = "pogingen", default = "default_attempts")]
    pub attempts: u32,
    /// Most events, or rows of a delta, of one body.
    #[serde(rename = "perLevering", default = "default_per_body")]
    pub per_body: usize,
}

fn default_attempts() -> u32 {
    20
}

fn default_per_body() -> usize {
    100
}

/// From where a new subscription is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// What comes from now on.
    #[default]
    Now,
    /// What came after a commit.
    After(u64),
    /// Everything that the log has.
    Beginning,
}

impl Start {
    /// `nu` (or `now`), `begin`, or the number of a commit.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "nu" | "now" => Some(Self::Now),
            "begin" => Some(Self::Beginning),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                number.parse().ok().map(Self::After)
            }
            _ => None,
        }
    }
}

/// The key that bodies are signed with. Never shown, not even for debugging.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of 16 to 1,024 characters, without the space around it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        SECRET_CHARS
            .contains(&text.chars().count())
            .then(|| Self(text.as_bytes().to_vec()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A subscription that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// What it says.
    pub subscription: Subscription,
    /// What its bodies are signed with.
    pub secret: Option<Secret>,
    /// From where it is told.
    pub start: Start,
}

/// What is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The name of the field, as JSON has it; empty for the whole.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub text: Text,
}

fn invalid(field: &'static str, nl: impl Into<String>, en: impl Into<String>) -> Invalid {
    Invalid {
        field,
        text: Text::new(nl, en),
    }
}

impl NewSubscription {
    /// Reads what the administrator sends: the fields of a [`Subscription`], with `geheim` and `vanaf`.
    ///
    /// # Errors
    /// What is wrong with it. Neither tells what the secret is.
    pub fn of_json(mut json: Json) -> Result<Self, Invalid> {
        let Some(fields) = json.as_object_mut() else {
            return Err(invalid(
                "",
                "de inhoud is geen JSON-object",
                "the content is no JSON object",
            ));
        };
        let secret = match fields.remove("geheim") {
            None => None,
            Some(Json::String(text)) => Some(Secret::new(&text).ok_or_else(bad_secret)?),
            Some(_) => return Err(bad_secret()),
        };
        let start = match fields.remove("vanaf") {
            None => Some(Start::Now),
            Some(Json::String(word)) => Start::parse(&word),
            Some(Json::Number(number)) => number.as_u64().map(Start::After),
            Some(_) => None,
        };
        let start = start.ok_or_else(bad_start)?;
        check_patterns(fields)?;
        let subscription: Subscription = serde_json::from_value(json).map_err(|error| {
            invalid(
                "",
                format!("het abonnement kan niet gelezen worden: {error}"),
                format!("the subscription cannot be read: {error}"),
            )
        })?;
        subscription.check()?;
        Ok(Self {
            subscription,
            secret,
            start,
        })
    }
}

/// Holds patterns to the form they are described in: objects of terms that are objects. Reading them would take lists too,
/// and what has no value for something that is not given.
fn check_patterns(fields: &serde_json::Map<String, Json>) -> Result<(), Invalid> {
    let patterns = fields.get("match").and_then(Json::as_array);
    let is_pattern = |pattern: &Json| {
        let terms = pattern.as_object();
        terms.is_some_and(|terms| terms.values().all(Json::is_object))
    };
    if patterns.is_some_and(|patterns| !patterns.iter().all(is_pattern)) {
        return Err(invalid(
            "match",
            "een patroon is een object met termen, elk met type en value",
            "a pattern is an object of terms, each with type and value",
        ));
    }
    Ok(())
}

/// What is wrong with a secret that is too short or too long.
pub(crate) fn bad_secret() -> Invalid {
    invalid(
        "geheim",
        "een geheim heeft 16 tot 1024 tekens",
        "a secret has 16 to 1,024 characters",
    )
}

/// What is wrong with a start that is none.
pub(crate) fn bad_start() -> Invalid {
    invalid(
        "vanaf",
        "\"nu\", \"begin\" of het nummer van een commit wordt verwacht",
        "\"nu\" (now), \"begin\" or the number of a commit is expected",
    )
}

impl Subscription {
    /// A subscription to everything that is public.
    pub fn new(name: impl Into<String>, target: impl Into<String>, form: Form) -> Self {
        Self {
            name: name.into(),
            target: target.into(),
            form,
            registers: Vec::new(),
            graphs: Vec::new(),
            patterns: Vec::new(),
            matches_only: false,
            fold: false,
            grace_ms: 0,
            everything: false,
            handshake: Handshake::default(),
            on_refusal: OnRefusal::default(),
            attempts: default_attempts(),
            per_body: default_per_body(),
        }
    }

    /// Whether everything it says is possible.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn check(&self) -> Result<(), Invalid> {
        if !is_name(&self.name) {
            return Err(invalid(
                "naam",
                "een naam heeft letters, cijfers, \"-\", \"_\" en \".\", en begint niet met een punt",
                "a name has letters, digits, \"-\", \"_\" and \".\", and does not begin with a point",
            ));
        }
        if self.target.len() > MOST_ADDRESS_BYTES || host_of(&self.target).is_none() {
            return Err(invalid(
                "doel",
                "een adres met http of https wordt verwacht, zonder gebruiker of wachtwoord",
                "an address with http or https is expected, without user or password",
            ));
        }
        let lists = [
            ("registers", self.registers.len()),
            ("grafen", self.graphs.len()),
            ("match", self.patterns.len()),
        ];
        if let Some((field, _)) = lists.into_iter().find(|(_, length)| *length > MOST_LISTED) {
            return Err(invalid(
                field,
                format!("ten hoogste {MOST_LISTED}"),
                format!("{MOST_LISTED} at most"),
            ));
        }
        if let Some(graph) = self
            .graphs
            .iter()
            .find(|graph| oxiri::Iri::parse(graph.as_str()).is_err())
        {
            return Err(invalid(
                "grafen",
                format!("{graph} is geen IRI"),
                format!("{graph} is no IRI"),
            ));
        }
        let terms = self.patterns.iter().flat_map(Pattern::terms);
        let known = ["uri", "literal", "bnode"];
        if let Some(term) = terms.into_iter().find(|t| !known.contains(&&*t.kind)) {
            return Err(invalid(
                "match",
                format!("type \"{}\" is geen uri, literal of bnode", term.kind),
                format!("type \"{}\" is no uri, literal or bnode", term.kind),
            ));
        }
        let only_delta = [
            ("match", !self.patterns.is_empty()),
            ("sendMatchesOnly", self.matches_only),
            ("foldEffectiveChanges", self.fold),
            ("alles", self.everything),
        ];
        if self.form != Form::Delta
            && let Some((field, _)) = only_delta.into_iter().find(|(_, given)| *given)
        {
            return Err(invalid(
                field,
                "dit hoort bij de vorm \"delta\"",
                "this belongs to the form \"delta\"",
            ));
        }
        if self.grace_ms > MOST_GRACE_MS {
            return Err(invalid(
                "gracePeriod",
                "ten hoogste een uur, in milliseconden",
                "an hour at most, in milliseconds",
            ));
        }
        if !(1..=1_000).contains(&self.attempts) {
            return Err(invalid("pogingen", "1 tot 1000", "1 to 1,000"));
        }
        if !(1..=MOST_PER_BODY).contains(&self.per_body) {
            return Err(invalid("perLevering", "1 tot 10000", "1 to 10,000"));
        }
        Ok(())
    }

    /// The address that is told without its query, where keys may stand.
    pub fn shown_target(&self) -> String {
        let address = self.target.split('#').next().unwrap_or_default();
        match address.split_once('?') {
            Some((before, query)) if !query.is_empty() => format!("{before}?…"),
            _ => address.to_owned(),
        }
    }
}

impl Pattern {
    fn terms(&self) -> impl Iterator<Item = &PatternTerm> {
        let terms = [&self.subject, &self.predicate, &self.object, &self.graph];
        terms.into_iter().flatten()
    }
}

/// Whether a text may name a subscription.
pub(crate) fn is_name(name: &str) -> bool {
    crate::registry::DeclaredSource::is_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn declarations_are_read_and_the_wrong_ones_named() {
        let good = json!({
            "naam": "archief", "doel": "https://archief.example/in?sleutel=1", "vorm": "delta",
            "match": [{ "predicate": { "type": "uri", "value": "http://e/p" } }],
            "geheim": "0123456789abcdef", "vanaf": 3
        });
        let read = NewSubscription::of_json(good.clone()).expect("is right");
        assert_eq!(read.start, Start::After(3));
        assert!(read.secret.is_some());
        assert!(!format!("{read:?}").contains("0123456789"));
        assert_eq!(
            read.subscription.shown_target(),
            "https://archief.example/in?…"
        );
        for (field, name, value) in [
            ("naam", "naam", json!("../x")),
            ("doel", "doel", json!("ftp://x")),
            ("doel", "doel", json!("https://u:w@x/")),
            ("vanaf", "vanaf", json!("gisteren")),
            ("vanaf", "vanaf", Json::Null),
            ("vanaf", "vanaf", json!("+5")),
            ("geheim", "geheim", json!("kort")),
            ("geheim", "geheim", Json::Null),
            ("match", "match", json!([[]])),
            ("match", "match", json!([{ "subject": null }])),
            (
                "match",
                "match",
                json!([{ "subject": ["uri", "http://e/s"] }]),
            ),
            ("", "kleur", json!("rood")),
            ("match", "vorm", json!("cloudevents")),
            ("perLevering", "perLevering", json!(0)),
            ("grafen", "grafen", json!(["x y"])),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            let error = NewSubscription::of_json(bad).expect_err(name);
            assert_eq!(error.field, field, "{name}: {error:?}");
            assert!(!format!("{error:?}").contains("0123456789"));
        }
    }

    #[test]
    fn a_declaration_comes_back_as_it_was() {
        for form in Form::ALL {
            let subscription = Subscription::new("a", "https://x.example/", form);
            let text = serde_json::to_string(&subscription).expect("writes");
            assert!(text.contains(form.word()));
            let read: Subscription = serde_json::from_str(&text).expect("reads");
            assert_eq!(read, subscription);
        }
    }
}
