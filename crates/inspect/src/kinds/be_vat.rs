//! Company number (Belgium).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "BE_VAT",
    title: "Company number (Belgium)",
    group: Group::Financial,
    countries: &["BE"],
    docs: "Ten digits beginning with 0 or 1; the last two are 97 minus the first eight modulo 97.",
    words: &[("nl", &["btw", "ondernemingsnummer", "kbo"]), ("fr", &["tva", "numéro d'entreprise", "bce"]), ("en", &["vat"])],
    examples: &["BTW BE 0428.759.497"],
    counter_examples: &["BTW BE 0428.759.498"],
    shapes: &["dddd.ddd.ddd", "LLd{10}", "LL dddd.ddd.ddd", "LL d{10}", "d{10}"],
    check,
    proof: "check digits fit",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = if c.norm[0].is_ascii_digit() { c.norm } else { &c.norm[2..] };
    let prefix = c.norm.len() == 10 || c.norm.starts_with(b"BE");
    Check::from(prefix && digits[0] <= b'1' && 97 - number(&digits[..8]) % 97 == number(&digits[8..]))
}
