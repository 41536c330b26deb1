//! Tax file number (Australia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AU_TFN",
    title: "Tax file number (Australia)",
    group: Group::National,
    countries: &["AU"],
    docs: "Eight or nine digits; weights 1, 4, 3, 7, 5, 8, 6, 9, 10, modulus 11 (ATO).",
    words: &[("en", &["tfn", "tax file number", "tax file"])],
    examples: &["TFN 123 456 782"],
    counter_examples: &["TFN 123 456 783"],
    shapes: &["d{9}", "ddd ddd ddd", "ddd-ddd-ddd"],
    check,
    proof: "check digit fits",
    supported: 95,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(weighted(c.norm, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11) && !one_byte_only(c.norm))
}
