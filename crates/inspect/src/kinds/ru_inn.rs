//! Tax number (Russia).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "RU_INN",
    title: "Tax number (Russia)",
    group: Group::Financial,
    countries: &["RU"],
    docs: "Ten or twelve digits with modulus 11 check digits.",
    words: &[("ru", &["инн"]), ("en", &["inn", "russian tax"])],
    examples: &["ИНН 7707083893"],
    counter_examples: &["ИНН 7707083894"],
    shapes: &["d{10}", "d{12}"],
    check,
    proof: "check digits fit",
    supported: 92,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let m = |w: &[u32]| weighted(c.norm, w) % 11 % 10;
    Check::from(match c.norm.len() {
        10 => m(&[2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(c.norm[9]),
        _ => {
            m(&[7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(c.norm[10])
                && m(&[3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) == digit(c.norm[11])
        }
    })
}
