//! A client without manners: it sends bytes as it likes, and says what came back. Also the one client with manners, who keeps
//! a connection and measures how long answers take.

use serde_json::Value as Json;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most bytes of an answer that are kept; the rest is read and forgotten.
const KEPT: usize = 8 << 20;

/// How a request is sent and its answer read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As it should be.
    Politely,
    /// A part of the answer, slowly; then the connection is dropped.
    ReadSlowly,
    /// Sent, and dropped before the answer comes.
    DropAtOnce,
    /// Dropped after the first bytes of the answer.
    DropMidway,
    /// A few bytes at a time, and never all of them.
    WriteSlowly,
    /// Bytes that are no HTTP: whatever comes back will do, as long as the server lives.
    Noise,
}

/// What came back.
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
    /// Whether the answer came to its end.
    pub(super) is_whole: bool,
}

/// Sends bytes and reads what comes back. `None` when nothing was to be expected.
pub(super) fn send(address: SocketAddr, bytes: &[u8], way: Way) -> Result<Option<Got>, String> {
    let mut stream = connect(address).map_err(|error| format!("no connection: {error}"))?;
    if way == Way::WriteSlowly {
        for part in bytes.chunks(7).take(12) {
            if stream.write_all(part).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        return Ok(None);
    }
    // A server that refuses may answer and close before it has read all of it.
    let _ = stream.write_all(bytes);
    match way {
        Way::DropAtOnce => return Ok(None),
        Way::DropMidway => {
            let mut some = [0; 700];
            let _ = stream.read(&mut some);
            return Ok(None);
        }
        Way::ReadSlowly => {
            let mut some = [0; 512];
            for _ in 0..10 {
                if !matches!(stream.read(&mut some), Ok(1..)) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(30));
            }
            return Ok(None);
        }
        _ => {}
    }
    let mut reader = BufReader::new(stream);
    match read_answer(&mut reader) {
        Ok(got) => Ok(Some(got)),
        // A packed answer that breaks off may do so before its first byte was let go.
        Err(_) if way == Way::Noise || asks_for_packing(bytes) => Ok(None),
        Err(error) => Err(format!("no answer: {error}")),
    }
}

fn asks_for_packing(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(70_000)];
    let name = b"accept-encoding";
    head.windows(name.len()).any(|part| part == name)
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer of a connection.
fn read_answer(reader: &mut BufReader<TcpStream>) -> io::Result<Got> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let mut got = Got {
        status: status.ok_or_else(|| io::Error::other(format!("not HTTP: {line:?}")))?,
        content_type: String::new(),
        body: Vec::new(),
        is_whole: false,
    };
    let mut length = None;
    let mut is_chunked = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-type" => value.clone_into(&mut got.content_type),
            "content-length" => length = value.parse().ok(),
            "transfer-encoding" => is_chunked = value.eq_ignore_ascii_case("chunked"),
            _ => {}
        }
    }
    if got.status == 100 {
        return read_answer(reader);
    }
    if is_chunked {
        got.is_whole = read_chunks(reader, &mut got.body).is_ok();
    } else {
        let length: u64 = length.unwrap_or(0);
        got.is_whole = keep(reader, length, &mut got.body)? == length;
    }
    Ok(got)
}

fn read_chunks(reader: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        if size == 0 {
            // No trailers were asked for.
            return Ok(());
        }
        if keep(reader, size, body)? < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut end = [0; 2];
        reader.read_exact(&mut end)?;
    }
}

/// Reads so many bytes and keeps the first of them; how many there were.
fn keep(reader: &mut impl io::Read, length: u64, body: &mut Vec<u8>) -> io::Result<u64> {
    let room = KEPT.saturating_sub(body.len()) as u64;
    let kept = reader.take(length.min(room)).read_to_end(body)? as u64;
    let rest = length - length.min(room);
    Ok(kept + io::copy(&mut reader.take(rest), &mut io::sink())?)
}

/// A client that asks the same again and again on one connection.
pub(super) struct Steady {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
    request: Vec<u8>,
}

impl Steady {
    pub(super) fn new(address: SocketAddr, request: Vec<u8>) -> Self {
        Self {
            address,
            connection: None,
            request,
        }
    }

    /// Asks once: how long it took and what came.
    pub(super) fn ask(&mut self) -> Result<(Duration, Got), String> {
        let since = Instant::now();
        let got = self.exchange();
        if got.is_err() {
            self.connection = None;
        }
        Ok((since.elapsed(), got.map_err(|error| error.to_string())?))
    }

    fn exchange(&mut self) -> io::Result<Got> {
        let reader = match &mut self.connection {
            Some(reader) => reader,
            none => none.insert(BufReader::new(connect(self.address)?)),
        };
        reader.get_mut().write_all(&self.request)?;
        read_answer(reader)
    }
}

/// A document that a server under test must give.
pub(super) fn json(address: SocketAddr, path: &str, headers: &str) -> Json {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: application/json\r\n{headers}\r\n");
    let got = send(address, request.as_bytes(), Way::Politely)
        .unwrap_or_else(|error| panic!("{path}: {error}"))
        .expect("an answer");
    serde_json::from_slice(&got.body).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&got.body);
        panic!("{path}: {} {error}: {text}", got.status)
    })
}
