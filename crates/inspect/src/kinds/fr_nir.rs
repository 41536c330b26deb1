//! Social security number (France).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "FR_NIR",
    title: "Social security number (France)",
    group: Group::National,
    countries: &["FR"],
    docs: "Sex, year, month, department, commune, order and a two-digit key: 97 minus the number modulo 97; Corsica counts 2A as 19, 2B as 18 (INSEE).",
    words: &[
        ("fr", &["sécurité sociale", "numéro de sécurité sociale", "nir", "insee", "sécu", "carte vitale", "numéro de sécu"]),
        ("en", &["french social security"]),
    ],
    examples: &["Sécu: 2 55 08 14 168 025 38", "255081416802538"],
    counter_examples: &["255081416802539"],
    shapes: &[
        "d{15}",
        "d dd dd dd ddd ddd dd",
        "d dd dd dL ddd ddd dd",
        "d{6}Ld{8}",
        "d dd dd dd ddd ddd",
        "d.dd.dd.dd.ddd.ddd.dd",
        "ddddd dd ddd ddd dd",
        "d dd dd ddddd ddd dd",
    ],
    check: nir,
    proof: "month and key fit",
    alone: 60,
    supported: 96,
};

fn nir(c: &Candidate<'_>) -> Check {
    let mut digits = [b'0'; 15];
    if c.norm.len() != 15 {
        return Check::No;
    }
    digits.copy_from_slice(c.norm);
    match &digits[5..7] {
        b"2A" => digits[5..7].copy_from_slice(b"19"),
        b"2B" => digits[5..7].copy_from_slice(b"18"),
        _ => {}
    }
    let month = number(&digits[3..5]);
    let fits =
        all_digits(&digits) && matches!(digits[0], b'1'..=b'4' | b'7' | b'8') && matches!(month, 1..=12 | 20..=42 | 50..=99);
    Check::from(fits && 97 - number(&digits[..13]) % 97 == number(&digits[13..]))
}
