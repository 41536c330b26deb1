//! Postcode (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_PLZ",
    title: "Postcode (Germany)",
    group: Group::Contact,
    countries: &["DE"],
    docs: "Five digits from 01001 to 99998 beside a word for a postcode or an address.",
    words: &[("de", &["plz", "postleitzahl", "postanschrift", "wohnort"])],
    examples: &["PLZ 10115"],
    counter_examples: &["10115 Euro"],
    shapes: &["d{5}"],
    check,
    supported: 60,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from((1001..=99998).contains(&c.number(0, 5)))
}
