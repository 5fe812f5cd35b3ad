//! Which state a request is about, by two times. When the registry knew it: the newest state, or an earlier one named by
//! `?bekendOp=` (or `?asOf=`, the same) or by `Accept-Datetime` ([RFC 7089](https://www.rfc-editor.org/rfc/rfc7089),
//! negotiation answered with 200). When it held in the world: now, or at the moment of `?geldigOp=`. The one place where
//! handlers get their snapshot from. Makes no documents; what an answer says of its state is in `shown`.

use super::body::Params;
use super::error::ApiError;
use super::shown::Known;
pub(super) use super::shown::Shown;
use super::state::{AppState, blocking};
use crate::rdf::label::Text;
use crate::registry::{self, ValidTimeError};
use crate::store::{AsOf, Snapshot, StoreError};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use jiff::fmt::rfc2822;

/// The parameter that names an earlier state.
pub(super) const AS_OF: &str = "asOf";
/// The same in Dutch, as the other interfaces of base registries name it.
pub(super) const KNOWN_AT: &str = "bekendOp";
/// The parameter that names a moment at which things held.
pub(super) const VALID_AT: &str = "geldigOp";
/// Every parameter that is read here.
pub(super) const PARAMETERS: [&str; 3] = [AS_OF, KNOWN_AT, VALID_AT];
const ACCEPT_DATETIME: HeaderName = HeaderName::from_static("accept-datetime");

/// The state a request asks for. An extractor for handlers; takes nothing from the store before [`Moment::state`].
#[derive(Clone, Debug)]
pub(super) struct Moment {
    known: Asked,
    valid: Option<registry::Moment>,
    /// Path and query without the parameters: the same thing, now.
    original: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Now,
    /// By a parameter, which is named; it wins over the header.
    AsOf(AsOf, &'static str),
    /// By the header, in milliseconds since 1970 UTC.
    Negotiated(i64),
}

impl FromRequestParts<AppState> for Moment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let query = parts.uri.query();
        let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
        let (by_parameter, valid) = match query {
            // Few requests name a state: most are not to pay for looking.
            Some(query) if PARAMETERS.iter().any(|name| query.contains(name)) => {
                let params = Params::parse(query)?;
                (known_at(&params)?, valid_at(&params)?)
            }
            _ => (None, None),
        };
        let known = match by_parameter {
            Some((state, name)) => Asked::AsOf(state, name),
            None if is_read => negotiated(&parts.headers)?,
            None => Asked::Now,
        };
        let original = if known == Asked::Now && valid.is_none() && is_read {
            String::new()
        } else {
            original(parts.uri.path(), query.unwrap_or(""))
        };
        Ok(Self {
            known,
            valid,
            original,
        })
    }
}

/// A text as it was meant: a plus sign that was not percent-encoded arrives as a space, `T10:00:00+01:00`.
fn mended(text: &str) -> Option<String> {
    let (moment, zone) = text.rsplit_once(' ')?;
    Some(format!("{moment}+{zone}"))
}

/// The value of a parameter that may be left empty and may be given once.
fn value<'a>(params: &'a Params, name: &str) -> Result<Option<&'a str>, ApiError> {
    Ok(params.one(name)?.filter(|text| !text.is_empty()))
}

/// The state named by a parameter, when there is one, and the name of that parameter.
fn known_at(params: &Params) -> Result<Option<(AsOf, &'static str)>, ApiError> {
    let (name, text) = match (value(params, AS_OF)?, value(params, KNOWN_AT)?) {
        (None, None) => return Ok(None),
        (Some(text), None) => (AS_OF, text),
        (None, Some(text)) => (KNOWN_AT, text),
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request(
                "moment-twice",
                "De parameters asOf en bekendOp betekenen hetzelfde: geef er één.",
                "The parameters asOf and bekendOp mean the same: give one.",
            )
            .with("parameter", KNOWN_AT));
        }
    };
    AsOf::parse(text)
        .or_else(|| AsOf::parse(&mended(text)?))
        .map(|state| Some((state, name)))
        .ok_or_else(|| {
            ApiError::bad_request(
                "as-of",
                format!("De parameter {name} is een commitnummer (12), een datum (2024-12-31, het einde van die dag in UTC) of een tijdstip met tijdzone (2024-12-31T12:00:00Z); niet \"{text}\"."),
                format!("The parameter {name} is a commit number (12), a date (2024-12-31, the end of that day in UTC) or a moment with a time zone (2024-12-31T12:00:00Z); not \"{text}\"."),
            )
            .with("parameter", name)
        })
}

/// The moment of valid time that is asked for.
fn valid_at(params: &Params) -> Result<Option<registry::Moment>, ApiError> {
    let Some(text) = value(params, VALID_AT)? else {
        return Ok(None);
    };
    registry::Moment::asked(text)
        .or_else(|| registry::Moment::asked(&mended(text)?))
        .map(Some)
        .ok_or_else(|| {
            ApiError::bad_request(
                "valid-at",
                format!("De parameter geldigOp is een datum (2024-12-31, het einde van die dag in België) of een tijdstip (2024-12-31T12:00:00+01:00); niet \"{text}\"."),
                format!("The parameter geldigOp is a date (2024-12-31, the end of that day in Belgium) or a moment (2024-12-31T12:00:00+01:00); not \"{text}\"."),
            )
            .with("parameter", VALID_AT)
        })
}

/// Refuses to name another state where only the present can be had.
pub(super) fn refuse(params: &Params) -> Result<(), ApiError> {
    let Some(name) = PARAMETERS.iter().find(|name| params.get(name).is_some()) else {
        return Ok(());
    };
    Err(ApiError::bad_request(
        "as-of-not-here",
        format!("Hier is alleen de huidige toestand te lezen of te wijzigen: laat {name} weg."),
        format!("Only the present state can be read or changed here: leave {name} out."),
    )
    .with("parameter", *name))
}

fn negotiated(headers: &HeaderMap) -> Result<Asked, ApiError> {
    Ok(match accept_datetime(headers)? {
        // HTTP dates know whole seconds: what was committed within the second is meant too, so that the date an answer
        // bears leads back to that answer.
        Some(moment) => Asked::Negotiated(moment.as_second() * 1000 + 999),
        None => Asked::Now,
    })
}

/// The moment of the header `Accept-Datetime`.
pub(super) fn accept_datetime(headers: &HeaderMap) -> Result<Option<jiff::Timestamp>, ApiError> {
    let Some(value) = headers.get(ACCEPT_DATETIME) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("");
    // A weekday that does not fit the date says nothing.
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).map(Some).map_err(|_| {
        ApiError::bad_request(
            "accept-datetime",
            format!("De hoofding Accept-Datetime is een HTTP-datum, bijvoorbeeld Tue, 31 Dec 2024 12:00:00 GMT; niet \"{text}\"."),
            format!("The header Accept-Datetime is an HTTP date, for instance Tue, 31 Dec 2024 12:00:00 GMT; not \"{text}\"."),
        )
    })
}

/// Path and query without the parameters, as they were sent.
fn original(path: &str, query: &str) -> String {
    let mut out = path.to_owned();
    let mut mark = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or("");
        if !PARAMETERS.contains(&name) {
            out.push(mark);
            out.push_str(pair);
            mark = '&';
        }
    }
    // An address stands between angle brackets in `Link`.
    out.replace('<', "%3C").replace('>', "%3E")
}

impl Moment {
    /// Whether the request asks for the present, so that its state is at hand.
    pub(super) fn is_now(&self) -> bool {
        self.known == Asked::Now && self.valid.is_none()
    }

    /// The state named in a form, when this request names none.
    pub(super) fn or_in_form(self, params: &Params) -> Result<Self, ApiError> {
        let known = match self.known {
            Asked::Now => known_at(params)?.map_or(Asked::Now, |(at, name)| Asked::AsOf(at, name)),
            named => named,
        };
        let valid = match self.valid {
            Some(named) => Some(named),
            None => valid_at(params)?,
        };
        Ok(Self {
            known,
            valid,
            original: self.original,
        })
    }

    /// Takes the snapshot. Another state may have to be made from the log or from versions, which waits for its turn: it
    /// takes memory.
    ///
    /// # Errors
    /// When the state is not made yet, no longer kept, too far back or cannot be read; when too many wait.
    pub(super) async fn state(self, state: &AppState) -> Result<Shown, ApiError> {
        if self.is_now() {
            return Ok(Shown::now(state.registry.snapshot()));
        }
        let turn = state.look_back_turn().await?;
        let app = state.clone();
        blocking(move || {
            let _turn = turn;
            self.look_back(&app)
        })
        .await
    }

    fn look_back(self, state: &AppState) -> Result<Shown, ApiError> {
        let newest = state.registry.snapshot();
        let (snapshot, known) = self.as_known(state, &newest)?;
        let now = format!("{}{}", state.registry.base(), self.original);
        let snapshot = match &self.valid {
            None => snapshot,
            Some(moment) => state
                .registry
                .valid_at(&snapshot, moment)
                .map_err(too_much)?,
        };
        Ok(Shown::of(
            newest.identity(),
            snapshot,
            known,
            self.valid,
            now,
        ))
    }

    /// The state by transaction time, and what is to be told of it when it was asked for.
    fn as_known(
        &self,
        state: &AppState,
        newest: &Snapshot,
    ) -> Result<(Snapshot, Option<Known>), ApiError> {
        let store = state.registry.store();
        let snapshot = match self.known {
            Asked::Now => return Ok((newest.clone(), None)),
            Asked::AsOf(moment, _) => store.as_of(moment)?,
            Asked::Negotiated(ms) => {
                let first = store.first_state().max(1);
                let found = match store.as_of(AsOf::Moment(ms)) {
                    // Before all that is kept, the oldest is what comes nearest (RFC 7089 §4.5.3).
                    Err(StoreError::Compacted { .. }) => None,
                    found => Some(found?).filter(|found| found.seq() >= first),
                };
                match found {
                    Some(found) => found,
                    None => store.as_of(AsOf::Seq(first.min(store.snapshot().seq())))?,
                }
            }
        };
        let seq = snapshot.seq();
        // Moments of commits never decrease, so once a later commit is seen nothing can come in between any more.
        let is_fixed = match self.known {
            _ if store.dir().is_none() => false,
            Asked::AsOf(AsOf::Seq(_), _) => true,
            Asked::AsOf(AsOf::Moment(_), _) => seq < store.snapshot().seq(),
            Asked::Now | Asked::Negotiated(_) => false,
        };
        let made = store.moment_of(seq);
        let known = Known {
            name: match self.known {
                Asked::AsOf(_, name) => name,
                Asked::Now | Asked::Negotiated(_) => AS_OF,
            },
            made: made.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()),
            is_fixed,
            is_negotiated: matches!(self.known, Asked::Negotiated(_)),
        };
        Ok((snapshot, Some(known)))
    }
}

/// Too much changed since a moment for the state at it to be made while somebody waits.
pub(super) fn too_much(error: ValidTimeError) -> ApiError {
    let ValidTimeError::TooMuch = error;
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "too-far-back",
        Text::new("Te ver terug", "Too far back"),
        Text::new(
            "Er veranderde te veel sinds het moment van geldigOp om die toestand hier te maken: kies een later moment, of bevraag de grafen met versies rechtstreeks.",
            "Too much changed since the moment of geldigOp to make that state here: choose a later moment, or ask the graphs of versions directly.",
        ),
    )
    .with("parameter", VALID_AT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(query: &str) -> Result<Option<AsOf>, ApiError> {
        let found = known_at(&Params::parse(query).expect("UTF-8"))?;
        Ok(found.map(|(state, _)| state))
    }

    #[test]
    fn reads_numbers_dates_and_moments() {
        assert_eq!(of("a=1").expect("none"), None);
        assert_eq!(of("asOf=").expect("none"), None);
        assert_eq!(of("asOf=12").expect("a number"), Some(AsOf::Seq(12)));
        let end_of_year = Some(AsOf::Moment(1_735_689_599_999));
        assert_eq!(of("asOf=2024-12-31").expect("a date"), end_of_year);
        let noon = Some(AsOf::Moment(1_735_642_800_000));
        for same in [
            "2024-12-31T11:00:00Z",
            "2024-12-31T12:00:00+01:00",
            "2024-12-31T12:00:00%2B01:00",
            "2024-12-31T11:00:00.000Z",
        ] {
            assert_eq!(
                of(&format!("asOf={same}")).expect("a moment"),
                noon,
                "{same}"
            );
        }
        for wrong in [
            "gisteren",
            "-1",
            "99999999999999999999",
            "2024-13-01",
            "2024-12-31T12:00:00",
            "2024-12",
            "12 34",
        ] {
            assert!(of(&format!("asOf={wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_have_two_names_and_valid_time_its_own() {
        assert_eq!(of("bekendOp=12").expect("a number"), Some(AsOf::Seq(12)));
        assert_eq!(of("bekendOp=gisteren").expect_err("a word").code, "as-of");
        assert_eq!(
            of("asOf=1&bekendOp=1").expect_err("both").code,
            "moment-twice"
        );
        assert_eq!(
            of("asOf=1&asOf=2").expect_err("twice").code,
            "duplicate-parameter"
        );
        let valid = |query: &str| {
            let found = valid_at(&Params::parse(query).expect("UTF-8"));
            found.map(|found| found.map(|moment| moment.at().to_string()))
        };
        assert_eq!(valid("geldigOp=").expect("none"), None);
        let noon = Some("2024-12-31T11:00:00Z".to_owned());
        assert_eq!(
            valid("geldigOp=2024-12-31T12:00:00+01:00").expect("a moment"),
            noon
        );
        assert_eq!(
            valid("geldigOp=12").expect_err("no moment").code,
            "valid-at"
        );
    }

    #[test]
    fn the_original_has_all_but_the_parameter() {
        assert_eq!(
            original("/doc", "asOf=3&uri=http://a?b=c&x"),
            "/doc?uri=http://a?b=c&x"
        );
        assert_eq!(original("/api", "asOf=3"), "/api");
        assert_eq!(
            original("/api", "bekendOp=3&na=4&geldigOp=2024-12-31"),
            "/api?na=4"
        );
        assert_eq!(original("/a", "x=<b>&asOf"), "/a?x=%3Cb%3E");
    }

    #[test]
    fn the_header_means_its_whole_second() {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT_DATETIME,
            HeaderValue::from_static("Tue, 31 Dec 2024 11:00:00 GMT"),
        );
        assert_eq!(
            negotiated(&headers).expect("a date"),
            Asked::Negotiated(1_735_642_800_999)
        );
        headers.insert(ACCEPT_DATETIME, HeaderValue::from_static("2024-12-31"));
        assert!(negotiated(&headers).is_err());
    }
}
