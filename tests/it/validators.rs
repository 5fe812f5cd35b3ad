//! The same verdicts as other validators: every published shapes file against every data file that it targets, here, with
//! pySHACL and with the package `shacl`, result for result. What differs is explained in `tests/validators/differences.tsv`,
//! row by row with the clause of the specification; anything else fails. `make validators` installs the others and names
//! their folder in `OSLO_VALIDATORS`; without it they are not asked, and the test says so.

mod answers;
mod corpus;
mod table;

use answers::Answer;
use corpus::{File, Pair};
use oslo_registry::shapes::{Validation, ValidationOptions, Verdict, validate};
use oxrdf::Graph;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;
use table::{Difference, Table};

/// The others, as `tests/validators/ask.py` knows them.
const PEERS: [&str; 2] = ["pyshacl", "shacl"];

/// What this engine says about a pair.
fn own(shapes: &File, data: &File) -> Answer {
    let view = data.view();
    let report = validate(
        shapes.shapes(),
        &Validation {
            data: view.clone(),
            context: view.clone(),
            options: ValidationOptions {
                sample_cap: usize::MAX,
                ..ValidationOptions::default()
            },
        },
    );
    let graph: Graph = report.to_triples().into_iter().collect();
    let mut answer = Answer::of(&graph);
    if let Answer::Report { undetermined, .. } = &mut answer
        && report.verdict() == Verdict::Undetermined
    {
        let findings = report.not_checked().iter();
        *undetermined = findings
            .map(|lint| format!("{} {}", lint.code, lint.message.en).replace(['\t', '\n'], " "))
            .collect();
    }
    answer
}

/// What is in which of two answers, by kind.
fn differences(own: &Answer, peer: &Answer) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut note = |what: String, example: String| found.entry(what).or_default().push(example);
    let Answer::Report {
        rows: own_rows,
        conforms: own_conforms,
        undetermined,
    } = own
    else {
        unreachable!("this engine always answers")
    };
    match peer {
        Answer::Slow => note("slow".to_owned(), String::new()),
        Answer::Refused(why) => note("refuses".to_owned(), why.clone()),
        Answer::Report { rows, conforms, .. } => {
            for (side, here, there) in [("oslo", own_rows, rows), ("peer", rows, own_rows)] {
                for (row, messages) in here {
                    let other = there.get(row).map_or(0, Vec::len);
                    for message in messages.iter().skip(other) {
                        let message = message.replace(['\t', '\n'], " ");
                        note(
                            format!("only {side}: {}", row.component),
                            format!("{row} {message}").trim_end().to_owned(),
                        );
                    }
                }
            }
            // The verdict follows from the results: it is worth a word only where these are the same.
            if own_rows.len() == rows.len() && own_conforms != conforms {
                if undetermined.is_empty() {
                    note("verdict".to_owned(), format!("oslo says {own_conforms}"));
                }
                for finding in undetermined {
                    note("undetermined".to_owned(), finding.clone());
                }
            }
        }
    }
    found
}

#[test]
fn others_say_the_same() {
    let Some(folder) = std::env::var_os("OSLO_VALIDATORS").map(PathBuf::from) else {
        eprintln!(
            "OSLO_VALIDATORS names no folder: other validators were not asked; see `make validators`"
        );
        return;
    };
    let Some(data) = corpus::folder() else { return };
    let since = Instant::now();
    let (shapes, files, unreadable) = corpus::read(&data);
    let pairs = corpus::pairs(&shapes, &files);
    eprintln!(
        "{} shapes files, {} data files, {unreadable} files that cannot be read as they are; {} pairs",
        shapes.len(),
        files.len(),
        pairs.len()
    );
    let table = Table::read();
    // Who was too slow once is not waited for again.
    let is_slow =
        |pair: &Pair<'_>, peer: &str| table.says_slow(&pair.shapes.name, &pair.data.name, peer);
    let is_slow = &is_slow;
    std::thread::scope(|scope| {
        for peer in PEERS {
            let asked = pairs.iter().filter(move |pair| !is_slow(pair, peer));
            let folder = &folder;
            scope.spawn(move || answers::ask(folder, peer, asked));
        }
    });
    eprintln!("all answered after {:.0?}", since.elapsed());
    let mut all = Vec::new();
    let mut compared = [0_usize; PEERS.len()];
    for pair in &pairs {
        let mine = own(pair.shapes, pair.data);
        for (at, peer) in PEERS.into_iter().enumerate() {
            let theirs = if is_slow(pair, peer) {
                Answer::Slow
            } else {
                Answer::read(&answers::file(&folder, peer, pair))
            };
            compared[at] += usize::from(matches!(theirs, Answer::Report { .. }));
            for (what, examples) in differences(&mine, &theirs) {
                all.push(difference(pair, peer, what, examples));
            }
        }
    }
    for (peer, compared) in PEERS.into_iter().zip(compared) {
        let differing = all.iter().filter(|d| d.peer == peer).count();
        eprintln!("{peer}: {compared} reports compared, {differing} differences by pair and kind");
    }
    let (unexplained, stale) = table.judge(&all);
    let mut text = String::new();
    for found in &unexplained {
        let _ = writeln!(text, "{found}");
    }
    if let Some(path) = std::env::var_os("OSLO_VALIDATORS_LIST") {
        std::fs::write(path, &text).expect("the list is written");
    }
    assert!(
        unexplained.is_empty(),
        "{} differences that {} does not explain:\n{}",
        unexplained.len(),
        table::NAME,
        text.lines().take(40).collect::<Vec<_>>().join("\n")
    );
    assert!(
        stale.is_empty(),
        "rows of {} that explain nothing:\n{}",
        table::NAME,
        stale.join("\n")
    );
    eprintln!("compared after {:.0?}", since.elapsed());
}

fn difference(
    pair: &Pair<'_>,
    peer: &'static str,
    what: String,
    examples: Vec<String>,
) -> Difference {
    Difference {
        shapes: pair.shapes.name.clone(),
        data: pair.data.name.clone(),
        peer,
        what,
        examples,
    }
}
