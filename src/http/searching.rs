//! `?q=` of a collection: which way of searching serves which register, and what is wrong with the words. Addresses and
//! street names are found by what people write of them, items of other registers by the words of their declared texts.

use super::error::ApiError;
use crate::registry::Register;
use crate::store::{Id, View};
use crate::views::collection::MAX_LIMIT;
use crate::views::matching::{Index, LineQuestion, Wanted, suggest, text_of};
use crate::views::searching::{MAX_TEXT, Searched, search};
use crate::views::{CollectionIndex, CollectionQuery, Page};

/// Items that are looked at when filters go beside the words.
const MAX_FILTERED: usize = 2_000;
/// Points above which what was found is what was meant.
const SURE: f32 = 99.0;
/// Texts that are suggested.
const MAX_MEANT: usize = 5;
const ADDRESS: &str = "https://data.vlaanderen.be/ns/adres#Adres";
const STREET: &str = "https://data.vlaanderen.be/ns/adres#Straatnaam";

/// The best items of a register for some words, on one page, and texts that were perhaps meant.
pub(super) fn searched(
    view: &View,
    register: &Register,
    (names, collections): (&Index, &CollectionIndex),
    words: &str,
    query: &CollectionQuery,
) -> Result<(Page, Vec<String>), ApiError> {
    let most = if query.is_unfiltered() {
        query.limit.clamp(1, MAX_LIMIT)
    } else {
        MAX_FILTERED
    };
    let wanted = match register.class.as_str() {
        ADDRESS => Some(Wanted::Addresses),
        STREET => Some(Wanted::Streets),
        _ => None,
    };
    let (found, meant) = match wanted {
        Some(wanted) => by_line(view, names, words, wanted, most)?,
        None => by_words(view, register, words, most)?,
    };
    let mut items = collections.among(view, register, query, found)?;
    items.truncate(query.limit.clamp(1, MAX_LIMIT));
    let page = Page {
        total: items.len() as u64,
        items,
        next: None,
    };
    Ok((page, meant))
}

fn by_line(
    view: &View,
    names: &Index,
    words: &str,
    wanted: Wanted,
    most: usize,
) -> Result<(Vec<Id>, Vec<String>), ApiError> {
    let letters = words.chars().count();
    if letters > MAX_TEXT {
        return Err(wrong(
            format!("de zoektekst telt hoogstens {MAX_TEXT} tekens; dit zijn er {letters}"),
            format!("the search text has at most {MAX_TEXT} characters; these are {letters}"),
        ));
    }
    if !words.chars().any(char::is_alphanumeric) {
        return Err(wrong(
            "de zoektekst heeft geen letters of cijfers",
            "the search text has no letters or digits",
        ));
    }
    let line = LineQuestion {
        text: words.to_owned(),
        wanted,
        most,
        ..LineQuestion::default()
    };
    let found = suggest(view, names, &line);
    let is_sure = found.first().is_some_and(|best| best.score >= SURE);
    let meant = if is_sure {
        Vec::new()
    } else {
        let best = found.iter().take(MAX_MEANT);
        let mut texts: Vec<String> = best.map(|it| text_of(view, it)).collect();
        texts.retain(|text| !text.is_empty());
        texts.dedup();
        texts
    };
    Ok((found.into_iter().map(|it| it.id).collect(), meant))
}

fn by_words(
    view: &View,
    register: &Register,
    words: &str,
    most: usize,
) -> Result<(Vec<Id>, Vec<String>), ApiError> {
    let fields: Vec<Searched<'_>> = register
        .search
        .iter()
        .map(|field| Searched {
            path: &field.path,
            weight: field.weight,
        })
        .collect();
    let found = search(view, &register.class, &fields, words, most);
    let found = found.map_err(|reason| wrong(reason.nl, reason.en))?;
    Ok((found.items, found.suggestions))
}

fn wrong(nl: impl Into<String>, en: impl Into<String>) -> ApiError {
    let (nl, en) = (nl.into(), en.into());
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter q klopt niet: {nl}."),
        format!("The parameter q is not right: {en}."),
    )
    .with("parameter", "q")
}
