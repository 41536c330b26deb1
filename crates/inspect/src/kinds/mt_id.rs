//! Identity card number (Malta).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "MT_ID",
    title: "Identity card number (Malta)",
    group: Group::National,
    countries: &["MT"],
    docs: "Up to seven digits and a letter M, G, A, P, L, H, B or Z, beside a word.",
    words: &[("mt", &["karta tal identità", "identità"]), ("en", &["identity card", "maltese id", "id card"])],
    examples: &["identity card 0123456M"],
    counter_examples: &["0123456M"],
    shapes: &["d{7}L", "dddddL", "ddddddL"],
    check,
    supported: 76,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && b"MGAPLHBZ".contains(&c.norm[c.norm.len() - 1]))
}
