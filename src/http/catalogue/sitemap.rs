//! What search engines follow ([sitemaps.org](https://www.sitemaps.org/protocol.html)): `/robots.txt`, an index of sitemaps, and
//! parts with the pages of the catalogue and of the items of each public register, at most 50,000 addresses in each.

use super::made;
use crate::http::error::ApiError;
use crate::http::reply::Document;
use crate::http::shown::Shown;
use crate::http::state::AppState;
use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::html::percent_encode;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt::Write as _;

/// Addresses of one part, as the protocol allows.
const PART: usize = 50_000;
/// Parts of one register.
const MAX_PARTS: usize = 40_000;
const XML: &str = "application/xml";
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";
/// The part with the pages of the catalogue.
const PAGES: &str = "catalogus.xml";

/// `GET /robots.txt`.
pub(in crate::http) async fn robots(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let base = state.registry.base();
    let prefix = crate::views::html::path_prefix(base);
    // Queries cost a turn each and lead nowhere; pages and catalogue are for everyone.
    let text = format!(
        "User-agent: *\nDisallow: {prefix}/sparql\nDisallow: {prefix}/queries/\nDisallow: {prefix}/bevragingen\nDisallow: {prefix}/beheer/\nDisallow: {prefix}/validate\nAllow: /\n\nSitemap: {base}/sitemap.xml\n"
    );
    Document::new("text/plain", text)
        .cached(crate::http::reply::A_DAY)
        .respond(&headers)
}

fn begin(element: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{element} xmlns=\"{NAMESPACE}\">\n")
}

fn public(state: &AppState) -> impl Iterator<Item = &Register> {
    let registers = state.registry.registers().iter();
    registers.filter(|register| register.access == "public")
}

/// `GET /sitemap.xml`: the parts.
pub(in crate::http) async fn index(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let view = shown.view();
        let collections = state.collections_of(&shown);
        let base = state.registry.base();
        let mut out = begin("sitemapindex");
        let mut entry = |file: &str, modified: Option<Timestamp>| {
            let _ = write!(out, "<sitemap><loc>{base}/sitemap/{file}</loc>");
            if let Some(modified) = modified.filter(|moment| *moment > Timestamp::UNIX_EPOCH) {
                let moment = modified.strftime("%Y-%m-%dT%H:%M:%SZ");
                let _ = write!(out, "<lastmod>{moment}</lastmod>");
            }
            out.push_str("</sitemap>\n");
        };
        entry(PAGES, Some(made.catalogue.modified));
        for register in public(&state) {
            let count = usize::try_from(collections.count(&view, register)).unwrap_or(usize::MAX);
            let modified = made.catalogue.dataset(&register.name);
            let modified = modified.map(|dataset| dataset.modified);
            for part in 1..=count.div_ceil(PART).min(MAX_PARTS) {
                entry(&format!("{}-{part}.xml", register.name), modified);
            }
        }
        out.push_str("</sitemapindex>\n");
        Ok(Document::new(XML, out).at(&shown).respond(&headers))
    })
    .await
}

/// `GET /sitemap/{file}`: one part, `catalogus.xml` or `{register}-{number}.xml`.
pub(in crate::http) async fn part(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let base = state.registry.base();
        let mut out = begin("urlset");
        if file == PAGES {
            let _ = writeln!(out, "<url><loc>{base}/</loc></url>");
            let _ = writeln!(out, "<url><loc>{base}/catalog</loc></url>");
            for dataset in &made.catalogue.datasets {
                let name = percent_encode(&dataset.name);
                let _ = write!(out, "<url><loc>{base}/doc/dataset/{name}</loc>");
                if dataset.modified > Timestamp::UNIX_EPOCH {
                    let moment = dataset.modified.strftime("%Y-%m-%dT%H:%M:%SZ");
                    let _ = write!(out, "<lastmod>{moment}</lastmod>");
                }
                out.push_str("</url>\n");
            }
        } else {
            let found = items(&state, &shown, &file, &mut out);
            if !found {
                return Err(ApiError::not_found(
                    format!("Er is geen sitemap {file}; /sitemap.xml noemt ze."),
                    format!("There is no sitemap {file}; /sitemap.xml lists them."),
                ));
            }
        }
        out.push_str("</urlset>\n");
        Ok(Document::new(XML, out).at(&shown).respond(&headers))
    })
    .await
}

/// Writes the items of a part; `false` when there are none.
fn items(state: &AppState, shown: &Shown, file: &str, out: &mut String) -> bool {
    let named = file
        .strip_suffix(".xml")
        .and_then(|stem| stem.rsplit_once('-'))
        .and_then(|(name, part)| Some((name, part.parse::<usize>().ok()?)));
    let Some((name, part)) = named.filter(|(_, part)| (1..=MAX_PARTS).contains(part)) else {
        return false;
    };
    let Some(register) = public(state).find(|register| register.name == name) else {
        return false;
    };
    let view = shown.view();
    let ids = (view.id_of_iri(rdf::TYPE), view.id_of_iri(&register.class));
    let (Some(kind), Some(class)) = ids else {
        return false;
    };
    let path: Option<Vec<Id>> = register
        .version
        .iter()
        .map(|predicate| view.id_of_iri(predicate))
        .collect();
    let path = path.filter(|path| !path.is_empty());
    let base = state.registry.base();
    let is_item = |subject: &Id| {
        let iri = view.iri(*subject);
        iri.is_some_and(|iri| register.id_of_iri(&iri).is_some())
    };
    let mut written = false;
    for subject in view
        .subjects(kind, class)
        .filter(is_item)
        .skip((part - 1) * PART)
        .take(PART)
    {
        let Some(iri) = view.iri(subject) else {
            continue;
        };
        let Some(id) = register.id_of_iri(&iri) else {
            continue;
        };
        let kind = percent_encode(&register.kind);
        let _ = write!(
            out,
            "<url><loc>{base}/doc/{kind}/{}</loc>",
            percent_encode(id)
        );
        if let Some(moment) = path
            .as_ref()
            .and_then(|path| last_change(&view, subject, path))
        {
            let _ = write!(out, "<lastmod>{moment}</lastmod>");
        }
        out.push_str("</url>\n");
        written = true;
    }
    written
}

/// The moment at the end of a path of predicates, when it is one that sitemaps can tell.
fn last_change(view: &View, subject: Id, path: &[Id]) -> Option<String> {
    let mut node = subject;
    for predicate in path {
        node = view.objects(node, *predicate).last()?;
    }
    let oxrdf::Term::Literal(literal) = view.term(node) else {
        return None;
    };
    let text = literal.value();
    let is_moment = text.parse::<Timestamp>().is_ok();
    let is_day = text.len() == 10 && text.parse::<Date>().is_ok();
    (is_moment || is_day).then(|| text.to_owned())
}
