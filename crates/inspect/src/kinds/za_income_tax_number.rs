//! Income tax number (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_INCOME_TAX_NUMBER",
    title: "Income tax number (South Africa)",
    group: Group::National,
    countries: &["ZA"],
    docs: "Ten digits beginning with 0, 1, 2, 3 or 9, Luhn (SARS).",
    words: &[("en", &["income tax number", "tax reference", "sars", "tax reference number"])],
    examples: &["tax reference 0001339050"],
    counter_examples: &["tax reference 0001339051"],
    shapes: &["d{10}"],
    check,
    proof: "check digit fits",
    supported: 88,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'0'..=b'3' | b'9') && luhn(c.norm))
}
