//! The calendar: the days of a month or week with what is due on each, on a phone one day below the other.
//!
//! Invariants: every day shown is a heading with a list, so it reads without seeing; a post that may be moved can be moved by dragging,
//! by keys and to another time, alone or with others (`web-ui/src/calendar.ts`), and on its own page without scripts; what does not fit on a day is counted and
//! linked, never dropped.

use maud::{Markup, Render, html};

use super::{Component, Icon, Sample, Tone};

/// A post on its day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarEntry {
    /// The post.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its time on the wall; empty when it has none.
    pub time: String,
    /// What colleagues call it.
    pub title: String,
    /// Its state, in words.
    pub state: String,
    /// What the state means.
    pub tone: Tone,
    /// Short names of its networks.
    pub networks: String,
    /// Where a small picture of it is.
    pub picture: Option<String>,
    /// Whether it may be moved.
    pub movable: bool,
}

impl Render for CalendarEntry {
    fn render(&self) -> Markup {
        html! {
            li.planned {
                a.entry href=(self.href) data-tone=[self.tone.attribute()] data-post=(self.id) draggable=[self.movable.then_some("true")] {
                    span.entry-time { (self.time) } span.entry-title { (self.title) }
                    @if let Some(picture) = &self.picture { img.entry-picture src=(picture) alt="" loading="lazy" decoding="async" draggable="false"; }
                    span.entry-facts { (self.networks) " " (self.state) }
                }
                @if self.movable {
                    span.entry-acts.needs-script {
                        button class="button button-quiet button-icon button-small" type="button" data-retimes title="Move to another time" aria-label={ "Move to another time: " (self.title) } { (Icon::Clock) }
                        input.check type="checkbox" data-picks aria-label={ "Select: " (self.title) };
                    }
                }
            }
        }
    }
}

/// A day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarDay {
    /// `2026-03-31`.
    pub date: String,
    /// What stands in the corner: "31", or "1 Apr".
    pub short: String,
    /// Its full name: "Tuesday, 31 March".
    pub label: String,
    /// Whether it belongs to the month shown.
    pub within: bool,
    /// Whether it is today.
    pub today: bool,
    /// What is due, in order.
    pub entries: Vec<CalendarEntry>,
    /// How many more there are, and where.
    pub more: Option<(usize, String)>,
    /// Where a post for this day is begun.
    pub new_href: Option<String>,
}

impl CalendarDay {
    fn render(&self) -> Markup {
        let empty = self.entries.is_empty() && !self.today;
        html! {
            li.day data-day=(self.date) data-outside[!self.within] data-today[self.today] data-empty[empty] {
                h3.day-name { span aria-hidden="true" { (self.short) } span.unseen { (self.label) @if self.today { ", today" } }
                    @if let Some(href) = &self.new_href { a.day-new href=(href) aria-label={ "New post on " (self.label) } { (Icon::Plus) } }
                }
                @if !self.entries.is_empty() { ul.day-list role="list" { @for entry in &self.entries { (entry) } } }
                @if let Some((more, href)) = &self.more { a.day-more href=(href) { (more) " more" } }
            }
        }
    }
}

/// Days in columns of a week.
#[derive(Debug, Clone, Default)]
pub struct CalendarGrid {
    /// What it shows: "March 2026".
    pub label: String,
    /// Whole weeks, Monday first.
    pub days: Vec<CalendarDay>,
    /// Taller days, for a single week.
    pub week: bool,
    /// Where a move is posted.
    pub move_action: String,
}

/// What stands around days whose posts can be moved: how many are selected, and what a move came to.
pub fn around(move_action: &str, week: bool, days: &Markup) -> Markup {
    html! {
        div.calendar data-calendar data-move=(move_action) data-week[week] {
            (days)
            div.calendar-picked data-picked hidden {
                span role="status" data-picked-count {}
                button.button.button-primary type="button" data-retimes { "Move them" }
                button.button type="button" data-picks-none { "Select none" }
            }
            p.unseen role="status" data-calendar-said {}
        }
    }
}

impl Render for CalendarGrid {
    fn render(&self) -> Markup {
        around(
            &self.move_action,
            self.week,
            &html! {
                div.weekdays aria-hidden="true" { @for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] { span { (day) } } }
                ol.days role="list" aria-label=(self.label) { @for day in &self.days { (day.render()) } }
            },
        )
    }
}

impl Component for CalendarGrid {
    const NAME: &'static str = "CalendarGrid";
    const ABOUT: &'static str = "What is due when. Drag a post to another day, or focus it and press Alt with an arrow; the clock beside it moves it to another time, and several that are selected move together.";

    fn samples() -> Vec<Sample> {
        let entry = |id: &str, time: &str, title: &str, state: &str, tone| CalendarEntry {
            id: id.into(),
            href: format!("#post-{id}"),
            time: time.into(),
            title: title.into(),
            state: state.into(),
            tone,
            networks: "Ma Bs".into(),
            picture: None,
            movable: state != "Published",
        };
        let day = |number: i32| CalendarDay {
            date: format!("2026-03-{number:02}"),
            short: number.to_string(),
            label: format!("{number} March"),
            within: true,
            new_href: Some("#new".into()),
            ..CalendarDay::default()
        };
        let mut days: Vec<_> = (2..9).map(day).collect();
        days[0].entries = vec![entry("1", "09:00", "Autumn opening hours", "Published", Tone::Good)];
        days[1].today = true;
        days[1].entries = vec![
            entry("2", "09:30", "Late opening", "Scheduled", Tone::Accent),
            entry("3", "12:00", "A title that is too long for the width of a day", "Waiting for approval", Tone::Info),
        ];
        days[1].more = Some((3, "#day".into()));
        days[4].entries = vec![entry("4", "18:00", "Evening reading", "Held", Tone::Warning)];
        days[6].within = false;
        let grid = |week| Self { label: "March 2026".into(), days: days.clone(), week, move_action: "#move".into() };
        vec![Sample::new("days of a month", grid(false)), Sample::new("a week", grid(true))]
    }
}
