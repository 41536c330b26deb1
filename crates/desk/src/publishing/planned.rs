//! What is due on the days of a calendar.
//!
//! Invariant: every post that is due is counted on exactly one day; only as many as are shown are read whole, because a busy month has
//! thousands and a page shows a few of each day.

use std::collections::{BTreeMap, HashMap};

use jiff::{civil::Date, tz::TimeZone};

use super::{
    access, calendar,
    post::{PostFilter, PostGlance},
    store::lists,
};
use crate::{
    actor::Actor,
    desk::Desk,
    error::Result,
    ids::{PostId, Time},
};

/// Posts that a calendar counts at a time: a busy desk's quarter.
pub const CALENDAR_MAX: i64 = 5_000;

/// How many posts are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Of each day.
    pub a_day: usize,
    /// Of all days together, the first ones.
    pub in_all: usize,
}

/// A day on which something is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlannedDay {
    /// How many posts are due.
    pub due: usize,
    /// The first of them.
    pub posts: Vec<PostGlance>,
}

/// The days of a stretch of the calendar on which something is due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Planned {
    /// In order.
    pub days: BTreeMap<Date, PlannedDay>,
    /// How many posts are due in all, at most [`CALENDAR_MAX`].
    pub due: usize,
}

/// What is due within a stretch of the calendar, by the days of a time zone.
pub async fn calendar_of(desk: &Desk, actor: &Actor, filter: &PostFilter, zone: &TimeZone, most: Most) -> Result<Planned> {
    let sight = access::sight(desk, actor, filter).await?;
    let mut reader = desk.db().read().await?;
    let due = lists::due(&mut reader, filter, &sight, CALENDAR_MAX).await?;
    let (mut planned, chosen) = by_day(&due, zone, most);
    let posts = lists::of_ids(&mut reader, &chosen.iter().map(|(id, _)| *id).collect::<Vec<_>>(), &sight.wanted).await?;
    let mut posts: HashMap<PostId, PostGlance> = posts.into_iter().map(|post| (post.id, post)).collect();
    for (id, day) in chosen {
        // What was discarded since is counted and not shown.
        if let (Some(post), Some(day)) = (posts.remove(&id), planned.days.get_mut(&day)) {
            day.posts.push(post);
        }
    }
    Ok(planned)
}

/// When something is due, in order; at most [`CALENDAR_MAX`] moments.
pub async fn due_times(desk: &Desk, actor: &Actor, filter: &PostFilter) -> Result<Vec<Time>> {
    let sight = access::sight(desk, actor, filter).await?;
    let due = lists::due(&mut desk.db().read().await?, filter, &sight, CALENDAR_MAX).await?;
    Ok(due.into_iter().map(|(_, at)| at).collect())
}

/// Counts what is due by day, and chooses what is shown.
fn by_day(due: &[(PostId, Time)], zone: &TimeZone, most: Most) -> (Planned, Vec<(PostId, Date)>) {
    let mut planned = Planned { due: due.len(), ..Planned::default() };
    let mut chosen = Vec::new();
    for &(id, at) in due {
        let date = calendar::day_of(at, zone);
        let day = planned.days.entry(date).or_default();
        if day.due < most.a_day && chosen.len() < most.in_all {
            chosen.push((id, date));
        }
        day.due += 1;
    }
    (planned, chosen)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_post_is_counted_on_one_day_and_the_first_of_each_day_are_chosen() {
        const HOUR: i64 = 3_600_000;
        // From 22:00 UTC, which is midnight in Berlin in summer: two days of a post each six hours.
        let begin = date(2026, 6, 30).at(22, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a moment").timestamp().as_millisecond();
        let due: Vec<_> =
            (0..8).map(|n| (PostId(Uuid::from_u128(n)), Time(begin + i64::try_from(n).expect("small") * 6 * HOUR))).collect();
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let check = |most: Most, wanted: &[(i8, u128)]| {
            let (planned, chosen) = by_day(&due, &zone, most);
            let counts: Vec<_> = planned.days.iter().map(|(day, planned)| (day.day(), planned.due)).collect();
            assert_eq!((counts, planned.due), (vec![(1, 4), (2, 4)], 8));
            let chosen: Vec<_> = chosen.iter().map(|(id, day)| (day.day(), id.0.as_u128())).collect();
            assert_eq!(chosen, wanted);
        };
        check(Most { a_day: 2, in_all: 99 }, &[(1, 0), (1, 1), (2, 4), (2, 5)]);
        check(Most { a_day: 99, in_all: 3 }, &[(1, 0), (1, 1), (1, 2)]);
        check(Most { a_day: 3, in_all: 4 }, &[(1, 0), (1, 1), (1, 2), (2, 4)]);
    }
}
