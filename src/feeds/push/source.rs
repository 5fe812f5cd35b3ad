//! Events after a place in the log: what a subscriber is told, each with an id that is the same whenever it is made. Here they
//! are made of the rows of commits; who delivers them knows [`EventSource`] only.

use super::cases;
use super::items::{self, Happened, ItemChange, LookBack, SeenRow, Values};
use super::subscription::{Form, Pattern, PatternTerm, Subscription};
use super::window::{Parts, Place, Window, iri, read_windows};
use crate::feeds::changes::word_of;
use crate::ingest::ContextStore;
use crate::rdf::text::parse_term;
use crate::registry::Registry;
use crate::store::StoreError;
use crate::views::Context;
use oxrdf::Term;
use oxrdf::vocab::xsd;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Rows that are read at once.
const BUDGET: usize = 20_000;

/// How far a subscriber was told: everything before this place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The commit that comes next, or that is being told.
    pub commit: u64,
    /// Rows of that commit that were told of.
    #[serde(rename = "rij", default)]
    pub row: u64,
    /// Events that were told of the rows from there on.
    #[serde(rename = "gebeurtenis", default)]
    pub told: u64,
}

impl Cursor {
    /// Before everything of a commit.
    pub fn before(commit: u64) -> Self {
        Self {
            commit,
            row: 0,
            told: 0,
        }
    }
}

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// A CloudEvent.
    CloudEvent(Json),
    /// Quads that came and went, in the terms of the SPARQL 1.1 results in JSON.
    Delta {
        /// Quads that came.
        inserts: Vec<Json>,
        /// Quads that went.
        deletes: Vec<Json>,
    },
}

/// Something that a subscriber is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its name: `{commit}-{number}`, of a later part of a large commit `{commit}-{row}-{number}`.
    pub id: String,
    /// The commit it is of.
    pub commit: u64,
    /// Where the cursor stands once it was delivered.
    pub after: Cursor,
    /// What it says.
    pub payload: Payload,
}

/// Events in their order, and where to go on when all of them were delivered.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The events.
    pub events: Vec<Event>,
    /// After all of them, and after what the subscriber did not want to know.
    pub next: Cursor,
}

/// Why there are no events.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The log no longer has the place.
    #[error("the log no longer has this commit; the first one it has is {first:?}")]
    Gone {
        /// The first commit that it has, if any.
        first: Option<u64>,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where events come from.
pub trait EventSource: Send + Sync {
    /// The events after a place that a subscription is about: at least one piece of the log, then no more than `most` and a
    /// piece. Called again with the same place it gives the same events.
    ///
    /// # Errors
    /// Why there are none.
    fn after(&self, wanted: &Subscription, from: Cursor, most: usize)
    -> Result<Batch, SourceError>;
}

/// Events made of the rows of the log.
pub struct LogEvents {
    registry: Arc<Registry>,
    /// For writing, one for each register.
    contexts: Vec<Context>,
}

impl LogEvents {
    /// Events of a registry.
    pub fn new(registry: Arc<Registry>) -> Self {
        let files: FxHashMap<&str, &[u8]> = ContextStore::shipped_files().into_iter().collect();
        let read = |name: &str| {
            let bytes = files.get(format!("{name}.jsonld").as_str())?;
            Context::parse(std::str::from_utf8(bytes).ok()?).ok()
        };
        let registers = registry.registers().iter();
        let contexts = registers
            .map(|register| read(&register.context).unwrap_or_default())
            .collect();
        Self { registry, contexts }
    }

    fn events(&self, wanted: &Subscription, window: &Window) -> Vec<(u64, Payload)> {
        match wanted.form {
            Form::CloudEvents | Form::CloudEventsBatch => self.cloud_events(wanted, window),
            Form::Delta => self.deltas(wanted, window),
            Form::Cases => cases::payloads(&self.registry, window, false),
            Form::Zgw => cases::payloads(&self.registry, window, true),
        }
    }

    fn cloud_events(&self, wanted: &Subscription, window: &Window) -> Vec<(u64, Payload)> {
        let rows = items::shown(&window.rows);
        let changes = items::changes(&self.registry, window, &rows, LookBack::Any).items;
        let registers = self.registry.registers();
        let is_wanted = |change: &ItemChange| {
            let register = &registers[change.register];
            if register.access != "public" {
                return false;
            }
            if wanted.registers.is_empty() && wanted.graphs.is_empty() {
                return true;
            }
            let mut graphs = change.graphs.iter().filter_map(|graph| iri(graph));
            wanted.registers.contains(&register.name)
                || graphs.any(|graph| wanted.graphs.iter().any(|known| known == graph))
        };
        // Numbered before they are chosen: an event has one id, whoever is told of it.
        let numbered = changes.iter().zip(0_u64..);
        numbered
            .filter(|(change, _)| is_wanted(change))
            .map(|(change, number)| {
                let id = event_id(window, number);
                let event = Payload::CloudEvent(self.cloud_event(window, change, &id));
                (number, event)
            })
            .collect()
    }

    fn cloud_event(&self, window: &Window, change: &ItemChange, id: &str) -> Json {
        let register = &self.registry.registers()[change.register];
        let object = register.id_of_iri(&change.iri).unwrap_or_default();
        let space = change.iri.strip_suffix(object).unwrap_or(&change.iri);
        let word = match change.happened {
            Happened::Created => "create",
            Happened::Changed => "update",
            Happened::Removed => "delete",
        };
        let attributes: Vec<Json> = change
            .values
            .iter()
            .map(|(path, values)| self.attribute(change.register, path, values))
            .collect();
        json!({
            "specversion": "1.0",
            "id": id,
            "time": window.moment,
            "type": format!("basisregisters.{}.{word}.v1", word_of(register)),
            "source": format!("{}/v3/feeds/wijzigingen/{}", self.registry.base(), register.name),
            "subject": change.iri,
            "datacontenttype": "application/json",
            "data": {
                "objectId": object,
                "naamruimte": space.trim_end_matches('/'),
                "versieId": window.moment,
                "attributen": attributes,
            },
        })
    }

    fn attribute(&self, register: usize, path: &[String], values: &Values) -> Json {
        let context = &self.contexts[register];
        let name = |iri: &String| context.term_name(iri).unwrap_or(iri).to_owned();
        let names: Vec<String> = path.iter().map(name).collect();
        json!({
            "naam": names.join("."),
            "oudeWaarde": value_of(&values.before),
            "nieuweWaarde": value_of(&values.after),
        })
    }

    fn deltas(&self, wanted: &Subscription, window: &Window) -> Vec<(u64, Payload)> {
        let mut rows = if wanted.everything {
            let all = window.rows.iter().filter_map(|row| {
                let parts = row.parts()?;
                Some(SeenRow {
                    added: row.added,
                    parts,
                })
            });
            all.collect()
        } else {
            items::shown(&window.rows)
        };
        let filter = RowFilter::new(&self.registry, wanted);
        rows.retain(|row| filter.holds(&row.parts));
        if !wanted.patterns.is_empty() {
            let patterns: Vec<[Option<String>; 4]> = wanted.patterns.iter().map(texts_of).collect();
            let fits = |row: &SeenRow<'_>| patterns.iter().any(|p| matches(p, &row.parts));
            if wanted.matches_only {
                rows.retain(fits);
            } else if !rows.iter().any(fits) {
                rows.clear();
            }
        }
        let pieces = rows.chunks(wanted.per_body.max(1));
        pieces
            .zip(0_u64..)
            .map(|(piece, number)| {
                let side = |added: bool| {
                    let own = piece.iter().filter(|row| row.added == added);
                    own.map(|row| quad(&row.parts)).collect()
                };
                let payload = Payload::Delta {
                    inserts: side(true),
                    deletes: side(false),
                };
                (number, payload)
            })
            .collect()
    }
}

pub(super) fn event_id(window: &Window, number: u64) -> String {
    match window.first_row {
        0 => format!("{}-{number}", window.commit),
        row => format!("{}-{row}-{number}", window.commit),
    }
}

impl EventSource for LogEvents {
    fn after(
        &self,
        wanted: &Subscription,
        from: Cursor,
        most: usize,
    ) -> Result<Batch, SourceError> {
        let place = Place {
            commit: from.commit,
            row: from.row,
        };
        let mut batch = Batch {
            events: Vec::new(),
            next: from,
        };
        for window in read_windows(self.registry.store(), place, BUDGET)? {
            let is_first = window.commit == from.commit && window.first_row == from.row;
            let told = if is_first { from.told } else { 0 };
            for (number, payload) in self.events(wanted, &window) {
                if number < told {
                    continue;
                }
                let after = Cursor {
                    commit: window.commit,
                    row: window.first_row,
                    told: number + 1,
                };
                batch.events.push(Event {
                    id: event_id(&window, number),
                    commit: window.commit,
                    after,
                    payload,
                });
            }
            batch.next = Cursor {
                commit: window.next.commit,
                row: window.next.row,
                told: 0,
            };
            // After the last event of a window that is wanted comes the next window.
            if let Some(last) = batch.events.last_mut()
                && (last.after.commit, last.after.row) == (window.commit, window.first_row)
            {
                last.after = batch.next;
            }
            if batch.events.len() >= most {
                break;
            }
        }
        Ok(batch)
    }
}

/// Which rows a delta is about.
struct RowFilter<'a> {
    registry: &'a Registry,
    wanted: &'a Subscription,
    /// Canonical texts of the graphs that are wanted; those of the registers too.
    graphs: Vec<String>,
    /// Canonical texts of graphs of registers that are not public.
    closed: Vec<String>,
}

impl<'a> RowFilter<'a> {
    fn new(registry: &'a Registry, wanted: &'a Subscription) -> Self {
        let graph = |name: &str| format!("<{}>", registry.graph_iri(name).as_str());
        let registers = registry.registers().iter();
        let own = registers
            .clone()
            .filter(|register| wanted.registers.contains(&register.name));
        let graphs = own.map(|register| graph(&register.graph));
        let closed = registers.filter(|register| register.access != "public");
        Self {
            registry,
            wanted,
            graphs: graphs
                .chain(wanted.graphs.iter().map(|iri| format!("<{iri}>")))
                .collect(),
            closed: closed.map(|register| graph(&register.graph)).collect(),
        }
    }

    fn holds(&self, parts: &Parts<'_>) -> bool {
        let is_in = |graphs: &[String]| graphs.iter().any(|graph| graph == parts.graph);
        let register = || iri(parts.subject).and_then(|iri| self.registry.register_of_iri(iri));
        if !self.wanted.everything && !self.closed.is_empty() {
            let is_closed = register().is_some_and(|register| register.access != "public");
            if is_closed || is_in(&self.closed) {
                return false;
            }
        }
        self.graphs.is_empty()
            || is_in(&self.graphs)
            || !self.wanted.registers.is_empty()
                && register().is_some_and(|own| self.wanted.registers.contains(&own.name))
    }
}

/// The canonical text that each place of a pattern asks for, as far as it is one; literals are compared by their text.
fn texts_of(pattern: &Pattern) -> [Option<String>; 4] {
    let text = |term: &Option<PatternTerm>| {
        let term = term.as_ref()?;
        Some(match term.kind.as_str() {
            "uri" => format!("<{}>", term.value),
            "bnode" => format!("_:{}", term.value),
            _ => {
                let literal = oxrdf::LiteralRef::new_simple_literal(&term.value);
                crate::rdf::text::term_text(literal.into())
            }
        })
    };
    [
        text(&pattern.subject),
        text(&pattern.predicate),
        text(&pattern.object),
        text(&pattern.graph),
    ]
}

fn matches(pattern: &[Option<String>; 4], parts: &Parts<'_>) -> bool {
    let found = [parts.subject, parts.predicate, parts.object, parts.graph];
    pattern.iter().zip(found).all(|(wanted, found)| {
        let Some(wanted) = wanted else { return true };
        if wanted.starts_with('"') {
            // Whatever language or datatype it has.
            let rest = found.strip_prefix(wanted.as_str());
            return rest.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('@') || rest.starts_with("^^")
            });
        }
        wanted == found
    })
}

/// A quad in the terms of the SPARQL 1.1 results in JSON; one of the default graph names none.
fn quad(parts: &Parts<'_>) -> Json {
    let mut json = json!({
        "subject": term(parts.subject),
        "predicate": term(parts.predicate),
        "object": term(parts.object),
    });
    if !parts.graph.is_empty() {
        json["graph"] = term(parts.graph);
    }
    json
}

fn term(text: &str) -> Json {
    if let Some(iri) = iri(text) {
        return json!({ "type": "uri", "value": iri });
    }
    match parse_term(text) {
        Ok(Term::Literal(literal)) => {
            let mut json = json!({ "type": "literal", "value": literal.value() });
            if let Some(language) = literal.language() {
                json["xml:lang"] = language.into();
            } else if literal.datatype() != xsd::STRING {
                json["datatype"] = literal.datatype().as_str().into();
            }
            json
        }
        Ok(Term::BlankNode(node)) => json!({ "type": "bnode", "value": node.as_str() }),
        // A triple term of RDF 1.2: its text says what it is.
        _ => json!({ "type": "triple", "value": text }),
    }
}

/// A value, a list of several, or null.
fn value_of(texts: &[String]) -> Json {
    match texts {
        [] => Json::Null,
        [one] => plain(one),
        many => many.iter().map(|text| plain(text)).collect(),
    }
}

fn plain(text: &str) -> Json {
    if let Some(iri) = iri(text) {
        return iri.into();
    }
    let Ok(Term::Literal(literal)) = parse_term(text) else {
        return text.into();
    };
    let value = literal.value();
    if let Some(language) = literal.language() {
        return json!({ "waarde": value, "taal": language });
    }
    match literal.datatype() {
        xsd::BOOLEAN if value == "true" => true.into(),
        xsd::BOOLEAN if value == "false" => false.into(),
        xsd::INTEGER => crate::rdf::text::json_integer(value).map_or(value.into(), Json::from),
        _ => value.into(),
    }
}
