//! The server on a real socket: it starts, answers and stops.

use super::{BASE, TOKEN};
use oslo_registry::http::{ServeError, ServerConfig, serve};
use oslo_registry::registry::{Registry, RegistryConfig};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

fn registry() -> Arc<Registry> {
    Arc::new(Registry::in_memory(RegistryConfig {
        base: BASE.to_owned(),
    }))
}

#[test]
fn answers_on_the_address_it_reports() {
    let (ready, started) = mpsc::channel();
    let config = ServerConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        admin_token: Some(TOKEN.to_owned()),
        ..ServerConfig::default()
    };
    // Ends with the test process; stopping by signal is tested on the binary.
    std::thread::spawn(move || {
        serve(registry(), config, |address| {
            ready.send(address).expect("the test waits")
        })
    });
    let address = started
        .recv_timeout(Duration::from_secs(20))
        .expect("the server starts");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn an_address_in_use_is_told() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let config = ServerConfig {
        bind: taken.local_addr().expect("bound"),
        ..ServerConfig::default()
    };
    let error =
        serve(registry(), config, |_| panic!("it cannot be ready")).expect_err("the port is taken");
    assert!(matches!(error, ServeError::Bind { .. }));
}
