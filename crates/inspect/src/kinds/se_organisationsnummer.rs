//! Organisation number (Sweden).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SE_ORGANISATIONSNUMMER",
    title: "Organisation number (Sweden)",
    group: Group::Financial,
    countries: &["SE"],
    docs: "Ten digits, third digit at least 2, Luhn (Bolagsverket).",
    words: &[("sv", &["organisationsnummer", "orgnr", "org nr", "bolag"]), ("en", &["organisation number"])],
    examples: &["orgnr 556016-0680"],
    counter_examples: &["orgnr 556016-0681"],
    shapes: &["dddddd-dddd", "d{10}"],
    check,
    proof: "check digit fits",
    alone: 30,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(luhn(c.norm) && c.norm[2] >= b'2' && b"1235678 9".contains(&c.norm[0])).and_weak(!c.separated())
}
