//! Medicare number (Australia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AU_MEDICARE",
    title: "Medicare number (Australia)",
    group: Group::Health,
    countries: &["AU"],
    docs: "Ten or eleven digits beginning with 2 to 6; weights 1, 3, 7, 9.",
    words: &[("en", &["medicare", "medicare number", "medicare card"])],
    examples: &["Medicare 2428 77813 2"],
    counter_examples: &["Medicare 2428 77823 2"],
    shapes: &["d{10}", "d{11}", "dddd ddddd d", "dddd ddddd d d"],
    check,
    proof: "check digit fits",
    supported: 94,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'2'..=b'6') && weighted(c.norm, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digit(c.norm[8]))
}
