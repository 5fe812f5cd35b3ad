//! Observations by HTTP: a server in this process, and clients on connections that they keep, each waiting for its answer.

use oslo_registry::http::{ServerConfig, serve_on};
use oslo_registry::observations::ObservationStore;
use oslo_registry::registry::{Registry, RegistryConfig};
use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

const TOKEN: &str = "a-token-for-measuring";
const TIME: Duration = Duration::from_secs(5);

/// What clients reach, observations a second.
pub(crate) struct Reached {
    pub(crate) singles: f64,
    pub(crate) batches: f64,
}

/// Serves a store, and posts single observations of a series by many clients, then batches by a few.
pub(crate) fn measure(store: &Arc<ObservationStore>, series: &str, from: i64) -> Reached {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let ends = Arc::new(AtomicBool::new(false));
    let config = ServerConfig {
        admin_token: Some(TOKEN.to_owned()),
        observations: Some(Arc::clone(store)),
        ends_when: Some(Arc::clone(&ends)),
        ..ServerConfig::default()
    };
    let registry = Arc::new(Registry::in_memory(RegistryConfig::default()));
    let (ready, address) = mpsc::channel();
    let server = std::thread::spawn(move || {
        serve_on(listener, registry, config, move |at| {
            ready.send(at).expect("somebody waits");
        })
    });
    let address = address.recv().expect("the server starts");
    let singles = post(address, series, from, (64, 1));
    let batches = post(address, series, from + 10_000_000_000, (2, 10_000));
    ends.store(true, Ordering::Relaxed);
    server.join().expect("no panic").expect("it served");
    Reached { singles, batches }
}

/// So many clients, each with batches of so many observations.
fn post(address: SocketAddr, series: &str, from: i64, (clients, size): (u64, u64)) -> f64 {
    let stored = AtomicU64::new(0);
    let since = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..clients {
            let stored = &stored;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).expect("connects");
                stream.set_nodelay(true).expect("a socket");
                let mut answers = BufReader::new(stream.try_clone().expect("a socket"));
                let mut round = 0;
                while since.elapsed() < TIME {
                    let first = (round * clients + client) * size;
                    let all: Vec<String> = (first..first + size)
                        .map(|n| {
                            let micros = from + i64::try_from(n).expect("few") * 1_000;
                            let moment = jiff::Timestamp::from_microsecond(micros).expect("a moment");
                            format!("{{\"reeks\":\"{series}\",\"tijd\":\"{moment}\",\"waarde\":{}.5}}", n % 40)
                        })
                        .collect();
                    let body = format!("[{}]", all.join(","));
                    let head = format!(
                        "POST /obs/v1/observaties HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    stream.write_all((head + &body).as_bytes()).expect("sends");
                    assert_eq!(answer(&mut answers), 201);
                    stored.fetch_add(size, Ordering::Relaxed);
                    round += 1;
                }
            });
        }
    });
    stored.load(Ordering::Relaxed) as f64 / since.elapsed().as_secs_f64()
}

/// The status of the next answer, whose body is read over.
fn answer(from: &mut impl std::io::BufRead) -> u16 {
    let mut line = String::new();
    from.read_line(&mut line).expect("an answer");
    let status = line.get(9..12).and_then(|text| text.parse().ok());
    let mut length = 0;
    loop {
        line.clear();
        from.read_line(&mut line).expect("a head");
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    std::io::copy(&mut from.take(length), &mut std::io::sink()).expect("a body");
    status.expect("a status")
}
