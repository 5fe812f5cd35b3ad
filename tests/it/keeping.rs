//! Keeping a registry, through the binary: backup, restore, rebuild, deep check, giving up commits, looking back.

use super::oslo::{oslo, output, run, stderr, stdout};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

/// Files `00.nq`, `01.nq`, … of 200 quads each in three graphs.
fn pieces(dir: &Path, count: usize) -> Vec<String> {
    (0..count)
        .map(|piece| {
            let mut text = String::new();
            for n in 0..200 {
                text.push_str(&format!(
                    "<urn:s:{piece}:{n}> <urn:p:{}> \"waarde {piece} van {n}, {}\" <urn:g:{}> .\n",
                    n % 5,
                    "met wat tekst ".repeat(n % 4),
                    n % 3
                ));
            }
            let path = dir.join(format!("{piece:02}.nq"));
            fs::write(&path, text).expect("write a piece");
            path.display().to_string()
        })
        .collect()
}

fn load(data: &Path, files: &[String]) {
    let done = oslo(data)
        .args(["load", "--on-violation", "off"])
        .args(files)
        .output()
        .expect("the binary runs");
    assert!(done.status.success(), "{}", stderr(&done));
}

/// A registry of `count` commits whose index lies in files.
fn registry(folder: &Path, count: usize) -> PathBuf {
    let data = folder.join("data");
    load(&data, &pieces(folder, count));
    output(&data, ["compact"]);
    data
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of a test")
}

/// The value of a line `name\tvalue`.
fn value(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
        .to_owned()
}

/// Runs what must fail with exit code 2 and says why.
fn refused<const N: usize>(data: &Path, arguments: [&str; N]) -> String {
    let done = run(data, arguments);
    assert_eq!(
        done.status.code(),
        Some(2),
        "{arguments:?}: {}",
        stdout(&done)
    );
    stderr(&done)
}

/// Every file below a folder with its bytes.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).expect("a file");
            found.insert(path, bytes);
        }
    }
    found
}

#[test]
fn backups_beside_a_loading_process_are_whole() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let files = pieces(folder.path(), 40);
    let mut child = oslo(&data)
        .args(["load", "--on-violation", "off"])
        .args(&files)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut acknowledged = 0_u64;
    let mut copies = 0;
    while let Some(Ok(line)) = lines.next() {
        assert!(line.starts_with("loaded\t"), "{line}");
        acknowledged += 1;
        if acknowledged % 10 != 3 {
            continue;
        }
        copies += 1;
        let copy = folder.path().join(format!("copies/{copies}"));
        let mut backup = oslo(&data);
        backup.arg("backup").arg(&copy);
        if copies % 2 == 0 {
            backup.arg("--copy");
        }
        let done = backup.output().expect("the binary runs");
        assert!(done.status.success(), "{}", stderr(&done));
        let commit: u64 = value(&stdout(&done), "commit").parse().expect("a number");
        assert!(commit >= acknowledged, "{commit} of {acknowledged}");
        let checked = output(&copy, ["check", "--deep"]);
        assert_eq!(value(&checked, "commits"), commit.to_string());
        assert_eq!(value(&checked, "quads"), (commit * 200).to_string());
    }
    assert!(child.wait().expect("ends").success());
    assert_eq!(copies, 4);
    // A backup takes commits of its own, and the registry does not notice.
    let copy = folder.path().join("copies/1");
    output(&copy, ["update", "INSERT DATA { <urn:a> <urn:b> 1 }"]);
    output(&copy, ["compact"]);
    output(&copy, ["check", "--deep"]);
    let checked = output(&data, ["check", "--deep"]);
    assert_eq!(value(&checked, "commits"), "40");
}

#[test]
fn a_restored_registry_is_the_one_that_was_saved_or_any_before_it() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 3);
    let third = output(&data, ["export"]);
    let chain = value(&output(&data, ["check"]), "chain");
    let backup = folder.path().join("backup");
    let report = output(&data, ["backup", text(&backup)]);
    assert_eq!(value(&report, "chain"), chain);
    assert_eq!(value(&report, "quads"), "600");
    output(
        &data,
        ["update", "DELETE WHERE { GRAPH <urn:g:1> { ?s ?p ?o } }"],
    );
    assert_ne!(output(&data, ["export"]), third);
    assert_eq!(output(&data, ["export", "--as-of", "3"]), third);
    fs::remove_dir_all(&data).expect("lose the registry");
    output(&data, ["restore", text(&backup)]);
    assert_eq!(output(&data, ["export"]), third);
    assert_eq!(value(&output(&data, ["check", "--deep"]), "chain"), chain);

    let second = output(&data, ["export", "--as-of", "2"]);
    assert_eq!(second.lines().count(), 400);
    let times: Vec<String> = output(&data, ["log"])
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split('\t').nth(1)?.to_owned()))
        .collect();
    let year = folder.path().join("as-of");
    for (number, when) in ["2", &times[1]].into_iter().enumerate() {
        let target = year.join(number.to_string());
        let report = output(&target, ["restore", text(&backup), "--as-of", when]);
        assert_eq!(
            (value(&report, "commit"), value(&report, "quads")),
            ("2".into(), "400".into())
        );
        assert_eq!(output(&target, ["export"]), second);
        output(&target, ["check", "--deep"]);
        output(&target, ["update", "INSERT DATA { <urn:a> <urn:b> 1 }"]);
    }
    // The day of the commits ends after them, the one before saw none.
    let count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }";
    let day = times[2].split('T').next().expect("a day");
    let at = |when: &str| output(&data, ["query", "--format", "csv", "--as-of", when, count]);
    assert_eq!(at(day), "n\r\n600\r\n");
    assert_eq!(at("2020-02-29"), "n\r\n0\r\n");
    assert_eq!(at("1"), "n\r\n200\r\n");
    assert!(refused(&data, ["query", "--as-of", "4", count]).contains("the last one is 3"));
    assert!(refused(&data, ["query", "--as-of", "soon", count]).contains("2024-12-31"));
    let report = run(&data, ["validate", "--as-of", "1"]);
    assert!(
        matches!(report.status.code(), Some(0 | 3)),
        "{}",
        stderr(&report)
    );
}

#[test]
fn an_index_that_is_gone_is_made_anew() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 3);
    let all = output(&data, ["export"]);
    for part in ["index", "MANIFEST"] {
        let path = data.join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("removes");
        } else {
            fs::remove_file(&path).expect("removes");
        }
        assert_eq!(output(&data, ["export"]), all, "without {part}");
        let rebuilt = output(&data, ["rebuild", "--memory", "64MiB"]);
        assert_eq!(
            (value(&rebuilt, "commit"), value(&rebuilt, "quads")),
            ("3".into(), "600".into())
        );
        assert!(data.join("MANIFEST").exists());
        output(&data, ["check", "--deep"]);
        assert_eq!(output(&data, ["export"]), all);
    }
    let nowhere = folder.path().join("nowhere");
    assert!(refused(&nowhere, ["rebuild"]).contains("there is no registry"));
    assert!(!nowhere.exists());
}

#[test]
fn a_flipped_byte_anywhere_in_the_index_is_found_and_gives_no_wrong_answer() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 4);
    let all = output(&data, ["export"]);
    let mut files = contents(&data.join("index"));
    assert!(files.len() >= 6, "{:?}", files.keys());
    let manifest = data.join("MANIFEST");
    files.insert(manifest.clone(), fs::read(&manifest).expect("a manifest"));
    for (path, bytes) in &files {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .to_lowercase();
        for place in [bytes.len() / 4, bytes.len() / 2, bytes.len() - 20] {
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x10;
            fs::write(path, flipped).expect("flips");
            let checked = run(&data, ["check", "--deep"]);
            let found = stdout(&checked);
            assert_eq!(
                checked.status.code(),
                Some(1),
                "byte {place} of {name}: {found}"
            );
            let finding = value(&found, "finding").to_lowercase();
            assert!(finding.contains(&name), "byte {place} of {name}: {finding}");
            assert!(value(&found, "verdict").contains("oslo rebuild"), "{found}");
            let read = run(&data, ["export"]);
            let right = read.status.success() && stdout(&read) == all;
            assert!(
                right || is_told(&read),
                "byte {place} of {name}: {}",
                stderr(&read)
            );
            let query = "SELECT * { GRAPH ?g { ?s ?p ?o } }";
            let read = run(&data, ["query", "--format", "tsv", query]);
            let right = read.status.success() && stdout(&read).lines().count() == 801;
            assert!(
                right || is_told(&read),
                "byte {place} of {name}: {}",
                stderr(&read)
            );
        }
        output(&data, ["rebuild"]);
        output(&data, ["check", "--deep"]);
        assert_eq!(output(&data, ["export"]), all, "after {name}");
        // The files as they were, for the next one.
        fs::remove_dir_all(data.join("index")).expect("clears");
        fs::create_dir(data.join("index")).expect("a folder");
        for (path, bytes) in &files {
            fs::write(path, bytes).expect("puts back");
        }
    }
    output(&data, ["check", "--deep"]);
}

/// Whether a command could not run because of the index and says what to do.
fn is_told(done: &Output) -> bool {
    done.status.code() == Some(2) && stderr(done).contains("oslo rebuild")
}

#[test]
fn commits_given_up_are_gone_and_the_rest_is_as_it_was() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 6);
    output(
        &data,
        ["update", "DELETE WHERE { GRAPH <urn:g:2> { ?s ?p ?o } }"],
    );
    let states: Vec<String> = (0..=7)
        .map(|seq| output(&data, ["export", "--as-of", &seq.to_string()]))
        .collect();
    let chain = value(&output(&data, ["check"]), "chain");
    let commits = output(&data, ["log"]);
    let kept = output(&data, ["compact", "--before", "2020-01-01"]);
    assert_eq!(value(&kept, "oldest state"), "0\t0");
    for (arguments, first) in [
        (["compact", "--keep-commits", "5"], 2),
        (["compact", "--keep-commits", "5"], 2),
        (["compact", "--keep-commits", "2"], 5),
        (["compact", "--keep-days", "0"], 7),
    ] {
        let report = output(&data, arguments);
        assert!(
            value(&report, "oldest state").ends_with(&format!("\t{first}")),
            "{report}"
        );
        for (seq, state) in states.iter().enumerate() {
            let when = seq.to_string();
            if seq < first {
                let message = refused(&data, ["export", "--as-of", &when]);
                assert!(
                    message.contains(&format!("before commit {first} ")),
                    "{message}"
                );
            } else {
                assert_eq!(
                    &output(&data, ["export", "--as-of", &when]),
                    state,
                    "as of {seq}"
                );
            }
        }
        let checked = output(&data, ["check", "--deep"]);
        assert_eq!(value(&checked, "chain"), chain);
        let log = output(&data, ["log"]);
        assert_eq!(log.lines().count(), 1 + 7 - first, "{log}");
        assert!(
            log.lines().skip(1).all(|line| commits.contains(line)),
            "{log}"
        );
    }
    // The base is all there is: the index comes from it, and the chain goes on.
    output(&data, ["rebuild"]);
    assert_eq!(output(&data, ["export"]), states[7]);
    output(&data, ["update", "INSERT DATA { <urn:a> <urn:b> 1 }"]);
    assert_eq!(output(&data, ["export", "--as-of", "7"]), states[7]);
    assert_eq!(value(&output(&data, ["check", "--deep"]), "commits"), "8");
    let backup = folder.path().join("backup");
    assert_eq!(
        value(&output(&data, ["backup", text(&backup)]), "commit"),
        "8"
    );
    let message = refused(
        &folder.path().join("early"),
        ["restore", text(&backup), "--as-of", "6"],
    );
    assert!(message.contains("no longer kept"), "{message}");
    let done = run(
        &data,
        ["compact", "--keep-days", "1", "--keep-commits", "1"],
    );
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn what_is_no_registry_or_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 2);
    let other = folder.path().join("other");
    fs::create_dir(&other).expect("a folder");
    fs::write(other.join("thesis.txt"), "years of work").expect("writes");
    let before = contents(&other);
    for message in [
        refused(&data, ["backup", text(&other)]),
        refused(&other, ["restore", text(&data)]),
    ] {
        assert!(message.contains("thesis.txt"), "{message}");
    }
    for arguments in [["compact"], ["rebuild"], ["check"], ["export"]] {
        let message = refused(&other, arguments);
        assert!(message.contains("there is no registry"), "{message}");
    }
    assert_eq!(contents(&other), before);
    let message = refused(&folder.path().join("new"), ["restore", text(&other)]);
    assert!(message.contains("there is no registry"), "{message}");
    let message = refused(&data, ["restore", text(&data)]);
    assert!(message.contains("lies inside"), "{message}");
    // A place where nobody can make a folder.
    let file = other.join("thesis.txt");
    let message = refused(&data, ["backup", text(&file.join("backup"))]);
    assert!(message.contains("cannot be read or written"), "{message}");
    let message = refused(&file, ["restore", text(&data)]);
    assert!(message.contains("cannot be read or written"), "{message}");
    assert_eq!(contents(&other), before);
    let message = refused(&data, ["backup", text(&data.join("backup/1"))]);
    assert!(message.contains("lies inside"), "{message}");
    assert!(!data.join("backup").exists());
    let taken = folder.path().join("taken");
    output(&taken, ["restore", text(&data)]);
    let before = contents(&taken);
    let message = refused(&taken, ["restore", text(&data)]);
    assert!(message.contains("is not empty"), "{message}");
    assert_eq!(contents(&taken), before);
    let dutch = oslo(&taken)
        .args(["--lang", "nl", "restore", text(&data)])
        .output()
        .expect("the binary runs");
    assert!(
        stderr(&dutch).contains("is niet leeg"),
        "{}",
        stderr(&dutch)
    );
}

#[test]
fn a_registry_of_a_newer_version_or_half_a_one_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 4);
    output(&data, ["compact", "--keep-commits", "2"]);
    let copy = |name: &str| {
        let target = folder.path().join(name);
        output(&data, ["backup", "--copy", text(&target)]);
        target
    };
    let newer = copy("newer");
    let log = newer.join("log/000000000003.log");
    let mut bytes = fs::read(&log).expect("a log file");
    bytes[14] = b'3';
    fs::write(&log, bytes).expect("writes");
    let half = copy("half");
    fs::remove_file(half.join("log/000000000003.log")).expect("removes");
    let bare = copy("bare");
    fs::remove_dir_all(bare.join("log")).expect("removes");
    for (dir, reason) in [
        (&newer, "newer oslo"),
        (&half, "lacks the file"),
        (&bare, "there is no registry"),
    ] {
        let before = contents(dir);
        let target = folder.path().join("target");
        for message in [
            refused(dir, ["backup", text(&target)]),
            refused(&target, ["restore", text(dir)]),
            refused(&target, ["restore", text(dir), "--as-of", "3"]),
            refused(dir, ["rebuild"]),
            refused(dir, ["compact"]),
        ] {
            assert!(message.contains(reason), "{reason}: {message}");
        }
        if target.exists() {
            let left: Vec<_> = contents(&target).into_keys().collect();
            assert!(left.iter().all(|path| path.ends_with("lock")), "{left:?}");
            fs::remove_dir_all(&target).expect("clears");
        }
        let mut after = contents(dir);
        after.retain(|path, _| before.contains_key(path) || !path.ends_with("lock"));
        assert!(
            after == before,
            "{reason}: {:?} and {:?}",
            before.keys(),
            after.keys()
        );
    }
}

/// Runs a command with a fault armed; whether it ended well.
fn struck(data: &Path, fault: &str, arguments: &[&str]) -> bool {
    let done = oslo(data)
        .env("OSLO_FAULT", fault)
        .args(arguments)
        .output()
        .expect("the binary runs");
    let killed = done.status.code().is_none();
    assert!(
        killed || matches!(done.status.code(), Some(0 | 2)),
        "{fault}: {}",
        stderr(&done)
    );
    done.status.success()
}

/// Every way a command ends early at some points, until the points are passed no more.
fn faults(points: &[&str], visits: u64) -> Vec<String> {
    let mut faults = Vec::new();
    for point in points {
        for what in ["kill", "fail", "full", "short"] {
            faults.extend((1..=visits).map(|visit| format!("{point}={what}@{visit}")));
        }
    }
    faults
}

const COPY_POINTS: [&str; 5] = [
    "copy.file",
    "copy.write",
    "copy.sync",
    "copy.rename",
    "copy.dir",
];

#[test]
fn a_copy_struck_anywhere_is_whole_or_no_registry() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 3);
    output(&data, ["compact", "--keep-commits", "2"]);
    let all = output(&data, ["export"]);
    let (mut whole, mut nothing) = (0, 0);
    for (number, fault) in faults(&COPY_POINTS, 3).iter().enumerate() {
        let target = folder.path().join(format!("target-{number}"));
        let (done, again) = if number % 2 == 0 {
            let arguments = ["backup", "--copy", text(&target)];
            (struck(&data, fault, &arguments), run(&data, arguments))
        } else {
            let arguments = ["restore", text(&data)];
            (struck(&target, fault, &arguments), run(&target, arguments))
        };
        // The second try starts over what was struck, and leaves alone what was whole.
        if again.status.success() {
            assert!(!done, "{fault}");
            nothing += 1;
        } else {
            assert!(
                stderr(&again).contains("is not empty"),
                "{fault}: {}",
                stderr(&again)
            );
            whole += 1;
        }
        assert_eq!(output(&target, ["export"]), all, "{fault}");
        assert!(
            output(&target, ["check"]).contains("all is well"),
            "{fault}"
        );
    }
    assert!(whole > 4 && nothing > 12, "{whole} whole, {nothing} none");
}

#[test]
fn giving_up_commits_can_be_struck_anywhere() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 5);
    let states: Vec<String> = (3..=5)
        .map(|seq: u64| output(&data, ["export", "--as-of", &seq.to_string()]))
        .collect();
    let points = [
        "log.base",
        "log.drop",
        "manifest.write",
        "manifest.rename",
        "log.table",
    ];
    let mut ended = 0;
    for (number, fault) in faults(&points, 4).iter().enumerate() {
        let copy = folder.path().join(number.to_string());
        output(&data, ["backup", text(&copy)]);
        if struck(&copy, fault, &["compact", "--keep-commits", "2"]) {
            ended += 1;
        }
        for (state, seq) in states.iter().zip(3_u64..) {
            let seq = seq.to_string();
            assert_eq!(
                &output(&copy, ["export", "--as-of", &seq]),
                state,
                "{fault}"
            );
        }
        output(&copy, ["compact", "--keep-commits", "2"]);
        assert_eq!(&output(&copy, ["export"]), &states[2], "{fault}");
        assert!(
            output(&copy, ["check", "--deep"]).contains("all is well"),
            "{fault}"
        );
        assert!(refused(&copy, ["export", "--as-of", "2"]).contains("before commit 3"));
        fs::remove_dir_all(&copy).expect("clears");
    }
    assert!(ended < 60, "{ended} of 80 met no fault");
}

#[test]
fn a_rebuild_struck_anywhere_leaves_an_index_that_is_right() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = registry(folder.path(), 3);
    let all = output(&data, ["export"]);
    let points = [
        "segment.create",
        "segment.write",
        "segment.rename",
        "manifest.write",
        "manifest.rename",
        "log.table",
    ];
    for fault in faults(&points, 2) {
        struck(&data, &fault, &["rebuild"]);
        assert_eq!(output(&data, ["export"]), all, "{fault}");
        assert!(
            output(&data, ["check", "--deep"]).contains("all is well"),
            "{fault}"
        );
    }
    output(&data, ["rebuild"]);
    let names: Vec<_> = contents(&data.join("index")).into_keys().collect();
    // Four orders, texts, commits; and what is derived from the texts: words and geometries.
    assert_eq!(names.len(), 8, "nothing is left over: {names:?}");
}

#[test]
fn what_is_kept_for_sources_goes_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let from = folder.path().join("a.ttl");
    fs::write(&from, "<urn:a> <urn:p> 1 .").expect("room");
    output(&data, ["source", "add", "wijken", text(&from)]);
    output(&data, ["source", "run"]);
    for (place, content) in [
        ("evidence/ab/abcd.json", "{}"),
        ("evidence/ab/half.new", "{"),
        ("contexts/abcd.jsonld", "{}"),
        ("sources/wijken/http.json", "{}"),
    ] {
        let path = data.join(place);
        fs::create_dir_all(path.parent().expect("a folder")).expect("room");
        fs::write(path, content).expect("room");
    }
    let backup = folder.path().join("backup");
    let report = output(&data, ["backup", text(&backup)]);
    assert_eq!(value(&report, "records as evidence"), "1", "{report}");
    assert_eq!(value(&report, "files of sources"), "3", "{report}");
    for as_of in [None, Some("1")] {
        let target = folder.path().join(as_of.unwrap_or("whole"));
        match as_of {
            None => output(&target, ["restore", text(&backup)]),
            Some(seq) => output(&target, ["restore", text(&backup), "--as-of", seq]),
        };
        for (place, is_there) in [
            ("evidence/ab/abcd.json", true),
            ("evidence/ab/half.new", false),
            ("contexts/abcd.jsonld", true),
            ("sources/wijken/declared", true),
            ("sources/wijken/runs.ndjson", true),
            ("sources/wijken/http.json", false),
        ] {
            assert_eq!(target.join(place).exists(), is_there, "{place}");
        }
        let ran = output(&target, ["source", "run", "wijken"]);
        let told = if as_of.is_none() { "unchanged" } else { "+1" };
        assert!(ran.contains(told), "{ran}");
    }
}
