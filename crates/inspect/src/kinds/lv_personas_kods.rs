//! Personal code (Latvia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "LV_PERSONAS_KODS",
    title: "Personal code (Latvia)",
    group: Group::National,
    countries: &["LV"],
    docs: "Birth date, century digit, serial number, check digit; or a number beginning with 32.",
    words: &[("lv", &["personas kods", "personas koda"]), ("en", &["latvian"])],
    examples: &["personas kods 161175-19997"],
    counter_examples: &["personas kods 161375-19997"],
    shapes: &["dddddd-ddddd", "d{11}"],
    check,
    proof: "birth date and check digit fit",
    alone: 55,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    let old = is_short_date(c.number(4, 6), c.number(2, 4), c.number(0, 2)) && (1 + sum) % 11 % 10 == digit(c.norm[10]);
    if old && c.separated() {
        Check::Good
    } else if old || c.norm.starts_with(b"32") {
        Check::Weak
    } else {
        Check::No
    }
}
