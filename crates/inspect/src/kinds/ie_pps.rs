//! Personal public service number (Ireland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IE_PPS",
    title: "Personal public service number (Ireland)",
    group: Group::National,
    countries: &["IE"],
    docs: "Seven digits, a check letter (modulus 23) and sometimes a second letter.",
    words: &[("en", &["pps", "ppsn", "pps number", "personal public service"])],
    examples: &["PPS 6433435F", "PPSN 6433435OA"],
    counter_examples: &["PPS 6433435E"],
    shapes: &["d{7}L", "d{7}LL"],
    check,
    proof: "check letter fits",
    alone: 30,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    let second = c.norm.get(8).map_or(0, |b| if *b == b'W' { 0 } else { u32::from(*b - b'A') + 1 });
    let rest = (weighted(c.norm, &[8, 7, 6, 5, 4, 3, 2]) + second * 9) % 23;
    Check::from(b"WABCDEFGHIJKLMNOPQRSTUV"[rest as usize] == c.norm[7])
}
