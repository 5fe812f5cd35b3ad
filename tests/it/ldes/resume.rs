//! A harvest that dies goes on where it was: nothing is lost, nothing comes twice, finished pages are not read again.

use super::stream::{Stream, Syntax, history};
use super::{GRAPH, content, options, pages_of, registry, run};
use crate::oslo::{oslo, output};
use oslo_registry::ingest::ldes::{Form, Harvest};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn dropped_at_every_request_it_goes_on() {
    let members = history(9, 3);
    let whole = Stream::new(pages_of(&members, 4), Syntax::NQuads);
    let expected = {
        let server = whole.serve();
        let folder = tempfile::tempdir().expect("a folder");
        let registry = registry(folder.path());
        let url = format!("{}/ldes", server.url);
        assert_eq!(
            run(&registry, options(&registry, &url, Form::State)).failures,
            0
        );
        content(&registry)
    };
    for stop_at in 0..8 {
        for batch in [1, 3, 1000] {
            let stopped = Arc::new(AtomicBool::new(false));
            let limit = Arc::new(AtomicUsize::new(stop_at));
            let (flag, left, stream) = (Arc::clone(&stopped), Arc::clone(&limit), whole.clone());
            let server = super::server::Server::start(move |ask, base| {
                if ask.number == left.load(Ordering::SeqCst) {
                    flag.store(true, Ordering::SeqCst);
                }
                stream.answer(ask, base)
            });
            let url = format!("{}/ldes", server.url);
            let folder = tempfile::tempdir().expect("a folder");
            let registry = registry(folder.path());
            let mut first = options(&registry, &url, Form::State);
            first.batch_members = batch;
            let mut harvest =
                Harvest::open(&registry, first.clone(), Arc::clone(&stopped)).expect("opens");
            let summary = harvest.run(&mut |_| {}).expect("the store works");
            drop(harvest);
            assert!(summary.is_stopped, "{stop_at}");
            stopped.store(false, Ordering::SeqCst);
            limit.store(usize::MAX, Ordering::SeqCst);
            let before = server.asked();
            let finished = registry.store().dir().map(|dir| {
                let path = dir.join("sources/proef/finished");
                std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
            });
            let mut second = Harvest::open(&registry, first, stopped).expect("opens");
            let summary = second.run(&mut |_| {}).expect("the store works");
            assert_eq!(summary.failures, 0);
            let after = server.asked();
            assert_eq!(content(&registry), expected, "{stop_at} {batch}");
            let mut times: BTreeMap<&String, usize> = BTreeMap::new();
            for path in before
                .iter()
                .chain(&after)
                .filter(|path| path.starts_with("/p"))
            {
                *times.entry(path).or_default() += 1;
            }
            let again = times.values().filter(|times| **times > 1).count();
            let asked_before = before.iter().filter(|path| path.starts_with("/p")).count();
            assert_eq!(again, asked_before - finished.unwrap_or(0), "{times:?}");
            if batch == 1 {
                assert!(again <= 1, "only the page at hand is read again: {times:?}");
            }
        }
    }
}

#[test]
fn killed_it_goes_on() {
    let stream = Stream::new(pages_of(&history(40, 3), 4), Syntax::NQuads);
    let answering = stream.clone();
    let server = super::server::Server::start(move |ask, base| {
        answering.answer(ask, base).after(Duration::from_millis(15))
    });
    let url = format!("{}/ldes", server.url);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let arguments = [
        "harvest",
        "ldes",
        &url,
        "--graph",
        GRAPH,
        "--once",
        "--name",
        "proef",
        "--allow-private",
        "--rate",
        "0",
    ];
    let mut kills = 0;
    for round in 1..40_u64 {
        let mut child = oslo(&data)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let patience = Duration::from_millis(300 + 150 * round);
        let started = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break Some(status);
            }
            if started.elapsed() > patience {
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        match ended {
            Some(status) => {
                assert!(status.success());
                break;
            }
            None => {
                child.kill().expect("SIGKILL");
                child.wait().expect("ended");
                kills += 1;
            }
        }
    }
    assert!(kills > 0, "it was killed at least once");
    let line = output(&data, arguments);
    assert_eq!(
        line.split('\t').take(5).collect::<Vec<_>>(),
        ["unchanged", "0", "0", "0", "0"]
    );
    let killed = content(&registry(&data));
    let fresh = folder.path().join("fresh");
    let line = output(&fresh, arguments);
    assert!(line.starts_with("harvested\t120\t"), "{line}");
    assert_eq!(content(&registry(&fresh)), killed);
}

#[test]
fn a_position_of_another_log_is_begun_anew() {
    let server = Stream::new(pages_of(&history(12, 2), 6), Syntax::NQuads).serve();
    let url = format!("{}/ldes", server.url);
    let folder = tempfile::tempdir().expect("a folder");
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    let expected = {
        let registry = registry(&one);
        let mut options = options(&registry, &url, Form::State);
        options.batch_members = 6;
        assert_eq!(run(&registry, options).commits, 4);
        content(&registry)
    };
    let backup = folder.path().join("backup");
    let path = backup.display().to_string();
    output(&one, ["backup", &path]);
    assert!(!backup.join("sources/proef/position.json").exists());
    // A log of as many commits with other content, and the position of the first.
    for number in 0..5 {
        let file = folder.path().join(format!("{number}.nt"));
        std::fs::write(&file, format!("<urn:a> <urn:b> <urn:{number}> .")).expect("written");
        let file = file.display().to_string();
        output(&two, ["load", &file]);
    }
    for file in ["position.json", "finished"] {
        let of = |dir: &std::path::Path| dir.join("sources/proef").join(file);
        std::fs::create_dir_all(two.join("sources/proef")).expect("made");
        std::fs::copy(of(&one), of(&two)).expect("copied");
    }
    let registry = registry(&two);
    assert_eq!(
        run(&registry, options(&registry, &url, Form::State)).members,
        24
    );
    assert_eq!(content(&registry), expected);
}
