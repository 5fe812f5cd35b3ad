//! What every request can reach: the registry, the limits, the token, the order of collections.

use super::config::ServerConfig;
use super::error::ApiError;
use super::events::Listeners;
use super::intake::{self, Intake};
use super::items::Kept;
use super::known_tags::KnownTags;
use super::ledger::Ledger;
use super::queries::Answers;
use super::rate::Buckets;
use super::shown::Shown;
use super::turns::{Turn, Turns};
use crate::access::AdminToken;
use crate::feeds::catalogue::KeptCatalogue;
use crate::feeds::changes::ChangeFeed;
use crate::feeds::ldes::Views;
use crate::feeds::push::Subscriptions;
use crate::feeds::stream::Streams;
use crate::ingest::ContextStore;
use crate::observations::{OBSERVATIONS_DIR, ObservationOptions, ObservationStore};
use crate::query::MemoryPool;
use crate::rdf::label::Language;
use crate::registry::process::KeptTable;
use crate::registry::{Register, Registry};
use crate::store::{Snapshot, View};
use crate::views::html::{EarlierState, Site};
use crate::views::interface::{Ingredients, Interface};
use crate::views::matching::{Index, Matcher};
use crate::views::{CollectionIndex, Context, Dialect, KeptNames, Names, void};
use oxrdf::Triple;
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Earlier states made at once: each may take memory for millions of changes.
const LOOKS_BACK: usize = 2;

/// Earlier states whose orders of collections are kept for the next page.
const EARLIER_COLLECTIONS: usize = 2;

/// Addresses matched at once: what people type may keep no more threads than these from other work.
const MATCHES: usize = 2;

/// Followers that are answered at once: each takes a thread, and waits for the next commit most of the time.
const FOLLOWERS: usize = 16;

/// Descriptions of the data that are kept for the next request.
const DESCRIPTIONS: usize = 32;

/// Contexts that are only read with: terms in terms, which no document of ours is written by.
const DIALECT_CONTEXTS: &str = "registers-";

/// A state by [`Snapshot::identity`] and the graph described, if it is one.
type DescriptionKey = (u64, Option<String>);

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
    pub(super) follower_token: Option<AdminToken>,
    /// Those who follow the log, while they are answered.
    followers: Arc<Semaphore>,
    /// Raised when the server ends: nobody is to wait for what comes next any more.
    pub(super) is_ending: AtomicBool,
    collections: Arc<CollectionIndex>,
    /// Orders of earlier states asked for lately, oldest first, by [`Snapshot::identity`]. Apart from those of the
    /// newest state, which are carried on from commit to commit: ids of an earlier state may mean other terms.
    earlier_collections: Mutex<Vec<(u64, Arc<CollectionIndex>)>>,
    /// Names of streets and municipalities.
    matcher: Matcher,
    matches: Arc<Semaphore>,
    pub(super) context_store: ContextStore,
    /// Contexts by name, for writing.
    pub(super) contexts: FxHashMap<String, Arc<Context>>,
    /// Contexts for writing collections by the name of the register's: its own terms, then those of the envelope.
    collection_contexts: FxHashMap<String, Arc<Context>>,
    keys: KeptNames,
    /// What bodies of the dialect of the base registries hold.
    pub(super) dialect: Dialect,
    /// The queries that run and the last ones that ended.
    pub(super) ledger: Arc<Ledger>,
    /// Descriptions of the data made lately, oldest first, by [`Snapshot::identity`] and graph.
    descriptions: Mutex<Vec<(DescriptionKey, Arc<Vec<Triple>>)>>,
    turns: Arc<Turns>,
    /// Memory that all queries share.
    pub(super) pool: MemoryPool,
    /// Memory that all bodies share.
    pub(super) intake: Arc<Intake>,
    writes: Arc<Semaphore>,
    looks_back: Arc<Semaphore>,
    /// Answers of stored queries.
    pub(super) answers: Answers,
    /// What each client may still ask, where that is limited.
    pub(super) buckets: Option<Buckets>,
    /// Answers "not modified".
    pub(super) known_tags: KnownTags,
    /// The cases of the state asked last.
    pub(super) cases: KeptTable,
    /// What writes of items keep.
    pub(super) items: Kept,
    /// Who is told of changes.
    pub(super) subscriptions: Arc<Subscriptions>,
    /// Who listens to events.
    pub(super) listeners: Listeners,
    /// What sensors tell, from when somebody first asks; none where it is not kept.
    observations: OnceLock<Option<Arc<ObservationStore>>>,
    /// [`Snapshot::identity`] of the state asked last. What is counted once for a state is counted by its first query.
    warm: AtomicU64,
    /// The DCAT catalogue.
    pub(super) catalogue: KeptCatalogue,
    /// Descriptions of what this server offers.
    interface: OnceLock<Interface>,
    /// Event streams, from when somebody first asks; none when they cannot be kept.
    streams: OnceLock<Option<Streams>>,
    /// Views of them, likewise.
    feed_views: OnceLock<Views>,
    /// What their members are called as events, likewise.
    change_feed: OnceLock<ChangeFeed>,
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
        let dialect = Dialect::shipped(registry.base(), registry.registers());
        let dialect = dialect.unwrap_or_else(|error| {
            tracing::error!(%error, "The declarations of the dialect cannot be used");
            Dialect::default()
        });
        for (name, bytes) in ContextStore::shipped_files() {
            let name = name.trim_end_matches(".jsonld");
            if name.starts_with(DIALECT_CONTEXTS) {
                continue;
            }
            match std::str::from_utf8(bytes).map(Context::parse) {
                Ok(Ok(context)) => {
                    contexts.insert(name.to_owned(), Arc::new(context));
                }
                _ => tracing::error!(name, "A shipped context cannot be written with"),
            }
        }
        let envelope = Context::parse(super::collections::CONTEXT).unwrap_or_default();
        let collection_contexts =
            contexts
                .iter()
                .map(|(name, context): (&String, &Arc<Context>)| {
                    let both = (**context).clone().followed_by(&envelope);
                    (name.clone(), Arc::new(both))
                });
        let subscriptions = config.subscriptions.clone().unwrap_or_else(|| {
            let kept = Subscriptions::open(&registry).unwrap_or_else(|error| {
                tracing::error!(%error, "The subscriptions cannot be read");
                Subscriptions::default()
            });
            Arc::new(kept)
        });
        let observations = OnceLock::new();
        if let Some(open) = &config.observations {
            // Nobody else has this cell yet.
            let _ = observations.set(Some(Arc::clone(open)));
        }
        Self {
            inner: Arc::new(Inner {
                subscriptions,
                listeners: Listeners::default(),
                observations,
                collection_contexts: collection_contexts.collect(),
                keys: KeptNames::default(),
                token: config.admin_token.as_deref().and_then(AdminToken::new),
                follower_token: config.follower_token.as_deref().and_then(AdminToken::new),
                followers: Arc::new(Semaphore::new(FOLLOWERS)),
                is_ending: AtomicBool::new(false),
                context_store: ContextStore::shipped(registry.base()),
                collections: Arc::default(),
                earlier_collections: Mutex::default(),
                matcher: Matcher::default(),
                matches: Arc::new(Semaphore::new(MATCHES)),
                ledger: Arc::default(),
                descriptions: Mutex::default(),
                contexts,
                dialect,
                turns: Arc::new(Turns::new(&config)),
                pool: MemoryPool::new(config.max_total_query_memory_bytes),
                intake: Intake::new(config.max_total_body_bytes, config.body_timeout),
                writes: Arc::new(Semaphore::new(8)),
                warm: AtomicU64::new(0),
                buckets: config.rate_limit.map(Buckets::new),
                known_tags: KnownTags::default(),
                answers: Answers::new(config.max_kept_answers_bytes),
                items: Kept::default(),
                cases: KeptTable::default(),
                catalogue: KeptCatalogue::default(),
                interface: OnceLock::new(),
                streams: OnceLock::new(),
                feed_views: OnceLock::new(),
                change_feed: OnceLock::new(),
                looks_back: Arc::new(Semaphore::new(LOOKS_BACK)),
                process_nonce: u64::from(std::process::id())
                    ^ jiff::Timestamp::now().as_nanosecond() as u64,
                registry,
                config,
            }),
        }
    }

    /// The descriptions of what this server offers, made by whoever asks first. Not for threads that answer requests.
    pub(super) fn interface(&self) -> Result<&Interface, ApiError> {
        if let Some(known) = self.interface.get() {
            return Ok(known);
        }
        let made = Interface::describe(&Ingredients {
            base: self.registry.base(),
            registers: self.registry.registers(),
            context_of: &|register| self.contexts.get(&register.context).map(|c| &**c),
            dialect: &self.dialect,
            contact: &self.config.contact,
        })
        .map_err(ApiError::internal)?;
        Ok(self.interface.get_or_init(|| made))
    }

    /// The event streams; they are followed from the first time on. Not for threads that answer requests.
    pub(super) fn streams(&self) -> Result<&Streams, ApiError> {
        let made = self
            .streams
            .get_or_init(|| match Streams::start(&self.registry) {
                Ok(streams) => Some(streams),
                Err(error) => {
                    tracing::error!(%error, "The event streams cannot be kept");
                    None
                }
            });
        let missing = || ApiError::internal("the files of the event streams cannot be opened");
        made.as_ref().ok_or_else(missing)
    }

    /// Views of the event streams. Not for threads that answer requests.
    pub(super) fn feed_views(&self) -> Result<&Views, ApiError> {
        let streams = self.streams()?;
        Ok(self.feed_views.get_or_init(|| {
            let store = self.registry.store();
            let data = store.dir().filter(|_| !store.is_read_only());
            Views::new(self.registry.registers(), streams, data)
        }))
    }

    /// What sensors tell. Opens its folder the first time: not for threads that answer requests, unless
    /// [`Self::started_observations`] has it.
    ///
    /// # Errors
    /// 503 where there is none: the registry is in memory or follows another, or the folder cannot be opened.
    pub(super) fn observations(&self) -> Result<&Arc<ObservationStore>, ApiError> {
        let open = || {
            let store = self.registry.store();
            let is_ours = !store.is_read_only() && self.config.follow.is_none();
            let dir = store.dir().filter(|_| is_ours)?.join(OBSERVATIONS_DIR);
            match ObservationStore::open(&dir, ObservationOptions::default()) {
                Ok(open) => Some(Arc::new(open)),
                Err(error) => {
                    tracing::error!(%error, "The observations cannot be opened");
                    None
                }
            }
        };
        let opened = self.observations.get_or_init(open);
        opened.as_ref().ok_or_else(ApiError::no_observations)
    }

    /// What sensors tell when it was opened already; none inside when it cannot be.
    pub(super) fn started_observations(&self) -> Option<Option<&Arc<ObservationStore>>> {
        self.observations.get().map(Option::as_ref)
    }

    /// What makes events of the members of streams.
    pub(super) fn change_feed(&self) -> &ChangeFeed {
        self.change_feed
            .get_or_init(|| ChangeFeed::new(&self.registry))
    }

    /// The event streams when somebody asked for them already; none inside when they cannot be kept.
    pub(super) fn started_streams(&self) -> Option<Option<&Streams>> {
        self.streams.get().map(Option::as_ref)
    }

    /// A turn to run a query; waits a moment when all are taken.
    pub(super) async fn query_turn(&self) -> Result<Turn, ApiError> {
        self.turns.short().await
    }

    /// A turn for work that is known to take long; waits a moment when all are taken.
    pub(super) async fn long_turn(&self) -> Result<Turn, ApiError> {
        self.turns.long().await
    }

    /// Whether a state was asked before, and all that is made on first use is there.
    pub(super) fn is_warm(&self, snapshot: &Snapshot) -> bool {
        let of = snapshot.identity();
        self.warm.load(Ordering::Relaxed) == of || self.warm.swap(of, Ordering::Relaxed) == of
    }

    /// A turn to make an earlier state; waits longer, as those before may take a while.
    pub(super) async fn look_back_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.looks_back, self.config.query_timeout).await
    }

    /// A turn to wait for the writer; keeps writers from taking every thread.
    pub(super) async fn write_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.writes, self.config.queue_timeout).await
    }

    /// A turn to follow the log; waits a moment when all are taken.
    pub(super) async fn follow_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.followers, self.config.queue_timeout).await
    }

    /// A turn to match addresses; waits a moment when all are taken.
    pub(super) async fn match_turn(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.turn(&self.matches, self.config.queue_timeout).await
    }

    /// The names of streets and municipalities in the state shown.
    pub(super) fn address_names(&self, shown: &Shown) -> Arc<Index> {
        let is_newest = || shown.snapshot().is_same_as(&self.registry.snapshot());
        let is_newest = shown.is_now() || is_newest();
        self.matcher.index(&shown.view(), is_newest)
    }

    async fn turn(
        &self,
        turns: &Arc<Semaphore>,
        patience: Duration,
    ) -> Result<OwnedSemaphorePermit, ApiError> {
        match tokio::time::timeout(patience, Arc::clone(turns).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ApiError::busy()),
        }
    }

    /// The orders of collections in the state shown.
    pub(super) fn collections_of(&self, shown: &Shown) -> Arc<CollectionIndex> {
        let snapshot = shown.snapshot();
        let is_newest = || snapshot.is_same_as(&self.registry.snapshot());
        if shown.is_now() || is_newest() {
            return Arc::clone(&self.collections);
        }
        let known = self.earlier_collections.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        let of = snapshot.identity();
        if let Some((_, index)) = known.iter().find(|(known, _)| *known == of) {
            return Arc::clone(index);
        }
        if known.len() == EARLIER_COLLECTIONS {
            known.remove(0);
        }
        let index = Arc::new(CollectionIndex::default());
        known.push((of, Arc::clone(&index)));
        index
    }

    /// The description of the data of a state, or of one of its graphs: made once for each.
    pub(super) fn description(&self, view: &View, graph: Option<&str>) -> Option<Arc<Vec<Triple>>> {
        let key = (view.snapshot().identity(), graph.map(str::to_owned));
        let known = || {
            let known = self.descriptions.lock();
            known.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((_, found)) = known().iter().find(|(of, _)| *of == key) {
            return Some(Arc::clone(found));
        }
        let made = Arc::new(void::describe(view, self.registry.base(), graph)?);
        let mut known = known();
        if known.len() == DESCRIPTIONS {
            known.remove(0);
        }
        known.push((key, Arc::clone(&made)));
        Some(made)
    }

    /// The context of a register; an empty one when none is declared, so that full IRIs are written.
    pub(super) fn context_of(&self, register: Option<&Register>) -> Arc<Context> {
        let name = register.map_or("generiek", |register| register.context.as_str());
        self.contexts.get(name).cloned().unwrap_or_default()
    }

    /// The names of predicates and classes in documents of a register.
    pub(super) fn keys_of(&self, view: &View, register: Option<&Register>) -> Arc<Names> {
        let name = register.map_or("generiek", |register| register.context.as_str());
        self.keys.of(view, name, &self.context_of(register))
    }

    /// The names of predicates and classes in collections of a register.
    pub(super) fn collection_keys_of(&self, view: &View, register: &Register) -> Arc<Names> {
        let context = self.collection_contexts.get(&register.context);
        let context = context.cloned().unwrap_or_default();
        self.keys
            .of(view, &format!("{}/", register.context), &context)
    }

    /// What pages need to know, with the state shown when the reader asked for one. Pages are in Dutch, whatever the browser prefers: half a page in each language helps nobody.
    pub(super) fn site<'a>(
        &'a self,
        view: &'a View,
        earlier: Option<&'a EarlierState>,
    ) -> Site<'a> {
        Site {
            view,
            earlier,
            registers: self.registry.registers(),
            base: self.registry.base(),
            language: Language::Nl,
        }
    }
}

/// Runs work on the present state that is known to be small here and now: handing it to another thread costs more than the
/// work. Other work goes where it may take its time.
pub(super) async fn promptly<T: Send + 'static>(
    is_small: bool,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if is_small {
        work()
    } else {
        blocking(work).await
    }
}

/// Runs work that may take the processor for a while, away from the threads that answer requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let span = tracing::Span::current();
    // What the request brought stays in memory until the work ends, also when nobody waits for that any more.
    let account = intake::current();
    let work = move || {
        let _account = account;
        span.in_scope(work)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => Err(match failed.try_into_panic() {
            Ok(payload) => ApiError::of_panic(payload.as_ref()),
            Err(cancelled) => ApiError::internal(cancelled),
        }),
    }
}
