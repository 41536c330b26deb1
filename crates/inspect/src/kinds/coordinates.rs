//! Geographic coordinates.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;

pub(crate) const KIND: Kind = Kind {
    id: "COORDINATES",
    title: "Geographic coordinates",
    group: Group::Contact,
    docs: "Latitude and longitude in decimal degrees with five places or more (three beside a word), or in degrees, minutes and seconds.",
    words: &[
        ("en", &["coordinates", "location", "gps", "lat", "latitude", "position", "lon", "longitude"]),
        ("de", &["koordinaten", "standort"]),
        ("fr", &["coordonnées"]),
        ("es", &["coordenadas"]),
    ],
    examples: &[
        "meet at 52.520008, 13.404954",
        "GPS 40.7128° N, 74.0060° W",
        "GPS: 52.5200, 13.4050",
        "lat 40.7128 lon -74.0060",
        "{\"lat\": 52.520, \"lng\": 13.405}",
        "52°31'12\"N 13°24'18\"E",
    ],
    counter_examples: &["ratio 1.2345, 2.3456", "52.5, 13.4", "angles of 52°31' and 13°24'", "lat 40.7128 or more"],
    proof: "latitude and longitude in range",
    alone: 60,
    supported: 88,
    ..BLANK
};

/// Reports a pair of coordinates whose first number begins at `start`.
pub(crate) fn scan(context: &mut Context<'_>, start: usize) {
    let from = start - usize::from(context.byte_before(start) == b'-');
    if is_word(context.byte_before(from)) || matches!(context.byte_before(from), b'.' | b'$') {
        return;
    }
    if let Some(end) = in_minutes(context, start) {
        context.report(super::index::coordinates, start..end, KIND.proof, 85);
        return;
    }
    let Some((latitude, places, after)) = decimal(context, start, 90) else { return };
    let (after, marked) = direction(context, after, b"NSns");
    let gap = gap(&context.bytes[after..]);
    let mut second = after + gap;
    if context.byte(second) == b'-' {
        second += 1;
    }
    context.steps += 24;
    let Some((longitude, places_too, end)) = decimal(context, second, 180) else { return };
    let (end, marked_too) = direction(context, end, b"EWOewo");
    let comma = context.bytes[after..after + gap].contains(&b',');
    let named = context.bytes[after..after + gap].iter().any(u8::is_ascii_alphabetic);
    let precise = places >= 5 && places_too >= 5 && comma || marked && marked_too;
    let enough = precise || places >= 3 && places_too >= 3 && (comma || named);
    if gap == 0 || !enough || latitude > 90 || longitude > 180 || is_word(context.byte(end)) {
        return;
    }
    context.report_supported(
        super::index::coordinates,
        from..end,
        KIND.proof,
        match (precise, marked) {
            (true, true) => (80, KIND.supported),
            (true, false) => (KIND.alone, KIND.supported),
            _ => (0, 80),
        },
    );
}

/// Bytes between latitude and longitude: signs, and a name for the second.
fn gap(rest: &[u8]) -> usize {
    let signs = |from: usize| {
        rest[from..].iter().take(4).take_while(|b| matches!(b, b' ' | b',' | b';' | b'"' | b'\'' | b':' | b'=' | b'&')).count()
    };
    let first = signs(0);
    let letters = rest[first..].iter().take(10).take_while(|b| b.is_ascii_alphabetic()).count();
    let names: [&[u8]; 4] = [b"lon", b"lng", b"long", b"longitude"];
    if !names.iter().any(|name| name.eq_ignore_ascii_case(&rest[first..first + letters])) {
        return rest.iter().take(3).take_while(|b| matches!(b, b' ' | b',' | b';')).count();
    }
    let name = first + letters;
    name + signs(name)
}

/// `52°31'12"N 13°24'18"E`: where it ends.
fn in_minutes(context: &Context<'_>, start: usize) -> Option<usize> {
    let after = minutes(context, start, b"NSns")?;
    let gap = context.bytes[after..].iter().take(3).take_while(|b| matches!(b, b' ' | b',' | b';')).count();
    minutes(context, after + gap, b"EWOewo").filter(|_| gap > 0)
}

/// Degrees, minutes, perhaps seconds, and a letter for the direction.
fn minutes(context: &Context<'_>, start: usize, letters: &[u8]) -> Option<usize> {
    let mut at = start;
    for (part, signs) in [(0, ["°", "º"]), (1, ["'", "′"]), (2, ["\"", "″"])] {
        let rest = context.text.get(at..)?;
        let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
        let places = if rest[digits..].starts_with('.') { rest[digits + 1..].bytes().take(6).take_while(u8::is_ascii_digit).count() + 1 } else { 0 };
        let sign = signs.iter().find(|sign| rest[digits + places..].starts_with(**sign));
        match sign {
            Some(sign) if (1..=3).contains(&digits) && (part == 0 || number(&rest.as_bytes()[..digits]) < 60) => {
                at += digits + places + sign.len();
                at += usize::from(context.byte(at) == b' ' && context.byte(at + 1).is_ascii_digit());
            }
            // Seconds may be left out.
            _ if part == 2 => {}
            _ => return None,
        }
    }
    let letter = at + usize::from(context.byte(at) == b' ');
    (letters.contains(&context.byte(letter)) && !is_word(context.byte(letter + 1))).then_some(letter + 1)
}

/// Whole degrees, how many decimal places follow, and where the number ends.
fn decimal(context: &Context<'_>, at: usize, most: u64) -> Option<(u64, usize, usize)> {
    let rest = context.bytes.get(at..)?;
    let whole = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let degrees = number(&rest[..whole]);
    if !(1..=3).contains(&whole) || degrees > most || rest.get(whole) != Some(&b'.') {
        return None;
    }
    let places = rest[whole + 1..].iter().take(16).take_while(|b| b.is_ascii_digit()).count();
    (places > 0).then_some((degrees, places, at + whole + 1 + places))
}

/// A degree sign and a letter for the direction.
fn direction(context: &Context<'_>, at: usize, letters: &[u8]) -> (usize, bool) {
    let mut end = at;
    if context.bytes[at.min(context.bytes.len())..].starts_with("°".as_bytes()) {
        end += 2;
    }
    let letter = end + usize::from(context.byte(end) == b' ');
    let is_letter = letters.contains(&context.byte(letter)) && !is_word(context.byte(letter + 1));
    if is_letter { (letter + 1, true) } else { (end, false) }
}
