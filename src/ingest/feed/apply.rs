//! One event at a time into the objects of its register: attributes take the place of what they said before, transforms
//! link predecessors and successors, deletions end an object.

use super::event::{Event, What};
use crate::ingest::normalise::{
    EVIDENCE, NormaliseError, NormaliseOptions, Normaliser, Omission, Repair, RepairReport, Stated,
    canonical_record, evidence_digest, keep_evidence, nodes_at,
};
use crate::ingest::records::{StagedObjects, graph_of};
use crate::ingest::refnis::change_event;
use crate::rdf::label::Text;
use crate::rdf::vocab::{dct, generiek, rdf};
use crate::registry::Object;
use crate::store::{Draft, QuadIds};
use oxrdf::{NamedNode, NamedNodeRef, Quad};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// What is kept of the events of one source.
pub(in crate::ingest) struct Account<'a> {
    /// Base IRI of the registry.
    pub(in crate::ingest) base: &'a str,
    /// The graph of the source; `None` for that of the register.
    pub(in crate::ingest) graph: Option<&'a NamedNode>,
    /// Where it comes from, for messages.
    pub(in crate::ingest) source: &'a str,
    /// Whether repairs are refused.
    pub(in crate::ingest) strict: bool,
    /// Folder of the registry, where events are kept as evidence.
    pub(in crate::ingest) evidence: Option<&'a Path>,
}

/// Why an event could not be applied.
pub(in crate::ingest) enum NotApplied {
    /// It needs a repair, and none is allowed.
    Strict(NormaliseError),
    /// It could not be kept as evidence.
    Evidence(io::Error),
}

/// Applies events, in the order of their numbers; returns how many changed something or could have.
///
/// # Errors
/// See [`NotApplied`]; what is wrong with single events stands in the report.
pub(in crate::ingest) fn apply(
    draft: &mut Draft<'_>,
    objects: &mut StagedObjects,
    events: &[&Value],
    account: &Account<'_>,
    report: &mut RepairReport,
) -> Result<u64, NotApplied> {
    let mut read = Vec::with_capacity(events.len());
    for raw in events {
        match Event::read(raw) {
            Ok(event) => read.push(event),
            Err(repair) => report.note(account.source, &repair),
        }
    }
    // Numbers count across the events of one feed; a document may hold several feeds.
    read.sort_by_key(|event| event.number);
    let mut applied = 0;
    for event in &read {
        for omission in envelope(event) {
            report.omit(&omission.path, &omission.reason);
        }
        let done = match event.what {
            What::Transform => transform(draft, objects, event, account, report)?,
            What::Delete => delete(draft, objects, event, account, report)?,
            What::Create | What::Update => change(draft, objects, event, account, report)?,
        };
        applied += u64::from(done);
    }
    Ok(applied)
}

fn strange(event: &Event<'_>, path: &str) -> Repair {
    Repair {
        code: "N071",
        path: path.to_owned(),
        from: format!("{path} ({})", event.number),
        to: String::new(),
    }
}

/// The graph of the register of an event.
fn graph_name(event: &Event<'_>, account: &Account<'_>) -> String {
    match account.graph {
        Some(graph) => graph.as_str().to_owned(),
        None => format!("{}/graph/{}", account.base, event.mapping.register),
    }
}

/// Keeps the event as evidence and returns its digest.
fn evidence(event: &Event<'_>, account: &Account<'_>) -> Result<String, NotApplied> {
    let text = canonical_record(event.raw);
    let digest = evidence_digest(&text);
    if let Some(folder) = account.evidence {
        keep_evidence(folder, &digest, &text).map_err(NotApplied::Evidence)?;
    }
    Ok(digest)
}

fn open<'o>(
    draft: &mut Draft<'_>,
    objects: &'o mut StagedObjects,
    event: &Event<'_>,
    account: &Account<'_>,
    iri: &str,
) -> &'o mut Object {
    let mapping = event.mapping;
    let graph = graph_name(event, account);
    let objects = objects.of(draft, account.base, &graph);
    objects.open(
        draft,
        iri,
        &nodes_at(account.base, &mapping.kind, iri),
        mapping.inverse(),
    )
}

fn is_known(object: &Object, event: &Event<'_>) -> bool {
    object.last_event().is_some_and(|last| last >= event.number)
}

fn sign(draft: &mut Draft<'_>, object: &mut Object, event: &Event<'_>, digest: &str) {
    object.set_event(draft, event.number);
    let evidence = NamedNode::new_unchecked(format!("{EVIDENCE}{digest}"));
    object.set_evidence(draft, &evidence);
}

fn delete(
    draft: &mut Draft<'_>,
    objects: &mut StagedObjects,
    event: &Event<'_>,
    account: &Account<'_>,
    report: &mut RepairReport,
) -> Result<bool, NotApplied> {
    let Some(iri) = event.object() else {
        report.note(account.source, &strange(event, "subject"));
        return Ok(false);
    };
    let object = open(draft, objects, event, account, &iri);
    if is_known(object, event) {
        return Ok(false);
    }
    let digest = evidence(event, account)?;
    if object.since().is_none() {
        // Nothing is known of it; that it is gone is worth knowing when older events come.
        object.changes_at(draft, &event.moment);
    }
    object.vanishes_at(draft, &event.moment);
    sign(draft, object, event, &digest);
    report.records += 1;
    Ok(true)
}

fn change(
    draft: &mut Draft<'_>,
    objects: &mut StagedObjects,
    event: &Event<'_>,
    account: &Account<'_>,
    report: &mut RepairReport,
) -> Result<bool, NotApplied> {
    let mut noted = Vec::new();
    let Some(record) = event.record("nieuweWaarde", &mut noted) else {
        report.note(account.source, &strange(event, "subject"));
        return Ok(false);
    };
    let normaliser = Normaliser::shipped();
    let mut options = NormaliseOptions::new(account.base, account.source);
    options.strict = account.strict;
    let digest = evidence(event, account)?;
    let done = normaliser.normalise_made(event.mapping, &record, &options, digest.clone());
    let (mut done, quads) = match done {
        Ok(done) => done,
        Err(error @ NormaliseError::Strict(_)) => return Err(NotApplied::Strict(error)),
        Err(error) => {
            let place = event.object().unwrap_or_default();
            report.refuse(
                format!("{} {place} {}", account.source, event.number),
                error.message(),
            );
            return Ok(false);
        }
    };
    done.repairs.extend(noted);
    let iri = done.subject.as_str().to_owned();
    let object = open(draft, objects, event, account, &iri);
    if is_known(object, event) {
        return Ok(false);
    }
    let is_new = object.now.is_empty();
    if event.what == What::Update {
        let differs = if is_new {
            true
        } else {
            let old = event
                .has_old_values()
                .then(|| event.record("oudeWaarde", &mut Vec::new()));
            let options = NormaliseOptions::new(account.base, account.source);
            let old = old.flatten().and_then(|old| {
                normaliser
                    .normalise_made(event.mapping, &old, &options, digest.clone())
                    .ok()
            });
            old.is_some_and(|(_, old)| !holds(draft, object, &old, account))
        };
        if differs {
            done.repairs.push(Repair {
                code: "N072",
                path: "attributen".to_owned(),
                from: iri.clone(),
                to: event.number.to_string(),
            });
        }
    }
    let mut gone = BTreeSet::new();
    if event.what == What::Create {
        gone.extend(object.now.iter().copied());
    } else {
        let mut paths: Vec<String> = event
            .attributes()
            .map(|name| format!("attributen.{name}"))
            .collect();
        if record.get("nisCodes").is_some() {
            paths.push("nisCodes".to_owned());
        }
        for path in &paths {
            for stated in event.mapping.stated(path) {
                gone.extend(stated_by(draft, object, event, account, &stated));
            }
        }
        let version = generiek::VERSIE_IDENTIFICATOR;
        let number = Stated::Of(Some("gid"), version);
        gone.extend(stated_by(draft, object, event, account, &number));
    }
    object.changes_at(draft, &event.moment);
    object.now.retain(|quad| !gone.contains(quad));
    for mut quad in quads.iter().cloned() {
        quad.graph_name = graph_of(quad.graph_name, account.graph);
        let ids = draft.intern_quad(quad.as_ref());
        object.now.insert(ids);
    }
    sign(draft, object, event, &digest);
    report.add(&done, quads.len() as u64);
    Ok(true)
}

/// Whether an object says what an event takes its old state to be: values, not what nodes are and how they hang together.
fn holds(draft: &mut Draft<'_>, object: &Object, old: &[Quad], account: &Account<'_>) -> bool {
    old.iter().all(|quad| {
        let predicate = quad.predicate.as_str();
        let is_version = predicate == generiek::VERSIE_IDENTIFICATOR;
        if is_version || predicate == crate::rdf::vocab::prov::WAS_DERIVED_FROM {
            return true;
        }
        let mut quad = quad.clone();
        quad.graph_name = graph_of(quad.graph_name, account.graph);
        object.now.contains(&draft.intern_quad(quad.as_ref()))
    })
}

/// The statements that a field made.
fn stated_by(
    draft: &mut Draft<'_>,
    object: &Object,
    event: &Event<'_>,
    account: &Account<'_>,
    stated: &Stated<'_>,
) -> Vec<QuadIds> {
    let mut id = |iri: &str| draft.intern(NamedNodeRef::new_unchecked(iri).into());
    let nodes = nodes_at(account.base, &event.mapping.kind, object.iri());
    let mut node = |role: &str| id(&format!("{nodes}/{role}"));
    match stated {
        Stated::Of(role, predicate) => {
            let s = role.map_or(object.id, &mut node);
            let p = id(predicate);
            let own = object.now.iter().filter(|quad| quad.s == s && quad.p == p);
            own.copied().collect()
        }
        Stated::Inverse(predicate) => {
            let p = id(predicate);
            let own = object
                .now
                .iter()
                .filter(|quad| quad.o == object.id && quad.p == p);
            own.copied().collect()
        }
        Stated::Node(role) => {
            let s = node(role);
            let mut own: Vec<QuadIds> = object
                .now
                .iter()
                .filter(|quad| quad.s == s)
                .copied()
                .collect();
            own.retain(|quad| {
                let mut text = Vec::new();
                draft.write_text(quad.p, &mut text);
                let predicate = String::from_utf8_lossy(&text);
                let predicate = predicate.trim_matches(['<', '>']);
                predicate == rdf::TYPE
                    || predicate.starts_with("http://www.opengis.net/ont/geosparql#")
            });
            own
        }
    }
}

fn transform(
    draft: &mut Draft<'_>,
    objects: &mut StagedObjects,
    event: &Event<'_>,
    account: &Account<'_>,
    report: &mut RepairReport,
) -> Result<bool, NotApplied> {
    let pairs = event.pairs();
    if pairs.is_empty() {
        report.note(account.source, &strange(event, "data"));
        return Ok(false);
    }
    let digest = evidence(event, account)?;
    // One event may name an object in several pairs.
    let mut fresh: BTreeSet<&str> = BTreeSet::new();
    for (from, to) in &pairs {
        for (iri, predicate, other) in [(from, dct::IS_REPLACED_BY, to), (to, dct::REPLACES, from)]
        {
            let object = open(draft, objects, event, account, iri);
            if is_known(object, event) && !fresh.contains(iri.as_str()) {
                continue;
            }
            fresh.insert(iri);
            let is_unknown = object.now.is_empty();
            object.changes_at(draft, &event.moment);
            let mut id = |iri: &str| draft.intern(NamedNodeRef::new_unchecked(iri).into());
            let (p, o) = (id(predicate), id(other));
            let g = id(&graph_name(event, account));
            object.now.insert(QuadIds {
                s: object.id,
                p,
                o,
                g,
            });
            if is_unknown && predicate == dct::IS_REPLACED_BY {
                let repair = Repair {
                    code: "N080",
                    path: "vanId".to_owned(),
                    from: iri.clone(),
                    to: String::new(),
                };
                report.note(account.source, &repair);
            }
            sign(draft, object, event, &digest);
        }
        if event.mapping.kind == "gemeente" {
            merger(draft, event, account, (from, to));
        }
    }
    let is_news = !fresh.is_empty();
    report.records += u64::from(is_news);
    Ok(is_news)
}

/// The merger that a transform of municipalities is part of: one per successor and moment.
fn merger(
    draft: &mut Draft<'_>,
    event: &Event<'_>,
    account: &Account<'_>,
    (from, to): (&str, &str),
) {
    let moment = event.moment.text();
    let day = moment.get(..10).unwrap_or(moment);
    let graph = NamedNode::new_unchecked(graph_name(event, account));
    for quad in change_event(account.base, &graph, (day, true), [from], to) {
        draft.add_quad(quad.as_ref());
    }
}

/// What of the envelope becomes no statement, and why.
fn envelope(event: &Event<'_>) -> Vec<Omission> {
    const TOLD: [&str; 2] = ["id", "data"];
    let in_evidence = Text::new(
        "Omslag van de gebeurtenis; die wordt als bewijs bewaard.",
        "Envelope of the event, which is kept as evidence.",
    );
    let keys = event
        .raw
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys());
    let mut omitted: Vec<Omission> = keys
        .filter(|key| !TOLD.contains(&key.as_str()))
        .map(|key| Omission {
            path: key.clone(),
            reason: in_evidence.clone(),
        })
        .collect();
    if event.has_old_values() {
        omitted.push(Omission {
            path: "data.attributen.oudeWaarde".to_owned(),
            reason: Text::new(
                "De vorige versie zegt het; er wordt mee vergeleken.",
                "The version before says it; the two are compared.",
            ),
        });
    }
    omitted
}
