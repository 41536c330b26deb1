//! Tax number (Cyprus).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CY_TIC",
    title: "Tax number (Cyprus)",
    group: Group::Financial,
    countries: &["CY"],
    docs: "Eight digits and a letter with modulus 26.",
    words: &[("el", &["αφτ"]), ("en", &["vat", "tic", "cyprus tax"])],
    examples: &["VAT CY10259033P"],
    counter_examples: &["VAT CY10259033Q"],
    shapes: &["d{8}L", "LLd{8}L"],
    check,
    proof: "check letter fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let n = &c.norm[c.norm.len() - 9..];
    let odd = |b: u8| [1, 0, 5, 7, 9, 13, 15, 17, 19, 21][digit(b) as usize];
    let sum: u32 = n[..8].iter().enumerate().map(|(i, b)| if i % 2 == 0 { odd(*b) } else { digit(*b) }).sum();
    Check::from(u32::from(n[8].wrapping_sub(b'A')) == sum % 26 && (c.norm.len() == 9 || c.norm.starts_with(b"CY")))
}
