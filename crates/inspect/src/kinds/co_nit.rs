//! Tax number (Colombia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CO_NIT",
    title: "Tax number (Colombia)",
    group: Group::Financial,
    countries: &["CO"],
    docs: "Nine or ten digits and a check digit with modulus 11.",
    words: &[("es", &["nit", "número de identificación tributaria"])],
    examples: &["NIT 213.123.432-1"],
    counter_examples: &["213.123.432-2"],
    shapes: &["ddd.ddd.ddd-d", "d{9}-d"],
    check,
    proof: "check digit fits",
    alone: 60,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    let (check, body) = c.norm.split_last().expect("shapes are not empty");
    let weights = [3, 7, 13, 17, 19, 23, 29, 37, 41];
    let sum: u32 = body.iter().rev().zip(weights).map(|(b, w)| digit(*b) * w).sum();
    Check::from(b"01987654321"[(sum % 11) as usize] == *check).and_weak(!c.raw.contains(&b'.'))
}
