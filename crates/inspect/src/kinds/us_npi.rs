//! National provider identifier (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_NPI",
    title: "National provider identifier (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Ten digits beginning with 1 or 2, Luhn over 80840 and the number (CMS).",
    words: &[("en", &["npi", "national provider", "provider identifier", "provider", "provider number"])],
    examples: &["NPI 1234567893"],
    counter_examples: &["NPI 1234567890"],
    shapes: &["d{10}", "dddd-ddd-ddd", "dddd ddd ddd"],
    check,
    proof: "Luhn over 80840 and the number fits",
    supported: 88,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let mut full = *b"80840..........";
    full[5..].copy_from_slice(c.norm);
    Check::from(matches!(c.norm[0], b'1' | b'2') && luhn(&full))
}
