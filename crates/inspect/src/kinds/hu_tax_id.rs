//! Personal tax number (Hungary).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "HU_TAX_ID",
    title: "Personal tax number (Hungary)",
    group: Group::National,
    countries: &["HU"],
    docs: "Ten digits beginning with 8; weights 1 to 9, modulus 11.",
    words: &[("hu", &["adóazonosító", "adóazonosító jel", "adószám"]), ("en", &["hungarian tax"])],
    examples: &["adóazonosító jel 8071592153"],
    counter_examples: &["adóazonosító jel 8071592154"],
    shapes: &["d{10}", "dddd dddddd"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.norm[0] == b'8' && weighted(c.norm, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == digit(c.norm[9]))
}
