//! Identity number (Iceland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IS_KENNITALA",
    title: "Identity number (Iceland)",
    group: Group::National,
    countries: &["IS"],
    docs: "Birth date (day plus 40 for companies), two digits, check digit, century.",
    words: &[("is", &["kennitala", "kt"]), ("en", &["kennitala", "icelandic"])],
    examples: &["kennitala 450401-3150"],
    counter_examples: &["kennitala 450401-3250"],
    shapes: &["dddddd-dddd", "d{10}"],
    check,
    proof: "birth date and check digit fit",
    alone: 40,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[3, 2, 7, 6, 5, 4, 3, 2]);
    let date = is_short_date(c.number(4, 6), c.number(2, 4), c.number(0, 2) % 40);
    Check::from(date && (11 - sum % 11) % 11 == digit(c.norm[8]) && matches!(c.norm[9], b'0' | b'8' | b'9'))
        .and_weak(!c.separated())
}
