//! National identity number (Norway).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "NO_FODSELSNUMMER",
    title: "National identity number (Norway)",
    group: Group::National,
    countries: &["NO"],
    docs: "Birth date (day plus 40 for D numbers), individual number, two check digits with modulus 11 (Skatteetaten).",
    words: &[("no", &["fødselsnummer", "personnummer", "fnr", "fødselsnr"]), ("en", &["norwegian"])],
    examples: &["fødselsnummer 151086 95088"],
    counter_examples: &["fødselsnummer 151086 95089"],
    shapes: &["d{11}", "dddddd ddddd"],
    check,
    proof: "birth date and both check digits fit",
    alone: 60,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let first = weighted(c.norm, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11);
    let second = weighted(c.norm, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11);
    let day = c.number(0, 2) % 40;
    let month = c.number(2, 4) % 40;
    let fits = first && second && is_short_date(c.number(4, 6), month, day);
    Check::from(fits)
}
