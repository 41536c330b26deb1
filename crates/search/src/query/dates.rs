//! Dates in a query: a day, month, year or time is a period; `before:`, `on:` and `after:` part all time around it.

use jiff::{Span, Timestamp, Zoned, civil, tz::TimeZone};

use super::{Setting, error::Problem};

/// Which side of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Before,
    On,
    After,
}

/// Milliseconds from the one (inclusive) to the other (exclusive).
type Period = (i64, i64);

/// The bounds a date puts on a message's time: from (inclusive), until (exclusive).
pub(super) fn bounds(text: &str, bound: Bound, setting: &Setting) -> Result<(Option<i64>, Option<i64>), Problem> {
    let bad = || Problem::BadDate(text.to_owned());
    if let Some(then) = age(text, setting) {
        return match bound {
            Bound::Before => Ok((None, Some(then))),
            Bound::After => Ok((Some(then), None)),
            Bound::On => Err(Problem::AgeAsDay(text.to_owned())),
        };
    }
    let (from, until) = period(text, setting).ok_or_else(bad)?;
    Ok(match bound {
        Bound::Before => (None, Some(from)),
        Bound::On => (Some(from), Some(until)),
        Bound::After => (Some(until), None),
    })
}

/// The moment of an age such as `12h`, `7d`, `3w`.
fn age(text: &str, setting: &Setting) -> Option<i64> {
    let unit_ms = match text.chars().last()? {
        'h' => 3_600_000,
        'd' => 24 * 3_600_000,
        'w' => 7 * 24 * 3_600_000,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let is_number = (1..=5).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = is_number.then(|| number.parse().ok())??;
    Some(setting.now_ms.saturating_sub(number * unit_ms))
}

fn period(text: &str, setting: &Setting) -> Option<Period> {
    let now = Timestamp::from_millisecond(setting.now_ms).ok()?.to_zoned(setting.zone.clone());
    match text.to_ascii_lowercase().as_str() {
        "today" => return days(now.date(), Span::new().days(1), &setting.zone),
        "yesterday" => return days(now.date().yesterday().ok()?, Span::new().days(1), &setting.zone),
        _ => {}
    }
    if !text.is_ascii() {
        return None;
    }
    match text.len() {
        4 => days(civil::Date::new(number(text)?, 1, 1).ok()?, Span::new().years(1), &setting.zone),
        7 => days(format!("{text}-01").parse().ok().filter(|_| is_dated(text))?, Span::new().months(1), &setting.zone),
        10 => days(text.parse().ok().filter(|_| is_dated(text))?, Span::new().days(1), &setting.zone),
        _ => moment(text, &setting.zone),
    }
}

/// Digits and hyphens only: the general parser takes other forms too, which we do not document.
fn is_dated(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn number(text: &str) -> Option<i16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn days(first: civil::Date, length: Span, zone: &TimeZone) -> Option<Period> {
    let begin = first.to_zoned(zone.clone()).ok()?;
    let end = first.checked_add(length).ok()?.to_zoned(zone.clone()).ok()?;
    Some((millisecond(&begin), millisecond(&end)))
}

/// A time such as `2026-03-31T14:30`, `…T14:30:05`, with `Z` or an offset where one is given.
fn moment(text: &str, zone: &TimeZone) -> Option<Period> {
    let (date, time) = text.split_once(['T', 't'])?;
    if date.len() != 10 || !is_dated(date) {
        return None;
    }
    let offset_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(offset_at);
    let length_ms = match clock.len() {
        5 => 60_000,
        8 => 1_000,
        _ => return None,
    };
    let begin = if offset.is_empty() {
        let there: civil::DateTime = format!("{date}T{clock}").parse().ok()?;
        millisecond(&there.to_zoned(zone.clone()).ok()?)
    } else {
        format!("{date}T{clock}{offset}").parse::<Timestamp>().ok()?.as_millisecond()
    };
    Some((begin, begin + length_ms))
}

fn millisecond(moment: &Zoned) -> i64 {
    moment.timestamp().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-29T10:00Z, the day clocks go forward in Vienna: it has 23 hours.
    const NOW: &str = "2026-03-29T10:00:00Z";

    fn setting() -> Setting {
        let now: Timestamp = NOW.parse().expect("a time");
        Setting::at(now.as_millisecond(), TimeZone::get("Europe/Vienna").expect("a zone"))
    }

    fn check(text: &str, bound: Bound, from: Option<&str>, until: Option<&str>) {
        let ms = |text: &str| text.parse::<Timestamp>().expect("a time").as_millisecond();
        assert_eq!(bounds(text, bound, &setting()), Ok((from.map(ms), until.map(ms))), "{text} {bound:?}");
    }

    #[test]
    fn a_day_begins_in_the_zone_and_lasts_until_the_next() {
        check("2026-03-29", Bound::On, Some("2026-03-28T23:00:00Z"), Some("2026-03-29T22:00:00Z"));
        check("today", Bound::On, Some("2026-03-28T23:00:00Z"), Some("2026-03-29T22:00:00Z"));
        check("yesterday", Bound::On, Some("2026-03-27T23:00:00Z"), Some("2026-03-28T23:00:00Z"));
    }

    #[test]
    fn before_on_and_after_part_all_time() {
        check("2026-03", Bound::Before, None, Some("2026-02-28T23:00:00Z"));
        check("2026-03", Bound::On, Some("2026-02-28T23:00:00Z"), Some("2026-03-31T22:00:00Z"));
        check("2026-03", Bound::After, Some("2026-03-31T22:00:00Z"), None);
        check("2026", Bound::After, Some("2026-12-31T23:00:00Z"), None);
    }

    #[test]
    fn a_time_is_its_minute_or_second_and_may_have_an_offset() {
        check("2026-01-01T12:30", Bound::On, Some("2026-01-01T11:30:00Z"), Some("2026-01-01T11:31:00Z"));
        check("2026-01-01T12:30:05", Bound::After, Some("2026-01-01T11:30:06Z"), None);
        check("2026-01-01T12:30Z", Bound::Before, None, Some("2026-01-01T12:30:00Z"));
        check("2026-01-01T12:30-05:00", Bound::Before, None, Some("2026-01-01T17:30:00Z"));
    }

    #[test]
    fn an_age_counts_back_from_now() {
        check("12h", Bound::After, Some("2026-03-28T22:00:00Z"), None);
        check("7d", Bound::Before, None, Some("2026-03-22T10:00:00Z"));
        assert_eq!(bounds("7d", Bound::On, &setting()), Err(Problem::AgeAsDay("7d".to_owned())));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "1",
            "26",
            "2026-13",
            "2026-02-30",
            "2026/03/01",
            "2026-3-1",
            "31.03.2026",
            "20260331",
            "tomorrow",
            "2026-01-01T",
            "2026-01-01T25:00",
            "99999999d",
            "d",
            "-1d",
            "２０２６",
            "9999-12-31",
        ] {
            let is_refused = matches!(bounds(text, Bound::On, &setting()), Err(Problem::BadDate(_)));
            assert!(is_refused, "{text}");
        }
    }
}
