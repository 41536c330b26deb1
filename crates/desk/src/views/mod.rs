//! Saved views: a list's filter under a name, for one person or shared with everybody.
//!
//! Invariant: a view is only an address; sharing it never widens what anybody may see.

mod store;

use serde::Serialize;

use crate::{
    act::Object,
    actor::Actor,
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::{PersonId, ViewId},
    rights::{Operation, Target},
};

/// Characters in a view's name.
const NAME_MAX: usize = 60;
/// Bytes in a view's query.
const QUERY_MAX: usize = 1_000;
/// Views of one person: enough to work with, few enough for a row of tabs per list.
const VIEWS_MAX: i64 = 100;
/// Pages that have views.
pub const PAGES: &[&str] = &["/people", "/audit-log", "/jobs", "/profiles", "/posts", "/calendar"];

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// The view.
    pub id: ViewId,
    /// Whose.
    pub person: PersonId,
    /// The list's path.
    pub page: String,
    /// Its name.
    pub name: String,
    /// The query, without a question mark.
    pub query: String,
    /// Whether everybody sees it.
    pub shared: bool,
}

/// Who sees a new view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Its maker.
    Own,
    /// Everybody who may see the list.
    Everybody,
}

/// The views of a list: the caller's own and the shared ones, by name.
pub async fn of_page(desk: &Desk, actor: &Actor, page: &str) -> Result<Vec<View>> {
    let mut reader = desk.view(actor, Operation::AccountRead, Target::Workspace).await?;
    let person = actor.person().ok_or(Error::NotFound("person"))?;
    store::of_page(&mut reader, person, page).await
}

/// Saves a view.
pub async fn save(desk: &Desk, actor: &Actor, page: &str, name: &str, query: &str, audience: Audience) -> Result<ViewId> {
    let operation = match audience {
        Audience::Own => Operation::ViewSave,
        Audience::Everybody => Operation::ViewShare,
    };
    let mut act = desk.act(actor, operation, Target::Workspace).await?;
    let person = actor.person().ok_or(Error::NotFound("person"))?;
    let name = name.trim();
    let mut invalid = Invalid::new();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        invalid.add("name", format!("give it a name of at most {NAME_MAX} characters"));
    }
    if !PAGES.contains(&page) {
        invalid.add("page", "this page has no views");
    }
    if query.len() > QUERY_MAX || query.chars().any(char::is_control) {
        invalid.add("query", "the filter is too long to be saved");
    }
    invalid.check()?;
    if store::count(act.tx(), person).await? >= VIEWS_MAX {
        return Err(Error::Conflict(format!("you have {VIEWS_MAX} views; remove one first")));
    }
    let now = act.now();
    let view = View {
        id: desk.fresh(),
        person,
        page: page.to_owned(),
        name: name.to_owned(),
        query: query.trim_start_matches('?').to_owned(),
        shared: audience == Audience::Everybody,
    };
    store::insert(act.tx(), &view, now).await?;
    act.record(Object::new("view", view.id)).after(&view);
    act.commit().await?;
    Ok(view.id)
}

/// Removes a view of the caller.
pub async fn remove(desk: &Desk, actor: &Actor, id: ViewId) -> Result<View> {
    let mut act = desk.act(actor, Operation::ViewSave, Target::Workspace).await?;
    let person = actor.person().ok_or(Error::NotFound("person"))?;
    let view = store::delete(act.tx(), id, person).await?.ok_or(Error::NotFound("view"))?;
    act.record(Object::new("view", id)).before(&view).detail("removed", true);
    act.commit().await?;
    Ok(view)
}
