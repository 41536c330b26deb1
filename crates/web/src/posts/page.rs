//! A post's own page once it is more than a draft: how it stands on each profile, what it says, what can be done, and its whole story.

use axum::extract::Path;
use desk::{
    Error, Time,
    ids::ProfileId,
    publishing::{self, Post, PostTarget, Retimed, Story, TargetKey, TargetState},
};
use jiff::{civil::DateTime, tz::TimeZone};
use maud::{Markup, Render, html};

use super::{
    comments, correct, list,
    outlets::{self, Outlet},
    preview::preview,
    states, story,
    typed::local_text,
    writing::{edit_page, post_id},
};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, stack_all},
    people::{field, sentence},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Weight},
        dialog::{Confirm, Dialog, DialogWidth, Effect, Reversal},
        facts::Card,
        feedback::Banner,
        field::{TextField, TextKind},
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// `GET /posts/{id}`: the composer of a draft, the story of everything else.
pub(crate) async fn show(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let post = publishing::get(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    let is_draft = post.discarded_at.is_none() && post.targets.iter().all(|target| target.life.state == TargetState::Draft);
    let outlets = outlets::all(&ctx).await?;
    let may_write = post
        .targets
        .iter()
        .all(|target| outlets.iter().any(|outlet| outlet.id() == target.key.profile && outlet.closed.is_none()));
    if is_draft && may_write && post.version == 0 {
        return edit_page(&ctx, post).await;
    }
    story_page(&ctx, &post, &outlets, may_write).await
}

async fn story_page(ctx: &Ctx, post: &Post, outlets: &[Outlet], may_write: bool) -> PageResult {
    let title = states::name_of(post);
    let mut head = PageHead::new(&title);
    head.crumbs = Crumbs { links: vec![NavLink::new("Posts", "/posts")] };
    let names = list::names(ctx, [post.author, post.changed_by].into_iter()).await?;
    let author = names.get(&post.author).map_or("Somebody", String::as_str);
    head.lead = Some(format!("Begun by {author} {}, version {}.", ctx.times().relative(post.created_at).words(), post.version));
    let mut parts: Parts = Vec::new();
    let mut questions: Parts = Vec::new();
    if may_write {
        actions(post, &mut head, &mut questions);
    }
    parts.push(Box::new(head));
    if post.discarded_at.is_some() {
        parts.push(Box::new(
            Banner::new(Tone::Info, "This post was discarded").text("Its story stays. Duplicate it to go on with its text."),
        ));
    }
    let story = publishing::history(ctx.desk(), ctx.actor(), post.id).await?;
    let standing = targets(ctx, post, outlets, &story);
    parts.push(Box::new(Card { title: "Where it stands".to_owned(), actions: vec![], body: standing }));
    parts.push(Box::new(Card { title: "What it says".to_owned(), actions: vec![], body: previews(ctx, post, outlets).await? }));
    if may_write && post.is_open() && post.discarded_at.is_none() {
        parts.push(Box::new(Card { title: "Another time".to_owned(), actions: vec![], body: retime_form(ctx, post) }));
    }
    parts.push(Box::new(story::card(ctx, &story).await?));
    parts.push(Box::new(comments::card(ctx, post).await?));
    parts.extend(questions);
    ctx.page(title, Room::Publish).live("posts").show(&stack_all(&parts))
}

/// The buttons that fit the post's state, each outward or irreversible one with its question.
fn actions(post: &Post, head: &mut PageHead, questions: &mut Parts) {
    let any = |wanted: &[TargetState]| post.targets.iter().any(|target| wanted.contains(&target.life.state));
    let waits = post.targets.iter().all(|target| matches!(target.life.state, TargetState::Draft | TargetState::Expired));
    let opens = |label: &str, id: &str| Button::new(label, Does::Opens(id.to_owned()));
    if post.is_open() {
        if waits {
            head.actions
                .push(Button::link("Review and submit", format!("/posts/{}/submit", post.id)).with_weight(Weight::Primary));
        }
        head.actions.push(Button::link("Edit", format!("/posts/{}/edit", post.id)).with_icon(Icon::Pencil));
        if any(&[TargetState::Pending, TargetState::Scheduled]) {
            head.actions.push(opens("Take back", "withdraw"));
            questions.push(Box::new(question(
                post,
                "withdraw",
                "Take this post back?",
                "What was decided about it ends; it is a draft again.",
            )));
        }
    }
    if any(&[TargetState::Scheduled, TargetState::Held, TargetState::Sending]) {
        head.actions.push(opens("Cancel", "cancel"));
        questions.push(Box::new(cancel_dialog(post)));
    }
    head.actions.push(opens("Duplicate", "duplicate").with_icon(Icon::Copy).with_weight(Weight::Quiet));
    let text = "The copy has no time and nobody has agreed to it.";
    questions.push(Box::new(question(post, "duplicate", "Begin a new post with this text?", text)));
}

fn question(post: &Post, act: &str, title: &str, text: &str) -> Confirm {
    Confirm {
        id: act.to_owned(),
        title: title.to_owned(),
        effects: vec![Effect { on: None, text: text.to_owned() }],
        reversal: Reversal::Possible,
        consequence: "It is noted on record with your name.".to_owned(),
        action: format!("/posts/{}/{act}", post.id),
        hidden: vec![],
        button: if act == "withdraw" { "Take it back" } else { "Duplicate" }.to_owned(),
        word: None,
    }
}

/// A form in a dialog, for what needs a reason.
fn cancel_dialog(post: &Post) -> Dialog {
    let reason = TextField {
        frame: field(&desk::Invalid::new(), "reason", "Why"),
        length_max: Some(500),
        autocomplete: Some("off"),
        ..TextField::default()
    };
    Dialog {
        id: "cancel".to_owned(),
        title: "Cancel this post?".to_owned(),
        body: html! { p { "Whatever of it is not out does not go out. What is out stays." } (reason) },
        buttons: vec![Button { weight: Weight::Danger, ..Button::primary("Cancel the post") }],
        width: DialogWidth::Normal,
        action: Some(format!("/posts/{}/cancel", post.id)),
    }
}

/// When the last part of what was published on a profile was deleted there; nothing while something of it is there.
fn deleted_at(story: &Story, profile: ProfileId) -> Option<Time> {
    let there = story.parts.get(&profile).filter(|there| !there.is_empty())?;
    there.iter().map(|part| part.deleted_at).collect::<Option<Vec<_>>>()?.into_iter().max()
}

fn targets(ctx: &Ctx, post: &Post, outlets: &[Outlet], story: &Story) -> Markup {
    let times = ctx.times();
    let line = |target: &PostTarget| {
        let outlet = outlets.iter().find(|outlet| outlet.id() == target.key.profile);
        let life = &target.life;
        html! {
            li.split {
                div.stack-s {
                    @if let Some(outlet) = outlet { (outlet.tag()) }
                    @if let Some(held) = life.held_for { span.muted { (sentence(&held.title().to_lowercase())) } }
                    @if let Some(reason) = &life.reason { span.muted { (sentence(reason)) } }
                    @if life.parts > 1 { span.muted { (life.parts_there) " of " (life.parts) " posts of the thread are there" } }
                }
                @if let Some(gone) = deleted_at(story, target.key.profile) {
                    div.row { (Badge::new(Tone::Neutral, "Deleted there").with_icon(Icon::Trash2)) (times.exact(gone)) }
                } @else { div.row {
                    (states::badge(life.state))
                    @if let Some(at) = target.published_at { "went out " (times.exact(at)) }
                    @else if let Some(slot) = life.slot { "due " (times.exact(slot)) }
                    @if let Some(permalink) = &target.permalink { a href=(permalink) rel="noreferrer noopener" { "See it there" } }
                    @if let Some(outlet) = outlet { (correct::offers(target, outlet)) }
                } }
            }
        }
    };
    html! { ul.stack { @for target in &post.targets { (line(target)) } } }
}

/// What each profile gets or shows: of what is out, what stands there and not what somebody would like to stand there.
async fn previews(ctx: &Ctx, post: &Post, outlets: &[Outlet]) -> Result<Markup, Error> {
    let mut shown = Vec::new();
    for outlet in outlets::of_draft(&post.draft, outlets) {
        let Some(planned) = post.draft.content_for(outlet.id()) else { continue };
        let is_out = post.target(outlet.id()).is_some_and(|target| target.life.state == TargetState::Published);
        let own = post.draft.targets.get(&outlet.id()).is_some_and(Option::is_some);
        let content = if is_out {
            let key = TargetKey { post: post.id, profile: outlet.id() };
            publishing::published_content(ctx.desk(), ctx.actor(), key).await?
        } else {
            planned.clone()
        };
        shown.push(preview(outlet, &content, own, |_| Vec::new()));
    }
    Ok(html! { div.grid-2 { @for preview in &shown { (preview) } } })
}

fn retime_form(ctx: &Ctx, post: &Post) -> Markup {
    let zone = TimeZone::get(&post.zone).unwrap_or_else(|_| ctx.times().zone().clone());
    let value = post.due().map(|slot| local_text(slot, &zone)).unwrap_or_default();
    let frame = field(&desk::Invalid::new(), "at", "Date and time")
        .hint(format!("In {}. Outside of the time that was agreed to, everybody has to agree again.", post.zone));
    let mut form = Form::new(
        "retime",
        format!("/posts/{}/retime", post.id),
        vec![TextField { frame, kind: TextKind::DateTime, value, ..TextField::default() }.render()],
        "Move it",
    );
    form.hidden = vec![("revision".to_owned(), post.revision.to_string())];
    form.render()
}

/// `POST /posts/{id}/retime`
pub(crate) async fn retime(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let post = publishing::get(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    let zone = TimeZone::get(&post.zone).unwrap_or(TimeZone::UTC);
    let slot = match fields.some("at") {
        None => None,
        Some(text) => {
            let local = text.parse::<DateTime>().ok().and_then(|local| publishing::calendar::resolve(local, &zone));
            let Some(local) = local else {
                return Ok(ctx.done(&format!("/posts/{id}"), "Not moved: that is not a date and time"));
            };
            if let publishing::calendar::Local::Never { .. } = local {
                return Ok(
                    ctx.done(&format!("/posts/{id}"), "Not moved: the clocks are put forward over this time; choose another")
                );
            }
            Some(local.likely().0)
        }
    };
    let revision = fields.get("revision").parse().unwrap_or_default();
    let said = match publishing::retime(ctx.desk(), ctx.actor(), post.id, revision, slot).await? {
        Retimed::Draft => "Moved",
        Retimed::Within => "Moved, within the time that was agreed to",
        Retimed::Voided => "Moved; everybody has to agree again: submit it",
    };
    Ok(ctx.done(&format!("/posts/{id}"), said))
}

/// `POST /posts/{id}/withdraw`
pub(crate) async fn withdraw(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    publishing::withdraw(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    Ok(ctx.done(&format!("/posts/{id}"), "Taken back: it is a draft again"))
}

/// `POST /posts/{id}/cancel`
pub(crate) async fn cancel(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let cancelled = publishing::cancel(ctx.desk(), ctx.actor(), post_id(&id)?, None, fields.get("reason")).await?;
    Ok(ctx.done(&format!("/posts/{id}"), &format!("Cancelled on {cancelled} profile{}", if cancelled == 1 { "" } else { "s" })))
}
