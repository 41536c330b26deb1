//! Company number (Romania).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "RO_CUI",
    title: "Company number (Romania)",
    group: Group::Financial,
    countries: &["RO"],
    docs: "RO and two to ten digits; weights 7, 5, 3, 2, 1, 7, 5, 3, 2.",
    words: &[("ro", &["cui", "cif", "cod fiscal"]), ("en", &["vat"])],
    examples: &["CUI RO18547290"],
    counter_examples: &["CUI RO18547291"],
    shapes: &["LLd{8}", "LLd{7}", "LLd{6}", "LLd{9}", "d{8}"],
    check,
    proof: "check digit fits",
    alone: 30,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = if c.norm[0].is_ascii_digit() { c.norm } else { &c.norm[2..] };
    let (body, check) = digits.split_at(digits.len() - 1);
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    let sum = weighted(body, &weights[9 - body.len()..]) * 10 % 11 % 10;
    Check::from((digits.len() == c.norm.len() || c.norm.starts_with(b"RO")) && sum == digit(check[0]))
        .and_weak(digits.len() == c.norm.len())
}
