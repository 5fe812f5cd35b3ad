//! What every request can reach: the registry, the limits, the token, the order of collections.

use super::config::ServerConfig;
use super::error::ApiError;
use crate::access::AdminToken;
use crate::ingest::ContextStore;
use crate::rdf::label::Language;
use crate::registry::{Register, Registry};
use crate::store::View;
use crate::views::html::Site;
use crate::views::{CollectionIndex, Context};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shared state of a server. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    inner: Arc<Inner>,
}

/// What [`AppState`] shares; the fields are for this module.
pub struct Inner {
    pub(super) registry: Arc<Registry>,
    pub(super) config: ServerConfig,
    pub(super) token: Option<AdminToken>,
    pub(super) collections: CollectionIndex,
    pub(super) context_store: ContextStore,
    /// Contexts by name, for writing.
    pub(super) contexts: FxHashMap<String, Arc<Context>>,
    queries: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    /// Differs between processes: states of memory-only registries have no digest.
    pub(super) process_nonce: u64,
}

impl std::ops::Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl AppState {
    /// State for serving a registry.
    pub fn new(registry: Arc<Registry>, config: ServerConfig) -> Self {
        let mut contexts = FxHashMap::default();
        for (name, bytes) in ContextStore::shipped_files() {
            let name = name.trim_end_matches(".jsonld");
            match std::str::from_utf8(bytes).map(Context::parse) {
                Ok(Ok(context)) => {
                    contexts.insert(name.to_owned(), Arc::new(context));
                }
                _ => tracing::error!(name, "A shipped context cannot be written with"),
            }
        }
        Self {
            inner: Arc::new(Inner {
                token: config.admin_token.as_deref().and_then(AdminToken::new),
                context_store: ContextStore::shipped(registry.base()),
                collections: CollectionIndex::default(),
                contexts,
                queries: Arc::new(Semaphore::new(config.max_concurrent_queries)),
                writes: Arc::new(Semaphore::new(8)),
                process_nonce: u64::from(std::process::id())
                    ^ jiff::Timestamp::now().as_nanosecond() as u64,
                registry,
                config,
            }),
        }
    }

    /// A turn to run a query; waits a moment when all are taken.
    pub(super) async fn query_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.queries).await
    }

    /// A turn to wait for the writer; keeps writers from taking every thread.
    pub(super) async fn write_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.writes).await
    }

    async fn turn(&self, turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
        let wait =
            tokio::time::timeout(self.config.queue_timeout, Arc::clone(turns).acquire_owned());
        match wait.await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ApiError::busy()),
        }
    }

    /// The context of a register; an empty one when none is declared, so that full IRIs are written.
    pub(super) fn context_of(&self, register: Option<&Register>) -> Arc<Context> {
        let name = register.map_or("generiek", |register| register.context.as_str());
        self.contexts.get(name).cloned().unwrap_or_default()
    }

    /// What pages need to know. Pages are in Dutch, whatever the browser prefers: half a page in each language helps nobody.
    pub(super) fn site<'a>(&'a self, view: &'a View) -> Site<'a> {
        Site {
            view,
            registers: self.registry.registers(),
            base: self.registry.base(),
            language: Language::Nl,
        }
    }
}

/// Runs work that may take the processor for a while, away from the threads that answer requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(panic) => Err(ApiError::internal(panic)),
    }
}
