//! Business number (Singapore).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SG_UEN",
    title: "Business number (Singapore)",
    group: Group::Financial,
    countries: &["SG"],
    docs: "Eight or nine digits and a letter, or T, S or R with year, type and number.",
    words: &[("en", &["uen", "unique entity number", "business registration", "acra"])],
    examples: &["UEN 00192200M"],
    counter_examples: &["UEN 00192200X"],
    shapes: &["d{8}L", "d{9}L", "LddLLddddL"],
    check,
    proof: "check letter fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    Check::from(match n.len() {
        9 => b"XMKECAWLJDB"[(weighted(n, &[10, 4, 9, 3, 8, 2, 7, 1]) % 11) as usize] == n[8],
        10 if n[0].is_ascii_digit() => b"ZKCMDNERGWH"[(weighted(n, &[10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11) as usize] == n[9],
        _ => matches!(n[0], b'T' | b'S' | b'R'),
    })
}
