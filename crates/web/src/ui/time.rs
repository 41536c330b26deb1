//! Time for people: relative or in their own zone, with the exact UTC one hover or focus away.
//!
//! Invariant: the clock is handed in; the same input gives the same words. `web-ui/src/times.ts` keeps relative words fresh with the same rules.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, Render, html};

use super::{Component, Sample};

/// From here on a date says more than a number of days.
const RELATIVE_SECONDS_MAX: i64 = 561_600;

/// How the visible words are formed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeForm {
    /// "5 min ago", and a date when that is more than a week away.
    #[default]
    Relative,
    /// Date and time in the person's zone.
    DateTime,
    /// Date in the person's zone.
    Date,
}

/// How keyboard users reach the exact time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeReach {
    /// The element itself takes focus. For plain text.
    #[default]
    Own,
    /// A link or button around it takes focus and shows the tip.
    Parent,
}

/// A moment.
#[derive(Debug, Clone)]
pub struct TimeStamp {
    /// When it happened or will happen.
    pub at: Timestamp,
    /// The reader's now.
    pub now: Timestamp,
    /// The reader's zone.
    pub zone: TimeZone,
    /// Visible words.
    pub form: TimeForm,
    /// Focus.
    pub reach: TimeReach,
}

impl TimeStamp {
    /// What the reader sees.
    pub fn words(&self) -> String {
        match self.form {
            TimeForm::Relative => relative(self.at, self.now).unwrap_or_else(|| self.near_date()),
            TimeForm::DateTime => self.local("%-d %b %Y, %H:%M"),
            TimeForm::Date => self.local("%-d %b %Y"),
        }
    }

    /// The exact moment in both clocks: the reader's with its name, then UTC.
    pub fn exact(&self) -> String {
        format!("{} · {} UTC", self.local("%-d %b %Y, %H:%M:%S %Z"), self.at.strftime("%Y-%m-%d %H:%M:%S"))
    }

    /// Day and month; the year only when it is another one.
    fn near_date(&self) -> String {
        let same_year = self.at.to_zoned(self.zone.clone()).year() == self.now.to_zoned(self.zone.clone()).year();
        self.local(if same_year { "%-d %b, %H:%M" } else { "%-d %b %Y" })
    }

    fn local(&self, format: &str) -> String {
        self.at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}

/// The words of `web-ui/src/times.ts`; `None` when a date is better.
fn relative(at: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = (now.as_millisecond() - at.as_millisecond() + 500).div_euclid(1000);
    let away = seconds.abs();
    if away < 45 {
        return Some(if seconds < 0 { "in a moment" } else { "just now" }.to_owned());
    }
    let rounded = |unit: i64| (away + unit / 2) / unit;
    let amount = match away {
        ..3_570 => format!("{} min", rounded(60)),
        3_570..84_600 => format!("{} h", rounded(3_600)),
        84_600..RELATIVE_SECONDS_MAX => format!("{} d", rounded(86_400)),
        _ => return None,
    };
    Some(if seconds < 0 { format!("in {amount}") } else { format!("{amount} ago") })
}

impl Render for TimeStamp {
    fn render(&self) -> Markup {
        let refreshed = self.form == TimeForm::Relative;
        let focus = (self.reach == TimeReach::Own).then_some("0");
        html! {
            time.time datetime=(self.at.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(self.exact()) data-relative[refreshed] tabindex=[focus] { (self.words()) }
        }
    }
}

/// The moment that samples call now: 21 November 2026, 14:30 UTC.
pub(crate) const SAMPLE_NOW_MS: i64 = 1_795_271_400_000;

/// A time stamp of the samples, some seconds before [`SAMPLE_NOW_MS`].
pub(crate) fn sample(seconds_ago: i64) -> TimeStamp {
    let now = Timestamp::from_millisecond(SAMPLE_NOW_MS).expect("a constant inside the calendar");
    let at = Timestamp::from_millisecond(SAMPLE_NOW_MS - seconds_ago * 1000).expect("samples stay inside the calendar");
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    TimeStamp { at, now, zone, form: TimeForm::Relative, reach: TimeReach::Own }
}

impl Component for TimeStamp {
    const NAME: &'static str = "TimeStamp";
    const ABOUT: &'static str = "A moment in the reader's zone. Hover or focus shows the exact local time and UTC.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "relative",
                html! { div.row { @for ago in [5, 300, 7_200, 200_000, 2_000_000, 40_000_000, -900] { (sample(ago)) span.muted { "·" } } } },
            ),
            Sample::new("date and time", TimeStamp { form: TimeForm::DateTime, ..sample(90_000) }),
            Sample::new("date", TimeStamp { form: TimeForm::Date, ..sample(90_000) }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_words_change_at_their_borders() {
        for (ago, words) in [
            (0, "just now"),
            (44, "just now"),
            (45, "1 min ago"),
            (3_569, "59 min ago"),
            (3_570, "1 h ago"),
            (84_599, "23 h ago"),
            (84_600, "1 d ago"),
            (561_599, "6 d ago"),
            (-60, "in 1 min"),
            (-10, "in a moment"),
        ] {
            assert_eq!(sample(ago).words(), words, "{ago} s");
        }
        assert_eq!(sample(561_600).words(), "15 Nov, 03:30");
    }

    #[test]
    fn the_exact_time_names_both_clocks() {
        assert_eq!(sample(0).exact(), "21 Nov 2026, 15:30:00 +01 · 2026-11-21 14:30:00 UTC");
    }
}
