//! Answers written on a thread of their own and sent as they grow. A client that goes away stops the work; a client that
//! stops reading is cut off; a failure after the first bytes breaks the stream off, so that nobody takes a part for the whole.

use super::error::ApiError;
use crate::query::Cancel;
use axum::body::{Body, Bytes};
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::Stream;

const CHUNK_BYTES: usize = 32 << 10;
const CHUNKS_AHEAD: usize = 8;

type Chunk = Result<Bytes, ApiError>;

/// Runs `work` on a blocking thread and returns once its first bytes or its failure are known.
/// The permit is held until the work ends; dropping the body raises `cancel`.
pub(super) async fn stream_from(
    cancel: Cancel,
    stall_timeout: Duration,
    permit: OwnedSemaphorePermit,
    work: impl FnOnce(&mut ChunkWriter) -> Result<(), ApiError> + Send + 'static,
) -> Result<Body, ApiError> {
    let (sender, mut receiver) = mpsc::channel::<Chunk>(CHUNKS_AHEAD);
    let guard = CancelOnDrop(cancel);
    let span = tracing::Span::current();
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        span.in_scope(|| {
            let mut writer = ChunkWriter {
                buffer: Vec::with_capacity(CHUNK_BYTES),
                sender,
                handle,
                stall_timeout,
            };
            let result = work(&mut writer).and_then(|()| writer.send().map_err(ApiError::internal));
            if let Err(error) = result {
                writer.fail(error);
            }
        });
    });
    match receiver.recv().await {
        Some(Err(error)) => Err(error),
        Some(Ok(first)) => Ok(Body::from_stream(ChunkStream {
            first: Some(first),
            receiver,
            _guard: guard,
        })),
        None => Ok(Body::empty()),
    }
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Collects bytes into chunks and hands them to the response.
pub(super) struct ChunkWriter {
    buffer: Vec<u8>,
    sender: mpsc::Sender<Chunk>,
    handle: Handle,
    stall_timeout: Duration,
}

impl ChunkWriter {
    fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK_BYTES));
        let sending = self
            .sender
            .send_timeout(Ok(Bytes::from(full)), self.stall_timeout);
        self.handle.block_on(sending).map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => {
                io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")
            }
            mpsc::error::SendTimeoutError::Closed(_) => {
                io::Error::new(io::ErrorKind::BrokenPipe, "the client went away")
            }
        })
    }

    fn fail(&self, error: ApiError) {
        tracing::debug!(code = error.code, "An answer was broken off or refused");
        let sending = self.sender.send_timeout(Err(error), self.stall_timeout);
        // Nobody reads any more: nobody is left to tell.
        let _ = self.handle.block_on(sending);
    }
}

impl Write for ChunkWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK_BYTES {
            self.send()?;
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
    receiver: mpsc::Receiver<Chunk>,
    _guard: CancelOnDrop,
}

impl Stream for ChunkStream {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        self.receiver.poll_recv(context).map(|chunk| {
            chunk.map(|chunk| {
                chunk.map_err(|error| {
                    tracing::warn!(
                        code = error.code,
                        "An answer was broken off after its first bytes: {}",
                        error.code
                    );
                    io::Error::other(error.detail.en.clone())
                })
            })
        })
    }
}
