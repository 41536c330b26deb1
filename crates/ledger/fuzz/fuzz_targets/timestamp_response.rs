#![no_main]
//! Feeds any bytes to `checks::timestamp_response`.

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::timestamp_response(data));
