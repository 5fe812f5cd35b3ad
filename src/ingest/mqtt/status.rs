//! How it goes with the broker, for `/health` and whoever else asks. Counts, and tells nothing of what messages said.

use jiff::Timestamp;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How it goes.
#[derive(Debug, Default)]
pub struct MqttStatus {
    address: String,
    is_connected: AtomicBool,
    received: AtomicU64,
    stored: AtomicU64,
    refused: AtomicU64,
    waiting: AtomicU64,
    last_refusal: Mutex<Option<(String, String)>>,
    trouble: Mutex<Option<String>>,
}

/// The figures of a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttFigures {
    /// Host and port of the broker.
    pub address: String,
    /// Whether there is a connection.
    pub is_connected: bool,
    /// Messages that came.
    pub received: u64,
    /// Messages whose observations are durable.
    pub stored: u64,
    /// Messages that could not be stored, and are not sent again.
    pub refused: u64,
    /// Messages that are on their way to the disk.
    pub waiting: u64,
    /// Pattern of the topic and code of the reason of the last refusal.
    pub last_refusal: Option<(String, String)>,
    /// Why there is no connection.
    pub trouble: Option<String>,
}

impl MqttStatus {
    /// Of a broker at an address.
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            ..Self::default()
        }
    }

    /// The figures now.
    pub fn figures(&self) -> MqttFigures {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let refusal = self.last_refusal.lock();
        let trouble = self.trouble.lock();
        MqttFigures {
            address: self.address.clone(),
            is_connected: self.is_connected.load(Ordering::Relaxed),
            received: read(&self.received),
            stored: read(&self.stored),
            refused: read(&self.refused),
            waiting: read(&self.waiting),
            last_refusal: refusal.unwrap_or_else(PoisonError::into_inner).clone(),
            trouble: trouble.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    pub(super) fn connected(&self) {
        self.is_connected.store(true, Ordering::Relaxed);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn disconnected(&self, why: &str) {
        self.is_connected.store(false, Ordering::Relaxed);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_owned());
    }

    pub(super) fn came(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn is_stored(&self) {
        self.stored.fetch_add(1, Ordering::Relaxed);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// A message that was given up by the connection; the broker sends it again.
    pub(super) fn is_left(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn is_refused(&self, pattern: &str, code: &str) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let before = self.refused.fetch_add(1, Ordering::Relaxed);
        let mut last = self
            .last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let refusal = (pattern.to_owned(), code.to_owned());
        // A sensor whose clock is wrong says so every second: the log hears of it once, and now and then.
        if last.as_ref() != Some(&refusal) || before.is_multiple_of(1_000) {
            let now = Timestamp::now();
            tracing::warn!(%pattern, %code, refused = before + 1, %now, "A message of the broker was refused");
        }
        *last = Some(refusal);
    }
}
