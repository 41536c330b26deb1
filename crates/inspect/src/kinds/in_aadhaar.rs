//! Aadhaar number (India).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IN_AADHAAR",
    title: "Aadhaar number (India)",
    group: Group::National,
    countries: &["IN"],
    docs: "Twelve digits beginning with 2 to 9, Verhoeff check digit (UIDAI).",
    words: &[("en", &["aadhaar", "aadhar", "uidai", "uid"]), ("hi", &["आधार"])],
    examples: &["Aadhaar 2341 2341 2346"],
    counter_examples: &["Aadhaar 2341 2341 2347"],
    shapes: &["d{12}", "dddd dddd dddd", "dddd-dddd-dddd"],
    check,
    proof: "Verhoeff check digit fits",
    alone: 40,
    supported: 96,
};

fn check(c: &Candidate<'_>) -> Check {
    let palindrome = c.norm.iter().eq(c.norm.iter().rev());
    Check::from(c.norm[0] >= b'2' && !palindrome && verhoeff(c.norm))
}
