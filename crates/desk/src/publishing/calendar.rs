//! The calendar's arithmetic: which days a view shows, what a local time means, where a post lands when it is moved. Pure.
//!
//! Invariants: the days of a view tile time, so a post stands on exactly one of them, whatever the clocks do that night; a local time
//! that does not exist or exists twice is never resolved silently; moving a post to another day keeps its time on the wall. Weeks
//! begin on Monday (ISO 8601).

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use crate::{ids::Time, text_enum::text_enum};

text_enum! {
    /// How a calendar is shown.
    CalendarView {
        /// Whole weeks around a month.
        Month = "month", "Month";
        /// Seven days.
        Week = "week", "Week";
        /// Four weeks from a day on, one line a post.
        List = "list", "List";
    }
}

/// Days of the list: enough to plan ahead, few enough for one page.
const LIST_DAYS: i32 = 28;

/// The days of a view and the stretch of time they cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// In order, without a gap. Never empty.
    pub days: Vec<Date>,
    /// When the first begins.
    pub from: Time,
    /// When the day after the last begins.
    pub until: Time,
    /// Where one goes for what is before.
    pub previous: Date,
    /// Where one goes for what is after.
    pub next: Date,
}

/// The days that a view of `day` shows to somebody in `zone`.
pub fn days(view: CalendarView, day: Date, zone: &TimeZone) -> Days {
    let (first, count, previous, next) = match view {
        CalendarView::Month => {
            let first = monday(day.first_of_month());
            let last = sunday(day.last_of_month());
            let weeks = (last.since(first).map_or(0, |span| span.get_days()) + 1) / 7;
            (
                first,
                weeks * 7,
                shifted(day.first_of_month(), Span::new().months(-1)),
                shifted(day.first_of_month(), Span::new().months(1)),
            )
        }
        CalendarView::Week => (monday(day), 7, shifted(day, Span::new().days(-7)), shifted(day, Span::new().days(7))),
        CalendarView::List => {
            (day, LIST_DAYS, shifted(day, Span::new().days(-LIST_DAYS)), shifted(day, Span::new().days(LIST_DAYS)))
        }
    };
    let days: Vec<Date> = (0..count).map(|offset| shifted(first, Span::new().days(offset))).collect();
    let after = shifted(first, Span::new().days(count));
    Days { from: begins(first, zone), until: begins(after, zone), days, previous, next }
}

/// A day so far away, held at the ends of what a calendar can show.
fn shifted(day: Date, by: Span) -> Date {
    day.saturating_add(by)
}

fn monday(day: Date) -> Date {
    shifted(day, Span::new().days(-i64::from(day.weekday().to_monday_zero_offset())))
}

fn sunday(day: Date) -> Date {
    shifted(day, Span::new().days(6 - i64::from(day.weekday().to_monday_zero_offset())))
}

/// When a day begins: midnight, or the first moment after it where the clocks jump over midnight.
pub fn begins(day: Date, zone: &TimeZone) -> Time {
    let midnight = zone.to_ambiguous_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    // Where midnight comes twice the day begins with the first one, so that no hour belongs to two days.
    midnight.compatible().map_or_else(|_| Time(if day.year() < 0 { i64::MIN } else { i64::MAX }), |at| Time(at.as_millisecond()))
}

/// The day and time on the wall.
pub fn on_the_wall(at: Time, zone: &TimeZone) -> DateTime {
    zone.to_datetime(stamp(at))
}

/// The day on which a post stands: the last one of the calendar that has begun.
///
/// Nearly always the date on the wall. Where clocks go back over midnight the date comes back for an hour; the day does not.
pub fn day_of(at: Time, zone: &TimeZone) -> Date {
    let day = on_the_wall(at, zone).date();
    let after = shifted(day, Span::new().days(1));
    if begins(after, zone) <= at { after } else { day }
}

fn stamp(at: Time) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// What a time on the wall means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// One moment.
    Once(Time),
    /// None: the clocks jump over it. What would be meant by it when they had not.
    Never {
        /// The same distance after the jump.
        later: Time,
    },
    /// Two: the clocks go back over it.
    Twice {
        /// The first.
        first: Time,
        /// The second.
        second: Time,
    },
}

impl Local {
    /// The moment that a person most likely means, and whether that has to be said.
    pub fn likely(self) -> (Time, bool) {
        match self {
            Self::Once(at) => (at, false),
            Self::Never { later } => (later, true),
            Self::Twice { first, .. } => (first, true),
        }
    }
}

/// Resolves a time on the wall. Nothing when it lies outside of what can be told.
pub fn resolve(local: DateTime, zone: &TimeZone) -> Option<Local> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let moment = |at: Timestamp| Time(at.as_millisecond());
    Some(match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => Local::Once(moment(ambiguous.compatible().ok()?)),
        AmbiguousOffset::Gap { .. } => Local::Never { later: moment(ambiguous.later().ok()?) },
        AmbiguousOffset::Fold { .. } => {
            Local::Twice { first: moment(ambiguous.earlier().ok()?), second: moment(ambiguous.later().ok()?) }
        }
    })
}

/// Where a post lands when it is moved to another day: at the same time on the wall.
pub fn moved(slot: Time, to: Date, zone: &TimeZone) -> Option<Local> {
    resolve(to.to_datetime(on_the_wall(slot, zone).time()), zone)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};
    use proptest::prelude::*;

    use super::*;

    /// Zones with jumps at midnight, of half an hour, of a whole day, and none at all.
    const ZONES: &[&str] = &[
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Beirut",
        "America/Havana",
        "Asia/Kathmandu",
    ];

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a zone")
    }

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().expect("a moment").as_millisecond())
    }

    #[test]
    fn a_month_is_shown_in_whole_weeks_from_monday() {
        let shown = days(CalendarView::Month, date(2026, 2, 10), &TimeZone::UTC);
        assert_eq!((shown.days[0], shown.days.len()), (date(2026, 1, 26), 35));
        assert_eq!((shown.previous, shown.next), (date(2026, 1, 1), date(2026, 3, 1)));
        let exact = days(CalendarView::Month, date(2027, 2, 1), &TimeZone::UTC);
        assert_eq!((exact.days[0], exact.days.len()), (date(2027, 2, 1), 28));
        let long = days(CalendarView::Month, date(2026, 8, 31), &TimeZone::UTC);
        assert_eq!(long.days.len(), 42);
    }

    #[test]
    fn the_night_the_clocks_jump_is_an_hour_shorter_and_the_calendar_knows() {
        let berlin = zone("Europe/Berlin");
        let night = days(CalendarView::Week, date(2026, 3, 29), &berlin);
        assert_eq!(night.until.since_ms(night.from), (7 * 24 - 1) * 3_600_000);
    }

    #[test]
    fn a_time_that_does_not_exist_or_exists_twice_is_not_resolved_silently() {
        let berlin = zone("Europe/Berlin");
        assert_eq!(
            resolve(datetime(2026, 3, 29, 2, 30, 0, 0), &berlin),
            Some(Local::Never { later: at("2026-03-29T01:30:00Z") })
        );
        assert_eq!(
            resolve(datetime(2026, 10, 25, 2, 30, 0, 0), &berlin),
            Some(Local::Twice { first: at("2026-10-25T00:30:00Z"), second: at("2026-10-25T01:30:00Z") })
        );
        assert_eq!(resolve(datetime(2026, 10, 25, 3, 0, 0, 0), &berlin), Some(Local::Once(at("2026-10-25T02:00:00Z"))));
    }

    #[test]
    fn a_post_that_is_moved_keeps_its_time_on_the_wall() {
        let berlin = zone("Europe/Berlin");
        // Nine o'clock in winter stays nine o'clock in summer, which is another hour of the world.
        assert_eq!(moved(at("2026-03-27T08:00:00Z"), date(2026, 3, 30), &berlin), Some(Local::Once(at("2026-03-30T07:00:00Z"))));
        assert!(matches!(moved(at("2026-03-27T01:30:00Z"), date(2026, 3, 29), &berlin), Some(Local::Never { .. })));
    }

    #[test]
    fn a_day_that_a_country_left_out_is_empty() {
        let apia = zone("Pacific/Apia");
        assert_eq!(begins(date(2011, 12, 30), &apia), begins(date(2011, 12, 31), &apia));
        assert_eq!(day_of(begins(date(2011, 12, 31), &apia), &apia), date(2011, 12, 31));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn every_moment_of_a_view_stands_on_exactly_one_of_its_days(
            name in prop::sample::select(ZONES),
            view in prop::sample::select(CalendarView::ALL),
            day in 0..20_000i32,
            part in 0.0..1.0f64,
        ) {
            let zone = zone(name);
            let shown = days(view, date(1995, 1, 1).saturating_add(Span::new().days(day)), &zone);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a moment somewhere in between")]
            let moment = Time(shown.from.0 + (shown.until.since_ms(shown.from) as f64 * part) as i64);
            let stands: Vec<_> = shown
                .days
                .iter()
                .copied()
                .filter(|day| begins(*day, &zone) <= moment && moment < begins(shifted(*day, Span::new().days(1)), &zone))
                .collect();
            prop_assert_eq!(stands, vec![day_of(moment, &zone)], "{} in {}", moment.rfc3339(), name);
        }

        #[test]
        fn what_is_resolved_reads_back_on_the_wall(name in prop::sample::select(ZONES), minutes in 0..28_000_000i64) {
            let zone = zone(name);
            let local = datetime(1990, 1, 1, 0, 0, 0, 0).saturating_add(Span::new().minutes(minutes));
            match resolve(local, &zone).expect("within range") {
                Local::Once(at) => prop_assert_eq!(on_the_wall(at, &zone), local),
                Local::Twice { first, second } => {
                    prop_assert!(first < second);
                    prop_assert_eq!((on_the_wall(first, &zone), on_the_wall(second, &zone)), (local, local));
                }
                Local::Never { later } => prop_assert!(on_the_wall(later, &zone) > local),
            }
        }

        #[test]
        fn going_on_and_back_leads_to_the_same_days(view in prop::sample::select(CalendarView::ALL), day in 0..20_000i32) {
            let here = days(view, date(1995, 1, 1).saturating_add(Span::new().days(day)), &TimeZone::UTC);
            let there = days(view, here.next, &TimeZone::UTC);
            prop_assert_eq!(days(view, there.previous, &TimeZone::UTC).days, here.days.clone());
            prop_assert!(there.days[0] <= *here.days.last().expect("never empty") || there.from == here.until);
        }
    }
}
