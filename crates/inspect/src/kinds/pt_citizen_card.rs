//! Citizen card number (Portugal).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PT_CITIZEN_CARD",
    title: "Citizen card number (Portugal)",
    group: Group::Document,
    countries: &["PT"],
    docs: "Eight digits, a check digit, two letters or digits, a check digit; Luhn over letters and digits.",
    words: &[("pt", &["cartão de cidadão", "cartão do cidadão", "cc", "bilhete de identidade"])],
    examples: &["cartão de cidadão 00000000 0 ZZ4"],
    counter_examples: &["cartão de cidadão 00000000 0 ZZ5"],
    shapes: &["d{8} d LLd", "d{9}LLd", "d{8} dLLd"],
    check,
    proof: "check digit fits",
    alone: 40,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum: u32 = c
        .norm
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let value = alnum_value(*b).unwrap_or(0);
            if i % 2 == 0 {
                value
            } else if value * 2 > 9 {
                value * 2 - 9
            } else {
                value * 2
            }
        })
        .sum();
    Check::from(sum.is_multiple_of(10))
}
