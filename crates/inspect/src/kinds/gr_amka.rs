//! Social security number (Greece).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "GR_AMKA",
    title: "Social security number (Greece)",
    group: Group::National,
    countries: &["GR"],
    docs: "Birth date, five digits, Luhn.",
    words: &[("el", &["αμκα"]), ("en", &["amka", "greek social"])],
    examples: &["ΑΜΚΑ 01013099997"],
    counter_examples: &["ΑΜΚΑ 01013099998"],
    shapes: &["d{11}"],
    check,
    proof: "birth date and check digit fit",
    supported: 94,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(is_short_date(c.number(4, 6), c.number(2, 4), c.number(0, 2)) && luhn(c.norm))
}
