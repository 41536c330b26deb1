//! Company number (Brazil).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "BR_CNPJ",
    title: "Company number (Brazil)",
    group: Group::Financial,
    countries: &["BR"],
    docs: "Twelve digits and two check digits with modulus 11.",
    words: &[("pt", &["cnpj"]), ("en", &["cnpj"])],
    examples: &["CNPJ 11.222.333/0001-81", "CNPJ: 76640235000100"],
    counter_examples: &["11.222.333/0001-82"],
    shapes: &["dd.ddd.ddd/dddd-dd", "d{14}"],
    check,
    proof: "both check digits fit",
    alone: 85,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let first = weighted(c.norm, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted(c.norm, &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let fits = first == digit(c.norm[12]) && second == digit(c.norm[13]) && !one_byte_only(c.norm);
    if !fits {
        Check::No
    } else if c.separated() {
        Check::Good
    } else {
        Check::Weak
    }
}
