//! Vehicle registration (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_KFZ",
    title: "Vehicle registration (Germany)",
    group: Group::Document,
    countries: &["DE"],
    docs: "District letters, a hyphen or space, letters and up to four digits, at most eight characters, beside a word for a vehicle.",
    words: &[
        ("de", &["kennzeichen", "kfz", "auto", "fahrzeug", "nummernschild", "kfz kennzeichen", "wagen", "amtliches kennzeichen", "pkw"]),
        ("en", &["plate", "license plate", "number plate"]),
    ],
    examples: &["Kennzeichen M-AB 1234", "amtl. Kennzeichen: B-TR 97", "Nummernschild M XY 2768", "Kfz-Kennzeichen HHAB123"],
    counter_examples: &["Saal M-AB 1234", "M XY 2768"],
    shapes: &[
        "L~L~dd",
        "L~L~ddd",
        "L~L~dddd",
        "L~LL~dd",
        "L~LL~ddd",
        "L~LL~dddd",
        "LL~L~dd",
        "LL~L~ddd",
        "LL~L~dddd",
        "LL~LL~dd",
        "LL~LL~ddd",
        "LL~LL~dddd",
        "LLL~L~dd",
        "LLL~L~ddd",
        "LLL~L~dddd",
        "LLL~LL~dd",
        "LLL~LL~ddd",
        "L-L dd",
        "L-L ddd",
        "L-L dddd",
        "L-LL dd",
        "L-LL ddd",
        "L-LL dddd",
        "LL-L dd",
        "LL-L ddd",
        "LL-L dddd",
        "LL-LL dd",
        "LL-LL ddd",
        "LL-LL dddd",
        "LLL-L dd",
        "LLL-L ddd",
        "LLL-L dddd",
        "LLL-LL dd",
        "LLL-LL ddd",
    ],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && c.norm.iter().find(|b| b.is_ascii_digit()) != Some(&b'0'))
}
