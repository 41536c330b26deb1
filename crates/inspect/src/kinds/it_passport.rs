//! Passport number (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_PASSPORT",
    title: "Passport number (Italy)",
    group: Group::Document,
    countries: &["IT"],
    docs: "Two letters and seven digits beside a word for a passport.",
    words: &[("it", &["passaporto", "numero passaporto"]), ("en", &["italian passport"])],
    examples: &["passaporto YA1234567"],
    counter_examples: &["YA1234567"],
    shapes: &["LLd{7}"],
    check,
    supported: 74,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
