//! The message card: network and profile, author, time, text with findings marked in place, state, holder; always in the same places.
//!
//! Invariant: the text shown is exactly what the caller allows this reader to see; a masked finding never carries its original into the page.

use maud::{Markup, Render, html};

use super::badge::{Badge, NetworkTag};
use super::button::{Button, Does, Size, Weight};
use super::person::{Avatar, AvatarSize};
use super::time::{self, TimeReach, TimeStamp};
use super::{Component, Icon, Sample, Tone};

/// How sure and how grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingLevel {
    /// Worth a look.
    Low,
    /// Probably.
    Medium,
    /// Certain enough to act on.
    High,
}

impl FindingLevel {
    /// Its class in the style sheet, and its word.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Low => ("finding finding-low", "low"),
            Self::Medium => ("finding finding-medium", "medium"),
            Self::High => ("finding finding-high", "high"),
        }
    }
}

/// A piece of the text.
#[derive(Debug, Clone)]
pub enum Segment {
    /// Ordinary text.
    Text(String),
    /// What a search found.
    Hit(String),
    /// Text that a detector marked.
    Finding {
        /// What the reader may see of it: the original or a mask.
        shown: String,
        /// How sure.
        level: FindingLevel,
        /// What it is: "Card number".
        title: String,
        /// Why it was found, by what, and what follows.
        explanation: String,
    },
}

/// What state a message is in, for its look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MessageState {
    /// To do.
    #[default]
    Open,
    /// Done; steps back.
    Done,
}

/// Who has a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Holding {
    /// The page is not about work: nothing is said.
    #[default]
    NotShown,
    /// Nobody has it.
    Nobody,
    /// Somebody has it.
    By(String),
}

/// A message or a post.
#[derive(Debug, Clone)]
pub struct MessageCard {
    /// Unique on the page.
    pub id: String,
    /// The message's own page.
    pub href: String,
    /// Author's display name.
    pub author: String,
    /// Author's handle on the network.
    pub handle: String,
    /// Where.
    pub network: NetworkTag,
    /// "Reply to …", "Direct message".
    pub kind: Option<String>,
    /// When it was written.
    pub at: TimeStamp,
    /// The text in pieces.
    pub text: Vec<Segment>,
    /// Names of attachments.
    pub media: Vec<String>,
    /// State, rules, labels.
    pub badges: Vec<Badge>,
    /// Who has it.
    pub holding: Holding,
    /// What the reader may do: with keys r, a, e.
    pub actions: Vec<Button>,
    /// Open or done.
    pub state: MessageState,
}

impl MessageCard {
    fn text(&self) -> Markup {
        html! {
            div.message-text {
                @for (index, segment) in self.text.iter().enumerate() {
                    @match segment {
                        Segment::Text(text) => { (text) }
                        Segment::Hit(text) => { mark.hit { (text) } }
                        Segment::Finding { shown, level, title, explanation } => {
                            @let (class, word) = level.words();
                            @let tip = format!("{}-finding-{index}", self.id);
                            mark class=(class) tabindex="0" aria-describedby=(tip) { (shown) }
                            span.finding-tip role="tooltip" id=(tip) { strong { (title) ", " (word) } span { (explanation) } }
                        }
                    }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        html! {
            header.message-head {
                span.message-author { (self.author) }
                span.message-handle { (self.handle) }
                span.message-when { a href=(self.href) data-opens { (TimeStamp { reach: TimeReach::Parent, ..self.at.clone() }) } }
            }
            div.message-where { (self.network) @if let Some(kind) = &self.kind { span { (kind) } } }
        }
    }

    fn foot(&self) -> Markup {
        html! {
            footer.message-foot {
                @for badge in &self.badges { (badge) }
                @match &self.holding {
                    Holding::By(holder) => span.message-holder { (Avatar { name: holder.clone(), size: AvatarSize::Small }) (holder) },
                    Holding::Nobody => span { "Nobody has it" },
                    Holding::NotShown => {}
                }
                @if !self.actions.is_empty() { span.message-acts { @for action in &self.actions { (action) } } }
            }
        }
    }
}

impl Render for MessageCard {
    fn render(&self) -> Markup {
        let done = (self.state == MessageState::Done).then_some("done");
        html! {
            article.message id=(self.id) aria-label={ "Message from " (self.author) } tabindex="-1" data-item data-state=[done] {
                (Avatar { name: self.author.clone(), size: AvatarSize::Medium })
                div.message-body {
                    (self.head())
                    (self.text())
                    @if !self.media.is_empty() { ul.message-media { @for name in &self.media { li.media-chip { (Icon::Image) (name) } } } }
                    (self.foot())
                }
            }
        }
    }
}

/// Cards as a list that j and k walk through.
pub fn list(label: &str, cards: &[MessageCard]) -> Markup {
    html! { div.message-list role="feed" aria-label=(label) data-list { @for card in cards { (card) } } }
}

/// The cards of the samples.
pub(crate) fn sample_cards() -> Vec<MessageCard> {
    let act = |label: &str, icon, key| {
        Button::new(label, Does::Link("#act".into()))
            .with_icon(icon)
            .with_size(Size::Small)
            .with_weight(Weight::Quiet)
            .with_key(key)
    };
    let actions = vec![act("Reply", Icon::Reply, "r"), act("Assign", Icon::UserPlus, "a"), act("Done", Icon::Check, "e")];
    let network = |code: &str, label: &str, profile: &str| NetworkTag {
        code: code.into(),
        label: label.into(),
        profile: Some(profile.into()),
    };
    let finding = |shown: &str, level, title: &str, explanation: &str| Segment::Finding {
        shown: shown.into(),
        level,
        title: title.into(),
        explanation: explanation.into(),
    };
    let base = MessageCard {
        id: "card-1".into(),
        href: "#message".into(),
        author: "Kim Placeholder".into(),
        handle: "@kim.placeholder.example.test".into(),
        network: network("Bs", "Bluesky", "@meridian.example.test"),
        kind: Some("Reply to “Autumn opening hours”".into()),
        at: time::sample(280),
        text: vec![
            Segment::Text("Paid twice for the same order! My card is ".into()),
            finding(
                "•••• •••• •••• 1111",
                FindingLevel::High,
                "Card number",
                "16 digits with a right check digit, from an issuer range. Hidden from people without the unmask right; the author was not told.",
            ),
            Segment::Text(" and you can call me on ".into()),
            finding("+49 •••• ••• 012", FindingLevel::Medium, "Phone number", "Valid length for Germany, after “call me”."),
            Segment::Text(". If nobody answers today ".into()),
            finding(
                "I am going to the papers",
                FindingLevel::Low,
                "Escalation phrase",
                "From the list “Crisis words”, line 14. Raises the priority, hides nothing.",
            ),
            Segment::Text(".".into()),
        ],
        media: vec!["receipt.jpg".into()],
        badges: vec![
            Badge::new(Tone::Warning, "Personal data").with_icon(Icon::ShieldAlert),
            Badge::new(Tone::Danger, "Due in 20 min").with_icon(Icon::Clock),
        ],
        holding: Holding::By("Ada Example".into()),
        actions: actions.clone(),
        state: MessageState::Open,
    };
    let calm = MessageCard {
        id: "card-2".into(),
        author: "Jo Filler".into(),
        handle: "@jo@social.example.test".into(),
        network: network("Ma", "Mastodon", "@meridian"),
        kind: None,
        at: time::sample(5_400),
        text: vec![Segment::Text("The new reading room is lovely. Is it open on Sundays in December too?".into())],
        media: Vec::new(),
        badges: vec![Badge::new(Tone::Neutral, "Question")],
        holding: Holding::Nobody,
        actions,
        ..base.clone()
    };
    let done = MessageCard {
        id: "card-3".into(),
        author: "Sam Dummy".into(),
        handle: "#press".into(),
        network: network("Sl", "Slack", "Meridian"),
        at: time::sample(90_000),
        text: vec![Segment::Text("Thanks, that answers it.".into())],
        badges: vec![Badge::new(Tone::Good, "Answered").with_icon(Icon::Check)],
        holding: Holding::By("Frida Muster".into()),
        actions: Vec::new(),
        state: MessageState::Done,
        ..calm.clone()
    };
    vec![base, calm, done]
}

impl Component for MessageCard {
    const NAME: &'static str = "MessageCard";
    const ABOUT: &'static str = "Every message, everywhere. Focus or hover a marked part to read why it is marked.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("findings, plain, done", list("Sample messages", &sample_cards()))]
    }
}
