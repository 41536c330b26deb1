//! Business number (Australia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AU_ABN",
    title: "Business number (Australia)",
    group: Group::Financial,
    countries: &["AU"],
    docs: "Eleven digits; the first less one, weights 10, 1, 3 … 19, modulus 89 (ABR).",
    words: &[("en", &["abn", "australian business number", "business number"])],
    examples: &["ABN 51 824 753 556"],
    counter_examples: &["ABN 51 824 753 557"],
    shapes: &["d{11}", "dd ddd ddd ddd"],
    check,
    proof: "modulus 89 fits",
    alone: 40,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    Check::from(c.norm[0] != b'0' && (sum + 89 - 10).is_multiple_of(89)).and_weak(!c.separated())
}
