//! One request to a subscriber: signed, to no address of our own network unless its host is allowed, no redirect followed; and
//! what its answer means. Knows no cursor.
//!
//! `X-Signature-256: sha256=…` is the HMAC-SHA-256, in hex, of the value of `X-Timestamp` (seconds since 1970), a point, and
//! the body. Whoever checks both refuses what was recorded and sent again later.

use super::progress::Failure;
use super::subscription::{Secret, Subscription};
use crate::ingest::fetch::{FetchError, FetchOptions, FetchProblem, Fetcher, Outgoing, host_of};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What came of an attempt that did not succeed.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) kind: RefusalKind,
    pub(super) failure: Failure,
    /// How long the target asks to wait.
    pub(super) wait: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusalKind {
    /// It may succeed later.
    ForNow,
    /// It will not.
    ForGood,
    /// The target wants nothing any more.
    Gone,
    /// The server is stopping.
    Stopped,
}

/// Tells one subscriber.
pub(super) struct Courier {
    fetcher: Fetcher,
    target: String,
    /// Name that the target is asked for leave by.
    origin: String,
    secret: Option<Secret>,
    name: String,
}

/// What makes a body recognisable.
pub(super) struct Label<'a> {
    pub(super) media_type: &'static str,
    /// Id of its first event.
    pub(super) id: &'a str,
    /// Id of its last event, when it has several.
    pub(super) last: Option<&'a String>,
    /// The last commit it is about.
    pub(super) commit: u64,
}

impl Courier {
    pub(super) fn new(
        subscription: &Subscription,
        secret: Option<Secret>,
        base: &str,
        allowed: &[String],
        timeout: Duration,
        stopped: &Arc<AtomicBool>,
    ) -> Self {
        let host = host_of(&subscription.target);
        let is_allowed = host
            .as_ref()
            .is_some_and(|host| allowed.iter().any(|known| known.eq_ignore_ascii_case(host)));
        let options = FetchOptions {
            hosts: host.into_iter().collect(),
            allow_private: is_allowed,
            timeout,
            per_second: 0.0,
            retries: 0,
            ..FetchOptions::default()
        };
        Self {
            fetcher: Fetcher::new(options, Arc::clone(stopped)),
            target: subscription.target.clone(),
            origin: host_of(base).unwrap_or_else(|| "oslo-registry".to_owned()),
            secret,
            name: subscription.name.clone(),
        }
    }

    /// Asks the target whether it wants to be told (CloudEvents 1.0, HTTP webhook §4). The requests a minute that it allows.
    pub(super) fn ask_leave(&self) -> Result<Option<u32>, Refusal> {
        let headers = [
            ("webhook-request-origin", self.origin.clone()),
            ("webhook-request-rate", "600".to_owned()),
        ];
        let answer = self.fetcher.send(&Outgoing {
            url: &self.target,
            headers: &headers,
            body: None,
        });
        let answer = answer.map_err(|error| of_fetch(&error))?;
        let allows = |origin: &str| origin == "*" || origin.eq_ignore_ascii_case(&self.origin);
        if (200..300).contains(&answer.status)
            && answer.allowed_origin.as_deref().is_some_and(allows)
        {
            let rate = answer.allowed_rate.and_then(|rate| rate.parse().ok());
            return Ok(rate.filter(|rate| *rate > 0));
        }
        if answer.status == 410 {
            return Err(of_status(410, None));
        }
        Err(Refusal {
            kind: RefusalKind::ForNow,
            failure: failure(
                "webhook-handshake",
                format!(
                    "het doel antwoordt op OPTIONS met status {} en zegt niet met WebHook-Allowed-Origin dat {} mag leveren; laat het dat doen, of abonneer met handdruk \"geen\"",
                    answer.status, self.origin
                ),
                format!(
                    "the target answers OPTIONS with status {} and does not say with WebHook-Allowed-Origin that {} may deliver; have it do so, or subscribe with handdruk \"geen\"",
                    answer.status, self.origin
                ),
            ),
            wait: answer.retry_after,
        })
    }

    /// Sends a body once.
    pub(super) fn deliver(&self, label: &Label<'_>, body: &[u8]) -> Result<(), Refusal> {
        let moment = jiff::Timestamp::now().as_second().to_string();
        let key = match label.last {
            Some(last) => format!("\"{}/{last}\"", label.id),
            None => format!("\"{}\"", label.id),
        };
        let mut headers = vec![
            ("content-type", label.media_type.to_owned()),
            ("x-commit", label.commit.to_string()),
            ("x-event-id", label.id.to_owned()),
            ("idempotency-key", key),
            ("x-subscription", self.name.clone()),
            ("webhook-request-origin", self.origin.clone()),
        ];
        if let Some(secret) = &self.secret {
            headers.push(("x-signature-256", signature(secret, &moment, body)));
        }
        headers.push(("x-timestamp", moment));
        let answer = self.fetcher.send(&Outgoing {
            url: &self.target,
            headers: &headers,
            body: Some(body),
        });
        let answer = answer.map_err(|error| of_fetch(&error))?;
        match answer.status {
            200..300 => Ok(()),
            status => Err(of_status(status, answer.retry_after)),
        }
    }
}

fn signature(secret: &Secret, moment: &str, body: &[u8]) -> String {
    let mut text = String::from("sha256=");
    // Keys of any length do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.bytes()) else {
        return text;
    };
    mac.update(moment.as_bytes());
    mac.update(b".");
    mac.update(body);
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A failure of now.
pub(super) fn failure(code: &str, nl: impl Into<String>, en: impl Into<String>) -> Failure {
    Failure {
        code: code.to_owned(),
        nl: nl.into(),
        en: en.into(),
        at: jiff::Timestamp::now().to_string(),
    }
}

fn of_status(status: u16, wait: Option<Duration>) -> Refusal {
    let (kind, code, nl, en) = match status {
        410 => (
            RefusalKind::Gone,
            "webhook-gone",
            "het doel wil niets meer ontvangen (410)".to_owned(),
            "the target wants nothing any more (410)".to_owned(),
        ),
        408 | 409 | 425 | 429 | 500.. => (
            RefusalKind::ForNow,
            "webhook-status",
            format!("het doel antwoordt met status {status}"),
            format!("the target answers with status {status}"),
        ),
        300..400 => (
            RefusalKind::ForGood,
            "webhook-redirect",
            format!(
                "het doel verwijst door (status {status}), en dat wordt niet gevolgd; abonneer met het nieuwe adres"
            ),
            format!(
                "the target redirects (status {status}), which is not followed; subscribe with the new address"
            ),
        ),
        _ => (
            RefusalKind::ForGood,
            "webhook-refused",
            format!(
                "het doel weigert dit met status {status}; kijk daar waarom, en laat het abonnement dan verdergaan"
            ),
            format!(
                "the target refuses this with status {status}; look there why, then have the subscription go on"
            ),
        ),
    };
    Refusal {
        kind,
        failure: failure(code, nl, en),
        wait,
    }
}

fn of_fetch(error: &FetchError) -> Refusal {
    let text = error.problem.text();
    let (kind, code) = match error.problem {
        FetchProblem::Stopped => (RefusalKind::Stopped, "webhook-stopped"),
        FetchProblem::Private => {
            return Refusal {
                kind: RefusalKind::ForNow,
                failure: failure(
                    "webhook-private",
                    "het doel ligt in het eigen netwerk; is het een eigen dienst, start dan met --webhook-allow HOST",
                    "the target is on our own network; if it is a service of your own, start with --webhook-allow HOST",
                ),
                wait: error.retry_after,
            };
        }
        FetchProblem::NotHttp | FetchProblem::NotAllowed(_) => {
            (RefusalKind::ForGood, "webhook-address")
        }
        FetchProblem::Timeout => (RefusalKind::ForNow, "webhook-timeout"),
        _ => (RefusalKind::ForNow, "webhook-unreachable"),
    };
    Refusal {
        kind,
        failure: failure(code, text.nl, text.en),
        wait: error.retry_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first case of RFC 4231 has no point in its message; this one was computed with another program:
    /// `printf '1700000000.[]' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    #[test]
    fn bodies_are_signed_with_their_moment() {
        let secret = Secret::new("0123456789abcdef").expect("long enough");
        let signed = signature(&secret, "1700000000", b"[]");
        assert_eq!(
            signed,
            "sha256=c91545d09b999c13267144ab89f40da36c784c2397a9684263e82122a502a910"
        );
        assert_ne!(signature(&secret, "1700000001", b"[]"), signed);
    }

    #[test]
    fn answers_mean_what_the_specification_says() {
        for (status, kind) in [
            (400, RefusalKind::ForGood),
            (404, RefusalKind::ForGood),
            (301, RefusalKind::ForGood),
            (410, RefusalKind::Gone),
            (408, RefusalKind::ForNow),
            (409, RefusalKind::ForNow),
            (425, RefusalKind::ForNow),
            (429, RefusalKind::ForNow),
            (500, RefusalKind::ForNow),
            (503, RefusalKind::ForNow),
        ] {
            assert_eq!(of_status(status, None).kind, kind, "{status}");
        }
    }
}
