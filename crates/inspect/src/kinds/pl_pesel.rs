//! PESEL number (Poland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PL_PESEL",
    title: "PESEL number (Poland)",
    group: Group::National,
    countries: &["PL"],
    docs: "Birth date with the century in the month, serial number, sex, check digit over weights 1, 3, 7, 9.",
    words: &[("pl", &["pesel", "numer pesel", "nr pesel"]), ("en", &["pesel"])],
    examples: &["PESEL 44051401359"],
    counter_examples: &["PESEL 44051401358", "PESEL 44131401359"],
    shapes: &["d{11}"],
    check,
    proof: "birth date and check digit fit",
    alone: 45,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let month = c.number(2, 4);
    let sum = weighted(c.norm, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    let date = is_short_date(c.number(0, 2), month % 20, c.number(4, 6)) && month < 93;
    Check::from(date && (10 - sum % 10) % 10 == digit(c.norm[10]))
}
