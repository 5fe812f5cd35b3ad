//! The `oslo` binary: hands its arguments to [`oslo_registry::cli`]. Holds no logic.

fn main() -> std::process::ExitCode {
    oslo_registry::cli::run()
}
