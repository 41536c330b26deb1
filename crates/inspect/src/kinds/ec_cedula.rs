//! Identity number (Ecuador).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "EC_CEDULA",
    title: "Identity number (Ecuador)",
    group: Group::National,
    countries: &["EC"],
    docs: "Province 01 to 24 or 30, third digit below 6, Luhn.",
    words: &[("es", &["cédula", "cédula de identidad", "cedula", "ci", "c.i."])],
    examples: &["cédula 171430710-3", "C.I. 171430710-3"],
    counter_examples: &["cédula 171430710-4"],
    shapes: &["d{10}", "d{9}-d"],
    check,
    proof: "province and check digit fit",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.number(0, 2), 1..=24 | 30) && c.norm[2] < b'6' && luhn(c.norm))
}
