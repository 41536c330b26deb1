//! Company registration (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_COMPANY_REGISTRATION",
    title: "Company registration (South Africa)",
    group: Group::Financial,
    countries: &["ZA"],
    docs: "Year, six digits, type of company (CIPC).",
    words: &[("en", &["cipc", "company registration", "registration number", "reg no"])],
    examples: &["registration number 2011/123456/07"],
    counter_examples: &["1011/123456/07"],
    shapes: &["dddd/dddddd/dd"],
    check,
    proof: "year and type of company",
    alone: 50,
    supported: 88,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from((1800..2100).contains(&c.number(0, 4)))
}
