//! Driving licence number (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_DRIVER_LICENSE",
    title: "Driving licence number (Italy)",
    group: Group::Document,
    countries: &["IT"],
    docs: "Two letters, seven digits, a letter, or U1, seven letters or digits and a letter, beside a word.",
    words: &[("it", &["patente", "patente di guida"]), ("en", &["driving licence"])],
    examples: &["patente MI1234567A", "patente di guida n. U12G45678K"],
    counter_examples: &["MI1234567A"],
    shapes: &["LLd{7}L", "X{10}"],
    check,
    supported: 75,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let regional = c.norm[..2].iter().all(u8::is_ascii_alphabetic) && c.norm[2..9].iter().all(u8::is_ascii_digit);
    Check::from(c.is_upper() && (regional || c.norm.starts_with(b"U1")) && c.norm[9].is_ascii_alphabetic())
}
