//! Comments on a post: colleagues talk about it where it stands.
//!
//! Invariant: a comment is for colleagues unless somebody says otherwise, and says so in words.

use std::collections::HashMap;

use axum::extract::Path;
use desk::{
    Error, Invalid,
    ids::PersonId,
    people,
    publishing::{self, COMMENT_MAX, CommentAudience, Post},
};
use maud::{Render, html};

use super::writing::post_id;
use crate::{
    frame::{Ctx, Fields},
    people::field,
    problem::PageResult,
    ui::{
        Icon, Tone,
        badge::Badge,
        button::{Button, Does, Size, Weight},
        choice::{OnOff, Toggle, ToggleLook},
        facts::Card,
        form::Form,
        text_area::TextArea,
        timeline::{Event, Timeline},
    },
};

/// The comments of a post, with the form for one more.
pub(super) async fn card(ctx: &Ctx, post: &Post) -> Result<Card, Error> {
    let comments = publishing::comments(ctx.desk(), ctx.actor(), post.id).await?;
    let whose: Vec<PersonId> = comments.iter().filter_map(|comment| comment.person).collect();
    let names: HashMap<PersonId, String> = people::names(ctx.desk(), ctx.actor(), &whose).await?.into_iter().collect();
    let times = ctx.times();
    let events = comments.iter().map(|comment| Event {
        icon: Icon::MessageSquare,
        tone: Tone::Neutral,
        actor: comment.person.and_then(|person| names.get(&person).cloned()).unwrap_or_else(|| "An outside approver".to_owned()),
        text: "wrote".to_owned(),
        at: times.relative(comment.at),
        detail: Some(html! {
            p.message-text { (comment.text) }
            @if comment.audience == CommentAudience::External { (Badge::new(Tone::Warning, comment.audience.title())) }
            @if comment.person == ctx.actor().person() {
                form method="post" action={ "/posts/" (post.id) "/comments/" (comment.id) "/remove" } { (Button::new("Remove", Does::Submit).with_size(Size::Small).with_weight(Weight::Quiet)) }
            }
        }),
    });
    let timeline = Timeline { events: events.collect() };
    let length_max = u32::try_from(COMMENT_MAX).ok();
    let area = TextArea { frame: field(&Invalid::new(), "text", "Comment"), length_max, ..TextArea::default() };
    let frame = field(&Invalid::new(), "external", "Outside approvers see it too").hint("Otherwise colleagues only.").optional();
    let outside = Toggle { frame, value: "yes".to_owned(), state: OnOff::Off, look: ToggleLook::Check };
    let form = Form::new("comment", format!("/posts/{}/comments", post.id), vec![area.render(), outside.render()], "Comment");
    let body =
        html! { @if timeline.events.is_empty() { p.muted { "Nobody has said anything about it." } } @else { (timeline) } (form) };
    Ok(Card { title: "Comments".to_owned(), actions: vec![], body })
}

/// `POST /posts/{id}/comments`
pub(crate) async fn add(ctx: Ctx, Path(id): Path<String>, fields: Fields) -> PageResult {
    let audience = if fields.has("external") { CommentAudience::External } else { CommentAudience::Internal };
    publishing::comment(ctx.desk(), ctx.actor(), post_id(&id)?, audience, fields.get("text")).await?;
    Ok(ctx.done(&format!("/posts/{id}#comment"), "Commented"))
}

/// `POST /posts/{id}/comments/{comment}/remove`
pub(crate) async fn remove(ctx: Ctx, Path((id, comment)): Path<(String, String)>) -> PageResult {
    let comment = comment.parse().map_err(|_| Error::NotFound("comment"))?;
    publishing::remove_comment(ctx.desk(), ctx.actor(), post_id(&id)?, comment).await?;
    Ok(ctx.done(&format!("/posts/{id}"), "Removed"))
}
