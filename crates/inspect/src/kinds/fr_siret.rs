//! Company number (France).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "FR_SIRET",
    title: "Company number (France)",
    group: Group::Financial,
    countries: &["FR"],
    docs: "SIRET of fourteen or SIREN of nine digits, Luhn (INSEE).",
    words: &[("fr", &["siret", "siren", "rcs", "immatriculée"])],
    examples: &["SIRET 732 829 320 00074", "RCS Paris 732 829 320"],
    counter_examples: &["SIRET 732 829 321 00074"],
    shapes: &["d{14}", "ddd ddd ddd ddddd", "ddd ddd ddd", "d{9}"],
    check,
    proof: "Luhn check digits fit",
    supported: 90,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let siren = luhn(&c.norm[..9]);
    Check::from(siren && (c.norm.len() == 9 || luhn(c.norm)) && !one_byte_only(c.norm)).and_weak(c.norm.len() == 9)
}
