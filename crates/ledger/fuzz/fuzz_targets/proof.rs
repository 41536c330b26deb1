#![no_main]
//! Feeds any bytes to `checks::proof`.

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::proof(data));
