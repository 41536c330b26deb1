//! Personal identity code (Finland).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "FI_PERSONAL_IDENTITY_CODE",
    title: "Personal identity code (Finland)",
    group: Group::National,
    countries: &["FI"],
    docs: "Birth date, century sign, three digits and a check character (modulus 31) (DVV).",
    words: &[
        ("fi", &["hetu", "henkilötunnus", "henkilötunnukseni"]),
        ("sv", &["personbeteckning", "personbeteckningen"]),
        ("en", &["finnish personal"]),
    ],
    examples: &["hetu 131052-308T", "010190A002R on henkilötunnus"],
    counter_examples: &["131052-308U"],
    shapes: &["dddddd-dddd", "dddddd-dddL", "ddddddLdddd", "ddddddLdddL", "dddddd+dddL", "dddddd+dddd"],
    check,
    proof: "birth date and check character fit",
    alone: 70,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let mut digits = [0; 9];
    digits[..6].copy_from_slice(&n[..6]);
    let (serial, sign) = if n.len() == 11 { (&n[7..10], n[6]) } else { (&n[6..9], c.raw[6]) };
    digits[6..].copy_from_slice(serial);
    let check = b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number(&digits) % 31) as usize];
    let date = is_short_date(c.number(4, 6), c.number(2, 4), c.number(0, 2));
    Check::from(date && check == n[n.len() - 1] && b"-+ABCDEFYXWVU".contains(&sign))
}
