//! Driving licence number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_DRIVING_LICENCE",
    title: "Driving licence number (United Kingdom)",
    group: Group::Document,
    countries: &["GB"],
    docs: "Five characters of the surname, the birth date (month plus 50 for women), initials, two check characters and a letter (DVLA).",
    words: &[("en", &["driving licence", "driving license", "licence number", "dvla", "driver number"])],
    examples: &["licence MORGA657054SM9IJ"],
    counter_examples: &["MORGA699054SM9IJ"],
    shapes: &[
        "LLLLLd{6}LLdLL",
        "LLLLLd{6}LLLLL",
        "LLLLLd{6}LddLL",
        "LLLLdd{6}LLdLL",
        "LLLddd{6}LLdLL",
        "LLLLLd{6}LLLdL",
        "LLLLLd{6}LdLLL",
        "LLLLLd{6}LdLdL",
    ],
    check,
    proof: "birth date inside fits",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let month = c.number(6, 8) % 50;
    let day = c.number(8, 10);
    Check::from((1..=12).contains(&month) && (1..=31).contains(&day) && c.number(6, 8) <= 62)
}
