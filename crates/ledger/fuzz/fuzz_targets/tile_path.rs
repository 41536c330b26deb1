#![no_main]
//! Feeds any bytes to `checks::tile_path`.

#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::tile_path(data));
