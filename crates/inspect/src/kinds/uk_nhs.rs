//! NHS number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_NHS",
    title: "NHS number (United Kingdom)",
    group: Group::Health,
    countries: &["GB"],
    docs: "Ten digits as 3-3-4; weights 10 to 2, modulus 11 (NHS Data Dictionary).",
    words: &[("en", &["nhs", "nhs number", "national health service", "patient", "health service"])],
    examples: &["NHS number 943 476 5919"],
    counter_examples: &["NHS number 943 476 5918"],
    shapes: &["ddd~ddd~dddd"],
    check,
    proof: "modulus 11 check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = 11 - weighted(c.norm, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    Check::from(rest % 11 == digit(c.norm[9]) && rest != 10 && !one_byte_only(c.norm))
}
