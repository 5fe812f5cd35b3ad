//! The state a request gets to see, and what an answer says of it: which commit, when that was made or held, where the
//! same is to be had at other times ([RFC 7089](https://www.rfc-editor.org/rfc/rfc7089)), and how long it may be kept.
//! Which state is meant is read in `moment`.

use super::moment::VALID_AT;
use super::reply::{A_WEEK_FIXED, X_COMMIT};
use crate::registry::Moment;
use crate::store::{Snapshot, View};
use crate::views::html::EarlierState;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use std::sync::Arc;

/// When what an answer shows was made, or held.
pub(super) const MEMENTO_DATETIME: HeaderName = HeaderName::from_static("memento-datetime");
/// What answers about a state depend on besides the address.
const VARY: HeaderValue = HeaderValue::from_static("Accept, Accept-Datetime, Accept-Language");

/// The state a request gets to see.
#[derive(Clone)]
pub(super) struct Shown {
    snapshot: Snapshot,
    /// [`Snapshot::identity`] of the newest state when this one was looked for: as long as that is the newest, the same
    /// request gets the same answer.
    newest: u64,
    asked: Option<Arc<Asked>>,
}

/// What is told of a state that was asked for.
struct Asked {
    known: Option<Known>,
    valid: Option<Moment>,
    notice: EarlierState,
}

/// A state by transaction time.
pub(super) struct Known {
    /// The parameter that further addresses are to name it with.
    pub(super) name: &'static str,
    /// When its last commit was made; `None` for the empty store.
    pub(super) made: Option<Timestamp>,
    /// Whether the same request will always get this state.
    pub(super) is_fixed: bool,
    pub(super) is_negotiated: bool,
}

impl Shown {
    /// The newest state.
    pub(super) fn now(snapshot: Snapshot) -> Self {
        Self {
            newest: snapshot.identity(),
            snapshot,
            asked: None,
        }
    }

    /// A state that was asked for. `now` is the address of the same thing in the present.
    pub(super) fn of(
        newest: u64,
        snapshot: Snapshot,
        known: Option<Known>,
        valid: Option<Moment>,
        now: String,
    ) -> Self {
        let seq = snapshot.seq();
        let made = known.as_ref().and_then(|known| known.made);
        let mut pins = Vec::new();
        if let Some(known) = &known {
            pins.push((known.name, seq.to_string()));
        }
        if let Some(valid) = &valid {
            pins.push((VALID_AT, valid.text().to_owned()));
        }
        let notice = EarlierState {
            seq: known.is_some().then_some(seq),
            moment: made.map_or(String::new(), |made| {
                made.strftime("%Y-%m-%d %H:%M UTC").to_string()
            }),
            valid: valid.as_ref().map(|valid| valid.text().to_owned()),
            pins,
            now,
        };
        Self {
            newest,
            snapshot,
            asked: Some(Arc::new(Asked {
                known,
                valid,
                notice,
            })),
        }
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    pub(super) fn view(&self) -> View {
        self.snapshot.view()
    }

    /// [`Snapshot::identity`] of the newest state when this one was looked for.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether the request named no state, so that this is the newest.
    pub(super) fn is_now(&self) -> bool {
        self.asked.is_none()
    }

    /// The moment of valid time that the request asked for.
    pub(super) fn valid(&self) -> Option<&Moment> {
        self.asked.as_ref()?.valid.as_ref()
    }

    /// Parameters that further addresses are to name, so that they lead to the same state; values are not encoded.
    pub(super) fn pins(&self) -> &[(&'static str, String)] {
        self.asked
            .as_ref()
            .map_or(&[], |asked| asked.notice.pins.as_slice())
    }

    /// The parameters as the end of an address, after `?` or `&`; empty when there are none.
    pub(super) fn pinned(&self, first_mark: char) -> String {
        self.notice()
            .map_or(String::new(), |asked| asked.pinned(first_mark))
    }

    /// Tells states with the same commit apart in an entity tag.
    pub(super) fn tag_part(&self) -> &str {
        self.valid().map_or("", Moment::text)
    }

    /// What pages say of the state they show.
    pub(super) fn notice(&self) -> Option<&EarlierState> {
        self.asked.as_ref().map(|asked| &asked.notice)
    }

    /// Says which state an answer shows, when it may differ by state, and how long it may be kept. Replaces `Vary`, and
    /// `Cache-Control` unless nothing may be kept.
    pub(super) fn describe(&self, out: &mut HeaderMap) {
        out.insert(X_COMMIT, HeaderValue::from(self.snapshot.seq()));
        out.insert(header::VARY, VARY);
        let Some(asked) = &self.asked else {
            return;
        };
        let may_keep = out
            .get(header::CACHE_CONTROL)
            .is_some_and(|value| value != "no-store");
        let known = asked.known.as_ref();
        if may_keep && known.is_some_and(|known| known.is_fixed) {
            out.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static(A_WEEK_FIXED),
            );
        }
        let now = &asked.notice.now;
        let memento = format!("{now}{}", self.pinned(mark_after(now)));
        let mut links = vec![
            format!("<{now}>; rel=\"original\""),
            format!("<{now}>; rel=\"timegate\""),
        ];
        // Of something that held at a moment, that moment; else when the state was made.
        let date = match &asked.valid {
            Some(valid) => Some(valid.at()),
            None => known.and_then(|known| known.made),
        };
        if let Some(date) = date.and_then(http_date) {
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
        if known.is_some_and(|known| known.is_negotiated)
            && let Ok(memento) = HeaderValue::from_str(&memento)
        {
            out.insert(header::CONTENT_LOCATION, memento);
        }
    }
}

/// How parameters go on after an address.
pub(super) fn mark_after(address: &str) -> char {
    if address.contains('?') { '&' } else { '?' }
}

/// A date as headers write it; `None` for years that they cannot write.
pub(super) fn http_date(moment: Timestamp) -> Option<String> {
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&moment)
        .ok()
}
