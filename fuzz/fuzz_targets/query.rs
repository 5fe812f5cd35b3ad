//! Any text as a query: it must be refused, stopped by a limit, or answered; by both engines in the same way.
#![no_main]

#[path = "../check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(wrong) = check::query(text) {
        panic!("{wrong}");
    }
});
