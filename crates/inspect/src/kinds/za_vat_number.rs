//! VAT number (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_VAT_NUMBER",
    title: "VAT number (South Africa)",
    group: Group::Financial,
    countries: &["ZA"],
    docs: "Ten digits beginning with 4, Luhn-like check digit (SARS).",
    words: &[("en", &["vat", "vat number", "sars", "vat registration"])],
    examples: &["VAT number 4000012346"],
    counter_examples: &["VAT number 4000012347"],
    shapes: &["d{10}"],
    check,
    proof: "check digit fits",
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm[0] == b'4' && luhn(c.norm))
}
