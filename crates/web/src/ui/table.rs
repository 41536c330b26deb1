//! Tables: sortable heads, selectable rows, bulk actions, a count, cursor links, an empty state; on a phone each row becomes a block.
//!
//! Invariant: every row has the cells of every column, in order; what can be done to many rows needs no scripts (the bar appears by CSS).

use maud::{Markup, PreEscaped, Render, html};

use super::button::{Button, Does, Size, Weight};
use super::feedback::{Empty, Skeleton};
use super::results::{Count, Loading, Pager, Results};
use super::{Component, Icon, Sample};

/// Which way a column is sorted now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Not sorted by this column.
    #[default]
    None,
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// How a column is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    #[default]
    Text,
    /// What the row is: the row header, first line on a phone.
    Title,
    /// Numbers, right-aligned.
    Number,
    /// As narrow as its content.
    Tight,
    /// Buttons at the end; the label is for assistive technology only.
    Actions,
}

/// A column.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Head.
    pub label: String,
    /// Setting.
    pub kind: ColumnKind,
    /// The list sorted by this column (or the other way round); `None`: cannot be sorted.
    pub sort_href: Option<String>,
    /// Present order.
    pub order: Order,
}

impl Column {
    /// A column that cannot be sorted.
    pub fn new(kind: ColumnKind, label: impl Into<String>) -> Self {
        Self { label: label.into(), kind, ..Self::default() }
    }

    /// Sortable by a link.
    #[must_use]
    pub fn sortable(self, href: impl Into<String>, order: Order) -> Self {
        Self { sort_href: Some(href.into()), order, ..self }
    }

    const fn class(&self) -> Option<&'static str> {
        match self.kind {
            ColumnKind::Text => None,
            ColumnKind::Title => Some("cell-main"),
            ColumnKind::Number => Some("numeric"),
            ColumnKind::Tight => Some("tight"),
            ColumnKind::Actions => Some("row-actions"),
        }
    }

    fn head(&self) -> Markup {
        let (sort, icon) = match self.order {
            Order::None => (None, Icon::ChevronsUpDown),
            Order::Ascending => (Some("ascending"), Icon::ArrowUp),
            Order::Descending => (Some("descending"), Icon::ArrowDown),
        };
        html! {
            th class=[self.class()] role="columnheader" scope="col" aria-sort=[sort] {
                @if self.kind == ColumnKind::Actions { span.unseen { (self.label) } }
                @else if let Some(href) = &self.sort_href { a.sort href=(href) { (self.label) (icon) } }
                @else { (self.label) }
            }
        }
    }

    fn cell(&self, inside: &Markup) -> Markup {
        match self.kind {
            ColumnKind::Title => {
                html! { th class=[self.class()] role="rowheader" scope="row" { (inside) } }
            }
            ColumnKind::Actions => html! { td class=[self.class()] role="cell" { (inside) } },
            ColumnKind::Text | ColumnKind::Number | ColumnKind::Tight => {
                html! { td class=[self.class()] role="cell" data-label=(self.label) { (inside) } }
            }
        }
    }
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Value that bulk actions post, and part of the row's id.
    pub id: String,
    /// What the row is, in words, for its check box: "Ada Example".
    pub name: String,
    /// One per column.
    pub cells: Vec<Markup>,
}

/// What can be done to several rows at once.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// Where the selection is posted unless a button says otherwise. Must answer with a confirmation page for anything outward.
    pub action: String,
    /// Buttons of the bar.
    pub buttons: Vec<Button>,
}

/// What the table has to show.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Rows, at least one.
    Some(Vec<Row>),
    /// None, and what to do about it.
    Empty(Empty),
    /// Not known yet.
    Loading,
}

/// A list of things of one kind.
#[derive(Debug, Clone)]
pub struct Table {
    /// Id of the region; the filter replaces it.
    pub id: String,
    /// What the list is: accessible caption.
    pub caption: String,
    /// Columns; exactly one [`ColumnKind::Title`].
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Rows,
    /// The count above.
    pub count: Option<Count>,
    /// Actions on several rows; `None` hides the boxes.
    pub bulk: Option<Bulk>,
    /// Cursor links; the label is the caption.
    pub pager: Pager,
}

impl Table {
    fn head(&self) -> Markup {
        html! {
            thead role="rowgroup" {
                tr role="row" {
                    @if self.bulk.is_some() {
                        th.select-cell role="columnheader" scope="col" { input.check.needs-script type="checkbox" data-select-all aria-label="Select all rows of this page"; }
                    }
                    @for column in &self.columns { (column.head()) }
                }
            }
        }
    }

    fn row(&self, row: &Row) -> Markup {
        debug_assert_eq!(row.cells.len(), self.columns.len(), "a row has a cell for every column");
        html! {
            tr id={ (self.id) "-" (row.id) } role="row" tabindex="-1" data-item {
                @if self.bulk.is_some() { td.select-cell role="cell" { input.check type="checkbox" name="id" value=(row.id) aria-label={ "Select " (row.name) }; } }
                @for (column, cell) in self.columns.iter().zip(&row.cells) { (column.cell(cell)) }
            }
        }
    }

    fn table(&self, rows: &[Row]) -> Markup {
        html! {
            div.table-wrap {
                table.table role="table" {
                    caption.unseen { (self.caption) }
                    (self.head())
                    tbody role="rowgroup" data-list { @for row in rows { (self.row(row)) } }
                }
            }
        }
    }

    fn bulk_bar(bulk: &Bulk) -> Markup {
        let clear = Button::new("Clear", Does::Submit).with_weight(Weight::Quiet).with_size(Size::Small);
        html! {
            div.bulk-bar role="group" aria-label="Actions for the selected rows" {
                span.bulk-count data-bulk-count role="status" { "Selected rows" }
                @for button in &bulk.buttons { (button) }
                button class="button button-quiet button-small needs-script" type="button" data-clear-selection { (clear.label) }
            }
        }
    }

    fn body(&self) -> Markup {
        match (&self.rows, &self.bulk) {
            (Rows::Empty(empty), _) => empty.render(),
            (Rows::Loading, _) => Skeleton::List.render(),
            (Rows::Some(rows), None) => self.table(rows),
            (Rows::Some(rows), Some(bulk)) => {
                html! { form.bulk method="post" action=(bulk.action) { (self.table(rows)) (Self::bulk_bar(bulk)) } }
            }
        }
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        let loading = if matches!(self.rows, Rows::Loading) { Loading::Running } else { Loading::Done };
        let results = Results {
            id: self.id.clone(),
            label: self.caption.clone(),
            count: self.count.clone(),
            body: self.body(),
            pager: self.pager.clone(),
            loading,
        };
        results.render()
    }
}

/// Rows for the samples here and for the sample page of the layout.
pub(crate) fn sample_table(id: &str, caption: &str) -> Table {
    use super::badge::Badge;
    use super::person::Person;
    use super::{Tone, time};

    let row = |id: &str, name: &str, role: &str, state: Badge, posts: &str, seen: i64| Row {
        id: id.into(),
        name: name.into(),
        cells: vec![
            Person { name: name.into(), note: Some(format!("{id}@meridian.example.test")), href: Some("#person".into()) }
                .render(),
            html! { (role) },
            state.render(),
            html! { (posts) },
            time::sample(seen).render(),
            Button::new(format!("More about {name}"), Does::Link("#more".into()))
                .with_icon(Icon::Ellipsis)
                .with_size(Size::SmallIconOnly)
                .with_weight(Weight::Quiet)
                .render(),
        ],
    };
    Table {
        id: id.into(),
        caption: caption.into(),
        columns: vec![
            Column::new(ColumnKind::Title, "Name").sortable("#sort=name", Order::Ascending),
            Column::new(ColumnKind::Text, "Role"),
            Column::new(ColumnKind::Text, "State"),
            Column::new(ColumnKind::Number, "Posts").sortable("#sort=posts", Order::None),
            Column::new(ColumnKind::Tight, "Last seen").sortable("#sort=seen", Order::None),
            Column::new(ColumnKind::Actions, "Actions"),
        ],
        rows: Rows::Some(vec![
            row("ada", "Ada Example", "Owner", Badge::new(Tone::Good, "Active").with_icon(Icon::Check), "128", 240),
            row(
                "chidi",
                "Chidi van der Test",
                "Approver, Brand",
                Badge::new(Tone::Good, "Active").with_icon(Icon::Check),
                "64",
                7_400,
            ),
            row(
                "frida",
                "Frida Muster",
                "Writer",
                Badge::new(Tone::Warning, "No second factor").with_icon(Icon::TriangleAlert),
                "1\u{202f}204",
                86_400,
            ),
            row(
                "gus",
                "Gus Sample",
                "External reviewer",
                Badge::new(Tone::Danger, "Suspended").with_icon(Icon::Lock),
                "0",
                3_000_000,
            ),
        ]),
        count: Some(Count { matching: 4, of: Some(48), one: "person", many: "people" }),
        bulk: None,
        pager: Pager { previous: None, next: Some("#next".into()), position: "1–4 of 48".into(), label: String::new() },
    }
}

impl Component for Table {
    const NAME: &'static str = "Table";
    const ABOUT: &'static str = "Things of one kind. j and k move, x selects, Enter opens.";

    fn samples() -> Vec<Sample> {
        let act = |label: &str, to: &str, weight| {
            Button::new(label, Does::SubmitTo(to.into())).with_size(Size::Small).with_weight(weight)
        };
        let bulk = Bulk {
            action: "#bulk".into(),
            buttons: vec![act("Add to team", "#team", Weight::Plain), act("Suspend", "#suspend", Weight::Danger)],
        };
        let mut chosen = Self { bulk: Some(bulk.clone()), ..sample_table("list-chosen", "People, some selected") };
        if let Rows::Some(rows) = &mut chosen.rows {
            rows.truncate(2);
        }
        let ticked = PreEscaped(chosen.render().0.replacen("value=\"ada\"", "value=\"ada\" checked", 1));
        let bare = |id: &str, rows| Self { rows, count: None, pager: Pager::default(), ..sample_table(id, id) };
        vec![
            Sample::new("with bulk actions", Self { bulk: Some(bulk), ..sample_table("list-people", "People") }),
            Sample::new("a row selected", ticked),
            Sample::new(
                "empty",
                bare(
                    "list-empty",
                    Rows::Empty(
                        Empty::new(
                            Icon::Users,
                            "Nobody here yet",
                            "Invite the people who write, answer and approve. They get a link that works once.",
                        )
                        .with_action(Button::link("Invite people", "#invite")),
                    ),
                ),
            ),
            Sample::new("loading", bare("list-loading", Rows::Loading)),
        ]
    }
}
