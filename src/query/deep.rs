//! A stack deep enough for queries with long chains and much nesting: parser, optimiser and evaluator recurse.
//! Ordinary queries never come here; they run on the caller's thread.

use crate::query::error::QueryError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Virtual size; only what is used becomes real memory.
const STACK_BYTES: usize = 256 << 20;
/// Items that may wait for the reader.
const QUEUE: usize = 64;

/// Runs one piece of work to its end on a deep stack.
pub(super) fn with_deep_stack<T: Send>(
    work: impl FnOnce() -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("query-deep".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| QueryError::Internal(error.to_string()))?;
        thread
            .join()
            .unwrap_or_else(|_| Err(QueryError::Internal("a deep query panicked".to_owned())))
    })
}

/// Items that a piece of work sends from a deep stack. Dropping it ends the work at its next item.
pub(super) struct DeepStream<T> {
    items: Receiver<Result<T, QueryError>>,
    ended: bool,
}

/// Where the work puts its items. `false` means that nobody reads on.
pub(super) struct DeepSender<T>(SyncSender<Result<T, QueryError>>);

impl<T> DeepSender<T> {
    pub(super) fn send(&self, item: Result<T, QueryError>) -> bool {
        self.0.send(item).is_ok()
    }
}

/// Starts work that sends items from a deep stack.
pub(super) fn stream_from_deep_stack<T: Send + 'static>(
    work: impl FnOnce(&DeepSender<T>) + Send + 'static,
) -> Result<DeepStream<T>, QueryError> {
    let (sender, items) = sync_channel(QUEUE);
    std::thread::Builder::new()
        .name("query-deep".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || work(&DeepSender(sender)))
        .map_err(|error| QueryError::Internal(error.to_string()))?;
    Ok(DeepStream {
        items,
        ended: false,
    })
}

impl<T> DeepStream<T> {
    /// Lets the work end; there are no further items.
    pub(super) fn stop(&mut self) {
        self.ended = true;
        self.items = sync_channel(0).1;
    }
}

impl<T> Iterator for DeepStream<T> {
    type Item = Result<T, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.items.recv().ok();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}
