//! Vehicle registration (South Africa).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ZA_LICENSE_PLATE",
    title: "Vehicle registration (South Africa)",
    group: Group::Document,
    countries: &["ZA"],
    docs: "Letters, digits and province letters, beside a word for a plate.",
    words: &[("en", &["licence plate", "license plate", "number plate", "plate", "registration plate"])],
    examples: &["number plate BBC 123 GP"],
    counter_examples: &["BBC 123 GP"],
    shapes: &["LLL ddd LL", "LL dd LL LL", "LLddLLLL", "LLLdddLL", "LL ddd ddd", "LLL dddd"],
    check,
    proof: "province exists",
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let tail = &c.norm[c.norm.len() - 2..];
    Check::from(
        [b"GP", b"MP", b"NW", b"EC", b"NC", b"FS", b"LP", b"ZN"].iter().any(|p| tail == &p[..]) || c.norm.starts_with(b"CA"),
    )
    .and_weak(!c.is_upper())
}
