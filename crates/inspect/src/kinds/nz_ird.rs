//! Tax number (New Zealand).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NZ_IRD",
    title: "Tax number (New Zealand)",
    group: Group::National,
    countries: &["NZ"],
    docs: "Eight or nine digits with modulus 11 in two rounds of weights.",
    words: &[("en", &["ird", "inland revenue", "ird number"])],
    examples: &["IRD 49-091-850"],
    counter_examples: &["IRD 49-091-851"],
    shapes: &["d{9}", "ddd-ddd-ddd", "dd-ddd-ddd", "d{8}"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let mut nine = [b'0'; 9];
    nine[9 - c.norm.len()..].copy_from_slice(c.norm);
    let round = |w: &[u32]| (11 - weighted(&nine, w) % 11) % 11;
    let first = round(&[3, 2, 7, 6, 5, 4, 3, 2]);
    let check = if first == 10 { round(&[7, 4, 3, 2, 5, 2, 7, 6]) } else { first };
    Check::from(check == digit(nine[8]) && (10_000_000..150_000_000).contains(&number(&nine)))
}
