//! Whoever is killed while dumps are made leaves nothing half: what is listed is whole, and the next run cleans up. And an
//! interrupted download is resumed by curl, to the same checksum.

use super::{Folder, Manifest};
use crate::oslo::{oslo, output};
use crate::served::{Served, example, free_address};
use oslo_registry::feeds::dumps::newest;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn sha256(path: &Path) -> String {
    let bytes = fs::read(path).expect("a file");
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that is listed, each file held against its checksum.
fn listed(folder: &Folder) -> Vec<Manifest> {
    let mut all = Vec::new();
    let Ok(registers) = fs::read_dir(folder.dir()) else {
        return all;
    };
    for register in registers {
        let name = register.expect("an entry").file_name();
        let name = name.to_string_lossy();
        for manifest in folder.manifests(&name).unwrap_or_default() {
            for file in &manifest.files {
                let path = folder.path_of(&name, &file.name);
                assert_eq!(sha256(&path), file.sha256, "{}", path.display());
            }
            all.push(manifest);
        }
    }
    all
}

#[test]
fn the_killed_leave_nothing_half() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    output(&data, ["demo", "--no-serve"]);
    let started = Instant::now();
    output(
        &data,
        ["dump", "--to", &dir.path().join("x").display().to_string()],
    );
    let whole = started.elapsed();
    let expected = listed(&Folder::at(dir.path().join("x"))).len();
    let folder = Folder::at(dir.path().join("dumps"));
    let to = folder.dir().display().to_string();
    let rounds = 8;
    for round in 0..rounds {
        let mut child = oslo(&data)
            .args(["dump", "--to", &to])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("oslo runs");
        sleep(whole * (round + 1) / (rounds + 2));
        // SIGKILL: nothing is put in order.
        child.kill().expect("killed");
        child.wait().expect("it ends");
        listed(&folder);
    }
    output(&data, ["dump", "--to", &to]);
    assert_eq!(listed(&folder).len(), expected);
    let unfinished = fs::read_dir(folder.dir()).expect("a folder");
    for register in unfinished {
        let path = register.expect("an entry").path();
        assert!(!path.join(".nieuw").exists(), "{}", path.display());
    }
}

#[test]
fn a_server_makes_dumps_and_curl_resumes_a_download() {
    let there = Command::new("curl").arg("--version").output();
    if !there.is_ok_and(|done| done.status.success()) {
        eprintln!("curl is not installed: it was not tried");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    example(&data, &base);
    let served = Served::start(&data, address, &base, &["--dumps", "hourly"]);
    let folder = Folder::of_data(&data);
    let waiting = Instant::now();
    // Everything is the last that a round makes before it is written down.
    while !folder.dir().join("ronde.json").exists() {
        assert!(
            waiting.elapsed() < Duration::from_secs(120),
            "{}",
            served.log()
        );
        sleep(Duration::from_millis(100));
    }
    let manifest = newest(&folder, "adressen")
        .expect("readable")
        .expect("made");
    let file = manifest.file("nq.gz").expect("N-Quads");
    let part = dir.path().join("deel.nq.gz");
    let original = fs::read(folder.path_of("adressen", &file.name)).expect("a file");
    fs::write(&part, &original[..original.len() / 3]).expect("a part");
    let done = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail",
            "--location",
            "-C",
            "-",
        ])
        .args(["--write-out", "%{http_code} %{size_download}", "--output"])
        .arg(&part)
        .arg(format!("{base}/dumps/adressen/laatste.nq.gz"))
        .output()
        .expect("curl runs");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    let rest = original.len() - original.len() / 3;
    assert_eq!(told, format!("206 {rest}"), "{:?}", done.stderr);
    assert_eq!(sha256(&part), file.sha256);
    // Stopped and started again, nothing is made anew: no hour has passed.
    served.stop();
    let address = free_address();
    let served = Served::start(&data, address, &base, &["--dumps", "hourly"]);
    sleep(Duration::from_millis(1500));
    let after = newest(&folder, "adressen")
        .expect("readable")
        .expect("made");
    assert_eq!(after, manifest);
    served.stop();
}
