//! VAT number (France).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "FR_VAT",
    title: "VAT number (France)",
    group: Group::Financial,
    countries: &["FR"],
    docs: "FR, a key of two characters and the SIREN; for digits the key is (12 + 3 × (SIREN mod 97)) mod 97.",
    words: &[("fr", &["tva", "tva intracommunautaire", "numéro de tva"]), ("en", &["vat"])],
    examples: &["TVA FR40303265045"],
    counter_examples: &["TVA FR41303265045"],
    shapes: &["LLd{11}", "LL dd d{9}", "LL dd ddd ddd ddd"],
    check,
    proof: "key and SIREN fit",
    alone: 75,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let siren = c.number(4, 13);
    Check::from(c.norm.starts_with(b"FR") && luhn(&c.norm[4..]) && c.number(2, 4) == (12 + 3 * (siren % 97)) % 97)
}
