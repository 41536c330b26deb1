//! Foreigner registration number (Korea).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KR_FRN",
    title: "Foreigner registration number (Korea)",
    group: Group::National,
    countries: &["KR"],
    docs: "Birth date, 5 to 8, six digits.",
    words: &[("ko", &["외국인등록번호"]), ("en", &["frn", "alien registration", "korean frn"])],
    examples: &["외국인등록번호 800101-5123458"],
    counter_examples: &["외국인등록번호 800101-1123458"],
    shapes: &["dddddd-d{7}"],
    check,
    proof: "birth date and series fit",
    alone: 45,
    supported: 94,
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(is_short_date(c.number(0, 2), c.number(2, 4), c.number(4, 6)) && matches!(c.norm[6], b'5'..=b'8'))
}
