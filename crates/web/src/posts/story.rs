//! The story of a post: every attempt to send it and what came of it, oldest first, on every profile.

use desk::{
    Error,
    publishing::{Attempt, Next, Outcome, Post, PostTarget},
};
use maud::{Render, html};

use crate::{
    frame::Ctx,
    ui::{
        Icon, Tone,
        facts::Card,
        timeline::{Event, Timeline},
    },
};

/// The story as a card.
pub(super) async fn card(ctx: &Ctx, post: &Post) -> Result<Card, Error> {
    let profiles = super::list::profiles_by_id(ctx).await?;
    let mut events = Vec::new();
    for target in &post.targets {
        let name = profiles.get(&target.key.profile).map_or("a profile", |profile| profile.title.as_str());
        events.extend(target.life.attempts.iter().map(|attempt| event(ctx, target, attempt, name)));
    }
    let body = if events.is_empty() {
        html! { p.muted { "Nothing was sent yet." } }
    } else {
        Timeline { events }.render()
    };
    Ok(Card { title: "Story".to_owned(), actions: vec![], body })
}

fn event(ctx: &Ctx, target: &PostTarget, attempt: &Attempt, name: &str) -> Event {
    let (tone, text, detail) = match &attempt.ended {
        None => (Tone::Info, "is being sent".to_owned(), None),
        Some((_, Outcome::Published { .. })) => (Tone::Good, "took it".to_owned(), target.permalink.clone()),
        Some((_, Outcome::Continues { parts_there })) => (Tone::Info, format!("has {parts_there} of the thread"), None),
        Some((_, Outcome::NoEffect { next, message })) => {
            let then = match next {
                Next::Again { .. } => "; it is tried again",
                Next::Reconnect => "; the profile has to be connected again",
                Next::GiveUp => "; it will not be taken",
            };
            (Tone::Warning, format!("did not take it{then}"), Some(message.clone()))
        }
        Some((_, Outcome::Unknown { message })) => {
            (Tone::Warning, "did not say what became of it; it is looked up".to_owned(), Some(message.clone()))
        }
    };
    Event {
        icon: Icon::Send,
        tone,
        actor: name.to_owned(),
        text: format!("{text} (attempt {})", attempt.number),
        at: ctx.times().exact(attempt.ended.as_ref().map_or(attempt.began_at, |(at, _)| *at)),
        detail: detail.map(|detail| html! { (detail) }),
    }
}
