//! National identification number (Nigeria).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NG_NIN",
    title: "National identification number (Nigeria)",
    group: Group::National,
    countries: &["NG"],
    docs: "Eleven digits beside a word (NIMC).",
    words: &[("en", &["nin", "national identification number", "nimc", "national identity number"])],
    examples: &["NIN 12345678901"],
    counter_examples: &["12345678901"],
    shapes: &["d{11}", "dddd ddd dddd"],
    check,
    supported: 78,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm) && c.norm[0] != b'0')
}
