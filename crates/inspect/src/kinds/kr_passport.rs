//! Passport number (Korea).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "KR_PASSPORT",
    title: "Passport number (Korea)",
    group: Group::Document,
    countries: &["KR"],
    docs: "M, S, R, O or D with eight characters, beside a word.",
    words: &[("ko", &["여권", "여권번호"]), ("en", &["korean passport"])],
    examples: &["여권번호 M12345678"],
    counter_examples: &["M12345678"],
    shapes: &["Ld{8}", "LdddLdddd"],
    check,
    supported: 80,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(matches!(c.norm[0], b'M' | b'S' | b'R' | b'O' | b'D' | b'G') && c.is_upper())
}
