//! An answer that is read as it comes, from a host that the operator names and that knows us by a token. Asks once: whoever
//! calls knows when to ask again. Leads nowhere else.

use super::{FetchError, FetchProblem, Fetcher};
use std::io::Read;
use std::time::Duration;

/// The head of an answer, and its content on the way.
pub struct Opened {
    /// HTTP status.
    pub status: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The content, not packed.
    pub body: Box<dyn Read + Send>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Fetcher {
    /// Asks for a document with a token ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)) and returns once the head of the
    /// answer is there, whatever its status. A redirect is an answer like others and is not followed.
    ///
    /// # Errors
    /// Why there is no answer, see [`FetchProblem`].
    pub fn open(&self, url: &str, accept: &str, token: &str) -> Result<Opened, FetchError> {
        let host = self.judge(url).map_err(|problem| problem.of(url))?;
        self.take_turn(&host).map_err(|problem| problem.of(url))?;
        let asked = self
            .agent
            .get(url)
            .header("accept", accept)
            // What is sent is packed already.
            .header("accept-encoding", "identity")
            .header("authorization", format!("Bearer {token}"))
            .call();
        let response = asked.map_err(|error| self.told(&error).of(url))?;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| super::retry_after(value.to_str().ok()?));
        Ok(Opened {
            status: response.status().as_u16(),
            retry_after,
            body: Box::new(response.into_body().into_reader()),
        })
    }

    /// Between half of a wait and all of it, doubled for each attempt before and bounded by [`super::FetchOptions::max_wait`].
    pub fn pause_before(&self, attempt: u32) -> Duration {
        self.backoff(attempt).min(self.options.max_wait)
    }

    /// Why there is nobody to be asked at an address, if so.
    pub fn refuses(&self, url: &str) -> Option<FetchProblem> {
        self.judge(url).err()
    }
}
