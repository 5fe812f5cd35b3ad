//! What is chosen per server, with the limits that hold for every request.

use super::rate::RateLimit;
use crate::feeds::log_feed::FollowStatus;
use crate::feeds::push::Subscriptions;
use crate::ingest::mqtt::MqttStatus;
use crate::observations::ObservationStore;
use crate::query::Services;
use crate::views::openapi::Contact;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How to serve a registry.
#[derive(Clone)]
pub struct ServerConfig {
    /// Address and port to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Token that allows writing; without it the server only reads.
    pub admin_token: Option<String>,
    /// Token that allows following the log, and nothing else.
    pub follower_token: Option<String>,
    /// The node this server follows; it then takes no changes itself.
    pub follow: Option<Arc<FollowStatus>>,
    /// The server ends soon after this is raised, as it does on a signal.
    pub ends_when: Option<Arc<AtomicBool>>,
    /// Whether a change of an existing item must name the state it was made for (`If-Match`).
    pub require_if_match: bool,
    /// Who answers for the registry, as the description of the interface says.
    pub contact: Contact,
    /// Time a query gets when the request names none.
    pub query_timeout: Duration,
    /// Most time a request may ask for.
    pub max_query_timeout: Duration,
    /// Most rows or triples of an answer.
    pub max_rows: u64,
    /// Most bytes of intermediate results of one query.
    pub max_query_memory_bytes: u64,
    /// Most bytes of intermediate results of all queries together.
    pub max_total_query_memory_bytes: u64,
    /// Most bytes of an upload.
    pub max_body_bytes: usize,
    /// Most bytes of a query or update text.
    pub max_query_bytes: usize,
    /// Most bytes of the bodies of all requests that are not answered yet, the first 64 KiB of each not counted.
    pub max_total_body_bytes: u64,
    /// Most bytes of answers of stored queries that are kept.
    pub max_kept_answers_bytes: u64,
    /// Endpoints that `SERVICE` in a query may ask; without it none is asked.
    pub services: Option<Arc<Services>>,
    /// Who is told of changes, shared with whoever tells them; without it the server reads them of the data folder itself.
    pub subscriptions: Option<Arc<Subscriptions>>,
    /// What sensors tell, shared with whoever else takes it in; without it the server opens the folder beside the log when
    /// somebody first asks.
    pub observations: Option<Arc<ObservationStore>>,
    /// How it goes with the broker that observations come from, where there is one.
    pub mqtt: Option<Arc<MqttStatus>>,
    /// Queries and dumps that work at once.
    pub max_concurrent_queries: usize,
    /// How long a request waits for its turn before it is sent away.
    pub queue_timeout: Duration,
    /// How long a query works before it needs one of the turns of those that take long.
    pub long_after: Duration,
    /// Those turns: of queries and dumps that take long, and of validations, as many work at once.
    pub max_long_queries: usize,
    /// How many queries may wait for such a turn.
    pub max_waiting_queries: usize,
    /// How long each of those waits.
    pub waiting_timeout: Duration,
    /// Answers that may be under way at once, those that wait for their client among them.
    pub max_open_answers: usize,
    /// Connections at once; never more than half of the files that the process may open.
    pub max_connections: usize,
    /// How long a client may take for the head of a request, or leave a connection unused.
    pub head_timeout: Duration,
    /// How long a client may take for the body of a request, and a second more for every 8 KiB that came.
    pub body_timeout: Duration,
    /// How long a client may leave a stream unread.
    pub stall_timeout: Duration,
    /// How many requests a client may make; without it as many as it likes.
    pub rate_limit: Option<RateLimit>,
    /// How long running requests may take to finish at shutdown.
    pub shutdown_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 7400)),
            admin_token: None,
            follower_token: None,
            follow: None,
            ends_when: None,
            require_if_match: false,
            contact: Contact::default(),
            query_timeout: Duration::from_secs(30),
            max_query_timeout: Duration::from_secs(120),
            max_rows: 10_000_000,
            max_query_memory_bytes: 1 << 30,
            max_total_query_memory_bytes: 2 << 30,
            max_body_bytes: 64 << 20,
            max_query_bytes: 1 << 20,
            max_total_body_bytes: 256 << 20,
            max_kept_answers_bytes: 32 << 20,
            services: None,
            subscriptions: None,
            observations: None,
            mqtt: None,
            max_concurrent_queries: (cores * 4).max(8),
            queue_timeout: Duration::from_secs(2),
            long_after: Duration::from_millis(100),
            max_long_queries: cores.max(2),
            max_waiting_queries: 32,
            waiting_timeout: Duration::from_secs(10),
            max_open_answers: 64,
            max_connections: 1024,
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            rate_limit: None,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

impl std::fmt::Debug for ServerConfig {
    /// Leaves the token out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerConfig")
            .field("bind", &self.bind)
            .field("writable", &self.admin_token.is_some())
            .field("query_timeout", &self.query_timeout)
            .field("max_rows", &self.max_rows)
            .finish_non_exhaustive()
    }
}
