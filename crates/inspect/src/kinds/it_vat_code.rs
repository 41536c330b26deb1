//! VAT number (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_VAT_CODE",
    title: "VAT number (Italy)",
    group: Group::Financial,
    countries: &["IT"],
    docs: "Eleven digits, Luhn, with or without IT.",
    words: &[("it", &["piva", "partita iva", "p iva", "iva"]), ("en", &["vat"])],
    examples: &["P. IVA 00743110157", "partita iva IT07643520567"],
    counter_examples: &["partita iva 00743110158"],
    shapes: &["d{11}", "LLd{11}", "LL d{11}"],
    check,
    proof: "Luhn check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = if c.norm[0].is_ascii_digit() { c.norm } else { &c.norm[2..] };
    let prefix = c.norm.len() == 11 || c.norm.starts_with(b"IT");
    Check::from(prefix && luhn(digits) && !one_byte_only(digits) && number(&digits[7..10]) <= 999).and_weak(false)
}
