//! Which state a request is about: the newest, or an earlier one named by `?asOf=` or by `Accept-Datetime`
//! ([RFC 7089](https://www.rfc-editor.org/rfc/rfc7089), negotiation answered with 200). The one place where handlers get
//! their snapshot from. Makes no documents.

use super::body::Params;
use super::error::ApiError;
use super::reply::{A_WEEK_FIXED, X_COMMIT};
use super::state::{AppState, blocking};
use crate::store::{AsOf, Snapshot, StoreError, View};
use crate::views::html::EarlierState;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// The parameter that names an earlier state.
pub(super) const PARAMETER: &str = "asOf";
const ACCEPT_DATETIME: HeaderName = HeaderName::from_static("accept-datetime");
pub(super) const MEMENTO_DATETIME: HeaderName = HeaderName::from_static("memento-datetime");
/// What answers about a state depend on besides the address.
const VARY: HeaderValue = HeaderValue::from_static("Accept, Accept-Datetime, Accept-Language");

/// The state a request asks for. An extractor for handlers; takes nothing from the store before [`Moment::state`].
#[derive(Clone, Debug)]
pub(super) struct Moment {
    asked: Asked,
    /// Path and query without the parameter: the same thing, now.
    original: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Now,
    /// By the parameter, which wins over the header.
    AsOf(AsOf),
    /// By the header, in milliseconds since 1970 UTC.
    Negotiated(i64),
}

impl FromRequestParts<AppState> for Moment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let query = parts.uri.query();
        let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
        let by_parameter = match query {
            // Few requests name a state: most are not to pay for looking.
            Some(query) if query.contains(PARAMETER) => asked(&Params::parse(query)?)?,
            _ => None,
        };
        let asked = match by_parameter {
            Some(state) => Asked::AsOf(state),
            None if is_read => negotiated(&parts.headers)?,
            None => Asked::Now,
        };
        let original = if asked == Asked::Now && is_read {
            String::new()
        } else {
            original(parts.uri.path(), query.unwrap_or(""))
        };
        Ok(Self { asked, original })
    }
}

/// The state named by the parameter, when there is one.
fn asked(params: &Params) -> Result<Option<AsOf>, ApiError> {
    let Some(text) = params.get(PARAMETER).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    // A plus sign that was not percent-encoded arrives as a space: `T10:00:00+01:00`.
    let mended = text
        .rsplit_once(' ')
        .map(|(moment, zone)| format!("{moment}+{zone}"));
    AsOf::parse(text)
        .or_else(|| AsOf::parse(&mended?))
        .map(Some)
        .ok_or_else(|| {
            ApiError::bad_request(
                "as-of",
                format!("De parameter asOf is een commitnummer (12), een datum (2024-12-31, het einde van die dag in UTC) of een tijdstip met tijdzone (2024-12-31T12:00:00Z); niet \"{text}\"."),
                format!("The parameter asOf is a commit number (12), a date (2024-12-31, the end of that day in UTC) or a moment with a time zone (2024-12-31T12:00:00Z); not \"{text}\"."),
            )
            .with("parameter", PARAMETER)
        })
}

/// Refuses to name an earlier state where only the present can be had.
pub(super) fn refuse(params: &Params) -> Result<(), ApiError> {
    if params.get(PARAMETER).is_none() {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "as-of-not-here",
        "Hier is alleen de huidige toestand te lezen of te wijzigen: laat asOf weg.",
        "Only the present state can be read or changed here: leave asOf out.",
    )
    .with("parameter", PARAMETER))
}

fn negotiated(headers: &HeaderMap) -> Result<Asked, ApiError> {
    let Some(value) = headers.get(ACCEPT_DATETIME) else {
        return Ok(Asked::Now);
    };
    let text = value.to_str().unwrap_or("");
    let moment = rfc2822::DateTimeParser::new().parse_timestamp(text);
    // HTTP dates know whole seconds: what was committed within the second is meant too, so that the date an answer
    // bears leads back to that answer.
    moment
        .map(|moment| Asked::Negotiated(moment.as_second() * 1000 + 999))
        .map_err(|_| {
            ApiError::bad_request(
                "accept-datetime",
                format!("De hoofding Accept-Datetime is een HTTP-datum, bijvoorbeeld Tue, 31 Dec 2024 12:00:00 GMT; niet \"{text}\"."),
                format!("The header Accept-Datetime is an HTTP date, for instance Tue, 31 Dec 2024 12:00:00 GMT; not \"{text}\"."),
            )
        })
}

/// Path and query without the parameter, as they were sent.
fn original(path: &str, query: &str) -> String {
    let mut out = path.to_owned();
    let mut mark = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pair.split('=').next() != Some(PARAMETER) {
            out.push(mark);
            out.push_str(pair);
            mark = '&';
        }
    }
    // An address stands between angle brackets in `Link`.
    out.replace('<', "%3C").replace('>', "%3E")
}

impl Moment {
    /// The state named in a form, when this request names none.
    pub(super) fn or_in_form(self, params: &Params) -> Result<Self, ApiError> {
        if self.asked != Asked::Now {
            return Ok(self);
        }
        Ok(match asked(params)? {
            Some(state) => Self {
                asked: Asked::AsOf(state),
                original: self.original,
            },
            None => self,
        })
    }

    /// Takes the snapshot. An earlier state may have to be made from the log, which waits for its turn: it takes memory.
    ///
    /// # Errors
    /// When the state is not made yet, no longer kept, too far back or cannot be read; when too many wait.
    pub(super) async fn state(self, state: &AppState) -> Result<Shown, ApiError> {
        let asked = self.asked;
        if asked == Asked::Now {
            return Ok(Shown {
                snapshot: state.registry.snapshot(),
                earlier: None,
            });
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
        let store = state.registry.store();
        let snapshot = match self.asked {
            Asked::Now => store.snapshot(),
            Asked::AsOf(moment) => store.as_of(moment)?,
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
        let is_fixed = match self.asked {
            _ if store.dir().is_none() => false,
            Asked::AsOf(AsOf::Seq(_)) => true,
            Asked::AsOf(AsOf::Moment(_)) => seq < store.snapshot().seq(),
            Asked::Now | Asked::Negotiated(_) => false,
        };
        let made = store.moment_of(seq);
        let made = made.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Ok(Shown {
            snapshot,
            earlier: Some(Earlier {
                notice: EarlierState {
                    seq,
                    moment: made.map_or(String::new(), |made| {
                        made.strftime("%Y-%m-%d %H:%M UTC").to_string()
                    }),
                    now: format!("{}{}", state.registry.base(), self.original),
                },
                made,
                is_fixed,
                is_negotiated: matches!(self.asked, Asked::Negotiated(_)),
            }),
        })
    }
}

/// The state a request gets to see, and what the answer says about it.
#[derive(Clone)]
pub(super) struct Shown {
    snapshot: Snapshot,
    earlier: Option<Earlier>,
}

/// What is known of a state that was asked for.
#[derive(Clone)]
struct Earlier {
    notice: EarlierState,
    /// When its last commit was made; `None` for the empty store.
    made: Option<Timestamp>,
    /// Whether the same request will always get this state.
    is_fixed: bool,
    is_negotiated: bool,
}

impl Shown {
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    pub(super) fn view(&self) -> View {
        self.snapshot.view()
    }

    /// The commit, when the request asked for a state: what further addresses are to name, so that they lead to the
    /// same state.
    pub(super) fn asked_seq(&self) -> Option<u64> {
        self.earlier.as_ref().map(|_| self.snapshot.seq())
    }

    /// What pages say of the state they show.
    pub(super) fn notice(&self) -> Option<&EarlierState> {
        self.earlier.as_ref().map(|earlier| &earlier.notice)
    }

    /// Says which state an answer shows, when it may differ by state, and how long it may be kept. Replaces `Vary`, and
    /// `Cache-Control` unless nothing may be kept.
    pub(super) fn describe(&self, out: &mut HeaderMap) {
        out.insert(X_COMMIT, HeaderValue::from(self.snapshot.seq()));
        out.insert(header::VARY, VARY);
        let Some(earlier) = &self.earlier else {
            return;
        };
        let may_keep = out
            .get(header::CACHE_CONTROL)
            .is_some_and(|value| value != "no-store");
        if earlier.is_fixed && may_keep {
            out.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static(A_WEEK_FIXED),
            );
        }
        let memento = self.memento(earlier);
        let mut links = vec![
            format!("<{}>; rel=\"original\"", earlier.notice.now),
            format!("<{}>; rel=\"timegate\"", earlier.notice.now),
        ];
        let date = earlier.made.and_then(|made| {
            rfc2822::DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&made)
                .ok()
        });
        if let Some(date) = date {
            links.push(format!("<{memento}>; rel=\"memento\"; datetime=\"{date}\""));
            if let Ok(date) = HeaderValue::from_str(&date) {
                out.insert(MEMENTO_DATETIME, date);
            }
        }
        for link in links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                out.append(header::LINK, link);
            }
        }
        if earlier.is_negotiated
            && let Ok(memento) = HeaderValue::from_str(&memento)
        {
            out.insert(header::CONTENT_LOCATION, memento);
        }
    }

    /// The address that always gives this state.
    fn memento(&self, earlier: &Earlier) -> String {
        let mark = if earlier.notice.now.contains('?') {
            '&'
        } else {
            '?'
        };
        format!(
            "{}{mark}{PARAMETER}={}",
            earlier.notice.now,
            self.snapshot.seq()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Result<Option<AsOf>, ApiError> {
        asked(&Params::parse(query).expect("UTF-8"))
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
    fn the_original_has_all_but_the_parameter() {
        assert_eq!(
            original("/doc", "asOf=3&uri=http://a?b=c&x"),
            "/doc?uri=http://a?b=c&x"
        );
        assert_eq!(original("/api", "asOf=3"), "/api");
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
