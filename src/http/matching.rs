//! Matching and searching addresses: `/v2/adresmatch`, `/v2/adressen/zoeken` and the same under `/v3`. Reads the parameters and
//! says what is wrong with them; what matches is decided in `views`.

use super::body::Params;
use super::dialect::as_urn;
use super::error::ApiError;
use super::moment::{Moment, PARAMETERS};
use super::reply::{Document, JSON, JSON_LD, choose, language_of};
use super::state::{AppState, blocking};
use crate::rdf::label::Text;
use crate::views::matching::{LineQuestion, Question, Renderer, Version, Wanted, find, suggest};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value as Json, json};

/// Most matches of one answer.
const MAX_MATCHES: usize = 10;
/// Suggestions when the request names no number, and most of them.
const SUGGESTIONS: usize = 10;
const MAX_SUGGESTIONS: usize = 50;
/// Most letters of a line to search by.
const MAX_LINE: usize = 200;
/// Most letters of a name, a number and a status.
const MAX_NAME: usize = 40;

/// Parameters of adresmatch, and the most letters of each.
const MATCH_PARAMETERS: [(&str, usize); 7] = [
    ("gemeentenaam", 40),
    ("niscode", 5),
    ("postcode", 4),
    ("straatnaam", 80),
    ("huisnummer", MAX_NAME),
    ("busnummer", MAX_NAME),
    ("status", MAX_NAME),
];
const SEARCH_PARAMETERS: [&str; 6] = [
    "q",
    "gemeenteNaam",
    "niscode",
    "status",
    "resultaatType",
    "limit",
];
/// Parameters that every address of the dialect takes.
const OTHERS: [&str; 2] = ["format", "apikey"];
/// Codes of the status of an address.
const STATUSES: [&str; 4] = ["voorgesteld", "inGebruik", "gehistoreerd", "afgekeurd"];

fn version<const V: u8>() -> Version {
    if V == 2 { Version::V2 } else { Version::V3 }
}

/// `GET /v2/adresmatch` and `GET /v3/adresmatch`.
pub(super) async fn matched<const V: u8>(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let known = MATCH_PARAMETERS.map(|(name, _)| name);
    let asked = Params::of_query(query.as_deref()).and_then(|params| {
        let question = question(&Known::read(&params, &known)?)?;
        let media_type = choose(&headers, params.one("format")?, &[JSON_LD, JSON])?;
        Ok((question, media_type))
    });
    let (question, media_type) =
        asked.map_err(|error| in_dialect(&state, version::<V>(), error))?;
    answer(
        state,
        moment,
        headers,
        (version::<V>(), media_type),
        move |view, index, renderer| {
            Ok(renderer.answer(&find(view, index, &question, MAX_MATCHES))?)
        },
    )
    .await
}

/// `GET /v2/adressen/zoeken` and `GET /v3/adressen/zoeken`.
pub(super) async fn suggested<const V: u8>(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let asked = Params::of_query(query.as_deref()).and_then(|params| {
        let line = line(&Known::read(&params, &SEARCH_PARAMETERS)?)?;
        let media_type = choose(&headers, params.one("format")?, &[JSON])?;
        Ok((line, media_type))
    });
    let (line, media_type) = asked.map_err(|error| in_dialect(&state, version::<V>(), error))?;
    answer(
        state,
        moment,
        headers,
        (version::<V>(), media_type),
        move |view, index, renderer| Ok(renderer.suggestions(&suggest(view, index, &line))),
    )
    .await
}

/// A problem as the dialect tells it: with the URN of addresses.
fn in_dialect(state: &AppState, version: Version, error: ApiError) -> ApiError {
    match state.dialect.resource(version.segment(), "adressen") {
        Some(resource) => as_urn(error, resource),
        None => error,
    }
}

/// Makes an answer in a turn of its own, so that however many ask, other requests go on.
async fn answer(
    state: AppState,
    moment: Moment,
    headers: HeaderMap,
    (version, media_type): (Version, &'static str),
    make: impl FnOnce(
        &crate::store::View,
        &crate::views::matching::Index,
        &Renderer<'_>,
    ) -> Result<Json, ApiError>
    + Send
    + 'static,
) -> Result<Response, ApiError> {
    let turn = state.match_turn().await?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let _turn = turn;
        let view = shown.view();
        let index = state.address_names(&shown);
        let renderer = Renderer {
            view: &view,
            dialect: &state.dialect,
            base: state.registry.base(),
            version,
            language: language_of(&headers),
        };
        let body = make(&view, &index, &renderer)?;
        let document = Document::new(media_type, format!("{body}\n")).at(&shown);
        Ok(document.respond(&headers))
    })
    .await
}

/// Parameters of which the names are known, in whatever case, each given once.
struct Known<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Known<'a> {
    fn read(params: &'a Params, names: &[&'static str]) -> Result<Self, ApiError> {
        let mut known: Vec<(&'static str, &'a str)> = Vec::new();
        for (given, value) in &params.0 {
            let is = |name: &&&str| name.eq_ignore_ascii_case(given);
            if PARAMETERS.iter().chain(&OTHERS).any(|name| is(&name)) {
                continue;
            }
            let Some(name) = names.iter().find(is) else {
                let (list, shown) = (names.join(", "), short(given));
                return Err(wrong_value(
                    given,
                    format!("De parameter \"{shown}\" bestaat hier niet. Deze bestaan: {list}."),
                    format!("There is no parameter \"{shown}\" here. There are: {list}."),
                ));
            };
            if known.iter().any(|(before, _)| before == name) {
                return Err(ApiError::bad_request(
                    "duplicate-parameter",
                    format!("De parameter \"{name}\" staat meer dan één keer in het verzoek."),
                    format!("The parameter \"{name}\" is more than once in the request."),
                )
                .with("parameter", *name));
            }
            known.push((name, value.trim()));
        }
        Ok(Self(known))
    }

    /// A value without spaces around it; empty when it is not given.
    fn text(&self, name: &str) -> &'a str {
        let mut known = self.0.iter();
        let found = known.find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// One thing that is wrong with a request.
struct Fault {
    name: String,
    code: &'static str,
    reason: Text,
}

fn question(params: &Known<'_>) -> Result<Question, ApiError> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut fault = |name: &str, code, nl: String, en: String| {
        faults.push(Fault {
            name: name.to_owned(),
            code,
            reason: Text::new(nl, en),
        });
    };
    for (name, code) in [("postcode", "11"), ("niscode", "12")] {
        let is_number = params.text(name).bytes().all(|byte| byte.is_ascii_digit());
        if !is_number {
            fault(
                name,
                code,
                format!("{name} bestaat uit cijfers."),
                format!("{name} consists of digits."),
            );
        }
    }
    let places = ["gemeentenaam", "niscode", "postcode"];
    if places.iter().all(|name| params.text(name).is_empty()) {
        fault(
            "gemeentenaam",
            "15",
            "Geef minstens één van gemeentenaam, niscode en postcode.".to_owned(),
            "Give at least one of gemeentenaam, niscode and postcode.".to_owned(),
        );
    }
    if params.text("straatnaam").is_empty() {
        fault(
            "straatnaam",
            "16",
            "Geef een straatnaam.".to_owned(),
            "Give a straatnaam.".to_owned(),
        );
    }
    for (name, most) in MATCH_PARAMETERS {
        let letters = params.text(name).chars().count();
        if letters > most {
            fault(
                name,
                "18",
                format!("{name} telt hoogstens {most} tekens; dit zijn er {letters}."),
                format!("{name} has at most {most} characters; these are {letters}."),
            );
        }
    }
    if faults.is_empty() {
        let text = |name: &str| params.text(name).to_owned();
        return Ok(Question {
            municipality: text("gemeentenaam"),
            nis: text("niscode"),
            postcode: text("postcode"),
            street: text("straatnaam"),
            house: text("huisnummer"),
            box_number: text("busnummer"),
            status: status(params)?,
        });
    }
    let (nl, en): (Vec<String>, Vec<String>) = faults
        .iter()
        .map(|it| (it.reason.nl.clone(), it.reason.en.clone()))
        .unzip();
    let list: Vec<Json> = faults
        .iter()
        .map(|it| json!({ "naam": it.name, "code": it.code, "reden": { "nl": it.reason.nl, "en": it.reason.en } }))
        .collect();
    Err(ApiError::bad_request("address-match", nl.join(" "), en.join(" ")).with("fouten", list))
}

/// The status asked for, as it is written in the code list.
fn status(params: &Known<'_>) -> Result<String, ApiError> {
    one_of(params, "status", &STATUSES)
}

/// A value of a list, whatever its case; empty when none is given.
fn one_of(params: &Known<'_>, name: &str, list: &[&str]) -> Result<String, ApiError> {
    let value = params.text(name);
    if value.is_empty() {
        return Ok(String::new());
    }
    let known = list.iter().find(|known| known.eq_ignore_ascii_case(value));
    known.map(|known| (*known).to_owned()).ok_or_else(|| {
        let (list, shown) = (list.join(", "), short(value));
        wrong_value(
            name,
            format!("De parameter {name} is een van {list}; niet \"{shown}\"."),
            format!("The parameter {name} is one of {list}; not \"{shown}\"."),
        )
    })
}

fn wrong_value(name: &str, nl: String, en: String) -> ApiError {
    ApiError::bad_request("bad-parameter", nl, en).with("parameter", name)
}

/// What an answer repeats of a value.
fn short(value: &str) -> String {
    let shown: String = value.chars().take(MAX_NAME).collect();
    if shown.len() < value.len() {
        format!("{shown}…")
    } else {
        shown
    }
}

fn line(params: &Known<'_>) -> Result<LineQuestion, ApiError> {
    let text = params.text("q");
    if text.is_empty() {
        return Err(wrong_value(
            "q",
            "Geef in q wat er gezocht wordt, bijvoorbeeld q=Kerkstraat 12, 9000 Gent.".to_owned(),
            "Give in q what to search for, for example q=Kerkstraat 12, 9000 Gent.".to_owned(),
        ));
    }
    for (name, most) in [("q", MAX_LINE), ("gemeenteNaam", MAX_NAME), ("niscode", 5)] {
        let letters = params.text(name).chars().count();
        if letters > most {
            return Err(wrong_value(
                name,
                format!("De parameter {name} telt hoogstens {most} tekens; dit zijn er {letters}."),
                format!("The parameter {name} has at most {most} characters; these are {letters}."),
            ));
        }
    }
    let nis = params.text("niscode");
    if !nis.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong_value(
            "niscode",
            "De parameter niscode bestaat uit cijfers.".to_owned(),
            "The parameter niscode consists of digits.".to_owned(),
        ));
    }
    let wanted = match one_of(params, "resultaatType", &["adressen", "straatnamen"])?.as_str() {
        "adressen" => Wanted::Addresses,
        "straatnamen" => Wanted::Streets,
        _ => Wanted::Either,
    };
    let limit = params.text("limit");
    let most = if limit.is_empty() {
        Some(SUGGESTIONS)
    } else {
        limit
            .parse()
            .ok()
            .filter(|most| (1..=MAX_SUGGESTIONS).contains(most))
    };
    let most = most.ok_or_else(|| {
        let shown = short(limit);
        ApiError::bad_request(
            "limit",
            format!(
                "De parameter limit is een getal van 1 tot {MAX_SUGGESTIONS}, niet \"{shown}\"."
            ),
            format!(
                "The parameter limit is a number from 1 to {MAX_SUGGESTIONS}, not \"{shown}\"."
            ),
        )
        .with("parameter", "limit")
    })?;
    Ok(LineQuestion {
        text: text.to_owned(),
        municipality: params.text("gemeenteNaam").to_owned(),
        nis: nis.to_owned(),
        status: status(params)?,
        wanted,
        most,
    })
}
