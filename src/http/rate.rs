//! How many requests a client may make: a bucket for each address that fills as time goes by. Says so in every answer
//! (`RateLimit`, `RateLimit-Policy`; draft-ietf-httpapi-ratelimit-headers) and refuses what is too much (429). Off unless
//! the operator sets a limit.

use super::error::ApiError;
use crate::rdf::label::Text;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Buckets that are kept in one shelf; a full one is one that nobody misses.
const BUCKETS: usize = 8192;
const SHELVES: usize = 16;

/// How many requests a client may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests within the window; as many may come at once.
    pub requests: u32,
    /// The time in which that many become possible again.
    pub window: Duration,
    /// Whether clients come through a proxy on this computer, which tells their address in `X-Forwarded-For`.
    pub is_behind_proxy: bool,
}

/// The address that a connection came from. An extension of requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

struct Bucket {
    left: f64,
    seen: Instant,
}

/// The buckets of all clients.
pub(super) struct Buckets {
    limit: RateLimit,
    policy: HeaderValue,
    shelves: [Mutex<FxHashMap<IpAddr, Bucket>>; SHELVES],
}

/// What is left of a bucket after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Left {
    /// Whether the request may be answered.
    pub(super) is_allowed: bool,
    requests: u32,
    /// Seconds until one more request is possible when none is left, else until the bucket is full.
    seconds: u64,
}

impl Buckets {
    pub(super) fn new(limit: RateLimit) -> Self {
        let seconds = limit.window.as_secs().max(1);
        let policy = format!("\"client\";q={};w={seconds}", limit.requests);
        Self {
            limit,
            policy: HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("")),
            shelves: Default::default(),
        }
    }

    /// Takes a request out of the bucket of its client.
    pub(super) fn take(&self, request: &Request) -> Left {
        let client = client(request, self.limit.is_behind_proxy);
        self.take_at(client, Instant::now())
    }

    fn take_at(&self, client: IpAddr, now: Instant) -> Left {
        let most = f64::from(self.limit.requests.max(1));
        let per_second = most / self.limit.window.as_secs_f64().max(0.001);
        let shelf = &self.shelves[shelf_of(client)];
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.len() >= BUCKETS && !shelf.contains_key(&client) {
            let fill = |bucket: &Bucket| {
                bucket.left + now.duration_since(bucket.seen).as_secs_f64() * per_second
            };
            shelf.retain(|_, bucket| fill(bucket) < most);
            if shelf.len() >= BUCKETS {
                // All of them are busy: better to forget than to grow without end.
                shelf.clear();
            }
        }
        let bucket = shelf.entry(client).or_insert(Bucket {
            left: most,
            seen: now,
        });
        let since = now.saturating_duration_since(bucket.seen).as_secs_f64();
        bucket.left = (bucket.left + since * per_second).min(most);
        bucket.seen = now;
        let is_allowed = bucket.left >= 1.0;
        if is_allowed {
            bucket.left -= 1.0;
        }
        let missing = if bucket.left < 1.0 {
            1.0 - bucket.left
        } else {
            most - bucket.left
        };
        Left {
            is_allowed,
            requests: bucket.left as u32,
            seconds: (missing / per_second).ceil() as u64,
        }
    }

    /// Tells a client what is left.
    pub(super) fn tell(&self, left: Left, out: &mut HeaderMap) {
        out.insert(RATE_LIMIT_POLICY, self.policy.clone());
        let text = format!("\"client\";r={};t={}", left.requests, left.seconds);
        if let Ok(value) = HeaderValue::try_from(text) {
            out.insert(RATE_LIMIT, value);
        }
    }

    /// Refuses a request.
    pub(super) fn refuse(&self, left: Left) -> ApiError {
        let (most, window) = (self.limit.requests, self.limit.window.as_secs().max(1));
        let wait = left.seconds.max(1);
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate-limited",
            Text::new("Te veel verzoeken", "Too many requests"),
            Text::new(
                format!("Er zijn hoogstens {most} verzoeken per {window} s toegelaten. Probeer het over {wait} s opnieuw."),
                format!("At most {most} requests per {window} s are allowed. Try again in {wait} s."),
            ),
        )
        .with("limiet", "rate_limit")
        .with("grens", most)
        .with_header(header::RETRY_AFTER, &wait.to_string())
    }
}

fn shelf_of(client: IpAddr) -> usize {
    use std::hash::{BuildHasher as _, BuildHasherDefault};
    let hash = BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(client);
    (hash >> 32) as usize % SHELVES
}

/// Who asks: the address of the connection, or what a proxy on this computer says it passed on. Of the sixth version of the
/// protocol a whole network of 64 bits counts as one, as whoever has one address there has them all.
fn client(request: &Request, is_behind_proxy: bool) -> IpAddr {
    let peer = request.extensions().get::<Peer>();
    let mut address = peer.map_or(IpAddr::from([0; 4]), |peer| peer.0);
    if is_behind_proxy && address.is_loopback() {
        // The last address is the one that the proxy itself saw; those before are the client's word.
        let told = request.headers().get_all(FORWARDED_FOR).iter().next_back();
        let told = told.and_then(|value| value.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next());
        if let Some(Ok(told)) = last.map(|last| last.trim().parse()) {
            address = told;
        }
    }
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::from((u128::from(v6) & !u128::from(u64::MAX)).to_be_bytes()),
        },
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn buckets(requests: u32) -> Buckets {
        Buckets::new(RateLimit {
            requests,
            window: Duration::from_secs(10),
            is_behind_proxy: true,
        })
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let buckets = buckets(2);
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let start = Instant::now();
        assert_eq!(
            buckets.take_at(a, start),
            Left {
                is_allowed: true,
                requests: 1,
                seconds: 5
            }
        );
        assert!(buckets.take_at(a, start).is_allowed);
        let refused = buckets.take_at(a, start);
        assert_eq!(
            refused,
            Left {
                is_allowed: false,
                requests: 0,
                seconds: 5
            }
        );
        assert!(buckets.take_at(b, start).is_allowed);
        let later = start + Duration::from_secs(5);
        assert!(buckets.take_at(a, later).is_allowed && !buckets.take_at(a, later).is_allowed);
        let error = buckets.refuse(refused);
        assert_eq!((error.status.as_u16(), error.code), (429, "rate-limited"));
    }

    #[test]
    fn only_a_proxy_of_this_computer_is_believed() {
        let ask = |peer: &str, told: &str| {
            let mut request = Request::builder()
                .header("x-forwarded-for", told)
                .body(Body::empty())
                .expect("a request");
            request
                .extensions_mut()
                .insert(Peer(peer.parse().expect("an address")));
            client(&request, true).to_string()
        };
        assert_eq!(ask("127.0.0.1", "10.9.9.9, 10.0.0.7"), "10.0.0.7");
        assert_eq!(ask("127.0.0.1", "onzin"), "127.0.0.1");
        assert_eq!(ask("10.0.0.3", "10.0.0.7"), "10.0.0.3");
        assert_eq!(ask("2001:db8:1:2:3:4:5:6", ""), "2001:db8:1:2::");
        assert_eq!(ask("::ffff:10.0.0.3", ""), "10.0.0.3");
    }

    #[test]
    fn many_clients_take_bounded_room() {
        let buckets = buckets(2);
        let now = Instant::now();
        for number in 0..300_000_u32 {
            buckets.take_at(IpAddr::from(number.to_be_bytes()), now);
        }
        let kept: usize = buckets
            .shelves
            .iter()
            .map(|s| s.lock().expect("whole").len())
            .sum();
        assert!(kept <= BUCKETS * SHELVES, "{kept}");
    }
}
