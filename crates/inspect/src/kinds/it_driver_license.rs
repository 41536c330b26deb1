//! Driving licence number (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_DRIVER_LICENSE",
    title: "Driving licence number (Italy)",
    group: Group::Document,
    countries: &["IT"],
    docs: "Two letters, seven digits, a letter, or U1 and eight characters, beside a word.",
    words: &[("it", &["patente", "patente di guida"]), ("en", &["driving licence"])],
    examples: &["patente MI1234567A"],
    counter_examples: &["MI1234567A"],
    shapes: &["LLd{7}L", "LdLdddddddL", "LdddddddddL"],
    check,
    supported: 75,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
