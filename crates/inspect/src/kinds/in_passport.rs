//! Passport number (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_PASSPORT",
    title: "Passport number (India)",
    group: Group::Document,
    countries: &["IN"],
    docs: "A letter and seven digits beside a word.",
    words: &[("en", &["passport", "indian passport", "passport number"])],
    examples: &["passport J8369854"],
    counter_examples: &["J8369854"],
    shapes: &["Ld{7}", "L d{7}", "L dddddd d"],
    check,
    supported: 72,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm[1] != b'0' && !b"QXZ".contains(&c.norm[0]) && c.is_upper())
}
