//! The calendar: what is due when, by month, week and list. Moving what stands in it is `moving.rs`.
//!
//! Invariants: a post stands on the day of the reader's own time zone; a filter, a view and a day are one address.

mod moving;

use std::collections::BTreeMap;

use desk::{
    ids::ProfileId,
    profiles::Profile,
    publishing::{
        self, Most, Planned, PostFilter, PostGlance,
        calendar::{self, CalendarView, Days},
    },
};
use jiff::{civil::Date, tz::TimeZone};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, QueryFields, room_tabs},
    lists::{ListAddress, link, stack},
    posts::{
        list::{NAMES as POST_NAMES, facets, filter_of, profiles_by_id},
        preview::media_href,
        states,
    },
    problem::PageResult,
    ui::{
        Icon, Tone,
        button::{Button, Does, Size, Weight},
        calendar::{CalendarDay, CalendarEntry, CalendarGrid, around},
        feedback::{Banner, Empty},
        layout::Room,
        nav::PageHead,
        preview::small,
        results::{Filter, grouped},
    },
};

/// What belongs to the calendar's address: the filter of posts, the view and the day.
const NAMES: &[&str] = &["state", "profile", "author", "tag", "campaign", "view", "day"];
/// Posts shown in the list; the rest is one step further.
const LIST_MAX: usize = 150;

/// How many posts a view shows; of a day with more the rest is counted and linked. Six weeks of a month stay within the size of a page.
const fn most(view: CalendarView) -> Most {
    match view {
        CalendarView::Month => Most { a_day: 4, in_all: usize::MAX },
        CalendarView::Week => Most { a_day: 20, in_all: usize::MAX },
        CalendarView::List => Most { a_day: LIST_MAX, in_all: LIST_MAX },
    }
}

/// Where the script posts a move.
const MOVE_ACTION: &str = "/calendar/move";

pub(crate) use moving::move_posts;

/// `GET /calendar`
pub(crate) async fn page(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    debug_assert!(POST_NAMES.contains(&"state"), "the calendar narrows by what lists of posts narrow by");
    let zone = ctx.times().zone().clone();
    let today = calendar::day_of(ctx.desk().now(), &zone);
    let view = CalendarView::parse(query.get("view")).unwrap_or(CalendarView::Month);
    let day = query.get("day").parse::<Date>().unwrap_or(today);
    let days = calendar::days(view, day, &zone);
    let filter = PostFilter { from: Some(days.from), until: Some(days.until), ..filter_of(&query) };
    let planned = publishing::calendar_of(ctx.desk(), ctx.actor(), &filter, &zone, most(view)).await?;
    let profiles = profiles_by_id(&ctx).await?;
    let address = ListAddress::new("/calendar", &query, NAMES);
    let mut bar = Filter { label: "Narrow the calendar".to_owned(), ..Filter::default() };
    let posts: Vec<_> = planned.days.values().flat_map(|day| &day.posts).collect();
    bar.facets = facets(&ctx, &address, &query, &profiles, &posts).await?;
    let dialog = crate::views::tabs(&ctx, "/calendar", &query, &mut bar).await?;
    let mut head = PageHead::new("Calendar");
    head.actions = vec![Button::link("Write a post", "/posts/new").with_icon(Icon::Plus).with_weight(Weight::Primary)];
    let shown = Shown { zone: &zone, today, day, view, days: &days, planned: &planned, profiles: &profiles, address: &address };
    let body = match view {
        CalendarView::List => shown.list(),
        CalendarView::Month | CalendarView::Week => shown.grid().render(),
    };
    let dialogs = moving::dialogs();
    let content = stack(&[
        &head,
        &room_tabs(&ctx, Room::Publish, "/calendar"),
        &narrowing(&bar),
        &dialog,
        &shown.bar(),
        &many(planned.due),
        &body,
        &dialogs,
    ]);
    ctx.page("Calendar", Room::Publish).live("posts").show(&content)
}

/// The switches and saved views of a calendar: [`Filter`] without its field for words.
fn narrowing(bar: &Filter) -> Markup {
    html! {
        @if !bar.views.is_empty() { nav.tabs aria-label="Saved views of the calendar" { ul { @for view in &bar.views { li { a.tab href=(view.href) aria-current=[view.current.then_some("page")] { (view.label) } } } } } }
        div.toolbar {
            @for facet in &bar.facets { (facet) }
            @if let Some(dialog) = &bar.save_dialog { div.toolbar-end { (Button::new("Save view", Does::Opens(dialog.clone())).with_icon(Icon::Bookmark).with_size(Size::Small)) } }
        }
    }
}

/// Said when there is more than a calendar shows.
fn many(posts: usize) -> Markup {
    let most = usize::try_from(publishing::CALENDAR_MAX).unwrap_or(usize::MAX);
    html! { @if posts >= most { (Banner::new(Tone::Warning, format!("Only the first {} posts are shown", grouped(posts as u64))).text("Narrow the calendar, or look at a week.")) } }
}

/// What a page of the calendar is made from.
struct Shown<'c> {
    zone: &'c TimeZone,
    today: Date,
    day: Date,
    view: CalendarView,
    days: &'c Days,
    planned: &'c Planned,
    profiles: &'c BTreeMap<ProfileId, Profile>,
    address: &'c ListAddress<'c>,
}

impl Shown<'_> {
    /// Where one is, and the ways to other days and views.
    fn bar(&self) -> Markup {
        let label = match self.view {
            CalendarView::Month => self.day.strftime("%B %Y").to_string(),
            CalendarView::Week | CalendarView::List => {
                let last = self.days.days.last().copied().unwrap_or(self.day);
                format!("{} to {}", self.days.days[0].strftime("%-d %b"), last.strftime("%-d %b %Y"))
            }
        };
        let to = |day: Date| self.address.with("day", Some(&day.to_string()));
        let step = |words: &str, icon: Icon, day: Date| Button::link(words, to(day)).with_icon(icon).with_size(Size::IconOnly);
        let view = |view: &CalendarView| {
            html! {
                a.button href=(self.address.with("view", Some(view.id()))) aria-current=[(*view == self.view).then_some("true")] { (view.title()) }
            }
        };
        html! {
            div.calendar-head {
                h2 { (label) }
                (step("Before", Icon::ChevronLeft, self.days.previous))
                (Button::link("Today", self.address.with("day", None)))
                (step("After", Icon::ChevronRight, self.days.next))
                div.button-group role="group" aria-label="View" { @for one in CalendarView::ALL { (view(one)) } }
            }
        }
    }

    fn grid(&self) -> CalendarGrid {
        let day = |date: &Date| {
            let planned = self.planned.days.get(date);
            let posts = planned.map_or(&[][..], |planned| planned.posts.as_slice());
            let more = planned.map_or(0, |planned| planned.due.saturating_sub(posts.len()));
            let first = date.day() == 1;
            CalendarDay {
                date: date.to_string(),
                short: date.strftime(if first { "%-d %b" } else { "%-d" }).to_string(),
                label: date.strftime("%A, %-d %B").to_string(),
                within: self.view == CalendarView::Week || date.month() == self.day.month(),
                today: *date == self.today,
                entries: posts.iter().map(|post| self.entry(post)).collect(),
                more: (more > 0).then(|| (more, format!("/calendar?view=list&day={date}"))),
                new_href: (*date >= self.today).then(|| format!("/posts/new?date={date}")),
            }
        };
        CalendarGrid {
            label: "Days with what is due".to_owned(),
            days: self.days.days.iter().map(day).collect(),
            week: self.view == CalendarView::Week,
            move_action: MOVE_ACTION.to_owned(),
        }
    }

    fn entry(&self, post: &PostGlance) -> CalendarEntry {
        let summary = states::summary(post);
        CalendarEntry {
            id: post.id.to_string(),
            href: format!("/posts/{}", post.id),
            time: post.at.map(|at| calendar::on_the_wall(at, self.zone).strftime("%H:%M").to_string()).unwrap_or_default(),
            title: states::name(post),
            state: states::words(&summary),
            tone: summary.first().map_or(Tone::Neutral, |(state, _)| states::tone(*state)),
            networks: states::networks(post, self.profiles),
            picture: post.picture.map(|picture| small(&media_href(picture))),
            movable: states::is_movable(post),
        }
    }

    /// Day by day, those with something on them.
    fn list(&self) -> Markup {
        let days: Vec<_> = self.planned.days.iter().filter(|(_, planned)| !planned.posts.is_empty()).collect();
        let shown: usize = days.iter().map(|(_, planned)| planned.posts.len()).sum();
        html! {
            @if days.is_empty() { (Empty::new(Icon::Calendar, "Nothing is due in these four weeks", "Write a post and give it a time, or look at other days.")) }
            (around(MOVE_ACTION, false, &html! {
                @for (day, planned) in &days {
                    section.stack-s data-day=(day) aria-labelledby={ "day-" (day) } {
                        h3 id={ "day-" (day) } { (day.strftime("%A, %-d %B")) @if **day == self.today { ", today" } }
                        ul.day-list role="list" { @for post in &planned.posts { (self.entry(post)) } }
                    }
                }
            }))
            @if shown < self.planned.due { p { "More is due: " (link(&self.address.with("day", days.last().map(|(day, _)| day.to_string()).as_deref()), "go on from here")) } }
        }
    }
}
