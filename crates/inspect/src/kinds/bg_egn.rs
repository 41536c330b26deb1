//! Civil number (Bulgaria).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "BG_EGN",
    title: "Civil number (Bulgaria)",
    group: Group::National,
    countries: &["BG"],
    docs: "Birth date with the century in the month, serial number, check digit.",
    words: &[("bg", &["егн"]), ("en", &["egn", "bulgarian"])],
    examples: &["ЕГН 7523169263"],
    counter_examples: &["ЕГН 7523169264"],
    shapes: &["d{10}", "dddddd ddd d"],
    check,
    proof: "birth date and check digit fit",
    supported: 95,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let month = c.number(2, 4);
    let rest = weighted(c.norm, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    Check::from(month < 53 && is_short_date(c.number(0, 2), month % 20, c.number(4, 6)) && rest == digit(c.norm[9]))
}
