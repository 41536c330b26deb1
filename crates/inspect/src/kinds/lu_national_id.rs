//! National identification number (Luxembourg).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "LU_NATIONAL_ID",
    title: "National identification number (Luxembourg)",
    group: Group::National,
    countries: &["LU"],
    docs: "Birth date, three digits, a Luhn and a Verhoeff check digit.",
    words: &[
        ("fr", &["matricule", "sécurité sociale", "numéro d'identification", "cns"]),
        ("de", &["matrikel"]),
        ("en", &["luxembourg"]),
    ],
    examples: &["matricule 1893120105732"],
    counter_examples: &["matricule 1893120105733"],
    shapes: &["d{13}", "dddd dddd ddddd", "dddd dd dd ddddd"],
    check,
    proof: "birth date and both check digits fit",
    alone: 60,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let luhn_digits = &c.norm[..12];
    let mut verhoeff_digits = [0; 12];
    verhoeff_digits[..11].copy_from_slice(&c.norm[..11]);
    verhoeff_digits[11] = c.norm[12];
    Check::from(is_date(c.number(0, 4), c.number(4, 6), c.number(6, 8)) && luhn(luhn_digits) && verhoeff(&verhoeff_digits))
}
