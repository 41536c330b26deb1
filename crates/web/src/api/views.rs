//! Saved views of lists.

use std::borrow::Cow;

use axum::{Json, response::Response};
use desk::{
    ids::ViewId,
    views::{self, Audience, PAGES, View},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{
    Answer, Created, Done, Refused, created, done,
    input::{Id, JsonBody, Line, PathId, Query},
    lists::{AfterId, Limit, Listing},
};
use crate::frame::Ctx;

/// A list that has views, by its path.
#[derive(Debug)]
pub(crate) struct PageName(&'static str);

impl PartialSchema for PageName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(PAGES.iter().copied())).into()
    }
}

impl ToSchema for PageName {
    fn name() -> Cow<'static, str> {
        "PageName".into()
    }
}

impl<'de> Deserialize<'de> for PageName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let page = PAGES.iter().find(|page| **page == text);
        page.map(|page| Self(page)).ok_or_else(|| D::Error::custom(format!("one of {}", PAGES.join(", "))))
    }
}

/// The query of a list's address, without a question mark.
#[derive(Debug)]
pub(crate) struct ViewQuery(String);

/// Characters of such a query.
const QUERY_MAX: usize = 1_000;

impl PartialSchema for ViewQuery {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(QUERY_MAX)).pattern(Some("^[!-~]*$")).into()
    }
}

impl ToSchema for ViewQuery {
    fn name() -> Cow<'static, str> {
        "ViewQuery".into()
    }
}

impl<'de> Deserialize<'de> for ViewQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() <= QUERY_MAX && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(D::Error::custom(format!("at most {QUERY_MAX} characters as they stand in an address, percent-encoded")))
        }
    }
}

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ViewShape {
    /// The view.
    id: Id,
    /// Whose.
    person_id: Id,
    /// The list's path.
    page: String,
    /// Its name.
    name: String,
    /// The query, without a question mark.
    query: String,
    /// Whether everybody sees it.
    shared: bool,
}

impl From<View> for ViewShape {
    fn from(view: View) -> Self {
        Self {
            id: Id(view.id.0),
            person_id: Id(view.person.0),
            page: view.page,
            name: view.name,
            query: view.query,
            shared: view.shared,
        }
    }
}

/// A view about to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewNew {
    /// The list's path.
    page: PageName,
    /// Its name.
    name: Line<60>,
    /// The query.
    query: ViewQuery,
    /// Whether everybody sees it; needs the right `shared_views`.
    #[serde(default)]
    shared: bool,
}

/// Which views.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViewsQuery {
    /// The list's path.
    page: PageName,
    /// The `next` of the page before; left out for the first page.
    #[param(required = false)]
    after: Option<Id>,
    /// Rows wanted.
    #[serde(default)]
    #[param(required = false)]
    limit: Limit,
}

/// The views of a list: own and shared ones
#[utoipa::path(get, path = "/api/v1/views", tag = "views", params(ViewsQuery), responses((status = 200, body = Listing<ViewShape>)))]
pub(crate) async fn list(ctx: Ctx, Query(query): Query<ViewsQuery>) -> Answer<Listing<ViewShape>> {
    let rows = views::of_page(ctx.desk(), ctx.actor(), query.page.0).await?;
    let page = AfterId { after: query.after, limit: query.limit };
    Ok(Json(Listing::by_id(rows, |view| view.id.0, &page, ViewShape::from)))
}

/// Save a view
#[utoipa::path(post, path = "/api/v1/views", tag = "views", request_body = ViewNew, responses((status = 201, body = Created)))]
pub(crate) async fn save(ctx: Ctx, JsonBody(body): JsonBody<ViewNew>) -> Result<Response, Refused> {
    let audience = if body.shared { Audience::Everybody } else { Audience::Own };
    let id = views::save(ctx.desk(), ctx.actor(), body.page.0, &body.name.0, &body.query.0, audience).await?;
    Ok(created(id, None))
}

/// Remove an own view
#[utoipa::path(delete, path = "/api/v1/views/{id}", tag = "views", params(("id" = Id, Path, description = "The view.")), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(ctx: Ctx, PathId(id): PathId<ViewId>) -> Done {
    views::remove(ctx.desk(), ctx.actor(), id).await?;
    Ok(done())
}
