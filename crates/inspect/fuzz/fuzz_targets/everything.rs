//! `cargo fuzz run everything`: lists, text heads, user-defined kinds, every zone. No panic, spans on character
//! boundaries, masks that hold, the same answer twice, and the cost bound.
#![no_main]

use std::sync::OnceLock;

use inspect::custom::{CustomKind, CUSTOM_STEPS_MAX};
use inspect::heads::Head;
use inspect::lexicon::STARTER_PACKS;
use inspect::{Config, Inspector, Message, Scratch, TermList, Zone, mask};
use libfuzzer_sys::fuzz_target;

const STEPS_PER_BYTE_MAX: u64 = 160 + CUSTOM_STEPS_MAX as u64;
/// For each of the three parts.
const STEPS_FIXED: u64 = 3 * 2_000;

static INSPECTOR: OnceLock<Inspector> = OnceLock::new();

fn compile() -> Inspector {
    let lists = STARTER_PACKS.iter().map(|p| TermList { name: p.name.to_owned(), content: p.list.to_owned() }).collect();
    let custom = vec![CustomKind {
        id: "OURS".to_owned(),
        title: "Ours".to_owned(),
        pattern: "(E|X)?M?[A-Z0-9 -]{2,40}".to_owned(),
        checksum: None,
        words: vec!["staff".to_owned()],
        needs_word: false,
    }];
    Inspector::compile(&Config { lists, custom, ..Config::default() }).expect("the configuration compiles")
}

fuzz_target!(|text: &str| {
    let inspector = INSPECTOR.get_or_init(compile);
    let mut scratch = Scratch::new();
    let message = Message { alt_texts: &[text], links: &[text], ..Message::from_text(text) };
    let first = {
        let report = inspector.inspect(&message, &mut scratch);
        for finding in report.findings() {
            assert!(text.get(finding.range()).is_some_and(|value| !value.is_empty()));
            assert!(!report.reason(finding).to_string().is_empty());
        }
        for head in Head::ALL {
            assert!(report.head_reasons(head).all(|span| text.get(span).is_some()));
        }
        let in_body = report.findings().iter().any(|finding| finding.zone == Zone::Text);
        assert!(!in_body || mask::redact(text, &report, mask::Style::Blocks) != text || text.contains('█'));
        report.findings().to_vec()
    };
    assert!(scratch.steps() <= STEPS_FIXED + 3 * STEPS_PER_BYTE_MAX * text.len() as u64, "{} steps", scratch.steps());
    let report = inspector.inspect(&message, &mut scratch);
    assert!(report.findings().iter().eq(&first), "the second answer differs");
});
