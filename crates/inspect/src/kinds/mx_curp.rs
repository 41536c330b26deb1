//! Population registry key (Mexico).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "MX_CURP",
    title: "Population registry key (Mexico)",
    group: Group::National,
    countries: &["MX"],
    docs: "Name letters, birth date, sex, state, consonants, check digit (RENAPO).",
    words: &[("es", &["curp", "clave única de registro"])],
    examples: &["CURP BOXW310820HNERXN09"],
    counter_examples: &["CURP BOXW310820HNERXN08"],
    shapes: &["LLLLd{6}L{6}dd", "LLLLd{6}L{6}Ld"],
    check,
    proof: "birth date and check digit fit",
    alone: 80,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let alphabet = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'N' => u32::from(b - b'A') + 10,
        _ => u32::from(b.saturating_sub(b'O')) + 25,
    };
    let sum: u32 = c.norm[..17].iter().zip((2..=18).rev()).map(|(b, w)| alphabet(*b) * w).sum();
    let date = is_short_date(c.number(4, 6), c.number(6, 8), c.number(8, 10));
    Check::from(date && matches!(c.norm[10], b'H' | b'M' | b'X') && (10 - sum % 10) % 10 == digit(c.norm[17]))
}
