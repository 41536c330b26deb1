//! Device number (IMEI).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IMEI",
    title: "Device number (IMEI)",
    group: Group::Technical,
    docs: "Fifteen digits, Luhn, beside a word (3GPP TS 23.003).",
    words: &[("en", &["imei", "device id", "handset"])],
    examples: &["IMEI 490154203237518"],
    counter_examples: &["490154203237518", "IMEI 490154203237519"],
    shapes: &["d{15}", "dd-dddddd-dddddd-d"],
    check,
    proof: "Luhn check digit fits",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    Check::from(luhn(c.norm) && !one_byte_only(c.norm))
}
