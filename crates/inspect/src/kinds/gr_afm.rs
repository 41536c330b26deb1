//! Tax number (Greece).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "GR_AFM",
    title: "Tax number (Greece)",
    group: Group::National,
    countries: &["GR"],
    docs: "Nine digits; powers of two, modulus 11 then 10.",
    words: &[("el", &["αφμ", "α φ μ"]), ("en", &["afm", "greek tax", "vat"])],
    examples: &["ΑΦΜ 094259216"],
    counter_examples: &["ΑΦΜ 094259217"],
    shapes: &["d{9}", "LLd{9}"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[c.norm.len() - 9..];
    let sum = weighted(digits, &[256, 128, 64, 32, 16, 8, 4, 2]);
    Check::from(sum % 11 % 10 == digit(digits[8]) && !one_byte_only(digits) && (c.norm.len() == 9 || c.norm.starts_with(b"EL")))
}
