//! Personal identity number (Sweden).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SE_PERSONNUMMER",
    title: "Personal identity number (Sweden)",
    group: Group::National,
    countries: &["SE"],
    docs: "Birth date (day plus 60 for co-ordination numbers), serial number, Luhn over the last ten digits (Skatteverket).",
    words: &[
        ("sv", &["personnummer", "personnr", "svenskt personnummer", "samordningsnummer", "pnr"]),
        ("en", &["swedish personal number", "personal identity number"]),
    ],
    examples: &["personnummer 811218-9876", "19811218-9876"],
    counter_examples: &["811218-9877", "811318-9875"],
    shapes: &["dddddd-dddd", "d{8}-dddd", "dddddd+dddd", "d{10}", "d{12}", "d{8} dddd"],
    check,
    proof: "birth date and check digit fit",
    alone: 65,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let ten = &c.norm[c.norm.len() - 10..];
    let day = number(&ten[4..6]) % 60;
    let fits = is_short_date(number(&ten[..2]), number(&ten[2..4]), day)
        && luhn(ten)
        && (c.norm.len() == 10 || matches!(c.number(0, 2), 18..=20));
    if !fits {
        Check::No
    } else if c.raw.contains(&b'-') {
        Check::Good
    } else {
        Check::Weak
    }
}
