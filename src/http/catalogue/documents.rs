//! Documents of what the catalogue speaks of: `/id/catalogus`, `/id/dataset/{register}` and the like lead to pages and statements.
//! What is stored about an IRI goes before: the catalogue answers where nothing is.

use super::super::reply::language_by;
use super::{LANGUAGE, fact, listing_title, local, made, shown_dataset, written};
use crate::feeds::catalogue::{Catalogue, dataset_json, entities, in_script, page_of};
use crate::http::body::Params;
use crate::http::error::ApiError;
use crate::http::reply::{Document, HTML};
use crate::http::shown::Shown;
use crate::http::state::AppState;
use crate::http::versions::see_other;
use crate::rdf::label::Language;
use crate::views::html::{Site, percent_encode, render_catalogue_dataset, render_catalogue_entity};
use crate::views::rdf_document::shorten;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use oxrdf::{Term, Triple};

/// Kinds of IRIs below `/id/` that the catalogue may know.
const KINDS: [&str; 7] = [
    "dataset",
    "distributie",
    "dataservice",
    "fiche",
    "agent",
    "contactpunt",
    "plaats",
];

/// `GET /id/catalogus`: the catalogue is described at `/catalog`.
pub(in crate::http) async fn of_catalogue(
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let shown = Shown::now(state.registry.snapshot());
    see_other(&format!("{}/catalog", state.registry.base()), &shown)
}

/// Where the identifier of an entity of the catalogue leads; `None` when it is none.
pub(in crate::http) async fn leads_on(
    state: &AppState,
    shown: &Shown,
    kind: &str,
    id: &str,
) -> Result<Option<Response>, ApiError> {
    if !shown.is_now() || !KINDS.contains(&kind) {
        return Ok(None);
    }
    let (kind, id) = (kind.to_owned(), id.to_owned());
    let state = state.clone();
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let base = state.registry.base();
        if statements(&made.catalogue, &kind, &id).is_none() {
            return Ok(None);
        }
        let target = format!(
            "{base}/doc/{}/{}",
            percent_encode(&kind),
            percent_encode(&id)
        );
        see_other(&target, &shown).map(Some)
    })
    .await
}

/// The document of an entity of the catalogue in a format; `None` when it is none.
pub(in crate::http) async fn answer_of(
    state: &AppState,
    shown: &Shown,
    (kind, id): (&str, &str),
    media_type: &'static str,
    (headers, params): (&HeaderMap, &Params),
) -> Result<Option<Response>, ApiError> {
    if !shown.is_now() || !KINDS.contains(&kind) {
        return Ok(None);
    }
    let language = language_by(LANGUAGE, headers, params)?;
    let (kind, id, headers) = (kind.to_owned(), id.to_owned(), headers.clone());
    let state = state.clone();
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let catalogue = &made.catalogue;
        let Some((iri, triples)) = statements(catalogue, &kind, &id) else {
            return Ok(None);
        };
        let address = format!(
            "{}/doc/{}/{}",
            catalogue.base,
            percent_encode(&kind),
            percent_encode(&id)
        );
        let document = match media_type {
            HTML => {
                let view = shown.view();
                let site = Site {
                    language,
                    ..state.site(&view, None)
                };
                Document::html(page(&site, catalogue, (&kind, &id), (&address, &triples)))
            }
            _ => Document::new(media_type, written(&triples, media_type)?),
        };
        let mut document =
            document
                .at(&shown)
                .link(&address, "canonical", None)
                .link(&iri, "describes", None);
        for (_, extension) in super::FORMATS {
            document = document.link(&format!("{address}.{extension}"), "alternate", None);
        }
        Ok(Some(document.respond(&headers)))
    })
    .await
}

/// The IRI of an entity and what is said of it: a data set with all that it refers to, anything else alone.
fn statements(catalogue: &Catalogue, kind: &str, id: &str) -> Option<(String, Vec<Triple>)> {
    let iri = format!("{}/id/{kind}/{id}", catalogue.base);
    if kind == "dataset" {
        catalogue.dataset(id)?;
        let only = catalogue.only(|dataset| dataset.name == id);
        let page = page_of(&only, 1, 1, &|_| format!("{}/catalog", catalogue.base))?;
        // The page of a catalogue with one data set, without what makes it one.
        let keep = |triple: &Triple| {
            let subject = triple.subject.to_string();
            subject != format!("<{}>", catalogue.iri)
                && subject != format!("<{}/catalog>", catalogue.base)
        };
        let mut triples = page.triples;
        triples.retain(keep);
        return Some((iri, triples));
    }
    let entity = entities(catalogue)
        .into_iter()
        .find(|entity| entity.iri == iri)?;
    Some((iri, entity.triples))
}

fn page(
    site: &Site<'_>,
    catalogue: &Catalogue,
    (kind, id): (&str, &str),
    (address, triples): (&str, &[Triple]),
) -> String {
    let base = catalogue.base.as_str();
    let formats: Vec<(String, String)> = super::FORMATS
        .iter()
        .map(|(name, extension)| {
            let address = format!("{address}.{extension}");
            ((*name).to_owned(), local(base, &address))
        })
        .collect();
    let language = site.language;
    if let Some(dataset) = catalogue.dataset(id).filter(|_| kind == "dataset") {
        let script = in_script(&dataset_json(catalogue, dataset, language));
        let other = match language {
            Language::Nl => "en",
            Language::En => "nl",
        };
        let other = format!("{}?lang={other}", local(base, address));
        let shown = shown_dataset(catalogue, dataset, language);
        return render_catalogue_dataset(site, &shown, &formats, (&script, &other));
    }
    let rows: Vec<_> = triples
        .iter()
        .map(|triple| {
            let predicate = triple.predicate.as_str();
            let name = shorten(predicate).unwrap_or_else(|| predicate.to_owned());
            match &triple.object {
                Term::NamedNode(node) => {
                    let shown = shorten(node.as_str());
                    let shown = shown.unwrap_or_else(|| node.as_str().to_owned());
                    let is_web = node.as_str().starts_with("http") || node.as_str().contains('@');
                    let href = is_web.then(|| local(base, node.as_str()));
                    fact(language, (&name, &name), &shown, href)
                }
                Term::Literal(literal) => fact(language, (&name, &name), literal.value(), None),
                other => fact(language, (&name, &name), &other.to_string(), None),
            }
        })
        .collect();
    let title = listing_title(triples).unwrap_or_else(|| format!("{kind} {id}"));
    render_catalogue_entity(site, &title, &rows, &formats)
}
