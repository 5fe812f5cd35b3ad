//! The `oslo` binary: hands its arguments to [`oslo_registry::cli`]. Holds no logic.

/// Queries take and give back memory on many threads, and the allocator of the system keeps hundreds of MiB of what was given
/// back; this one returns it within seconds.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    oslo_registry::cli::run()
}
