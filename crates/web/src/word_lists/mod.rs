//! Word lists as pages: what there is, what each says and said, and the form in which one is written and tried.
//!
//! Invariant: what a list finds is told before it is saved when somebody asks for it; nothing is saved with a line that does not compile.

mod form;
mod help;
mod page;
mod trial;
mod typed;

use axum::{extract::Path, routing::get, routing::post};
use desk::{
    Error, Invalid,
    ids::WordListId,
    rights::Operation,
    word_lists::{self, Effect, LIST_BYTES_MAX, Saved, WordList},
};
use maud::{Markup, Render, html};

use self::form::Which;
use crate::{
    frame::{Ctx, Fields, QueryFields},
    lists::{Parts, link, stack_all, whole_table},
    problem::PageResult,
    routes::{Route, form, page},
    ui::{
        Icon, Tone,
        badge::{Badge, Code},
        button::{Button, Does, Size, Weight},
        facts::Card,
        feedback::{Banner, Empty},
        layout::Room,
        nav::PageHead,
        table::{Column, ColumnKind, Row},
    },
};

/// A form with a list in it: each byte may need three in a form's encoding.
const FORM_BYTES_MAX: usize = 3 * LIST_BYTES_MAX + 16 * 1024;

/// The routes.
pub(crate) fn routes() -> Vec<Route> {
    use Operation as O;
    let written = |route: Route| route.with_body_max(FORM_BYTES_MAX);
    vec![
        page("/word-lists", O::WordListsRead, get(list)),
        written(form("/word-lists", O::WordListChange, post(create))),
        page("/word-lists/new", O::WordListChange, get(new)),
        form("/word-lists/packs/{name}", O::WordListChange, post(take_over)),
        page("/word-lists/{id}", O::WordListsRead, get(self::page::show)),
        written(form("/word-lists/{id}", O::WordListChange, post(change))),
        page("/word-lists/{id}/edit", O::WordListChange, get(edit)),
        form("/word-lists/{id}/switch", O::WordListChange, post(switch)),
    ]
}

/// `GET /word-lists`
async fn list(ctx: Ctx) -> PageResult {
    let lists = word_lists::list(ctx.desk(), ctx.actor()).await?;
    let mut head = PageHead::new("Word lists");
    head.lead = Some(
        "What is looked for in every message and post besides what the desk knows by itself. Workflow rules can choose by a list.".to_owned(),
    );
    let may = ctx.may(Operation::WordListChange);
    if may {
        head.actions.push(Button::link("New list", "/word-lists/new").with_weight(Weight::Primary));
        head.actions.push(Button::link("New numbers of our own", "/word-lists/new?kind=kinds"));
    }
    let mut parts: Parts = vec![Box::new(head)];
    for banner in unusable(&ctx)? {
        parts.push(Box::new(banner));
    }
    let columns = vec![
        Column::new(ColumnKind::Title, "List"),
        Column::new(ColumnKind::Text, "What it does"),
        Column::new(ColumnKind::Text, "Named in findings as"),
        Column::new(ColumnKind::Text, "Saved"),
    ];
    let rows = lists.iter().map(|list| row(&ctx, list)).collect();
    let empty = Empty::new(Icon::ListChecks, "No list yet", "Write one, or take over a starter pack below.");
    parts.push(Box::new(whole_table("list-words", "Word lists", columns, rows, empty, ("list", "lists"))));
    if may {
        parts.push(Box::new(packs(&lists)));
    }
    ctx.page("Word lists", Room::Settings).live("word_lists").show(&stack_all(&parts))
}

/// Lists in force that this program cannot use.
fn unusable(ctx: &Ctx) -> Result<Vec<Banner>, Error> {
    let known = ctx.state.examiner()?.current();
    let banner = |(name, why): &(String, String)| {
        let text = format!("{why}. Nothing is published until somebody mends it or switches it off.");
        Banner::new(Tone::Danger, format!("“{name}” does not work")).text(text)
    };
    Ok(known.unusable().iter().map(banner).collect())
}

fn row(ctx: &Ctx, list: &WordList) -> Row {
    Row {
        id: list.id.to_string(),
        name: list.name.clone(),
        cells: vec![
            link(&format!("/word-lists/{}", list.id), &list.name),
            html! { div.row { (state(list.on)) (effect(list.effect)) } },
            Code(self::page::kind_of(list)).render(),
            html! { "version " (list.version) ", " (ctx.times().relative(list.saved_at)) },
        ],
    }
}

fn state(on: bool) -> Badge {
    if on { Badge::new(Tone::Good, "In force") } else { Badge::new(Tone::Neutral, "Switched off") }
}

fn effect(effect: Effect) -> Badge {
    let tone = match effect {
        Effect::Block => Tone::Danger,
        Effect::Flag => Tone::Info,
    };
    Badge::new(tone, effect.title())
}

/// The packs that nobody took over yet.
fn packs(lists: &[WordList]) -> Card {
    let left: Vec<_> =
        word_lists::starter_packs().into_iter().filter(|(code, _)| lists.iter().all(|list| list.code != *code)).collect();
    let body = html! {
        p { "Taken over, a pack is a list of your own that flags: change it, switch it off, or let nothing with it be published." }
        @if left.is_empty() { p.muted { "All of them are taken over." } }
        div.row {
            @for (code, title) in &left {
                form method="post" action={ "/word-lists/packs/" (code) } {
                    (Button::new(format!("Take over “{title}”"), Does::Submit).with_size(Size::Small))
                }
            }
        }
    };
    Card { title: "Starter packs".to_owned(), actions: Vec::new(), body }
}

fn id_of(id: &str) -> Result<WordListId, Error> {
    id.parse().map_err(|_| Error::NotFound("word list"))
}

/// `GET /word-lists/new`
async fn new(ctx: Ctx, QueryFields(query): QueryFields) -> PageResult {
    form::page(&ctx, &Which::New, &typed::empty(query.get("kind")), &form::Said::default())
}

/// `POST /word-lists`
async fn create(ctx: Ctx, fields: Fields) -> PageResult {
    let which = Which::New;
    if fields.get("do") == "try" {
        return try_out(&ctx, &which, &fields).await;
    }
    match word_lists::create(ctx.desk(), ctx.actor(), typed::form(&fields)).await {
        Ok(id) => Ok(ctx.done(&format!("/word-lists/{id}"), "The list is saved")),
        Err(error) => again(&ctx, &which, &fields, error),
    }
}

/// `GET /word-lists/{id}/edit`, `?from=3` with what version 3 said.
async fn edit(ctx: Ctx, Path(id): Path<String>, QueryFields(query): QueryFields) -> PageResult {
    let list = word_lists::get(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    let mut written = list.form();
    if let Some(from) = query.some("from") {
        let versions = word_lists::versions(ctx.desk(), ctx.actor(), list.id).await?;
        let old = versions.into_iter().find(|old| old.version.to_string() == from).ok_or(Error::NotFound("version"))?;
        (written.name, written.effect, written.text) = (old.name, old.effect, old.text);
    }
    let fields = typed::of(&written, list.version);
    form::page(&ctx, &Which::Saved(Box::new(list)), &fields, &form::Said::default())
}

/// `POST /word-lists/{id}`
async fn change(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let list = word_lists::get(ctx.desk(), ctx.actor(), id_of(&id)?).await?;
    let (id, which) = (list.id, Which::Saved(Box::new(list)));
    if fields.get("do") == "try" {
        return try_out(&ctx, &which, &fields).await;
    }
    let seen = typed::seen(&fields)?;
    match word_lists::change(ctx.desk(), ctx.actor(), id, seen, typed::form(&fields)).await {
        Ok(Saved::Done(version)) => Ok(ctx.done(&format!("/word-lists/{id}"), &format!("Saved as version {version}"))),
        Ok(Saved::Conflict(theirs)) => {
            let said = form::Said { conflict: Some(form::conflict(&ctx, &fields, &theirs).await?), ..form::Said::default() };
            form::page(&ctx, &which, &fields, &said)
        }
        Err(error) => again(&ctx, &which, &fields, error),
    }
}

async fn try_out(ctx: &Ctx, which: &Which, fields: &Fields) -> PageResult {
    let (form, messages) = (typed::form_to_try(fields), typed::messages(fields));
    match word_lists::try_out(ctx.desk(), ctx.actor(), which.id(), form, messages).await {
        Ok(trial) => form::page(ctx, which, fields, &form::Said { trial: Some(trial), ..form::Said::default() }),
        Err(error) => again(ctx, which, fields, error),
    }
}

/// The form once more, with what is wrong.
fn again(ctx: &Ctx, which: &Which, fields: &Fields, error: Error) -> PageResult {
    let invalid = match error {
        Error::Invalid(invalid) => invalid,
        Error::Conflict(why) => Invalid { fields: vec![("", why)] },
        error => return Err(error.into()),
    };
    form::page(ctx, which, fields, &form::Said { invalid, ..form::Said::default() })
}

/// `POST /word-lists/{id}/switch`
async fn switch(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let (id, on) = (id_of(&id)?, fields.get("to") == "on");
    word_lists::switch(ctx.desk(), ctx.actor(), id, typed::seen(&fields)?, on).await?;
    Ok(ctx.done(&format!("/word-lists/{id}"), if on { "The list is in force" } else { "The list is switched off" }))
}

/// `POST /word-lists/packs/{name}`
async fn take_over(ctx: Ctx, Path(name): Path<String>) -> PageResult {
    let id = word_lists::take_over(ctx.desk(), ctx.actor(), &name).await?;
    Ok(ctx.done(&format!("/word-lists/{id}"), "The pack is a list of your own now"))
}

/// What stands below one another.
fn below(parts: &[&dyn Render]) -> Markup {
    crate::lists::stack(parts)
}
