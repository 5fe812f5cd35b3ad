//! Why there is no answer: what happened, where, and what to do, in Dutch and English.

use crate::rdf::label::Text;
use std::fmt;
use std::time::Duration;

/// Why a document could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// What was asked for.
    pub url: String,
    /// What went wrong.
    pub problem: FetchProblem,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchProblem {
    /// Its host is not on the list.
    NotAllowed(String),
    /// It is not an address of the web.
    NotHttp,
    /// Its host is on our own network.
    Private,
    /// It leads on and on.
    TooManyRedirects(u32),
    /// It leads to where nobody should go.
    BadRedirect(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// The answer did not come in time.
    Timeout,
    /// Its host does not exist.
    HostNotFound,
    /// No connection, or one that broke off.
    Unreachable(String),
    /// The server answered with this status.
    Status(u16),
    /// Nobody wants the answer any more.
    Stopped,
}

impl FetchProblem {
    pub(super) fn of(self, url: &str) -> FetchError {
        FetchError {
            url: url.to_owned(),
            problem: self,
            retry_after: None,
        }
    }

    /// What went wrong, without where.
    pub fn text(&self) -> Text {
        let [nl, en] = self.texts();
        Text::new(nl, en)
    }

    fn texts(&self) -> [String; 2] {
        match self {
            Self::NotAllowed(host) => [
                format!("de host {host} staat niet op de lijst van deze bron"),
                format!("the host {host} is not on the list of this source"),
            ],
            Self::NotHttp => [
                "dit is geen adres met http of https".into(),
                "this is no address with http or https".into(),
            ],
            Self::Private => [
                "dit adres ligt in het eigen netwerk".into(),
                "this address is on our own network".into(),
            ],
            Self::TooManyRedirects(most) => [
                format!("er zijn meer dan {most} doorverwijzingen"),
                format!("there are more than {most} redirects"),
            ],
            Self::BadRedirect(to) => [
                format!("het verwijst door naar \"{to}\", en dat wordt niet gevolgd"),
                format!("it redirects to \"{to}\", which is not followed"),
            ],
            Self::TooLarge(most) => [
                format!("het antwoord is groter dan {} MiB", most >> 20),
                format!("the answer is larger than {} MiB", most >> 20),
            ],
            Self::Timeout => [
                "het antwoord kwam niet op tijd".into(),
                "the answer did not come in time".into(),
            ],
            Self::HostNotFound => [
                "de host bestaat niet".into(),
                "the host does not exist".into(),
            ],
            Self::Unreachable(reason) => [
                format!("de server is niet bereikbaar of brak af: {reason}"),
                format!("the server cannot be reached or broke off: {reason}"),
            ],
            Self::Status(status) => [
                format!("de server antwoordt met status {status}"),
                format!("the server answers with status {status}"),
            ],
            Self::Stopped => ["er werd gestopt".into(), "it was stopped".into()],
        }
    }

    fn hints(&self) -> Option<[&'static str; 2]> {
        Some(match self {
            Self::NotAllowed(_) => [
                "laat hem toe met --allow-host als u hem vertrouwt",
                "allow it with --allow-host if you trust it",
            ],
            Self::Private => [
                "laat het toe met --allow-private als het een eigen server is",
                "allow it with --allow-private if it is a server of your own",
            ],
            Self::TooLarge(_) => [
                "vraag de bron om kleinere pagina's, of verhoog --max-page",
                "ask the source for smaller pages, or raise --max-page",
            ],
            Self::Status(401 | 403) => [
                "de bron vraagt een toelating die niet gegeven is",
                "the source asks for a permission that was not given",
            ],
            Self::Timeout | Self::Unreachable(_) | Self::Status(429 | 500..) => [
                "probeer het later opnieuw: er wordt verdergegaan waar gestopt werd",
                "try again later: it goes on from where it stopped",
            ],
            _ => return None,
        })
    }
}

impl FetchError {
    /// What happened and where.
    pub fn text(&self) -> Text {
        let [nl, en] = self.problem.texts();
        Text::new(format!("{}: {nl}", self.url), format!("{}: {en}", self.url))
    }

    /// What to do.
    pub fn hint(&self) -> Option<Text> {
        self.problem.hints().map(|[nl, en]| Text::new(nl, en))
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.problem,
            FetchProblem::Timeout
                | FetchProblem::Unreachable(_)
                | FetchProblem::Status(408 | 425 | 429 | 500 | 502 | 503 | 504)
        )
    }

    /// Whether the document is gone for good.
    pub fn is_gone(&self) -> bool {
        matches!(self.problem, FetchProblem::Status(404 | 410))
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for FetchError {}
