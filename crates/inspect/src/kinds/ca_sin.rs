//! Social insurance number (Canada).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CA_SIN",
    title: "Social insurance number (Canada)",
    group: Group::National,
    countries: &["CA"],
    docs: "Nine digits, Luhn, not beginning with 0 or 8 (Service Canada).",
    words: &[
        ("en", &["sin", "social insurance", "social insurance number", "sin number"]),
        ("fr", &["nas", "numéro d'assurance sociale", "assurance sociale"]),
    ],
    examples: &["SIN 130 692 544", "my SIN is 193-456-787"],
    counter_examples: &["SIN 130 692 545"],
    shapes: &["ddd~ddd~ddd"],
    check,
    proof: "first digit and Luhn check digit fit",
    alone: 45,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    if matches!(c.norm[0], b'0' | b'8') || one_byte_only(c.norm) || !luhn(c.norm) {
        return Check::No;
    }
    if c.raw.contains(&b'-') { Check::Good } else { Check::Weak }
}
