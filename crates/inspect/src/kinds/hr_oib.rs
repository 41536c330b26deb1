//! Personal number (Croatia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "HR_OIB",
    title: "Personal number (Croatia)",
    group: Group::National,
    countries: &["HR"],
    docs: "Eleven digits; ISO 7064 MOD 11,10.",
    words: &[("hr", &["oib", "osobni identifikacijski broj"]), ("en", &["oib", "croatian"])],
    examples: &["OIB 33392005961"],
    counter_examples: &["OIB 33392005962"],
    shapes: &["d{11}", "LLd{11}"],
    check,
    proof: "check digit fits",
    supported: 95,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[c.norm.len() - 11..];
    Check::from(mod11_10(digits) && !one_byte_only(digits) && (c.norm.len() == 11 || c.norm.starts_with(b"HR")))
}
