//! `cargo +nightly fuzz run inspect`: no panic, spans on character boundaries, and the cost bound, for any text.
#![no_main]

use std::sync::OnceLock;

use inspect::{Config, Inspector, Message, Scratch};
use libfuzzer_sys::fuzz_target;

/// The same bound as in the ordinary tests.
const STEPS_PER_BYTE_MAX: u64 = 160;
const STEPS_FIXED: u64 = 2_000;

static INSPECTOR: OnceLock<Inspector> = OnceLock::new();

fuzz_target!(|text: &str| {
    let inspector = INSPECTOR.get_or_init(|| {
        Inspector::compile(&Config { heads: false, ..Config::default() }).expect("the default configuration compiles")
    });
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text(text), &mut scratch);
    for finding in report.findings() {
        assert!(text.get(finding.range()).is_some_and(|value| !value.is_empty()));
    }
    assert!(scratch.steps() <= STEPS_FIXED + STEPS_PER_BYTE_MAX * text.len() as u64, "{} steps", scratch.steps());
});
