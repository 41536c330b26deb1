//! Individual identification number (Kazakhstan).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KZ_IIN",
    title: "Individual identification number (Kazakhstan)",
    group: Group::National,
    countries: &["KZ"],
    docs: "Birth date, century and sex, serial number, check digit.",
    words: &[("kk", &["жсн"]), ("ru", &["иин"]), ("en", &["iin"])],
    examples: &["ИИН 851231300124"],
    counter_examples: &["ИИН 851331300129"],
    shapes: &["d{12}"],
    check,
    proof: "birth date and check digit fit",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let first = weighted(c.norm, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
    let second = weighted(c.norm, &[3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
    let check = if first == 10 { second } else { first };
    Check::from(
        is_short_date(c.number(0, 2), c.number(2, 4), c.number(4, 6))
            && matches!(c.norm[6], b'1'..=b'6')
            && check == digit(c.norm[11]),
    )
}
