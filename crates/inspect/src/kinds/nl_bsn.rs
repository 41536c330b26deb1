//! Citizen service number (Netherlands).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NL_BSN",
    title: "Citizen service number (Netherlands)",
    group: Group::National,
    countries: &["NL"],
    docs: "Nine digits; weights 9 to 2 and −1 give a multiple of 11 (RvIG).",
    words: &[
        ("nl", &["bsn", "burgerservicenummer", "sofinummer", "burger service nummer", "sofi"]),
        ("en", &["citizen service number", "dutch"]),
    ],
    examples: &["BSN 111222333", "burgerservicenummer 123456782"],
    counter_examples: &["BSN 111222334"],
    shapes: &["d{9}", "ddd~ddd~ddd", "dddd.dd.ddd"],
    check,
    proof: "eleven test passes",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[9, 8, 7, 6, 5, 4, 3, 2]) + 10 * digit(c.norm[8]);
    Check::from(sum.is_multiple_of(11) && !one_byte_only(c.norm))
}
