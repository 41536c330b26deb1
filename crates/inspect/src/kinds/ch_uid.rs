//! Company number (Switzerland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CH_UID",
    title: "Company number (Switzerland)",
    group: Group::Financial,
    countries: &["CH"],
    docs: "CHE and nine digits; weights 5, 4, 3, 2, 7, 6, 5, 4, modulus 11.",
    words: &[("de", &["uid", "mwst"]), ("fr", &["ide", "tva"]), ("en", &["vat"])],
    examples: &["CHE-100.155.212"],
    counter_examples: &["CHE-100.155.213"],
    shapes: &["LLL-ddd.ddd.ddd", "LLLd{9}", "LLL ddd.ddd.ddd"],
    check,
    proof: "check digit fits",
    alone: 80,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[3..];
    let rest = 11 - weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4]) % 11;
    Check::from(c.norm.starts_with(b"CHE") && rest % 11 == digit(digits[8]))
}
