//! Fiscal code (Italy).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IT_FISCAL_CODE",
    title: "Fiscal code (Italy)",
    group: Group::National,
    countries: &["IT"],
    docs: "Six letters of the name, year, month letter, day (plus 40 for women), place code, check letter (DM 23 December 1976).",
    words: &[("it", &["codice fiscale", "cf", "cod fisc", "fiscale"]), ("en", &["fiscal code", "italian tax"])],
    examples: &["codice fiscale RSSMRA85T10A562S", "RCCMNL83S18D969H", "C.F. RSS MRA 85T10 A562S", "“RSSMRA85T10A562S”"],
    counter_examples: &["RSSMRA85T10A562T"],
    shapes: &["L{6}ddLddLdddL", "LLL LLL ddLdd LdddL", "L{6} ddLdd LdddL", "L{6}ddLddLddLL", "L{6}ddLddLdLLL", "L{6}ddLddLLLLL", "L{16}"],
    check: fiscal,
    proof: "birth date and check letter fit",
    alone: 75,
    supported: 97,
};

fn fiscal(c: &Candidate<'_>) -> Check {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
        24, 23,
    ];
    let n = c.norm;
    let sum: u32 = n[..15]
        .iter()
        .enumerate()
        .map(|(i, b)| {
            let value = alnum_value(*b).unwrap_or(0);
            match i % 2 {
                0 => ODD[value as usize],
                _ if value > 9 => value - 10,
                _ => value,
            }
        })
        .sum();
    let month = b"ABCDEHLMPRST".contains(&n[8]);
    let day = c.number(9, 11) % 40;
    Check::from(month && (1..=31).contains(&day) && u32::from(n[15].wrapping_sub(b'A')) == sum % 26)
}
