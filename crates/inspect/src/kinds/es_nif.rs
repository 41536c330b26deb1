//! Tax and identity number (Spain).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ES_NIF",
    title: "Tax and identity number (Spain)",
    group: Group::National,
    countries: &["ES"],
    docs: "DNI of eight digits and a letter (modulo 23), or K, L, M with seven digits (Agencia Tributaria).",
    words: &[
        ("es", &["dni", "nif", "documento nacional de identidad", "identidad", "documento"]),
        ("en", &["spanish id", "national id"]),
    ],
    examples: &["DNI 12345678Z", "NIF 54362315-K"],
    counter_examples: &["DNI 12345678A"],
    shapes: &["d{8}L", "d{8}-L", "d{8} L", "dd.ddd.dddL", "dd.ddd.ddd-L", "Ld{7}L"],
    check: nif,
    proof: "check letter fits",
    alone: 50,
    supported: 95,
};

fn nif(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let (digits, letter) = if n[0].is_ascii_digit() { (&n[..8], n[8]) } else { (&n[1..8], n[8]) };
    let first = n[0].is_ascii_digit() || matches!(n[0], b'K' | b'L' | b'M');
    Check::from(first && all_digits(digits) && b"TRWAGMYFPDXBNJZSQVHLCKE"[(number(digits) % 23) as usize] == letter)
}
