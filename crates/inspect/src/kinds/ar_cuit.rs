//! Tax number (Argentina).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "AR_CUIT",
    title: "Tax number (Argentina)",
    group: Group::National,
    countries: &["AR"],
    docs: "Type, eight digits, check digit with modulus 11.",
    words: &[("es", &["cuit", "cuil", "clave única"])],
    examples: &["CUIT 20-05536168-2"],
    counter_examples: &["20-05536168-3"],
    shapes: &["dd-d{8}-d", "d{11}"],
    check,
    proof: "type and check digit fit",
    alone: 75,
    supported: 95,
};

fn check(c: &Candidate<'_>) -> Check {
    let rest = (11 - weighted(c.norm, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    let fits = matches!(c.number(0, 2), 20 | 23 | 24 | 27 | 30 | 33 | 34) && rest == digit(c.norm[10]) && rest < 10;
    if !fits {
        Check::No
    } else if c.separated() {
        Check::Good
    } else {
        Check::Weak
    }
}
