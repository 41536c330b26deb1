//! Prior authorization number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_PRIOR_AUTHORIZATION_NUMBER",
    title: "Prior authorization number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Letters and digits after words for a prior authorization.",
    words: &[(
        "en",
        &[
            "prior authorization",
            "authorization number",
            "auth number",
            "preauthorization",
            "pre authorization",
            "precertification",
        ],
    )],
    examples: &["prior authorization PA12345678"],
    counter_examples: &["PA12345678"],
    shapes: &["LLd{6}", "LLd{7}", "LLd{8}", "Ld{8}", "Ld{9}", "d{8}", "d{9}", "d{10}", "LL-d{8}"],
    check,
    supported: 60,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
