//! A plain HTTP/1.1 client that hides nothing: it keeps trailers, and tells an answer that ends from one that breaks off.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    trailers: Vec<(String, String)>,
    /// Whether the end of the answer was reached, by its length or its last chunk.
    pub(crate) is_whole: bool,
}

impl Reply {
    /// The values of a header as one, an empty string when it is not there.
    pub(crate) fn header(&self, name: &str) -> String {
        values(&self.headers, name)
    }

    pub(crate) fn trailer(&self, name: &str) -> String {
        values(&self.trailers, name)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or("(not UTF-8)")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

fn values(headers: &[(String, String)], name: &str) -> String {
    let values: Vec<&str> = headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    values.join(", ")
}

/// Sends a request on a connection of its own.
pub(super) fn send(address: SocketAddr, request: &Request) -> Reply {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a time limit");
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
    let is_given = |name: &str| {
        let mut headers = request.headers.iter();
        headers.any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    if !is_given("host") {
        head.push_str(&format!("host: {address}\r\n"));
    }
    if !is_given("connection") {
        head.push_str("connection: close\r\n");
    }
    if let Some(body) = &request.body {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(request.body.as_deref().unwrap_or(b""));
    // A server that refuses a body may answer and close before it has read all of it.
    let _ = stream.write_all(&bytes);
    let mut answer = Vec::new();
    // What is read before a connection breaks stays in the buffer.
    let ended = stream.read_to_end(&mut answer);
    parse(&answer, request.method == "HEAD").unwrap_or_else(|| {
        panic!(
            "{request:?}: {ended:?}: {}",
            String::from_utf8_lossy(&answer)
        )
    })
}

fn parse(answer: &[u8], is_head: bool) -> Option<Reply> {
    let (head, mut rest) = split(answer, b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?;
    let (first, lines) = head.split_once("\r\n").unwrap_or((head, ""));
    let status = first.split(' ').nth(1)?.parse().ok()?;
    let mut reply = Reply {
        status,
        headers: fields(lines),
        body: Vec::new(),
        trailers: Vec::new(),
        is_whole: false,
    };
    if is_head || status == 204 || status == 304 {
        assert!(
            rest.is_empty(),
            "an answer without content has some: {rest:?}"
        );
        reply.is_whole = true;
        return Some(reply);
    }
    if reply.header("transfer-encoding") == "chunked" {
        while let Some((size, after)) = split(rest, b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(size).ok()?.trim(), 16).ok()?;
            if size == 0 {
                let end = split(after, b"\r\n\r\n").map(|(trailers, _)| trailers);
                if let Some(trailers) = end {
                    reply.trailers = fields(std::str::from_utf8(trailers).ok()?);
                }
                reply.is_whole = end.is_some() || after == b"\r\n";
                break;
            }
            let Some(chunk) = after.get(..size) else {
                break;
            };
            reply.body.extend_from_slice(chunk);
            let Some(next) = after.get(size + 2..) else {
                break;
            };
            rest = next;
        }
    } else {
        let length: usize = reply.header("content-length").parse().unwrap_or(0);
        reply.is_whole = rest.len() == length;
        reply.body = rest.to_vec();
    }
    Some(reply)
}

fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|part| part == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

fn fields(lines: &str) -> Vec<(String, String)> {
    lines
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

#[test]
fn an_answer_cut_short_does_not_look_whole() {
    let whole =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx-a: 1\r\n\r\n";
    let reply = parse(whole, false).expect("an answer");
    assert!(reply.is_whole);
    assert_eq!((reply.text(), reply.trailer("x-a").as_str()), ("ab", "1"));
    for end in [whole.len() - 12, whole.len() - 20] {
        assert!(!parse(&whole[..end], false).expect("an answer").is_whole);
    }
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab";
    assert!(!parse(short, false).expect("an answer").is_whole);
}
