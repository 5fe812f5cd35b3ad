//! A large register: how fast it is dumped, and that memory does not grow with it. Asked for by `OSLO_DUMPS_TOWN`, the data folder
//! of a town that `oslo generate` made; alone, as it reads the memory of its own process:
//! `OSLO_DUMPS_TOWN=… cargo test --release --test it -- --nocapture dumps::town`.

use super::Folder;
use oslo_registry::feeds::dumps::{self, Options};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::OpenOptions;
use std::path::PathBuf;
use std::time::Instant;

/// Blocks of the index that are kept in memory: little, so that what is measured is the dump.
const CACHE_BYTES: u64 = 8 << 20;
/// How much memory may grow from a fifth of the items to the last.
const MAY_GROW_MIB: u64 = 24;

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

#[test]
fn memory_stays_flat() {
    let Some(data) = std::env::var_os("OSLO_DUMPS_TOWN").map(PathBuf::from) else {
        eprintln!("OSLO_DUMPS_TOWN names no data folder: no large register was dumped");
        return;
    };
    let options = OpenOptions {
        read_only: true,
        must_exist: true,
        cache_bytes: CACHE_BYTES,
        ..OpenOptions::default()
    };
    let registry = Registry::open(&data, options, RegistryConfig::default(), &mut |_, _| {});
    let registry = registry.expect("opens");
    let dir = tempfile::tempdir().expect("a folder");
    let folder = Folder::of_data(dir.path());
    let slot = folder.claim().expect("a free folder");
    let register = registry.register("adressen").expect("declared");
    let mut seen = Vec::new();
    let began = Instant::now();
    let made = dumps::make(
        &registry,
        &registry.snapshot(),
        (&folder, &slot),
        register,
        &Options::default(),
        &mut |done, total| {
            if total > 0 && done * 10 / total >= seen.len() as u64 {
                seen.push(resident_mib());
            }
        },
    )
    .expect("made");
    let manifest = made.manifest();
    let items = manifest.items.unwrap_or(0);
    let statements = manifest.statements.unwrap_or(0);
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{items} items, {statements} statements, all formats, both packings: {seconds:.1} s, {:.0} items and {:.0} \
         statements a second; MiB at each tenth: {seen:?}",
        items as f64 / seconds,
        statements as f64 / seconds
    );
    let (early, late) = (seen[2], seen.iter().max().copied().unwrap_or(0));
    assert!(late <= early + MAY_GROW_MIB, "{seen:?}");
}
