//! Identity number (Indonesia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ID_NIK",
    title: "Identity number (Indonesia)",
    group: Group::National,
    countries: &["ID"],
    docs: "District, birth date (day plus 40 for women), serial number.",
    words: &[("id", &["nik", "ktp", "nomor induk kependudukan", "e ktp"]), ("en", &["indonesian id"])],
    examples: &["NIK 3171011708450001"],
    counter_examples: &["NIK 3171013313450001"],
    shapes: &["d{16}", "dd.dd.dd.dddddd.dddd"],
    check,
    proof: "district and birth date fit",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(
        matches!(c.number(0, 2), 11..=96)
            && is_short_date(c.number(10, 12), c.number(8, 10), c.number(6, 8) % 40)
            && c.number(12, 16) > 0,
    )
}
