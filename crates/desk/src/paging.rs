//! Pages of a list, by cursor: where the last page ended, not how many rows were skipped.

/// Rows on a page when nothing is said.
pub const PAGE_SIZE_DEFAULT: u32 = 50;
/// Rows on a page at most: a page stays under 60 kB of HTML, an API answer under a megabyte.
pub const PAGE_SIZE_MAX: u32 = 200;

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page before ended, as that page said; nothing for the first page.
    pub after: Option<String>,
    /// Rows wanted; held between 1 and [`PAGE_SIZE_MAX`].
    pub size: u32,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { after: None, size: PAGE_SIZE_DEFAULT }
    }
}

impl PageRequest {
    /// The rows to ask the database for: one more than the page, to know whether another follows.
    pub fn limit(&self) -> i64 {
        i64::from(self.size.clamp(1, PAGE_SIZE_MAX)) + 1
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask for as `after` to get the next page; nothing on the last page.
    pub next: Option<String>,
    /// How many rows the whole list has under the same filter.
    pub total: i64,
}

impl<T> Page<T> {
    /// Cuts the extra row off that [`PageRequest::limit`] asked for.
    pub fn cut(mut items: Vec<T>, request: &PageRequest, total: i64, cursor: impl Fn(&T) -> String) -> Self {
        let size = request.size.clamp(1, PAGE_SIZE_MAX) as usize;
        let more = items.len() > size;
        items.truncate(size);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next, total }
    }

    /// The same page with other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next, total: self.total }
    }
}
