//! Identity card number (Malaysia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "MY_NRIC",
    title: "Identity card number (Malaysia)",
    group: Group::National,
    countries: &["MY"],
    docs: "Birth date, place code, four digits.",
    words: &[("ms", &["nric", "mykad", "no kp", "kad pengenalan"]), ("en", &["identity card", "malaysian", "ic number", "ic no"])],
    examples: &["MyKad 770305-02-1234", "IC number 770305021234"],
    counter_examples: &["MyKad 771305-02-1234"],
    shapes: &["dddddd-dd-dddd", "d{12}"],
    check,
    proof: "birth date and place fit",
    alone: 70,
    supported: 94,
};

fn check(c: &Candidate<'_>) -> Check {
    let place = c.number(6, 8);
    let fits = is_short_date(c.number(0, 2), c.number(2, 4), c.number(4, 6))
        && !matches!(place, 0 | 17..=20 | 69 | 70 | 73 | 80 | 81 | 94..=97);
    if !fits {
        Check::No
    } else if c.separated() {
        Check::Good
    } else {
        Check::Weak
    }
}
