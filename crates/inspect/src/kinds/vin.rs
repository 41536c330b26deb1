//! Vehicle identification number.

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "VIN",
    title: "Vehicle identification number",
    group: Group::Document,
    docs: "Seventeen characters without I, O, Q; the ninth is a check character in North America (ISO 3779).",
    words: &[
        ("en", &["vin", "vehicle identification", "chassis", "chassis number"]),
        ("de", &["fahrgestellnummer", "fin"]),
        ("fr", &["numéro de série"]),
        ("es", &["bastidor"]),
        ("it", &["telaio"]),
    ],
    examples: &["VIN 1HGCM82633A004352"],
    counter_examples: &["1HGCM82633A004353", "VIN 1HGCM82633A0O4352"],
    shapes: &["X{17}"],
    check: vin,
    proof: "check character fits",
    alone: 55,
    supported: 93,
    ..BLANK
};

fn vin(c: &Candidate<'_>) -> Check {
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'H' => u32::from(b - b'A') + 1,
        b'J'..=b'N' => u32::from(b - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(b - b'S') + 2,
        _ => 0,
    };
    let n = c.norm;
    if !c.is_upper() || n.iter().any(|b| matches!(b, b'I' | b'O' | b'Q')) || !n[13..].iter().all(u8::is_ascii_digit) {
        return Check::No;
    }
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let rest = n.iter().zip(weights).map(|(b, w)| value(*b) * w).sum::<u32>() % 11;
    if b"0123456789X"[rest as usize] == n[8] { Check::Good } else { Check::Weak }
}
