//! Where a measurement was made: what every page of figures says in its first line.

use std::fs;

/// Cores, memory and kernel of this machine, in words.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or("unknown".to_owned(), |kib| {
            format!("{:.0} GiB", kib / 1024.0 / 1024.0)
        });
    let release = read("/proc/sys/kernel/osrelease");
    let kernel = release.split('-').next().unwrap_or_default();
    format!("{cores} cores, {memory} of memory, Linux {}", kernel.trim())
}

/// Today, or the day that `OSLO_BENCH_DATE` says.
pub(crate) fn date() -> String {
    std::env::var("OSLO_BENCH_DATE")
        .unwrap_or_else(|_| jiff::Timestamp::now().strftime("%Y-%m-%d").to_string())
}
