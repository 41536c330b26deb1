//! The own account: preferences here; proofs of identity, sessions and tokens beside them.

use axum::routing::post;
use desk::{
    people::{self, Preference, Theme},
    rights::Operation,
};

use crate::{
    frame::{Ctx, Fields},
    problem::PageResult,
    routes::{Route, form},
};

/// The routes of the own account.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        form("/account/theme", Operation::AccountChange, post(theme)),
        form("/account/letter-keys", Operation::AccountChange, post(letter_keys)),
    ]
}

/// `POST /account/theme`
async fn theme(ctx: Ctx, fields: Fields) -> PageResult {
    let theme = Theme::parse(fields.get("theme")).unwrap_or(Theme::System);
    people::prefer(ctx.desk(), ctx.actor(), Preference::Theme(theme)).await?;
    Ok(ctx.done("/", "Look changed"))
}

/// `POST /account/letter-keys`
async fn letter_keys(ctx: Ctx, fields: Fields) -> PageResult {
    let on = fields.get("letters") == "on";
    people::prefer(ctx.desk(), ctx.actor(), Preference::LetterKeys(on)).await?;
    Ok(ctx.done("/", if on { "Single letters act as keys" } else { "Single letters no longer act as keys" }))
}
