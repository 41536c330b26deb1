//! VAT number (Netherlands).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NL_VAT",
    title: "VAT number (Netherlands)",
    group: Group::Financial,
    countries: &["NL"],
    docs: "NL, nine digits, B, two digits.",
    words: &[("nl", &["btw", "btw nummer", "btw id"]), ("en", &["vat"])],
    examples: &["BTW NL004495445B01"],
    counter_examples: &["BTW NL004495446B01"],
    shapes: &["LLd{9}Ldd", "LL d{9}Ldd"],
    check,
    proof: "check digits fit",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let sum = weighted(&n[2..10], &[9, 8, 7, 6, 5, 4, 3, 2]);
    let old = sum % 11 == digit(n[10]);
    Check::from(n.starts_with(b"NL") && n[11] == b'B' && (old || mod97(n.iter().copied()) == Some(1)))
}
