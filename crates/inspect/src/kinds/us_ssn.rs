//! Social security number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "US_SSN",
    title: "Social security number (United States)",
    group: Group::National,
    countries: &["US"],
    docs: "Nine digits as 3-2-4. Area 000, 666 and 900 to 999, group 00 and serial 0000 are never given out (SSA); numbers known from advertisements are left out. Without hyphens a supporting word is needed.",
    words: &[
        ("en", &["ssn", "social security", "social security number", "soc sec", "ssns", "ss number", "social"]),
        ("de", &["sozialversicherungsnummer"]),
        ("es", &["seguro social", "número de seguro social"]),
        ("fr", &["sécurité sociale"]),
    ],
    examples: &["Here's my SSN: 536-90-4399", "social security number 536904399"],
    counter_examples: &["666-12-3456", "000-12-3456", "123-00-4567", "078-05-1120", "order 536904399"],
    shapes: &["ddd-dd-dddd", "ddd dd dddd", "ddd.dd.dddd", "d{9}"],
    check,
    proof: "area, group and serial can be given out",
    alone: 60,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let (area, group, serial) = (c.number(0, 3), c.number(3, 5), c.number(5, 9));
    let advertised = matches!(c.norm, b"078051120" | b"219099999" | b"457555462" | b"123456789") || one_byte_only(c.norm);
    if area == 0 || area == 666 || area >= 900 || group == 0 || serial == 0 || advertised {
        return Check::No;
    }
    if c.raw.contains(&b'-') { Check::Good } else { Check::Weak }
}
