//! National identity number (Egypt).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "EG_ID",
    title: "National identity number (Egypt)",
    group: Group::National,
    countries: &["EG"],
    docs: "Century, birth date, governorate, serial number.",
    words: &[("ar", &["الرقم القومي"]), ("en", &["egyptian id", "national id"])],
    examples: &["الرقم القومي 29001011234567"],
    counter_examples: &["الرقم القومي 29013211234567"],
    shapes: &["d{14}"],
    check,
    proof: "birth date and governorate fit",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let century = match c.norm[0] {
        b'2' => 1900,
        b'3' => 2000,
        _ => return Check::No,
    };
    Check::from(
        is_date(century + c.number(1, 3), c.number(3, 5), c.number(5, 7)) && matches!(c.number(7, 9), 1..=4 | 11..=35 | 88),
    )
}
