//! Resident identity number (China).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CN_RIC",
    title: "Resident identity number (China)",
    group: Group::National,
    countries: &["CN"],
    docs: "Region, birth date, serial number, ISO 7064 MOD 11-2 (GB 11643).",
    words: &[("zh", &["身份证", "身份证号", "身份证号码", "公民身份号码"]), ("en", &["chinese id", "resident identity"])],
    examples: &["身份证 11010519491231002X"],
    counter_examples: &["身份证 110105194912310021"],
    shapes: &["d{18}", "d{17}L"],
    check,
    proof: "region, birth date and check character fit",
    alone: 80,
    supported: 98,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(
        matches!(c.number(0, 2), 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82)
            && is_date(c.number(6, 10), c.number(10, 12), c.number(12, 14))
            && (1880..2100).contains(&c.number(6, 10))
            && mod11_2(c.norm),
    )
}
