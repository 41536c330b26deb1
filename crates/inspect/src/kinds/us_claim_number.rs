//! Insurance claim number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_CLAIM_NUMBER",
    title: "Insurance claim number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Letters and digits after a word for a claim.",
    words: &[("en", &["claim number", "claim no", "claim id", "claim", "insurance claim"])],
    examples: &["claim number CLM20240177"],
    counter_examples: &["flight ABC123456"],
    shapes: &[
        "LLLd{6}",
        "LLLd{7}",
        "LLLd{8}",
        "LLd{8}",
        "LLd{9}",
        "LLLd{9}",
        "LLLd{10}",
        "LLL-d{8}",
        "LLL-dddd-d{6}",
        "CLM-d{6}",
    ],
    check,
    supported: 60,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
