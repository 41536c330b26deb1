//! Tax number (Uruguay).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UY_RUT",
    title: "Tax number (Uruguay)",
    group: Group::Financial,
    countries: &["UY"],
    docs: "Twelve digits with modulus 11.",
    words: &[("es", &["rut", "registro único tributario"])],
    examples: &["RUT 211003420017"],
    counter_examples: &["RUT 211003420018"],
    shapes: &["d{12}"],
    check,
    proof: "check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = (11 - weighted(c.norm, &[4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    Check::from(matches!(c.number(0, 2), 1..=21) && c.number(8, 11) == 1 && rest == digit(c.norm[11]))
}
