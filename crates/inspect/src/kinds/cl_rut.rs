//! National tax number (Chile).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "CL_RUT",
    title: "National tax number (Chile)",
    group: Group::National,
    countries: &["CL"],
    docs: "Up to eight digits and a check character with modulus 11.",
    words: &[("es", &["rut", "run", "rol único"])],
    examples: &["RUT 12.531.909-2"],
    counter_examples: &["12.531.909-3"],
    shapes: &["dd.ddd.ddd-d", "dd.ddd.ddd-L", "d{8}-d", "d{8}-L", "d.ddd.ddd-d", "d.ddd.ddd-L"],
    check,
    proof: "check character fits",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let (check, body) = c.norm.split_last().expect("shapes are not empty");
    let sum: u32 = body.iter().rev().enumerate().map(|(i, b)| digit(*b) * (u32::try_from(i % 6).unwrap_or(0) + 2)).sum();
    let expected = b"0123456789K0"[((11 - sum % 11) % 11) as usize];
    Check::from(expected == *check).and_weak(!c.raw.contains(&b'.'))
}
