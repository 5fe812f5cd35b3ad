//! Connections that wait in short steps and give up as soon as nobody wants the answer any more.
//! Knows neither queries nor sources: whoever makes one says how to find out.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Longest wait before looking whether the answer is still wanted.
const STEP: Duration = Duration::from_millis(40);

type Stopped = Arc<dyn Fn() -> bool + Send + Sync>;

/// Makes connections attentive.
pub(crate) struct Attentive {
    stopped: Stopped,
    idle: Duration,
}

impl Attentive {
    /// Gives up once `stopped` says so.
    pub(crate) fn new(stopped: Stopped) -> Self {
        Self {
            stopped,
            idle: Duration::MAX,
        }
    }

    /// The same, that also gives up when nothing came for so long.
    pub(crate) fn within(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }
}

impl fmt::Debug for Attentive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attentive")
    }
}

impl<In: Transport> Connector<In> for Attentive {
    type Out = AttentiveTransport<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| AttentiveTransport {
            inner,
            stopped: Arc::clone(&self.stopped),
            idle: self.idle,
        }))
    }
}

/// A connection that looks up now and then.
pub(crate) struct AttentiveTransport<T> {
    inner: T,
    stopped: Stopped,
    idle: Duration,
}

impl<T: fmt::Debug> fmt::Debug for AttentiveTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Transport> Transport for AttentiveTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let started = Instant::now();
        loop {
            if (self.stopped)() {
                return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into());
            }
            let left = timeout.after.saturating_sub(started.elapsed());
            if left.is_zero() || started.elapsed() >= self.idle {
                return Err(Error::Timeout(timeout.reason));
            }
            let step = NextTimeout {
                after: left.min(STEP).into(),
                ..timeout
            };
            match self.inner.await_input(step) {
                Err(Error::Timeout(_)) => {}
                done => return done,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
