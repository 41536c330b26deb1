#![no_main]
//! Feeds any bytes to `checks::note`.

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::note(data));
