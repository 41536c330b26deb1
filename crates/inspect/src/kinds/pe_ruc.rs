//! Tax number (Peru).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PE_RUC",
    title: "Tax number (Peru)",
    group: Group::Financial,
    countries: &["PE"],
    docs: "Eleven digits beginning with 10, 15, 17 or 20; weights 5, 4, 3, 2, 7, 6, 5, 4, 3, 2.",
    words: &[("es", &["ruc", "registro único"])],
    examples: &["RUC 20512333797"],
    counter_examples: &["RUC 20512333798"],
    shapes: &["d{11}"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = (11 - weighted(c.norm, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    Check::from(matches!(c.number(0, 2), 10 | 15 | 17 | 20) && rest == digit(c.norm[10]))
}
