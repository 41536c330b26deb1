//! National identity number (Thailand).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "TH_TNIN",
    title: "National identity number (Thailand)",
    group: Group::National,
    countries: &["TH"],
    docs: "Thirteen digits; weights 13 to 2, modulus 11.",
    words: &[("th", &["เลขบัตรประชาชน", "บัตรประชาชน", "เลขประจำตัวประชาชน"]), ("en", &["thai id", "thai national", "tnin"])],
    examples: &["Thai ID 1-2345-45678-78-1"],
    counter_examples: &["Thai ID 1-2345-45678-78-2"],
    shapes: &["d{13}", "d-dddd-ddddd-dd-d", "d dddd ddddd dd d"],
    check,
    proof: "check digit fits",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = (11 - weighted(c.norm, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11) % 10;
    let fits = c.norm[0] != b'0' && c.norm[0] != b'9' && rest == digit(c.norm[12]);
    if !fits {
        Check::No
    } else if c.separated() {
        Check::Good
    } else {
        Check::Weak
    }
}
