//! Personal code (Estonia, Lithuania).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "EE_ISIKUKOOD",
    title: "Personal code (Estonia, Lithuania)",
    group: Group::National,
    countries: &["EE", "LT"],
    docs: "Sex and century, birth date, serial number, check digit in two rounds of weights, modulus 11.",
    words: &[
        ("et", &["isikukood", "isikukoodi"]),
        ("lt", &["asmens kodas", "asmens kodo"]),
        ("en", &["personal code", "estonian", "lithuanian"]),
    ],
    examples: &["isikukood 36805280109", "asmens kodas 33309240064"],
    counter_examples: &["isikukood 36805280108"],
    shapes: &["d{11}"],
    check,
    proof: "birth date and check digit fit",
    alone: 45,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let first = weighted(c.norm, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(c.norm, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
    let check = if first < 10 {
        first
    } else if second < 10 {
        second
    } else {
        0
    };
    Check::from(
        matches!(c.norm[0], b'1'..=b'6')
            && is_short_date(c.number(1, 3), c.number(3, 5), c.number(5, 7))
            && check == digit(c.norm[10]),
    )
}
