//! The life of one data folder: child after child commits in it and dies; after each the parent opens the folder and looks
//! whether it holds what was acknowledged, and nothing that was never to be committed.

use super::child::{Order, VARIABLE};
use super::damage;
use super::faults::{ARMED, Fault, Tally};
use super::format1;
use super::workload::{Model, Rng, Style, dump, open};
use oslo_registry::store::{AsOf, Health, OpenOptions, Store, StoreError, check};
use std::fs;
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Children of one folder.
pub(super) const ROUNDS: u64 = 10;
/// Commits a child may make.
const COMMITS: u64 = 14;
/// A child that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a child ends.
#[derive(Clone, Copy, Debug)]
enum End {
    ByItself,
    Fault(Fault),
    /// SIGKILL after so many microseconds.
    Killed(u64),
}

/// What a child said.
#[derive(Default)]
struct Heard {
    /// Number, digest and bytes of the log of each acknowledged commit.
    acknowledged: Vec<(u64, String, u64)>,
    opened: bool,
    ended: bool,
    /// What else it said.
    rest: Vec<String>,
    /// Commits up to which older ones were to be given up.
    given_up: u64,
}

pub(super) struct Life {
    style: Style,
    dir: PathBuf,
    model: Model,
    rng: Rng,
    /// Commits that must be there.
    durable: u64,
    /// Commits that were there when the folder was last looked at.
    seen: u64,
    /// States before this commit may be gone.
    given_up: u64,
    /// Whether the log ended in a tail that was not cut off.
    torn: bool,
    /// Chain digest of each commit seen so far, from the first on.
    digests: Vec<String>,
    pub(super) tally: Tally,
}

type Finding = Result<(), String>;

/// Fails with a sentence unless something holds.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Finding {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl Life {
    pub(super) fn new(seed: u64, folder: &Path) -> Self {
        let style = Style::of(seed);
        Self {
            style,
            dir: folder.join("data"),
            model: Model::new(style),
            rng: Rng::new(seed, 2 << 40),
            durable: 0,
            seen: 0,
            given_up: 0,
            torn: false,
            digests: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// Lets children live and die. `until` bounds the rounds of the whole run.
    ///
    /// # Errors
    /// A sentence that says what was wrong and how to see it again.
    pub(super) fn run(&mut self, folder: &Path, mut next: impl FnMut() -> bool) -> Finding {
        if self.style.old_commits > 0 {
            self.digests = format1::write(&self.dir, &mut self.model, self.style.old_commits);
            self.durable = self.style.old_commits;
            self.seen = self.durable;
            self.tally.count("format 1 adopted");
        }
        for round in 1..=ROUNDS {
            if !next() {
                break;
            }
            let end = self.draw_end();
            self.round(folder, round, end)
                .map_err(|wrong| format!("round {round}, {end:?}, {:?}: {wrong}", self.style))?;
        }
        Ok(())
    }

    fn draw_end(&mut self) -> End {
        match self.rng.below(100) {
            0..70 if ARMED => End::Fault(Fault::draw(&mut self.rng, self.torn)),
            0..95 => End::Killed(self.rng.below(60_000)),
            _ => End::ByItself,
        }
    }

    fn round(&mut self, folder: &Path, round: u64, end: End) -> Finding {
        let order = Order {
            dir: self.dir.clone(),
            seed: self.style.seed,
            round,
            last: self.durable + COMMITS,
        };
        let out = folder.join("out");
        let beside = self.rng.chance(30);
        let (status, read) = self.run_child(&order, end, &out, beside)?;
        if let Some(seq) = read {
            self.tally.count("read beside the writer");
            ensure((self.durable..=order.last).contains(&seq), || {
                format!("a reader saw {seq} commits")
            })?;
        }
        let text = fs::read_to_string(&out).map_err(|error| error.to_string())?;
        let told = fs::read_to_string(out.with_extension("err")).unwrap_or_default();
        let heard = Heard::of(&text);
        self.judge_end(end, status, &heard)
            .map_err(|wrong| format!("{wrong}\n{text}{told}"))?;
        let newest = heard.acknowledged.iter().map(|(seq, _, _)| *seq).max();
        if let Some(bytes) = heard.acknowledged.last().map(|(_, _, bytes)| *bytes)
            && self.style.writers == 1
            && matches!(end, End::Fault(fault) if fault.leaves_unsynced())
            && status.signal().is_some()
            && self.rng.chance(60)
        {
            self.lose_power(bytes).map_err(|error| error.to_string())?;
        }
        self.durable = self.durable.max(newest.unwrap_or(0));
        // Each writer may have been at one commit more.
        let refused = heard.rest.iter().any(|line| line.starts_with("refused"));
        let unsure = !heard.ended || refused;
        let at_most = self.durable.max(self.seen) + if unsure { self.style.writers } else { 0 };
        self.given_up = self.given_up.max(heard.given_up);
        for (seq, digest, _) in &heard.acknowledged {
            self.learn(*seq, digest)?;
        }
        // A reader leaves a torn tail where it is: the next child then dies, or not, while it cuts it off.
        let torn = matches!(end, End::Fault(fault) if fault.leaves_unsynced());
        let reading_only = self.rng.chance(if torn { 75 } else { 30 });
        let reading_only = reading_only && self.dir.join("lock").exists();
        let seq = self
            .look(reading_only, at_most)
            .map_err(|wrong| format!("{wrong}\n{text}"))?;
        if self.rng.chance(35) && seq > 0 {
            damage::trial(
                &self.dir,
                folder,
                &self.style,
                &mut self.model,
                &mut self.rng,
                seq,
            )
            .map(|what| self.tally.count(what))?;
        }
        Ok(())
    }

    fn learn(&mut self, seq: u64, digest: &str) -> Finding {
        let at = seq as usize - 1;
        if self.digests.len() <= at {
            self.digests.resize(at + 1, String::new());
        }
        let known = &mut self.digests[at];
        if known.is_empty() {
            digest.clone_into(known);
        }
        ensure(known == digest, || {
            format!("commit {seq} is another one than it was")
        })
    }

    /// Whether the child ended as it was to, and said what it should.
    fn judge_end(&mut self, end: End, status: ExitStatus, heard: &Heard) -> Finding {
        let injected = heard.rest.iter().any(|line| line.contains("injected at"));
        let unopened = heard.rest.iter().any(|line| line.starts_with("unopened"));
        match (end, status.signal(), status.code()) {
            (End::Fault(fault), Some(6), _) if fault.ends_the_process() => {
                self.tally
                    .count(format!("{}={}", fault.point, fault.action));
                return Ok(());
            }
            (End::Killed(_), Some(9), _) => {
                self.tally.count("killed at a random moment");
                return Ok(());
            }
            (_, None, Some(0)) => {}
            _ => return Err(format!("the child ended with {status}")),
        }
        if injected && let End::Fault(fault) = end {
            self.tally
                .count(format!("{}={}", fault.point, fault.action));
        } else {
            self.tally.count("ended by itself");
            ensure(heard.rest.is_empty(), || {
                "the child met an error out of nowhere".to_owned()
            })?;
        }
        ensure(heard.ended && (heard.opened || unopened), || {
            "the child did not finish".to_owned()
        })
    }

    /// Bytes that were written and not made durable may be lost, or be there in part. `durable` are the bytes of all log
    /// files that were made so.
    fn lose_power(&mut self, durable: u64) -> std::io::Result<()> {
        let files = damage::log_files(&self.dir)?;
        let Some(last) = files.last() else {
            return Ok(());
        };
        let mut before = 0;
        for file in &files[..files.len() - 1] {
            before += fs::metadata(file)?.len();
        }
        let length = fs::metadata(last)?.len();
        let kept = durable.saturating_sub(before).max(60);
        if length <= kept {
            return Ok(());
        }
        let file = fs::File::options().write(true).open(last)?;
        let at = self.rng.between(kept, length - 1);
        if self.rng.chance(50) {
            file.set_len(at)?;
            self.tally.count("power lost: bytes gone");
        } else {
            // What is new in a sector that never arrived reads as zeros.
            let from = (at / 512 * 512).max(kept);
            let until = (at / 512 + 1) * 512;
            let zeros = vec![0; (until.min(length) - from) as usize];
            file.write_all_at(&zeros, from)?;
            self.tally.count("power lost: sectors gone");
        }
        Ok(())
    }

    /// Opens the folder and compares it with the model. Gives the number of its last commit.
    fn look(&mut self, reading_only: bool, at_most: u64) -> Result<u64, String> {
        let manifest = self.dir.join("MANIFEST");
        let had_manifest = manifest.exists();
        if self.durable == 0 && !damage::has_log(&self.dir) {
            return Ok(0);
        }
        let options = OpenOptions {
            read_only: reading_only,
            ..self.style.options
        };
        let since = Instant::now();
        let store = open(&self.dir, options)
            .map_err(|error| format!("the folder does not open: {error} ({:?})", error))?;
        ensure(manifest.exists() == had_manifest || !had_manifest, || {
            "a sound index was thrown away".to_owned()
        })?;
        let seq = store.snapshot().seq();
        ensure((self.durable..=at_most).contains(&seq), || {
            format!(
                "{} commits were acknowledged, at most {at_most} made; {seq} are there",
                self.durable
            )
        })?;
        compare(&store, &mut self.model, seq)?;
        let commits = store.commits(0).map_err(|error| error.to_string())?;
        let base = store.first_state();
        ensure(base <= self.given_up, || {
            format!("commits up to {base} are gone")
        })?;
        let numbers = commits.iter().map(|commit| commit.seq);
        ensure(numbers.eq(base + 1..=seq), || {
            format!("{} commits listed", commits.len())
        })?;
        for commit in &commits {
            self.learn(commit.seq, &commit.digest)?;
        }
        for _ in 0..2 {
            let earlier = self.rng.between(base, seq);
            look_back(&store, &mut self.model, earlier)?;
        }
        ensure(store.health() == Health::default(), || {
            format!("{:?}", store.health())
        })?;
        self.torn = reading_only && store.recovered_bytes() > 0;
        drop(store);
        self.seen = seq;
        ensure(since.elapsed() < PATIENCE, || {
            "looking took too long".to_owned()
        })?;
        if !reading_only {
            self.durable = seq;
        }
        self.digests.truncate(self.durable as usize);
        if self.rng.chance(40) {
            let report = check(
                &self.dir,
                true,
                oslo_registry::query::derived(),
                &mut |_, _| {},
            )
            .map_err(|error| error.to_string())?;
            ensure(report.findings.is_empty(), || {
                format!("{:?}", report.findings)
            })?;
            ensure(
                report.commits == seq && report.quads == self.model.state(seq).len() as u64,
                || {
                    format!(
                        "check sees {} commits and {} quads",
                        report.commits, report.quads
                    )
                },
            )?;
            ensure(reading_only || report.torn_bytes == 0, || {
                "the tail was not cut off".to_owned()
            })?;
        }
        Ok(seq)
    }
}

/// Compares the newest state with the model.
pub(super) fn compare(store: &Store, model: &mut Model, seq: u64) -> Finding {
    let snapshot = store.snapshot();
    differ(&dump(&snapshot), model, seq)?;
    let quads = model.state(seq).len() as u64;
    ensure(snapshot.quad_count() == quads, || {
        format!(
            "{} quads are counted, {quads} are there",
            snapshot.quad_count()
        )
    })
}

/// Compares an earlier state with the model.
pub(super) fn look_back(store: &Store, model: &mut Model, seq: u64) -> Finding {
    let past = store
        .as_of(AsOf::Seq(seq))
        .map_err(|error| format!("as of {seq}: {error}"))?;
    differ(&dump(&past), model, seq).map_err(|wrong| format!("as of {seq}: {wrong}"))
}

fn differ(
    found: &std::collections::BTreeSet<std::sync::Arc<str>>,
    model: &mut Model,
    seq: u64,
) -> Finding {
    let wanted = model.state(seq);
    ensure(found == wanted, || {
        let more: Vec<_> = found.difference(wanted).take(3).collect();
        let less: Vec<_> = wanted.difference(found).take(3).collect();
        format!(
            "after commit {seq}: {} quads instead of {}; too many: {more:?}; missing: {less:?}",
            found.len(),
            wanted.len()
        )
    })
}

impl Heard {
    fn of(text: &str) -> Self {
        let mut heard = Self::default();
        // Lines of the test harness itself stand between; the last line may be cut off.
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let line = line.trim_end();
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["ack", seq, digest, bytes] => {
                    let number = |text: &str| text.parse().unwrap_or(0);
                    let ack = (number(seq), digest.to_owned(), number(bytes));
                    heard.acknowledged.push(ack);
                }
                ["retain", seq] => heard.given_up = heard.given_up.max(seq.parse().unwrap_or(0)),
                ["open"] => heard.opened = true,
                ["end"] => heard.ended = true,
                ["unopened" | "refused" | "stopped" | "chore", ..] => {
                    heard.rest.push(line.to_owned())
                }
                _ => {}
            }
        }
        heard
    }
}

impl Life {
    /// Runs a child to its end. With `beside`, a reader opens the folder meanwhile; gives how many commits it saw.
    fn run_child(
        &mut self,
        order: &Order,
        end: End,
        out: &Path,
        beside: bool,
    ) -> Result<(ExitStatus, Option<u64>), String> {
        let mut child = start(order, end, out)?;
        let mut read = None;
        if beside {
            std::thread::sleep(Duration::from_micros(self.rng.below(30_000)));
            // The child must not live on when this goes wrong.
            read = self.read_beside().inspect_err(|_| {
                let _ = child.kill();
                let _ = child.wait();
            })?;
        }
        let status = wait(&mut child, order, end, out)?;
        Ok((status, read))
    }

    /// Reads the folder without claiming it.
    fn read_beside(&mut self) -> Result<Option<u64>, String> {
        let options = OpenOptions {
            read_only: true,
            must_exist: true,
            ..self.style.options
        };
        let store = match Store::open(&self.dir, options) {
            Ok(store) => store,
            Err(StoreError::Missing { .. }) if self.durable == 0 => return Ok(None),
            Err(error) => return Err(format!("a reader beside the writer: {error} ({error:?})")),
        };
        let seq = store.snapshot().seq();
        compare(&store, &mut self.model, seq)
            .map_err(|wrong| format!("a reader beside the writer: {wrong}"))?;
        Ok(Some(seq))
    }
}

fn start(order: &Order, end: End, out: &Path) -> Result<Child, String> {
    let wrong = |error: std::io::Error| format!("the child cannot be run: {error}");
    let program = std::env::current_exe().map_err(wrong)?;
    let mut command = Command::new(program);
    command
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("crash::child::a_child_commits_until_it_dies")
        .env(VARIABLE, order.to_text())
        .env_remove("OSLO_FAULT")
        .stdin(Stdio::null())
        .stdout(fs::File::create(out).map_err(wrong)?)
        .stderr(fs::File::create(out.with_extension("err")).map_err(wrong)?);
    if let End::Fault(fault) = end {
        command.env("OSLO_FAULT", fault.to_text());
    }
    command.spawn().map_err(wrong)
}

/// Waits for the child's end, or brings it about.
fn wait(child: &mut Child, order: &Order, end: End, out: &Path) -> Result<ExitStatus, String> {
    let wrong = |error: std::io::Error| format!("the child cannot be run: {error}");
    if let End::Killed(micros) = end {
        wait_for_open(child, out).map_err(wrong)?;
        std::thread::sleep(Duration::from_micros(micros));
        // On Unix this is SIGKILL: no destructor runs, nothing is flushed.
        child.kill().map_err(wrong)?;
    }
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(wrong)? {
            return Ok(status);
        }
        if since.elapsed() > PATIENCE {
            child.kill().map_err(wrong)?;
            child.wait().map_err(wrong)?;
            return Err(format!("the child hangs; {}", order.to_text()));
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// Waits until the child is at work, or some milliseconds: dying while it opens the folder must be met as well.
fn wait_for_open(child: &mut Child, out: &Path) -> std::io::Result<()> {
    for _ in 0..40 {
        let bytes = fs::metadata(out)?.len();
        if bytes > 0 || child.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok(())
}
