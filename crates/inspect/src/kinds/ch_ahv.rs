//! Social insurance number (Switzerland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CH_AHV",
    title: "Social insurance number (Switzerland)",
    group: Group::National,
    countries: &["CH"],
    docs: "Thirteen digits beginning with 756, EAN-13 check digit (ZAS).",
    words: &[
        ("de", &["ahv", "ahv nummer", "sozialversicherungsnummer", "ahvn13"]),
        ("fr", &["avs", "numéro avs"]),
        ("it", &["avs"]),
        ("en", &["swiss social"]),
    ],
    examples: &["AHV 756.9217.0769.85"],
    counter_examples: &["756.9217.0769.84"],
    shapes: &["ddd.dddd.dddd.dd", "d{13}", "ddd dddd dddd dd"],
    check,
    proof: "756 and check digit fit",
    alone: 80,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    Check::from(c.norm.starts_with(b"756") && (10 - sum % 10) % 10 == digit(c.norm[12]))
}
