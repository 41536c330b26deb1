//! Prescription number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_PRESCRIPTION_NUMBER",
    title: "Prescription number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Six to twelve digits, with or without RX, beside a word for a prescription.",
    words: &[("en", &["prescription number", "prescription no", "rx number", "rx", "prescription", "refill number"])],
    examples: &["prescription number 7304592"],
    counter_examples: &["rx 570 is a card"],
    shapes: &["LLd{6}", "LLd{7}", "LLd{8}", "d{6}", "d{7}", "d{8}", "d{9}", "LL-d{7}"],
    check,
    supported: 58,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!c.norm[0].is_ascii_alphabetic() || c.norm.starts_with(b"RX"))
}
