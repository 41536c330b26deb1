//! International bank account numbers.

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "IBAN_CODE",
    title: "International bank account number (IBAN)",
    group: Group::Financial,
    docs: "Two letters for the country, two check digits, then the national account number, in the length that the IBAN registry (ISO 13616) gives for the country; ISO 7064 MOD 97-10 over the whole. Bare or in groups.",
    words: &[
        ("en", &["iban", "bank", "account", "transfer", "wire", "sepa", "swift", "bic"]),
        ("de", &["konto", "bankverbindung", "überweisung", "überweisen", "kontonummer"]),
        ("fr", &["compte", "virement", "rib", "banque"]),
        ("es", &["cuenta", "transferencia", "banco"]),
        ("it", &["conto", "bonifico", "banca"]),
        ("nl", &["rekening", "rekeningnummer", "overmaken", "overboeking"]),
        ("pt", &["conta", "transferência", "nib"]),
        ("pl", &["konto", "rachunek", "przelew", "nr konta"]),
    ],
    examples: &[
        "Please pay to GB82 WEST 1234 5698 7654 32",
        "DE89370400440532013000",
        "fr14 2004 1010 0505 0001 3m02 606",
        "NO9386011117947",
    ],
    counter_examples: &["GB82 WEST 1234 5698 7654 33", "DE893704004405320130001", "XX89370400440532013000"],
    proof: "length for the country and MOD 97-10 check digits fit",
    alone: 95,
    supported: 99,
    ..BLANK
};

/// Length by country, from the IBAN registry.
static LENGTHS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Whether letters and digits (upper case) are a valid IBAN.
pub(crate) fn passes(norm: &[u8]) -> bool {
    let [a, b, c, d, ..] = *norm else { return false };
    if !(a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit()) {
        return false;
    }
    let length = LENGTHS.binary_search_by(|(country, _)| country[..].cmp(&[a, b])).map(|i| usize::from(LENGTHS[i].1));
    length == Ok(norm.len()) && mod97(norm[4..].iter().chain(&norm[..4]).copied()) == Some(1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn countries_are_sorted_for_binary_search() {
        assert!(super::LENGTHS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
