//! Tax number of a health provider (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_PROVIDER_TAX_ID",
    title: "Tax number of a health provider (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "An employer identification number beside words for a provider.",
    words: &[("en", &["provider tax id", "provider tin", "billing provider", "provider ein"])],
    examples: &["provider tax id 91-1144442"],
    counter_examples: &["91-1144442"],
    shapes: &["dd-d{7}"],
    check,
    supported: 84,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(c.number(0, 2) > 0)
}
