//! National register number (Belgium).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "BE_NATIONAL_NUMBER",
    title: "National register number (Belgium)",
    group: Group::National,
    countries: &["BE"],
    docs: "Birth date, order number and 97 minus the first nine digits modulo 97 (with 2 before them from 2000).",
    words: &[
        ("nl", &["rijksregisternummer", "rijksregister", "insz", "nationaal nummer"]),
        ("fr", &["registre national", "numéro national", "niss"]),
        ("de", &["nationalregister", "nationalregisternummer"]),
        ("en", &["national register", "belgian"]),
    ],
    examples: &["Rijksregisternummer 85.07.30-033.28"],
    counter_examples: &["85.07.30-033.29"],
    shapes: &["dd.dd.dd-ddd.dd", "d{11}", "dddddd-ddd-dd", "dd.dd.dd-ddd dd", "dddddd ddd dd", "dd dd dd ddd dd", "dddddd-ddddd"],
    check,
    proof: "birth date and check digits fit",
    alone: 70,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let body = c.number(0, 9);
    let check = c.number(9, 11);
    let fits = 97 - body % 97 == check || 97 - (2_000_000_000 + body) % 97 == check;
    let month = c.number(2, 4) % 20;
    if !fits || month > 12 || c.number(4, 6) > 31 || c.number(6, 9) == 0 {
        Check::No
    } else if c.raw.contains(&b'.') {
        Check::Good
    } else {
        Check::Weak
    }
}
