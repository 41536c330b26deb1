//! Medicare beneficiary identifier (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_MBI",
    title: "Medicare beneficiary identifier (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Eleven characters in fixed places of digits and letters, no S, L, O, I, B, Z (CMS).",
    words: &[("en", &["medicare", "mbi", "beneficiary", "hic", "medicare number"])],
    examples: &["Medicare number 1EG4-TE5-MK73"],
    counter_examples: &["medicare 1SG4-TE5-MK73", "1BG4TE5MK73"],
    shapes: &["dLXdLXdLLdd", "dLXd-LXd-LLdd"],
    check: mbi,
    proof: "places of letters and digits fit",
    alone: 55,
    supported: 92,
};

/// Places: 1–9, letter, letter or digit, digit, letter, letter or digit, digit, letter, letter, digit, digit.
fn mbi(c: &Candidate<'_>) -> Check {
    let letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    let n = c.norm;
    let fits = n.len() == 11
        && matches!(n[0], b'1'..=b'9')
        && [1, 4, 7, 8].iter().all(|i| letter(n[*i]))
        && [3, 6, 9, 10].iter().all(|i| n[*i].is_ascii_digit())
        && [2, 5].iter().all(|i| letter(n[*i]) || n[*i].is_ascii_digit());
    Check::from(fits && c.is_upper())
}
