//! Unified multi-purpose card number (Philippines).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PH_UMID",
    title: "Unified multi-purpose card number (Philippines)",
    group: Group::National,
    countries: &["PH"],
    docs: "CRN and twelve digits as 4-7-1.",
    words: &[("en", &["umid", "crn", "unified multi purpose", "sss", "gsis"])],
    examples: &["CRN 0111-2345678-9"],
    counter_examples: &["0111-2345678-9"],
    shapes: &["dddd-d{7}-d", "LLL-dddd-d{7}-d"],
    check,
    supported: 86,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
