//! Tax number (France).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "FR_SPI",
    title: "Tax number (France)",
    group: Group::National,
    countries: &["FR"],
    docs: "Thirteen digits beginning with 0 to 3; the last three are the first ten modulo 511 (DGFiP).",
    words: &[("fr", &["spi", "numéro fiscal", "n° fiscal", "numéro fiscal de référence", "fiscal de référence", "impôts", "avis d'imposition", "référence fiscale"]), ("en", &["french tax"])],
    examples: &["numéro fiscal 3023217600053"],
    counter_examples: &["numéro fiscal 3023217600054"],
    shapes: &["d{13}", "dd dd ddd ddd ddd", "d ddd ddd ddd ddd"],
    check,
    proof: "check digits fit",
    supported: 90,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm[0] <= b'3' && c.number(0, 10) % 511 == c.number(10, 13))
}
