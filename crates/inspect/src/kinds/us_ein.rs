//! Employer identification number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_EIN",
    title: "Employer identification number (United States)",
    group: Group::Financial,
    countries: &["US"],
    docs: "Two digits for the campus that gave it out, a hyphen, seven digits (IRS).",
    words: &[("en", &["ein", "employer identification", "fein", "federal tax id", "tax id"])],
    examples: &["EIN 91-1144442"],
    counter_examples: &["EIN 07-1144442"],
    shapes: &["dd-d{7}"],
    check,
    proof: "campus prefix in use",
    supported: 82,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!matches!(c.number(0, 2), 0 | 7 | 8 | 9 | 17..=19 | 28 | 29 | 49 | 69 | 70 | 78 | 79 | 89 | 96 | 97))
}
