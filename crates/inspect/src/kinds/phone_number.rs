//! Telephone numbers of every region.

mod calling_codes;

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;
use crate::words::Role;
use calling_codes::CODES;

pub(crate) const KIND: Kind = Kind {
    id: "PHONE_NUMBER",
    title: "Telephone number",
    group: Group::Contact,
    docs: "International form (+ or 00, a calling code of ITU-T E.164 and a national number of a length that exists there), North American form, and national forms in groups, with extensions. The less a number looks like a telephone number, the more it needs a word (call, phone, fax, Tel., Handy …) nearby.",
    words: &[
        (
            "en",
            &[
                "phone",
                "phones",
                "telephone",
                "tel",
                "call",
                "calling",
                "called",
                "mobile",
                "cell",
                "cellphone",
                "fax",
                "whatsapp",
                "text me",
                "text us",
                "sms",
                "ring",
                "dial",
                "contact",
                "reach",
                "reach me",
                "office",
                "hotline",
                "landline",
                "registered",
                "message",
                "messages",
                "voicemail",
                "extension",
                "signal",
                "telegram",
                "viber",
                "my number",
                "home number",
                "contact number",
                "phone number",
            ],
        ),
        (
            "de",
            &[
                "telefon",
                "telefonnummer",
                "handy",
                "handynummer",
                "anrufen",
                "ruf",
                "rufnummer",
                "mobil",
                "mobilnummer",
                "durchwahl",
                "anruf",
                "rufen",
                "erreichen",
                "erreichbar",
                "festnetz",
                "meine nummer",
            ],
        ),
        (
            "fr",
            &[
                "téléphone",
                "telephone",
                "tél",
                "portable",
                "appelez",
                "appeler",
                "appelle",
                "numéro de téléphone",
                "joindre",
                "appel",
                "mon numéro",
            ],
        ),
        (
            "es",
            &[
                "teléfono", "telefono", "móvil", "movil", "llamar", "llama", "llámame", "llamada", "celular", "llame", "mi número",
                "mi numero", "su número",
            ],
        ),
        (
            "it",
            &["telefono", "cellulare", "cell", "chiamami", "chiama", "chiamare", "numero di telefono", "recapito", "mio numero"],
        ),
        ("zh", &["手机", "手机号", "电话", "電話", "微信"]),
        ("ja", &["電話番号", "携帯", "携帯電話"]),
        ("ko", &["전화", "전화번호", "휴대폰"]),
        ("ru", &["телефон", "тел", "звоните"]),
        ("nl", &["telefoon", "telefoonnummer", "bel", "bellen", "mobiel", "gsm", "telnr", "mijn nummer", "bereikbaar"]),
        (
            "pt",
            &["telefone", "telemóvel", "ligar", "ligue", "celular", "telemovel", "contacto", "contato", "meu número", "meu numero"],
        ),
        (
            "pl",
            &[
                "telefon", "telefonu", "komórka", "zadzwoń", "dzwonić", "numer telefonu", "komórkowy", "dzwoń", "mój numer",
                "mój nr", "kom",
            ],
        ),
    ],
    examples: &[
        "call me on +44 20 7946 0958",
        "(212) 555-0187",
        "Phone: 089 72 63 41",
        "Tel. 030/1234567",
        "+1-202-555-0143x1234",
        "0033 1 23 45 67 89",
        "Phone: 467 3395",
        "(08) 8747 6301 is my office",
        "mi número es 612 345 678",
        "il mio numero è 333 1234567",
        "mijn nummer is 0612345678",
        "mój numer to 601-234-567",
        "📞020 7946 0958",
        "電話は090-1234-5678です",
        "手机 138 0013 8000",
        "Zentrale 089 98765-0",
    ],
    counter_examples: &[
        "order 2024-11-0042",
        "ISBN 978-3-16-148410-0",
        "it costs 1 200 000 euro",
        "2019-2024",
        "3.141592653",
        "ERROR 1045 (28000)",
        "between 10 000 and 20 000", "lottery 04 11 19 23 35 42",
    ],
    ..BLANK
};

/// How far after a number a street type makes a house number of it.
const STREET_REACH: u32 = 28;
/// Digits of the longest number with an international prefix (E.164 allows 15, two more for "00", one for "(0)").
const DIGITS_MAX: usize = 18;
const GROUPS_MAX: usize = 8;

/// A number as it is written.
struct Written {
    digits: [u8; DIGITS_MAX],
    count: usize,
    groups: [u8; GROUPS_MAX],
    group_count: usize,
    separators: [u8; GROUPS_MAX],
    plus: bool,
    /// The last group in brackets: an area code, so that "1045 (28000)" is no number.
    in_brackets: Option<usize>,
    end: usize,
    extension: bool,
}

/// Reports a telephone number that begins at `start` (a digit, `+` or an opening bracket); says where it ends.
pub(crate) fn scan(context: &mut Context<'_>, start: usize) -> Option<usize> {
    if begins_inside(context, start) {
        return None;
    }
    let written = read(context, start)?;
    context.steps += (written.end - start) as u64;
    let (check, alone, supported) = judge(&written)?;
    let after = context.byte(written.end);
    if is_word(after)
        || (matches!(after, b'/' | b'-' | b':' | b',' | b'.') && context.byte(written.end + 1).is_ascii_digit())
        || after == b'%'
    {
        return None;
    }
    if context.bytes[start..written.end].iter().all(u8::is_ascii_digit) && context.byte_before(start) == b'#' {
        return None;
    }
    // "230 107 Igias Street": a house number, however many groups it has.
    let is_local = supported < 75;
    let is_street = |hit: &crate::words::WordHit| hit.role == Some(Role::Street);
    if is_local && context.hits_after(written.end, STREET_REACH).any(is_street) {
        return None;
    }
    let before = context.out.len();
    context.report_supported(super::index::phone_number, start..written.end, check, (alone, supported));
    (context.out.len() > before).then_some(written.end)
}

fn begins_inside(context: &Context<'_>, start: usize) -> bool {
    let before = context.byte_before(start);
    if is_word(before) || matches!(before, b'$' | b'_' | b'+' | b'%') {
        return true;
    }
    // "€" and "£" as the last byte of a character are covered by is_word; "1,234" and "3.14" here.
    matches!(before, b'-' | b'.' | b'/' | b',' | b':' | b'=')
        && start >= 2
        && is_word(context.bytes[start - 2])
        && before != b':'
        && before != b'='
}

/// Reads digits in groups over single separators.
fn read(context: &Context<'_>, start: usize) -> Option<Written> {
    let mut w = Written {
        digits: [0; DIGITS_MAX],
        count: 0,
        groups: [0; GROUPS_MAX],
        group_count: 0,
        separators: [0; GROUPS_MAX],
        plus: false,
        in_brackets: None,
        end: start,
        extension: false,
    };
    let mut at = start;
    if context.byte(at) == b'+' {
        w.plus = true;
        at += 1;
        if context.byte(at) == b' ' {
            at += 1;
        }
    }
    loop {
        let open = context.byte(at) == b'(';
        let from = at + usize::from(open);
        let mut to = from;
        while context.byte(to).is_ascii_digit() {
            if w.count == DIGITS_MAX {
                return None;
            }
            w.digits[w.count] = context.bytes[to];
            w.count += 1;
            to += 1;
        }
        if to == from || w.group_count == GROUPS_MAX || (open && (context.byte(to) != b')' || to - from > 5)) {
            if to != from {
                return None;
            }
            break;
        }
        w.in_brackets = if open { Some(w.group_count) } else { w.in_brackets };
        w.groups[w.group_count] = u8::try_from(to - from).unwrap_or(u8::MAX);
        w.group_count += 1;
        at = to + usize::from(open);
        w.end = at;
        let separator = context.byte(at);
        let next = context.byte(at + 1);
        let joins =
            matches!(separator, b' ' | b'-' | b'.' | b'/') && (next.is_ascii_digit() || (next == b'(' && separator != b'.'));
        let bracket_then_space = open && separator == b' ' && next.is_ascii_digit();
        if joins || bracket_then_space {
            w.separators[w.group_count - 1] = separator;
            at += 1;
        } else if (separator == b'(' && w.count <= 5) || (open && separator.is_ascii_digit()) {
            w.separators[w.group_count - 1] = b'(';
        } else if separator == b' ' && next == b'-' && context.byte(at + 2) == b' ' && context.byte(at + 3).is_ascii_digit() {
            w.separators[w.group_count - 1] = b'-';
            at += 3;
        } else {
            break;
        }
    }
    extension(context, &mut w);
    (w.count >= 6).then_some(w)
}

/// "x123", "ext. 123", " Durchwahl 12" after the number.
fn extension(context: &Context<'_>, w: &mut Written) {
    let mut at = w.end;
    if context.byte(at) == b',' {
        at += 1;
    }
    while context.byte(at) == b' ' && at < w.end + 3 {
        at += 1;
    }
    let word = context.bytes[at.min(context.bytes.len())..].iter().take(10).take_while(|b| b.is_ascii_alphabetic()).count();
    let known = [&b"x"[..], b"ext", b"extension", b"dw"];
    if word == 0 || !known.iter().any(|k| context.bytes[at..at + word].eq_ignore_ascii_case(k)) {
        return;
    }
    at += word;
    while matches!(context.byte(at), b'.' | b' ' | b':') && at < w.end + 16 {
        at += 1;
    }
    let digits = context.bytes[at.min(context.bytes.len())..].iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    if (1..=6).contains(&digits) {
        w.end = at + digits;
        w.extension = true;
    }
}

/// What the form alone says: reason, score without and with a supporting word.
fn judge(w: &Written) -> Option<(&'static str, u8, u8)> {
    let digits = &w.digits[..w.count];
    let groups = &w.groups[..w.group_count];
    if one_byte_only(digits) || looks_like_date(w) || is_column(w) || w.in_brackets.is_some_and(|group| group + 1 == w.group_count) {
        return None;
    }
    if w.plus || (digits.starts_with(b"00") && !digits.starts_with(b"000") && groups[0] >= 2) {
        let skip = if w.plus { 0 } else { 2 };
        let national = international(&digits[skip..], groups, w.in_brackets.is_some());
        return match national {
            true if w.plus => Some(("calling code and length fit (E.164)", 85, 96)),
            true => Some(("calling code and length fit (E.164)", 60, 93)),
            false if w.plus && w.count >= 8 => Some(("international form", 40, 80)),
            false if w.count >= 10 => Some(("international prefix", if w.group_count > 2 { 45 } else { 0 }, 75)),
            false => None,
        };
    }
    if let Some(verdict) = north_american(w, digits, groups) {
        return Some(verdict);
    }
    // "089 9876-0": the switchboard of a company.
    let switchboard = digits[0] == b'0' && groups.len() == 3 && groups[2] == 1 && w.separators[1] == b'-';
    let of_numbers = &groups[..groups.len() - usize::from(switchboard)];
    let groups_plausible = of_numbers.iter().all(|g| (2..=8).contains(g)) && uniform(w);
    // Pairs with a trunk prefix are French and have ten digits; more pairs are drawn numbers.
    let too_many_pairs = groups.len() > 5 && groups.iter().all(|g| *g == 2);
    let trunk = digits[0] == b'0' && digits[1] != b'0' && !too_many_pairs;
    match w.count {
        9..=12 if trunk && groups_plausible && w.group_count >= 3 => Some(("national form with trunk prefix", 50, 85)),
        8..=12 if trunk && groups_plausible && (w.group_count == 2 || w.in_brackets.is_some()) => {
            Some(("national form with trunk prefix", 45, 85))
        }
        9..=12 if trunk && w.group_count == 1 => Some(("length of a national number", 0, 75)),
        7..=11 if w.in_brackets.is_some() && groups_plausible => Some(("area code in brackets", 50, 85)),
        6..=12 if groups_plausible && w.group_count >= 2 && w.group_count <= 5 => Some(("groups like a local number", 0, 72)),
        7..=12 if w.group_count == 1 => Some(("length of a local number", 0, 55)),
        _ => None,
    }
}

/// One kind of separator, a slash or bracket only after the area code.
fn uniform(w: &Written) -> bool {
    let separators = &w.separators[..w.group_count.saturating_sub(1)];
    let rest = separators.get(1..).unwrap_or_default();
    rest.iter().all(|s| *s == rest[0] && matches!(s, b' ' | b'-' | b'.'))
}

/// "27626 27626", "0.0290 0.0745": columns of a log or a table.
fn is_column(w: &Written) -> bool {
    let groups = &w.groups[..w.group_count];
    let halves = groups.len() == 2 && groups[0] == groups[1] && w.digits[..w.count / 2] == w.digits[w.count / 2..w.count];
    let decimals =
        groups.len() > 2 && groups[0] == 1 && w.separators[0] == b'.' && w.separators[1..groups.len() - 1].contains(&b' ');
    halves || decimals
}

fn looks_like_date(w: &Written) -> bool {
    let g = &w.groups[..w.group_count];
    let year_at = |from: usize| (1900..2100).contains(&number(&w.digits[from..from + 4]));
    match g {
        [4, 2, 2] => year_at(0) && number(&w.digits[4..6]) <= 12,
        [2, 2, 4] => year_at(4),
        [4, 4] => year_at(0) && year_at(4),
        [4, 2, 2, 2, ..] => year_at(0),
        [2, 2, 2] => w.separators[0] != b' ',
        [4] => true,
        _ => false,
    }
}

fn international(digits: &[u8], groups: &[u8], bracket: bool) -> bool {
    // "+44 (0)20 …": the zero in brackets is not dialled from abroad.
    let zero = bracket && groups.get(1) == Some(&1);
    (1..=3).rev().any(|length| {
        let Some(code) = digits.get(..length) else { return false };
        let national = digits.len() - length - usize::from(zero);
        let code = number(code);
        CODES
            .binary_search_by_key(&code, |(c, _, _)| u64::from(*c))
            .is_ok_and(|i| (usize::from(CODES[i].1)..=usize::from(CODES[i].2)).contains(&national))
    })
}

fn north_american(w: &Written, digits: &[u8], groups: &[u8]) -> Option<(&'static str, u8, u8)> {
    let ten = match digits.len() {
        10 => digits,
        11 if digits[0] == b'1' => &digits[1..],
        _ => return None,
    };
    let grouped = matches!(groups, [3, 3, 4] | [1, 3, 3, 4] | [3, 7]);
    let valid = ten[0] >= b'2' && ten[3] >= b'2' && !(ten[1] == b'1' && ten[2] == b'1');
    match (grouped, valid) {
        (true, true) if groups != [3, 7] => Some(("North American number", 75, 95)),
        (true, _) if w.in_brackets.is_some() || w.extension => Some(("North American form", 60, 88)),
        (true, false) if groups != [3, 7] && digits[0] != b'0' => Some(("North American form", 50, 85)),
        (true, false) if groups != [3, 7] => Some(("North American form", 45, 85)),
        (false, true) if w.group_count == 1 => Some(("ten digits as in North America", 0, 72)),
        _ => None,
    }
}
