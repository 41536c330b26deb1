//! Before a post is submitted: what will happen, on which accounts, and what keeps it from happening. Then submitting.
//!
//! Invariant: what is submitted is the revision that was shown here; somebody who changed it meanwhile is not overruled.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    publishing::{self, Post, Sent, Submitting, TargetState},
};
use maud::{Markup, Render, html};

use super::{
    checks,
    outlets::{self, Outlet},
    preview::preview,
    sheet::Sheet,
    typed::Typed,
    writing::{form_of, post_id},
};
use crate::{
    frame::{Ctx, Fields},
    lists::{Parts, stack_all},
    people::{field, status_of, summary},
    problem::PageResult,
    ui::{
        Tone,
        button::{Button, Weight},
        choice::{OnOff, Toggle, ToggleLook},
        dialog::Effect,
        facts::Card,
        feedback::Banner,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
    },
};

/// `GET /posts/{id}/submit`
pub(crate) async fn review(ctx: Ctx, Path(id): Path<String>) -> PageResult {
    let post = publishing::get(ctx.desk(), ctx.actor(), post_id(&id)?).await?;
    page(&ctx, post, &Fields::default(), &Invalid::new()).await
}

async fn page(ctx: &Ctx, post: Post, typed: &Fields, invalid: &Invalid) -> PageResult {
    let id = post.id;
    let waits = post.targets.iter().all(|target| matches!(target.life.state, TargetState::Draft | TargetState::Expired));
    if !waits {
        return Ok(ctx.done(&format!("/posts/{id}"), "This post is submitted already"));
    }
    let revision = post.revision;
    let form = Typed { form: form_of(&post), revision: Some(revision), ..Typed::default() };
    let sheet = Sheet::gather(ctx, Some(post), form, outlets::all(ctx).await?).await?;
    let mut head = PageHead::new("Review and submit");
    head.crumbs = Crumbs { links: vec![NavLink::new("Posts", "/posts"), NavLink::new("Post", format!("/posts/{id}/edit"))] };
    let mut parts: Parts = vec![Box::new(head)];
    for pause in &sheet.pauses {
        parts.push(Box::new(Banner::new(Tone::Danger, "Publishing is paused").text(pause)));
    }
    parts.push(Box::new(Card { title: "What will happen".to_owned(), actions: vec![], body: effects(ctx, &sheet) }));
    let all = checks::all_notes(&sheet.checks());
    let beside = sheet.checks().beside();
    if !all.is_empty() || !beside.0.is_empty() {
        let body = html! { (checks::list(&all)) (beside) };
        parts.push(Box::new(Card { title: "Look at this first".to_owned(), actions: vec![], body }));
    }
    parts.push(Box::new(Card {
        title: "Submit".to_owned(),
        actions: vec![],
        body: submit_form(&sheet, typed, invalid, revision),
    }));
    parts.push(Box::new(Card { title: "What followers will see".to_owned(), actions: vec![], body: previews(&sheet) }));
    ctx.page("Review and submit", Room::Publish).status(status_of(invalid)).show(&stack_all(&parts))
}

fn effects(ctx: &Ctx, sheet: &Sheet) -> Markup {
    let times = ctx.times();
    let effect = |outlet: &Outlet| {
        let parts = sheet.form.draft.content_for(outlet.id()).map_or(1, |content| content.parts.len());
        let what = if parts > 1 { format!("A thread of {parts} posts goes out") } else { "One post goes out".to_owned() };
        let approval = if outlet.profile.protected { ", once everybody whom the workflow names has agreed" } else { "" };
        Effect { on: Some(outlet.tag()), text: format!("{what}{approval}.") }
    };
    html! {
        ul.effects { @for outlet in sheet.chosen() { @let effect = effect(outlet); li { (crate::ui::Icon::ArrowRight) div.stack-s { @if let Some(on) = &effect.on { div { (on) } } span { (effect.text) } } } } }
        p { @if let Some(slot) = sheet.form.slot { "At " (times.exact(slot)) ", your time; not before, and not late: when its time passes before it is agreed to, it does not go out." } @else { "As soon as it may." } }
    }
}

fn submit_form(sheet: &Sheet, typed: &Fields, invalid: &Invalid, revision: i64) -> Markup {
    let Some(post) = &sheet.post else { return html! {} };
    let blocking = sheet.checks().blocking();
    let note = TextArea {
        frame: field(invalid, "note", "Note to those who decide").hint("They read it beside the post.").optional(),
        value: typed.get("note").to_owned(),
        length_max: Some(1_000),
    };
    let mut fields = vec![note.render()];
    if !sheet.pauses.is_empty() {
        let frame = field(invalid, "confirmed", "Let it go out although publishing is paused")
            .hint("Counts for a soft pause only; a hard one holds everything.")
            .optional();
        fields.push(Toggle { frame, value: "yes".to_owned(), state: OnOff::Off, look: ToggleLook::Check }.render());
    }
    let mut form = Form::new("submit", format!("/posts/{}/submit", post.id), fields, "Submit");
    form.hidden = vec![("revision".to_owned(), revision.to_string())];
    form.errors = summary(invalid);
    let back = Button::link("Go on writing", format!("/posts/{}/edit", post.id)).with_weight(Weight::Quiet);
    if blocking > 0 {
        // The server would refuse it; said here before anybody presses.
        form.buttons = vec![Button::link("Go on writing", format!("/posts/{}/edit", post.id)).with_weight(Weight::Primary)];
        return html! { p.field-error { span { (blocking) " of the points above keep it from being submitted." } } (form) };
    }
    form.buttons.push(back);
    form.render()
}

fn previews(sheet: &Sheet) -> Markup {
    let checks = sheet.checks();
    html! {
        div.grid-2 { @for outlet in sheet.chosen() { @if let Some(content) = sheet.form.draft.content_for(outlet.id()) {
            @let own = sheet.content(Some(outlet.id())).is_some();
            (preview(outlet, content, own, |part| checks.marks(own.then_some(outlet.id()), part)))
        } } }
    }
}

/// `POST /posts/{id}/submit`
pub(crate) async fn submit(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let post = post_id(&id)?;
    let revision =
        fields.get("revision").parse().map_err(|_| Invalid::field("revision", "look at the post again, then submit it"))?;
    let with = Submitting { note: fields.get("note").trim().to_owned(), confirmed: fields.has("confirmed") };
    match publishing::submit(ctx.desk(), ctx.actor(), ctx.state.examiner()?, post, revision, &with).await {
        Ok(Sent::Scheduled) => Ok(ctx.done(&format!("/posts/{id}"), "Scheduled")),
        Ok(Sent::Pending(_)) => Ok(ctx.done(&format!("/posts/{id}"), "Submitted; those who have to agree are asked")),
        Err(Error::Invalid(invalid)) => {
            let post = publishing::get(ctx.desk(), ctx.actor(), post).await?;
            page(&ctx, post, &fields, &invalid).await
        }
        Err(Error::Conflict(why)) => Ok(ctx.done(&format!("/posts/{id}/submit"), &format!("Not submitted: {why}"))),
        Err(error) => Err(error.into()),
    }
}
