//! The protocols over a real server: bytes on a socket in, bytes on a socket out. Holds the client and the server; the
//! exchanges are in the modules below.

mod client;
mod encodings;
mod exchange;
mod first_version;
mod patience;
mod service_description;
mod trailers;
mod w3c;

pub(crate) use client::{Reply, Request};
pub(crate) use w3c::run_all;

use oslo_registry::http::{ServerConfig, serve_on};
use oslo_registry::registry::{Registry, RegistryConfig};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// The token of every live server.
const TOKEN: &str = "proef-token-2";

/// A server on a free port of this machine, over a registry in memory. Its base is its own address. Ends with the tests.
pub(crate) struct Live {
    pub(crate) address: SocketAddr,
}

impl Live {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(adjust: impl FnOnce(&mut ServerConfig)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let registry = Registry::in_memory(RegistryConfig {
            base: format!("http://{address}"),
        });
        let mut config = ServerConfig {
            admin_token: Some(TOKEN.to_owned()),
            ..ServerConfig::default()
        };
        adjust(&mut config);
        let (ready, started) = mpsc::channel();
        std::thread::spawn(move || {
            serve_on(listener, Arc::new(registry), config, |address| {
                ready.send(address).expect("the test waits");
            })
        });
        started
            .recv_timeout(Duration::from_secs(20))
            .expect("the server starts");
        Self { address }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) fn send(&self, request: &Request) -> Reply {
        client::send(self.address, request)
    }

    /// A request by the administrator.
    pub(crate) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).with("authorization", &format!("Bearer {TOKEN}"))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(&self.request("GET", path))
    }

    /// Replaces a graph by Turtle.
    pub(crate) fn put_graph(&self, iri: &str, turtle: &str) {
        let iri = oslo_registry::views::html::percent_encode(iri);
        let reply = self.send(
            &self
                .request("PUT", &format!("/rdf-graphs?graph={iri}"))
                .with("content-type", "text/turtle")
                .body(turtle),
        );
        assert!(reply.status < 300, "{}", reply.text());
    }

    /// Leaves nothing of what was stored.
    pub(crate) fn clear(&self) {
        let reply = self.send(
            &self
                .request("POST", "/sparql")
                .with("content-type", "application/sparql-update")
                .body("DROP ALL"),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}
