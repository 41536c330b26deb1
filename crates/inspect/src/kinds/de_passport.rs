//! Passport number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_PASSPORT",
    title: "Passport number (Germany)",
    group: Group::Document,
    countries: &["DE"],
    docs: "Nine characters beginning with C, F, G, H, J or K and a check digit (ICAO 9303 weights 7, 3, 1).",
    words: &[("de", &["reisepass", "pass", "passnummer", "reisepassnummer"]), ("en", &["passport", "passport number"])],
    examples: &["Reisepass C01X00T478", "Passnummer C01X0006H", "Reisepass CFGN5YPJ4"],
    counter_examples: &["Reisepass B01X00T478", "Reisepass GHLFCKRTX"],
    shapes: &["X{10}", "X{9}"],
    check: passport,
    proof: "alphabet and check digit fit",
    supported: 90,
    ..BLANK
};

fn passport(c: &Candidate<'_>) -> Check {
    let serial = &c.norm[..9];
    let alphabet = serial.iter().all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b));
    // Letters and digits stand anywhere behind the first letter; without a digit it is a word.
    let first = b"CFGHJK".contains(&c.norm[0]) && serial.iter().any(u8::is_ascii_digit);
    match c.norm.len() {
        10 => Check::from(alphabet && first && mrz(c.norm)),
        _ => {
            if alphabet && first {
                Check::Weak
            } else {
                Check::No
            }
        }
    }
}

/// ICAO 9303: weights 7, 3, 1 over all but the last character give the last one.
pub(crate) fn mrz(norm: &[u8]) -> bool {
    let Some((check, rest)) = norm.split_last() else { return false };
    let sum: u32 = rest.iter().zip([7, 3, 1].iter().cycle()).map(|(b, w)| alnum_value(*b).unwrap_or(0) * w).sum();
    check.is_ascii_digit() && sum % 10 == digit(*check)
}
