//! Identity number (Israel).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IL_ID",
    title: "Identity number (Israel)",
    group: Group::National,
    countries: &["IL"],
    docs: "Nine digits with leading zeros, Luhn (Population Authority).",
    words: &[("he", &["תעודת זהות", "מספר זהות", "ת ז"]), ("en", &["teudat zehut", "israeli id"])],
    examples: &["תעודת זהות 039337423"],
    counter_examples: &["תעודת זהות 039337424"],
    shapes: &["d{9}", "d{7}-d-d", "d{8}-d"],
    check,
    proof: "Luhn check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(luhn(c.norm) && !one_byte_only(c.norm))
}
