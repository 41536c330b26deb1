//! Tax number (Portugal).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PT_NIF",
    title: "Tax number (Portugal)",
    group: Group::National,
    countries: &["PT"],
    docs: "Nine digits; weights 9 to 2, modulus 11.",
    words: &[("pt", &["nif", "contribuinte", "número de contribuinte", "número fiscal", "nipc"])],
    examples: &["NIF 501 964 843"],
    counter_examples: &["NIF 501 964 842"],
    shapes: &["d{9}", "ddd~ddd~ddd", "LLd{9}"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = if c.norm[0].is_ascii_digit() { c.norm } else { &c.norm[2..] };
    let prefix = c.norm.len() == 9 || c.norm.starts_with(b"PT");
    let rest = 11 - weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest > 9 { 0 } else { rest };
    Check::from(prefix && b"1235689".contains(&digits[0]) && check == digit(digits[8]))
}
