//! What is sent rather than fetched: one request with a body, or a question which methods are welcome. Once, to one host, no
//! redirect followed; by the same rules about hosts and addresses as everything else. What an answer holds is not kept.

use super::{FetchError, Fetcher, retry_after};
use std::io::Read as _;
use std::time::Duration;
use ureq::Body;
use ureq::http::{Response, StatusCode};

/// Up to here an answer is read to its end, so that the connection can be used again; of longer ones nothing is.
const MOST_ANSWER_BYTES: u64 = 16 << 10;
/// Longest header of an answer that is looked at.
const MOST_HEADER_BYTES: usize = 1_024;

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Where to.
    pub url: &'a str,
    /// Names and values of headers, the media type among them.
    pub headers: &'a [(&'static str, String)],
    /// The content; `None` asks with `OPTIONS` instead of sending with `POST`.
    pub body: Option<&'a [u8]>,
}

/// How it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// `WebHook-Allowed-Origin` (CloudEvents 1.0, HTTP webhook §4).
    pub allowed_origin: Option<String>,
    /// `WebHook-Allowed-Rate`, requests a minute.
    pub allowed_rate: Option<String>,
}

impl Fetcher {
    /// Sends once. Whatever status comes back is an answer; redirects are told, not followed.
    ///
    /// # Errors
    /// Why there is no answer, see [`super::FetchProblem`].
    pub fn send(&self, outgoing: &Outgoing<'_>) -> Result<Posted, FetchError> {
        let url = outgoing.url.split('#').next().unwrap_or(outgoing.url);
        let host = self.judge(url).map_err(|problem| problem.of(url))?;
        self.take_turn(&host).map_err(|problem| problem.of(url))?;
        let timeout = Some(self.options.timeout);
        let answered = match outgoing.body {
            Some(body) => {
                let mut request = self.agent.post(url);
                for (name, value) in outgoing.headers {
                    request = request.header(*name, value);
                }
                let request = request.config().timeout_global(timeout).build();
                request.send(body)
            }
            None => {
                let mut request = self.agent.options(url);
                for (name, value) in outgoing.headers {
                    request = request.header(*name, value);
                }
                request.config().timeout_global(timeout).build().call()
            }
        };
        let response = answered.map_err(|error| self.told(&error).of(url))?;
        Ok(read(response))
    }
}

fn read(response: Response<Body>) -> Posted {
    let text = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        (value.len() <= MOST_HEADER_BYTES).then(|| value.trim().to_owned())
    };
    let posted = Posted {
        status: response.status().as_u16(),
        retry_after: text("retry-after").as_deref().and_then(retry_after),
        allowed_origin: text("webhook-allowed-origin"),
        allowed_rate: text("webhook-allowed-rate"),
    };
    let length = text("content-length").and_then(|length| length.parse::<u64>().ok());
    let is_empty = response.status() == StatusCode::NO_CONTENT;
    let is_short = is_empty || length.is_some_and(|length| length <= MOST_ANSWER_BYTES);
    if is_short && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let mut rest = Vec::new();
        let reader = response.into_body().into_reader();
        // The status said what counts; a connection that breaks off now is not used again.
        let _ = reader.take(MOST_ANSWER_BYTES).read_to_end(&mut rest);
    }
    posted
}
