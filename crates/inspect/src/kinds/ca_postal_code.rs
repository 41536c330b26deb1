//! Postal code (Canada).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CA_POSTAL_CODE",
    title: "Postal code (Canada)",
    group: Group::Contact,
    countries: &["CA"],
    docs: "Letter, digit, letter, digit, letter, digit; never D, F, I, O, Q, U, nor W or Z at the beginning (Canada Post).",
    words: &[("en", &["postal code", "postcode", "zip", "address", "mailing"]), ("fr", &["code postal"])],
    examples: &["mail it to Ottawa K1A 0B1"],
    counter_examples: &["D1A 0B1", "part K1A0B1"],
    shapes: &["LdL dLd", "LdL-dLd", "LdLdLd"],
    check,
    proof: "letters that Canada Post uses",
    alone: 45,
    supported: 80,
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let good = [n[0], n[2], n[4]].iter().all(|b| !b"DFIOQU".contains(b)) && !matches!(n[0], b'W' | b'Z') && c.is_upper();
    Check::from(good).and_weak(!c.raw.contains(&b' '))
}
