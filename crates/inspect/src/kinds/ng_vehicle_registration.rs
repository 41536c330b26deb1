//! Vehicle registration (Nigeria).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NG_VEHICLE_REGISTRATION",
    title: "Vehicle registration (Nigeria)",
    group: Group::Document,
    countries: &["NG"],
    docs: "Three letters, three digits, two letters, beside a word.",
    words: &[("en", &["plate number", "vehicle registration", "license plate", "number plate"])],
    examples: &["plate number LAG-123AB"],
    counter_examples: &["LAG-123AB"],
    shapes: &["LLL-dddLL", "LLLdddLL"],
    check,
    supported: 82,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
