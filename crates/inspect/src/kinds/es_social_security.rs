//! Social security number (Spain).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ES_SOCIAL_SECURITY",
    title: "Social security number (Spain)",
    group: Group::National,
    countries: &["ES"],
    docs: "Province, eight digits, and the first ten modulo 97.",
    words: &[("es", &["seguridad social", "número de afiliación", "nss", "nuss", "naf", "nº ss", "afiliación"])],
    examples: &["Seguridad Social 28/12345678/40", "NUSS 281234567840"],
    counter_examples: &["Seguridad Social 28/12345678/41"],
    shapes: &["dd~d{8}~dd", "d{12}", "dd/d{8}/dd", "dd-dddddddd-dd"],
    check,
    proof: "province and check digits fit",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm.len() == 12 && matches!(c.number(0, 2), 1..=53 | 66) && c.number(0, 10) % 97 == c.number(10, 12))
}
