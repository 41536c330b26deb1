//! Tax number (Poland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PL_NIP",
    title: "Tax number (Poland)",
    group: Group::Financial,
    countries: &["PL"],
    docs: "Ten digits; weights 6, 5, 7, 2, 3, 4, 5, 6, 7, modulus 11.",
    words: &[("pl", &["nip", "numer nip", "podatkowy"]), ("en", &["vat"])],
    examples: &["NIP 856-734-62-15"],
    counter_examples: &["NIP 856-734-62-16"],
    shapes: &["d{10}", "ddd-ddd-dd-dd", "ddd-dd-dd-ddd", "LLd{10}"],
    check,
    proof: "check digit fits",
    alone: 55,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = if c.norm[0].is_ascii_digit() { c.norm } else { &c.norm[2..] };
    let rest = weighted(digits, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
    let prefix = c.norm.len() == 10 || c.norm.starts_with(b"PL");
    let fits = prefix && rest == digit(digits[9]) && !one_byte_only(digits);
    if !fits {
        Check::No
    } else if c.separated() || c.norm.len() == 12 {
        Check::Good
    } else {
        Check::Weak
    }
}
