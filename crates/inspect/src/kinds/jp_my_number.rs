//! Individual number (Japan).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "JP_MY_NUMBER",
    title: "Individual number (Japan)",
    group: Group::National,
    countries: &["JP"],
    docs: "Twelve digits with modulus 11.",
    words: &[("ja", &["マイナンバー", "個人番号"]), ("en", &["my number", "individual number", "mynumber"])],
    examples: &["マイナンバー 1234 5678 9018"],
    counter_examples: &["マイナンバー 1234 5678 9017"],
    shapes: &["d{12}", "dddd dddd dddd", "dddd-dddd-dddd"],
    check,
    proof: "check digit fits",
    supported: 94,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = weighted(c.norm, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
    let check = if rest <= 1 { 0 } else { 11 - rest };
    Check::from(check == digit(c.norm[11]) && !one_byte_only(c.norm))
}
