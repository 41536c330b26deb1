//! Masking hides values, all of them, and tells nothing of their length.

use inspect::mask::{Style, redact};
use inspect::{Message, Scratch};

#[test]
fn masks_have_one_length_and_the_rest_stays() {
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let mut mask = |text: &str, style| {
        let report = inspector.inspect(&Message::from_text(text), &mut scratch);
        redact(text, &report, style)
    };
    assert_eq!(mask("mail ann@example.org now", Style::Kind), "mail [EMAIL_ADDRESS] now");
    assert_eq!(mask("mail ann.with.a.long.name@example.org now", Style::Blocks), "mail ████████ now");
    assert_eq!(mask("mail a@example.org now", Style::Blocks), "mail ████████ now");
    assert_eq!(mask("nothing here", Style::Kind), "nothing here");
}

#[test]
fn a_report_shown_for_debugging_does_not_hold_the_value() {
    let inspector = super::inspector();
    let mut scratch = Scratch::new();
    let report = inspector.inspect(&Message::from_text("card 4111111111111111"), &mut scratch);
    let shown: Vec<String> = report.findings().iter().map(|f| format!("{f:?} {}", report.reason(f))).collect();
    let shown = shown.join(
        "
",
    );
    assert!(!shown.contains("4111"), "{shown}");
}
