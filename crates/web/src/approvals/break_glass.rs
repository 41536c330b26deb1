//! Skipping approvals in an emergency, and the list of skips with their second look.

use axum::extract::Path;
use desk::{
    Error, Invalid,
    approvals::{
        Waiting,
        break_glass::{self, SecondLook, Skip},
    },
};
use maud::{Markup, Render, html};

use super::{below, digest_of, id_of};
use crate::{
    frame::{Ctx, Fields, Times},
    lists::link,
    people::{field, sentence, status_of, summary},
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Weight},
        facts::{Card, Facts},
        feedback::{Banner, Empty},
        field::FieldFrame,
        form::Form,
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
        text_area::TextArea,
    },
};

/// The form below a submission for those who may skip.
pub(super) fn skip_form(waiting: &Waiting) -> Card {
    let id = waiting.shown.kept.id;
    Card {
        title: "In an emergency".to_owned(),
        actions: vec![],
        body: form_of(&id.to_string(), &String::from(waiting.shown.preview.digest), "", &Invalid::new()),
    }
}

fn form_of(id: &str, seen: &str, reason: &str, invalid: &Invalid) -> Markup {
    let reason = TextArea {
        frame: FieldFrame { id: "skip-reason".to_owned(), ..field(invalid, "reason", "Why this cannot wait") }
            .hint("Stays with the post for ever and goes to everybody with the right to break glass."),
        value: reason.to_owned(),
        length_max: Some(2_000),
    };
    let mut form = Form::new("skip", format!("/approvals/{id}/skip"), vec![reason.render()], "");
    form.hidden = vec![("seen".to_owned(), seen.to_owned())];
    form.errors = summary(invalid);
    form.buttons = vec![Button::new("Skip the missing approvals", Does::Submit).with_weight(Weight::Danger)];
    html! {
        p { "The post goes out without the approvals that it misses. Everybody with this right is written to at once, and somebody else, who neither wrote nor edited it, has to look at it within 24 hours." }
        (form)
    }
}

/// `POST /approvals/{id}/skip`
pub(crate) async fn skip(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let submission = id_of(&id)?;
    let seen = digest_of(fields.get("seen")).ok_or(Error::NotFound("submission"))?;
    match break_glass::skip(ctx.desk(), ctx.actor(), submission, seen, fields.get("reason")).await {
        Ok(()) => Ok(ctx.done("/break-glass", "Skipped; a second person has to look at it within 24 hours")),
        Err(Error::Invalid(invalid)) => {
            let mut head = PageHead::new("Skip the missing approvals");
            head.crumbs = Crumbs {
                links: vec![NavLink::new("Approvals", "/approvals"), NavLink::new("Submission", format!("/approvals/{id}"))],
            };
            let body = form_of(&id, fields.get("seen"), fields.get("reason"), &invalid);
            let card = Card { title: "In an emergency".to_owned(), actions: vec![], body };
            ctx.page("Skip the missing approvals", Room::Publish).status(status_of(&invalid)).show(&below(&[&head, &card]))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /break-glass`
pub(crate) async fn list(ctx: Ctx) -> PageResult {
    list_page(&ctx, None).await
}

async fn list_page(ctx: &Ctx, problem: Option<&str>) -> PageResult {
    let skips = break_glass::skips(ctx.desk(), ctx.actor()).await?;
    let mut head = PageHead::new("Skipped approvals");
    head.lead = Some(
        "Every time somebody broke the glass, with the second look that it asks for. Nothing here can be removed.".to_owned(),
    );
    let times = ctx.times();
    let list = html! {
        @if let Some(problem) = problem { (Banner::new(Tone::Danger, "Not noted").text(problem)) }
        @if skips.is_empty() { (Empty::new(Icon::CircleCheck, "Nothing was skipped", "Whoever skips an approval in an emergency is listed here.")) }
        div.approvals { @for skip in &skips { (shown(&times, skip)) } }
    };
    ctx.page("Skipped approvals", Room::Publish).live("approvals").show(&below(&[&head, &list]))
}

fn shown(times: &Times, skip: &Skip) -> Card {
    let state = match &skip.reviewed {
        Some((_, _, SecondLook::Accepted, _)) => Badge::new(Tone::Good, SecondLook::Accepted.title()),
        Some((_, _, SecondLook::Objected, _)) => Badge::new(Tone::Danger, SecondLook::Objected.title()),
        None if skip.overdue_since.is_some() => Badge::new(Tone::Danger, "Second look overdue"),
        None => Badge::new(Tone::Warning, "Waits for a second look"),
    };
    let mut lines = vec![
        ("State", state.render()),
        ("Reason", html! { (skip.reason) }),
        ("Second look until", times.exact(skip.due_at).render()),
        ("What went out", link(&format!("/approvals/{}", skip.submission), "See it")),
    ];
    if let Some((by, at, _, remark)) = &skip.reviewed {
        lines.push(("Second person", html! { (by) ", " (times.relative(*at)) }));
        if !remark.is_empty() {
            lines.push(("Remark", html! { (remark) }));
        }
    }
    let body = html! { (Facts::new(lines)) @if skip.for_me { (review_form(skip)) } };
    Card { title: format!("{} skipped, {}", skip.by, times.exact(skip.at).words()), actions: vec![], body }
}

fn review_form(skip: &Skip) -> Form {
    let id = format!("review-{}", skip.submission);
    let remark = TextArea {
        frame: FieldFrame { id: format!("{id}-remark"), ..FieldFrame::new("remark", "Remark") }
            .hint("Needed when it was not right.")
            .optional(),
        length_max: Some(2_000),
        ..TextArea::default()
    };
    let answer = |verdict: SecondLook| Does::SubmitWith { name: "verdict".to_owned(), value: verdict.id().to_owned() };
    let mut form = Form::new(id, format!("/break-glass/{}", skip.submission), vec![remark.render()], "");
    form.buttons = vec![
        Button::new("It was right", answer(SecondLook::Accepted)),
        Button::new("It was not right", answer(SecondLook::Objected)).with_weight(Weight::Danger),
    ];
    form
}

/// `POST /break-glass/{id}`
pub(crate) async fn review(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let verdict = SecondLook::parse(fields.get("verdict")).ok_or(Error::NotFound("answer"))?;
    match break_glass::review(ctx.desk(), ctx.actor(), id_of(&id)?, verdict, fields.get("remark")).await {
        Ok(()) => Ok(ctx.done("/break-glass", "Your look is on record")),
        Err(Error::Invalid(invalid)) => list_page(&ctx, Some(&sentence(&invalid.to_string()))).await,
        Err(Error::Conflict(why)) => list_page(&ctx, Some(&sentence(&why))).await,
        Err(error) => Err(error.into()),
    }
}
