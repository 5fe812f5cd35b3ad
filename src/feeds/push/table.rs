//! All subscriptions of a registry: what the administrator declares and changes, and what whoever delivers reports back. Keeps
//! the folder up to date. Delivers nothing itself.

use super::delivery::{Courier, Refusal, RefusalKind, failure};
use super::folder::{DeadLetter, Folder, MOST_DEAD, SubscriptionError};
use super::progress::{Failure, Progress, State};
use super::source::Cursor;
use super::subscription::{Invalid, NewSubscription, OnRefusal, Secret, Start, Subscription};
use crate::rdf::label::Text;
use crate::registry::Registry;
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most subscriptions of a registry.
pub const MAX_SUBSCRIPTIONS: usize = 100;
/// How often the cursor of a subscription that is being told is made durable. What was told since is told again after a
/// crash, with the same ids.
const SAVE: Duration = Duration::from_millis(200);

/// A subscription and how it is doing.
#[derive(Clone, Debug)]
pub struct SubscriptionStatus {
    /// What was declared.
    pub subscription: Arc<Subscription>,
    /// How far it is.
    pub progress: Progress,
    /// Bodies that were put aside.
    pub dead: Vec<DeadLetter>,
    /// Whether its bodies are signed.
    pub is_signed: bool,
    /// Commits that it was not told of yet.
    pub behind: u64,
    /// When it is tried again, when it failed.
    pub next_attempt: Option<Duration>,
}

impl SubscriptionStatus {
    /// The state as people see it: what fails too often waits, though it is tried again.
    pub fn state(&self) -> State {
        let too_often = self.progress.attempts >= self.subscription.attempts;
        match self.progress.state {
            State::Active if too_often => State::Waiting,
            state => state,
        }
    }
}

pub(super) struct Entry {
    pub(super) subscription: Arc<Subscription>,
    secret: Option<Secret>,
    lacks_secret: bool,
    pub(super) progress: Progress,
    dead: Vec<DeadLetter>,
    pub(super) courier: Option<Arc<Courier>>,
    /// Whether somebody is telling it.
    pub(super) is_busy: bool,
    /// When it is tried next.
    pub(super) due: Instant,
    /// Since when there is something to tell.
    pub(super) noticed: Option<Instant>,
    /// Whether the commit its cursor stands at was found in this log.
    pub(super) is_checked: bool,
    /// Differs between subscriptions of one name after each other.
    pub(super) number: u64,
    saved: Instant,
    is_dirty: bool,
}

impl Entry {
    fn new(number: u64, subscription: Subscription, secret: Option<Secret>) -> Self {
        let now = Instant::now();
        Self {
            subscription: Arc::new(subscription),
            secret,
            lacks_secret: false,
            progress: Progress::default(),
            dead: Vec::new(),
            courier: None,
            is_busy: false,
            due: now,
            noticed: None,
            is_checked: false,
            number,
            saved: now,
            is_dirty: false,
        }
    }

    fn status(&self, newest: u64) -> SubscriptionStatus {
        let wait = self.due.saturating_duration_since(Instant::now());
        let fails = self.progress.attempts > 0 && self.progress.state == State::Active;
        SubscriptionStatus {
            subscription: Arc::clone(&self.subscription),
            progress: self.progress.clone(),
            dead: self.dead.clone(),
            is_signed: self.secret.is_some(),
            behind: (newest + 1).saturating_sub(self.progress.cursor.commit),
            next_attempt: fails.then_some(wait),
        }
    }

    /// Whether there is something to do for it.
    pub(super) fn has_work(&self, newest: u64) -> bool {
        let asks = self.subscription.handshake == super::Handshake::Required;
        self.progress.state == State::Active
            && (self.progress.cursor.commit <= newest
                || asks && !self.progress.is_welcome
                || self.progress.resend && !self.dead.is_empty())
    }

    /// The dead letter that is to be sent again.
    pub(super) fn letter(&self) -> Option<DeadLetter> {
        let letter = self.dead.first().filter(|_| self.progress.resend);
        letter.cloned()
    }

    pub(super) fn secret(&self) -> Option<Secret> {
        self.secret.clone()
    }
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) is_stopped: bool,
    next_number: u64,
}

/// The subscriptions of a registry. Share it as `Arc<Subscriptions>`. By default there are none, and none can be added.
#[derive(Default)]
pub struct Subscriptions {
    folder: Option<Folder>,
    is_writable: bool,
    table: Mutex<Table>,
    changed: Condvar,
}

/// A body, for whoever reports what became of it.
pub(super) struct Sent {
    pub(super) from: Cursor,
    pub(super) to: Cursor,
    pub(super) id: String,
    pub(super) events: usize,
}

impl Subscriptions {
    /// The subscriptions that are kept with a registry.
    ///
    /// # Errors
    /// When their folder cannot be read; one that cannot be read is left out.
    pub fn open(registry: &Registry) -> Result<Self, StoreError> {
        let store = registry.store();
        let folder = store.dir().map(Folder::of);
        let mut table = Table::default();
        for kept in folder.as_ref().map_or(Ok(Vec::new()), Folder::read)? {
            let number = table.number();
            let name = kept.subscription.name.clone();
            let entry = Entry {
                lacks_secret: kept.lacks_secret,
                progress: kept.progress,
                dead: kept.dead,
                ..Entry::new(number, kept.subscription, kept.secret)
            };
            table.entries.insert(name, entry);
        }
        Ok(Self {
            is_writable: folder.is_some() && !store.is_read_only(),
            folder,
            table: Mutex::new(table),
            changed: Condvar::new(),
        })
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever waits looks again.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    pub(super) fn wait<'a>(
        &self,
        table: MutexGuard<'a, Table>,
        patience: Duration,
    ) -> MutexGuard<'a, Table> {
        let waited = self.changed.wait_timeout(table, patience);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// All subscriptions, sorted by name; `newest` is the last commit of the registry.
    pub fn all(&self, newest: u64) -> Vec<SubscriptionStatus> {
        let table = self.table();
        table.entries.values().map(|e| e.status(newest)).collect()
    }

    /// The subscription with a name.
    pub fn one(&self, name: &str, newest: u64) -> Option<SubscriptionStatus> {
        Some(self.table().entries.get(name)?.status(newest))
    }

    fn writable(&self) -> Result<&Folder, SubscriptionError> {
        let folder = self.folder.as_ref().filter(|_| self.is_writable);
        folder.ok_or(SubscriptionError::NoFolder)
    }

    /// Takes a new subscription.
    ///
    /// # Errors
    /// What is wrong with it, or why it cannot be kept.
    pub fn add(
        &self,
        registry: &Registry,
        new: NewSubscription,
    ) -> Result<SubscriptionStatus, SubscriptionError> {
        let folder = self.writable()?;
        let NewSubscription {
            subscription,
            secret,
            start,
        } = new;
        subscription.check().map_err(SubscriptionError::Invalid)?;
        let mut registers = subscription.registers.iter();
        if let Some(unknown) = registers.find(|name| registry.register(name).is_none()) {
            return Err(SubscriptionError::Invalid(Invalid {
                field: "registers",
                text: Text::new(
                    format!("er is geen register {unknown}"),
                    format!("there is no register {unknown}"),
                ),
            }));
        }
        let newest = registry.snapshot().seq();
        let first = registry.store().commits_with_rows().map(|(first, _)| first);
        let first = first.unwrap_or(newest + 1);
        let cursor = Cursor::before(match start {
            Start::Now => newest + 1,
            Start::Beginning => first,
            Start::After(commit) => commit.saturating_add(1),
        });
        if cursor.commit > newest + 1 || cursor.commit < first {
            return Err(SubscriptionError::Invalid(Invalid {
                field: "vanaf",
                text: Text::new(
                    format!("het logboek heeft commits {first} tot {newest}"),
                    format!("the log has commits {first} to {newest}"),
                ),
            }));
        }
        let mut table = self.table();
        if table.entries.contains_key(&subscription.name) {
            return Err(SubscriptionError::Exists);
        }
        if table.entries.len() >= MAX_SUBSCRIPTIONS {
            return Err(SubscriptionError::TooMany);
        }
        let number = table.number();
        let mut entry = Entry::new(number, subscription, secret);
        entry.progress.cursor = cursor;
        entry.progress.digest = digest_before(registry, cursor);
        folder.create(&entry.subscription, entry.secret.as_ref(), &entry.progress)?;
        let status = entry.status(newest);
        table.entries.insert(entry.subscription.name.clone(), entry);
        drop(table);
        self.wake();
        Ok(status)
    }

    /// Ends a subscription and forgets it.
    ///
    /// # Errors
    /// When there is none, or its files cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), SubscriptionError> {
        let folder = self.writable()?;
        let mut table = self.table();
        if !table.entries.contains_key(name) {
            return Err(SubscriptionError::Unknown);
        }
        folder.remove(name)?;
        table.entries.remove(name);
        Ok(())
    }

    /// Holds a subscription back; its cursor stays where it is.
    ///
    /// # Errors
    /// When there is none, or this cannot be kept.
    pub fn pause(&self, name: &str) -> Result<(), SubscriptionError> {
        self.change(name, |entry| entry.progress.state = State::Paused)
    }

    /// Has a subscription go on where it is, whatever held it back, and sends its dead letters again. One whose commits are
    /// no longer in the log goes on with the first that is.
    ///
    /// # Errors
    /// When there is none, or this cannot be kept.
    pub fn resume(&self, registry: &Registry, name: &str) -> Result<(), SubscriptionError> {
        let newest = registry.snapshot().seq();
        let first = registry.store().commits_with_rows().map(|(first, _)| first);
        self.change(name, |entry| {
            let progress = &mut entry.progress;
            progress.state = State::Active;
            progress.attempts = 0;
            progress.resend = !entry.dead.is_empty();
            let code = progress
                .failure
                .as_ref()
                .map(|failure| failure.code.as_str());
            let moved = match code {
                Some("webhook-log-gone") => Some(first.unwrap_or(newest + 1)),
                Some("webhook-other-log") => Some(newest + 1),
                _ => None,
            };
            if let Some(commit) = moved {
                progress.cursor = Cursor::before(commit);
                progress.under_way = None;
                progress.digest = digest_before(registry, progress.cursor);
                progress.failure = None;
            }
            entry.due = Instant::now();
        })?;
        self.wake();
        Ok(())
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Entry)) -> Result<(), SubscriptionError> {
        let folder = self.writable()?;
        let mut table = self.table();
        let entry = table.entries.get_mut(name);
        let entry = entry.ok_or(SubscriptionError::Unknown)?;
        change(entry);
        Ok(folder.write_progress(name, &entry.progress)?)
    }

    /// Reports on a subscription that is being told; whether it still is to be.
    fn report(&self, name: &str, number: u64, report: impl FnOnce(&mut Entry)) -> bool {
        let mut table = self.table();
        let is_stopped = table.is_stopped;
        let entry = table.entries.get_mut(name);
        let Some(entry) = entry.filter(|entry| entry.number == number) else {
            return false;
        };
        report(entry);
        entry.is_dirty = true;
        if entry.saved.elapsed() >= SAVE {
            self.save(entry);
        }
        !is_stopped && entry.progress.state == State::Active
    }

    fn save(&self, entry: &mut Entry) {
        let Some(folder) = self.folder.as_ref() else {
            return;
        };
        let name = &entry.subscription.name;
        match folder.write_progress(name, &entry.progress) {
            Ok(()) => entry.is_dirty = false,
            // It is told again what it was told since the last time, and recognises that.
            Err(error) => {
                tracing::error!(subscription = %name, %error, "How far a subscription is cannot be kept");
            }
        }
        entry.saved = Instant::now();
    }

    /// Nobody tells it any more; it may be told again from `due` on.
    pub(super) fn put_back(
        &self,
        registry: &Registry,
        name: &str,
        number: u64,
        due: Option<Instant>,
    ) {
        let cursor = {
            let table = self.table();
            let entry = table.entries.get(name);
            entry.map(|entry| entry.progress.cursor)
        };
        let digest = cursor.map(|cursor| digest_before(registry, cursor));
        let mut table = self.table();
        let entry = table.entries.get_mut(name);
        if let Some(entry) = entry.filter(|entry| entry.number == number) {
            entry.is_busy = false;
            if let Some(due) = due {
                entry.due = due;
            }
            if let Some(digest) = digest.filter(|digest| *digest != entry.progress.digest) {
                entry.progress.digest = digest;
                entry.is_dirty = true;
            }
            if entry.is_dirty {
                self.save(entry);
            }
        }
        drop(table);
        self.wake();
    }

    /// The target said that it wants to be told.
    pub(super) fn welcomed(&self, name: &str, number: u64, per_minute: Option<u32>) -> bool {
        self.report(name, number, |entry| {
            entry.progress.is_welcome = true;
            entry.progress.per_minute = per_minute;
            entry.progress.attempts = 0;
            entry.progress.failure = None;
        })
    }

    /// A body that could hold several events is about to be sent: which ones is kept first, so that it holds the same ones when it has to be
    /// sent again. Whether the subscription is still to be told.
    pub(super) fn announced(&self, name: &str, number: u64, to: Cursor) -> bool {
        let mut table = self.table();
        let entry = table.entries.get_mut(name);
        let Some(entry) = entry.filter(|entry| entry.number == number) else {
            return false;
        };
        entry.progress.under_way = Some(to);
        self.save(entry);
        entry.progress.state == State::Active
    }

    /// A body was delivered, or there was nothing that it is about.
    pub(super) fn delivered(&self, name: &str, number: u64, to: Cursor, events: usize) -> bool {
        self.report(name, number, |entry| {
            let progress = &mut entry.progress;
            progress.cursor = progress.cursor.max(to);
            progress.under_way = None;
            if events > 0 {
                progress.delivered += events as u64;
                progress.attempts = 0;
                progress.failure = None;
                progress.last_success = Some(jiff::Timestamp::now().to_string());
            }
        })
    }

    /// A dead letter was delivered after all.
    pub(super) fn redelivered(&self, name: &str, number: u64, events: usize) -> bool {
        let folder = self.folder.clone();
        self.report(name, number, |entry| {
            entry.progress.delivered += events as u64;
            entry.progress.last_success = Some(jiff::Timestamp::now().to_string());
            if !entry.dead.is_empty() {
                entry.dead.remove(0);
            }
            entry.progress.resend = !entry.dead.is_empty();
            if let Some(folder) = &folder
                && let Err(error) = folder.write_dead(name, &entry.dead)
            {
                tracing::error!(subscription = %name, %error, "The dead letters cannot be kept");
            }
        })
    }

    /// An attempt failed. `sent` is what it was about, when that is to be put aside if it is refused; `wait` the usual time
    /// before the next attempt. When it is tried again.
    pub(super) fn refused(
        &self,
        name: &str,
        number: u64,
        refusal: Refusal,
        sent: Option<Sent>,
        wait: impl FnOnce(u32) -> Duration,
    ) -> Option<Instant> {
        let folder = self.folder.clone();
        let mut due = None;
        self.report(name, number, |entry| {
            let progress = &mut entry.progress;
            if refusal.kind == RefusalKind::Stopped {
                return;
            }
            progress.failed += 1;
            progress.attempts = progress.attempts.saturating_add(1);
            let Failure { code, en, .. } = &refusal.failure;
            tracing::debug!(subscription = %name, code, reason = %en, attempts = progress.attempts, "A subscriber was not told");
            progress.failure = Some(refusal.failure.clone());
            let is_final = match refusal.kind {
                RefusalKind::Gone => {
                    progress.state = State::Ended;
                    return;
                }
                RefusalKind::ForGood => true,
                _ => progress.attempts >= entry.subscription.attempts,
            };
            let skips = entry.subscription.on_refusal == OnRefusal::Skip;
            if is_final && skips && entry.dead.len() < MOST_DEAD
                && let Some(sent) = sent
            {
                entry.dead.push(DeadLetter {
                    from: sent.from,
                    to: sent.to,
                    id: sent.id,
                    events: sent.events,
                    failure: refusal.failure,
                });
                // First the letter, then the cursor: between the two it is known twice, never not at all.
                let kept = folder.as_ref().map(|folder| folder.write_dead(name, &entry.dead));
                match kept {
                    Some(Err(error)) => {
                        tracing::error!(subscription = %name, %error, "A dead letter cannot be kept");
                        entry.dead.pop();
                        progress.state = State::Waiting;
                    }
                    _ => {
                        progress.cursor = sent.to;
                        progress.under_way = None;
                        progress.attempts = 0;
                        due = Some(Instant::now());
                    }
                }
                return;
            }
            if refusal.kind == RefusalKind::ForGood {
                tracing::warn!(subscription = %name, code, reason = %en, "A subscription waits");
                progress.state = State::Waiting;
                return;
            }
            let wait = wait(progress.attempts).max(refusal.wait.unwrap_or_default());
            due = Some(Instant::now() + wait.min(MOST_ASKED));
        });
        due
    }

    /// It cannot go on by itself.
    pub(super) fn stuck(&self, name: &str, number: u64, failure: Failure) {
        self.report(name, number, |entry| {
            tracing::warn!(subscription = %name, code = failure.code, "A subscription waits");
            entry.progress.state = State::Waiting;
            entry.progress.failure = Some(failure);
        });
    }

    /// The dead letters are left for another time.
    pub(super) fn keep_letters(&self, name: &str, number: u64, failure: Failure) {
        self.report(name, number, |entry| {
            entry.progress.resend = false;
            entry.progress.failure = Some(failure);
        });
    }

    /// Whether a subscription may be told at all, looked at once.
    pub(super) fn checked(&self, registry: &Registry, name: &str, number: u64) -> bool {
        let (is_checked, lacks_secret, cursor, digest) = {
            let table = self.table();
            let entry = table.entries.get(name);
            let Some(entry) = entry.filter(|entry| entry.number == number) else {
                return false;
            };
            let progress = &entry.progress;
            let digest = progress.digest.clone();
            (
                entry.is_checked,
                entry.lacks_secret,
                progress.cursor,
                digest,
            )
        };
        if is_checked {
            return true;
        }
        if lacks_secret {
            let failure = failure(
                "webhook-no-secret",
                "het geheim ontbreekt, en zonder wordt niets verstuurd; verwijder het abonnement en maak het opnieuw, vanaf de commit waar het staat",
                "the secret is missing, and without it nothing is sent; remove the subscription and make it anew, from the commit it is at",
            );
            self.stuck(name, number, failure);
            return false;
        }
        let before = cursor.commit.saturating_sub(1);
        if before > 0 && !digest.is_empty() && !registry.knows_commit(before, &digest) {
            let failure = failure(
                "webhook-other-log",
                format!(
                    "commit {before}, waar dit abonnement was, is niet in dit logboek, bijvoorbeeld na het terugzetten van een back-up; laat het verdergaan om te beginnen met wat nu komt, of maak het opnieuw"
                ),
                format!(
                    "commit {before}, where this subscription was, is not in this log, as after a backup was put back; have it go on to begin with what comes now, or make it anew"
                ),
            );
            self.stuck(name, number, failure);
            return false;
        }
        self.report(name, number, |entry| entry.is_checked = true)
    }
}

/// The longest wait that a target may ask for.
const MOST_ASKED: Duration = Duration::from_secs(3_600);

impl Table {
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

/// Chain digest of the commit before a cursor; empty when there is none, or when it is no longer known.
fn digest_before(registry: &Registry, cursor: Cursor) -> String {
    let Some(before) = cursor.commit.checked_sub(1).filter(|seq| *seq > 0) else {
        return String::new();
    };
    let infos = registry.store().commits_between(before - 1, before);
    let info = infos.ok().and_then(|infos| infos.into_iter().last());
    info.filter(|info| info.seq == before)
        .map(|info| info.digest)
        .unwrap_or_default()
}
