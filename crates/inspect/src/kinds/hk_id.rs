//! Identity card number (Hong Kong).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "HK_ID",
    title: "Identity card number (Hong Kong)",
    group: Group::National,
    countries: &["HK"],
    docs: "One or two letters, six digits, check digit (modulus 11), which is printed in brackets.",
    words: &[("zh", &["香港身份證", "身份證"]), ("en", &["hkid", "hkid card", "hong kong id", "identity card"])],
    examples: &["HKID G123456A", "HKID: A123456(3)", "Hong Kong ID L992863(7)"],
    counter_examples: &["HKID G123456B", "HKID: A123456(4)", "A123456(3)"],
    shapes: &["Ld{7}", "Ld{6}L", "LLd{7}", "LLd{6}L", "Ld{6}(d)", "Ld{6}(L)", "LLd{6}(d)", "LLd{6}(L)"],
    check,
    proof: "check digit fits",
    supported: 93,
    ..BLANK
};

fn check(c: &Candidate<'_>) -> Check {
    let n = c.norm;
    let letters = n.iter().take_while(|b| b.is_ascii_alphabetic()).count().min(2);
    let first = if letters == 2 {
        alnum_value(n[0]).unwrap_or(0) * 9 + alnum_value(n[1]).unwrap_or(0) * 8
    } else {
        36 * 9 + alnum_value(n[0]).unwrap_or(0) * 8
    };
    let sum = first + weighted(&n[letters..letters + 6], &[7, 6, 5, 4, 3, 2]);
    let last = n[letters + 6];
    let check = if last == b'A' { 10 } else { digit(last) };
    Check::from((sum + check).is_multiple_of(11) && (last == b'A' || last.is_ascii_digit()))
}
