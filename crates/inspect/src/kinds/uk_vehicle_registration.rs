//! Vehicle registration (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_VEHICLE_REGISTRATION",
    title: "Vehicle registration (United Kingdom)",
    group: Group::Document,
    countries: &["GB"],
    docs: "Two letters, two digits for the half year, three letters (since 2001), beside a word for a vehicle.",
    words: &[(
        "en",
        &["vehicle", "registration", "number plate", "licence plate", "license plate", "reg", "plate", "car", "vrm", "van"],
    )],
    examples: &["number plate BD51 SMR"],
    counter_examples: &["BD51 SMR", "plate BD99 SMR"],
    shapes: &["LLddLLL", "LLdd LLL"],
    check,
    proof: "half year in use",
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let age = c.number(2, 4);
    Check::from(c.is_upper() && !c.norm.iter().any(|b| matches!(b, b'I' | b'Q')) && (matches!(age, 2..=29 | 51..=79)))
}
