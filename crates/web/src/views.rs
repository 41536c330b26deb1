//! Saved views of lists: saving and removing. Lists show them through [`tabs`].

use axum::extract::Path;
use desk::{
    Error,
    rights::Operation,
    views::{self, Audience},
};
use maud::{Markup, Render, html};

use crate::{
    frame::{Ctx, Fields},
    people::field,
    problem::{PageError, PageResult},
    ui::{
        button::{Button, Does},
        choice::{OnOff, Toggle, ToggleLook},
        dialog::{Dialog, DialogWidth},
        field::TextField,
        results::{Filter, SavedView},
    },
};

/// The dialog that names and saves the present view.
const DIALOG: &str = "save-view";

/// Adds the saved views of a list to its filter, and answers with the dialog to save one.
pub(crate) async fn tabs(ctx: &Ctx, page: &'static str, query: &Fields, filter: &mut Filter) -> Result<Markup, PageError> {
    let present: Vec<(&str, &str)> = query
        .0
        .iter()
        .filter(|(name, value)| name != "after" && !value.is_empty())
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let text = present
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::problem::encode_query(value)))
        .collect::<Vec<_>>()
        .join("&");
    let saved = views::of_page(ctx.desk(), ctx.actor(), page).await?;
    let mut current_id = None;
    if !saved.is_empty() {
        filter.views.push(SavedView { label: "All".to_owned(), href: page.to_owned(), current: text.is_empty(), count: None });
    }
    for view in &saved {
        let current = view.query == text;
        if current && Some(view.person) == ctx.actor().person() {
            current_id = Some(view.id);
        }
        let href = if view.query.is_empty() { page.to_owned() } else { format!("{page}?{}", view.query) };
        filter.views.push(SavedView { label: view.name.clone(), href, current, count: None });
    }
    if text.is_empty() {
        return Ok(html! {});
    }
    if let Some(id) = current_id {
        return Ok(html! {
            form method="post" action={ "/views/" (id) "/remove" } { (Button::new("Remove this view", Does::Submit)) }
        });
    }
    filter.save_dialog = Some(DIALOG.to_owned());
    let frame = field(&desk::Invalid::new(), "name", "Name");
    let mut body = html! {
        input type="hidden" name="page" value=(page);
        input type="hidden" name="query" value=(text);
        (TextField { frame, length_max: Some(60), autocomplete: Some("off"), ..TextField::default() })
    };
    if ctx.may(Operation::ViewShare) {
        let frame = field(&desk::Invalid::new(), "shared", "Share with everybody")
            .hint("Sharing never widens what anybody may see.")
            .optional();
        body = html! { (body) (Toggle { frame, value: "yes".to_owned(), state: OnOff::Off, look: ToggleLook::Check }) };
    }
    let dialog = Dialog {
        id: DIALOG.to_owned(),
        title: "Save this view".to_owned(),
        body,
        buttons: vec![Button::primary("Save the view")],
        width: DialogWidth::Normal,
        action: Some("/views".to_owned()),
    };
    Ok(dialog.render())
}

/// `POST /views`
pub(crate) async fn save(ctx: Ctx, fields: Fields) -> PageResult {
    let audience = if fields.has("shared") { Audience::Everybody } else { Audience::Own };
    let (page, query) = (fields.get("page"), fields.get("query"));
    views::save(ctx.desk(), ctx.actor(), page, fields.get("name"), query, audience).await?;
    Ok(ctx.done(&format!("{page}?{query}"), "View saved"))
}

/// `POST /views/{id}/remove`
pub(crate) async fn remove(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id.parse().map_err(|_| Error::NotFound("view"))?;
    let view = views::remove(ctx.desk(), ctx.actor(), id).await?;
    Ok(ctx.done(&view.page, "View removed"))
}
