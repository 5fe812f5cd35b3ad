//! A DCAT catalogue as a source: its pages, and of each data set that is wanted the distributions in the format that is
//! cheapest to read. All of it is one commit: the data in the graph of the source, the catalogue in a graph beside it.

use super::alternates::alternates;
use super::catalogue::{Catalogue, Distribution, cheapest};
use super::spool::Spool;
use super::texts::{failure, shortened};
use super::{ACCEPT, Job, RunRecord, folder_of, format_of, load};
use crate::ingest::collect::{Collect, collect};
use crate::ingest::failure::{Failure, not_fetched, not_rdf, not_read};
use crate::ingest::fetch::{Fetched, Fetcher, Validators};
use crate::ingest::input::Input;
use crate::ingest::limits::Limits;
use crate::ingest::load::LoadPlan;
use crate::rdf::format::Format;
use crate::registry::{CATALOGUE_SUFFIX, option};
use crate::store::StoreError;
use bytes::Bytes;
use oxrdf::NamedNode;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a catalogue is asked for: as little of it is read, what most of them give comes first.
const MOST_CATALOGUE_PAGES: u64 = 1_000;

pub(super) fn from_dcat(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let source = job.source;
    let fetcher = Fetcher::new(job.bounds.fetch_options(source), Arc::clone(job.stopped));
    let mut spool = match Spool::new(folder_of(job.registry, &source.name)) {
        Ok(spool) => spool,
        Err(failure) => return record.fail(failure),
    };
    let beside = format!("{}{CATALOGUE_SUFFIX}", source.graph.as_str());
    let beside = NamedNode::new_unchecked(beside);
    let catalogue = match pages(job, &fetcher, &mut spool, &beside) {
        Ok(Some(catalogue)) => catalogue,
        Ok(None) => return Ok(()),
        Err(failure) => return record.fail(failure),
    };
    let mut wanted: BTreeSet<String> = source.words(option::DATASETS).into_iter().collect();
    if let Some(missing) = wanted.iter().find(|dataset| !catalogue.knows(dataset)) {
        return record.fail(failure(
            "H014",
            &source.location,
            format!("de dataset {missing} staat niet in de catalogus"),
            format!("the data set {missing} is not in the catalogue"),
        ));
    }
    if wanted.is_empty() {
        wanted = catalogue.datasets();
    }
    let mut chosen = Vec::new();
    for dataset in &wanted {
        let distributions = catalogue.distributions(dataset);
        let best = cheapest(&distributions);
        for one in distributions {
            match passed_over(&one, best) {
                None => chosen.push(one),
                Some([nl, en]) => {
                    let place = one.url.as_deref().unwrap_or(&one.dataset);
                    record.note(format!("{place}: {nl}"), format!("{place}: {en}"));
                }
            }
        }
    }
    if chosen.is_empty() {
        return record.fail(failure(
            "H014",
            &source.location,
            "geen enkele distributie kan gelezen worden",
            "no distribution can be read",
        ));
    }
    if chosen.len() > job.bounds.max_distributions {
        let (found, most) = (chosen.len(), job.bounds.max_distributions);
        return record.fail(failure(
            "H013",
            &source.location,
            format!("er zijn {found} distributies; hoogstens {most} worden opgehaald"),
            format!("there are {found} distributions; at most {most} are fetched"),
        ));
    }
    let mut taken = BTreeSet::new();
    for one in &chosen {
        let (Some(url), Some(format)) = (&one.url, one.format) else {
            continue;
        };
        if !taken.insert(url.clone()) {
            continue;
        }
        let fetched = match fetcher.get(url, ACCEPT, &Validators::default()) {
            Ok(fetched) => fetched,
            Err(_) if fetcher.is_stopped() => return Ok(()),
            // One that is missing would take its data out of the graph: the last good copy stays.
            Err(error) => return record.fail(not_fetched(&error, url)),
        };
        let format = format_of(&fetched).unwrap_or(format);
        if is_page(&fetched) {
            return record.fail(not_rdf(url, &fetched.media_type));
        }
        let body = fetched.body.unwrap_or_default();
        if let Err(failure) = spool.add(&fetched.url, body, format, source.graph.clone()) {
            return record.fail(failure);
        }
        if spool.bytes() > job.bounds.max_bytes {
            return record.fail(too_much(job));
        }
    }
    let plan = LoadPlan::new(job.registry, spool.items());
    load(job, plan, record, progress)
}

fn is_page(fetched: &Fetched) -> bool {
    matches!(
        fetched.media_type.as_str(),
        "text/html" | "application/xhtml+xml"
    )
}

fn too_much(job: &Job<'_>) -> Box<Failure> {
    let most = job.bounds.max_bytes >> 20;
    failure(
        "H013",
        &job.source.location,
        format!("alle documenten samen zijn groter dan {most} MiB"),
        format!("all documents together are larger than {most} MiB"),
    )
}

/// Why a distribution is not taken, if it is not.
fn passed_over(one: &Distribution, best: Option<Format>) -> Option<[String; 2]> {
    let told = shortened(&one.told);
    match (&one.url, one.format) {
        (None, _) => Some([
            "overgeslagen: geen adres om te downloaden".to_owned(),
            "passed over: no address to download from".to_owned(),
        ]),
        (_, None) => Some([
            format!("overgeslagen: geen RDF, maar \"{told}\""),
            format!("passed over: not RDF, but \"{told}\""),
        ]),
        (_, format) if format != best => Some([
            "overgeslagen: dezelfde dataset in een ander formaat".to_owned(),
            "passed over: the same data set in another format".to_owned(),
        ]),
        _ => None,
    }
}

/// Reads the catalogue to its end; `None` when everything is to end.
fn pages(
    job: &Job<'_>,
    fetcher: &Fetcher,
    spool: &mut Spool,
    beside: &NamedNode,
) -> Result<Option<Catalogue>, Box<Failure>> {
    let mut catalogue = Catalogue::default();
    let mut queue = vec![job.source.location.clone()];
    let mut seen: BTreeSet<String> = queue.iter().cloned().collect();
    let mut count = 0;
    while let Some(url) = queue.pop() {
        count += 1;
        if count > MOST_CATALOGUE_PAGES.min(job.bounds.max_pages) {
            return Err(failure(
                "H003",
                &url,
                format!("de catalogus heeft meer dan {} bladzijden", count - 1),
                format!("the catalogue has more than {} pages", count - 1),
            ));
        }
        let (fetched, body, format) = match document(fetcher, &url) {
            Ok(document) => document,
            Err(_) if fetcher.is_stopped() => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let input = Input::bytes(fetched.url.clone(), body.clone());
        job.ensure_contexts(&input, &fetched.url, format)?;
        let contexts = job.contexts()?;
        let how = Collect {
            media_type: Some(format.media_type()),
            base: Some(&fetched.url),
            limits: &Limits::of_sources(),
            contexts: &contexts,
            version: job.registry.store().settings().rdf,
        };
        let quads = collect(&input, &how).map_err(|found| Box::new(not_read(&found, &url)))?;
        for next in catalogue.add(count as usize, &quads) {
            if seen.insert(next.clone()) {
                queue.push(next);
            }
        }
        spool.add(&fetched.url, body, format, beside.clone())?;
        if spool.bytes() > job.bounds.max_bytes {
            return Err(too_much(job));
        }
    }
    Ok(Some(catalogue))
}

/// A document of RDF under an address, or under one of those that a web page there leads to.
pub(super) fn document(
    fetcher: &Fetcher,
    url: &str,
) -> Result<(Fetched, Bytes, Format), Box<Failure>> {
    let get = |url: &str| {
        let fetched = fetcher.get(url, ACCEPT, &Validators::default());
        fetched.map_err(|error| Box::new(not_fetched(&error, url)))
    };
    let first = get(url)?;
    if let Some(format) = format_of(&first) {
        let body = first.body.clone().unwrap_or_default();
        return Ok((first, body, format));
    }
    if !is_page(&first) {
        return Err(Box::new(not_rdf(url, &first.media_type)));
    }
    let page = first.body.clone().unwrap_or_default();
    let tried = alternates(&first.url, &first.links, &page);
    let mut reasons = Vec::new();
    for address in &tried {
        match get(address) {
            Ok(fetched) => match format_of(&fetched) {
                Some(format) => {
                    let body = fetched.body.clone().unwrap_or_default();
                    return Ok((fetched, body, format));
                }
                None => reasons.push([
                    format!("{address}: {}", fetched.media_type),
                    format!("{address}: {}", fetched.media_type),
                ]),
            },
            Err(failure) => reasons.push(failure.message),
        }
        if fetcher.is_stopped() {
            break;
        }
    }
    if reasons.is_empty() {
        return Err(Box::new(not_rdf(url, &first.media_type)));
    }
    let told = |language: usize| {
        let reasons = reasons.iter().take(5);
        let told: Vec<&str> = reasons.map(|texts| texts[language].as_str()).collect();
        told.join("; ")
    };
    Err(failure(
        "H015",
        url,
        format!(
            "het antwoord is een webpagina, en elders is het niet te vinden: {}",
            told(0)
        ),
        format!(
            "the answer is a web page, and it is not to be found elsewhere: {}",
            told(1)
        ),
    ))
}
