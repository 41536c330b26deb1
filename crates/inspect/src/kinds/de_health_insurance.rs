//! Health insurance number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_HEALTH_INSURANCE",
    title: "Health insurance number (Germany)",
    group: Group::Health,
    countries: &["DE"],
    docs: "A letter, eight digits, a check digit (weights 1, 2 with the letter as its two-digit place).",
    words: &[
        (
            "de",
            &[
                "krankenversicherungsnummer",
                "krankenversichertennummer",
                "versichertennummer",
                "kvnr",
                "krankenkasse",
                "gesundheitskarte",
            ],
        ),
        ("en", &["health insurance"]),
    ],
    examples: &["Krankenkasse A123456780"],
    counter_examples: &["Krankenkasse A123456781"],
    shapes: &["Ld{9}"],
    check: kvnr,
    proof: "check digit fits",
    alone: 30,
    supported: 94,
};

fn kvnr(c: &Candidate<'_>) -> Check {
    let place = u32::from(c.norm[0] - b'A') + 1;
    let digits = [place / 10, place % 10].into_iter().chain(c.norm[1..9].iter().map(|b| digit(*b)));
    let sum: u32 = digits.enumerate().map(|(i, d)| if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }).sum();
    Check::from(sum % 10 == digit(c.norm[9]))
}
