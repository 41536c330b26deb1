//! Postcode (United Kingdom).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "UK_POSTCODE",
    title: "Postcode (United Kingdom)",
    group: Group::Contact,
    countries: &["GB"],
    docs: "Area, district, space, sector, unit in the six patterns of Royal Mail; areas that exist, no C, I, K, M, O, V in the unit.",
    words: &[("en", &["postcode", "post code", "postal code", "address", "zip"])],
    examples: &["London SW1A 1AA", "postcode M1 1AE"],
    counter_examples: &["A4 3CV sheets", "QX1 1AA"],
    shapes: &["Ld dLL", "Ldd dLL", "LLd dLL", "LLdd dLL", "LdL dLL", "LLdL dLL"],
    check: postcode,
    proof: "area exists and unit letters are used",
    alone: 50,
    supported: 82,
};

/// Postcode areas in use.
static AREAS: &[&[u8]] = &[
    b"AB", b"AL", b"B", b"BA", b"BB", b"BD", b"BH", b"BL", b"BN", b"BR", b"BS", b"BT", b"CA", b"CB", b"CF", b"CH", b"CM", b"CO",
    b"CR", b"CT", b"CV", b"CW", b"DA", b"DD", b"DE", b"DG", b"DH", b"DL", b"DN", b"DT", b"DY", b"E", b"EC", b"EH", b"EN", b"EX",
    b"FK", b"FY", b"G", b"GL", b"GU", b"GY", b"HA", b"HD", b"HG", b"HP", b"HR", b"HS", b"HU", b"HX", b"IG", b"IM", b"IP", b"IV",
    b"JE", b"KA", b"KT", b"KW", b"KY", b"L", b"LA", b"LD", b"LE", b"LL", b"LN", b"LS", b"LU", b"M", b"ME", b"MK", b"ML", b"N",
    b"NE", b"NG", b"NN", b"NP", b"NR", b"NW", b"OL", b"OX", b"PA", b"PE", b"PH", b"PL", b"PO", b"PR", b"RG", b"RH", b"RM", b"S",
    b"SA", b"SE", b"SG", b"SK", b"SL", b"SM", b"SN", b"SO", b"SP", b"SR", b"SS", b"ST", b"SW", b"SY", b"TA", b"TD", b"TF", b"TN",
    b"TQ", b"TR", b"TS", b"TW", b"UB", b"W", b"WA", b"WC", b"WD", b"WF", b"WN", b"WR", b"WS", b"WV", b"YO", b"ZE",
];

fn postcode(c: &Candidate<'_>) -> Check {
    let area = c.norm.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let unit = &c.norm[c.norm.len() - 2..];
    let fits = AREAS.binary_search(&&c.norm[..area]).is_ok() && unit.iter().all(|b| !b"CIKMOV".contains(b)) && c.is_upper();
    Check::from(fits)
}
