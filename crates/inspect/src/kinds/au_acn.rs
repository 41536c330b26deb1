//! Company number (Australia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AU_ACN",
    title: "Company number (Australia)",
    group: Group::Financial,
    countries: &["AU"],
    docs: "Nine digits; weights 8 to 1, modulus 10 (ASIC).",
    words: &[("en", &["acn", "australian company number"])],
    examples: &["ACN 004 085 616"],
    counter_examples: &["ACN 004 085 617"],
    shapes: &["d{9}", "ddd ddd ddd"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from((10 - weighted(c.norm, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == digit(c.norm[8]))
}
