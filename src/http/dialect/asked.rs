//! What a request for a list asks: page, order and filters by the names of the dialect, whatever their case. A parameter
//! that is unknown or twice is refused with its name. Reads no data but the mergers of municipalities.

use crate::http::body::Params;
use crate::http::error::ApiError;
use crate::http::moment::PARAMETERS;
use crate::http::shown::{Shown, http_date as date_of};
use crate::rdf::label::Text;
use crate::registry::Register;
use crate::store::View;
use crate::views::CollectionQuery;
use crate::views::collection::{DEFAULT_LIMIT, MAX_LIMIT, SortBy};
use crate::views::dialect::Resource;
use crate::views::html::percent_encode;
use crate::views::labels::last_segment;
use axum::http::StatusCode;
use oxrdf::NamedNodeRef;

/// Parameters of every list besides its filters.
const PAGING: [&str; 4] = ["offset", "limit", "sort", "na"];
/// Most items that may be passed over: no register has more.
const MAX_OFFSET: usize = u32::MAX as usize;
/// Says who asks: read elsewhere, and never repeated in addresses.
const API_KEY: &str = "apikey";
/// Systems of coordinates that answers come in.
const SYSTEMS: [&str; 4] = ["EPSG:31370", "EPSG:3812", "EPSG:4326", "CRS84"];
/// Filters whose value is the code of a municipality.
const CODES: [&str; 2] = ["niscode", "heeftGemeente"];
const REPLACED_BY: &str = "http://purl.org/dc/terms/isReplacedBy";
/// Municipalities merge again at most this often.
const MAX_MERGERS: usize = 16;

/// A list as asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// By the names of the register.
    pub(super) query: CollectionQuery,
    /// What addresses of further pages repeat, by the names of the dialect.
    repeated: Vec<(String, String)>,
}

/// A system of coordinates as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct System {
    /// Its IRI.
    pub(super) iri: &'static str,
    /// Its short name.
    pub(super) name: String,
}

impl Asked {
    pub(super) fn read(resource: &Resource, query: Option<&str>) -> Result<Self, ApiError> {
        let params = Params::of_query(query)?;
        let mut asked = Self {
            query: CollectionQuery {
                limit: DEFAULT_LIMIT,
                ..CollectionQuery::default()
            },
            repeated: Vec::new(),
        };
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in &params.0 {
            if name.contains('.') {
                return Err(refused(
                    name,
                    format!("Een parameter heeft geen punt in zijn naam: \"{name}\"."),
                    format!("A parameter has no point in its name: \"{name}\"."),
                ));
            }
            let lower = name.to_ascii_lowercase();
            if seen.contains(&lower) {
                return Err(ApiError::bad_request(
                    "duplicate-parameter",
                    format!("De parameter \"{name}\" staat meer dan één keer in het verzoek."),
                    format!("The parameter \"{name}\" is more than once in the request."),
                )
                .with("parameter", name.as_str()));
            }
            seen.push(lower.clone());
            if is_time(name) || lower == API_KEY {
                continue;
            }
            asked.take(resource, name, &lower, value)?;
        }
        Ok(asked)
    }

    fn take(
        &mut self,
        resource: &Resource,
        name: &str,
        lower: &str,
        value: &str,
    ) -> Result<(), ApiError> {
        if !value.is_empty() && !matches!(lower, "na" | "offset") {
            self.repeated.push((name.to_owned(), value.to_owned()));
        }
        match lower {
            "limit" if value.is_empty() => {}
            "limit" => {
                self.query.limit = number(name, value, 1, MAX_LIMIT)?;
            }
            "offset" if value.is_empty() => {}
            "offset" => {
                self.query.offset = number(name, value, 0, MAX_OFFSET)?;
            }
            "na" => self.query.after = Some(value.to_owned()).filter(|token| !token.is_empty()),
            "sort" => {
                let (key, descending) = match value.strip_prefix('-') {
                    Some(key) => (key, true),
                    None => (value, false),
                };
                let known = resource
                    .sorts
                    .iter()
                    .find(|(known, _)| known.eq_ignore_ascii_case(key));
                match known {
                    _ if value.is_empty() => {}
                    Some((_, of_register)) => {
                        // The natural order decides at the end anyway.
                        if of_register != "id" || descending {
                            self.query.sort.push(SortBy {
                                name: of_register.clone(),
                                descending,
                            });
                        }
                    }
                    None => {
                        let list = joined(resource.sorts.iter().map(|(name, _)| name));
                        return Err(refused(
                            name,
                            format!(
                                "Op \"{key}\" kan niet gesorteerd worden. Deze velden kunnen: {list}."
                            ),
                            format!("There is no sorting by \"{key}\". These fields can: {list}."),
                        ));
                    }
                }
            }
            _ => {
                let known = resource
                    .filters
                    .iter()
                    .find(|known| known.name.eq_ignore_ascii_case(name));
                let Some(known) = known else {
                    let list = joined(resource.filters.iter().map(|known| &known.name));
                    let paging = PAGING.join(", ");
                    return Err(refused(
                        name,
                        format!(
                            "De parameter \"{name}\" bestaat hier niet. Deze bestaan: {list}, {paging}."
                        ),
                        format!(
                            "There is no parameter \"{name}\" here. There are: {list}, {paging}."
                        ),
                    ));
                };
                if !value.is_empty() {
                    let value = match &known.of {
                        Some(pattern) => item_iri(pattern, value),
                        None => value.to_owned(),
                    };
                    self.query.filters.push((known.filter.clone(), value));
                }
            }
        }
        Ok(())
    }

    /// Query of the address of the page after an item.
    pub(super) fn next(&self, token: &str, shown: &Shown) -> String {
        let mut out = format!("?na={}", percent_encode(token));
        let mut add = |name: &str, value: &str| {
            out.push('&');
            out.push_str(&percent_encode(name));
            out.push('=');
            out.push_str(&percent_encode(value));
        };
        for (name, value) in &self.repeated {
            add(name, value);
        }
        for (name, value) in shown.pins() {
            add(name, value);
        }
        out
    }

    /// The query with the code of the municipality that took the place of the one asked for; `None` when there is no such
    /// code, or when the municipality was not merged into exactly one.
    pub(super) fn with_successor(
        &self,
        view: &View,
        municipalities: &Register,
    ) -> Option<CollectionQuery> {
        let at = (self.query.filters.iter())
            .position(|(name, _)| CODES.iter().any(|code| code == name))?;
        let replaced_by = view.id_of_iri(REPLACED_BY)?;
        let first = municipalities.item_iri(&self.query.filters[at].1)?;
        let mut now = view.id_of_iri(first.as_str())?;
        let mut moved = false;
        for _ in 0..MAX_MERGERS {
            let mut successors = view.objects(now, replaced_by);
            let (Some(next), None) = (successors.next(), successors.next()) else {
                break;
            };
            now = next;
            moved = true;
        }
        let iri = view.iri(now).filter(|_| moved)?;
        let mut query = self.query.clone();
        query.filters[at].1 = last_segment(&iri).to_owned();
        Some(query)
    }
}

fn is_time(name: &str) -> bool {
    PARAMETERS.contains(&name)
}

fn joined<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn refused(name: &str, nl: String, en: String) -> ApiError {
    ApiError::bad_request("bad-parameter", nl, en).with("parameter", name)
}

fn number(name: &str, text: &str, least: usize, most: usize) -> Result<usize, ApiError> {
    let read = text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten();
    read.filter(|read| (least..=most).contains(read))
        .ok_or_else(|| {
            let (nl, en) = (
                format!("van {least} tot {most}"),
                format!("from {least} to {most}"),
            );
            let code = if name.eq_ignore_ascii_case("limit") {
                "limit"
            } else {
                "bad-parameter"
            };
            ApiError::bad_request(
                code,
                format!("De parameter {name} is een getal {nl}, niet \"{text}\"."),
                format!("The parameter {name} is a number {en}, not \"{text}\"."),
            )
            .with("parameter", name)
        })
}

/// Refuses every parameter but those that name a state.
pub(super) fn only_time(query: Option<&str>) -> Result<(), ApiError> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(());
    };
    let params = Params::of_query(Some(query))?;
    match params
        .0
        .iter()
        .find(|(name, _)| !is_time(name) && !name.eq_ignore_ascii_case(API_KEY))
    {
        None => Ok(()),
        Some((name, _)) => Err(refused(
            name,
            format!("De parameter \"{name}\" bestaat hier niet: één object heeft geen filters."),
            format!("There is no parameter \"{name}\" here: one object has no filters."),
        )),
    }
}

/// The IRI of an item by its id; one that no item can have stays an IRI.
fn item_iri(pattern: &str, id: &str) -> String {
    let iri = pattern.replace("{id}", id);
    match NamedNodeRef::new(&iri) {
        Ok(_) => iri,
        Err(_) => pattern.replace("{id}", &percent_encode(id)),
    }
}

/// The system of coordinates of an `Accept-Crs` header; `None` without one.
pub(super) fn system(header: &str) -> Result<Option<System>, ApiError> {
    let text = header.trim().trim_matches(['<', '>']);
    if text.is_empty() {
        return Ok(None);
    }
    let iri = crate::query::system_of(text).ok_or_else(|| {
        let list = SYSTEMS.join(", ");
        ApiError::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            Text::new(
                "Coördinatenstelsel niet beschikbaar",
                "Coordinate system not available",
            ),
            Text::new(
                format!("De hoofding Accept-Crs vraagt \"{text}\"; beschikbaar zijn: {list}."),
                format!("The header Accept-Crs asks for \"{text}\"; available are: {list}."),
            ),
        )
        .with("beschikbaar", SYSTEMS.to_vec())
        .with("parameter", "Accept-Crs")
    })?;
    let code = last_segment(iri);
    let name = if iri.contains("/EPSG/") {
        format!("EPSG:{code}")
    } else {
        code.to_owned()
    };
    Ok(Some(System { iri, name }))
}

/// A moment of a register as a date of HTTP.
pub(super) fn http_date(moment: &str) -> Option<String> {
    date_of(moment.parse().ok()?)
}
