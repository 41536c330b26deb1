//! National identity number (Taiwan).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "TW_ID",
    title: "National identity number (Taiwan)",
    group: Group::National,
    countries: &["TW"],
    docs: "A letter for the place, 1, 2, 8 or 9 and eight digits with weights.",
    words: &[("zh", &["身分證", "身分證字號"]), ("en", &["taiwan id", "national id"])],
    examples: &["身分證字號 A123456789"],
    counter_examples: &["身分證字號 A123456788"],
    shapes: &["Ld{9}"],
    check,
    proof: "place and check digit fit",
    alone: 35,
    supported: 94,
};

fn check(c: &Candidate<'_>) -> Check {
    let place =
        b"ABCDEFGHJKLMNPQRSTUVXYWZIO".iter().position(|p| *p == c.norm[0]).map_or(10, |i| u32::try_from(i).unwrap_or(0) + 10);
    let sum = place / 10 + place % 10 * 9 + weighted(&c.norm[1..], &[8, 7, 6, 5, 4, 3, 2, 1, 1]);
    Check::from(matches!(c.norm[1], b'1' | b'2' | b'8' | b'9') && sum.is_multiple_of(10))
}
