//! Payment cards.

use super::prelude::*;
use crate::detect::Context;

pub(crate) const KIND: Kind = Kind {
    id: "CREDIT_CARD",
    title: "Payment card number",
    group: Group::Financial,
    docs: "12 to 19 digits, bare or in groups over one kind of separator. The issuer range and its lengths (Visa, Mastercard with its 2-series, American Express, Diners, Discover, JCB, UnionPay, Maestro, Mir, RuPay, Troy, Verve, UATP …) and the Luhn check digit (ISO/IEC 7812) must fit. Lengths and ranges that other numbers share need a supporting word.",
    words: &[
        (
            "en",
            &[
                "card",
                "cards",
                "credit",
                "debit",
                "visa",
                "mastercard",
                "amex",
                "american express",
                "discover",
                "maestro",
                "jcb",
                "diners",
                "unionpay",
                "cc",
                "cvv",
                "cvc",
                "expiry",
                "pan",
                "cardholder",
                "atm",
                "card number",
                "card no",
            ],
        ),
        (
            "de",
            &["karte", "kreditkarte", "kreditkartennummer", "kartennummer", "debitkarte", "girokarte", "bankkarte", "kartennr"],
        ),
        ("fr", &["carte", "carte bancaire", "carte bleue", "carte de crédit", "numéro de carte"]),
        ("es", &["tarjeta", "tarjeta de crédito", "tarjeta de débito", "número de tarjeta"]),
        ("it", &["carta", "carta di credito", "bancomat", "numero carta"]),
        ("nl", &["kaart", "creditcard", "kaartnummer", "betaalkaart", "bankpas", "pasnummer"]),
        ("pt", &["cartão", "cartao", "cartão de crédito", "número do cartão"]),
        ("pl", &["karta", "karty", "karcie", "kartą", "numer karty"]),
    ],
    examples: &[
        "My card 4111 1111 1111 1111 was charged twice",
        "5555555555554444",
        "amex 3782-822463-10005",
        "2-series: 2223003122003222",
        "Maestro card 6304 0000 0000 0000",
    ],
    counter_examples: &[
        "order 4111111111111112",
        "tracking number 9400110898825022579493",
        "1234567890123456",
        "0000 0000 0000 0000",
    ],
    proof: "issuer range, length and Luhn check digit fit",
    supported: 99,
    ..BLANK
};

/// How sure the issuer range alone makes us, in percent; `None` when no issuer uses it.
fn issuer(digits: &[u8]) -> Option<u8> {
    let prefix = |n: usize| check_number(digits, n);
    let (p1, p2, p3, p4, p6, len) = (prefix(1), prefix(2), prefix(3), prefix(4), prefix(6), digits.len());
    let sure = match len {
        16 => 76,
        15 => 72,
        19 => 45,
        14 | 17 | 18 => 30,
        _ => 0,
    };
    let fits = match () {
        () if p1 == 4 => matches!(len, 13 | 16 | 18 | 19),
        () if (51..=55).contains(&p2) || (2221..=2720).contains(&p4) => len == 16,
        () if p2 == 34 || p2 == 37 => len == 15,
        () if (300..=305).contains(&p3) || p4 == 3095 || p2 == 36 || p2 == 38 || p2 == 39 => (14..=19).contains(&len),
        () if (3528..=3589).contains(&p4) => (16..=19).contains(&len),
        // Test data and older cards use the rest of 35 too.
        () if p2 == 35 => return (len == 16).then_some(30),
        () if p4 == 1800 || p4 == 2131 => len == 15,
        () if p4 == 6011 || (644..=649).contains(&p3) || p2 == 65 || (622_126..=622_925).contains(&p6) => {
            (16..=19).contains(&len)
        }
        () if p2 == 62 || p2 == 81 || p2 == 60 || p2 == 82 => (16..=19).contains(&len),
        () if (2200..=2205).contains(&p4) => (16..=19).contains(&len),
        () if p4 == 9792 || p4 == 8600 || p4 == 9860 => len == 16,
        () if p2 == 50 || (56..=58).contains(&p2) || p1 == 6 || p4 == 604 => return Some(if len == 16 { 50 } else { 0 }),
        // Airline travel cards: nothing but the first digit tells them from other numbers.
        () if p1 == 1 => return (len == 15).then_some(0),
        () => false,
    };
    fits.then_some(sure)
}

fn check_number(digits: &[u8], count: usize) -> u64 {
    number(&digits[..count])
}

/// Reports a run of 12 to 19 digits when it is a card.
pub(crate) fn found(context: &mut Context<'_>, candidate: &Candidate<'_>, span: std::ops::Range<usize>) {
    let digits = candidate.norm;
    if !luhn(digits) || one_byte_only(digits) {
        return;
    }
    let Some(sure) = issuer(digits) else { return };
    let grouped = candidate.separated() && plausible_groups(candidate.raw);
    let alone = if grouped && sure > 0 { (sure + 10).min(86) } else { sure };
    if candidate.separated() && !grouped && digits.len() < 16 {
        return;
    }
    context.report_supported(super::index::credit_card, span, KIND.proof, (alone, KIND.supported));
}

/// Groups as people write them: no group of one, none longer than eight.
fn plausible_groups(raw: &[u8]) -> bool {
    raw.split(|b| !b.is_ascii_digit()).all(|group| (2..=8).contains(&group.len()))
}
