//! A town is the same for the same seed, parses, and has every fault it was asked for.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn town(options: &TownOptions) -> (String, Vec<PlantedFault>, TownStats) {
    let (mut bytes, mut faults) = (Vec::new(), Vec::new());
    let stats = write_town(options, &mut bytes, &mut |fault| {
        faults.push(fault.clone());
        Ok(())
    })
    .expect("memory takes everything");
    (
        String::from_utf8(bytes).expect("N-Quads are UTF-8"),
        faults,
        stats,
    )
}

#[test]
fn the_same_seed_gives_the_same_town_of_the_asked_size() {
    let options = TownOptions {
        addresses: 700,
        seed: 9,
        ..TownOptions::default()
    };
    let (first, faults, stats) = town(&options);
    assert_eq!(first, town(&options).0);
    assert_ne!(
        first,
        town(&TownOptions {
            seed: 10,
            ..options
        })
        .0
    );
    assert_eq!(stats.addresses, 700);
    assert_eq!(stats.quads, first.lines().count() as u64);
    assert!(faults.is_empty());
}

#[test]
fn every_line_parses_and_none_is_written_twice() {
    let (text, _, stats) = town(&TownOptions {
        addresses: 500,
        ..TownOptions::default()
    });
    let quads: Result<Vec<_>, _> = oxttl::NQuadsParser::new().for_slice(&text).collect();
    assert_eq!(quads.expect("strict N-Quads").len() as u64, stats.quads);
    let lines: BTreeSet<&str> = text.lines().collect();
    assert_eq!(lines.len() as u64, stats.quads);
}

#[test]
fn every_kind_of_fault_is_planted_and_the_size_kept() {
    let options = TownOptions {
        addresses: 3000,
        faults: 0.001,
        ..TownOptions::default()
    };
    let (_, faults, stats) = town(&options);
    assert_eq!(stats.addresses, 3000);
    let mut count: BTreeMap<&str, u64> = BTreeMap::new();
    for fault in &faults {
        *count.entry(fault.code).or_default() += 1;
    }
    assert_eq!(count.len(), 35, "{count:?}");
    assert!(count.values().all(|n| *n >= 3), "{count:?}");
    let foci: BTreeSet<(&str, &str)> = faults.iter().map(|f| (f.code, f.focus.as_str())).collect();
    assert_eq!(foci.len(), faults.len());
}
