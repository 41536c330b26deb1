//! Unique taxpayer reference (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_UTR",
    title: "Unique taxpayer reference (United Kingdom)",
    group: Group::National,
    countries: &["GB"],
    docs: "Ten digits; the first is the check digit over weights 6, 7, 8, 9, 10, 5, 4, 3, 2 (HMRC).",
    words: &[("en", &["utr", "taxpayer reference", "tax reference", "self assessment", "unique taxpayer"])],
    examples: &["UTR 1955839661", "my tax reference is 1955839661"],
    counter_examples: &["UTR 2955839661"],
    shapes: &["d{10}", "d{5} d{5}"],
    check,
    proof: "check digit fits",
    supported: 90,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = weighted(&c.norm[1..], &[6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11;
    Check::from(b"21987654321"[rest as usize] == c.norm[0])
}
