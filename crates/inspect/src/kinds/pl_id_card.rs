//! Identity card number (Poland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PL_ID_CARD",
    title: "Identity card number (Poland)",
    group: Group::Document,
    countries: &["PL"],
    docs: "Three letters and six digits; weights 7, 3, 1, 9, 7, 3, 1, 7, 3, modulus 10.",
    words: &[("pl", &["dowód", "dowód osobisty", "numer dowodu", "dowodu"]), ("en", &["polish id"])],
    examples: &["dowód osobisty ABA300000"],
    counter_examples: &["dowód ABA300001"],
    shapes: &["LLLd{6}", "LLL d{6}"],
    check,
    proof: "check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let weights = [7, 3, 1, 9, 7, 3, 1, 7, 3];
    let sum: u32 = c.norm.iter().zip(weights).map(|(b, w)| alnum_value(*b).unwrap_or(0) * w).sum();
    Check::from(sum.is_multiple_of(10) && c.is_upper())
}
