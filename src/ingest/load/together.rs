//! One commit of some inputs: read, mended where that is allowed, replaced or added to, told of, and said what became of each.

use super::paths::source_iri;
use super::{Introduced, LoadItem, LoadMode, LoadOutcome, LoadPlan, LoadedFile};
use crate::ingest::complain::diagnose_failure;
use crate::ingest::diagnostic::{Diagnostic, Location};
use crate::ingest::format::detect;
use crate::ingest::limits::Limits;
use crate::ingest::mend::{self, MendedInputs, Mender};
use crate::ingest::normalise::{NormaliseError, Repair, RepairReport};
use crate::ingest::parse::{ParseOptions, ParseStats, Progress, parse_into};
use crate::ingest::reader::content_digest;
use crate::ingest::records::{self, Records, StagedObjects};
use crate::ingest::texts;
use crate::rdf::format::Format;
use crate::registry::{Aside, CommitError, CommitRequest, DERIVED, Registry};
use crate::store::{CommitMeta, Draft, Id, Source, StoreError, hex};
use oxrdf::{GraphNameRef, NamedNode};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// What reading one input gave.
pub(in crate::ingest) struct ItemRead {
    pub(in crate::ingest) stats: ParseStats,
    pub(in crate::ingest) repairs: Option<RepairReport>,
}

pub(super) type ItemProgress<'a> = dyn FnMut(Progress, &str, usize) + 'a;

/// One commit of these items. When one cannot be read and texts may be mended, they are, and all are read once more.
pub(super) fn load_together(
    registry: &Registry,
    plan: &LoadPlan,
    items: &[LoadItem],
    progress: &mut ItemProgress<'_>,
) -> Result<Vec<LoadedFile>, StoreError> {
    let mut mended = MendedInputs::of(plan, items);
    loop {
        let files = load_once(registry, plan, items, &mended, progress)?;
        let last = files.last().map(|file| &file.outcome);
        if !matches!(last, Some(LoadOutcome::Refused(_))) || !mended.try_once(plan, items) {
            return Ok(files);
        }
    }
}

fn load_once(
    registry: &Registry,
    plan: &LoadPlan,
    items: &[LoadItem],
    mended: &MendedInputs,
    progress: &mut ItemProgress<'_>,
) -> Result<Vec<LoadedFile>, StoreError> {
    let mut files: Vec<LoadedFile> = Vec::with_capacity(items.len());
    let mut entry = |item: &LoadItem, outcome, aside, read: Option<ItemRead>, since: Instant| {
        let (stats, repairs) = read.map_or((None, None), |read| (Some(read.stats), read.repairs));
        files.push(LoadedFile {
            name: item.input.name().to_owned(),
            graph: item.graph.clone(),
            outcome,
            aside,
            stats,
            repairs,
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    };

    // The log names every source by its digest, so the bytes are read once before they are parsed.
    let mut digests = Vec::with_capacity(items.len());
    let mut all_records = Vec::with_capacity(items.len());
    let mut texts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let since = Instant::now();
        // Records tell of what they mend themselves; what no reader of JSON takes they do not.
        let (records, text) = match (Records::of(item, &plan.limits), mended.get(index)) {
            (None, Some(text)) => (Records::of(&text.item, &plan.limits), Some(text)),
            (records, _) => (records, None),
        };
        let digest = match (&records, text) {
            (_, Some(text)) => Ok(text.sha256),
            (Some(records), None) => Ok(records.sha256()),
            (None, None) => digest_of(item, &plan.limits),
        };
        all_records.push(records);
        texts.push(text);
        match digest {
            Ok(digest) => digests.push(digest),
            Err(refused) => {
                let outcome = LoadOutcome::Refused(Box::new(refused));
                entry(item, outcome, Aside::default(), None, since);
                return Ok(files);
            }
        }
    }
    let activity = registry.activity_iri("laden");
    let request = CommitRequest {
        meta: CommitMeta {
            agent: plan.agent.clone(),
            activity: activity.clone(),
            source: items
                .iter()
                .zip(&digests)
                .map(|(item, digest)| Source {
                    iri: source_iri(&item.input),
                    sha256: Some(hex(digest)),
                })
                .collect(),
            message: plan.message.clone(),
        },
        mode: plan.gate,
        dry_run: plan.dry_run,
        writer: plan.writer.clone(),
    };

    let since = Instant::now();
    let mut read: Vec<(ItemRead, Instant)> = Vec::new();
    let outcome = registry.commit(request, |draft| {
        let mut replaced = BTreeSet::new();
        let mut objects = StagedObjects::default();
        if plan.mode == LoadMode::Replace {
            objects.emptied = shared_graphs(registry, items, &all_records);
            // Before anything is read: what the other inputs say is not to be taken for what was there.
            for graph in &objects.emptied {
                let graph = NamedNode::new_unchecked(graph);
                clear_graph(registry, draft, Some(&graph), &mut replaced);
            }
        }
        let mut links = vec![Vec::new(); items.len()];
        for (index, item) in items.iter().enumerate() {
            let started = Instant::now();
            if let Some(records) = &all_records[index] {
                if plan.mode == LoadMode::Replace {
                    for graph in records.graphs(registry.base(), item) {
                        registry.end_waiting(draft, GraphNameRef::NamedNode(graph.as_ref()));
                    }
                }
                let mut done = records.stage(draft, registry.base(), item, plan, &mut objects)?;
                if let (Some(report), Some(text)) = (&mut done.repairs, texts[index]) {
                    report.merge(&text.report);
                }
                read.push((done, started));
                continue;
            }
            if plan.mode == LoadMode::Replace {
                clear_graph(registry, draft, item.graph.as_ref(), &mut replaced);
            }
            let mut report = |bytes| progress(bytes, item.input.name(), index);
            let text = texts[index];
            let item = text.map_or(item, |mended| &mended.item);
            let mut mender = plan.mending.as_ref().map(Mender::new);
            let options = ParseOptions {
                format: item.format,
                base_iri: item.base_iri.clone(),
                graph: item.graph.clone(),
                limits: plan.limits.clone(),
                content_sha256: Some(digests[index]).filter(|_| text.is_none()),
                progress: Some(&mut report),
                pass_over_contexts: true,
                mender: mender.as_mut(),
                ..ParseOptions::new(mended.contexts(plan))
            };
            let stats = parse_into(draft, &item.input, options)?;
            if let Some(mender) = &mut mender {
                if let Some(repair) = mender.refused() {
                    let error = NormaliseError::Strict(repair.clone());
                    return Err(records::refused(&error, of_file(item)));
                }
                links[index] = mender.take_links();
            }
            // What a context of our own makes of a document is told in any case.
            let is_told = mender.is_some() || !stats.own_contexts.is_empty();
            let repairs = is_told.then(|| {
                let mended_report = mender.map(|mender| mender.into_report(stats.quads));
                let mut report = mended_report.unwrap_or_default();
                if let Some(text) = text {
                    report.merge(&text.report);
                }
                if stats.format == Format::JsonLd {
                    mended.note_contexts(item, &mut report);
                    note_own_contexts(item, &stats, &mut report);
                    let contexts = mended.contexts(plan);
                    let base = item.base_iri.as_deref();
                    mend::note_unknown_keys(&item.input, base, contexts, &mut report);
                }
                if let Some(mending) = &plan.mending {
                    mend::count_tags(&item.input, stats.format, mending, &mut report);
                }
                report
            });
            read.push((ItemRead { stats, repairs }, started));
        }
        objects.finish(draft, plan.mode == LoadMode::Replace);
        let unknown = mend::unknown_links(draft, &links);
        for ((row, _), (item, unknown)) in read.iter_mut().zip(items.iter().zip(&unknown)) {
            if let Some(report) = &mut row.repairs {
                mend::note_unknown(report, item.input.name(), unknown);
            }
        }
        if plan.keeps_to_graph {
            keep_to_graphs(registry, draft, items)?;
        }
        let statements = read.iter().map(|(read, _)| read.stats.quads).sum();
        if plan.needs_statements {
            say_something(items, &read)?;
        }
        let Some(account) = plan
            .account
            .as_ref()
            .filter(|_| draft.net_counts() != (0, 0))
        else {
            return Ok(0);
        };
        let documents: Vec<String> = items.iter().map(|item| source_iri(&item.input)).collect();
        let mappings = all_records.iter().flatten().flat_map(Records::mappings);
        let mappings = mappings.collect();
        Ok(account.tell(
            registry, draft, &activity, &documents, statements, &mappings,
        ))
    });

    let mut aside = match &outcome {
        Ok(done) => done.aside.clone(),
        Err(_) => Aside::default(),
    };
    let last = match outcome {
        Ok(done) if done.changed && plan.dry_run => LoadOutcome::WouldLoad {
            quads_added: done.commit.added.saturating_sub(done.value),
            quads_removed: done.commit.removed,
            introduced: Introduced::of(&done.findings),
        },
        Ok(done) if done.changed => LoadOutcome::Loaded {
            seq: done.commit.seq,
            quads_added: done.commit.added.saturating_sub(done.value),
            quads_removed: done.commit.removed,
            introduced: Introduced::of(&done.findings),
        },
        Ok(_) => LoadOutcome::Unchanged,
        Err(CommitError::Rejected(rejection)) => LoadOutcome::Rejected {
            introduced: Introduced::of(&rejection.findings),
            rejection,
        },
        Err(CommitError::Change(refused)) => LoadOutcome::Refused(Box::new(refused)),
        Err(CommitError::Reserved(reserved)) => {
            let file = items.first().map_or("", |item| item.input.name());
            let place = Location {
                file: file.to_owned(),
                ..Location::default()
            };
            LoadOutcome::Refused(Box::new(texts::reserved_graph(&reserved).at(place)))
        }
        Err(CommitError::Store(error)) => return Err(error),
    };
    let tried = match &last {
        // What is refused may be all of them together, read to the end.
        LoadOutcome::Refused(_) => (read.len() + 1).min(items.len()),
        _ => items.len(),
    };
    let seq = match &last {
        LoadOutcome::Loaded { seq, .. } => Some(*seq),
        _ => None,
    };
    let good = last.is_good();
    let mut read = read.into_iter();
    let mut last = Some(last);
    for (index, item) in items.iter().take(tried).enumerate() {
        let (item_read, started) = match read.next() {
            Some((item_read, started)) => (Some(item_read), started),
            None => (None, since),
        };
        let outcome = if index + 1 == tried {
            last.take().unwrap_or(LoadOutcome::Unchanged)
        } else if let Some(seq) = seq {
            LoadOutcome::Loaded {
                seq,
                quads_added: 0,
                quads_removed: 0,
                introduced: Introduced::default(),
            }
        } else if good {
            LoadOutcome::Unchanged
        } else {
            LoadOutcome::NotCommitted
        };
        let aside = if index + 1 == tried {
            std::mem::take(&mut aside)
        } else {
            Aside::default()
        };
        entry(item, outcome, aside, item_read, started);
    }
    Ok(files)
}

fn of_file(item: &LoadItem) -> Location {
    Location {
        file: item.input.name().to_owned(),
        ..Location::default()
    }
}

fn digest_of(item: &LoadItem, limits: &Limits) -> Result<[u8; 32], Diagnostic> {
    let detected = detect(&item.input, item.format, None)?;
    content_digest(&item.input, detected.format, limits)
        .map_err(|failure| diagnose_failure(&item.input, failure))
}

/// Refuses inputs of which those for one graph say nothing.
fn say_something(items: &[LoadItem], read: &[(ItemRead, Instant)]) -> Result<(), Diagnostic> {
    let mut counts: BTreeMap<Option<&str>, (u64, &str)> = BTreeMap::new();
    for (item, (read, _)) in items.iter().zip(read) {
        let graph = item.graph.as_ref().map(NamedNode::as_str);
        let entry = counts.entry(graph).or_insert((0, item.input.name()));
        entry.0 += read.stats.quads;
    }
    match counts.values().find(|(count, _)| *count == 0) {
        None => Ok(()),
        Some((_, file)) => Err(texts::says_nothing().at(Location {
            file: (*file).to_owned(),
            ..Location::default()
        })),
    }
}

/// Refuses a draft that changes other graphs than those of its inputs.
fn keep_to_graphs(
    registry: &Registry,
    draft: &mut Draft<'_>,
    items: &[LoadItem],
) -> Result<(), Diagnostic> {
    let changed = draft.changed_graphs();
    let view = draft.snapshot().whole();
    let own = items.iter().filter_map(|item| item.graph.as_ref());
    let own: BTreeSet<String> = own
        .flat_map(|graph| registry.graphs_of(graph.as_str()))
        .collect();
    for graph in changed {
        let name = view.iri(graph);
        let name = name.as_deref().unwrap_or_default();
        if !own.contains(name) {
            let file = items.first().map_or("", |item| item.input.name());
            return Err(texts::other_graph(name).at(Location {
                file: file.to_owned(),
                ..Location::default()
            }));
        }
    }
    Ok(())
}

/// Graphs that both records and other inputs fill.
fn shared_graphs(
    registry: &Registry,
    items: &[LoadItem],
    records: &[Option<Records>],
) -> BTreeSet<String> {
    let mut of_records = BTreeSet::new();
    let mut of_others = false;
    for (item, records) in items.iter().zip(records) {
        match records {
            Some(records) => of_records.extend(records.graphs(registry.base(), item)),
            None => of_others = true,
        }
    }
    let others = items
        .iter()
        .zip(records)
        .filter(|(_, records)| records.is_none());
    let others: BTreeSet<Option<&NamedNode>> =
        others.map(|(item, _)| item.graph.as_ref()).collect();
    let is_shared = |graph: &NamedNode| {
        let name = graph.as_str();
        let main = name.strip_suffix(DERIVED).unwrap_or(name);
        others
            .iter()
            .flatten()
            .any(|other| [name, main].contains(&other.as_str()))
    };
    let shared = of_records
        .into_iter()
        .filter(|graph| of_others && is_shared(graph));
    shared.map(NamedNode::into_string).collect()
}

/// Takes out what the target graph holds, once per graph and commit.
fn clear_graph(
    registry: &Registry,
    draft: &mut Draft<'_>,
    graph: Option<&NamedNode>,
    done: &mut BTreeSet<Id>,
) {
    let name = graph.map_or(GraphNameRef::DefaultGraph, |graph| graph.as_ref().into());
    let graph = draft.intern_graph(name);
    if done.insert(graph) {
        registry.end_waiting(draft, name);
        for quad in draft.base().view().quads(None, None, None, Some(graph)) {
            draft.remove(quad);
        }
    }
}

/// Tells which published contexts were read with one of our own.
fn note_own_contexts(item: &LoadItem, stats: &ParseStats, report: &mut RepairReport) {
    for (published, own) in &stats.own_contexts {
        let repair = Repair {
            code: "N006",
            path: "@context".to_owned(),
            from: published.clone(),
            to: own.clone(),
        };
        report.note(item.input.name(), &repair);
    }
}
