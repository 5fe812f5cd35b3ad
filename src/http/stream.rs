//! Answers written on a thread of their own. A small one is sent as a whole, with its length; a larger one as it grows.
//! A client that goes away stops the work; a client that stops reading is cut off; a failure after the first bytes breaks
//! the stream off, so that nobody takes a part for the whole.

use super::error::ApiError;
use crate::query::Cancel;
use axum::body::{Body, Bytes};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::Stream;

/// Up to here an answer is sent as a whole.
pub(super) const WHOLE_BYTES: usize = 64 << 10;
const CHUNK_BYTES: usize = 32 << 10;
const CHUNKS_AHEAD: usize = 8;

/// What the writing thread hands over.
enum Sent {
    /// All there is.
    Whole(Vec<u8>),
    /// A part; more follow.
    Part(Vec<u8>),
    /// The last part. A channel that closes without it was given up.
    Last(Vec<u8>),
    /// Nothing follows, and what came is not the answer.
    Failed(ApiError),
}

/// Runs `work` on a blocking thread and returns once its answer, the beginning of it or its failure is known.
/// The permit is held until the work ends; dropping the body raises `cancel`.
pub(super) async fn stream_from(
    cancel: Cancel,
    stall_timeout: Duration,
    permit: OwnedSemaphorePermit,
    work: impl FnOnce(&mut ChunkWriter) -> Result<(), ApiError> + Send + 'static,
) -> Result<Body, ApiError> {
    let (sender, mut receiver) = mpsc::channel::<Sent>(CHUNKS_AHEAD);
    let guard = CancelOnDrop(cancel);
    let span = tracing::Span::current();
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        span.in_scope(|| {
            let mut writer = ChunkWriter {
                buffer: Vec::new(),
                has_sent: false,
                sender,
                handle,
                stall_timeout,
            };
            let result = guarded(|| work(&mut writer));
            writer.end(result);
        });
    });
    match receiver.recv().await {
        Some(Sent::Whole(bytes)) => Ok(Body::from(bytes)),
        Some(Sent::Part(first) | Sent::Last(first)) => Ok(Body::from_stream(ChunkStream {
            first: Some(Bytes::from(first)),
            receiver,
            is_done: false,
            _guard: guard,
        })),
        Some(Sent::Failed(error)) => Err(error),
        None => Err(ApiError::internal("the answer was given up")),
    }
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

/// Collects bytes into chunks and hands them to the response.
pub(super) struct ChunkWriter {
    buffer: Vec<u8>,
    has_sent: bool,
    sender: mpsc::Sender<Sent>,
    handle: Handle,
    stall_timeout: Duration,
}

impl ChunkWriter {
    fn hand_over(&self, sent: Sent) -> io::Result<()> {
        // There mostly is room: only a client slower than the work is waited for.
        let sent = match self.sender.try_send(sent) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Err(io::Error::new(
                    io::ErrorKind::BrokenPipe,
                    "the client went away",
                ));
            }
            Err(mpsc::error::TrySendError::Full(sent)) => sent,
        };
        let sending = self.sender.send_timeout(sent, self.stall_timeout);
        self.handle.block_on(sending).map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => {
                io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")
            }
            mpsc::error::SendTimeoutError::Closed(_) => {
                io::Error::new(io::ErrorKind::BrokenPipe, "the client went away")
            }
        })
    }

    fn end(mut self, result: Result<(), ApiError>) {
        let rest = std::mem::take(&mut self.buffer);
        let last = match result {
            Ok(()) if self.has_sent => Sent::Last(rest),
            Ok(()) => Sent::Whole(rest),
            Err(error) => {
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
        self.buffer.extend_from_slice(bytes);
        let limit = if self.has_sent {
            CHUNK_BYTES
        } else {
            WHOLE_BYTES
        };
        if self.buffer.len() >= limit {
            let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES));
            self.has_sent = true;
            self.hand_over(Sent::Part(full))?;
        }
        Ok(bytes.len())
    }

    /// Keeps bytes until a chunk is full: writers flush more often than is worth a packet.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct ChunkStream {
    first: Option<Bytes>,
    receiver: mpsc::Receiver<Sent>,
    is_done: bool,
    _guard: CancelOnDrop,
}

impl Stream for ChunkStream {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if self.is_done {
            return Poll::Ready(None);
        }
        let sent = match self.receiver.poll_recv(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(sent) => sent,
        };
        let reason = match sent {
            Some(Sent::Part(bytes)) => return Poll::Ready(Some(Ok(Bytes::from(bytes)))),
            Some(Sent::Last(bytes) | Sent::Whole(bytes)) => {
                self.is_done = true;
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Bytes::from(bytes))));
            }
            Some(Sent::Failed(error)) => {
                tracing::warn!(
                    code = error.code,
                    "An answer was broken off after its first bytes: {}",
                    error.code
                );
                error.detail.en.clone()
            }
            None => "the answer was given up".to_owned(),
        };
        self.is_done = true;
        Poll::Ready(Some(Err(io::Error::other(reason))))
    }
}
