//! Identity number (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_ID_NUMBER",
    title: "Identity number (South Africa)",
    group: Group::National,
    countries: &["ZA"],
    docs: "Birth date, sex, citizenship, Luhn (DHA).",
    words: &[("en", &["id number", "identity number", "id no", "south african id", "identity document"])],
    examples: &["ID number 7503305044089"],
    counter_examples: &["ID number 7503305044088"],
    shapes: &["d{13}", "dddddd dddd ddd", "dddddd dddd dd d"],
    check,
    proof: "birth date and check digit fit",
    alone: 50,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(
        is_short_date(c.number(0, 2), c.number(2, 4), c.number(4, 6)) && matches!(c.norm[10], b'0'..=b'2') && luhn(c.norm),
    )
}
