//! Bank routing number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ABA_ROUTING_NUMBER",
    title: "Bank routing number (United States)",
    group: Group::Financial,
    countries: &["US"],
    docs: "Nine digits; the first two are a Federal Reserve range (00 to 12, 21 to 32, 61 to 72, 80); weights 3, 7, 1 and modulus 10 (ABA).",
    words: &[("en", &["aba", "routing", "routing number", "abarouting", "bankrouting", "aba number", "rtn"])],
    examples: &["routing number 111000025"],
    counter_examples: &["routing number 111000026"],
    shapes: &["d{9}", "dddd-dddd-d"],
    check,
    proof: "Federal Reserve range and check digit fit",
    supported: 88,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(
        matches!(c.number(0, 2), 1..=12 | 21..=32 | 61..=72 | 80)
            && weighted(c.norm, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10),
    )
}
