//! Lists: `{items, next, total}`, asked for with `after` and `limit`.
//!
//! Invariant: whoever follows `next` until it is null sees everything that stood there all along exactly once.

use std::borrow::Cow;

use desk::paging::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, Page, PageRequest};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use super::input::Id;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listing<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// What to send as `after` for the next page; null on the last one.
    pub(crate) next: Option<String>,
    /// How many rows the whole list has under the same filter.
    #[schema(minimum = 0)]
    pub(crate) total: i64,
}

impl<T> Listing<T> {
    /// A page of the desk's, row by row.
    pub(crate) fn of<U>(page: Page<U>, row: impl FnMut(U) -> T) -> Self {
        let page = page.map(row);
        Self { items: page.items, next: page.next, total: page.total }
    }

    /// A page of a short list that the desk answers as a whole, in the order of ids, which is the order in which things were made.
    pub(crate) fn by_id<U>(mut all: Vec<U>, id: impl Fn(&U) -> Uuid, query: &AfterId, row: impl FnMut(U) -> T) -> Self {
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        all.sort_by_key(&id);
        all.retain(|item| query.after.is_none_or(|after| id(item) > after.0));
        let request = PageRequest { after: None, size: query.limit.0 };
        all.truncate(request.size as usize + 1);
        Self::of(Page::cut(all, &request, total, |item| id(item).to_string()), row)
    }
}

/// Rows wanted, 1 to 200.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(PAGE_SIZE_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let size = u32::deserialize(deserializer)?;
        if (1..=PAGE_SIZE_MAX).contains(&size) {
            Ok(Self(size))
        } else {
            Err(D::Error::custom(format!("not between 1 and {PAGE_SIZE_MAX}")))
        }
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(PAGE_SIZE_MAX))
            .default(Some(PAGE_SIZE_DEFAULT.into()))
            .description(Some("Rows wanted."))
            .into()
    }
}

impl ToSchema for Limit {
    fn name() -> Cow<'static, str> {
        "Limit".into()
    }
}

/// The page of a list whose cursor is an id.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AfterId {
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    pub(crate) after: Option<Id>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    pub(crate) limit: Limit,
}

impl AfterId {
    /// As the desk takes it.
    pub(crate) fn request(&self) -> PageRequest {
        page(self.after, self.limit)
    }
}

/// A page after an id, as the desk takes it.
pub(crate) fn page(after: Option<Id>, limit: Limit) -> PageRequest {
    PageRequest { after: after.map(|id| id.0.to_string()), size: limit.0 }
}
