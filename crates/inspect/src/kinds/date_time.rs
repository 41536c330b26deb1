//! Dates and moments.

use super::prelude::*;
use crate::detect::Context;
use crate::scan::is_word;
use crate::words::Role;

pub(crate) const KIND: Kind = Kind {
    id: "DATE_TIME",
    title: "Date or time",
    group: Group::Time,
    docs: "ISO 8601 dates and times, dates in figures with full or short year, dates with the name of a month, weekdays after a preposition, and years after a preposition. Birth words nearby raise the level.",
    words: &[
        (
            "en",
            &[
                "born",
                "birth",
                "birthday",
                "dob",
                "date of birth",
                "birthdate",
                "date",
                "when",
                "expiry",
                "expires",
                "due",
                "valid until",
            ],
        ),
        ("de", &["geboren", "geb", "geburtsdatum", "geburtstag", "datum", "gültig bis"]),
        ("fr", &["né", "née", "naissance", "date de naissance"]),
        ("es", &["nacido", "nacida", "nacimiento", "fecha de nacimiento", "fecha"]),
        ("it", &["nato", "nata", "nascita", "data di nascita", "data"]),
        ("nl", &["geboren", "geboortedatum"]),
        ("pt", &["nascido", "nascida", "nascimento", "data de nascimento"]),
        ("pl", &["urodzony", "urodzona", "urodzenia", "data urodzenia"]),
    ],
    examples: &[
        "When: 1971-09-07 22:49:16",
        "born on 12/31/1985",
        "am 3. Oktober 1990",
        "March 12th, 2024",
        "she flew on Sunday morning",
        "the Act of 1988",
        "12-Jan-2024",
    ],
    counter_examples: &["version 2024.13.45", "99/99/9999", "chapter of May's book", "in 3000 steps", "the 1990s"],
    proof: "an existing day",
    ..BLANK
};

/// Reports a date in figures that begins at `start`; says where it ends.
pub(crate) fn scan(context: &mut Context<'_>, start: usize) -> Option<usize> {
    let before = context.byte_before(start);
    if is_word(before) || (matches!(before, b'-' | b'.' | b'/' | b',') && start >= 2 && context.bytes[start - 2].is_ascii_digit())
    {
        return None;
    }
    let (first, at) = figure(context, start, 4)?;
    let separator = context.byte(at);
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let (second, mid) = figure(context, at + 1, 2)?;
    if context.byte(mid) != separator {
        return None;
    }
    let (third, end) = figure(context, mid + 1, 4)?;
    context.steps += (end - start) as u64;
    let lengths = (at - start, mid - at - 1, end - mid - 1);
    let year_range = 1850..=2120;
    let alone = match lengths {
        (4, 1..=2, 1..=2) if year_range.contains(&first) && is_date(first, second, third) => 80,
        (1..=2, 1..=2, 4) if year_range.contains(&third) && either_order(third, first, second) => {
            if separator == b'.' && lengths.0 == 1 && lengths.1 == 1 { 60 } else { 75 }
        }
        (2, 2, 2) | (1..=2, 1..=2, 2)
            if separator == b'/' && (is_short_date(third, second, first) || is_short_date(third, first, second)) =>
        {
            50
        }
        (2, 2, 2) if is_short_date(third, second, first) && separator == b'.' => 50,
        (2, 2, 2) if is_short_date(third, second, first) || is_short_date(third, first, second) => 40,
        _ => return None,
    };
    let end = time(context, end);
    if is_word(context.byte(end)) || (matches!(context.byte(end), b'-' | b'.' | b'/') && context.byte(end + 1).is_ascii_digit()) {
        return None;
    }
    context.report_supported(super::index::date_time, start..end, KIND.proof, (alone, 90));
    Some(end)
}

fn either_order(year: u64, a: u64, b: u64) -> bool {
    is_date(year, a, b) || is_date(year, b, a)
}

fn figure(context: &Context<'_>, from: usize, most: usize) -> Option<(u64, usize)> {
    let count = context.bytes.get(from..)?.iter().take(most + 1).take_while(|b| b.is_ascii_digit()).count();
    (1..=most).contains(&count).then(|| (number(&context.bytes[from..from + count]), from + count))
}

/// The end of a time of day after a date, or the end of the date.
fn time(context: &Context<'_>, date_end: usize) -> usize {
    let mut at = date_end;
    if context.byte(at) == b',' {
        at += 1;
    }
    if !matches!(context.byte(at), b' ' | b'T' | b't') {
        return date_end;
    }
    let Some((hour, after_hour)) = figure(context, at + 1, 2) else { return date_end };
    if hour > 24 || context.byte(after_hour) != b':' {
        return date_end;
    }
    let Some((minute, mut end)) = figure(context, after_hour + 1, 2) else { return date_end };
    if minute > 59 {
        return date_end;
    }
    if context.byte(end) == b':'
        && let Some((_, after)) = figure(context, end + 1, 2)
    {
        end = after;
        if context.byte(end) == b'.'
            && let Some((_, after)) = figure(context, end + 1, 9)
        {
            end = after;
        }
    }
    match context.byte(end) {
        b'Z' | b'z' => end + 1,
        b'+' | b'-' => match figure(context, end + 1, 4) {
            Some((_, zone)) if context.byte(zone) == b':' => figure(context, zone + 1, 2).map_or(zone, |(_, e)| e),
            Some((_, zone)) => zone,
            None => end,
        },
        _ => end,
    }
}

/// Reports dates that a known word announces: months, weekdays, "in 1988".
pub(crate) fn word(context: &mut Context<'_>, role: Role, start: usize, end: usize) {
    context.steps += 8;
    match role {
        Role::Month(_) => month(context, start, end),
        Role::Weekday => weekday(context, start, end),
        Role::BeforeYear if context.byte(end) == b' ' => {
            if let Some((year, stop)) = figure(context, end + 1, 4)
                && stop == end + 5
                && (1900..=2099).contains(&year)
                && !is_word(context.byte(stop))
                && !matches!(context.byte(stop), b'-' | b'/' | b':' | b'%' | b'\'')
                && !(matches!(context.byte(stop), b'.' | b',') && context.byte(stop + 1).is_ascii_digit())
            {
                context.report(super::index::date_time, end + 1..stop, "a year after a preposition", 45);
            }
        }
        _ => {}
    }
}

fn weekday(context: &mut Context<'_>, start: usize, end: usize) {
    let before = &context.bytes[..start];
    let on = [&b"on "[..], b"On ", b"am ", b"Am ", b"op ", b"el ", b"On\n"].iter().any(|on| before.ends_with(on));
    if on && (before.len() == 3 || !is_word(before[before.len() - 4])) {
        context.report(super::index::date_time, start..end, "a day of the week after a preposition", 45);
    }
}

fn month(context: &mut Context<'_>, start: usize, end: usize) {
    let (from, day_before) = day_before(context, start);
    let mut stop = end;
    if context.byte(stop) == b'.' {
        stop += 1;
    }
    let gap = |at: usize, context: &Context<'_>| {
        let mut at = at;
        while matches!(context.byte(at), b' ' | b',' | b'-' | b'/') && at < end + 4 {
            at += 1;
        }
        if context.bytes[at.min(context.bytes.len())..].starts_with(b"of ")
            || context.bytes[at.min(context.bytes.len())..].starts_with(b"de ")
        {
            at += 3;
        }
        at
    };
    let next = gap(stop, context);
    let mut has_year = false;
    let mut day_after = false;
    let mut to = end;
    match figure(context, next, 4).map(|(value, after)| (value, after, after - next)) {
        Some((value, after, 4)) if (1850..=2120).contains(&value) && !is_word(context.byte(after)) => {
            has_year = true;
            to = after;
        }
        Some((value, after, 1..=2)) if (1..=31).contains(&value) && !day_before => {
            let after = ordinal(context, after);
            if !is_word(context.byte(after)) {
                day_after = true;
                to = after;
                let mut year_at = after;
                while matches!(context.byte(year_at), b' ' | b',') && year_at < after + 2 {
                    year_at += 1;
                }
                if let Some((year, year_end)) = figure(context, year_at, 4)
                    && year_end - year_at == 4
                    && (1850..=2120).contains(&year)
                    && !is_word(context.byte(year_end))
                {
                    has_year = true;
                    to = year_end;
                }
            }
        }
        Some((_, after, 2)) if day_before && matches!(context.byte(end), b'-' | b'/') => to = after,
        _ => {}
    }
    let score = match (day_before || day_after, has_year) {
        (true, true) => 85,
        (true, false) | (false, true) if context.bytes[start].is_ascii_uppercase() || context.bytes[start] >= 0x80 => 60,
        // "2 may be", "march 4": small letters need day and year.
        _ => return,
    };
    let to = if has_year || day_after { time(context, to) } else { to };
    context.report_supported(super::index::date_time, from..to, "a day with the name of a month", (score, 90));
}

fn ordinal(context: &Context<'_>, at: usize) -> usize {
    let two = context.bytes.get(at..at + 2).unwrap_or_default();
    if [b"st", b"nd", b"rd", b"th"].iter().any(|o| two.eq_ignore_ascii_case(&o[..])) { at + 2 } else { at }
}

/// A day of the month before its name: "12 March", "12th of March", "12. März", "12-Jan".
fn day_before(context: &Context<'_>, start: usize) -> (usize, bool) {
    let bytes = context.bytes;
    let mut at = start;
    let skip = |at: &mut usize, what: &[u8]| {
        if bytes[..*at].ends_with(what) {
            *at -= what.len();
        }
    };
    if at == 0 || !matches!(bytes[at - 1], b' ' | b'-' | b'/' | b'.') {
        return (start, false);
    }
    at -= 1;
    for word in [&b" of"[..], b" de", b" of the", b"."] {
        skip(&mut at, word);
    }
    for suffix in [&b"st"[..], b"nd", b"rd", b"th", b"er", b"\xc2\xba"] {
        if at > suffix.len() && bytes[at - suffix.len() - 1].is_ascii_digit() {
            skip(&mut at, suffix);
        }
    }
    let digits = bytes[..at].iter().rev().take(3).take_while(|b| b.is_ascii_digit()).count();
    let from = at - digits;
    let fits = (1..=2).contains(&digits) && (1..=31).contains(&number(&bytes[from..at])) && !is_word(context.byte_before(from));
    if fits { (from, true) } else { (start, false) }
}
