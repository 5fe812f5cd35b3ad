//! Who is told next: a few threads that take subscriptions in turn, each told in order by one thread at a time, and one that
//! wakes them when there is a commit. Slow or failing targets wait longer each time and keep nobody else waiting.

use super::body::{self, Body};
use super::delivery::{Courier, Label, Refusal, RefusalKind, failure};
use super::folder::DeadLetter;
use super::source::{Cursor, Event, EventSource, LogEvents, SourceError};
use super::subscription::{Handshake, Subscription};
use super::table::{Sent, Subscriptions, Table};
use crate::registry::Registry;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How to push.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// Hosts on our own network that may be told: `dienst.intern`, or with its port when that is not the usual one.
    pub allowed_hosts: Vec<String>,
    /// Targets that are told at once.
    pub parallel: usize,
    /// Wait after the first failure; doubled for each further one, with a random part.
    pub first_wait: Duration,
    /// Longest such wait.
    pub longest_wait: Duration,
    /// Time for one request.
    pub timeout: Duration,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            parallel: 8,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(300),
            timeout: Duration::from_secs(15),
        }
    }
}

/// Events that are made at once.
const MOST_EVENTS: usize = 2_000;
/// How long one subscription is told before others have their turn.
const TURN: Duration = Duration::from_secs(5);
/// How often a thread with nothing to do looks whether it is to end.
const LOOK: Duration = Duration::from_millis(250);

/// The threads; dropping it ends what is under way and waits for that.
pub struct Pushing {
    subscriptions: Arc<Subscriptions>,
    stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Pushing {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.subscriptions.table().is_stopped = true;
        self.subscriptions.wake();
        for thread in self.threads.drain(..) {
            // A panic there was logged, and ended no more than its thread.
            let _ = thread.join();
        }
    }
}

/// Begins to tell subscribers.
///
/// # Errors
/// When no thread can be had.
pub fn push(
    registry: &Arc<Registry>,
    subscriptions: &Arc<Subscriptions>,
    options: &PushOptions,
) -> io::Result<Pushing> {
    let source = Arc::new(LogEvents::new(Arc::clone(registry)));
    push_from(registry, subscriptions, source, options)
}

/// As [`push`], with events of somebody else's making.
fn push_from(
    registry: &Arc<Registry>,
    subscriptions: &Arc<Subscriptions>,
    source: Arc<dyn EventSource>,
    options: &PushOptions,
) -> io::Result<Pushing> {
    let stopped = Arc::new(AtomicBool::new(false));
    subscriptions.table().is_stopped = false;
    let mut pushing = Pushing {
        subscriptions: Arc::clone(subscriptions),
        stopped: Arc::clone(&stopped),
        threads: Vec::new(),
    };
    let worker = Arc::new(Worker {
        registry: Arc::clone(registry),
        subscriptions: Arc::clone(subscriptions),
        source,
        options: options.clone(),
        stopped,
    });
    for number in 0..options.parallel.max(1) {
        let worker = Arc::clone(&worker);
        let builder = thread::Builder::new().name(format!("oslo-push-{number}"));
        pushing.threads.push(builder.spawn(move || worker.work())?);
    }
    let builder = thread::Builder::new().name("oslo-push".to_owned());
    pushing.threads.push(builder.spawn(move || worker.watch())?);
    Ok(pushing)
}

struct Worker {
    registry: Arc<Registry>,
    subscriptions: Arc<Subscriptions>,
    source: Arc<dyn EventSource>,
    options: PushOptions,
    stopped: Arc<AtomicBool>,
}

/// A subscription whose turn it is.
struct Job {
    number: u64,
    subscription: Arc<Subscription>,
    courier: Arc<Courier>,
    cursor: Cursor,
    under_way: Option<Cursor>,
    is_welcome: bool,
    per_minute: Option<u32>,
    letter: Option<DeadLetter>,
}

/// How a turn ended.
enum End {
    /// Told everything there is, or its time was up.
    Done,
    /// To be told again not before this.
    At(Instant),
}

impl Worker {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Wakes the others when there is a commit.
    fn watch(&self) {
        let mut seen = self.registry.snapshot().seq();
        while !self.is_stopped() {
            let newest = self.registry.store().wait_for_commit(seen, LOOK);
            if newest > seen {
                seen = newest;
                self.subscriptions.wake();
            }
        }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            let name = &job.subscription.name;
            // A damaged part of the index ends reading by unwinding.
            let end = catch_unwind(AssertUnwindSafe(|| self.turn(&job)));
            let due = match end {
                Ok(End::Done) => Some(Instant::now()),
                Ok(End::At(due)) => Some(due),
                Err(_) => {
                    let refusal = Refusal {
                        kind: RefusalKind::ForNow,
                        failure: failure(
                            "webhook-internal",
                            "de gebeurtenissen konden niet gemaakt worden; het logboek van de server zegt waarom",
                            "the events could not be made; the log of the server says why",
                        ),
                        wait: None,
                    };
                    self.refused(&job, refusal, None)
                }
            };
            self.subscriptions
                .put_back(&self.registry, name, job.number, due);
        }
    }

    /// Waits for a subscription whose turn it is; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut table = self.subscriptions.table();
        loop {
            if table.is_stopped {
                return None;
            }
            let newest = self.registry.snapshot().seq();
            let (found, soonest) = choose(&mut table, newest, Instant::now());
            if let Some(name) = found
                && let Some(entry) = table.entries.get_mut(&name)
            {
                let courier = match &entry.courier {
                    Some(courier) => Arc::clone(courier),
                    None => {
                        let courier = Arc::new(Courier::new(
                            &entry.subscription,
                            entry.secret(),
                            self.registry.base(),
                            &self.options.allowed_hosts,
                            self.options.timeout,
                            &self.stopped,
                        ));
                        entry.courier = Some(Arc::clone(&courier));
                        courier
                    }
                };
                entry.is_busy = true;
                return Some(Job {
                    number: entry.number,
                    subscription: Arc::clone(&entry.subscription),
                    courier,
                    cursor: entry.progress.cursor,
                    under_way: entry.progress.under_way,
                    is_welcome: entry.progress.is_welcome,
                    per_minute: entry.progress.per_minute,
                    letter: entry.letter(),
                });
            }
            let patience = soonest.map_or(LOOK, |due| {
                due.saturating_duration_since(Instant::now()).min(LOOK)
            });
            table = self
                .subscriptions
                .wait(table, patience.max(Duration::from_millis(1)));
        }
    }

    fn turn(&self, job: &Job) -> End {
        let (name, number) = (&job.subscription.name, job.number);
        if !self.subscriptions.checked(&self.registry, name, number) {
            return End::Done;
        }
        if job.subscription.handshake == Handshake::Required && !job.is_welcome {
            return match job.courier.ask_leave() {
                Ok(per_minute) => {
                    self.subscriptions.welcomed(name, number, per_minute);
                    End::Done
                }
                Err(refusal) => self.ended(self.refused(job, refusal, None)),
            };
        }
        if let Some(letter) = &job.letter {
            return self.send_again(job, letter);
        }
        let until = Instant::now() + TURN;
        let mut cursor = job.cursor;
        while cursor.commit <= self.registry.snapshot().seq() && Instant::now() < until {
            let batch = self.source.after(&job.subscription, cursor, MOST_EVENTS);
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return self.without_events(job, error),
            };
            let mut rest = batch.events.as_slice();
            while !rest.is_empty() {
                match self.send(job, cursor, rest) {
                    Ok((to, count)) => {
                        cursor = to;
                        rest = &rest[count..];
                        if !self.subscriptions.delivered(name, number, to, count) {
                            return End::Done;
                        }
                    }
                    Err(due) => return self.ended(due),
                }
                if let Some(rate) = job.per_minute {
                    let gap = Duration::from_secs(60) / rate.max(1);
                    return End::At(Instant::now() + gap);
                }
                if Instant::now() >= until && !rest.is_empty() {
                    return End::Done;
                }
            }
            cursor = batch.next;
            if !self.subscriptions.delivered(name, number, cursor, 0) {
                return End::Done;
            }
        }
        End::Done
    }

    fn ended(&self, due: Option<Instant>) -> End {
        due.map_or(End::Done, End::At)
    }

    /// Sends the first of some events; where the cursor then stands and how many there were, or when to try again.
    fn send(
        &self,
        job: &Job,
        from: Cursor,
        events: &[Event],
    ) -> Result<(Cursor, usize), Option<Instant>> {
        // What was sent before and not acknowledged is sent again with the same events.
        let again = job.under_way.map_or(0, |to| {
            let same = events.iter().take_while(|event| event.after <= to);
            same.count()
        });
        let chosen = if again > 0 { &events[..again] } else { events };
        let body = body::write(&job.subscription, chosen);
        let Some(last) = events.get(body.events.max(1) - 1) else {
            return Ok((from, events.len()));
        };
        let (name, number) = (&job.subscription.name, job.number);
        let may_grow = body::most(&job.subscription) > 1 && job.under_way != Some(last.after);
        if may_grow && !self.subscriptions.announced(name, number, last.after) {
            return Err(None);
        }
        let label = label(&body, &events[0], last);
        match job.courier.deliver(&label, &body.bytes) {
            Ok(()) => Ok((last.after, body.events)),
            Err(refusal) => {
                let sent = Sent {
                    from,
                    to: last.after,
                    id: events[0].id.clone(),
                    events: body.events,
                };
                Err(self.refused(job, refusal, Some(sent)))
            }
        }
    }

    /// Sends what was put aside once more.
    fn send_again(&self, job: &Job, letter: &DeadLetter) -> End {
        let (name, number) = (&job.subscription.name, job.number);
        let batch = self
            .source
            .after(&job.subscription, letter.from, MOST_EVENTS);
        let mut events = match batch {
            Ok(batch) => batch.events,
            Err(error) => {
                let failure = failure(
                    "webhook-log-gone",
                    "wat opzij gezet is, is niet meer in het logboek",
                    "what was put aside is no longer in the log",
                );
                tracing::warn!(subscription = %name, %error, "Dead letters cannot be sent again");
                self.subscriptions.keep_letters(name, number, failure);
                return End::Done;
            }
        };
        events.retain(|event| event.after <= letter.to);
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let body = body::write(&job.subscription, rest);
            let count = body.events.max(1).min(rest.len());
            let label = label(&body, &rest[0], &rest[count - 1]);
            if let Err(refusal) = job.courier.deliver(&label, &body.bytes) {
                self.subscriptions
                    .keep_letters(name, number, refusal.failure);
                return End::Done;
            }
            rest = &rest[count..];
        }
        self.subscriptions.redelivered(name, number, events.len());
        End::Done
    }

    fn without_events(&self, job: &Job, error: SourceError) -> End {
        let (name, number) = (&job.subscription.name, job.number);
        match error {
            SourceError::Gone { first } => {
                let first = first.map_or_else(|| "–".to_owned(), |first| first.to_string());
                let at = job.cursor.commit;
                let failure = failure(
                    "webhook-log-gone",
                    format!(
                        "commit {at} is niet meer in het logboek; laat het abonnement verdergaan om met commit {first} te beginnen, en haal de toestand zelf op"
                    ),
                    format!(
                        "commit {at} is no longer in the log; have the subscription go on to begin with commit {first}, and fetch the state yourself"
                    ),
                );
                self.subscriptions.stuck(name, number, failure);
                End::Done
            }
            SourceError::Store(error) => {
                tracing::error!(subscription = %name, %error, "The log cannot be read for a subscription");
                let refusal = Refusal {
                    kind: RefusalKind::ForNow,
                    failure: failure(
                        "webhook-log",
                        "het logboek kan niet gelezen worden",
                        "the log cannot be read",
                    ),
                    wait: None,
                };
                self.ended(self.refused(job, refusal, None))
            }
        }
    }

    fn refused(&self, job: &Job, refusal: Refusal, sent: Option<Sent>) -> Option<Instant> {
        let name = &job.subscription.name;
        self.subscriptions
            .refused(name, job.number, refusal, sent, |attempts| {
                backoff(&self.options, attempts)
            })
    }
}

fn label<'a>(body: &Body, first: &'a Event, last: &'a Event) -> Label<'a> {
    Label {
        media_type: body.media_type,
        id: &first.id,
        last: (last.id != first.id).then_some(&last.id),
        commit: last.commit,
    }
}

/// Between half of the wait and all of it, so that many targets of one failing service are not tried together.
fn backoff(options: &PushOptions, attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(20);
    let full = options
        .first_wait
        .saturating_mul(1 << doublings)
        .min(options.longest_wait);
    let random = RandomState::new().build_hasher().finish() % 1_000;
    full.mul_f64(0.5 + random as f64 / 2_000.0)
}

/// The subscription that waits longest, and when the next one is due.
fn choose(table: &mut Table, newest: u64, now: Instant) -> (Option<String>, Option<Instant>) {
    let mut found: Option<(Instant, String)> = None;
    let mut soonest: Option<Instant> = None;
    for (name, entry) in &mut table.entries {
        if entry.is_busy {
            continue;
        }
        if !entry.has_work(newest) {
            entry.noticed = None;
            continue;
        }
        if entry.noticed.is_none() {
            entry.noticed = Some(now);
            let grace = Duration::from_millis(entry.subscription.grace_ms);
            entry.due = entry.due.max(now + grace);
        }
        if entry.due > now {
            soonest = Some(soonest.map_or(entry.due, |known| known.min(entry.due)));
        } else if found.as_ref().is_none_or(|(due, _)| entry.due < *due) {
            found = Some((entry.due, name.clone()));
        }
    }
    (found.map(|(_, name)| name), soonest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_bounded() {
        let options = PushOptions::default();
        let mut longest = Duration::ZERO;
        for attempts in 1..60 {
            let wait = backoff(&options, attempts);
            assert!(wait >= Duration::from_millis(500) && wait <= options.longest_wait);
            longest = longest.max(wait);
        }
        assert!(longest > Duration::from_secs(150));
        assert!(backoff(&options, 1) <= Duration::from_secs(1));
    }
}
