//! Kills a loading registry at random moments: every acknowledged commit must be there afterwards, whole, and nothing else.

use super::setting;
use crate::oslo::{oslo, output};
use oslo_registry::generate::{TownOptions, write_town};
use oslo_registry::store::{OpenOptions, Store};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

const FILES: usize = 10;
/// About 40,000 quads; `make crash` takes 200,000.
const ADDRESSES: u64 = 460;

/// The town in pieces, and the registry's dump after each number of pieces.
struct Pieces {
    paths: Vec<PathBuf>,
    lines: Vec<Vec<String>>,
}

impl Pieces {
    fn write(dir: &Path) -> Self {
        let mut town = Vec::new();
        let options = TownOptions {
            addresses: setting("OSLO_CRASH_ADDRESSES").unwrap_or(ADDRESSES),
            seed: 7,
            ..TownOptions::default()
        };
        write_town(&options, &mut town, &mut |_| Ok(())).expect("memory takes everything");
        let town = String::from_utf8(town).expect("N-Quads are UTF-8");
        let lines: Vec<String> = town.lines().map(ToOwned::to_owned).collect();
        let chunk = lines.len().div_ceil(FILES);
        let lines: Vec<Vec<String>> = lines.chunks(chunk).map(<[String]>::to_vec).collect();
        let paths = lines
            .iter()
            .enumerate()
            .map(|(number, lines)| {
                let path = dir.join(format!("{number:02}.nq"));
                fs::write(&path, lines.join("\n") + "\n").expect("write a piece");
                path
            })
            .collect();
        Self { paths, lines }
    }

    /// What `oslo export` must say when the first `count` pieces are in.
    fn dump(&self, count: usize) -> String {
        let mut lines: Vec<&str> = self.lines[..count]
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        lines.sort_unstable();
        lines.iter().flat_map(|line| [*line, "\n"]).collect()
    }

    fn load(&self, data: &Path) -> std::process::Command {
        let mut command = oslo(data);
        command
            .args(["load", "--on-violation", "off"])
            .args(&self.paths)
            .stdout(Stdio::piped());
        command
    }
}

/// Number of commits, and all quads as sorted lines.
fn read(data: &Path) -> (usize, String) {
    let options = OpenOptions {
        read_only: true,
        must_exist: true,
        ..OpenOptions::default()
    };
    let store = Store::open(data, options).expect("a killed registry opens");
    let view = store.snapshot().view();
    let mut lines: Vec<String> = view
        .quads(None, None, None, None)
        .map(|quad| {
            [quad.s, quad.p, quad.o, quad.g]
                .map(|id| view.text(id).into_owned())
                .join(" ")
                + " .\n"
        })
        .collect();
    lines.sort_unstable();
    let commits = store.commits(0).expect("the log can be read");
    (commits.len(), lines.concat())
}

/// Loads until killed after `delay`; returns how many commits were acknowledged.
fn load_and_kill(pieces: &Pieces, data: &Path, delay: Duration) -> usize {
    let mut child = pieces.load(data).spawn().expect("the binary runs");
    let out = child.stdout.take().expect("stdout is piped");
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        lines.filter(|line| line.starts_with("loaded\t")).count()
    });
    std::thread::sleep(delay);
    // On Unix this is SIGKILL: no destructor runs, nothing is flushed.
    let _ = child.kill();
    child.wait().expect("the killed process is gone");
    reader.join().expect("the reader ends with the pipe")
}

#[test]
fn a_killed_load_keeps_exactly_what_it_acknowledged() {
    let rounds = setting("OSLO_CRASH_LOADS").unwrap_or(5);
    let folder = tempfile::tempdir().expect("temporary folder");
    let pieces = Pieces::write(folder.path());
    let whole = folder.path().join("whole");
    let since = Instant::now();
    let done = pieces.load(&whole).output().expect("the binary runs");
    let full_ms = since.elapsed().as_millis() as u64;
    assert!(done.status.success());
    assert_eq!(output(&whole, ["export"]), pieces.dump(FILES));

    let mut seed: u64 = 20_260_101;
    let mut seen = [0_u32; FILES + 1];
    for round in 1..=rounds {
        // Knuth's multiplier; only the upper bits are used.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let delay = Duration::from_millis((seed >> 33) % (full_ms + full_ms / 20));
        let data = folder.path().join(format!("round-{round}"));
        let acknowledged = load_and_kill(&pieces, &data, delay);
        seen[acknowledged] += 1;

        if !data.join("log/000000000001.log").exists() {
            assert_eq!(acknowledged, 0, "round {round}: commits without a log");
            continue;
        }
        output(&data, ["check"]);
        let (durable, dump) = read(&data);
        // A commit can be durable though the line that says so was not printed yet.
        assert!(
            durable == acknowledged || durable == acknowledged + 1,
            "round {round}: {acknowledged} acknowledged, {durable} in the log"
        );
        assert!(
            dump == pieces.dump(durable),
            "round {round}: the dump differs"
        );

        if round % 4 == 0 {
            // A registry that was killed takes the rest as if nothing had happened.
            let rest = pieces.load(&data).output().expect("the binary runs");
            assert!(rest.status.success(), "round {round}: loading again fails");
            output(&data, ["check"]);
            assert!(
                read(&data).1 == pieces.dump(FILES),
                "round {round}: the rest is not all there"
            );
        }
        fs::remove_dir_all(&data).expect("remove the round's folder");
    }
    eprintln!(
        "{rounds} rounds; a full load takes {full_ms} ms; rounds by acknowledged commits: {seen:?}"
    );
}
