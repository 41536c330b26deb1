//! Vehicle registration (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_KFZ",
    title: "Vehicle registration (Germany)",
    group: Group::Document,
    countries: &["DE"],
    docs: "District letters, hyphen, letters and up to four digits, beside a word for a vehicle.",
    words: &[
        ("de", &["kennzeichen", "kfz", "auto", "fahrzeug", "nummernschild", "kfz kennzeichen", "wagen"]),
        ("en", &["plate", "license plate", "number plate"]),
    ],
    examples: &["Kennzeichen M-AB 1234"],
    counter_examples: &["Saal M-AB 1234"],
    shapes: &[
        "L-LL dddd",
        "L-LL ddd",
        "L-L dddd",
        "L-L ddd",
        "LL-LL dddd",
        "LL-LL ddd",
        "LL-LL dd",
        "LL-L dddd",
        "LL-L ddd",
        "LLL-LL ddd",
        "LLL-L ddd",
        "LLL-L dddd",
        "LLL-LL dd",
        "L LL dddd",
        "LL LL dddd",
        "LL-LL-dddd",
        "L-LL-dddd",
    ],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && c.norm.iter().find(|b| b.is_ascii_digit()) != Some(&b'0'))
}
