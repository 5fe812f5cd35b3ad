//! A server of event streams on the loopback interface that does as it is told, good or bad, and remembers what was asked.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request: path with query, and headers in lower case.
pub(crate) struct Ask {
    pub(crate) path: String,
    head: String,
    /// Number of the request, from 0.
    pub(crate) number: usize,
}

impl Ask {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        let line = lines.find(|line| {
            line.len() > name.len()
                && line[..name.len()].eq_ignore_ascii_case(name)
                && line[name.len()..].starts_with(':')
        })?;
        Some(line[name.len() + 1..].trim())
    }
}

/// An answer.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    /// Bytes at a time, with a pause between.
    drip: Option<usize>,
}

impl Reply {
    pub(crate) fn new(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), media_type.into())],
            body: body.into(),
            delay: Duration::ZERO,
            drip: None,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            ..Self::new("text/plain", "")
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn immutable(self) -> Self {
        self.with("cache-control", "public, max-age=604800, immutable")
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn dripping(mut self, bytes: usize) -> Self {
        self.drip = Some(bytes);
        self
    }
}

/// A running server; it ends with the tests.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers as told; the base URL is handed over with each request.
    pub(crate) fn start(answer: impl Fn(&Ask, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, answer, base) = (Arc::clone(&asked), Arc::new(answer), url.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer, base) = (Arc::clone(&seen), Arc::clone(&answer), base.clone());
                std::thread::spawn(move || {
                    let mut stream = stream;
                    while serve(&mut stream, &seen, &*answer, &base).is_some() {}
                });
            }
        });
        Self { url, asked }
    }

    /// Paths that were asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("not poisoned"))
    }
}

fn serve(
    stream: &mut TcpStream,
    seen: &Mutex<Vec<String>>,
    answer: &dyn Fn(&Ask, &str) -> Reply,
    base: &str,
) -> Option<()> {
    let head = read_head(stream)?;
    let path = head.split(' ').nth(1)?.to_owned();
    let number = {
        let mut seen = seen.lock().expect("not poisoned");
        seen.push(path.clone());
        seen.len() - 1
    };
    let reply = answer(&Ask { path, head, number }, base);
    std::thread::sleep(reply.delay);
    let mut text = format!("HTTP/1.1 {} X\r\n", reply.status);
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    if reply.status != 304 {
        text += &format!("content-length: {}\r\n", reply.body.len());
    }
    text += "\r\n";
    stream.write_all(text.as_bytes()).ok()?;
    match reply.drip {
        None => stream.write_all(&reply.body).ok()?,
        Some(bytes) => {
            for chunk in reply.body.chunks(bytes) {
                stream.write_all(chunk).ok()?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
    Some(())
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 || head.len() > 1 << 16 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}
