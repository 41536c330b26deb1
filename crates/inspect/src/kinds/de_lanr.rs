//! Lifelong doctor number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_LANR",
    title: "Lifelong doctor number (Germany)",
    group: Group::Health,
    countries: &["DE"],
    docs: "Nine digits; the seventh checks the first six with weights 4 and 9 (KBV).",
    words: &[("de", &["lanr", "arztnummer", "lebenslange arztnummer", "arzt nr"])],
    examples: &["LANR 123456601"],
    counter_examples: &["LANR 123456501"],
    shapes: &["d{9}"],
    check,
    proof: "check digit fits",
    supported: 88,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[4, 9, 4, 9, 4, 9]);
    Check::from((10 - sum % 10) % 10 == digit(c.norm[6]))
}
