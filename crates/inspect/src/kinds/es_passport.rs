//! Passport number (Spain).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ES_PASSPORT",
    title: "Passport number (Spain)",
    group: Group::Document,
    countries: &["ES"],
    docs: "Two or three letters and six digits, beside a word for a passport.",
    words: &[("es", &["pasaporte", "número de pasaporte"]), ("en", &["passport", "passport number"])],
    examples: &["pasaporte AAA123456"],
    counter_examples: &["vuelo AAA123456"],
    shapes: &["LLLd{6}", "LLd{6}", "LLLd{6}L"],
    check,
    supported: 72,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper())
}
