//! Servers on the loopback interface: our own, which remember what they were asked, and broken ones.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use oslo_registry::http::{AppState, ServerConfig, router};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::query::{ServiceLimits, Services};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::{CommitRequest, Mode, Registry, RegistryConfig};
use oslo_registry::store::CommitMeta;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("threads can be had")
});

/// A port that is ours and on which nothing answers yet.
pub(crate) struct Port(TcpListener);

impl Port {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("a free port"))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("bound"))
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}/sparql", self.url())
    }

    /// One of our servers, with data in its default graph.
    pub(crate) fn serve(self, turtle: &str, config: ServerConfig) -> Endpoint {
        let url = self.url();
        let registry = registry(&url, turtle);
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let app = router(AppState::new(registry, config));
        let seen = Arc::clone(&asked);
        let app = app.layer(middleware::from_fn(move |request: Request, next: Next| {
            let seen = Arc::clone(&seen);
            async move {
                let (parts, body) = request.into_parts();
                let bytes = axum::body::to_bytes(body, 1 << 24).await.expect("a body");
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let has_secrets = parts.headers.contains_key("authorization")
                    || parts.headers.contains_key("cookie");
                assert!(
                    !has_secrets || !text.starts_with("query="),
                    "nothing secret is sent"
                );
                seen.lock().expect("not poisoned").push(text);
                next.run(Request::from_parts(parts, Body::from(bytes)))
                    .await
            }
        }));
        self.0.set_nonblocking(true).expect("a socket");
        RUNTIME.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(self.0).expect("a socket");
            axum::serve(listener, app).await
        });
        Endpoint { url, asked }
    }

    /// A server that answers each connection as told, after it has read the request.
    pub(crate) fn misbehave(
        self,
        answer: impl Fn(&mut TcpStream) + Send + Sync + 'static,
    ) -> Endpoint {
        let url = self.url();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in self.0.incoming() {
                let mut stream = stream.expect("a connection");
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    if let Some(request) = read_request(&mut stream) {
                        seen.lock().expect("not poisoned").push(request);
                        answer(&mut stream);
                    }
                });
            }
        });
        Endpoint { url, asked }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(str::to_owned)
            })
            .and_then(|length| length.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text.into_owned());
        }
    }
}

/// A running server.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    pub(crate) fn iri(&self) -> String {
        format!("{}/sparql", self.url)
    }

    /// The bodies of the requests so far, and forgets them.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().expect("not poisoned");
        let readable = |request: String| match request.split_once("\r\n\r\n") {
            Some((head, form)) => format!("{head}\n{}", decoded(form)),
            None => decoded(&request),
        };
        asked.drain(..).map(readable).collect()
    }

    /// Asks a query: status and body.
    pub(crate) fn ask(&self, query: &str) -> (u16, String) {
        self.ask_as(query, "application/sparql-results+json")
    }

    pub(crate) fn ask_as(&self, query: &str, accept: &str) -> (u16, String) {
        self.send(&[("query", query)], accept)
    }

    /// Asks with more parameters than a query.
    pub(crate) fn send(&self, form: &[(&str, &str)], accept: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut answer = agent
            .post(self.iri())
            .header("accept", accept)
            .send_form(form.iter().copied())
            .expect("the server answers");
        let body = answer.body_mut().read_to_string().expect("a whole answer");
        (answer.status().as_u16(), body)
    }
}

fn decoded(form: &str) -> String {
    let mut out = Vec::new();
    let bytes = form.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' => {
                let hex = form.get(at + 1..at + 3).unwrap_or("3F");
                out.push(u8::from_str_radix(hex, 16).unwrap_or(b'?'));
                at += 2;
            }
            other => out.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A registry in memory with Turtle in its default graph.
fn registry(base: &str, turtle: &str) -> Arc<Registry> {
    let registry = Registry::in_memory(RegistryConfig {
        base: base.to_owned(),
    });
    let contexts = ContextStore::shipped(base);
    let request = CommitRequest {
        meta: CommitMeta {
            agent: format!("{base}/id/agent/proef"),
            activity: format!("{base}/id/activiteit/proef"),
            source: Vec::new(),
            message: None,
        },
        mode: Some(Mode::Off),
        dry_run: false,
        writer: oslo_registry::registry::Writer::Operator,
    };
    let outcome = registry.commit(request, |draft| {
        let mut options = ParseOptions::new(&contexts);
        options.format = Some(Format::Turtle);
        let input = Input::bytes("data.ttl".to_owned(), turtle.as_bytes().to_vec());
        parse_into(draft, &input, options).map_err(Box::new)
    });
    outcome.unwrap_or_else(|error| panic!("{error:?}"));
    Arc::new(registry)
}

/// A configuration that allows some endpoints.
pub(crate) fn allowing(endpoints: &[&str], limits: ServiceLimits) -> ServerConfig {
    let services = Services::new(endpoints, limits).expect("endpoints");
    ServerConfig {
        admin_token: Some(crate::http::TOKEN.to_owned()),
        services: Some(Arc::new(services)),
        ..ServerConfig::default()
    }
}

/// Sends a whole answer and closes.
pub(crate) fn reply(stream: &mut TcpStream, status: &str, kind: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}
