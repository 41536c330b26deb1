//! Individual taxpayer identification number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_ITIN",
    title: "Individual taxpayer identification number (United States)",
    group: Group::National,
    countries: &["US"],
    docs: "Nine digits beginning with 9, with 50 to 65, 70 to 88, 90 to 92 or 94 to 99 in the fourth and fifth place (IRS).",
    words: &[("en", &["itin", "taxpayer", "individual taxpayer", "tax id", "tax identification"]), ("es", &["contribuyente"])],
    examples: &["ITIN 912-90-3456"],
    counter_examples: &["912-20-3456", "812-90-3456"],
    shapes: &["ddd-dd-dddd", "ddd dd dddd", "d{9}"],
    check,
    proof: "range of taxpayer numbers",
    alone: 45,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    let group = c.number(3, 5);
    if c.norm[0] != b'9' || !matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99) {
        return Check::No;
    }
    if c.separated() { Check::Good } else { Check::Weak }
}
