//! Birth number (Czechia, Slovakia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CZ_RODNE_CISLO",
    title: "Birth number (Czechia, Slovakia)",
    group: Group::National,
    countries: &["CZ", "SK"],
    docs: "Birth date (month plus 50 for women), serial number; ten digits are a multiple of 11.",
    words: &[("cs", &["rodné číslo", "rodne cislo", "rč", "rodného čísla"]), ("sk", &["rodné číslo"]), ("en", &["birth number"])],
    examples: &["rodné číslo 710319/2745"],
    counter_examples: &["rodné číslo 710319/2746"],
    shapes: &["dddddd/dddd", "d{10}", "dddddd/ddd"],
    check,
    proof: "birth date and divisor fit",
    alone: 60,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let month = c.number(2, 4) % 50 % 20;
    let date = is_short_date(c.number(0, 2), month, c.number(4, 6));
    let whole = c.number(0, c.norm.len());
    let fits = date && (c.norm.len() == 9 || whole.is_multiple_of(11) || (c.number(0, 9) % 11 == 10 && c.norm[9] == b'0'));
    if !fits {
        Check::No
    } else if c.separated() && c.norm.len() == 10 {
        Check::Good
    } else {
        Check::Weak
    }
}
