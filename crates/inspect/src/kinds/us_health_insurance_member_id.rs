//! Health plan member number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_HEALTH_INSURANCE_MEMBER_ID",
    title: "Health plan member number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Letters and digits after a word for membership in a health plan.",
    words: &[(
        "en",
        &[
            "member id",
            "member number",
            "subscriber id",
            "subscriber number",
            "insurance id",
            "policy number",
            "health plan id",
            "plan member",
            "group number",
        ],
    )],
    examples: &["Member ID: W123456789"],
    counter_examples: &["flight W123456789"],
    shapes: &["Ld{8}", "Ld{9}", "LLLd{9}", "LLLd{12}", "d{9}", "d{10}", "d{11}", "d{12}", "LLLLd{8}", "Ld{10}", "LLLd{8}"],
    check,
    supported: 62,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
