//! A SPARQL endpoint as a source: one `CONSTRUCT`, asked for page by page in a fixed order. How many solutions a page holds
//! is the endpoint's to bound, so the next page begins after as many as the triples of this one must have come from, and the
//! end is a page without triples: nothing is passed over, whatever the endpoint cuts off.

use super::spool::Spool;
use super::texts::{failure, shortened};
use super::{Job, RunRecord, folder_of, load};
use crate::ingest::collect::{Collect, collect};
use crate::ingest::contexts::ContextStore;
use crate::ingest::failure::{Failure, not_fetched, not_rdf, not_read};
use crate::ingest::fetch::{FetchOptions, FetchProblem, Fetched, Fetcher};
use crate::ingest::input::Input;
use crate::ingest::limits::Limits;
use crate::ingest::load::LoadPlan;
use crate::query::{QueryOptions, parse_query};
use crate::rdf::format::Format;
use crate::registry::option;
use crate::store::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// What pages are asked for.
const ACCEPT: &str = "application/n-triples, text/turtle;q=0.9";
/// Longest query.
const MAX_QUERY_BYTES: usize = 256 << 10;
/// A page that is too much for the endpoint is asked for again in this many parts, down to [`LEAST_ROWS`].
const PARTS: u64 = 8;
const LEAST_ROWS: u64 = 100;
/// Wait before a page is asked for again.
const AGAIN: Duration = Duration::from_millis(500);

/// A query that can be asked for in pages.
struct Paged {
    /// With an order, without bounds.
    text: String,
    /// Triples a solution makes.
    template: u64,
}

impl Paged {
    fn of(text: &str, url: &str) -> Result<Self, Box<Failure>> {
        let wrong = |nl: &str, en: &str| failure("H011", url, nl, en);
        if text.len() > MAX_QUERY_BYTES {
            return Err(wrong(
                "de zoekvraag is langer dan 256 KiB",
                "the query is longer than 256 KiB",
            ));
        }
        let parsed = |text: &str| {
            parse_query(text, &QueryOptions::default()).map_err(|error| {
                let told = error.text();
                wrong(
                    &format!("de zoekvraag is geen SPARQL: {}", told.nl),
                    &format!("the query is not SPARQL: {}", told.en),
                )
            })
        };
        let form = parsed(text)?.construct_form().ok_or_else(|| {
            wrong(
                "de zoekvraag is geen CONSTRUCT",
                "the query is no CONSTRUCT",
            )
        })?;
        if form.is_sliced {
            return Err(wrong(
                "de zoekvraag heeft zelf een LIMIT of OFFSET",
                "the query has a LIMIT or OFFSET of its own",
            ));
        }
        if form.variables.is_empty() {
            return Err(wrong(
                "het sjabloon van de zoekvraag heeft geen variabelen",
                "the template of the query has no variables",
            ));
        }
        let mut ordered = text.trim_end().to_owned();
        if !form.is_ordered {
            ordered += "\nORDER BY";
            for variable in &form.variables {
                ordered += " ?";
                ordered += variable;
            }
        }
        let paged = Self {
            text: ordered,
            template: form.template as u64,
        };
        // What stands behind the last group leaves no place for bounds.
        let page = parse_query(&paged.page(1, 0), &QueryOptions::default());
        let form = page.ok().and_then(|page| page.construct_form());
        if form.is_none_or(|form| !form.is_sliced) {
            return Err(wrong(
                "achter de zoekvraag is geen plaats voor LIMIT en OFFSET; zet VALUES binnen de accolades",
                "there is no place for LIMIT and OFFSET behind the query; put VALUES inside the braces",
            ));
        }
        Ok(paged)
    }

    fn page(&self, rows: u64, from: u64) -> String {
        format!("{}\nLIMIT {rows} OFFSET {from}", self.text)
    }
}

/// One page.
struct Page {
    fetched: Fetched,
    format: Format,
    triples: u64,
}

pub(super) fn from_sparql(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let source = job.source;
    let url = source.location.as_str();
    let text = source.option(option::QUERY).unwrap_or_default();
    let paged = match Paged::of(text, url) {
        Ok(paged) => paged,
        Err(failure) => return record.fail(failure),
    };
    // A page is tried again here, with fewer solutions.
    let options = FetchOptions {
        retries: 0,
        ..job.bounds.fetch_options(source)
    };
    let fetcher = Fetcher::new(options, Arc::clone(job.stopped));
    let mut spool = match Spool::new(folder_of(job.registry, &source.name)) {
        Ok(spool) => spool,
        Err(failure) => return record.fail(failure),
    };
    let mut rows = job.bounds.page_rows.max(1);
    let (mut from, mut pages, mut triples) = (0, 0, 0);
    let mut last = 0;
    loop {
        let page = match ask(&fetcher, url, &paged, &mut rows, from) {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(()),
            Err(failure) => return record.fail(failure),
        };
        pages += 1;
        if page.triples == 0 {
            break;
        }
        let body = page.fetched.body.unwrap_or_default();
        let print = xxhash_rust::xxh3::xxh3_64(&body);
        if print == last {
            return record.fail(failure(
                "H012",
                url,
                format!("de bladzijde vanaf {from} is dezelfde als die ervoor"),
                format!("the page from {from} is the same as the one before"),
            ));
        }
        last = print;
        triples += page.triples;
        let name = format!("{url}#offset={from}");
        if let Err(failure) = spool.add(&name, body, page.format, source.graph.clone()) {
            return record.fail(failure);
        }
        progress(triples);
        let is_too_much = pages >= job.bounds.max_pages
            || triples > job.bounds.max_statements
            || spool.bytes() > job.bounds.max_bytes;
        if is_too_much {
            return record.fail(failure(
                "H013",
                url,
                format!("na {pages} bladzijden met {triples} triples is er nog meer"),
                format!("after {pages} pages with {triples} triples there is still more"),
            ));
        }
        from += page.triples.div_ceil(paged.template.max(1));
    }
    let had_more = super::holds_something(job);
    if triples == 0 && had_more {
        return record.fail(failure(
            "H012",
            url,
            "het antwoord is leeg, en dat was het eerder niet",
            "the answer is empty, and it was not before",
        ));
    }
    let plan = LoadPlan::new(job.registry, spool.items());
    load(job, plan, record, &mut |_| {})
}

/// Asks for a page, and once more when that fails; fewer solutions when they were too many. `None` when everything is to end.
fn ask(
    fetcher: &Fetcher,
    url: &str,
    paged: &Paged,
    rows: &mut u64,
    from: u64,
) -> Result<Option<Page>, Box<Failure>> {
    let mut first = true;
    loop {
        let failure = match ask_once(fetcher, url, &paged.page(*rows, from)) {
            Ok(page) => return Ok(Some(page)),
            Err(failure) => failure,
        };
        if fetcher.is_stopped() {
            return Ok(None);
        }
        if !std::mem::take(&mut first) || !failure.0.is_transient && !failure.1 {
            return Err(failure.0);
        }
        if failure.1 {
            *rows = (*rows / PARTS).max(LEAST_ROWS.min(*rows));
        }
        if fetcher.sleep(AGAIN).is_err() {
            return Ok(None);
        }
    }
}

/// What went wrong, and whether fewer solutions may help.
type Refused = (Box<Failure>, bool);

fn ask_once(fetcher: &Fetcher, url: &str, query: &str) -> Result<Page, Refused> {
    let fetched = fetcher.ask_query(url, query, ACCEPT).map_err(|error| {
        let is_too_much = matches!(
            error.problem,
            FetchProblem::TooLarge(_) | FetchProblem::Timeout | FetchProblem::Status(400 | 500..)
        );
        (Box::new(not_fetched(&error, url)), is_too_much)
    })?;
    if fetched.is_partial {
        let told = failure(
            "H012",
            url,
            "het eindpunt gaf maar een deel van de bladzijde, omdat zijn tijd op was",
            "the endpoint gave only a part of the page, because its time was up",
        );
        return Err((told, true));
    }
    let format = Format::from_media_type(&fetched.media_type)
        .filter(|format| matches!(format, Format::NTriples | Format::Turtle))
        .ok_or_else(|| {
            let found = not_rdf(url, &shortened(&fetched.media_type));
            (Box::new(found), false)
        })?;
    let how = Collect {
        media_type: Some(&fetched.media_type),
        base: Some(&fetched.url),
        limits: &Limits::of_sources(),
        contexts: &ContextStore::empty(),
        version: Default::default(),
    };
    let body = fetched.body.clone().unwrap_or_default();
    // An answer that breaks off may be whole the next time.
    let quads = collect(&Input::bytes(url, body), &how).map_err(|found| {
        let mut failure = not_read(&found, url);
        failure.is_transient = true;
        (Box::new(failure), false)
    })?;
    Ok(Page {
        fetched,
        format,
        triples: quads.len() as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_get_an_order_and_bounds() {
        let page = |text: &str| Paged::of(text, "http://e/sparql").map(|paged| paged.page(5, 10));
        let plain = page("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } # all").expect("pages");
        assert!(
            plain.ends_with("# all\nORDER BY ?o ?p ?s\nLIMIT 5 OFFSET 10"),
            "{plain}"
        );
        let own = page("CONSTRUCT WHERE { ?s ?p ?o } ORDER BY ?s").expect("pages");
        assert!(own.ends_with("ORDER BY ?s\nLIMIT 5 OFFSET 10"), "{own}");
        for wrong in [
            "",
            "SELECT * { ?s ?p ?o }",
            "DESCRIBE ?s { ?s ?p ?o }",
            "CONSTRUCT { <urn:a> <urn:b> 1 } WHERE { ?s ?p ?o }",
            "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 3",
            "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } VALUES ?s { <urn:a> }",
            "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o",
        ] {
            let failure = page(wrong).expect_err(wrong);
            assert_eq!(failure.code, "H011", "{wrong}");
        }
    }
}
