//! Identity number (United Arab Emirates).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AE_EMIRATES_ID",
    title: "Identity number (United Arab Emirates)",
    group: Group::National,
    countries: &["AE"],
    docs: "784, year of birth, seven digits, Luhn.",
    words: &[("en", &["emirates id", "eid"]), ("ar", &["رقم الهوية"])],
    examples: &["Emirates ID 784-1980-1234567-8"],
    counter_examples: &["Emirates ID 784-1980-1234567-9"],
    shapes: &["ddd-dddd-d{7}-d", "d{15}"],
    check,
    proof: "784, year and check digit fit",
    alone: 80,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm.starts_with(b"784") && (1900..2100).contains(&c.number(3, 7)) && luhn(c.norm))
}
