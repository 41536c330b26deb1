//! Posting slots: the times of a week at which a profile posts, and the next one that is free. Pure.
//!
//! Invariants: a slot is a time on the wall, so it stays nine o'clock when the clocks change; in the night of the jump it is the
//! moment after it, and never twice; what is offered lies in the future and nobody else has it.

use jiff::{Span, civil, tz::TimeZone};

use super::calendar;
use crate::ids::Time;

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;
/// How far ahead a free slot is looked for. A profile that is booked for longer has too few slots.
const AHEAD_DAYS: i32 = 366;

/// A time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeeklyTime {
    /// 1 is Monday, 7 is Sunday (ISO 8601).
    pub weekday: u8,
    /// Minutes since midnight on the wall.
    pub minute: u16,
}

impl WeeklyTime {
    /// A time of the week, if there is such a one.
    pub fn new(weekday: u8, minute: u16) -> Option<Self> {
        ((1..=7).contains(&weekday) && minute < DAY_MINUTES).then_some(Self { weekday, minute })
    }

    fn time(self) -> civil::Time {
        let (hour, minute) = (self.minute / 60, self.minute % 60);
        civil::Time::new(i8::try_from(hour).unwrap_or(0), i8::try_from(minute).unwrap_or(0), 0, 0).unwrap_or_default()
    }
}

/// The moments of a profile's slots after `after`, nearest first, without end in sight: at most a year ahead.
pub fn upcoming<'t>(times: &'t [WeeklyTime], zone: &'t TimeZone, after: Time) -> impl Iterator<Item = Time> + 't {
    let today = calendar::on_the_wall(after, zone).date();
    let mut last = after;
    (0..=AHEAD_DAYS)
        .flat_map(move |offset| {
            let day = today.saturating_add(Span::new().days(offset));
            let weekday = day.weekday().to_monday_one_offset().unsigned_abs();
            let mut moments: Vec<Time> = times
                .iter()
                .filter(|time| time.weekday == weekday)
                .filter_map(|time| calendar::resolve(day.to_datetime(time.time()), zone))
                .map(|local| local.likely().0)
                .collect();
            moments.sort_unstable();
            moments
        })
        .filter(move |&moment| {
            // Two slots that the clocks push onto one moment are one; so are two equal ones.
            let further = moment > last;
            if further {
                last = moment;
            }
            further
        })
}

/// The next slot after `after` that nobody has.
pub fn next_free(times: &[WeeklyTime], zone: &TimeZone, after: Time, taken: impl Fn(Time) -> bool) -> Option<Time> {
    upcoming(times, zone, after).find(|moment| !taken(*moment))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().expect("a moment").as_millisecond())
    }

    fn weekly(weekday: u8, hour: u16, minute: u16) -> WeeklyTime {
        WeeklyTime::new(weekday, hour * 60 + minute).expect("a time of the week")
    }

    #[test]
    fn there_is_no_eighth_day_and_no_25th_hour() {
        assert_eq!((WeeklyTime::new(0, 0), WeeklyTime::new(8, 0), WeeklyTime::new(1, 1_440)), (None, None, None));
    }

    #[test]
    fn the_next_free_slot_is_found_beyond_taken_ones() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let times = [weekly(1, 9, 0), weekly(5, 16, 30)];
        let taken = [at("2026-03-02T08:00:00Z")];
        let free = |after: &str| next_free(&times, &berlin, at(after), |moment| taken.contains(&moment));
        assert_eq!(free("2026-03-01T12:00:00Z"), Some(at("2026-03-06T15:30:00Z")));
        assert_eq!(free("2026-03-06T15:30:00Z"), Some(at("2026-03-09T08:00:00Z")), "a moment that is now is not ahead");
        assert_eq!(next_free(&[], &berlin, at("2026-03-01T12:00:00Z"), |_| false), None);
    }

    #[test]
    fn a_slot_keeps_its_time_on_the_wall_through_the_year() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let times = [weekly(7, 2, 30)];
        let moments: Vec<_> = upcoming(&times, &berlin, at("2026-03-20T00:00:00Z")).take(2).collect();
        // On 29 March half past two does not exist; it is half past three then, and half past two again a week later.
        assert_eq!(moments, [at("2026-03-22T01:30:00Z"), at("2026-03-29T01:30:00Z")]);
        assert_eq!(upcoming(&times, &berlin, at("2026-03-29T12:00:00Z")).next(), Some(at("2026-04-05T00:30:00Z")));
    }

    proptest! {
        #[test]
        fn slots_come_in_order_and_after_now(
            times in prop::collection::vec((1..8u8, 0..1_440u16).prop_map(|(day, minute)| WeeklyTime::new(day, minute).expect("valid")), 0..6),
            name in prop::sample::select(&["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana"][..]),
            minutes in 20_000_000..30_000_000i64,
        ) {
            let zone = TimeZone::get(name).expect("a zone");
            let now = Time(minutes * 60_000);
            let moments: Vec<_> = upcoming(&times, &zone, now).take(30).collect();
            prop_assert!(moments.iter().all(|moment| *moment > now));
            prop_assert!(moments.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(moments.is_empty(), times.is_empty());
        }
    }
}
