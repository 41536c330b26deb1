//! VAT number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_VAT_ID",
    title: "VAT number (Germany)",
    group: Group::Financial,
    countries: &["DE"],
    docs: "DE and nine digits; ISO 7064 MOD 11,10 (BZSt).",
    words: &[
        ("de", &["ust id", "ustid", "umsatzsteuer", "ust idnr", "umsatzsteuer identifikationsnummer", "ustidnr"]),
        ("en", &["vat", "vat number"]),
    ],
    examples: &["USt-IdNr. DE136695976"],
    counter_examples: &["DE136695975"],
    shapes: &["LLd{9}", "LL d{9}", "LL ddd ddd ddd"],
    check,
    proof: "check digit fits",
    alone: 70,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm.starts_with(b"DE") && c.norm[2] != b'0' && mod11_10(&c.norm[2..]))
}
