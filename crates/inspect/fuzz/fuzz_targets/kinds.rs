//! `cargo fuzz run kinds`: any text as a file of user-defined kinds. What is accepted compiles and costs what was allowed.
#![no_main]

use inspect::custom::{CUSTOM_STEPS_MAX, parse_file};
use inspect::{Config, Inspector, Message, Scratch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &str| {
    let Ok(custom) = parse_file(file) else { return };
    let config = Config { custom, only: vec!["custom".to_owned()], heads: false, ..Config::default() };
    let inspector = Inspector::compile(&config).expect("what a file holds compiles");
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text(file), &mut scratch);
    assert!(report.findings().iter().all(|finding| file.get(finding.range()).is_some()));
    let most = 2_000 + (160 + CUSTOM_STEPS_MAX as u64) * file.len() as u64;
    assert!(scratch.steps() <= most, "{} steps", scratch.steps());
});
