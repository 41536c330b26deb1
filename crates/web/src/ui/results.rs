//! What stands around a list: filter as you type, saved views, the count, the cursor links.
//!
//! Invariant: the filter stands outside the replaced region, so typing never loses focus; the count inside it is always the one of the rows shown.

use maud::{Markup, Render, html};

use super::badge::Kbd;
use super::button::{Button, Size};
use super::{Component, Icon, Sample};

/// A narrowing that can be switched on and off by one link.
#[derive(Debug, Clone, Default)]
pub struct Facet {
    /// "Waiting for me", "Suspended".
    pub label: String,
    /// The list with this narrowing toggled.
    pub href: String,
    /// Whether it is in force.
    pub on: bool,
}

impl Render for Facet {
    fn render(&self) -> Markup {
        html! {
            a.facet href=(self.href) data-on=[self.on.then_some("")] {
                @if self.on { (Icon::X) } @else { (Icon::Plus) }
                (self.label)
                @if self.on { span.unseen { " (on; follow to remove)" } }
            }
        }
    }
}

/// A kept combination of filter, facets and order.
#[derive(Debug, Clone, Default)]
pub struct SavedView {
    /// The name its owner gave.
    pub label: String,
    /// The list in this view.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
    /// How many rows it has, when known cheaply.
    pub count: Option<u64>,
}

/// The row above a list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Where the form goes; a GET, so that a filtered list is an address.
    pub action: String,
    /// Id of the region that the answer replaces.
    pub results_id: String,
    /// What was typed.
    pub query: String,
    /// Accessible name and placeholder: "Filter people".
    pub label: String,
    /// Narrowings.
    pub facets: Vec<Facet>,
    /// Query parameters to keep (order, view).
    pub keep: Vec<(String, String)>,
    /// Saved views; none hides the row of tabs.
    pub views: Vec<SavedView>,
    /// Dialog that names and saves the present view, if the reader may.
    pub save_dialog: Option<String>,
    /// Buttons at the end of the row.
    pub actions: Vec<Button>,
}

impl Filter {
    fn views(&self) -> Markup {
        html! {
            nav.tabs aria-label={ "Saved views: " (self.label) } {
                ul {
                    @for view in &self.views {
                        li { a.tab href=(view.href) aria-current=[view.current.then_some("page")] { (view.label) @if let Some(count) = view.count { span.tab-count { (count) } } } }
                    }
                }
            }
        }
    }

    fn form(&self) -> Markup {
        let region = format!("#{}", self.results_id);
        html! {
            form.filter role="search" aria-label=(self.label) method="get" action=(self.action) hx-get=(self.action) hx-trigger="input changed delay:200ms, submit" hx-target=(region) hx-select=(region) hx-swap="outerHTML" hx-replace-url="true" {
                @for (name, value) in &self.keep { input type="hidden" name=(name) value=(value); }
                (Icon::Search)
                input.input type="search" name="q" value=(self.query) placeholder=(self.label) aria-label=(self.label) aria-controls=(self.results_id) data-filter autocomplete="off" spellcheck="false" enterkeyhint="search";
                (Kbd("/"))
            }
        }
    }
}

impl Render for Filter {
    fn render(&self) -> Markup {
        html! {
            @if !self.views.is_empty() { (self.views()) }
            div.toolbar {
                (self.form())
                @for facet in &self.facets { (facet) }
                div.toolbar-end data-page-acts {
                    @if let Some(dialog) = &self.save_dialog { (Button::new("Save view", super::button::Does::Opens(dialog.clone())).with_icon(Icon::Bookmark).with_size(Size::Small)) }
                    @for button in &self.actions { (button) }
                }
            }
        }
    }
}

impl Component for Filter {
    const NAME: &'static str = "Filter";
    const ABOUT: &'static str = "Above every list. Each state is an address, so it can be bookmarked, shared and saved.";

    fn samples() -> Vec<Sample> {
        let facet = |label: &str, on| Facet { label: label.into(), href: "#facet".into(), on };
        let view = |label: &str, count, current| SavedView { label: label.into(), href: "#view".into(), current, count };
        let full = Self {
            action: "#people".into(),
            results_id: "list-people".into(),
            query: "exa".into(),
            label: "Filter all people".into(),
            facets: vec![facet("Suspended", true), facet("No second factor", false)],
            views: vec![view("Everybody", Some(48), true), view("Approvers", Some(6), false), view("External", None, false)],
            save_dialog: Some("sample-save".into()),
            actions: vec![Button::primary("Invite").with_icon(Icon::UserPlus)],
            ..Self::default()
        };
        vec![
            Sample::new(
                "plain",
                Self {
                    action: "#people".into(),
                    results_id: "list-people".into(),
                    label: "Filter people".into(),
                    ..Self::default()
                },
            ),
            Sample::new("with views, facets and actions", html! { (full) (super::dialog::sample_view("sample-save")) }),
        ]
    }
}

/// How many there are, in the words of the thing counted.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// Rows that match.
    pub matching: u64,
    /// All rows, when a filter is in force.
    pub of: Option<u64>,
    /// "person", "post".
    pub one: &'static str,
    /// "people", "posts".
    pub many: &'static str,
}

/// Groups of three, with a thin space: 12 345.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

impl Render for Count {
    fn render(&self) -> Markup {
        let noun = if self.of.unwrap_or(self.matching) == 1 { self.one } else { self.many };
        html! {
            span.results-count { strong { (grouped(self.matching)) } " " @if let Some(of) = self.of { "of " (grouped(of)) " " } (noun) }
        }
    }
}

impl Component for Count {
    const NAME: &'static str = "Count";
    const ABOUT: &'static str = "The exact number, always. An estimate is not a count.";

    fn samples() -> Vec<Sample> {
        let count = |matching, of| Self { matching, of, one: "person", many: "people" };
        vec![Sample::new(
            "one, many, filtered",
            html! { div.row { (count(1, None)) "·" (count(12_345, None)) "·" (count(0, Some(48))) } },
        )]
    }
}

/// Links along a cursor. Both may be missing: then nothing renders.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// Towards the start.
    pub previous: Option<String>,
    /// Towards the end.
    pub next: Option<String>,
    /// "51–100 of 1 204".
    pub position: String,
    /// What is paged, for assistive technology: the list's caption.
    pub label: String,
}

impl Render for Pager {
    fn render(&self) -> Markup {
        html! {
            @if self.previous.is_some() || self.next.is_some() {
                nav.pager aria-label={ "Pages: " (self.label) } {
                    span.nums { (self.position) }
                    span.pager-links {
                        @if let Some(href) = &self.previous { a.button.button-small href=(href) rel="prev" { (Icon::ArrowLeft) "Previous" } }
                        @if let Some(href) = &self.next { a.button.button-small href=(href) rel="next" { "Next" (Icon::ArrowRight) } }
                    }
                }
            }
        }
    }
}

impl Component for Pager {
    const NAME: &'static str = "Pager";
    const ABOUT: &'static str = "Previous and next by cursor; rows never repeat or vanish when others arrive meanwhile.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "first page",
                Self {
                    previous: None,
                    next: Some("#next".into()),
                    position: "1–50 of 1\u{202f}204".into(),
                    label: "posts".into(),
                },
            ),
            Sample::new(
                "in the middle",
                Self {
                    previous: Some("#previous".into()),
                    next: Some("#next".into()),
                    position: "51–100 of 1\u{202f}204".into(),
                    label: "messages".into(),
                },
            ),
        ]
    }
}

/// The region that a filter replaces: count, list, cursor links. Tables bring their own; other lists stand in this.
#[derive(Debug, Clone)]
pub struct Results {
    /// The id that [`Filter::results_id`] names.
    pub id: String,
    /// What is listed: the region's name, and the pager's.
    pub label: String,
    /// How many match.
    pub count: Option<Count>,
    /// The list, an empty state, or a skeleton.
    pub body: Markup,
    /// Cursor links; the label is set here.
    pub pager: Pager,
    /// Whether the list is still to come.
    pub loading: Loading,
}

/// Whether a list is there yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Loading {
    /// It is there.
    #[default]
    Done,
    /// It comes later.
    Running,
}

impl Render for Results {
    fn render(&self) -> Markup {
        let busy = (self.loading == Loading::Running).then_some("true");
        let pager = Pager { label: self.label.clone(), ..self.pager.clone() };
        html! {
            section.results id=(self.id) aria-label=(self.label) aria-busy=[busy] {
                div.results-head role="status" { @if let Some(count) = &self.count { (count) } }
                (self.body)
                (pager)
            }
        }
    }
}

impl Component for Results {
    const NAME: &'static str = "Results";
    const ABOUT: &'static str = "Around a list that is not a table. What the filter above replaces.";

    fn samples() -> Vec<Sample> {
        let count = Count { matching: 3, of: Some(29), one: "message", many: "messages" };
        let pager = Pager { next: Some("#next".into()), position: "1–3 of 29".into(), ..Pager::default() };
        let body = html! { p { "The list." } };
        vec![Sample::new(
            "around a list",
            Self {
                id: "results-sample".into(),
                label: "Open messages".into(),
                count: Some(count),
                body,
                pager,
                loading: Loading::Done,
            },
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1 000"), (12_345, "12 345"), (1_234_567, "1 234 567")] {
            assert_eq!(grouped(number).replace('\u{202f}', " "), text);
        }
    }
}
