//! The follower: asks its primary for the commit after its own last one, takes over what comes, asks again; in a thread of its
//! own. What fails for the moment is tried again, later each time; what cannot be mended from here is told in the status, and
//! looked at again now and then. A wrong byte is never taken over: the store verifies what it appends.

use super::receive::{ReceiveError, receive};
use super::status::{FollowStatus, Phase};
use super::{FeedSummary, MEDIA_TYPE};
use crate::ingest::fetch::{FetchError, FetchOptions, FetchProblem, Fetcher, Opened, host_of};
use crate::rdf::label::Text;
use crate::registry::Registry;
use crate::store::{Following, LOG_FORMAT, StoreError, hex};
use std::io::{self, BufReader, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long the primary is asked to wait for the next commit, in seconds.
const WAIT_SECONDS: u64 = 25;
/// How long nothing may come; longer than the wait above.
const IDLE: Duration = Duration::from_secs(40);
/// First pause after a failure; doubled for each further one, with a random part.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Pause before looking again at what an operator must mend.
const LONG_PAUSE: Duration = Duration::from_secs(30);
/// A summary is a few hundred bytes.
const MAX_SUMMARY_BYTES: u64 = 64 << 10;

/// Why a follower does not get on.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer.
    #[error(transparent)]
    Fetch(FetchError),
    /// The answer broke off.
    #[error("the answer of the primary broke off: {0}")]
    BrokeOff(String),
    /// The answer is not what the primary sent.
    #[error("what came is not what was sent: {0}")]
    Damaged(String),
    /// The token is not taken, or the primary lets nobody follow.
    #[error("the primary does not let this node follow (status {0})")]
    Refused(u16),
    /// Another status.
    #[error("the primary answers with status {0}")]
    Status(u16, Option<Duration>),
    /// The primary belongs to another registry.
    #[error("the primary has the base {0}")]
    Base(String),
    /// The primary writes a format this version does not know.
    #[error("the primary writes commit log format {0}")]
    Format(u32),
    /// The primary has settings this version does not know.
    #[error("the primary has settings that this version does not know")]
    Settings,
    /// The primary has another history.
    #[error("the primary has another history than this log")]
    Diverged,
    /// The primary gave up what comes next.
    #[error("the primary gave up the commits after the last one here")]
    GivenUp,
    /// This node could not take what came.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Everything is to end.
    #[error("it was stopped")]
    Stopped,
}

impl Trouble {
    fn phase(&self) -> Phase {
        match self {
            Self::Refused(_) => Phase::Refused,
            Self::Base(_) | Self::Format(_) | Self::Settings => Phase::Strange,
            Self::Diverged => Phase::Diverged,
            Self::GivenUp => Phase::TooFarBehind,
            Self::Store(StoreError::Stopped { .. }) => Phase::Stopped,
            _ => Phase::Retrying,
        }
    }

    /// What is the matter and what to do, for people.
    pub fn text(&self) -> Text {
        let (nl, en) = match self {
            Self::Fetch(error) => return error.text(),
            Self::BrokeOff(_) => (
                "Het antwoord van het hoofdregister brak af; er wordt verdergegaan waar het ophield.".into(),
                "The answer of the primary broke off; it goes on where that ended.".into(),
            ),
            Self::Damaged(reason) => (
                format!("Wat van het hoofdregister kwam, klopt niet met zijn controlegetallen en werd geweigerd; het wordt opnieuw gevraagd. ({reason})"),
                format!("What came from the primary does not match its checksums and was refused; it is asked for again. ({reason})"),
            ),
            Self::Refused(status) => (
                format!("Het hoofdregister laat niet toe dat dit register volgt (status {status}): kijk na of --follow-token-file het token van zijn --follower-token-file of --admin-token-file bevat."),
                format!("The primary does not let this node follow (status {status}): see that --follow-token-file holds the token of its --follower-token-file or --admin-token-file."),
            ),
            Self::Status(status, _) => (
                format!("Het hoofdregister antwoordt met status {status}."),
                format!("The primary answers with status {status}."),
            ),
            Self::Base(base) => (
                format!("Het hoofdregister heeft de basis-IRI {base}, dit register een andere: het is een ander register. Kijk het adres na --follow na."),
                format!("The primary has the base IRI {base}, this one has another: it is another registry. See the address after --follow."),
            ),
            Self::Format(format) => (
                format!("Het hoofdregister schrijft een log van formaat {format}; deze versie volgt alleen formaat {LOG_FORMAT}. Werk dit register bij."),
                format!("The primary writes a log of format {format}; this version follows format {LOG_FORMAT} alone. Update this node."),
            ),
            Self::Settings => (
                "Het hoofdregister heeft instellingen die deze versie niet kent. Werk dit register bij.".into(),
                "The primary has settings that this version does not know. Update this node.".into(),
            ),
            Self::Diverged => (
                "Het hoofdregister heeft een andere geschiedenis dan dit log: het werd teruggezet naar een vroegere toestand, of hier werd geschreven. Dit register volgt niet meer en antwoordt met wat het heeft. Is het hoofdregister juist, stop dan dit register, zet zijn datamap opzij en start het met een lege.".into(),
                "The primary has another history than this log: it was put back to an earlier state, or this one was written to. This node follows no more and answers with what it has. If the primary is right, stop this node, put its data folder aside and start it with an empty one.".into(),
            ),
            Self::GivenUp => (
                "Het hoofdregister gaf de commits op die hier volgen; het hele log wordt opnieuw gehaald.".into(),
                "The primary gave up the commits that come next here; the whole log is fetched anew.".into(),
            ),
            Self::Store(error) => (
                format!("Dit register kan niet bewaren wat kwam: {error}"),
                format!("This node cannot keep what came: {error}"),
            ),
            Self::Stopped => ("Er werd gestopt.".into(), "It was stopped.".into()),
        };
        Text::new(nl, en)
    }

    /// Whether trying again may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        self.phase() == Phase::Retrying
    }

    fn from_fetch(error: FetchError) -> Self {
        match error.problem {
            FetchProblem::Stopped => Self::Stopped,
            _ => Self::Fetch(error),
        }
    }
}

/// How to reach a primary.
pub struct Primary {
    url: String,
    token: String,
    fetcher: Fetcher,
}

impl Primary {
    /// The node at an address that the operator names, so any network will do; nothing it says leads elsewhere. `None` when
    /// the address is none of the web.
    pub fn new(url: &str, token: &str, stopped: Arc<AtomicBool>) -> Option<Self> {
        let url = url.trim_end_matches('/').to_owned();
        let options = FetchOptions {
            hosts: vec![host_of(&url)?],
            allow_private: true,
            per_second: 0.0,
            idle: IDLE,
            backoff: FIRST_PAUSE,
            max_wait: LONGEST_PAUSE,
            ..FetchOptions::default()
        };
        let fetcher = Fetcher::new(options, stopped);
        fetcher.refuses(&url).is_none().then(|| Self {
            url,
            token: token.to_owned(),
            fetcher,
        })
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks for something below its address.
    ///
    /// # Errors
    /// When the answer is not what was asked for.
    pub(super) fn open(&self, path: &str) -> Result<Opened, Trouble> {
        let accept = format!("{MEDIA_TYPE}, application/json;q=0.5");
        let url = format!("{}{path}", self.url);
        let opened = self.fetcher.open(&url, &accept, &self.token);
        let opened = opened.map_err(Trouble::from_fetch)?;
        match opened.status {
            200 => Ok(opened),
            401 | 403 => Err(Trouble::Refused(opened.status)),
            409 => Err(Trouble::Diverged),
            410 => Err(Trouble::GivenUp),
            status => Err(Trouble::Status(status, opened.retry_after)),
        }
    }

    /// What it says of its log.
    ///
    /// # Errors
    /// When it does not answer, or this version cannot follow it.
    pub fn summary(&self) -> Result<FeedSummary, Trouble> {
        let opened = self.open("/log")?;
        let mut text = Vec::new();
        let read = opened.body.take(MAX_SUMMARY_BYTES).read_to_end(&mut text);
        read.map_err(|error| Trouble::BrokeOff(error.to_string()))?;
        let summary: FeedSummary = serde_json::from_slice(&text)
            .map_err(|_| Trouble::Damaged("the summary of the log cannot be read".to_owned()))?;
        if summary.format != LOG_FORMAT {
            return Err(Trouble::Format(summary.format));
        }
        Ok(summary)
    }

    /// Pauses before trying again; longer after more failures.
    ///
    /// # Errors
    /// [`Trouble::Stopped`] when everything is to end.
    pub fn pause(&self, trouble: &Trouble, failures: u32) -> Result<(), Trouble> {
        let pause = match trouble {
            Trouble::Status(_, Some(wait)) => (*wait).min(LONG_PAUSE),
            trouble if trouble.is_transient() => {
                self.fetcher.pause_before(failures.saturating_sub(1))
            }
            _ => LONG_PAUSE,
        };
        self.fetcher.sleep(pause).map_err(|_| Trouble::Stopped)
    }
}

/// How to follow.
pub struct FollowOptions {
    /// Whom.
    pub primary: Primary,
    /// Raised by whoever drops [`Follow`]; the same flag that `primary` has.
    pub stopped: Arc<AtomicBool>,
    /// Raised by the follower when the whole log must be fetched anew, which needs the folder closed.
    pub too_far_behind: Arc<AtomicBool>,
}

/// The thread that follows; dropping it ends that.
pub struct Follow {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was logged, and ended no more than the following.
            let _ = thread.join();
        }
    }
}

/// Begins to follow, into a registry that was opened for it.
///
/// # Errors
/// When no thread can be had.
pub fn follow(
    registry: Arc<Registry>,
    options: FollowOptions,
    status: Arc<FollowStatus>,
) -> io::Result<Follow> {
    let stopped = Arc::clone(&options.stopped);
    let thread = thread::Builder::new()
        .name("oslo-follow".to_owned())
        .spawn(move || run(&registry, &options, &status))?;
    Ok(Follow {
        stopped,
        thread: Some(thread),
    })
}

fn run(registry: &Registry, options: &FollowOptions, status: &FollowStatus) {
    let primary = &options.primary;
    let mut following = registry.store().replicate();
    // Whether it is known that the primary fits; looked at again after every failure.
    let mut fits = false;
    loop {
        let asked = ask(registry, primary, &mut following, status, &mut fits);
        let trouble = match asked {
            Ok(()) => continue,
            Err(Trouble::Stopped) => return,
            Err(trouble) => trouble,
        };
        fits = false;
        let before = status.figures().phase;
        let failures = status.failed(trouble.phase(), trouble.text());
        if failures == 1 || before != trouble.phase() {
            tracing::warn!(primary = primary.url(), %trouble, "Following stopped for now: {}", trouble.text().en);
        } else {
            tracing::debug!(primary = primary.url(), %trouble, failures, "Still not following");
        }
        match trouble {
            Trouble::GivenUp => {
                options.too_far_behind.store(true, Ordering::Relaxed);
                return;
            }
            Trouble::Store(StoreError::Stopped { .. }) => return,
            _ => {}
        }
        if primary.pause(&trouble, failures).is_err() {
            return;
        }
    }
}

/// One question and its answer.
fn ask(
    registry: &Registry,
    primary: &Primary,
    following: &mut Following<'_>,
    status: &FollowStatus,
    fits: &mut bool,
) -> Result<(), Trouble> {
    if !*fits {
        look(registry, primary)?;
        *fits = true;
    }
    let (at, digest) = following.position();
    let wait = if status.figures().phase == Phase::Following {
        WAIT_SECONDS
    } else {
        // What was wrong is over as soon as an answer comes: it is to come at once.
        0
    };
    let next = at + 1;
    let digest = hex(&digest);
    let path = format!("/log/commits?from={next}&chain={digest}&wait={wait}");
    let opened = primary.open(&path)?;
    let mut input = BufReader::with_capacity(1 << 16, opened.body);
    let last = receive(&mut input, following, status).map_err(|error| match error {
        ReceiveError::Input(_) if primary.fetcher.is_stopped() => Trouble::Stopped,
        ReceiveError::Input(error) => Trouble::BrokeOff(error.to_string()),
        ReceiveError::Damaged(reason) => Trouble::Damaged(reason),
        ReceiveError::Store(error) => Trouble::Store(error),
    })?;
    let figures = status.figures();
    let (now, _) = following.position();
    if figures.phase != Phase::Following {
        tracing::info!(
            primary = primary.url(),
            commit = now,
            "Following from commit {now} on"
        );
    }
    status.heard(now, last);
    Ok(())
}

/// Whether the primary is of the same registry; takes over what it was set to.
fn look(registry: &Registry, primary: &Primary) -> Result<(), Trouble> {
    let summary = primary.summary()?;
    if summary.base != registry.base() {
        return Err(Trouble::Base(summary.base));
    }
    let settings = summary.settings().ok_or(Trouble::Settings)?;
    if settings != registry.store().settings() {
        registry.store().set(settings)?;
        tracing::info!("The settings of the primary were taken over");
    }
    Ok(())
}
