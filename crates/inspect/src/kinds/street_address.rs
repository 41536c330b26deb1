//! Postal addresses with street and number.

mod cues;

pub(crate) use cues::{cue, dwelling, field_post};

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;

pub(crate) const KIND: Kind = Kind {
    id: "STREET_ADDRESS",
    title: "Street address",
    group: Group::Contact,
    docs: "House number, name and street type in English order (12 Park Road), French order (12 rue de la Paix), Romance order (Via Roma 12) or with the type as the end of the name (Hauptstraße 12, Kerkstraat 5, Storgatan 3), and post boxes. Flat, place and postcode that follow belong to it; a postcode raises the level. Without a street type: number and name after “lives at”, “address”, “send it to” and the like, or before a flat; military post offices. In a block of lines each line is a finding.",
    words: &[],
    examples: &[
        "I live at 221B Baker Street, London NW1 6XE",
        "Send it to 1600 Pennsylvania Avenue, Washington, DC 20500",
        "Hauptstraße 12, 10115 Berlin",
        "12 rue de la Paix, 75002 Paris",
        "Via Roma 131, Montafia",
        "P.O. Box 211",
        "Kerkstraat 5, 1017 GA Amsterdam",
        "She lives at Tylova 285",
        "send it to 9 Rynek Starego Miasta",
        "Tylova 285, Apt. 4",
        "PSC 3294, Box 9168, APO AA 61487",
    ],
    counter_examples: &[
        "Wall Street rallied 500 points",
        "the 5 main street artists",
        "on the road for 3 days",
        "2019 was a long way",
        "send it to Anna at 5 pm",
        "my address is private",
        "flat 3 to 1",
    ],
    proof: "house number, name and street type",
    ..BLANK
};

/// Endings that make a word the name of a street.
const ENDINGS: &[&str] = &[
    "straße", "strasse", "str", "weg", "platz", "allee", "gasse", "damm", "ufer", "chaussee", "straat", "laan", "plein",
    "gracht", "kade", "gatan", "vägen", "gata", "gade", "vej", "veien", "vegen", "katu", "stræde", "stien", "stigen", "markt",
    "singel", "dreef", "steenweg", "stígur", "gränd", "torget", "bakken", "terrasse",
];
/// Street types that stand before the name, with the number last.
const NUMBER_LAST: &[&str] = &[
    "via", "viale", "piazza", "corso", "vicolo", "calle", "avenida", "avda", "plaza", "paseo", "carrer", "rua", "travessa",
    "praça", "ul", "ulica", "aleja", "aleje", "plac", "rue", "chemin",
];
/// How far a house number or name may stand from the street type.
const REACH: usize = 48;
/// A house number with the signs before it.
const NUMBER_MAX: usize = 12;
/// How far after the street the postcode may stand.
const TAIL_MAX: usize = 80;
const NAME_WORDS_MAX: usize = 5;

/// Reports an address around a word for a street type.
pub(crate) fn word(context: &mut Context<'_>, start: usize, end: usize) {
    context.steps += REACH as u64;
    if !context.scan.masks.has_digit(start.saturating_sub(REACH), end + REACH + NUMBER_MAX) {
        return;
    }
    let span = number_before(context, start, end).or_else(|| {
        let word = &context.text[start..end];
        let first = NUMBER_LAST.iter().any(|w| w.eq_ignore_ascii_case(word));
        let capital = context.bytes[start].is_ascii_uppercase() || matches!(word, "ul" | "calle" | "rua" | "ulica");
        (first && capital).then(|| number_after(context, start, end)).flatten()
    });
    if let Some((from, to)) = span {
        finish(context, from, to);
    }
}

/// Reports a post box.
pub(crate) fn post_box(context: &mut Context<'_>, start: usize, end: usize) {
    let at = end + context.bytes[end..].iter().take(3).take_while(|b| matches!(b, b' ' | b'.' | b'#' | b':')).count();
    let digits = context.bytes[at..].iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    if (1..=6).contains(&digits) {
        finish(context, start, at + digits);
    }
}

/// "12 Park Road", "12 rue de la Paix", "12, avenue Foch".
fn number_before(context: &Context<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let line = context.bytes[..start].iter().rev().take(REACH).take_while(|b| **b != b'\n').count();
    let floor = start - line;
    let mut at = start;
    let mut names = 0;
    loop {
        let gap = context.bytes[floor..at].iter().rev().take_while(|b| matches!(b, b' ' | b',' | b'.')).count();
        let stop = at - gap;
        let length = context.bytes[floor..stop].iter().rev().take_while(|b| is_word(**b) || matches!(b, b'\'' | b'-')).count();
        if gap == 0 || length == 0 {
            return None;
        }
        at = stop - length;
        let word = &context.bytes[at..stop];
        if is_house_number(word) {
            break;
        }
        let capital = word[0].is_ascii_uppercase() || word[0] >= 0x80 || word[0].is_ascii_digit();
        names += 1;
        if !capital || names > NAME_WORDS_MAX || context.bytes[stop..].starts_with(b",") {
            return None;
        }
    }
    if names > 0 {
        let capital = context.bytes[start].is_ascii_uppercase();
        let abbreviated = usize::from(context.byte(end) == b'.' && end - start <= 4);
        return (capital || names == 1).then_some((at, end + abbreviated));
    }
    // French order: the name follows.
    let to = name_after(context, end)?;
    Some((at, to))
}

fn is_house_number(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=5).contains(&digits) && (word.len() == digits || (word.len() == digits + 1 && word[digits].is_ascii_alphabetic()))
}

/// The end of capitalised words (and small words between them) after `from`.
fn name_after(context: &Context<'_>, from: usize) -> Option<usize> {
    let mut end = None;
    let mut at = from;
    for _ in 0..NAME_WORDS_MAX + 2 {
        if !matches!(context.byte(at), b' ') {
            break;
        }
        let word = at + 1;
        let length = context.bytes[word.min(context.bytes.len())..]
            .iter()
            .take(32)
            .take_while(|b| is_word(**b) || matches!(b, b'\'' | b'-' | b'.'))
            .count();
        if length == 0 {
            break;
        }
        let first = context.bytes[word];
        at = word + length;
        if first.is_ascii_uppercase() || first >= 0x80 {
            end = Some(at - usize::from(context.bytes[at - 1] == b'.'));
        } else if length > 4 || first.is_ascii_digit() {
            break;
        }
    }
    end
}

/// "Via Roma 12", "Calle Mayor, 3", "ul. Cicha 86".
fn number_after(context: &Context<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let from = end + usize::from(context.byte(end) == b'.');
    let name = name_after(context, from)?;
    if name - from > REACH {
        return None;
    }
    let gap = context.bytes[name..].iter().take(3).take_while(|b| matches!(b, b' ' | b',')).count();
    let at = name + gap;
    let length = context.bytes[at..].iter().take(7).take_while(|b| b.is_ascii_alphanumeric()).count();
    (gap > 0 && is_house_number(&context.bytes[at..at + length])).then_some((start, at + length))
}

/// Reports "Hauptstraße 12" when the digits at `start..end` are its number.
pub(crate) fn compound(context: &mut Context<'_>, start: usize, end: usize) {
    if end - start > 4 || start < 6 || context.bytes[start - 1] != b' ' {
        return;
    }
    let mut stop = start - 1;
    if context.bytes[stop - 1] == b'.' {
        stop -= 1;
    }
    let length = context.bytes[..stop].iter().rev().take(40).take_while(|b| is_word(**b) || **b == b'-').count();
    let from = stop - length;
    if length < 5 || is_word(context.byte_before(from)) || !context.text.is_char_boundary(from) {
        return;
    }
    let word = &context.text[from..stop];
    context.steps += ENDINGS.len() as u64;
    let ends = ENDINGS.iter().any(|ending| {
        word.len() > ending.len() + 1 && word.as_bytes()[word.len() - ending.len()..].eq_ignore_ascii_case(ending.as_bytes())
    });
    if !ends || !word.chars().next().is_some_and(char::is_uppercase) {
        return;
    }
    let letter = usize::from(context.byte(end).is_ascii_alphabetic() && !is_word(context.byte(end + 1)));
    if !is_word(context.byte(end + letter)) {
        finish(context, from, end + letter);
    }
}

/// Adds flat, place and postcode, and reports.
fn finish(context: &mut Context<'_>, from: usize, to: usize) {
    let tail = tail_end(context, from, to);
    let (end, score) = tail.map_or((to, 60), |end| (end, 85));
    if context.text.is_char_boundary(from) && context.text.is_char_boundary(end) {
        context.report(super::index::street_address, from..end, KIND.proof, score);
    }
}

/// The end of a postcode that follows with nothing but flat and place words between.
fn tail_end(context: &mut Context<'_>, from: usize, to: usize) -> Option<usize> {
    let mut limit = (to + TAIL_MAX).min(context.bytes.len());
    // In a block of lines, each line stands for itself.
    let before = context.bytes[..from].iter().rev().take(16).find(|b| b.is_ascii_alphabetic() || **b == b'\n');
    if before.is_none_or(|b| *b == b'\n') {
        limit = to + context.bytes[to..limit].iter().position(|b| *b == b'\n').unwrap_or(limit - to);
    }
    let mut at = to;
    let mut found = None;
    let mut words = 0;
    while at < limit && words < 10 {
        if matches!(context.bytes[at], b' ' | b',' | b'\n' | b'#' | b'-' | b'.') {
            at += 1;
            continue;
        }
        let length = context.bytes[at..limit].iter().take_while(|b| is_word(**b)).count();
        if length == 0 {
            break;
        }
        let word = &context.bytes[at..at + length];
        words += 1;
        if postcode(word) {
            found = Some(dutch_or_british(context, at + length, word));
        } else if !(word[0].is_ascii_uppercase() || word[0].is_ascii_digit() || word[0] >= 0x80) {
            let small = word.len() <= 3 || word.eq_ignore_ascii_case(b"suite");
            if !small {
                break;
            }
        }
        at += length;
    }
    context.steps += (at - to) as u64;
    // The place after a continental postcode belongs to the address.
    found.map(|end| place_after(context, end))
}

fn postcode(word: &[u8]) -> bool {
    let all = word.iter().all(u8::is_ascii_digit);
    (all && (4..=6).contains(&word.len()))
        || (word.len() <= 4 && word.len() >= 2 && word[0].is_ascii_uppercase() && word.iter().any(u8::is_ascii_digit))
}

/// "1017 GA", "NW1 6XE": the second half.
fn dutch_or_british(context: &Context<'_>, end: usize, word: &[u8]) -> usize {
    let rest = &context.bytes[end..];
    let second = rest.iter().skip(1).take(4).take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
    let fits = match (word[0].is_ascii_digit(), second) {
        (true, 2) => rest[1].is_ascii_uppercase() && rest[2].is_ascii_uppercase() && word.len() == 4,
        (false, 3) => rest[1].is_ascii_digit(),
        _ => false,
    };
    if rest.first() == Some(&b' ') && fits { end + 1 + second } else { end }
}

fn place_after(context: &Context<'_>, end: usize) -> usize {
    if context.byte(end) != b' ' || !context.byte(end + 1).is_ascii_uppercase() {
        return end;
    }
    let length = context.bytes[end + 1..].iter().take(32).take_while(|b| is_word(**b) || **b == b'-').count();
    end + 1 + length
}
