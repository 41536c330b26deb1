//! Driving licence number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_FUEHRERSCHEIN",
    title: "Driving licence number (Germany)",
    group: Group::Document,
    countries: &["DE"],
    docs: "Eleven characters: authority, serial number, check character, copy.",
    words: &[("de", &["führerschein", "führerscheinnummer", "fahrerlaubnis"]), ("en", &["german driving licence"])],
    examples: &["Führerschein B072RRE2I55"],
    counter_examples: &["Gerät B072RRE2I55"],
    shapes: &["Lddd{5}LLd", "LdddLLLLLdd", "X{11}"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.is_upper() && c.norm[0].is_ascii_alphabetic() && c.norm.iter().filter(|b| b.is_ascii_digit()).count() >= 4)
}
