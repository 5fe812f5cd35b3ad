//! Places where a test can make writing fail: the process dies, the disk is full, a sync is refused.
//! For crash tests only: without debug assertions and without the feature `faults`, every function here is the plain
//! operation. Decides nothing about recovery.
//!
//! `OSLO_FAULT="log.append=kill@3;log.sync=fail@2"` arms two points: each names a point, what happens there, and at
//! which visit (1 when left out; counted for each point alone).
//!
//! - `kill`: the process aborts, before anything is written.
//! - `fail`: this visit ends in an input/output error; later ones succeed.
//! - `full`: half of the bytes are written and the disk is full; from then on it is full at every point that writes.
//! - `short`: half of the bytes are written, then the process aborts.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Passes a point that writes no bytes itself, such as a rename.
pub(crate) fn reach(point: &str) -> io::Result<()> {
    match armed::at(point) {
        Outcome::Pass => Ok(()),
        Outcome::Fail => Err(broken(point)),
        Outcome::Full => Err(no_space(point)),
        Outcome::Kill | Outcome::Short => std::process::abort(),
    }
}

/// Writes all bytes, passing a point on the way.
pub(crate) fn write_all(point: &str, out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    match armed::at(point) {
        Outcome::Pass if armed::is_full() => Err(no_space(point)),
        Outcome::Pass => out.write_all(bytes),
        Outcome::Fail => Err(broken(point)),
        Outcome::Full => {
            out.write_all(&bytes[..bytes.len() / 2])?;
            out.flush()?;
            Err(no_space(point))
        }
        Outcome::Short => {
            // What happens to the half does not matter: the process ends here.
            let _ = out.write_all(&bytes[..bytes.len() / 2]);
            let _ = out.flush();
            std::process::abort()
        }
        Outcome::Kill => std::process::abort(),
    }
}

/// Makes the bytes of a file durable, passing a point on the way.
pub(crate) fn sync(point: &str, file: &File) -> io::Result<()> {
    reach(point)?;
    file.sync_data()
}

/// Makes the names in a folder durable, passing a point on the way.
pub(crate) fn sync_dir(point: &str, folder: &Path) -> io::Result<()> {
    reach(point)?;
    File::open(folder)?.sync_all()
}

/// Renames a file, passing a point on the way. The new name is durable only after [`sync_dir`].
pub(crate) fn rename(point: &str, from: &Path, to: &Path) -> io::Result<()> {
    reach(point)?;
    std::fs::rename(from, to)
}

/// What happens at one visit of a point.
#[cfg_attr(
    not(any(debug_assertions, feature = "faults", test)),
    expect(dead_code, reason = "without faults every visit passes")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Pass,
    Kill,
    Fail,
    Full,
    Short,
}

fn broken(point: &str) -> io::Error {
    io::Error::other(format!("input/output error injected at {point}"))
}

fn no_space(point: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::StorageFull,
        format!("no space left on device, injected at {point}"),
    )
}

#[cfg(any(debug_assertions, feature = "faults", test))]
mod armed {
    use super::Outcome;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// Environment variable that arms points.
    const VARIABLE: &str = "OSLO_FAULT";

    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

    /// The armed points of a process or, in unit tests, of some threads.
    pub(super) struct Plan {
        points: Vec<Armed>,
        full: AtomicBool,
    }

    struct Armed {
        point: String,
        outcome: Outcome,
        /// The visit at which it happens, from 1.
        visit: u64,
        visits: AtomicU64,
    }

    impl Plan {
        /// Reads `point=action@visit;…`.
        pub(super) fn parse(text: &str) -> Result<Self, String> {
            let mut points = Vec::new();
            for part in text.split(';').filter(|part| !part.trim().is_empty()) {
                let bad = || format!("{part:?} is not point=kill|fail|full|short[@visit]");
                let (point, action) = part.trim().split_once('=').ok_or_else(bad)?;
                let (action, visit) = action.split_once('@').unwrap_or((action, "1"));
                let outcome = match action {
                    "kill" => Outcome::Kill,
                    "fail" => Outcome::Fail,
                    "full" => Outcome::Full,
                    "short" => Outcome::Short,
                    _ => return Err(bad()),
                };
                points.push(Armed {
                    point: point.to_owned(),
                    outcome,
                    visit: visit.parse().ok().filter(|n| *n > 0).ok_or_else(bad)?,
                    visits: AtomicU64::new(0),
                });
            }
            Ok(Self {
                points,
                full: AtomicBool::new(false),
            })
        }

        fn visit(&self, point: &str) -> Outcome {
            let mut outcome = Outcome::Pass;
            for armed in self.points.iter().filter(|armed| armed.point == point) {
                let visit = armed.visits.fetch_add(1, Ordering::Relaxed) + 1;
                if visit == armed.visit {
                    outcome = armed.outcome;
                }
            }
            if outcome == Outcome::Full {
                self.full.store(true, Ordering::Relaxed);
            }
            outcome
        }
    }

    fn process_plan() -> Option<&'static Plan> {
        PLAN.get_or_init(|| {
            let text = std::env::var(VARIABLE).ok()?;
            match Plan::parse(&text) {
                Ok(plan) => Some(plan),
                Err(reason) => {
                    // A crash test that silently injects nothing would pass for the wrong reason.
                    eprintln!("{VARIABLE}: {reason}");
                    std::process::exit(2);
                }
            }
        })
        .as_ref()
    }

    pub(super) fn at(point: &str) -> Outcome {
        #[cfg(test)]
        if let Some(plan) = super::scope::plan() {
            return plan.visit(point);
        }
        process_plan().map_or(Outcome::Pass, |plan| plan.visit(point))
    }

    pub(super) fn is_full() -> bool {
        #[cfg(test)]
        if let Some(plan) = super::scope::plan() {
            return plan.full.load(Ordering::Relaxed);
        }
        process_plan().is_some_and(|plan| plan.full.load(Ordering::Relaxed))
    }
}

#[cfg(not(any(debug_assertions, feature = "faults", test)))]
mod armed {
    use super::Outcome;

    #[inline(always)]
    pub(super) fn at(_point: &str) -> Outcome {
        Outcome::Pass
    }

    #[inline(always)]
    pub(super) fn is_full() -> bool {
        false
    }
}

/// The faults a thread is under, to hand to a thread it starts. Empty outside unit tests.
#[derive(Clone, Default)]
pub(crate) struct Inherited {
    #[cfg(test)]
    plan: Option<std::sync::Arc<armed::Plan>>,
}

/// The faults of this thread.
pub(crate) fn inherit() -> Inherited {
    Inherited {
        #[cfg(test)]
        plan: scope::plan(),
    }
}

impl Inherited {
    /// Puts this thread under the faults of the one that started it.
    pub(crate) fn adopt(self) {
        #[cfg(test)]
        scope::set(self.plan);
    }
}

/// Arms points for one test thread: tests run beside each other in one process, where a variable would reach all.
#[cfg(test)]
pub(crate) mod scope {
    use super::armed::Plan;
    use std::cell::RefCell;
    use std::sync::Arc;

    thread_local! {
        static SCOPED: RefCell<Option<Arc<Plan>>> = const { RefCell::new(None) };
    }

    pub(super) fn plan() -> Option<Arc<Plan>> {
        SCOPED.with_borrow(Clone::clone)
    }

    pub(super) fn set(plan: Option<Arc<Plan>>) {
        SCOPED.set(plan);
    }

    /// Runs `work` with the points armed as the variable would arm them.
    pub(crate) fn with_faults<T>(text: &str, work: impl FnOnce() -> T) -> T {
        struct Restore(Option<Arc<Plan>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                set(self.0.take());
            }
        }
        let armed = Plan::parse(text).expect("the test names its faults rightly");
        let _restore = Restore(plan());
        set(Some(Arc::new(armed)));
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::scope::with_faults;
    use super::*;

    #[test]
    fn a_fault_happens_at_its_visit_and_only_there() {
        with_faults("a=fail@2; b=fail", || {
            assert!(reach("a").is_ok());
            assert!(reach("c").is_ok());
            assert!(reach("a").is_err());
            assert!(reach("a").is_ok());
            assert!(reach("b").is_err());
        });
        assert!(reach("b").is_ok(), "faults end with their scope");
    }

    #[test]
    fn a_full_disk_stays_full_for_writes_at_every_point() {
        with_faults("a=full@2", || {
            let mut out = Vec::new();
            assert!(write_all("a", &mut out, b"1234").is_ok());
            let error = write_all("a", &mut out, b"5678").expect_err("full");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert_eq!(out, b"123456", "half of the write arrived");
            let error = write_all("b", &mut out, b"9").expect_err("still full");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert!(reach("b").is_ok(), "a full disk still renames");
        });
    }

    #[test]
    fn started_threads_can_be_put_under_the_same_faults() {
        with_faults("a=fail", || {
            let faults = inherit();
            let failed = std::thread::spawn(move || {
                faults.adopt();
                reach("a").is_err()
            });
            assert!(failed.join().expect("joins"));
        });
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_refused() {
        for text in ["a", "a=boom", "a=kill@0", "a=kill@x", "=;a"] {
            assert!(armed::Plan::parse(text).is_err(), "{text}");
        }
        assert!(armed::Plan::parse("").is_ok());
    }
}
