//! Answers written on a thread of their own. A small one is sent as a whole, with its length; a larger one as it grows.
//! A client that goes away stops the work; a client that stops reading is cut off; a failure after the first bytes breaks
//! the stream off, so that nobody takes a part for the whole. A client that reads trailers (`TE: trailers`) is told there
//! why, or that the answer is whole.

use super::config::ServerConfig;
use super::error::ApiError;
use super::reply::joined;
use super::turns::Turn;
use crate::query::{Cancel, QueryError, QueryOptions};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The trailer of an answer that is whole: the number of its rows, or `?` where nobody counted.
const X_ROWS: HeaderName = HeaderName::from_static("x-oslo-rows");
/// The trailer of an answer that was broken off: the code of the problem and its text in English.
const X_ERROR: HeaderName = HeaderName::from_static("x-oslo-error");
/// Both, as the head of the answer announces them.
const TRAILERS: HeaderValue = HeaderValue::from_static("x-oslo-error, x-oslo-rows");

/// Up to here an answer is sent as a whole.
pub(super) const WHOLE_BYTES: usize = 64 << 10;
const CHUNK_BYTES: usize = 32 << 10;
const CHUNKS_AHEAD: usize = 16;
/// Chunks that a client must have taken before the work goes on that waited for it.
const CHUNKS_TAKEN: usize = CHUNKS_AHEAD / 2;
/// Bytes that a client takes at least in a second, beyond the time it may take for one: who takes less only holds a place.
const BYTES_PER_SECOND: u64 = 4 << 10;

/// What the writing thread hands over.
enum Sent {
    /// All there is.
    Whole(Vec<u8>),
    /// A part; more follow.
    Part(Vec<u8>),
    /// The last part, with the number of rows. A channel that closes without it was given up.
    Last(Vec<u8>, Option<u64>),
    /// Nothing follows, and what came is not the answer.
    Failed(ApiError),
}

/// An answer on its way: whole, or the beginning of it with the rest to come.
pub(super) struct Streamed {
    body: Body,
    has_trailers: bool,
}

impl From<Vec<u8>> for Streamed {
    fn from(whole: Vec<u8>) -> Self {
        Self {
            body: whole.into(),
            has_trailers: false,
        }
    }
}

impl IntoResponse for Streamed {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        if self.has_trailers {
            response.headers_mut().insert(header::TRAILER, TRAILERS);
        }
        response
    }
}

/// Whether a client reads trailers ([RFC 9110 §10.1.4](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.4)).
pub(super) fn reads_trailers(headers: &HeaderMap) -> bool {
    let accepted = joined(headers, header::TE);
    let mut codings = accepted.split(',');
    codings.any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// How an answer is handed to its client.
pub(super) struct Delivery {
    /// Raised when the client goes away.
    pub(super) cancel: Cancel,
    /// How long the client may leave the answer unread.
    pub(super) stall_timeout: Duration,
    /// Most time between the first bytes and the last; a single row may be megabytes, and no limit of a query is looked at
    /// while it is written.
    pub(super) limit: Option<Duration>,
    /// Whether the client reads trailers.
    pub(super) trailers: bool,
}

impl Delivery {
    /// Of the answer of a query.
    pub(super) fn of_query(config: &ServerConfig, options: &QueryOptions, trailers: bool) -> Self {
        Self {
            cancel: options.cancel.clone(),
            stall_timeout: config.stall_timeout,
            limit: options.timeout.map(|limit| limit.saturating_mul(2)),
            trailers,
        }
    }
}

/// Runs `work` on a thread of its own and returns once its answer, the beginning of it or its failure is known.
/// The turn is given back when the work ends, and while it waits for its client.
pub(super) async fn stream_from(
    delivery: Delivery,
    turn: Turn,
    work: impl FnOnce(&mut ChunkWriter) -> Result<(), ApiError> + Send + 'static,
) -> Result<Streamed, ApiError> {
    let (sender, mut receiver) = mpsc::channel::<Sent>(CHUNKS_AHEAD);
    let guard = CancelOnDrop(delivery.cancel.clone());
    let place = turn.open_answer()?;
    let span = tracing::Span::current();
    let handle = Handle::current();
    let thread = turn.clone();
    thread.start(move || {
        let _place = place;
        span.in_scope(|| {
            let mut writer = ChunkWriter {
                buffer: Vec::new(),
                has_sent: false,
                rows: None,
                sender,
                handle,
                stall_timeout: delivery.stall_timeout,
                turn,
                cancel: delivery.cancel,
                is_refused: false,
                sent_bytes: 0,
                first_sent: None,
                limit: delivery.limit,
                waited: Duration::ZERO,
            };
            let result = guarded(|| work(&mut writer));
            writer.end(result);
        });
    })?;
    drop(thread);
    let first = match receiver.recv().await {
        Some(Sent::Whole(bytes)) => return Ok(bytes.into()),
        Some(Sent::Part(first) | Sent::Last(first, _)) => first,
        Some(Sent::Failed(error)) => return Err(error),
        None => return Err(ApiError::internal("the answer was given up")),
    };
    Ok(Streamed {
        body: Body::new(ChunkBody {
            first: Some(Bytes::from(first)),
            receiver,
            end: None,
            failing: None,
            has_trailers: delivery.trailers,
            _guard: guard,
        }),
        has_trailers: delivery.trailers,
    })
}

/// Runs work that may unwind; what unwinds out of it becomes its error.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(ApiError::of_panic(payload.as_ref())))
}

/// Raises a flag when the request it stands for is over.
pub(super) struct CancelOnDrop(pub(super) Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the client went away")
}

/// Collects bytes into chunks and hands them to the response.
pub(super) struct ChunkWriter {
    buffer: Vec<u8>,
    has_sent: bool,
    /// Rows of the whole answer, for whoever does the work to fill in.
    pub(super) rows: Option<u64>,
    sender: mpsc::Sender<Sent>,
    handle: Handle,
    stall_timeout: Duration,
    turn: Turn,
    cancel: Cancel,
    /// Whether there was no turn to go on with.
    is_refused: bool,
    sent_bytes: u64,
    first_sent: Option<Instant>,
    limit: Option<Duration>,
    /// Time spent waiting for the client.
    waited: Duration,
}

impl ChunkWriter {
    fn hand_over(&mut self, sent: Sent) -> io::Result<()> {
        let is_last = !matches!(sent, Sent::Part(_));
        let since = *self.first_sent.get_or_insert_with(Instant::now);
        if !is_last && self.limit.is_some_and(|limit| since.elapsed() > limit) {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the answer took too long to write",
            ));
        }
        // What asks no leave itself when it takes long, such as a dump, asks it here.
        if !is_last && self.turn.is_overdue() && !self.turn.lengthen(&self.cancel) {
            self.is_refused = true;
            return Err(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "the server is too busy to let the answer go on",
            ));
        }
        // There mostly is room: only a client slower than the work is waited for.
        let sent = match self.sender.try_send(sent) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Err(gone());
            }
            Err(mpsc::error::TrySendError::Full(sent)) => sent,
        };
        self.turn.rest();
        let room = if is_last { 1 } else { CHUNKS_TAKEN };
        let earned = Duration::from_secs(self.sent_bytes / BYTES_PER_SECOND);
        let patience = (self.stall_timeout + earned)
            .saturating_sub(self.waited)
            .min(self.stall_timeout);
        let since = Instant::now();
        let reserved = self.handle.block_on(async {
            tokio::time::timeout(patience, self.sender.reserve_many(room)).await
        });
        self.waited += since.elapsed();
        match reserved {
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client stopped reading",
            )),
            Ok(Err(_)) => Err(gone()),
            Ok(Ok(mut room)) => {
                if let Some(place) = room.next() {
                    place.send(sent);
                }
                drop(room);
                if !is_last {
                    self.turn.resume();
                }
                Ok(())
            }
        }
    }

    fn end(mut self, result: Result<(), ApiError>) {
        let rest = std::mem::take(&mut self.buffer);
        let last = match result {
            Ok(()) if self.has_sent => Sent::Last(rest, self.rows),
            Ok(()) => Sent::Whole(rest),
            Err(error) => {
                let error = if self.is_refused {
                    QueryError::Crowded.into()
                } else {
                    error
                };
                tracing::debug!(code = error.code, "An answer was broken off or refused");
                Sent::Failed(error)
            }
        };
        if let Err(error) = self.hand_over(last) {
            tracing::debug!(%error, "The end of an answer was not taken");
        }
    }
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let limit = if self.has_sent {
            CHUNK_BYTES
        } else {
            WHOLE_BYTES
        };
        // A value may be larger than all chunks ahead together: it is taken in parts.
        let taken = bytes.len().min(limit - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == limit {
            let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES));
            self.has_sent = true;
            self.sent_bytes += full.len() as u64;
            self.hand_over(Sent::Part(full))?;
        }
        Ok(taken)
    }

    /// Keeps bytes until a chunk is full: writers flush more often than is worth a packet.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of an answer that grows.
struct ChunkBody {
    first: Option<Bytes>,
    receiver: mpsc::Receiver<Sent>,
    /// Set once all data were sent: what is left to send, if anything.
    end: Option<Option<HeaderMap>>,
    /// Why the answer is to be broken off at the next poll.
    failing: Option<(&'static str, String)>,
    has_trailers: bool,
    _guard: CancelOnDrop,
}

impl ChunkBody {
    /// Ends the answer, with a trailer where the client reads them.
    fn end_with(&mut self, name: HeaderName, value: &str) {
        let mut trailers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(value) {
            trailers.insert(name, value);
        }
        self.end = Some(self.has_trailers.then_some(trailers));
    }

    /// Breaks the answer off once what came before is on its way: a client that gets nothing at all cannot tell why.
    fn fail(
        &mut self,
        context: &mut Context<'_>,
        code: &'static str,
        text: String,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.failing = Some((code, text));
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Breaks the answer off: the trailer says why, or else the connection ends before the answer does.
    fn break_off(
        &mut self,
        code: &str,
        text: &str,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.has_trailers {
            self.end_with(X_ERROR, &format!("{code}; {}", ascii(text)));
            let trailers = self.end.as_mut().and_then(Option::take);
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
        }
        self.end = Some(None);
        Poll::Ready(Some(Err(io::Error::other(text.to_owned()))))
    }
}

/// A text as the value of a header.
fn ascii(text: &str) -> String {
    let visible = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '?'
        }
    };
    text.chars().map(visible).collect()
}

impl HttpBody for ChunkBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if let Some((code, text)) = self.failing.take() {
            return self.break_off(code, &text);
        }
        if let Some(end) = &mut self.end {
            return Poll::Ready(end.take().map(|trailers| Ok(Frame::trailers(trailers))));
        }
        let sent = match self.receiver.poll_recv(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(sent) => sent,
        };
        match sent {
            Some(Sent::Part(bytes) | Sent::Whole(bytes)) => {
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(bytes)))))
            }
            Some(Sent::Last(bytes, rows)) => {
                let rows = rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
                self.end_with(X_ROWS, &rows);
                if !bytes.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from(bytes)))));
                }
                let trailers = self.end.as_mut().and_then(Option::take);
                Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
            }
            Some(Sent::Failed(error)) => {
                tracing::warn!(
                    code = error.code,
                    "An answer was broken off after its first bytes: {}",
                    error.code
                );
                self.fail(context, error.code, error.detail.en.clone())
            }
            None => self.fail(context, "internal", "The answer was given up.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_asks_for_trailers_gets_them() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::TE, HeaderValue::from_static(value));
            }
            reads_trailers(&headers)
        };
        assert!(of(&["trailers"]) && of(&["gzip;q=0.5, Trailers"]) && of(&["gzip", "trailers"]));
        assert!(!of(&[]) && !of(&["gzip"]) && !of(&["trailers-not"]));
    }

    #[test]
    fn trailers_hold_plain_text() {
        assert_eq!(ascii("één\r\nrij: x"), "??n??rij: x");
    }
}
