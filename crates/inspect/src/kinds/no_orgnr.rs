//! Organisation number (Norway).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NO_ORGNR",
    title: "Organisation number (Norway)",
    group: Group::Financial,
    countries: &["NO"],
    docs: "Nine digits beginning with 8 or 9, modulus 11.",
    words: &[("no", &["organisasjonsnummer", "orgnr", "org nr"])],
    examples: &["organisasjonsnummer 988 077 917"],
    counter_examples: &["organisasjonsnummer 988 077 918"],
    shapes: &["d{9}", "ddd ddd ddd"],
    check,
    proof: "check digit fits",
    supported: 90,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = 11 - weighted(c.norm, &[3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    Check::from(matches!(c.norm[0], b'8' | b'9') && rest % 11 == digit(c.norm[8]))
}
