//! Foreigner's identity number (Spain).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ES_NIE",
    title: "Foreigner's identity number (Spain)",
    group: Group::National,
    countries: &["ES"],
    docs: "X, Y or Z, seven digits and a letter (modulo 23 with the first letter as 0, 1, 2).",
    words: &[("es", &["nie", "número de identificación de extranjero", "extranjero"]), ("en", &["foreigner"])],
    examples: &["NIE X1234567L"],
    counter_examples: &["NIE X1234567M"],
    shapes: &["Ld{7}L", "L-d{7}-L", "Ld{7}-L"],
    check,
    proof: "check letter fits",
    alone: 60,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let first = match c.norm[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        _ => return Check::No,
    };
    Check::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[((first * 10_000_000 + c.number(1, 8)) % 23) as usize] == c.norm[8])
}
