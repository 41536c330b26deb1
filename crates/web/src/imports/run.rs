//! One import: how far it is, its books, and each refused item with its reason.

use axum::extract::Path;
use desk::{
    Error,
    capture::{
        ImportRun, ImportState, imports,
        uploads::{self, Upload, UploadState},
    },
    ids::ImportId,
    profiles,
    rights::Operation,
};
use maud::{Markup, Render, html};

use super::{
    file::{acts, bar},
    followed, following, form_name, run_badge,
};
use crate::{
    attachments::size,
    frame::{Ctx, QueryFields},
    lists::{Parts, link, stack_all},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Code,
        facts::{Card, Facts},
        feedback::{Banner, Empty},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        results::{Count, Pager, grouped},
        table::{Column, ColumnKind, Row, Rows, Table},
    },
};

/// Refused items of one page.
const PAGE: i64 = 50;

fn id_of(id: &str) -> Result<ImportId, Error> {
    id.parse().map_err(|_| Error::NotFound("import"))
}

/// `GET /import/{id}`
pub(crate) async fn run(ctx: Ctx, Path(id): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let id = id_of(&id)?;
    let run = imports::get(ctx.desk(), ctx.actor(), id).await?;
    let upload = uploads::of_run(ctx.desk(), ctx.actor(), id).await?;
    let profile = profiles::get(ctx.desk(), ctx.actor(), run.profile).await?;
    let times = ctx.times();
    let mut head = PageHead::new(run.file_name.clone());
    head.crumbs = Crumbs { links: vec![NavLink::new("Import", "/import")] };
    let mut parts: Parts = vec![Box::new(head)];
    let part = changing(&ctx, &run, upload.as_ref());
    parts.push(Box::new(following("import", &format!("/import/{id}/progress"), goes_on(&run, upload.as_ref()), &part)));
    let mut facts = vec![
        ("Form", html! { (form_name(&run.format)) }),
        ("Profile", link(&format!("/profiles/{}", profile.id), &profile.title)),
        ("Size", html! { (size(run.file_bytes)) }),
        ("SHA-256", Code(run.file_digest.iter().map(|byte| format!("{byte:02x}")).collect()).render()),
        ("Begun", times.exact(run.started_at).render()),
    ];
    if let Some(at) = run.finished_at {
        facts.push(("Ended", times.exact(at).render()));
    }
    facts.push(("What arrived", link(&format!("/stream?profile={}", profile.id), "in the stream")));
    parts.push(Box::new(Card { title: "The file".to_owned(), actions: vec![], body: Facts::new(facts).render() }));
    parts.push(Box::new(refusals(&ctx, &run, query.get("from")).await?));
    ctx.page("Import", Room::Settings).show(&stack_all(&parts))
}

/// `GET /import/{id}/progress`: the part of the page that changes.
pub(crate) async fn run_progress(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let id = id_of(&id)?;
    let run = imports::get(ctx.desk(), ctx.actor(), id).await?;
    let upload = uploads::of_run(ctx.desk(), ctx.actor(), id).await?;
    let (part, goes_on) = (changing(&ctx, &run, upload.as_ref()), goes_on(&run, upload.as_ref()));
    Ok(followed(&following("import", &format!("/import/{id}/progress"), goes_on, &part), goes_on))
}

/// Whether a job works on it. One from the command line has none: its books change all the same.
fn goes_on(run: &ImportRun, upload: Option<&Upload>) -> bool {
    run.state == ImportState::Running && upload.is_none_or(|upload| upload.state == UploadState::Importing)
}

fn changing(ctx: &Ctx, run: &ImportRun, upload: Option<&Upload>) -> Markup {
    let number = |count: i64| html! { (grouped(count.unsigned_abs())) };
    let books = Facts::new(vec![
        ("Items of the file so far", number(run.position)),
        ("New on record", number(run.recorded)),
        ("On record before", number(run.duplicates)),
        ("Refused", number(run.refused)),
    ]);
    let working = upload.filter(|upload| upload.state == UploadState::Importing && run.state == ImportState::Running);
    html! {
        div.stack {
            p { (run_badge(run.state)) }
            @if let Some(error) = &run.error { (Banner::new(Tone::Danger, "The file could not be read to its end").text(error.clone())) }
            @if let Some(trouble) = upload.and_then(|upload| upload.trouble.as_ref()).filter(|_| run.state == ImportState::Running) {
                (Banner::new(Tone::Warning, "The last attempt failed").text(trouble.clone()))
            }
            @if let Some(upload) = working { (bar(ctx, upload)) }
            (Card { title: "Books".to_owned(), actions: vec![], body: books.render() })
            @if let Some(upload) = upload.filter(|_| run.state == ImportState::Running && ctx.may(Operation::ImportRun)) { (acts(upload)) }
            @if run.state == ImportState::Running && upload.is_none_or(|upload| upload.state == UploadState::Removed) {
                p.muted { "Begun at the command line, or its file is gone: running it there again, or sending the file again, goes on where it was." }
            }
        }
    }
}

async fn refusals(ctx: &Ctx, run: &ImportRun, from: &str) -> Result<Table, Error> {
    let from: i64 = from.parse().unwrap_or(0);
    let mut found = imports::refusals(ctx.desk(), ctx.actor(), run.id, from, PAGE + 1).await?;
    let next = if found.len() as i64 > PAGE { found.pop().map(|(item, _)| item) } else { None };
    let row = |(item, refused): &(i64, desk::capture::imports::Refused)| Row {
        id: item.to_string(),
        name: format!("item {}", item + 1),
        cells: vec![
            html! { (grouped((item + 1).unsigned_abs())) },
            Code(refused.place.clone()).render(),
            html! { (refused.reason) },
        ],
    };
    let here = format!("/import/{}", run.id);
    Ok(Table {
        id: "list-refused".to_owned(),
        caption: "Refused items".to_owned(),
        columns: vec![
            Column::new(ColumnKind::Number, "Item"),
            Column::new(ColumnKind::Title, "Place in the file"),
            Column::new(ColumnKind::Text, "Why, and what to do"),
        ],
        rows: if found.is_empty() {
            Rows::Empty(Empty::new(Icon::CircleCheck, "Nothing refused", "Every item so far could be taken."))
        } else {
            Rows::Some(found.iter().map(row).collect())
        },
        count: Some(Count { matching: run.refused.unsigned_abs(), of: None, one: "refused item", many: "refused items" }),
        bulk: None,
        pager: Pager {
            previous: (from > 0).then(|| here.clone()),
            next: next.map(|next| format!("{here}?from={next}")),
            position: format!("{} on this page", found.len()),
            label: "Refused items".to_owned(),
        },
    })
}
