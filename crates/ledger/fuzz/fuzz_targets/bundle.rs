#![no_main]
//! Feeds any bytes to `checks::bundle`.

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::bundle(data));
