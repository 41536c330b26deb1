//! Business registration number (Korea).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KR_BRN",
    title: "Business registration number (Korea)",
    group: Group::Financial,
    countries: &["KR"],
    docs: "Ten digits as 3-2-5; weights 1, 3, 7, 1, 3, 7, 1, 3, 5.",
    words: &[("ko", &["사업자등록번호", "사업자번호", "사업자"]), ("en", &["brn", "business registration"])],
    examples: &["사업자등록번호 116-82-00276"],
    counter_examples: &["사업자등록번호 116-82-00277"],
    shapes: &["ddd-dd-ddddd", "d{10}"],
    check,
    proof: "check digit fits",
    alone: 40,
    supported: 94,
};

fn check(c: &Candidate<'_>) -> Check {
    let sum = weighted(c.norm, &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + digit(c.norm[8]) * 5 / 10;
    Check::from((10 - sum % 10) % 10 == digit(c.norm[9])).and_weak(!c.separated())
}
