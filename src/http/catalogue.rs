//! `/catalog`: the DCAT catalogue in pages, with the documents of what it speaks of (`documents`) and what search engines follow
//! (`sitemap`). What it says is made in `feeds::catalogue`; here are addresses, formats and parameters.

mod documents;
pub(super) mod feed;
mod health;
pub(super) mod sitemap;

pub(super) use documents::{answer_of, leads_on, of_catalogue};
pub(super) use health::health;

use super::body::Params;
use super::error::ApiError;
use super::moment::refuse;
use super::reply::{DOCUMENT_OFFERS, Document, HTML, REVALIDATE, choose, language_of};
use super::shown::Shown;
use super::state::AppState;
use crate::feeds::catalogue::{
    Catalogue, Dataset, MadeCatalogue, Offer, PAGE_DATASETS, SettingsState, name_of_code, page_of,
};
use crate::rdf::format::Format;
use crate::rdf::label::Language;
use crate::rdf::vocab::rdf;
use crate::views::html::{
    CatalogueDataset, CatalogueLink, CatalogueListing, Site, percent_encode, render_catalogue,
};
use crate::views::rdf_document;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oxrdf::Triple;
use std::sync::Arc;

const PAGE: &str = "page";
const SINCE: &str = "modified_since";
const LIMIT: &str = "limit";
const LANGUAGE: &str = "lang";
/// Formats that pages link to, by name and extension.
const FORMATS: [(&str, &str); 5] = [
    ("Turtle", "ttl"),
    ("JSON-LD", "jsonld"),
    ("RDF/XML", "rdf"),
    ("N-Triples", "nt"),
    ("TriG", "trig"),
];

/// What this server offers of its registers; the one place to say so.
fn offer(state: &AppState) -> Offer {
    let of_version = |version: &str| -> Vec<String> {
        let resources = state.dialect.resources(version).into_iter();
        // The catalogue names a register's address by the name of the register.
        let named = resources.filter(|resource| resource.name == resource.register);
        named.map(|resource| resource.register.clone()).collect()
    };
    Offer {
        // Only those that were made: the others would lead nowhere.
        dumps: Vec::new(),
        files: Offer::dumps_of(&state.registry),
        observations: match state.started_observations() {
            Some(Some(store)) => Offer::observations_of(store),
            _ => Vec::new(),
        },
        v2: of_version("v2"),
        v3: of_version("v3"),
        ..Offer::everything(state.registry.registers())
    }
}

/// The catalogue of the newest state, and that state. Reads the log now and then: not for threads that answer requests.
pub(super) fn made(state: &AppState) -> Result<(Arc<MadeCatalogue>, Shown), ApiError> {
    let snapshot = state.registry.snapshot();
    let made = state
        .catalogue
        .of(&state.registry, &snapshot, &offer(state))?;
    Ok((made, Shown::now(snapshot)))
}

/// Finds out how the catalogue does, so that `/health` can tell; run once when a server starts.
pub(super) fn judge(state: &AppState) {
    match made(state) {
        Ok((made, _)) => {
            if let SettingsState::Broken(problems) = &made.settings {
                let first = problems.first().map_or("", |problem| &problem.what.en);
                tracing::warn!(first, "The settings of the catalogue cannot be used");
            }
            for text in made.catalogue.settings.missing(&made.catalogue.base) {
                tracing::warn!(missing = %text.en, "The catalogue has neutral words: see `oslo catalogue set`");
            }
            match made.verdict() {
                Some(verdict) if verdict.conforms => {
                    tracing::info!("The catalogue conforms to DCAT-AP-VL");
                }
                Some(verdict) => tracing::warn!(
                    violations = verdict.violations,
                    "The catalogue does not conform to DCAT-AP-VL; `oslo catalogue check` tells why"
                ),
                None => tracing::warn!("The catalogue could not be checked"),
            }
        }
        Err(_) => tracing::warn!("The catalogue could not be made"),
    }
}

/// What is asked of the catalogue.
struct Asked {
    page: usize,
    limit: usize,
    since: Option<Timestamp>,
    /// As it was written.
    since_text: Option<String>,
}

impl Asked {
    fn of(params: &Params) -> Result<Self, ApiError> {
        let since_text = params.one(SINCE)?.filter(|text| !text.is_empty());
        Ok(Self {
            page: number(params, PAGE, usize::MAX)?.unwrap_or(1),
            limit: number(params, LIMIT, PAGE_DATASETS)?.unwrap_or(PAGE_DATASETS),
            since: since_text.map(moment).transpose()?,
            since_text: since_text.map(str::to_owned),
        })
    }

    /// The address of a page, for who asked at `path`.
    fn address(&self, base: &str, path: &str, page: usize) -> String {
        let mut out = format!("{base}{path}?{PAGE}={page}");
        if self.limit != PAGE_DATASETS {
            out.push_str(&format!("&{LIMIT}={}", self.limit));
        }
        if let Some(since) = &self.since_text {
            out.push_str(&format!("&{SINCE}={}", percent_encode(since)));
        }
        out
    }
}

fn number(params: &Params, name: &'static str, most: usize) -> Result<Option<usize>, ApiError> {
    let Some(text) = params.one(name)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = text.parse::<usize>().ok();
    let number = number.filter(|number| (1..=most).contains(number));
    let to = |word: &str| match most {
        usize::MAX => String::new(),
        most => format!(" {word} {most}"),
    };
    number.map(Some).ok_or_else(|| {
        ApiError::bad_request(
            "bad-parameter",
            format!(
                "De parameter {name} is een getal vanaf 1{}, niet \"{text}\".",
                to("tot")
            ),
            format!(
                "The parameter {name} is a number from 1{}, not \"{text}\".",
                to("to")
            ),
        )
        .with("parameter", name)
    })
}

/// A day (its beginning, in UTC) or a moment with a zone.
fn moment(text: &str) -> Result<Timestamp, ApiError> {
    let day = || {
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
        let day = day.to_zoned(TimeZone::UTC).ok()?;
        Some(day.timestamp())
    };
    // A plus sign that was not percent-encoded arrives as a space.
    let zoned = || text.replacen(' ', "+", 1).parse::<Timestamp>().ok();
    day().or_else(zoned).ok_or_else(|| {
        ApiError::bad_request(
            "bad-parameter",
            format!("De parameter {SINCE} is een datum (2026-01-31) of een tijdstip met tijdzone (2026-01-31T12:00:00Z), niet \"{text}\"."),
            format!("The parameter {SINCE} is a date (2026-01-31) or a moment with a time zone (2026-01-31T12:00:00Z), not \"{text}\"."),
        )
        .with("parameter", SINCE)
    })
}

/// The language of a page: as asked, else as the reader prefers.
pub(super) fn language_in(headers: &HeaderMap, params: &Params) -> Result<Language, ApiError> {
    match params.one(LANGUAGE)? {
        None | Some("") => Ok(language_of(headers)),
        Some("nl") => Ok(Language::Nl),
        Some("en") => Ok(Language::En),
        Some(other) => Err(ApiError::bad_request(
            "bad-parameter",
            format!("De parameter {LANGUAGE} is nl of en, niet \"{other}\"."),
            format!("The parameter {LANGUAGE} is nl or en, not \"{other}\"."),
        )
        .with("parameter", LANGUAGE)),
    }
}

/// `GET /catalogus`: the same in Dutch words.
pub(super) async fn in_dutch(State(state): State<AppState>, RawQuery(query): RawQuery) -> Response {
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let target = format!("{}/catalog{query}", state.registry.base());
    let mut response = (StatusCode::PERMANENT_REDIRECT, Body::empty()).into_response();
    let out = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(&target) {
        out.insert(header::LOCATION, target);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    out.insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}

/// `GET /catalog` and `GET /catalog.{extension}`.
pub(super) async fn catalogue(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(uri.query())?;
    refuse(&params)?;
    let path = uri.path();
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    let chosen = choose(
        &headers,
        extension.or_else(|| params.get("format")),
        &DOCUMENT_OFFERS,
    )?;
    let language = language_in(&headers, &params)?;
    let asked = Asked::of(&params)?;
    let path = match extension {
        Some(extension) => format!("/catalog.{extension}"),
        None => "/catalog".to_owned(),
    };
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let whole = &made.catalogue;
        let part = asked
            .since
            .map(|since| whole.only(|dataset| dataset.modified >= since));
        let catalogue = part.as_ref().unwrap_or(whole);
        let base = whole.base.as_str();
        let address = |page: usize| asked.address(base, &path, page);
        let page = page_of(catalogue, asked.page, asked.limit, &address).ok_or_else(|| {
            ApiError::not_found(
                format!("De catalogus heeft geen bladzijde {}.", asked.page),
                format!("The catalogue has no page {}.", asked.page),
            )
            .with("parameter", PAGE)
        })?;
        let mut document = match chosen {
            HTML => {
                let first = (asked.page - 1) * asked.limit;
                let on_page = catalogue.datasets.iter().skip(first).take(asked.limit);
                let relative = |page| local(base, &address(page));
                let listing = listing(
                    &made,
                    on_page.collect(),
                    language,
                    Neighbours {
                        previous: (page.number > 1).then(|| relative(page.number - 1)),
                        next: (page.number < page.pages).then(|| relative(page.number + 1)),
                        same: relative(page.number),
                    },
                );
                let view = shown.view();
                let site = Site {
                    language,
                    ..state.site(&view, None)
                };
                Document::html(render_catalogue(&site, &listing))
            }
            _ => Document::new(chosen, written(&page.triples, chosen)?),
        };
        document = document.at(&shown).link(&whole.iri, "describes", None);
        for (name, number) in [
            ("first", Some(1)),
            (
                "prev",
                page.number.checked_sub(1).filter(|number| *number > 0),
            ),
            (
                "next",
                Some(page.number + 1).filter(|next| *next <= page.pages),
            ),
            ("last", Some(page.pages)),
        ] {
            if let Some(number) = number {
                document = document.link(&address(number), name, None);
            }
        }
        Ok(document.respond(&headers))
    })
    .await
}

/// Statements in a format.
fn written(triples: &[Triple], media_type: &str) -> Result<Vec<u8>, ApiError> {
    let format = Format::from_media_type(media_type).unwrap_or(Format::Turtle);
    let mut out = Vec::new();
    rdf_document::write_triples(triples, format, &mut out).map_err(ApiError::internal)?;
    Ok(out)
}

/// An address below the base, as pages of this server link to it.
fn local(base: &str, address: &str) -> String {
    match address.strip_prefix(base) {
        Some(path) => format!("{}{path}", crate::views::html::path_prefix(base)),
        None => address.to_owned(),
    }
}

struct Neighbours {
    previous: Option<String>,
    next: Option<String>,
    same: String,
}

type Fact = (String, String, Option<String>);

fn fact(language: Language, (nl, en): (&str, &str), text: &str, href: Option<String>) -> Fact {
    (language.say(nl, en).to_owned(), text.to_owned(), href)
}

/// The name of an IRI of a code list, else the IRI.
fn name_of(iri: &str, language: Language) -> String {
    name_of_code(iri).map_or_else(|| iri.to_owned(), |name| name.get(language).to_owned())
}

fn day(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d").to_string()
}

fn listing(
    made: &MadeCatalogue,
    datasets: Vec<&Dataset>,
    language: Language,
    neighbours: Neighbours,
) -> CatalogueListing {
    let catalogue = &made.catalogue;
    let settings = &catalogue.settings;
    let base = catalogue.base.as_str();
    let mut facts = vec![
        fact(
            language,
            ("Uitgever", "Publisher"),
            settings.publisher.name.get(language),
            settings.publisher.homepage.clone(),
        ),
        fact(
            language,
            ("Licentie", "Licence"),
            &name_of(&settings.licence, language),
            Some(settings.licence.clone()),
        ),
    ];
    if let Some(email) = &settings.contact.email {
        let href = Some(format!("mailto:{email}"));
        facts.push(fact(language, ("Vragen", "Questions"), email, href));
    } else if let Some(page) = &settings.contact.page {
        let href = Some(page.clone());
        facts.push(fact(language, ("Vragen", "Questions"), page, href));
    }
    let missing = match &made.settings {
        SettingsState::Broken(problems) => problems
            .iter()
            .map(|problem| format!("{}: {}", problem.at, problem.what.get(language)))
            .collect(),
        _ => settings
            .missing(base)
            .iter()
            .map(|text| text.get(language).to_owned())
            .collect(),
    };
    let formats = FORMATS.iter().map(|(name, extension)| {
        let query = neighbours
            .same
            .split_once('?')
            .map_or("", |(_, query)| query);
        let address = format!("{base}/catalog.{extension}?{query}");
        ((*name).to_owned(), local(base, &address))
    });
    let other = match language {
        Language::Nl => "en",
        Language::En => "nl",
    };
    CatalogueListing {
        title: settings.title.get(language).to_owned(),
        description: settings.description.get(language).to_owned(),
        facts,
        datasets: datasets
            .into_iter()
            .map(|dataset| shown_dataset(catalogue, dataset, language))
            .collect(),
        formats: formats.collect(),
        other_language: format!("{}&{LANGUAGE}={other}", neighbours.same),
        previous: neighbours.previous,
        next: neighbours.next,
        missing,
    }
}

/// A data set as pages show it.
fn shown_dataset(catalogue: &Catalogue, dataset: &Dataset, language: Language) -> CatalogueDataset {
    let base = catalogue.base.as_str();
    let mut facts = vec![fact(
        language,
        ("Identificator", "Identifier"),
        &dataset.iri,
        None,
    )];
    let mut link = |names: (&str, &str), iri: &String| {
        facts.push(fact(
            language,
            names,
            &name_of(iri, language),
            Some(iri.clone()),
        ));
    };
    link(("Licentie", "Licence"), &dataset.licence);
    link(("Toegang", "Access"), &dataset.access);
    for theme in &dataset.themes {
        link(("Thema", "Theme"), theme);
    }
    for category in &dataset.hvd {
        link(("Hoogwaardige dataset", "High-value data set"), category);
    }
    link(("Wordt bijgewerkt", "Is updated"), &dataset.frequency);
    for standard in &dataset.standards {
        link(("Volgt", "Follows"), standard);
    }
    let keywords = match language {
        Language::Nl => &dataset.keywords.nl,
        Language::En => &dataset.keywords.en,
    };
    let mut plain = |names, text: &str| facts.push(fact(language, names, text, None));
    plain(("Trefwoorden", "Keywords"), &keywords.join(", "));
    if let Some(issued) = dataset.issued {
        plain(("Gepubliceerd", "Published"), &day(issued));
    }
    if dataset.modified > Timestamp::UNIX_EPOCH {
        plain(("Gewijzigd", "Changed"), &day(dataset.modified));
    }
    let distributions = dataset.distributions.iter().map(|distribution| {
        let format = name_of(&distribution.format, language);
        let size = distribution.file.as_ref();
        let size = size.map_or(String::new(), |file| format!(", {} bytes", file.bytes));
        CatalogueLink {
            title: distribution.title.get(language).to_owned(),
            href: local(base, &distribution.download_url),
            note: format!("{format}{size}"),
        }
    });
    let services = catalogue.services_of(dataset).map(|service| CatalogueLink {
        title: service.title.get(language).to_owned(),
        href: local(base, &service.endpoint),
        note: String::new(),
    });
    CatalogueDataset {
        name: dataset.name.clone(),
        title: dataset.title.get(language).to_owned(),
        description: dataset.description.get(language).to_owned(),
        href: format!(
            "{}?{LANGUAGE}={}",
            local(base, &format!("{base}/doc/dataset/{}", dataset.name)),
            language.tag()
        ),
        facts,
        distributions: distributions.collect(),
        services: services.collect(),
    }
}

/// The title or name that statements give.
fn listing_title(triples: &[Triple]) -> Option<String> {
    let names = ["title", "name", "fn", "label"];
    let named = |triple: &&Triple| {
        let predicate = triple.predicate.as_str();
        let name = predicate.rsplit(['#', '/']).next();
        name.is_some_and(|name| names.contains(&name))
    };
    triples
        .iter()
        .find(named)
        .and_then(|triple| match &triple.object {
            oxrdf::Term::Literal(literal) => Some(literal.value().to_owned()),
            _ => None,
        })
}

/// What the description of the data says of the catalogue: its data sets, where to ask them and what files there are.
pub(super) fn in_void(catalogue: &Catalogue) -> Vec<Triple> {
    use oxrdf::NamedNode;
    const VOID: &str = "http://rdfs.org/ns/void#";
    let document = format!("{}/.well-known/void", catalogue.base);
    let whole = format!("{document}#register");
    let mut out = Vec::new();
    let mut say = |subject: &str, predicate: String, object: &str| {
        out.push(Triple::new(
            NamedNode::new_unchecked(subject),
            NamedNode::new_unchecked(predicate),
            NamedNode::new_unchecked(object),
        ));
    };
    for dataset in &catalogue.datasets {
        say(&whole, format!("{VOID}subset"), &dataset.iri);
        say(
            &dataset.iri,
            rdf::TYPE.to_owned(),
            &format!("{VOID}Dataset"),
        );
        for service in catalogue.services_of(dataset) {
            if service.kind == "sparql" {
                say(
                    &dataset.iri,
                    format!("{VOID}sparqlEndpoint"),
                    &service.endpoint,
                );
            }
        }
        for distribution in &dataset.distributions {
            let is_gzip = distribution.packing.as_deref() == Some("application/gzip");
            if is_gzip && distribution.media_type == "application/n-quads" {
                say(
                    &dataset.iri,
                    format!("{VOID}dataDump"),
                    &distribution.download_url,
                );
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_or_have_a_zone() {
        let at = |text: &str| moment(text).ok().map(|moment| moment.to_string());
        assert_eq!(at("2026-01-31").as_deref(), Some("2026-01-31T00:00:00Z"));
        assert_eq!(
            at("2026-01-31T12:00:00 01:00").as_deref(),
            Some("2026-01-31T11:00:00Z")
        );
        for wrong in ["gisteren", "2026-13-01", "2026-01-31T12:00:00"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
