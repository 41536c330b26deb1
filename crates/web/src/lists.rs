//! What every list page does the same way: read filter and cursor from the address, build addresses that keep the filter, count, page.

use desk::paging::{PAGE_SIZE_DEFAULT, Page, PageRequest};
use maud::{Markup, Render, html};

use crate::{
    frame::Fields,
    problem::encode_query,
    ui::{
        feedback::Empty,
        results::{Count, Facet, Filter, Pager},
        table::{Column, Row, Rows, Table},
    },
};

/// A list's own address with its present query.
pub(crate) struct ListAddress<'q> {
    path: &'static str,
    query: &'q Fields,
    /// Names of the parameters that belong to the filter.
    names: &'static [&'static str],
}

impl<'q> ListAddress<'q> {
    /// A list at `path` whose filter uses these parameters besides `q`.
    pub(crate) fn new(path: &'static str, query: &'q Fields, names: &'static [&'static str]) -> Self {
        Self { path, query, names }
    }

    /// The page that is asked for.
    pub(crate) fn page(&self) -> PageRequest {
        PageRequest { after: self.query.some("after").map(str::to_owned), size: PAGE_SIZE_DEFAULT }
    }

    fn present(&self) -> impl Iterator<Item = (&'static str, &str)> {
        std::iter::once("q").chain(self.names.iter().copied()).filter_map(|name| self.query.some(name).map(|value| (name, value)))
    }

    /// The list with one parameter changed (or taken away) and from its first page.
    pub(crate) fn with(&self, name: &'static str, value: Option<&str>) -> String {
        let kept = self.present().filter(|(present, _)| *present != name);
        let pairs: Vec<String> =
            kept.chain(value.map(|value| (name, value))).map(|(name, value)| format!("{name}={}", encode_query(value))).collect();
        if pairs.is_empty() { self.path.to_owned() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// The next page under the same filter.
    pub(crate) fn next(&self, cursor: &str) -> String {
        let here = self.with("after", None);
        let separator = if here.contains('?') { '&' } else { '?' };
        format!("{here}{separator}after={}", encode_query(cursor))
    }

    /// A narrowing that can be switched on and off.
    pub(crate) fn facet(&self, label: &str, name: &'static str, value: &str) -> Facet {
        let on = self.query.get(name) == value;
        Facet { label: label.to_owned(), href: self.with(name, (!on).then_some(value)), on }
    }

    /// The filter above the list.
    pub(crate) fn filter(&self, id: &str, label: &str, facets: Vec<Facet>) -> Filter {
        let keep = self.names.iter().filter_map(|name| Some(((*name).to_owned(), self.query.some(name)?.to_owned()))).collect();
        Filter {
            action: self.path.to_owned(),
            results_id: id.to_owned(),
            query: self.query.get("q").to_owned(),
            label: label.to_owned(),
            facets,
            keep,
            ..Filter::default()
        }
    }

    /// Whether any filter is on.
    pub(crate) fn is_filtered(&self) -> bool {
        self.present().next().is_some()
    }

    /// The table of one page of results.
    pub(crate) fn table<T>(
        &self,
        id: &str,
        names: Names,
        columns: Vec<Column>,
        page: &Page<T>,
        empty: Empty,
        row: impl Fn(&T) -> Row,
    ) -> Table {
        let rows = if page.items.is_empty() {
            Rows::Empty(if self.is_filtered() { nothing_matches(names, self.path) } else { empty })
        } else {
            Rows::Some(page.items.iter().map(row).collect())
        };
        Table {
            id: id.to_owned(),
            caption: names.caption.to_owned(),
            columns,
            rows,
            count: Some(Count { matching: page.total.unsigned_abs(), of: None, one: names.one, many: names.many }),
            bulk: None,
            pager: Pager {
                // A cursor only leads on; back to the start is what the reader can rely on.
                previous: self.query.some("after").map(|_| self.with("after", None)),
                next: page.next.as_deref().map(|cursor| self.next(cursor)),
                position: format!("{} on this page", page.items.len()),
                label: names.caption.to_owned(),
            },
        }
    }
}

/// What the things of a list are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    pub(crate) caption: &'static str,
    pub(crate) one: &'static str,
    pub(crate) many: &'static str,
}

fn nothing_matches(names: Names, path: &str) -> Empty {
    use crate::ui::{Icon, button::Button};
    Empty::new(Icon::Search, format!("No {} match", names.many), "Take a filter away or use fewer letters.")
        .with_action(Button::link("Show all", path))
}

/// A plain table that fits on one page.
pub(crate) fn whole_table(
    id: &str,
    caption: &str,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: Empty,
    noun: (&'static str, &'static str),
) -> Table {
    let count = Count { matching: rows.len() as u64, of: None, one: noun.0, many: noun.1 };
    let rows = if rows.is_empty() { Rows::Empty(empty) } else { Rows::Some(rows) };
    Table {
        id: id.to_owned(),
        caption: caption.to_owned(),
        columns,
        rows,
        count: Some(count),
        bulk: None,
        pager: Pager::default(),
    }
}

/// A link as a table's or fact's content.
pub(crate) fn link(href: &str, text: &str) -> Markup {
    html! { a href=(href) { (text) } }
}

/// Several components below each other.
pub(crate) fn stack(parts: &[&dyn Render]) -> Markup {
    html! { div.stack { @for part in parts { (part.render()) } } }
}

/// The parts of a page that is put together step by step.
pub(crate) type Parts = Vec<Box<dyn Render + Send>>;

/// All of them below each other.
pub(crate) fn stack_all(parts: &Parts) -> Markup {
    html! { div.stack { @for part in parts { (part.render()) } } }
}
