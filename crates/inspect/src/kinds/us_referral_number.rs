//! Referral number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_REFERRAL_NUMBER",
    title: "Referral number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Letters and digits after words for a referral.",
    words: &[("en", &["referral number", "referral no", "referral id"])],
    examples: &["referral number REF20240012"],
    counter_examples: &["REF20240012"],
    shapes: &["LLLd{6}", "LLLd{7}", "LLLd{8}", "LLd{8}", "d{8}", "d{9}", "d{10}", "LLL-d{8}"],
    check,
    supported: 60,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
