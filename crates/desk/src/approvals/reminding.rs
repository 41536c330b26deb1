//! When somebody is reminded: 24 hours, 2 hours and 15 minutes before something would go out. Pure.

use crate::ids::Time;

/// How long before its time a reminder is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lead {
    /// A day.
    Day,
    /// Two hours.
    TwoHours,
    /// A quarter of an hour.
    Quarter,
}

impl Lead {
    /// The longest first.
    const ALL: [Self; 3] = [Self::Day, Self::TwoHours, Self::Quarter];

    /// The name in the database.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::TwoHours => "two_hours",
            Self::Quarter => "quarter",
        }
    }

    /// The name in a letter.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::TwoHours => "2 hours",
            Self::Quarter => "15 minutes",
        }
    }

    /// In milliseconds.
    fn ms(self) -> i64 {
        match self {
            Self::Day => 24 * 60 * 60 * 1_000,
            Self::TwoHours => 2 * 60 * 60 * 1_000,
            Self::Quarter => 15 * 60 * 1_000,
        }
    }
}

/// The reminder that is due now, if any: the latest whose moment came since the step was opened. One that came before was no reminder
/// of this step, and one that was overtaken by the next is not sent late.
pub(super) fn due(slot: Time, opened_at: Time, now: Time) -> Option<Lead> {
    if now >= slot {
        return None;
    }
    let came = |lead: &Lead| {
        let moment = slot.plus_ms(-lead.ms());
        opened_at <= moment && moment <= now
    };
    Lead::ALL.into_iter().rev().find(came)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Lead, due};
    use crate::ids::Time;

    const HOUR: i64 = 3_600_000;
    const SLOT: Time = Time(100 * HOUR);

    #[test]
    fn each_reminder_has_its_hour() {
        let at = |hours_before: i64| due(SLOT, Time(0), SLOT.plus_ms(-hours_before * HOUR));
        assert_eq!(
            [at(25), at(24), at(3), at(2), at(1)],
            [None, Some(Lead::Day), Some(Lead::Day), Some(Lead::TwoHours), Some(Lead::TwoHours)]
        );
        assert_eq!(due(SLOT, Time(0), SLOT.plus_ms(-HOUR / 4)), Some(Lead::Quarter));
        assert_eq!(due(SLOT, Time(0), SLOT), None, "it expired");
        let asked_late = SLOT.plus_ms(-HOUR);
        assert_eq!(due(SLOT, asked_late, asked_late), None, "whoever is asked an hour before was not forgetful a day before");
    }

    proptest! {
        #[test]
        fn a_reminder_comes_after_its_moment_and_before_the_slot(opened in 0..110 * HOUR, now in 0..110 * HOUR) {
            if let Some(lead) = due(SLOT, Time(opened), Time(now)) {
                prop_assert!(now < SLOT.0 && SLOT.0 - lead.ms() <= now && opened <= SLOT.0 - lead.ms());
            }
        }

        #[test]
        fn leads_only_get_shorter_as_time_passes(opened in 0..100 * HOUR, now in 0..100 * HOUR, wait in 0..50 * HOUR) {
            let (before, after) = (due(SLOT, Time(opened), Time(now)), due(SLOT, Time(opened), Time(now + wait)));
            if let (Some(before), Some(after)) = (before, after) {
                prop_assert!(after >= before);
            }
        }
    }
}
