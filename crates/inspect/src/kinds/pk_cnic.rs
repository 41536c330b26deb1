//! Identity card number (Pakistan).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PK_CNIC",
    title: "Identity card number (Pakistan)",
    group: Group::National,
    countries: &["PK"],
    docs: "Thirteen digits as 5-7-1 beginning with a province.",
    words: &[("en", &["cnic", "nic", "identity card", "nadra"]), ("ur", &["شناختی کارڈ"])],
    examples: &["CNIC 42201-1234567-1"],
    counter_examples: &["CNIC 92201-1234567-1"],
    shapes: &["d{5}-d{7}-d"],
    check,
    proof: "province exists",
    alone: 70,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'1'..=b'7'))
}
