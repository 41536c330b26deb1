//! Permanent account number (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_PAN",
    title: "Permanent account number (India)",
    group: Group::National,
    countries: &["IN"],
    docs: "Five letters, the fourth one of A, B, C, F, G, H, J, L, P, T for the holder, four digits, a letter.",
    words: &[("en", &["pan", "permanent account number", "pan card", "income tax"])],
    examples: &["PAN ACUPA7085R"],
    counter_examples: &["PAN ACUXA7085R"],
    shapes: &["L{5}ddddL"],
    check,
    proof: "type of holder fits",
    alone: 50,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(b"ABCFGHJLPTK".contains(&c.norm[3])).and_weak(!c.is_upper())
}
