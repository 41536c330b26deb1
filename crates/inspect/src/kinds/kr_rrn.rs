//! Resident registration number (Korea).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KR_RRN",
    title: "Resident registration number (Korea)",
    group: Group::National,
    countries: &["KR"],
    docs: "Birth date, sex and century, six digits with a check digit for numbers before October 2020.",
    words: &[("ko", &["주민등록번호", "주민번호"]), ("en", &["korean rrn", "resident registration number", "rrn"])],
    examples: &["주민등록번호 971013-9019902"],
    counter_examples: &["주민등록번호 971313-9019902"],
    shapes: &["dddddd-d{7}", "d{13}"],
    check,
    proof: "birth date fits",
    alone: 70,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = (11 - weighted(c.norm, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10;
    let date = is_short_date(c.number(0, 2), c.number(2, 4), c.number(4, 6)) && matches!(c.norm[6], b'0'..=b'4' | b'9');
    if !date {
        Check::No
    } else if c.separated() && rest == digit(c.norm[12]) {
        Check::Good
    } else {
        Check::Weak
    }
}
