//! Identity card number (Singapore).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SG_NRIC_FIN",
    title: "Identity card number (Singapore)",
    group: Group::National,
    countries: &["SG"],
    docs: "S, T, F, G or M, seven digits, a check letter.",
    words: &[("en", &["nric", "fin", "identity card", "singpass", "ic number"])],
    examples: &["NRIC S1234567D"],
    counter_examples: &["NRIC S1234567E"],
    shapes: &["Ld{7}L"],
    check,
    proof: "check letter fits",
    alone: 65,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let (table, add): (&[u8], u32) = match c.norm[0] {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        b'M' => (b"XWUTRQPNJLK", 3),
        _ => return Check::No,
    };
    let sum = weighted(&c.norm[1..], &[2, 7, 6, 5, 4, 3, 2]) + add;
    let place = if c.norm[0] == b'M' { 10 - sum % 11 } else { sum % 11 };
    Check::from(table[place as usize] == c.norm[8])
}
