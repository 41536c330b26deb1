//! Identity card number (Germany).

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "DE_ID_CARD",
    title: "Identity card number (Germany)",
    group: Group::Document,
    countries: &["DE"],
    docs: "Nine characters from the machine-readable alphabet, first a letter of the authority, with check digit (weights 7, 3, 1). The front of the card shows them without the check digit.",
    words: &[
        ("de", &["personalausweis", "ausweis", "ausweisnummer", "personalausweisnummer", "perso"]),
        ("en", &["id card", "identity card"]),
    ],
    examples: &["Personalausweis T220001293", "Ausweis L01X00T471", "Personalausweisnummer: L01X00T47"],
    counter_examples: &["Ausweis T220001294", "L01X00T47 ist unterwegs"],
    shapes: &["Ld{9}", "LLLLLLLLLd", "X{10}", "X{9}"],
    check: id_card,
    proof: "alphabet and check digit fit",
    supported: 92,
    ..BLANK
};

fn id_card(c: &Candidate<'_>) -> Check {
    let alphabet = c.norm[..9].iter().all(|b| b.is_ascii_digit() || b"CFGHJKLMNPRTVWXYZ".contains(b));
    if !alphabet || !b"LMNPRTVWXY".contains(&c.norm[0]) {
        Check::No
    } else if c.norm.len() == 10 {
        Check::from(super::de_passport::mrz(c.norm))
    } else if c.norm.iter().any(u8::is_ascii_digit) {
        Check::Weak
    } else {
        Check::No
    }
}
