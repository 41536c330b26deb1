//! Driving licence number (Korea).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KR_DRIVER_LICENSE",
    title: "Driving licence number (Korea)",
    group: Group::Document,
    countries: &["KR"],
    docs: "Region 11 to 28, year, six digits, two digits.",
    words: &[("ko", &["운전면허", "운전면허번호", "면허번호"]), ("en", &["korean driver"])],
    examples: &["운전면허 11-15-123456-01"],
    counter_examples: &["운전면허 41-15-123456-01"],
    shapes: &["dd-dd-dddddd-dd"],
    check,
    proof: "region exists",
    alone: 40,
    supported: 93,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from((11..=28).contains(&c.number(0, 2)))
}
