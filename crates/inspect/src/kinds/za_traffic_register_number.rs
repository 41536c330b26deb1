//! Traffic register number (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_TRAFFIC_REGISTER_NUMBER",
    title: "Traffic register number (South Africa)",
    group: Group::Document,
    countries: &["ZA"],
    docs: "Thirteen characters beside a word.",
    words: &[("en", &["traffic register", "traffic register number", "trn"])],
    examples: &["traffic register number 4501016A12345"],
    counter_examples: &["4501016A12345"],
    shapes: &["ddddLdddddddd", "dddddddddddLd", "d{12}L", "X{13}"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm.iter().filter(|b| b.is_ascii_digit()).count() >= 6)
}
