//! Personal identity number (Denmark).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DK_CPR",
    title: "Personal identity number (Denmark)",
    group: Group::National,
    countries: &["DK"],
    docs: "Birth date and four digits; modulus 11 holds for most (CPR-kontoret).",
    words: &[("da", &["cpr", "cpr nummer", "personnummer", "cpr nr"]), ("en", &["danish personal", "cpr number"])],
    examples: &["CPR 211062-5629"],
    counter_examples: &["CPR 321062-5629"],
    shapes: &["dddddd-dddd", "d{10}"],
    check,
    proof: "birth date fits",
    alone: 45,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let fits = is_short_date(c.number(4, 6), c.number(2, 4), c.number(0, 2));
    let checked = weighted(c.norm, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11);
    if fits && checked && c.separated() {
        Check::Good
    } else if fits {
        Check::Weak
    } else {
        Check::No
    }
}
