//! Personal numeric code (Romania).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "RO_CNP",
    title: "Personal numeric code (Romania)",
    group: Group::National,
    countries: &["RO"],
    docs: "Sex and century, birth date, county, serial number, check digit over 279146358279.",
    words: &[("ro", &["cnp", "cod numeric personal"]), ("en", &["romanian"])],
    examples: &["CNP 1630615123457"],
    counter_examples: &["CNP 1630615123458"],
    shapes: &["d{13}"],
    check,
    proof: "birth date, county and check digit fit",
    alone: 60,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = weighted(c.norm, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    let check = if rest == 10 { 1 } else { rest };
    let county = c.number(7, 9);
    Check::from(
        c.norm[0] != b'0'
            && is_short_date(c.number(1, 3), c.number(3, 5), c.number(5, 7))
            && (1..=52).contains(&county)
            && check == digit(c.norm[12]),
    )
}
