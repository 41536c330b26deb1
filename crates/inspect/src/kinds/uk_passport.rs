//! Passport number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_PASSPORT",
    title: "Passport number (United Kingdom)",
    group: Group::Document,
    countries: &["GB"],
    docs: "Nine digits, or two letters and seven digits, beside a word for a passport.",
    words: &[("en", &["uk passport", "british passport", "british passport number", "british passport no", "uk passport number", "hmpo"])],
    examples: &["British passport AB1234567", "UK passport 535235757", "passport no. AB1234567"],
    counter_examples: &["AB1234567 is a flight"],
    shapes: &["LLd{7}", "d{9}"],
    check,
    proof: "length of a passport number",
    supported: 78,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && !one_byte_only(c.norm))
}
