//! VAT number (Austria).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AT_VAT",
    title: "VAT number (Austria)",
    group: Group::Financial,
    countries: &["AT"],
    docs: "ATU and eight digits with a check digit.",
    words: &[("de", &["uid", "ust id", "umsatzsteuer"]), ("en", &["vat"])],
    examples: &["UID ATU13585627"],
    counter_examples: &["UID ATU13585628"],
    shapes: &["LLLd{8}", "LLL d{8}"],
    check,
    proof: "check digit fits",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[3..];
    let sum: u32 = digits[..7]
        .iter()
        .enumerate()
        .map(|(i, b)| {
            if i % 2 == 0 {
                digit(*b)
            } else {
                let d = digit(*b) * 2;
                d / 10 + d % 10
            }
        })
        .sum();
    Check::from(c.norm.starts_with(b"ATU") && (106 - sum) % 10 == digit(digits[7]))
}
