#![no_main]
//! Feeds any bytes to the check of the same name.

libfuzzer_sys::fuzz_target!(|data: &[u8]| ledger_fuzz::timestamp_response(data));
