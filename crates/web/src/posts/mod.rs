//! Pages of posts: writing, list, story, import, campaigns, posting slots.
//!
//! Invariants: every page works without scripts; what goes out is said, with the accounts, before it does; nothing is decided here.
//! Approving is [`crate::approvals`]', the stop switch [`crate::publishing`]'s.

mod campaigns;
mod checks;
mod comments;
mod composer;
mod conflict;
mod correct;
mod file_names;
mod import;
pub(crate) mod list;
mod media;
pub(crate) mod outlets;
mod page;
pub(crate) mod preview;
mod received;
mod sheet;
mod slots;
pub(crate) mod states;
mod story;
mod submit;
mod typed;
mod writing;

use axum::routing::{get, post};
use desk::{
    Error,
    publishing::{self, Draft, Pause, PauseScope},
    rights::Operation,
};

use self::outlets::Outlet;
use crate::{
    frame::Ctx,
    people::sentence,
    routes::{Route, form, page},
};

pub(crate) use media::{rendition, serve_file};
pub(crate) use received::said;
pub(crate) use sheet::complete_files;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    use Operation as O;
    let composed = |route: Route| route.with_body_max(media::FORM_BYTES_MAX);
    vec![
        page("/posts", O::PostsRead, get(list::list)),
        composed(form("/posts", O::PostCreate, post(writing::begin))),
        composed(form("/posts/autosave", O::PostCreate, post(writing::begin_by_itself))),
        page("/posts/new", O::PostCreate, get(writing::new)),
        page("/posts/import", O::PostCreate, get(import::form)),
        form("/posts/import", O::PostCreate, post(import::report)).with_body_max(import::BODY_BYTES_MAX),
        form("/posts/import/make", O::PostCreate, post(import::make)).with_body_max(import::BODY_BYTES_MAX),
        page("/posts/{id}", O::PostsRead, get(self::page::show)),
        composed(form("/posts/{id}", O::PostSave, post(writing::save))),
        page("/posts/{id}/edit", O::PostSave, get(writing::edit)),
        composed(form("/posts/{id}/autosave", O::PostSave, post(writing::save_by_itself))),
        page("/posts/{id}/submit", O::PostSubmit, get(submit::review)),
        form("/posts/{id}/submit", O::PostSubmit, post(submit::submit)),
        form("/posts/{id}/withdraw", O::PostWithdraw, post(self::page::withdraw)),
        form("/posts/{id}/retime", O::PostRetime, post(self::page::retime)),
        form("/posts/{id}/cancel", O::PostCancel, post(self::page::cancel)),
        page("/posts/{id}/on/{profile}", O::PostCorrect, get(correct::form)),
        form("/posts/{id}/on/{profile}", O::PostCorrect, post(correct::change)),
        form("/posts/{id}/on/{profile}/delete", O::PostCorrect, post(correct::delete)),
        form("/posts/{id}/discard", O::PostDiscard, post(writing::discard)),
        form("/posts/{id}/duplicate", O::PostCreate, post(writing::duplicate)),
        form("/posts/{id}/comments", O::PostComment, post(comments::add)),
        form("/posts/{id}/comments/{comment}/remove", O::PostComment, post(comments::remove)),
        form("/media", O::MediaAdd, post(media::begin)),
        form("/media/{id}/pieces/{number}", O::MediaAdd, post(media::piece)).with_body_max(media::PIECE_BYTES_MAX),
        form("/media/{id}/finish", O::MediaAdd, post(media::finish)),
        page("/media/{id}", O::MediaRead, get(media::show)),
        page("/campaigns", O::CampaignsRead, get(campaigns::list)),
        form("/campaigns", O::CampaignChange, post(campaigns::create)),
        form("/campaigns/{id}", O::CampaignChange, post(campaigns::change)),
        page("/posting-slots", O::PostingSlotsRead, get(slots::list)),
        form("/posting-slots", O::PostingSlotsChange, post(slots::add)),
        form("/posting-slots/{profile}/{id}/remove", O::PostingSlotsChange, post(slots::remove)),
    ]
}

/// What keeps a draft's profiles from going out now, in words: every pause that covers one of them, with its reason.
async fn pauses_over(ctx: &Ctx, outlets: &[Outlet], draft: &Draft) -> Result<Vec<String>, Error> {
    let pauses = publishing::pauses(ctx.desk(), ctx.actor()).await?;
    let chosen = outlets::of_draft(draft, outlets);
    // Before a profile is chosen, what stops everything is worth knowing.
    let covers =
        |pause: &Pause| pause.scope == PauseScope::Everything || chosen.iter().any(|outlet| pause.scope.covers(&outlet.profile));
    let said = |pause: &Pause| {
        let what = if pause.scope == PauseScope::Everything { "On every profile" } else { "On some of these profiles" };
        format!("{what}: {}. {}", pause.mode.title().to_lowercase(), sentence(&pause.reason))
    };
    Ok(pauses.iter().filter(|pause| covers(pause)).map(said).collect())
}
