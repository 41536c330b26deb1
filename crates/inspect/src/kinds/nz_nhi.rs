//! Health index number (New Zealand).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NZ_NHI",
    title: "Health index number (New Zealand)",
    group: Group::Health,
    countries: &["NZ"],
    docs: "Three letters without I and O, four digits with modulus 11.",
    words: &[("en", &["nhi", "health index"])],
    examples: &["NHI ZZZ0016"],
    counter_examples: &["NHI ZZZ0017"],
    shapes: &["LLLdddd"],
    check,
    proof: "check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let value = |b: u8| b"ABCDEFGHJKLMNPQRSTUVWXYZ".iter().position(|l| *l == b).map_or(0, |i| u32::try_from(i).unwrap_or(0) + 1);
    let n = c.norm;
    let sum = value(n[0]) * 7 + value(n[1]) * 6 + value(n[2]) * 5 + weighted(&n[3..], &[4, 3, 2]);
    let letters = !n[..3].iter().any(|b| matches!(b, b'I' | b'O'));
    Check::from(letters && !sum.is_multiple_of(11) && (11 - sum % 11) % 10 == digit(n[6]) && c.is_upper())
}
