//! Passport number (Philippines).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PH_PASSPORT",
    title: "Passport number (Philippines)",
    group: Group::Document,
    countries: &["PH"],
    docs: "P or E series: letters, seven digits, letter, beside a word.",
    words: &[("en", &["passport", "philippine passport", "passport no"]), ("tl", &["pasaporte"])],
    examples: &["Philippine passport P1234567A"],
    counter_examples: &["P1234567A"],
    shapes: &["Ld{7}L", "LLd{7}", "Ld{8}"],
    check,
    supported: 71,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'P' | b'E' | b'S' | b'D') && c.is_upper())
}
