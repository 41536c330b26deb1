//! Social insurance number (Austria).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AT_SVNR",
    title: "Social insurance number (Austria)",
    group: Group::National,
    countries: &["AT"],
    docs: "Three digits, check digit (weights 3, 7, 9, 5, 8, 4, 2, 1, 6, modulus 11), birth date.",
    words: &[
        ("de", &["sozialversicherungsnummer", "svnr", "versicherungsnummer", "e card", "sv nummer"]),
        ("en", &["austrian social"]),
    ],
    examples: &["SVNR 1237 010180"],
    counter_examples: &["SVNR 1238 010180"],
    shapes: &["dddd dddddd", "d{10}", "dddd-dddddd"],
    check,
    proof: "birth date and check digit fit",
    alone: 40,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let digits = [n[0], n[1], n[2], n[4], n[5], n[6], n[7], n[8], n[9]];
    let sum = weighted(&digits, &[3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
    Check::from(n[0] != b'0' && sum == digit(n[3]) && c.number(4, 6) <= 31 && c.number(6, 8) <= 15)
}
