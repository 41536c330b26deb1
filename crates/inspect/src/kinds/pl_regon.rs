//! Business register number (Poland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PL_REGON",
    title: "Business register number (Poland)",
    group: Group::Financial,
    countries: &["PL"],
    docs: "Nine or fourteen digits with modulus 11 check digits.",
    words: &[("pl", &["regon"]), ("en", &["regon"])],
    examples: &["REGON 192598184"],
    counter_examples: &["REGON 192598183"],
    shapes: &["d{9}", "d{14}"],
    check,
    proof: "check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let nine = weighted(c.norm, &[8, 9, 2, 3, 4, 5, 6, 7]) % 11 % 10 == digit(c.norm[8]);
    let all = c.norm.len() == 9 || weighted(c.norm, &[2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8]) % 11 % 10 == digit(c.norm[13]);
    Check::from(nine && all)
}
