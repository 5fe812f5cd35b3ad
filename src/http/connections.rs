//! Connections: who may have one, and for how long when nothing comes. A client that sends its request drop by drop, or does
//! not take its answer, loses its connection; when there are as many as the server may have, those that have asked nothing
//! yet make room, oldest first. Knows no routes.

use super::rate::Peer;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Sleep;

/// Most bytes of the head of a request; an address alone may have 64 KiB.
const HEAD_BYTES: usize = 128 << 10;
/// Rest after a connection could not be taken, such as for want of file handles.
const REST: Duration = Duration::from_millis(100);
/// What a client hears for whom there is no room.
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How many connections, and how long each may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Most connections at once.
    pub(super) max_connections: usize,
    /// Time for the head of a request, from the moment the one before was answered.
    pub(super) head: Duration,
    /// Time in which a client takes something of its answer.
    pub(super) stall: Duration,
}

/// Serves until `stop` ends; the requests that are being answered then may finish.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    patience: Patience,
    stop: impl Future<Output = ()>,
) {
    let mut stop = pin!(stop);
    let (stopping, stopped) = watch::channel(());
    let visitors = Arc::new(Visitors::default());
    let mut served = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = &mut stop => break,
            taken = listener.accept() => match taken {
                Ok((stream, _)) => stream,
                Err(error) => {
                    if is_lasting(&error) {
                        tracing::warn!(%error, "A connection could not be taken");
                        tokio::time::sleep(REST).await;
                    }
                    continue;
                }
            },
            // Tasks that ended are to leave nothing behind.
            Some(_) = served.join_next(), if !served.is_empty() => continue,
        };
        // Small answers should not wait for more to come.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "A connection keeps Nagle's delay");
        }
        if served.len() >= patience.max_connections && !visitors.send_one_away() {
            tracing::debug!("No room for a connection");
            let _ = stream.try_write(NO_ROOM);
            continue;
        }
        let visit = Visitors::welcome(&visitors);
        served.spawn(attend(
            stream,
            app.clone(),
            patience,
            visit,
            stopped.clone(),
        ));
    }
    drop(listener);
    drop(stopping);
    while served.join_next().await.is_some() {}
}

/// Whether an error is of the server rather than of the connection that was to be taken.
fn is_lasting(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Answers the requests of one connection.
async fn attend(
    stream: TcpStream,
    app: Router,
    patience: Patience,
    visit: Visit,
    mut stopped: watch::Receiver<()>,
) {
    let peer = stream.peer_addr().ok().map(|address| Peer(address.ip()));
    let leave = Arc::clone(&visit.leave);
    let visit = Arc::new(visit);
    let greeted = Arc::clone(&visit);
    let service = TowerToHyperService::new(app);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        greeted.has_asked();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        hyper::service::Service::call(&service, request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(Watched::new(stream, patience.stall)), service);
    let mut connection = pin!(connection);
    let mut is_stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "A connection ended");
                }
                return;
            }
            () = leave.notified() => return,
            _ = stopped.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The connections that have asked nothing yet.
#[derive(Default)]
struct Visitors {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    /// By number, so oldest first.
    silent: BTreeMap<u64, Arc<Notify>>,
}

impl Visitors {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn welcome(visitors: &Arc<Self>) -> Visit {
        let mut state = visitors.state();
        let number = state.next;
        state.next += 1;
        let leave = Arc::new(Notify::new());
        state.silent.insert(number, Arc::clone(&leave));
        Visit {
            visitors: Arc::clone(visitors),
            number,
            leave,
        }
    }

    /// Sends the oldest connection away that has asked nothing; `false` when all have.
    fn send_one_away(&self) -> bool {
        let oldest = self.state().silent.pop_first();
        // A permit is kept for a task that is not waiting yet.
        oldest.map(|(_, leave)| leave.notify_one()).is_some()
    }
}

/// One connection among the others.
struct Visit {
    visitors: Arc<Visitors>,
    number: u64,
    leave: Arc<Notify>,
}

impl Visit {
    fn has_asked(&self) {
        self.visitors.state().silent.remove(&self.number);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.has_asked();
    }
}

/// A stream that fails when nothing could be written for too long.
struct Watched {
    stream: TcpStream,
    limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    fn new(stream: TcpStream, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            stalled: None,
        }
    }

    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        let limit = self.limit;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client stopped reading",
        )))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// As many connections as the open files of this process leave room for: the store has files of its own.
pub(super) fn room_for(wanted: usize) -> usize {
    #[cfg(target_os = "linux")]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let half = limit.and_then(|files| usize::try_from(files / 2).ok());
        half.map_or(wanted, |half| wanted.min(half.max(16)))
    }
    #[cfg(not(target_os = "linux"))]
    wanted
}
