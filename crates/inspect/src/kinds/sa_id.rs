//! Identity number (Saudi Arabia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SA_ID",
    title: "Identity number (Saudi Arabia)",
    group: Group::National,
    countries: &["SA"],
    docs: "Ten digits beginning with 1 or 2, Luhn.",
    words: &[("en", &["iqama", "saudi id"]), ("ar", &["رقم الهوية", "الإقامة"])],
    examples: &["iqama 2123456788"],
    counter_examples: &["iqama 2123456789"],
    shapes: &["d{10}"],
    check,
    proof: "Luhn check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'1' | b'2') && luhn(c.norm))
}
