//! Legal entity identifier.

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "LEI",
    title: "Legal entity identifier",
    group: Group::Financial,
    docs: "Twenty characters; ISO 7064 MOD 97-10 (ISO 17442).",
    words: &[("en", &["lei", "legal entity"])],
    examples: &["LEI 213800KUD8LAJWSQ9D15"],
    counter_examples: &["LEI 213800KUD8LAJWSQ9D16"],
    shapes: &["X{20}"],
    check,
    proof: "check digits fit",
    alone: 60,
    supported: 95,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(
        c.norm[18].is_ascii_digit()
            && c.norm[19].is_ascii_digit()
            && c.norm[..4].iter().any(u8::is_ascii_digit)
            && mod97(c.norm.iter().copied()) == Some(1)
            && c.is_upper(),
    )
}
