//! Identity number (Dominican Republic).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DO_CEDULA",
    title: "Identity number (Dominican Republic)",
    group: Group::National,
    countries: &["DO"],
    docs: "Eleven digits, Luhn.",
    words: &[("es", &["cédula", "cedula"])],
    examples: &["cédula 001-1391820-5"],
    counter_examples: &["cédula 001-1391820-6"],
    shapes: &["ddd-d{7}-d", "d{11}"],
    check,
    proof: "Luhn check digit fits",
    alone: 40,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(luhn(c.norm) && !one_byte_only(c.norm)).and_weak(!c.separated())
}
