//! Tax number (Czechia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CZ_DIC",
    title: "Tax number (Czechia)",
    group: Group::Financial,
    countries: &["CZ"],
    docs: "CZ and eight to ten digits.",
    words: &[("cs", &["dič", "ičo"]), ("en", &["vat"])],
    examples: &["DIČ CZ25123891"],
    counter_examples: &["DIČ CZ25123892"],
    shapes: &["LLd{8}", "LLd{9}", "LLd{10}"],
    check,
    proof: "check digit fits",
    alone: 40,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[2..];
    let eight = digits.len() != 8 || (11 - weighted(digits, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 10 == digit(digits[7]);
    Check::from(c.norm.starts_with(b"CZ") && eight)
}
