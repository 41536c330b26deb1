//! National insurance number (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_NINO",
    title: "National insurance number (United Kingdom)",
    group: Group::National,
    countries: &["GB"],
    docs: "Two letters, six digits, a letter A to D; D, F, I, Q, U, V never stand first or second, O never second, and BG, GB, KN, NK, NT, TN, ZZ are not given out (HMRC).",
    words: &[("en", &["national insurance", "nino", "ni number", "insurance number", "ni no"])],
    examples: &["NI number AB 12 34 56 C", "QQ is not used but JG103759A is"],
    counter_examples: &["BG123456C", "AB123456E"],
    shapes: &["LLd{6}L", "LL dd dd dd L", "LL-dd-dd-dd-L", "LL d{6} L", "LL.dd.dd.dd.L", "LLdddddd L"],
    check,
    proof: "prefix and suffix are given out",
    alone: 60,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let pair = &n[..2];
    let bad = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].iter().any(|b| pair == &b[..]);
    let letters = pair.iter().all(|b| !b"DFIQUV".contains(b)) && n[1] != b'O' && matches!(n[8], b'A'..=b'D');
    Check::from(letters && !bad).and_weak(!c.is_upper())
}
