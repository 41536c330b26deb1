//! Pension insurance number (Russia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "RU_SNILS",
    title: "Pension insurance number (Russia)",
    group: Group::National,
    countries: &["RU"],
    docs: "Nine digits and a two-digit sum over weights 9 to 1.",
    words: &[("ru", &["снилс"]), ("en", &["snils"])],
    examples: &["СНИЛС 112-233-445 95"],
    counter_examples: &["СНИЛС 112-233-445 96"],
    shapes: &["ddd-ddd-ddd dd", "ddd-ddd-ddd-dd", "d{11}"],
    check,
    proof: "check digits fit",
    supported: 95,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101 % 100;
    Check::from(u64::from(sum) == c.number(9, 11))
}
