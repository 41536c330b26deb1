//! Social security number (Hungary).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "HU_TAJ",
    title: "Social security number (Hungary)",
    group: Group::Health,
    countries: &["HU"],
    docs: "Nine digits; weights 3 and 7, modulus 10.",
    words: &[("hu", &["taj", "taj szám", "tajszám", "társadalombiztosítási"]), ("en", &["hungarian social"])],
    examples: &["TAJ 111 111 110"],
    counter_examples: &["TAJ 111 111 111"],
    shapes: &["ddd~ddd~ddd"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(weighted(c.norm, &[3, 7, 3, 7, 3, 7, 3, 7]) % 10 == digit(c.norm[8]))
}
