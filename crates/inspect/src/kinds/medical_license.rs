//! DEA registration number (United States).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "MEDICAL_LICENSE",
    title: "DEA registration number (United States)",
    group: Group::Health,
    countries: &["US"],
    docs: "Two letters (type of registrant, then the initial or 9) and seven digits; sum of the odd places plus twice the even places gives the last digit (DEA).",
    words: &[("en", &["dea", "medical", "license", "certificate", "registration", "prescriber", "physician"])],
    examples: &["DEA number AB1234563"],
    counter_examples: &["DEA number AB1234564"],
    shapes: &["LLd{7}", "Ldd{7}"],
    check,
    proof: "type of registrant and check digit fit",
    alone: 40,
    supported: 92,
};

fn check(c: &Candidate<'_>) -> Check {
    let digits = &c.norm[2..];
    let sum = weighted(digits, &[1, 2, 1, 2, 1, 2]);
    let letters =
        b"ABCDEFGHJKLMPRSTUX".contains(&c.norm[0]) && (c.norm[1].is_ascii_alphabetic() || c.norm[1] == b'9') && c.is_upper();
    Check::from(letters && sum % 10 == digit(digits[6]))
}
