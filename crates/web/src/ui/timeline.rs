//! What happened, in order: audit entries, the story of a message, the versions of a post.

use maud::{Markup, Render, html};

use super::time::{self, TimeStamp};
use super::{Component, Icon, Sample, Tone};

/// One event.
#[derive(Debug, Clone)]
pub struct Event {
    /// What kind.
    pub icon: Icon,
    /// How it went.
    pub tone: Tone,
    /// Who; a person, a rule, "the network".
    pub actor: String,
    /// What they did: "approved version 3".
    pub text: String,
    /// When.
    pub at: TimeStamp,
    /// Reason, digest, difference.
    pub detail: Option<Markup>,
}

/// Events, newest first unless the page says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    /// The events.
    pub events: Vec<Event>,
}

impl Render for Timeline {
    fn render(&self) -> Markup {
        html! {
            ol.timeline role="list" {
                @for event in &self.events {
                    li {
                        span.timeline-mark data-tone=[event.tone.attribute()] { (event.icon) }
                        div.timeline-body {
                            p.timeline-line { span { strong { (event.actor) } " " (event.text) } small.muted { (event.at) } }
                            @if let Some(detail) = &event.detail { div.timeline-detail { (detail) } }
                        }
                    }
                }
            }
        }
    }
}

/// The timeline of the samples.
pub(crate) fn sample() -> Timeline {
    let event = |icon, tone, actor: &str, text: &str, ago, detail: Option<Markup>| Event {
        icon,
        tone,
        actor: actor.into(),
        text: text.into(),
        at: time::sample(ago),
        detail,
    };
    Timeline {
        events: vec![
            event(Icon::Check, Tone::Good, "Chidi van der Test", "approved version 2", 240, None),
            event(
                Icon::CircleX,
                Tone::Danger,
                "Chidi van der Test",
                "rejected version 1",
                4_000,
                Some(html! { "“The second sentence promises a date we do not have.”" }),
            ),
            event(Icon::ShieldAlert, Tone::Warning, "Rule “Card numbers”", "added one approver", 4_900, None),
            event(Icon::Pencil, Tone::Neutral, "Frida Muster", "wrote the draft", 5_000, None),
        ],
    }
}

impl Component for Timeline {
    const NAME: &'static str = "Timeline";
    const ABOUT: &'static str = "Who did what, when, and why. Every line names an actor.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("story of a post", sample())]
    }
}
