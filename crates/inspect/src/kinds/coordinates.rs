//! Geographic coordinates.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;

pub(crate) const KIND: Kind = Kind {
    id: "COORDINATES",
    title: "Geographic coordinates",
    group: Group::Contact,
    docs: "Latitude and longitude in decimal degrees with five places or more, or in degrees, minutes and seconds.",
    words: &[
        ("en", &["coordinates", "location", "gps", "lat", "latitude", "position", "lon", "longitude"]),
        ("de", &["koordinaten", "standort"]),
        ("fr", &["coordonnées"]),
        ("es", &["coordenadas"]),
    ],
    examples: &["meet at 52.520008, 13.404954", "GPS 40.7128° N, 74.0060° W"],
    counter_examples: &["ratio 1.2345, 2.3456", "52.5, 13.4"],
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
    let Some((latitude, precise, after)) = decimal(context, start, 90) else { return };
    let (after, marked) = direction(context, after, b"NSns");
    let gap = context.bytes[after..].iter().take(3).take_while(|b| matches!(b, b' ' | b',' | b';')).count();
    let mut second = after + gap;
    if context.byte(second) == b'-' {
        second += 1;
    }
    context.steps += 24;
    let Some((longitude, precise_too, end)) = decimal(context, second, 180) else { return };
    let (end, marked_too) = direction(context, end, b"EWOewo");
    let comma = context.bytes[after..after + gap].contains(&b',');
    let enough = (precise && precise_too && comma) || (marked && marked_too);
    if gap == 0 || !enough || latitude > 90 || longitude > 180 || is_word(context.byte(end)) {
        return;
    }
    context.report_supported(
        super::index::coordinates,
        from..end,
        KIND.proof,
        (if marked { 80 } else { KIND.alone }, KIND.supported),
    );
}

/// Whole degrees, whether five decimal places follow, and where the number ends.
fn decimal(context: &Context<'_>, at: usize, most: u64) -> Option<(u64, bool, usize)> {
    let rest = context.bytes.get(at..)?;
    let whole = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let degrees = number(&rest[..whole]);
    if !(1..=3).contains(&whole) || degrees > most || rest.get(whole) != Some(&b'.') {
        return None;
    }
    let places = rest[whole + 1..].iter().take(16).take_while(|b| b.is_ascii_digit()).count();
    (places > 0).then_some((degrees, places >= 5, at + whole + 1 + places))
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
