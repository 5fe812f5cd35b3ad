//! Other SPARQL endpoints, as far as the operator allows them: which may be asked, within which limits, and their answers
//! as they come in. Nothing is asked that is not on the list; redirects are not followed; no credentials are sent.
//!
//! What is asked of which endpoint, and how it is joined, is decided in `algebra_in::federate`.

mod allow;
mod attentive;
mod client;
mod nesting;
mod table;

pub use allow::AllowError;
pub(crate) use attentive::Attentive;
pub(super) use table::{Request, Row, Session};

use allow::Allowed;
use client::Client;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How much of other endpoints one query may take.
#[derive(Clone, Debug)]
pub struct ServiceLimits {
    /// Time for one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Most bytes of all answers to one query together, unpacked.
    pub max_bytes: u64,
    /// Most rows of all answers to one query together.
    pub max_rows: u64,
    /// Most requests of one query.
    pub max_requests: u64,
    /// Queries that ask other endpoints at the same time.
    pub max_concurrent: usize,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            max_bytes: 256 << 20,
            max_rows: 1_000_000,
            max_requests: 500,
            max_concurrent: 8,
        }
    }
}

/// The endpoints that `SERVICE` may ask, and the connections to them. Share it as `Arc<Services>`.
pub struct Services {
    allowed: Vec<Allowed>,
    limits: ServiceLimits,
    client: Client,
    /// Queries that ask other endpoints now.
    busy: AtomicUsize,
}

impl Services {
    /// Endpoints by IRI (`https://data.example/sparql`), or all below an IRI that ends with a slash.
    ///
    /// # Errors
    /// When an IRI is none of `http` or `https` with a host, or holds a name or password.
    pub fn new(
        endpoints: impl IntoIterator<Item = impl AsRef<str>>,
        limits: ServiceLimits,
    ) -> Result<Self, AllowError> {
        let allowed = endpoints
            .into_iter()
            .map(|endpoint| Allowed::new(endpoint.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            allowed,
            client: Client::new(),
            limits,
            busy: AtomicUsize::new(0),
        })
    }

    /// Whether an endpoint may be asked.
    pub fn allows(&self, iri: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.holds(iri))
    }

    /// The endpoints, and the IRIs with a slash below which all may be asked, as they were given.
    pub fn endpoints(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(Allowed::as_str)
    }

    /// A turn for one query, when one is free.
    fn turn(&self) -> bool {
        let taken = self
            .busy
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |busy| {
                (busy < self.limits.max_concurrent).then_some(busy + 1)
            });
        taken.is_ok()
    }

    fn end_turn(&self) {
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("allowed", &self.allowed)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_bounded_and_given_back() {
        let limits = ServiceLimits {
            max_concurrent: 2,
            ..ServiceLimits::default()
        };
        let services = Services::new(["https://data.example/sparql"], limits).expect("an endpoint");
        assert!(services.turn() && services.turn());
        assert!(!services.turn(), "two at a time");
        services.end_turn();
        assert!(services.turn());
        assert_eq!(
            services.endpoints().collect::<Vec<_>>(),
            ["https://data.example/sparql"]
        );
        assert!(services.allows("https://data.example/sparql"));
        assert!(!services.allows("https://data.example/"));
    }
}
