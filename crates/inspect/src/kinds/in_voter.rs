//! Voter card number (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_VOTER",
    title: "Voter card number (India)",
    group: Group::Document,
    countries: &["IN"],
    docs: "Three letters and seven digits beside a word.",
    words: &[("en", &["voter", "epic", "elector", "voter id", "election card"])],
    examples: &["voter id ABC1234567"],
    counter_examples: &["ABC1234567"],
    shapes: &["LLLd{7}"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
