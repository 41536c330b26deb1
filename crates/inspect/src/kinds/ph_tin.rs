//! Tax number (Philippines).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "PH_TIN",
    title: "Tax number (Philippines)",
    group: Group::National,
    countries: &["PH"],
    docs: "Nine digits and a branch code, beside a word.",
    words: &[("en", &["tin", "bir", "taxpayer identification number", "tin number"])],
    examples: &["TIN 123-456-789-000"],
    counter_examples: &["123-456-789-000"],
    shapes: &["ddd-ddd-ddd-ddd", "ddd-ddd-ddd", "ddd-ddd-ddd-ddddd"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(!one_byte_only(c.norm))
}
