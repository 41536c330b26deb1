//! The fuzzer's corpus as an ordinary test, and random texts made of the pieces that detectors look for.

use inspect::{Message, Scratch};
use proptest::prelude::*;

use super::pieces::PIECES;

fn check(text: &str, inspector: &inspect::Inspector, scratch: &mut Scratch) {
    let report = inspector.inspect(&Message::from_text(text), scratch);
    let mut spans = Vec::new();
    for f in report.findings() {
        assert!(text.get(f.range()).is_some_and(|v| !v.is_empty()), "{f:?} in {text:?}");
        assert!(f.score > 0.0 && f.score <= 1.0);
        assert!(!report.reason(f).to_string().is_empty());
        spans.push((report.kind(f), f.range()));
    }
    let mut once = spans.clone();
    once.retain(|(kind, _)| *kind != "LISTED_TERM");
    let count = once.len();
    once.sort_by_key(|(kind, range)| (*kind, range.start));
    once.dedup_by(|a, b| a.0 == b.0 && a.1.start < b.1.end && b.1.start < a.1.end);
    assert_eq!(once.len(), count, "a value is reported twice in {text:?}");
    let masked = inspect::mask::redact(text, &report, inspect::mask::Style::Blocks);
    assert!(report.findings().is_empty() || masked.contains('█'));
}

#[test]
fn every_file_of_the_fuzz_corpus_is_inspected_without_panic() {
    let folders = ["inspect", "everything", "lists", "kinds"];
    let folders = folders.map(|name| format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR")));
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let mut count = 0;
    for entry in folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("the corpus is in the repository")) {
        let bytes = std::fs::read(entry.expect("readable").path()).expect("readable");
        check(&String::from_utf8_lossy(&bytes), &inspector, &mut scratch);
        count += 1;
    }
    assert!(count >= 10, "only {count} files");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn texts_made_of_telling_pieces_never_panic_nor_double(parts in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        use std::sync::OnceLock;
        static INSPECTOR: OnceLock<inspect::Inspector> = OnceLock::new();
        let mut scratch = Scratch::new();
        check(&parts.concat(), INSPECTOR.get_or_init(super::inspector), &mut scratch);
    }
}
