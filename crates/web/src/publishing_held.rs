//! What waits for a person before it may go out, and what went out without us: lists with the acts that end each.

use axum::extract::Path;
use desk::{
    Error, Time,
    ids::MessageId,
    profiles::Profile,
    publishing::{self, ForeignPost, HeldFor, PostTarget, TargetKey, Waiting},
};
use jiff::{civil::DateTime, tz::TimeZone};
use maud::{Markup, html};

use crate::{
    frame::{Ctx, Fields},
    people::sentence,
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Size, Weight},
        facts::Card,
        feedback::Empty,
    },
};

fn title_of(all: &[Profile], target: &PostTarget) -> String {
    let found = all.iter().find(|profile| profile.id == target.key.profile);
    found.map_or_else(|| "A profile".to_owned(), |profile| profile.title.clone())
}

/// What is held.
pub(crate) fn list(ctx: &Ctx, waiting: &[Waiting], all: &[Profile]) -> Card {
    let body = html! {
        @if waiting.is_empty() {
            (Empty::new(Icon::CircleCheck, "Nothing is held", "What cannot go out as planned waits here until somebody decides."))
        } @else {
            p { "Each goes out only when somebody says so, within what was approved." }
            ul.stack { @for one in waiting { li id={ "held-" (one.target.key.post) "-" (one.target.key.profile) } { (held_one(ctx, one, all)) } } }
        }
    };
    Card { title: format!("Held ({})", waiting.len()), actions: Vec::new(), body }
}

fn held_one(ctx: &Ctx, one: &Waiting, all: &[Profile]) -> Markup {
    let (life, key, times) = (&one.target.life, one.target.key, ctx.times());
    let why = life.held_for.map_or("Held", HeldFor::title);
    html! {
        div.stack {
            p {
                a href={ "/posts/" (key.post) } { strong { (one.title) } } " on " (title_of(all, &one.target))
                @if let Some(slot) = life.slot { ", planned for " (times.exact(slot)) }
            }
            p { (Badge::new(Tone::Warning, why)) @if let Some(reason) = life.reason.as_deref().filter(|reason| *reason != why) { " " (sentence(reason)) } }
            (acts(key, life.held_for))
        }
    }
}

fn acts(key: TargetKey, why: Option<HeldFor>) -> Markup {
    let at = |verb: &str| format!("/publishing/held/{}/{}/{verb}", key.post, key.profile);
    let id = |what: &str| format!("{what}-{}-{}", key.post, key.profile);
    let small = |label: &str| Button::new(label, Does::Submit).with_size(Size::Small);
    let (verb, now, later) = match why {
        Some(HeldFor::Orphaned) => ("adopt", "Adopt it: it goes out at its time", "Adopt for"),
        _ => ("release", "Send now", "Send at"),
    };
    html! {
        div.row {
            @if why == Some(HeldFor::Uncertain) {
                form.row method="post" action=(at("settle")) {
                    label for=(id("there")) { "Its id or address on the network" }
                    input.input id=(id("there")) name="native_id" required;
                    (small("It is there"))
                }
                form method="post" action=(at("settle")) { (small("It is not there")) }
            } @else {
                form method="post" action=(at(verb)) { (small(now)) }
                form.row method="post" action=(at(verb)) {
                    label.unseen for=(id("slot")) { (later) " this time" }
                    input.input.input-medium type="datetime-local" id=(id("slot")) name="slot" required;
                    (small(later))
                }
                form.row method="post" action=(at("cancel")) {
                    label.unseen for=(id("reason")) { "Why it is cancelled" }
                    input.input id=(id("reason")) name="reason" required maxlength="500" placeholder="Why";
                    (small("Cancel it").with_weight(Weight::Danger))
                }
            }
        }
    }
}

/// Posts that were not sent from here.
pub(crate) fn foreign(ctx: &Ctx, found: &[ForeignPost], all: &[Profile]) -> Card {
    let times = ctx.times();
    let title = |post: &ForeignPost| {
        let known = all.iter().find(|profile| profile.id == post.profile);
        known.map_or_else(|| "a profile".to_owned(), |profile| profile.title.clone())
    };
    let body = html! {
        @if found.is_empty() {
            (Empty::new(Icon::CircleCheck, "Every post on our profiles came from here", "A post that somebody makes on the network itself shows here."))
        } @else {
            p { "These stand on our profiles and were not sent from here. Find out who posted them; if nobody did, somebody else has the account." }
            ul.stack { @for post in found { li {
                div.stack {
                    p {
                        (Badge::new(Tone::Danger, "Not from here")) " on " (title(post)) ", posted " (times.exact(post.posted_at)) ": "
                        a href={ "/messages/" (post.message) } { "the message and its place in the record" }
                    }
                    form.row method="post" action={ "/publishing/foreign/" (post.message) "/seen" } {
                        label.unseen for={ "note-" (post.message) } { "What it is" }
                        input.input id={ "note-" (post.message) } name="note" required maxlength="2000" placeholder="What it is";
                        (Button::new("Take note", Does::Submit).with_size(Size::Small))
                    }
                }
            } } }
        }
    };
    Card { title: format!("Posts that were not sent from here ({})", found.len()), actions: Vec::new(), body }
}

/// What home says when something of this waits.
pub(crate) async fn warnings(ctx: &Ctx) -> Vec<crate::ui::feedback::Banner> {
    use crate::ui::feedback::Banner;
    let look = || Button::link("Look at publishing", "/publishing");
    let (desk, actor) = (ctx.desk(), ctx.actor());
    let mut banners = Vec::new();
    let overdue = publishing::overdue(desk, actor).await.unwrap_or_default();
    if !overdue.is_empty() {
        let text = format!("{} are past their time and neither out nor held.", overdue.len());
        banners.push(Banner::new(Tone::Danger, "Posts are past their time").text(text).action(look()));
    }
    let foreign = publishing::foreign_posts(desk, actor, false).await.unwrap_or_default();
    if !foreign.is_empty() {
        let text = format!("{} on our profiles were not sent from here.", foreign.len());
        banners.push(Banner::new(Tone::Danger, "Posts from elsewhere").text(text).action(look()));
    }
    let held = publishing::held(desk, actor).await.unwrap_or_default();
    if !held.is_empty() {
        let text = format!("{} wait for somebody to decide.", held.len());
        banners.push(Banner::new(Tone::Warning, "Posts are held").text(text).action(look()));
    }
    banners
}

fn key_of(post: &str, profile: &str) -> Result<TargetKey, Error> {
    let missing = |_| Error::NotFound("post");
    Ok(TargetKey { post: post.parse().map_err(missing)?, profile: profile.parse().map_err(missing)? })
}

/// A time as the reader's form has it: local, without a zone.
fn slot_of(ctx: &Ctx, fields: &Fields) -> Result<Option<Time>, Error> {
    let Some(text) = fields.some("slot") else { return Ok(None) };
    read_slot(text, ctx.times().zone())
        .map(Some)
        .ok_or_else(|| Error::Conflict("this is not a time; choose one again".to_owned()))
}

fn read_slot(text: &str, zone: &TimeZone) -> Option<Time> {
    let local: DateTime = text.parse().ok()?;
    let at = local.to_zoned(zone.clone()).ok()?;
    Some(Time(at.timestamp().as_millisecond()))
}

/// `POST /publishing/held/{post}/{profile}/release`
pub(crate) async fn release(ctx: Ctx, Path((post, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    let slot = slot_of(&ctx, &fields)?;
    publishing::release(ctx.desk(), ctx.actor(), key_of(&post, &profile)?, slot).await?;
    Ok(ctx.done("/publishing", if slot.is_some() { "It goes out at that time" } else { "It goes out now" }))
}

/// `POST /publishing/held/{post}/{profile}/adopt`
pub(crate) async fn adopt(ctx: Ctx, Path((post, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    let slot = slot_of(&ctx, &fields)?;
    publishing::adopt(ctx.desk(), ctx.actor(), key_of(&post, &profile)?, slot).await?;
    Ok(ctx.done("/publishing", "It is yours now"))
}

/// `POST /publishing/held/{post}/{profile}/settle`
pub(crate) async fn settle(ctx: Ctx, Path((post, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    publishing::settle(ctx.desk(), ctx.actor(), key_of(&post, &profile)?, fields.some("native_id")).await?;
    Ok(ctx.done("/publishing", "Thank you: that is on record now"))
}

/// `POST /publishing/held/{post}/{profile}/cancel`
pub(crate) async fn cancel(ctx: Ctx, Path((post, profile)): Path<(String, String)>, fields: Fields) -> PageResult {
    let key = key_of(&post, &profile)?;
    publishing::cancel(ctx.desk(), ctx.actor(), key.post, Some(key), fields.get("reason")).await?;
    Ok(ctx.done("/publishing", "Cancelled"))
}

/// `POST /publishing/foreign/{id}/seen`
pub(crate) async fn seen(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let id: MessageId = id.parse().map_err(|_| Error::NotFound("alert"))?;
    publishing::seen_foreign(ctx.desk(), ctx.actor(), id, fields.get("note")).await?;
    Ok(ctx.done("/publishing", "Noted"))
}

#[cfg(test)]
mod tests {
    use desk::Time;
    use jiff::tz::TimeZone;

    use super::read_slot;

    #[test]
    fn a_local_time_is_read_in_the_readers_zone() {
        let zone = TimeZone::get("Europe/Vienna").expect("a zone");
        assert_eq!(read_slot("2026-03-02T10:00", &zone), Some(Time(1_772_442_000_000)));
        assert_eq!(read_slot("soon", &zone), None);
    }
}
