//! Sends one query to one endpoint ([SPARQL 1.1 Protocol](https://www.w3.org/TR/sparql11-protocol/), POST with a form) and
//! reads its answer as it comes. Waits in short steps, so that a query that is stopped drops its request at once.
//! Knows no list of endpoints; whoever calls has looked.

use super::attentive::Attentive;
use super::nesting::Shallow;
use crate::query::budget;
use crate::rdf::label::Text;
use sparesults::{
    QueryResultsFormat, QueryResultsParseError, QueryResultsParser, ReaderQueryResultsParserOutput,
    ReaderSolutionsParser,
};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, RustlsConnector, TcpConnector};
use ureq::{Agent, Error, http};

/// Time to find and reach a host.
const CONNECT: Duration = Duration::from_secs(5);
const ACCEPT: &str = "application/sparql-results+json, application/sparql-results+xml;q=0.8";

/// An HTTP client with its kept connections.
pub(super) struct Client {
    agent: Agent,
}

/// The solutions of an answer, read as they are asked for.
pub(super) type Solutions = ReaderSolutionsParser<Box<dyn Read + Send>>;

impl Client {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            // Straight to the endpoint that the operator named: no redirects, no proxy, no cookies, no credentials.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .user_agent(concat!("oslo-registry/", env!("CARGO_PKG_VERSION")))
            .accept(ACCEPT)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .max_idle_age(Duration::from_secs(10))
            .build();
        let connector =
            ().chain(TcpConnector::default())
                .chain(Attentive::new(Arc::new(budget::is_stopped)))
                .chain(RustlsConnector::default());
        Self {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
        }
    }

    /// Asks an endpoint a `SELECT` query. The solutions fail when the answer is larger than `bytes_left`, which it is
    /// counted off from, or does not come within the time.
    pub(super) fn ask(
        &self,
        endpoint: &str,
        query: &str,
        timeout: Duration,
        bytes_left: &Arc<AtomicU64>,
    ) -> Result<Solutions, Text> {
        let started = Instant::now();
        let response = self
            .agent
            .post(endpoint)
            .config()
            .timeout_global(Some(timeout))
            .build()
            .send_form([("query", query)])
            .map_err(|error| told(&error))?;
        let status = response.status();
        tracing::debug!(
            endpoint,
            status = status.as_u16(),
            milliseconds = started.elapsed().as_millis() as u64,
            "Asked another endpoint"
        );
        if status.is_redirection() {
            return Err(Text::new(
                "hij verwijst door, en dat wordt niet gevolgd",
                "it redirects, which is not followed",
            ));
        }
        if status != http::StatusCode::OK {
            let status = status.as_u16();
            return Err(Text::new(
                format!("hij antwoordt met status {status}"),
                format!("it answers with status {status}"),
            ));
        }
        let kind = response.headers().get(http::header::CONTENT_TYPE);
        let kind = kind
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("")
            .to_owned();
        let format = QueryResultsFormat::from_media_type(&kind)
            .filter(|format| matches!(format, QueryResultsFormat::Json | QueryResultsFormat::Xml))
            .ok_or_else(|| {
                let kind: String = kind.chars().take(80).collect();
                Text::new(
                    format!("zijn antwoord is van het type \"{kind}\""),
                    format!("its answer is of the type \"{kind}\""),
                )
            })?;
        let body = Bounded {
            inner: response.into_body().into_reader(),
            left: Arc::clone(bytes_left),
        };
        let body: Box<dyn Read + Send> = match format {
            QueryResultsFormat::Xml => Box::new(Shallow::new(body)),
            // The reader of JSON bounds its nesting itself.
            _ => Box::new(body),
        };
        let parsed = QueryResultsParser::from_format(format)
            .for_reader(body)
            .map_err(|error| of_reading(&error))?;
        match parsed {
            ReaderQueryResultsParserOutput::Solutions(solutions) => Ok(solutions),
            ReaderQueryResultsParserOutput::Boolean(_) => {
                Err(unreadable("a boolean instead of solutions"))
            }
        }
    }
}

/// Why an answer cannot be read any further.
pub(super) fn of_reading(error: &QueryResultsParseError) -> Text {
    match error {
        QueryResultsParseError::Io(error) => broken_off(error),
        error => unreadable(&error.to_string()),
    }
}

/// An answer that is not what it should be.
fn unreadable(reason: &str) -> Text {
    let reason: String = reason.chars().take(200).collect();
    Text::new(
        format!("zijn antwoord kan niet gelezen worden: {reason}"),
        format!("its answer cannot be read: {reason}"),
    )
}

/// An answer that broke off.
fn broken_off(error: &io::Error) -> Text {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    if matches!(cause, Some(Error::Timeout(_))) || error.kind() == io::ErrorKind::TimedOut {
        return Text::new(
            "zijn antwoord is niet op tijd volledig",
            "its answer is not complete in time",
        );
    }
    unreadable(&error.to_string())
}

fn told(error: &Error) -> Text {
    match error {
        Error::Timeout(_) => Text::new("hij antwoordt niet op tijd", "it does not answer in time"),
        Error::HostNotFound => Text::new("zijn host bestaat niet", "its host does not exist"),
        other => {
            let reason: String = other.to_string().chars().take(200).collect();
            Text::new(
                format!("hij is niet bereikbaar: {reason}"),
                format!("it cannot be reached: {reason}"),
            )
        }
    }
}

/// A reader that fails once more bytes came than may.
struct Bounded<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(read as u64)
            });
        match taken {
            Ok(_) => Ok(read),
            Err(_) => {
                self.left.store(0, Ordering::Relaxed);
                Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    "the answer is larger than allowed",
                ))
            }
        }
    }
}
