//! One uploaded file: what a dry run found in it, and what can be done with it.

use axum::extract::Path;
use desk::{
    Error,
    capture::uploads::{Upload, UploadState},
    ids::{ProfileId, UploadId},
    rights::Operation,
};
use maud::{Markup, Render, html};

use super::{BY_FILE, followed, following, form_name, upload_badge, uploads_of};
use crate::{
    attachments::size,
    frame::{Ctx, Fields},
    lists::{Parts, stack_all},
    problem::PageResult,
    ui::{
        Tone,
        badge::Code,
        button::{Button, Does, Weight},
        facts::{Card, Facts},
        feedback::Banner,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        progress::{Extent, Progress},
        results::grouped,
    },
};

/// Refusals of a dry run that are shown; the first ones tell what is wrong with a file.
const REFUSALS_SHOWN: usize = 100;

fn id_of(id: &str) -> Result<UploadId, Error> {
    id.parse().map_err(|_| Error::NotFound("upload"))
}

async fn get(ctx: &Ctx, id: &str) -> Result<Upload, Error> {
    uploads_of(ctx)?.get(ctx.desk(), ctx.actor(), id_of(id)?).await
}

/// `GET /import/files/{id}`
pub(crate) async fn file(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let upload = get(&ctx, &id).await?;
    let mut head = PageHead::new(upload.file_name.clone());
    head.crumbs = Crumbs { links: vec![NavLink::new("Import", "/import")] };
    let mut parts: Parts = vec![Box::new(head)];
    let times = ctx.times();
    let facts = Facts::new(vec![
        ("Form", html! { (form_name(&upload.format)) }),
        ("From", html! { (upload.source) }),
        ("Size", html! { (size(upload.file_bytes)) }),
        ("SHA-256", Code(upload.file_digest.iter().map(|byte| format!("{byte:02x}")).collect()).render()),
        ("Sent", times.exact(upload.uploaded_at).render()),
        ("Lies on", html! { (upload.node) }),
    ]);
    parts.push(Box::new(Card { title: "The file".to_owned(), actions: vec![], body: facts.render() }));
    let (shown, href) = (state(&ctx, &upload), format!("/import/files/{id}/progress"));
    parts.push(Box::new(following("upload", &href, goes_on(&upload), &shown)));
    ctx.page("Import", Room::Settings).show(&stack_all(&parts))
}

/// `GET /import/files/{id}/progress`: the part of the page that changes.
pub(crate) async fn file_progress(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let upload = get(&ctx, &id).await?;
    let href = format!("/import/files/{id}/progress");
    Ok(followed(&following("upload", &href, goes_on(&upload), &state(&ctx, &upload)), goes_on(&upload)))
}

fn goes_on(upload: &Upload) -> bool {
    matches!(upload.state, UploadState::Counting | UploadState::Importing)
}

fn state(ctx: &Ctx, upload: &Upload) -> Markup {
    html! {
        div.stack {
            p { (upload_badge(upload.state)) @if let Some(run) = upload.run { " " a href={ "/import/" (run) } { "What became of each item" } } }
            @if let Some(trouble) = &upload.trouble { (Banner::new(Tone::Warning, "The last attempt failed").text(trouble.clone())) }
            @if goes_on(upload) { (bar(ctx, upload)) }
            @if let Some(tally) = &upload.tally { (tally_card(tally)) }
            @if ctx.may(Operation::ImportRun) { (acts(upload)) }
        }
    }
}

/// How far the work on a file is.
pub(super) fn bar(ctx: &Ctx, upload: &Upload) -> Progress {
    let counting = upload.state == UploadState::Counting;
    let progress = uploads_of(ctx).ok().and_then(|uploads| uploads.progress(upload.id));
    let mib = |bytes: u64| bytes >> 20;
    let (extent, items) = match progress {
        Some((done, all, items, _)) if all > 0 => (Extent::Counted { done: mib(done), total: mib(all).max(1) }, items),
        _ => (Extent::Unknown, 0),
    };
    let attachments = progress.map_or(0, |progress| progress.3);
    let mut note = format!("{} items read", grouped(items.unsigned_abs()));
    if attachments > 0 {
        note.push_str(&format!(", {} attachments taken", grouped(attachments)));
    }
    note.push_str("; you can leave this page");
    Progress {
        id: "import-bar".to_owned(),
        label: if counting { "Counting" } else { "Importing" }.to_owned(),
        extent,
        unit: "MiB read".to_owned(),
        estimate: None,
        tone: Tone::Neutral,
        note: Some(note),
        actions: Vec::new(),
    }
}

fn tally_card(tally: &desk::capture::uploads::Tally) -> Card {
    let count = |number: u64| html! { (grouped(number)) };
    let facts = Facts::new(vec![
        ("Items", count(tally.items)),
        ("Posts", count(tally.posts)),
        ("Edits", count(tally.edits)),
        ("Deletions", count(tally.deletions)),
        ("Reactions", count(tally.reactions)),
        ("Comings and goings", count(tally.memberships)),
        ("Others", count(tally.others)),
        ("Attachments", count(tally.attachments)),
        ("Places", count(tally.places)),
        ("Would be refused", count(tally.refused)),
    ]);
    let body = html! {
        (facts)
        @if let Some(failed) = &tally.failed { (Banner::new(Tone::Danger, "It cannot be read to its end").text(failed.clone())) }
        @if !tally.left_out.is_empty() { p { "Left out, because it is no message:" } ul { @for (what, count) in &tally.left_out { li { (what) " (" (grouped(*count)) ")" } } } }
        @if !tally.refusals.is_empty() {
            details { summary { "What would be refused" @if tally.refusals.len() > REFUSALS_SHOWN { ", the first " (REFUSALS_SHOWN) } }
                ul { @for (place, reason) in tally.refusals.iter().take(REFUSALS_SHOWN) { li { (Code(place.clone())) " " (reason) } } }
            }
        }
    };
    Card { title: "What is in it".to_owned(), actions: vec![], body }
}

/// What can be done with a file now.
pub(super) fn acts(upload: &Upload) -> Markup {
    let act =
        |verb: &str, button: Button| html! { form method="post" action={ "/import/files/" (upload.id) "/" (verb) } { (button) } };
    let import = if upload.run.is_some() { "Go on" } else { "Import" };
    html! {
        div.row { @match upload.state {
            UploadState::Counting | UploadState::Importing => (act("stop", Button::new("Stop", Does::Submit))),
            UploadState::Removed => {}
            UploadState::Stored | UploadState::Counted | UploadState::Stopped => {
                (act("import", Button::primary(import)))
                @if upload.state == UploadState::Stored { (act("count", Button::new("Count only", Does::Submit))) }
                (act("remove", Button { weight: Weight::Quiet, ..Button::new("Remove the file", Does::Submit) }))
            }
        } }
    }
}

/// `POST /import/files/{id}/import`
pub(crate) async fn import(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let profile = match fields.some("profile") {
        None | Some(BY_FILE) => None,
        Some(_) => Some(fields.id::<ProfileId>("profile")?),
    };
    let run = uploads_of(&ctx)?.import(ctx.desk(), ctx.actor(), id_of(&id)?, profile).await?;
    Ok(ctx.done(&format!("/import/{}", run.id), "The import is under way"))
}

/// `POST /import/files/{id}/count`
pub(crate) async fn count(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    uploads_of(&ctx)?.count(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done(&format!("/import/files/{id}"), "The file is being counted"))
}

/// `POST /import/files/{id}/stop`
pub(crate) async fn stop(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    uploads_of(&ctx)?.stop(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done(&format!("/import/files/{id}"), "It stops after what it has read, and can go on from there"))
}

/// `POST /import/files/{id}/remove`
pub(crate) async fn remove(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    uploads_of(&ctx)?.remove(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    Ok(ctx.done("/import", "The file is removed; what was imported of it stays on record"))
}
