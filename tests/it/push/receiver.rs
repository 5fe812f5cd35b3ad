//! A subscriber on the loopback interface that does as it is told, good or bad, and remembers what came.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What came in one request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// What it was answered.
    pub(crate) status: u16,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// How a request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    Status(u16),
    /// With further lines of the head.
    Head(u16, String),
    /// The connection closes before anything is said.
    Close,
    /// Nothing is said for so long.
    Slow(Duration),
    /// 200, and a body that never ends.
    Endless,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    /// What is done with the next requests; then `usual`.
    next: Mutex<VecDeque<Manner>>,
    usual: Mutex<Manner>,
    stopped: AtomicBool,
}

/// The subscriber. Ends when it is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// At an address, such as that of one that ended.
    pub(crate) fn at(address: SocketAddr) -> Self {
        let until = Instant::now() + Duration::from_secs(5);
        let listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < until, "{address}: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            next: Mutex::default(),
            usual: Mutex::new(Manner::Status(204)),
            stopped: AtomicBool::new(false),
        });
        let address = listener.local_addr().expect("bound");
        let of_all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_all.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&of_all);
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || serve(&shared, stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/in?sleutel=zeer-geheim", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// From now on.
    pub(crate) fn usually(&self, manner: Manner) {
        *self.shared.usual.lock().expect("whole") = manner;
    }

    /// For the next request with a body.
    pub(crate) fn next(&self, manner: Manner) {
        self.shared.next.lock().expect("whole").push_back(manner);
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.shared.received.lock().expect("whole").clone()
    }

    /// Requests with a body that were answered with success.
    pub(crate) fn taken(&self) -> Vec<Received> {
        let mut all = self.all();
        all.retain(|r| r.method == "POST" && (200..300).contains(&r.status));
        all
    }

    /// Waits until so many were taken.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            assert!(
                Instant::now() < until,
                "{} of {count} came: {:?}",
                taken.len(),
                self.all().last()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn serve(shared: &Shared, stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    let mut out = stream;
    let _ = out.set_nodelay(true);
    loop {
        let Some(mut request) = read(&mut reader) else {
            return;
        };
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        if request.method == "OPTIONS" {
            request.status = 200;
            shared.received.lock().expect("whole").push(request);
            let head = "HTTP/1.1 200 OK\r\nwebhook-allowed-origin: *\r\ncontent-length: 0\r\n\r\n";
            if out.write_all(head.as_bytes()).is_err() {
                return;
            }
            continue;
        }
        let next = shared.next.lock().expect("whole").pop_front();
        let manner = next.unwrap_or_else(|| shared.usual.lock().expect("whole").clone());
        let (status, head) = match &manner {
            Manner::Status(status) => (*status, String::new()),
            Manner::Head(status, head) => (*status, head.clone()),
            Manner::Close => {
                shared.received.lock().expect("whole").push(request);
                return;
            }
            Manner::Slow(wait) => {
                std::thread::sleep(*wait);
                (204, String::new())
            }
            Manner::Endless => (200, "transfer-encoding: chunked\r\n".to_owned()),
        };
        request.status = status;
        shared.received.lock().expect("whole").push(request);
        if let Manner::Endless = manner {
            let _ = write!(out, "HTTP/1.1 {status} X\r\n{head}\r\n");
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            while !shared.stopped.load(Ordering::Relaxed) {
                if out.write_all(chunk.as_bytes()).is_err() {
                    return;
                }
            }
            return;
        }
        let length = if status == 204 {
            ""
        } else {
            "content-length: 0\r\n"
        };
        if write!(out, "HTTP/1.1 {status} X\r\n{head}{length}\r\n").is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let method = line.split(' ').next()?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received {
        method,
        headers,
        body,
        status: 0,
    })
}
