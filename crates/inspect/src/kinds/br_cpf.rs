//! Taxpayer number (Brazil).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "BR_CPF",
    title: "Taxpayer number (Brazil)",
    group: Group::National,
    countries: &["BR"],
    docs: "Nine digits and two check digits with modulus 11 (Receita Federal).",
    words: &[("pt", &["cpf", "cadastro de pessoas"]), ("en", &["cpf", "brazilian"])],
    examples: &["CPF 111.444.777-35"],
    counter_examples: &["111.444.777-36"],
    shapes: &["ddd.ddd.ddd-dd", "d{11}", "ddd ddd ddd dd", "ddd.ddd.ddd.dd"],
    check,
    proof: "both check digits fit",
    alone: 85,
    supported: 97,
};

fn check(c: &Candidate<'_>) -> Check {
    let first = weighted(c.norm, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let second = weighted(c.norm, &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10 % 11 % 10;
    let fits = first == digit(c.norm[9]) && second == digit(c.norm[10]) && !one_byte_only(c.norm);
    if !fits {
        Check::No
    } else if c.separated() {
        Check::Good
    } else {
        Check::Weak
    }
}
