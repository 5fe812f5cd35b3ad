//! The thread that follows the store: from where the files end, by the log, up to now, and from then on commit by commit.

use super::kept::Kept;
use super::maker::{Made, Maker};
use super::reached::{Marker, Reached};
use super::{Progress, Shared, State, Stream, Streams, text};
use crate::feeds::Switches;
use crate::registry::{Register, Registry};
use crate::store::{AsOf, Follower, Heard, Id, Snapshot, Step, StoreError};
use crate::views::EmbedRules;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Folder of the streams in the data folder.
const FOLDER: &str = "feeds/streams";
/// How long the thread sleeps before it looks whether it is to end.
const TICK: Duration = Duration::from_millis(100);
/// How often files that changed are written through to the disk.
const SYNC: Duration = Duration::from_secs(5);
/// Changes when members are written otherwise.
const FORM: u64 = 1;

/// Opens what is kept and starts the thread.
pub(super) fn start(registry: &Arc<Registry>) -> io::Result<Streams> {
    let registers = registry.registers().iter();
    let registers: Vec<Register> = registers
        .filter(|register| register.access == "public")
        .cloned()
        .collect();
    let store = registry.store();
    let folder = match store.dir() {
        Some(dir) if !store.is_read_only() => Some(dir.join(FOLDER)),
        _ => None,
    };
    let made_by = made_by(registry, &registers);
    let (marker, kept) = match &folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            Marker::open(folder)?
        }
        None => (Marker::in_memory(), None),
    };
    let (now, follower) = store.follow();
    let found = kept.filter(|kept| kept.made_by == made_by);
    let is_ours = |kept: &Reached| {
        kept.seq == 0 || kept.seq <= now.seq() && digest_of(registry, kept.seq) == Some(kept.digest)
    };
    let resumed = found.filter(is_ours);
    // The log is another one: what was published of it must not be mistaken for what will be.
    let epoch = match (&resumed, &found) {
        (None, Some(other)) => other.epoch + 1,
        _ => kept.map_or(0, |kept| kept.epoch),
    };
    let switches = Switches::open(folder.as_ref().and_then(|_| store.dir()))?;
    // One that was off has to be made, and is made together with the others: what it says is the same as ever.
    let is_whole = registers.iter().all(|register| {
        let folder = folder.as_ref().map(|folder| folder.join(&register.name));
        switches.is_off(&register.name, None) || !folder.is_some_and(|f| Kept::was_removed(&f))
    });
    let resumed = resumed.filter(|_| is_whole);
    let mut streams = Vec::new();
    let mut made = Vec::new();
    for register in &registers {
        let kept = match &folder {
            Some(folder) => {
                let folder = folder.join(&register.name);
                if resumed.is_none() {
                    Kept::remove(&folder)?;
                }
                Kept::open(&folder, resumed.map_or(0, |reached| reached.seq))?
            }
            None => Kept::in_memory(),
        };
        if switches.is_off(&register.name, None) {
            kept.switch_off()?;
        }
        let kept = Arc::new(kept);
        let entry = text::entry_of(registry.base(), register);
        streams.push(Stream {
            register: register.name.clone(),
            entry: entry.clone(),
            kept: Arc::clone(&kept),
        });
        made.push(Made {
            entry,
            rules: EmbedRules::new(register.embed.clone()),
            kept,
        });
    }
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            progress: Progress::Building {
                at: 0,
                of: now.seq(),
            },
            generation: String::new(),
            is_damaged: false,
            is_switched: false,
            is_over: false,
        }),
        changed: Condvar::new(),
        switches,
    });
    let reached = resumed.unwrap_or(Reached {
        made_by,
        epoch,
        start: 0,
        seq: 0,
        digest: [0; 32],
    });
    let thread = Thread {
        registry: Arc::clone(registry),
        maker: Maker {
            registers,
            streams: made,
            names: None,
        },
        marker,
        reached,
        is_ready: false,
        is_new: resumed.is_none(),
        shared: Arc::clone(&shared),
        synced: None,
    };
    let thread = std::thread::Builder::new()
        .name("streams".to_owned())
        .spawn(move || {
            let shared = Arc::clone(&thread.shared);
            let run = std::panic::AssertUnwindSafe(|| thread.run(now, follower));
            if std::panic::catch_unwind(run).is_err() {
                let reason = "a defect in the program stopped them; the log has more".to_owned();
                shared.tell(Progress::Failed { reason });
            }
        })?;
    Ok(Streams {
        streams,
        shared,
        thread: Some(thread),
    })
}

/// Removes the members of a stream that nobody has open, and leaves a mark that they have to be made.
pub(in crate::feeds) fn remove_files(data: &std::path::Path, register: &str) -> io::Result<()> {
    let folder = data.join(FOLDER).join(register);
    if !folder.exists() {
        // Nothing was made of it.
        return Ok(());
    }
    Kept::open(&folder, 0)?.switch_off()
}

/// Equal for streams whose members are the same for the same log.
fn made_by(registry: &Registry, registers: &[Register]) -> u64 {
    let mut text = format!("{FORM}\n{}\n", registry.base());
    for register in registers {
        let parts = [&register.name, &register.class, &register.iri];
        text.extend(
            parts
                .into_iter()
                .chain(&register.embed)
                .flat_map(|part| [part.as_str(), "\n"]),
        );
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

fn digest_of(registry: &Registry, seq: u64) -> Option<[u8; 32]> {
    let commits = registry
        .store()
        .commits_between(seq.checked_sub(1)?, seq)
        .ok()?;
    crate::store::unhex(&commits.first()?.digest)
}

struct Thread {
    registry: Arc<Registry>,
    maker: Maker,
    marker: Marker,
    reached: Reached,
    /// Whether there are no members yet.
    is_new: bool,
    shared: Arc<Shared>,
    /// Whether all that there was at the start is there.
    is_ready: bool,
    /// When files were last written through; none when nothing changed since.
    synced: Option<Instant>,
}

/// Why the thread stops what it does.
enum Stop {
    /// It is to end.
    Over,
    /// Everything is to be made anew.
    Anew,
    Failed(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Thread {
    fn run(mut self, now: Snapshot, mut follower: Follower) {
        let mut now = now;
        loop {
            match self.follow(now, &mut follower) {
                Ok(()) | Err(Stop::Over) => return,
                Err(Stop::Anew) => {
                    tracing::warn!("The event streams are made anew");
                    if let Err(error) = self.forget() {
                        return self.fail(error.to_string());
                    }
                }
                Err(Stop::Failed(reason)) => return self.fail(reason),
            }
            now = self.registry.store().snapshot();
        }
    }

    fn fail(&self, reason: String) {
        tracing::error!(%reason, "The event streams stopped");
        self.shared.tell(Progress::Failed { reason });
    }

    /// Drops all members.
    fn forget(&mut self) -> io::Result<()> {
        for (register, stream) in self.maker.registers.iter().zip(&self.maker.streams) {
            stream.kept.clear()?;
            tracing::debug!(
                register = register.name,
                "Members of an event stream were dropped"
            );
        }
        self.reached = Reached {
            start: 0,
            seq: 0,
            digest: [0; 32],
            ..self.reached
        };
        (self.is_new, self.is_ready) = (true, false);
        self.shared.state().is_damaged = false;
        self.marker.write(self.reached)
    }

    /// Empties streams that were switched off; whether one was switched on.
    fn switch(&self) -> io::Result<bool> {
        if !std::mem::take(&mut self.shared.state().is_switched) {
            return Ok(false);
        }
        let mut is_on_again = false;
        for (register, stream) in self.maker.registers.iter().zip(&self.maker.streams) {
            let is_off = self.shared.switches.is_off(&register.name, None);
            if is_off && !stream.kept.is_off() {
                stream.kept.switch_off()?;
                tracing::info!(register = register.name, "An event stream was removed");
            } else if !is_off && stream.kept.is_off() {
                if !is_on_again {
                    let of = self.reached.seq;
                    self.shared.tell(Progress::Building { at: 0, of });
                }
                stream.kept.switch_on();
                is_on_again = true;
            }
        }
        Ok(is_on_again)
    }

    /// Brings the streams up to a state, and follows the store from there.
    fn follow(&mut self, now: Snapshot, follower: &mut Follower) -> Result<(), Stop> {
        let registry = Arc::clone(&self.registry);
        let store = registry.store();
        let from = if self.is_new {
            let from = store.start_of_walk(&now);
            self.reached.start = from.seq();
            self.reached.seq = from.seq();
            self.reached.digest = from.digest();
            from
        } else {
            match self.reached.seq {
                0 => store.start_of_walk(&now),
                seq => store.as_of(AsOf::Seq(seq)).map_err(|_| Stop::Anew)?,
            }
        };
        if self.reached.seq != from.seq() {
            return Err(Stop::Anew);
        }
        let generation = (self.reached.made_by ^ self.reached.start.rotate_left(32))
            .wrapping_add(self.reached.epoch.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.shared.state().generation = format!("{:08x}", generation >> 32);
        if self.is_new && from.seq() > 0 {
            self.maker.begin(&from, self.moment(from.seq()))?;
        }
        self.is_new = false;
        self.mark(&from)?;
        let mut at = self.walk(&from, &now)?;
        self.is_ready = true;
        self.shared.tell(Progress::Following { at: at.seq() });
        loop {
            let heard = follower.next(TICK);
            {
                let state = self.shared.state();
                if state.is_over {
                    drop(state);
                    self.sync()?;
                    return Err(Stop::Over);
                }
                if state.is_damaged {
                    return Err(Stop::Anew);
                }
            }
            if self.switch()? {
                return Err(Stop::Anew);
            }
            match heard {
                // Heard of before it was asked for.
                Heard::Step(step) if step.state.seq() <= at.seq() => continue,
                Heard::Step(step) if step.state.seq() == at.seq() + 1 => {
                    at = self.step(&at, step)?;
                }
                Heard::Step(Step { state, .. }) | Heard::Missed(state) => {
                    if state.seq() > at.seq() {
                        at = self.walk(&at, &state)?;
                    }
                }
                Heard::Nothing => self.sync_sometimes()?,
                Heard::Closed => {
                    self.sync()?;
                    return Ok(());
                }
            }
            self.shared.tell(Progress::Following { at: at.seq() });
        }
    }

    /// Adds the members of all commits between two states; the latter.
    fn walk(&mut self, from: &Snapshot, to: &Snapshot) -> Result<Snapshot, Stop> {
        let registry = Arc::clone(&self.registry);
        let mut stop = None;
        let walked = registry.store().walk(from, to, &mut |before, step| {
            let at = step.state.seq();
            if let Err(error) = self.step(before, step) {
                stop = Some(error);
                return ControlFlow::Break(());
            }
            let state = self.shared.state();
            if state.is_over {
                stop = Some(Stop::Over);
                return ControlFlow::Break(());
            }
            drop(state);
            self.shared.tell(if self.is_ready {
                Progress::Following { at }
            } else {
                Progress::Building { at, of: to.seq() }
            });
            ControlFlow::Continue(())
        });
        match (stop, walked) {
            (Some(stop), _) => Err(stop),
            (None, Ok(())) => Ok(to.clone()),
            (None, Err(StoreError::TooFarBack { .. } | StoreError::Compacted { .. })) => {
                Err(Stop::Anew)
            }
            (None, Err(error)) => Err(error.into()),
        }
    }

    /// Adds the members of one commit.
    fn step(&mut self, before: &Snapshot, step: Step) -> Result<Snapshot, Stop> {
        let moment = self.moment(step.state.seq());
        let subjects: &[Id] = &step.subjects;
        self.maker.follow(before, &step.state, subjects, moment)?;
        self.mark(&step.state)?;
        Ok(step.state)
    }

    fn moment(&self, seq: u64) -> i64 {
        let known = self.registry.store().moment_of(seq);
        known.unwrap_or_else(|| jiff::Timestamp::now().as_millisecond())
    }

    fn mark(&mut self, state: &Snapshot) -> io::Result<()> {
        self.reached.seq = state.seq();
        self.reached.digest = state.digest();
        self.synced.get_or_insert_with(Instant::now);
        self.marker.write(self.reached)
    }

    fn sync_sometimes(&mut self) -> io::Result<()> {
        match self.synced {
            Some(since) if since.elapsed() > SYNC => self.sync(),
            _ => Ok(()),
        }
    }

    /// Members first: the marker must not be ahead of them on the disk.
    fn sync(&mut self) -> io::Result<()> {
        if self.synced.take().is_some() {
            for stream in &self.maker.streams {
                stream.kept.sync()?;
            }
            self.marker.sync()?;
        }
        Ok(())
    }
}
