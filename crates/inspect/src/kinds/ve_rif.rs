//! Tax number (Venezuela).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "VE_RIF",
    title: "Tax number (Venezuela)",
    group: Group::National,
    countries: &["VE"],
    docs: "V, E, J, P or G, eight digits, check digit with modulus 11.",
    words: &[("es", &["rif", "registro de información fiscal"])],
    examples: &["RIF V-11470283-4"],
    counter_examples: &["RIF V-11470283-5"],
    shapes: &["L-d{8}-d", "Ld{9}", "L-d{9}"],
    check,
    proof: "check digit fits",
    alone: 60,
    supported: 94,
};

fn check(c: &Candidate<'_>) -> Check {
    let start = match c.norm[0] {
        b'V' => 4,
        b'E' => 8,
        b'J' => 12,
        b'P' => 16,
        b'G' => 20,
        _ => return Check::No,
    };
    let sum = start + weighted(&c.norm[1..], &[3, 2, 7, 6, 5, 4, 3, 2]);
    let check = b"00987654321"[(sum % 11) as usize];
    Check::from(check == c.norm[9]).and_weak(!c.separated())
}
