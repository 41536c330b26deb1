//! Passport or identity card number (Netherlands).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NL_PASSPORT",
    title: "Passport or identity card number (Netherlands)",
    group: Group::Document,
    countries: &["NL"],
    docs: "Nine characters: two letters, six letters or digits, a digit; never the letter O.",
    words: &[
        ("nl", &["paspoort", "paspoortnummer", "identiteitskaart", "rijbewijs", "documentnummer"]),
        ("en", &["dutch passport"]),
    ],
    examples: &["paspoort NPR1C2D34"],
    counter_examples: &["NPR1C2D34"],
    shapes: &["X{9}"],
    check,
    supported: 76,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    Check::from(
        n[0].is_ascii_alphabetic() && n[1].is_ascii_alphabetic() && n[8].is_ascii_digit() && !n.contains(&b'O') && c.is_upper(),
    )
}
