//! Any text as an update: it must be refused, stopped by a limit, or carried out; and what was there is there afterwards when
//! it was not carried out.
#![no_main]

#[path = "../check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(wrong) = check::update(text) {
        panic!("{wrong}");
    }
});
