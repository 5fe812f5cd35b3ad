//! One careful HTTP client for all sources: only hosts that are allowed, no addresses of our own network unless the operator
//! says so, every redirect judged anew, bounds on size and time, few requests a second, patience with busy servers.
//! Knows nothing of what it fetches. `file:` IRIs are read where they are allowed.

mod address;
mod opened;
mod post;
mod problem;

pub use opened::Opened;
pub use post::{Outgoing, Posted};
pub use problem::{FetchError, FetchProblem};

use crate::query::Attentive;
use address::Guard;
use bytes::Bytes;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::unversioned::transport::{Connector, RustlsConnector, TcpConnector};
use ureq::{Agent, http};

/// How much a source may cost, and where it may lead.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Hosts that may be asked: `data.example` on its usual port, `data.example:8080` on that one.
    pub hosts: Vec<String>,
    /// Whether addresses of the machine itself and of private networks may be asked.
    pub allow_private: bool,
    /// Whether `file:` IRIs may be read.
    pub allow_files: bool,
    /// Most bytes of one answer, unpacked.
    pub max_bytes: u64,
    /// Time for one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Longest time in which nothing comes, where an answer is read as it comes.
    pub idle: Duration,
    /// Most redirects of one request.
    pub max_redirects: u32,
    /// Most requests a second to one host; 0 is no bound.
    pub per_second: f64,
    /// How often a request that failed for the moment is tried again.
    pub retries: u32,
    /// Wait before the first new attempt; doubled for each further one, with a random part.
    pub backoff: Duration,
    /// Longest wait before a new attempt, whatever the server asks for.
    pub max_wait: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            allow_private: false,
            allow_files: false,
            max_bytes: 64 << 20,
            timeout: Duration::from_secs(60),
            idle: Duration::MAX,
            max_redirects: 5,
            per_second: 20.0,
            retries: 4,
            backoff: Duration::from_millis(500),
            max_wait: Duration::from_secs(120),
        }
    }
}

/// What is known of an earlier answer; with it the server may say that nothing changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where it came from, after redirects.
    pub url: String,
    /// Media type without parameters, in lower case; empty when the server gives none.
    pub media_type: String,
    /// The content, unpacked; `None` when it is as it was before.
    pub body: Option<Bytes>,
    /// To ask again with.
    pub validators: Validators,
    /// Whether the server says that it never changes (RFC 8246).
    pub immutable: bool,
    /// How long it may be taken for fresh.
    pub max_age: Option<Duration>,
    /// `Link` headers.
    pub links: Vec<String>,
    /// Whether an endpoint says that its time was up before the answer was whole.
    pub is_partial: bool,
    /// What a page of a change feed says of itself in `X-Page-Complete`.
    pub is_complete: Option<bool>,
}

/// The client. Share it between threads as it is.
pub struct Fetcher {
    agent: Agent,
    options: FetchOptions,
    stopped: Arc<AtomicBool>,
    /// When each host may be asked again.
    turns: Mutex<HashMap<String, Instant>>,
}

const CONNECT: Duration = Duration::from_secs(10);
/// Longest sleep before looking whether the answer is still wanted.
const STEP: Duration = Duration::from_millis(50);

impl Fetcher {
    /// A client; everything it does ends soon after `stopped` becomes true.
    pub fn new(options: FetchOptions, stopped: Arc<AtomicBool>) -> Self {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .user_agent(concat!("oslo-registry/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .max_idle_age(Duration::from_secs(10))
            .build();
        let flag = Arc::clone(&stopped);
        let connector = ()
            .chain(TcpConnector::default())
            .chain(
                Attentive::new(Arc::new(move || flag.load(Ordering::Relaxed))).within(options.idle),
            )
            .chain(RustlsConnector::default());
        let guard = Guard::new(options.allow_private);
        Self {
            agent: Agent::with_parts(config, connector, guard),
            options,
            stopped,
            turns: Mutex::default(),
        }
    }

    /// Whether everything is to end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Fetches a document. What fails for the moment is tried again, later each time.
    ///
    /// # Errors
    /// Why there is no answer, see [`FetchProblem`].
    pub fn get(&self, url: &str, accept: &str, known: &Validators) -> Result<Fetched, FetchError> {
        let mut attempt = 0;
        loop {
            let error = match self.follow(url, accept, known, None) {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            if !error.is_transient() || attempt >= self.options.retries {
                return Err(error);
            }
            let wait = error
                .retry_after
                .unwrap_or_else(|| self.backoff(attempt))
                .min(self.options.max_wait);
            tracing::debug!(url, attempt, %error, ?wait, "Trying again");
            self.sleep(wait).map_err(|problem| problem.of(url))?;
            attempt += 1;
        }
    }

    /// Waits, unless everything is to end.
    ///
    /// # Errors
    /// [`FetchProblem::Stopped`].
    pub fn sleep(&self, wait: Duration) -> Result<(), FetchProblem> {
        let until = Instant::now() + wait;
        loop {
            if self.is_stopped() {
                return Err(FetchProblem::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(STEP));
        }
    }

    /// Between half of the wait and all of it, so that many clients do not come back together.
    fn backoff(&self, attempt: u32) -> Duration {
        let full = self.options.backoff.saturating_mul(1 << attempt.min(16));
        let random = RandomState::new().build_hasher().finish() % 1000;
        full.mul_f64(0.5 + random as f64 / 2000.0)
    }

    /// Asks a SPARQL endpoint, once. A long query goes as a form.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub fn ask_query(&self, url: &str, query: &str, accept: &str) -> Result<Fetched, FetchError> {
        let url = url.split('#').next().unwrap_or(url);
        let known = Validators::default();
        if query.len() > MOST_QUERY_BYTES {
            return self.follow(url, accept, &known, Some(query));
        }
        let mark = if url.contains('?') { '&' } else { '?' };
        let address = format!("{url}{mark}query={}", percent_encoded(query));
        self.follow(&address, accept, &known, None)
    }

    fn follow(
        &self,
        url: &str,
        accept: &str,
        known: &Validators,
        form: Option<&str>,
    ) -> Result<Fetched, FetchError> {
        let mut at = url.split('#').next().unwrap_or(url).to_owned();
        if at.starts_with("file:") {
            return self.read_file(&at);
        }
        for _ in 0..=self.options.max_redirects {
            let host = self.judge(&at).map_err(|problem| problem.of(&at))?;
            self.take_turn(&host).map_err(|problem| problem.of(&at))?;
            match self.ask(&at, accept, known, form)? {
                Answer::Done(fetched) => return Ok(fetched),
                Answer::Elsewhere(location) => {
                    let next = oxiri::Iri::parse(at.as_str())
                        .ok()
                        .and_then(|base| base.resolve(&location).ok())
                        .map(|iri| iri.into_inner().split('#').next().unwrap_or("").to_owned())
                        .ok_or_else(|| FetchProblem::BadRedirect(shortened(&location)).of(&at))?;
                    if at.starts_with("https:") && !next.starts_with("https:") {
                        return Err(FetchProblem::BadRedirect(shortened(&next)).of(&at));
                    }
                    at = next;
                }
            }
        }
        Err(FetchProblem::TooManyRedirects(self.options.max_redirects).of(url))
    }

    /// The host of an address that may be asked.
    fn judge(&self, url: &str) -> Result<String, FetchProblem> {
        let host = host_of(url).ok_or(FetchProblem::NotHttp)?;
        let mut allowed = self.options.hosts.iter();
        if allowed.any(|allowed| allowed.eq_ignore_ascii_case(&host)) {
            Ok(host)
        } else {
            Err(FetchProblem::NotAllowed(host))
        }
    }

    fn take_turn(&self, host: &str) -> Result<(), FetchProblem> {
        if self.options.per_second <= 0.0 {
            return Ok(());
        }
        let gap = Duration::from_secs_f64((1.0 / self.options.per_second).min(3600.0));
        let now = Instant::now();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = turns.get(host).copied().unwrap_or(now).max(now);
        turns.insert(host.to_owned(), turn + gap);
        drop(turns);
        self.sleep(turn.saturating_duration_since(now))
    }

    fn ask(
        &self,
        url: &str,
        accept: &str,
        known: &Validators,
        form: Option<&str>,
    ) -> Result<Answer, FetchError> {
        let mut request = self.agent.get(url).header("accept", accept);
        if let Some(etag) = &known.etag {
            request = request.header("if-none-match", etag);
        }
        if let Some(modified) = &known.last_modified {
            request = request.header("if-modified-since", modified);
        }
        let timeout = Some(self.options.timeout);
        let response = match form {
            None => request.config().timeout_global(timeout).build().call(),
            Some(query) => {
                let request = self.agent.post(url).header("accept", accept);
                let request = request.config().timeout_global(timeout).build();
                request.send_form([("query", query)])
            }
        };
        let response = response.map_err(|error| self.told(&error).of(url))?;
        let headers = response.headers();
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            (value.len() <= 8192).then(|| value.trim().to_owned())
        };
        let status = response.status();
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            let location = text("location").unwrap_or_default();
            return Ok(Answer::Elsewhere(location));
        }
        if status != http::StatusCode::OK && status != http::StatusCode::NOT_MODIFIED {
            let mut error = FetchProblem::Status(status.as_u16()).of(url);
            error.retry_after = text("retry-after").as_deref().and_then(retry_after);
            return Err(error);
        }
        let cache = text("cache-control")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut directives = cache.split(',').map(str::trim);
        let mut fetched = Fetched {
            url: url.to_owned(),
            media_type: text("content-type").map_or_else(String::new, |kind| {
                let kind = kind.split(';').next().unwrap_or("").trim();
                kind.to_ascii_lowercase()
            }),
            body: None,
            validators: Validators {
                etag: text("etag"),
                last_modified: text("last-modified"),
            },
            immutable: directives.clone().any(|directive| directive == "immutable"),
            max_age: directives
                .find_map(|directive| directive.strip_prefix("max-age="))
                .and_then(|seconds| seconds.parse().ok())
                .map(Duration::from_secs),
            links: links(headers),
            // Virtuoso says so, and answers 200.
            is_partial: text("x-sql-state").is_some_and(|state| state == "S1TAT"),
            is_complete: text("x-page-complete").and_then(|word| {
                match word.to_ascii_lowercase().as_str() {
                    "true" => Some(true),
                    "false" => Some(false),
                    _ => None,
                }
            }),
        };
        if status == http::StatusCode::OK {
            let body = self.read(response.into_body().into_reader());
            fetched.body = Some(body.map_err(|problem| problem.of(url))?);
        }
        Ok(Answer::Done(fetched))
    }

    fn read(&self, mut reader: impl Read) -> Result<Bytes, FetchProblem> {
        let mut body = Vec::new();
        let mut chunk = vec![0; 1 << 16];
        loop {
            if self.is_stopped() {
                return Err(FetchProblem::Stopped);
            }
            match reader.read(&mut chunk) {
                Ok(0) => return Ok(body.into()),
                Ok(read) => body.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
                    return Err(match cause {
                        Some(cause) => self.told(cause),
                        None if self.is_stopped() => FetchProblem::Stopped,
                        None if error.kind() == io::ErrorKind::TimedOut => FetchProblem::Timeout,
                        None => FetchProblem::Unreachable(shortened(&error.to_string())),
                    });
                }
            }
            if body.len() as u64 > self.options.max_bytes {
                return Err(FetchProblem::TooLarge(self.options.max_bytes));
            }
        }
    }

    fn told(&self, error: &ureq::Error) -> FetchProblem {
        match error {
            _ if self.is_stopped() => FetchProblem::Stopped,
            ureq::Error::Timeout(_) => FetchProblem::Timeout,
            ureq::Error::HostNotFound => FetchProblem::HostNotFound,
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                FetchProblem::Private
            }
            other => FetchProblem::Unreachable(shortened(&other.to_string())),
        }
    }

    fn read_file(&self, url: &str) -> Result<Fetched, FetchError> {
        if !self.options.allow_files {
            return Err(FetchProblem::NotHttp.of(url));
        }
        let path = file_path(url).ok_or_else(|| FetchProblem::NotHttp.of(url))?;
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => FetchProblem::Status(404).of(url),
            _ => FetchProblem::Unreachable(shortened(&error.to_string())).of(url),
        };
        let file = std::fs::File::open(&path).map_err(unreadable)?;
        let body = self.read(file).map_err(|problem| problem.of(url))?;
        Ok(Fetched {
            url: url.to_owned(),
            media_type: media_type_of(&path).to_owned(),
            body: Some(body),
            validators: Validators::default(),
            immutable: false,
            max_age: None,
            links: Vec::new(),
            is_partial: false,
            is_complete: None,
        })
    }
}

/// Longest query that goes with the address.
const MOST_QUERY_BYTES: usize = 2_000;
/// `Link` headers that are kept, and their length.
const MOST_LINKS: usize = 32;
const MOST_LINK_BYTES: usize = 4_096;

fn links(headers: &http::HeaderMap) -> Vec<String> {
    let values = headers.get_all("link").iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let values = values.filter(|value| value.len() <= MOST_LINK_BYTES);
    values.take(MOST_LINKS).map(ToOwned::to_owned).collect()
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

enum Answer {
    Done(Fetched),
    Elsewhere(String),
}

/// The name of a host as the list of allowed hosts has it; `None` when an IRI is none of `http` and `https`.
pub fn host_of(url: &str) -> Option<String> {
    let iri = oxiri::Iri::parse(url).ok()?;
    let usual_port = match iri.scheme() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let host = iri.authority()?.to_ascii_lowercase();
    let host = host.strip_suffix(usual_port).unwrap_or(&host);
    (!host.is_empty() && !host.contains('@')).then(|| host.to_owned())
}

fn file_path(url: &str) -> Option<PathBuf> {
    let encoded = url.strip_prefix("file://")?.split('?').next()?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    let path = PathBuf::from(String::from_utf8(bytes).ok()?);
    path.is_absolute().then_some(path)
}

fn media_type_of(path: &Path) -> &'static str {
    let name = path.to_string_lossy();
    let name = name.trim_end_matches(".gz");
    let extension = name.rsplit('.').next().unwrap_or("");
    crate::rdf::format::Format::from_extension(extension).map_or("", |format| format.media_type())
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a moment.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = moment.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetcher(hosts: &[&str]) -> Fetcher {
        let options = FetchOptions {
            hosts: hosts.iter().map(ToString::to_string).collect(),
            retries: 0,
            ..FetchOptions::default()
        };
        Fetcher::new(options, Arc::default())
    }

    #[test]
    fn only_hosts_on_the_list_are_asked() {
        let fetcher = fetcher(&["data.example", "data.example:8080"]);
        for good in [
            "https://data.example/a",
            "http://DATA.example:80/",
            "http://data.example:8080/x?y",
        ] {
            assert!(fetcher.judge(good).is_ok(), "{good}");
        }
        for bad in [
            "https://data.example.evil.example/",
            "https://data.example:8443/",
            "https://user@data.example/",
            "ftp://data.example/",
            "file:///etc/passwd",
            "nonsense",
        ] {
            assert!(fetcher.judge(bad).is_err(), "{bad}");
        }
        assert!(
            fetcher
                .get("file:///etc/passwd", "*/*", &Validators::default())
                .is_err()
        );
    }

    #[test]
    fn our_own_network_is_not_asked() {
        let fetcher = fetcher(&["127.0.0.1:9", "[::1]:9", "localhost:9"]);
        for url in [
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
            "http://localhost:9/",
        ] {
            let error = fetcher.get(url, "*/*", &Validators::default());
            let error = error.expect_err("refused");
            assert!(
                matches!(error.problem, FetchProblem::Private),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn waits_are_read_and_bounded() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon"), None);
        let fetcher = fetcher(&[]);
        for attempt in 0..40 {
            let wait = fetcher.backoff(attempt);
            assert!(wait >= Duration::from_millis(250), "{attempt}");
        }
    }

    #[test]
    fn files_are_found_by_their_iri() {
        assert_eq!(file_path("file:///a%20b/c.ttl"), Some("/a b/c.ttl".into()));
        assert_eq!(file_path("file:///a%2"), None);
        assert_eq!(file_path("file://host"), None);
    }
}
