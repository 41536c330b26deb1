//! Goods and services tax number (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_GSTIN",
    title: "Goods and services tax number (India)",
    group: Group::Financial,
    countries: &["IN"],
    docs: "State, PAN, entity, Z, check character over base 36.",
    words: &[("en", &["gstin", "gst"])],
    examples: &["GSTIN 27AAPFU0939F1ZV"],
    counter_examples: &["GSTIN 27AAPFU0939F1ZW"],
    shapes: &["ddL{5}ddddLdLd", "ddL{5}ddddLdLL", "ddL{5}ddddLLLd", "ddL{5}ddddLLLL"],
    check,
    proof: "state and check character fit",
    alone: 75,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum: u32 = c.norm[..14]
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let product = alnum_value(*b).unwrap_or(0) * if i % 2 == 0 { 1 } else { 2 };
            product / 36 + product % 36
        })
        .sum();
    Check::from(matches!(c.number(0, 2), 1..=38 | 97 | 99) && alnum_value(c.norm[14]) == Some((36 - sum % 36) % 36))
}
