//! Company tax number (Spain).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "ES_CIF",
    title: "Company tax number (Spain)",
    group: Group::Financial,
    countries: &["ES"],
    docs: "A letter for the legal form, seven digits and a check digit or letter.",
    words: &[("es", &["cif", "nif", "empresa", "razón social"]), ("en", &["vat", "cif", "nif"])],
    examples: &["CIF A58818501", "NIF de la sociedad A58818501"],
    counter_examples: &["CIF A58818502"],
    shapes: &["Ld{8}", "Ld{7}L", "L-d{8}"],
    check: cif,
    proof: "check character fits",
    supported: 92,
    ..BLANK
};

fn cif(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let sum: u32 = n[1..8]
        .iter()
        .enumerate()
        .map(|(i, b)| {
            if i % 2 == 0 {
                let d = digit(*b) * 2;
                d / 10 + d % 10
            } else {
                digit(*b)
            }
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    let fits = if n[8].is_ascii_digit() { digit(n[8]) == check } else { b"JABCDEFGHI"[check as usize] == n[8] };
    Check::from(b"ABCDEFGHJNPQRSUVW".contains(&n[0]) && fits)
}
