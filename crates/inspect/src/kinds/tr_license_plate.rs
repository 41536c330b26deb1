//! Vehicle registration (Türkiye).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "TR_LICENSE_PLATE",
    title: "Vehicle registration (Türkiye)",
    group: Group::Document,
    countries: &["TR"],
    docs: "Province 01 to 81, one to three letters, two to five digits, beside a word for a plate.",
    words: &[("tr", &["plaka", "araç plakası", "plaka numarası", "plakalı"]), ("en", &["plate", "license plate"])],
    examples: &["plaka 34 ABC 123"],
    counter_examples: &["34 ABC 123"],
    shapes: &[
        "dd L dddd",
        "dd LL ddd",
        "dd LL dddd",
        "dd LLL dd",
        "dd LLL ddd",
        "ddLdddd",
        "ddLLddd",
        "ddLLdddd",
        "ddLLLdd",
        "ddLLLddd",
    ],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.number(0, 2), 1..=81) && c.is_upper())
}
