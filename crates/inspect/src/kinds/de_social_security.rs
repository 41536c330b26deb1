//! Pension insurance number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_SOCIAL_SECURITY",
    title: "Pension insurance number (Germany)",
    group: Group::National,
    countries: &["DE"],
    docs: "Area, birth date, initial, serial number and check digit; weights 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1 over the digits with the letter as its two-digit place (DRV).",
    words: &[
        (
            "de",
            &[
                "rentenversicherungsnummer",
                "sozialversicherungsnummer",
                "versicherungsnummer",
                "rvnr",
                "svnr",
                "rentenversicherung",
                "sv nummer",
            ],
        ),
        ("en", &["german social security", "social insurance"]),
    ],
    examples: &["SV-Nummer 65 170839 J 003", "Rentenversicherungsnummer 15070649C103"],
    counter_examples: &["SV-Nummer 65 170839 J 004"],
    shapes: &["dd~d{6}~L~ddd", "d{8}Lddd", "dd d{6} L ddd"],
    check: rvnr,
    proof: "birth date and check digit fit",
    alone: 55,
    supported: 95,
};

fn rvnr(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    if n.len() != 12 || !n[8].is_ascii_alphabetic() {
        return Check::No;
    }
    let day = c.number(2, 4) % 50;
    let place = u32::from(n[8] - b'A') + 1;
    let mut digits = [0; 12];
    digits[..8].copy_from_slice(&n[..8]);
    digits[8] = b'0' + u8::try_from(place / 10).unwrap_or(0);
    digits[9] = b'0' + u8::try_from(place % 10).unwrap_or(0);
    digits[10..].copy_from_slice(&n[9..11]);
    let sum: u32 = digits
        .iter()
        .zip([2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1])
        .map(|(d, w)| {
            let p = digit(*d) * w;
            p / 10 + p % 10
        })
        .sum();
    Check::from((1..=31).contains(&day) && (1..=12).contains(&c.number(4, 6)) && sum % 10 == digit(n[11]))
}
