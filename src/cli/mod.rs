//! Commands of the `oslo` binary. Prints; decides nothing another caller would want.

/// Runs the command line and returns its exit code.
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
