//! Passport number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_PASSPORT",
    title: "Passport number (United States)",
    group: Group::Document,
    countries: &["US"],
    docs: "Nine digits, or a letter and eight digits, beside a word for a passport.",
    words: &[("en", &["passport", "passport number", "passport no", "us passport", "travel document"])],
    examples: &["my passport number is 912803456", "passport A12345678"],
    counter_examples: &["tracking 912803456"],
    shapes: &["d{9}", "Ld{8}"],
    check,
    proof: "length of a passport number",
    supported: 70,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
