//! A vocabulary or profile as a source, by its IRI: content negotiation, then the addresses that a web page there leads to.
//! Its version is noted with the run.

use super::dcat::document;
use super::{Job, RunRecord, load};
use crate::ingest::fetch::{Fetched, Fetcher};
use crate::ingest::input::Input;
use crate::ingest::load::{LoadItem, LoadPlan};
use crate::store::StoreError;
use oxrdf::{NamedNode, Term};
use std::sync::Arc;

/// What says which version a vocabulary is, the best first.
const VERSIONS: [&str; 5] = [
    "http://www.w3.org/2002/07/owl#versionInfo",
    "http://www.w3.org/2002/07/owl#versionIRI",
    "http://purl.org/pav/version",
    "http://www.w3.org/ns/adms#last",
    "http://purl.org/dc/terms/modified",
];

pub(super) fn from_vocabulary(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let source = job.source;
    let fetcher = Fetcher::new(job.bounds.fetch_options(source), Arc::clone(job.stopped));
    let (fetched, body, format) = match document(&fetcher, &source.location) {
        Ok(document) => document,
        Err(_) if fetcher.is_stopped() => return Ok(()),
        Err(failure) => return record.fail(failure),
    };
    let asked = source.location.split('#').next().unwrap_or_default();
    if fetched.url != asked {
        let (from, to) = (&source.location, &fetched.url);
        record.note(
            format!("{from} gelezen van {to}"),
            format!("{from} read from {to}"),
        );
    }
    let item = LoadItem {
        input: Input::bytes(fetched.url.clone(), body),
        format: Some(format),
        graph: Some(source.graph.clone()),
        base_iri: Some(fetched.url.clone()),
    };
    load(
        job,
        LoadPlan::new(job.registry, vec![item]),
        record,
        progress,
    )?;
    if record.failure.is_none() {
        record.version = version(job, &fetched);
        if record.added + record.removed > 0
            && let Some(version) = record.version.clone()
        {
            record.note(format!("versie {version}"), format!("version {version}"));
        }
    }
    Ok(())
}

/// The version that the graph tells of the IRI, or the entity tag of the answer.
fn version(job: &Job<'_>, fetched: &Fetched) -> Option<String> {
    let view = job.registry.snapshot().view();
    let graph = view.id_of_iri(job.source.graph.as_str())?;
    let location = job.source.location.trim_end_matches(['#', '/']);
    let names = [
        job.source.location.clone(),
        location.to_owned(),
        format!("{location}#"),
        format!("{location}/"),
    ];
    for predicate in VERSIONS {
        let predicate = NamedNode::new_unchecked(predicate);
        let Some(p) = view.id_of_iri(predicate.as_str()) else {
            continue;
        };
        for name in &names {
            let Some(s) = view.id_of_iri(name) else {
                continue;
            };
            let found = view.quads(Some(s), Some(p), None, Some(graph)).next();
            if let Some(quad) = found {
                let text = match view.term(quad.o) {
                    Term::Literal(text) => text.value().to_owned(),
                    Term::NamedNode(node) => node.into_string(),
                    _ => continue,
                };
                return Some(super::texts::shortened(&text));
            }
        }
    }
    fetched.validators.etag.clone()
}
