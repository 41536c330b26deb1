//! National identity number (Türkiye).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "TR_NATIONAL_ID",
    title: "National identity number (Türkiye)",
    group: Group::National,
    countries: &["TR"],
    docs: "Eleven digits, not beginning with 0, two check digits.",
    words: &[
        ("tr", &["tc kimlik", "kimlik no", "kimlik numarası", "tckn", "tc no", "t c kimlik", "kimlik"]),
        ("en", &["turkish id"]),
    ],
    examples: &["TC kimlik no 17291716060"],
    counter_examples: &["TC kimlik no 17291716061"],
    shapes: &["d{11}"],
    check,
    proof: "both check digits fit",
    alone: 45,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let d: [u32; 11] = std::array::from_fn(|i| digit(c.norm[i]));
    let odd = d[0] + d[2] + d[4] + d[6] + d[8];
    let even = d[1] + d[3] + d[5] + d[7];
    let tenth = (odd * 7 + 100 - even) % 10;
    let all: u32 = d[..10].iter().sum();
    Check::from(d[0] != 0 && tenth == d[9] && all % 10 == d[10])
}
